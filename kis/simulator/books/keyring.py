"""App keys, their secrets, tokens, approval keys and call counts (kis-protocol 2 and 6)."""

import base64
import json
import string
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from kis.simulator.market.chance import digits, generator, mix
from kis.simulator.options import KeySpec, Served, SimulatorOptions
from kis.simulator.rest import refusals

KEY_LENGTH, SECRET_LENGTH = 36, 180
MINUTE_MS = 60_000
APPROVAL_LIFE_MS = 86_400_000


class OAuthRefused(Exception):
    """The token endpoints say no: HTTP 403 with `error_code` and `error_description`, no `rt_cd`."""

    def __init__(self, code: str, text: str, *, status: int = 403) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text, self.status = code, text, status


@dataclass(slots=True)
class IssuedToken:
    """One access token as the server knows it."""

    value: str
    issued_ms: int
    expires_ms: int
    dead: bool = False  # revoked or killed: EGW00121, though its printed expiry has not come
    trap: bool = False  # dead, yet tokenP hands it out again


@dataclass(slots=True)
class AppKey:
    """Everything the server remembers of one app key."""

    app_key: str
    secret: str | None
    environment: Served
    account: str | None = None
    hts_id: str | None = None
    tokens: dict[str, IssuedToken] = field(default_factory=dict)
    current: IssuedToken | None = None
    asked_ms: int | None = None  # the last answered tokenP
    approval_asked_ms: int | None = None
    approvals: dict[str, int] = field(default_factory=dict)  # key -> expiry
    calls: deque[int] = field(default_factory=deque)
    ledger_calls: deque[int] = field(default_factory=deque)
    serial: int = 0


class Keyring:
    """All app keys; unknown ones of the right form are registered at their first token or approval request."""

    def __init__(self, options: SimulatorOptions, seed: int) -> None:
        self._options = options
        self._seed = seed
        self._specs: dict[str, KeySpec] = {spec.app_key: spec for spec in options.keys}
        self._keys: dict[str, AppKey] = {}

    # -- OAuth -------------------------------------------------------------------------------------------------------

    def issue(self, app_key: str, secret: str, now_ms: int, *, host: Served | None = None) -> IssuedToken:
        """Return the key's token: the same one within six hours, at most one answer a minute; raise OAuthRefused."""
        key = self._authenticate(app_key, secret, host)
        options = self._options
        too_soon = key.asked_ms is not None and now_ms - key.asked_ms < MINUTE_MS
        if too_soon and options.rate_limits and options.second_issue == "refuse":
            raise OAuthRefused("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)")
        key.asked_ms = now_ms
        current = key.current
        if current is not None and (not current.dead or current.trap):
            fresh = now_ms - current.issued_ms < options.token_same_within_s * 1000 and now_ms < current.expires_ms
            if fresh:
                return current
        if current is not None and not options.old_token_survives:
            current.dead = True
        return self._new_token(key, now_ms)

    def revoke(self, app_key: str, secret: str, value: str) -> None:
        """Kill a token; the next issue makes a new one. Raises OAuthRefused for a key or token that is not its."""
        key = self._authenticate(app_key, secret)
        token = key.tokens.get(value)
        if token is None:
            raise OAuthRefused("EGW00121", "유효하지 않은 token 입니다.")
        token.dead, token.trap = True, False
        key.asked_ms = None  # what follows a revocation is a first issue again

    def approve(self, app_key: str, secret: str, now_ms: int, *, host: Served | None = None) -> str:
        """Return a new approval key for the WebSocket, one a second. Raises OAuthRefused for a wrong key, or for a
        second one too soon."""
        key = self._authenticate(app_key, secret, host)
        recent = key.approval_asked_ms is not None and now_ms - key.approval_asked_ms < 1000
        if self._options.approval_limit and recent:
            raise OAuthRefused("EGW00201", "초당 거래건수를 초과하였습니다.", status=500)
        key.approval_asked_ms = now_ms
        key.serial += 1
        rng = generator(self._seed, app_key, "approval", key.serial)
        approval = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        key.approvals[approval] = now_ms + APPROVAL_LIFE_MS
        return approval

    # -- calls -------------------------------------------------------------------------------------------------------

    def authorise(self, app_key: str, secret: str, authorization: str, now_ms: int) -> AppKey:
        """Return the key a business call belongs to; raise Refused when key, secret or token do not fit."""
        key = self._keys.get(app_key)
        if key is None:
            raise refusals.app_key_unknown()
        if secret != key.secret:
            raise refusals.secret_wrong()
        kind, _, value = authorization.partition(" ")
        if not value:
            raise refusals.token_invalid()
        if kind.lower() != "bearer":
            raise refusals.bearer_missing()
        token = key.tokens.get(value.strip())
        if token is None or token.dead:
            raise refusals.token_invalid()
        if now_ms >= token.expires_ms:
            raise refusals.token_expired()
        return key

    def count(self, key: AppKey, now_ms: int, *, ledger: bool) -> None:
        """Count a call in the key's sliding second; raise Refused past the limit (EGW00201, EGW00215)."""
        options = self._options
        if not options.rate_limits:
            return
        limit = options.real_calls_per_s if key.environment is Served.REAL else options.virtual_calls_per_s
        if not self._admit(key.calls, now_ms, limit):
            raise refusals.too_many_calls()
        if ledger and options.ledger_limiter and not self._admit(key.ledger_calls, now_ms, options.ledger_calls_per_s):
            raise refusals.too_many_ledger_calls()

    def _admit(self, calls: deque[int], now_ms: int, limit: int) -> bool:
        while calls and not now_ms - 1000 < calls[0] <= now_ms:
            calls.popleft()
        admitted = len(calls) < limit
        if admitted or self._options.refused_calls_count:
            calls.append(now_ms)
            while len(calls) > 4 * limit:
                calls.popleft()
        return admitted

    def bind_account(self, key: AppKey, number: str) -> None:
        """Tie an account to a key at first use; raise Refused (OPSQ2000) for another one later."""
        if len(number) != 10 or not number.isdigit() or number[8:] != "01":
            raise refusals.account_wrong()
        if key.account is None:
            key.account = number
        elif key.account != number:
            raise refusals.account_wrong()

    # -- the WebSocket -----------------------------------------------------------------------------------------------

    def by_approval(self, approval: str, now_ms: int) -> AppKey | None:
        """Return the key an approval key stands for; None for an unknown or expired one."""
        for key in self._keys.values():
            expires = key.approvals.get(approval)
            if expires is not None:
                return key if now_ms < expires else None
        return None

    def spend(self, approval: str) -> None:
        """Forget an approval key with its connection, where it serves only one."""
        if self._options.approval_once:
            for key in self._keys.values():
                key.approvals.pop(approval, None)

    def hts_id_fits(self, key: AppKey, hts_id: str) -> bool:
        """Return whether an HTS id belongs to a key; the first one used is taken for its own."""
        if key.hts_id is None and hts_id and hts_id.isascii() and len(hts_id) <= 20:
            key.hts_id = hts_id
        return bool(hts_id) and key.hts_id == hts_id

    # -- faults ------------------------------------------------------------------------------------------------------

    def expire_tokens(self, now_ms: int) -> None:
        """Let every token end now; as if issued a day ago, so that the minute rule is not in the way."""
        for key in self._keys.values():
            for token in key.tokens.values():
                token.expires_ms = min(token.expires_ms, now_ms)
            key.asked_ms = None

    def kill_tokens(self, *, trap: bool) -> None:
        """Let every token die before its printed expiry; with trap, tokenP goes on handing out the dead one."""
        for key in self._keys.values():
            for token in key.tokens.values():
                if not token.dead:
                    token.dead, token.trap = True, trap
            key.asked_ms = None

    def forget_future(self, now_ms: int) -> None:
        """Drop call counts that lie ahead, after the clock was put back."""
        for key in self._keys.values():
            key.calls.clear()
            key.ledger_calls.clear()
            if key.asked_ms is not None and key.asked_ms > now_ms:
                key.asked_ms = None
            if key.approval_asked_ms is not None and key.approval_asked_ms > now_ms:
                key.approval_asked_ms = None

    # -- inside ------------------------------------------------------------------------------------------------------

    def _authenticate(self, app_key: str, secret: str, host: Served | None = None) -> AppKey:
        if not app_key:
            raise OAuthRefused("EGW00102", "AppKey는 필수입니다.")
        if not secret:
            raise OAuthRefused("EGW00104", "AppSecret은 필수입니다.")
        key = self._keys.get(app_key) or self._register(app_key, host)
        if key.secret is None and len(secret) == SECRET_LENGTH:
            key.secret = secret
        if key.secret != secret:
            raise OAuthRefused("EGW00105", "유효하지 않은 AppSecret입니다.")
        return key

    def _register(self, app_key: str, host: Served | None) -> AppKey:
        spec = self._specs.get(app_key)
        if spec is None and len(app_key) != KEY_LENGTH:
            raise OAuthRefused("EGW00103", "유효하지 않은 AppKey입니다.")
        if spec is None:
            spec = KeySpec(app_key=app_key)
        key = AppKey(
            app_key, spec.app_secret, spec.environment or host or self._options.environment, spec.account, spec.hts_id
        )
        self._keys[app_key] = key
        return key

    def _new_token(self, key: AppKey, now_ms: int) -> IssuedToken:
        key.serial += 1
        head = {"typ": "JWT", "alg": "HS512"}
        claims = {
            "sub": "token",
            "iss": "simulator",
            "exp": (now_ms // 1000) + self._options.token_life_s,
            "iat": now_ms // 1000,
            "jti": sha256(key.app_key.encode()).hexdigest()[:KEY_LENGTH],
            "n": mix(self._seed, key.serial) % 10**9,
        }
        rng = generator(self._seed, key.app_key, "token", key.serial)
        signature = digits(rng, string.ascii_letters + string.digits + "-_", 86)
        value = ".".join((_segment(head), _segment(claims), signature))
        token = IssuedToken(value, now_ms, now_ms + self._options.token_life_s * 1000)
        key.tokens[value] = token
        key.current = token
        return token


def _segment(part: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part, separators=(",", ":")).encode()).decode().rstrip("=")
