"""Access tokens: one a day, on disk, shared between tasks and processes (kis-protocol 2.1). See decision 0068."""

import asyncio
import fcntl
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from kis.auth.keys import KeyPair
from kis.environment import KisEnvironment, Lane
from kis.errors import KisError, KisFault, KisLater
from kis.rest.causes import Cause
from kis.rest.codes import error_for
from kis.rest.fields import seoul_stamp
from kis.rest.transport import HttpReply, NoAnswer, NotSent, Transport
from strategy.model import Clock, Said

log = logging.getLogger("kis.tokens")
ISSUE_GAP = timedelta(seconds=60)  # one issue a minute and app key
SAME_TOKEN = timedelta(hours=6)  # within it KIS hands out the same token again, dead or not
RENEW_BEFORE = timedelta(minutes=10)
_CLOCK_SKEW = timedelta(minutes=5)
_ORDER_WAITS = timedelta(seconds=2)  # for a token; a lost stop is worse than a call refused
_LOCK_POLL_S = 0.05
_ISSUE_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """An access token with its lifetime; the repr does not show it."""

    value: str = field(repr=False)
    issued_at: datetime  # aware UTC, market clock: when this value was first handed out
    asked_at: datetime  # the last issue request, which the minute counts from
    expires_at: datetime

    def usable(self, now: datetime) -> bool:
        """Return whether it can be sent; one from the future belongs to another run of a simulated market."""
        return self.issued_at - _CLOCK_SKEW <= now < self.expires_at

    def fresh(self, now: datetime) -> bool:
        return self.usable(now) and now < self.expires_at - RENEW_BEFORE

    def running(self, now: datetime) -> "AccessToken":
        """Return it with its life counted from now on by running time: a clock that is set makes no token old."""
        issued_at, expires_at = (now + (at - now) for at in (self.issued_at, self.expires_at))
        return replace(self, issued_at=issued_at, expires_at=expires_at)


class TokenFile:
    """One file per environment, host and app key, mode 0600, replaced whole, with a lock between processes."""

    def __init__(self, folder: Path, environment: KisEnvironment, keys: KeyPair) -> None:
        self.path = folder / f"kis-token-{environment.name}-{keys.digest(environment.rest_url)}.json"
        self._lock_path = self.path.with_suffix(".lock")

    def read(self) -> AccessToken | None:
        """Return the stored token, None when there is none or the file cannot be read."""
        try:
            stored = orjson.loads(self.path.read_bytes())
            return AccessToken(
                value=str(stored["access_token"]),
                issued_at=_aware(stored["issued_at"]),
                asked_at=_aware(stored["asked_at"]),
                expires_at=_aware(stored["expires_at"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, token: AccessToken) -> None:
        """Replace the file atomically, readable by the owner only."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = orjson.dumps(
            {
                "access_token": token.value,
                "issued_at": token.issued_at.isoformat(),
                "asked_at": token.asked_at.isoformat(),
                "expires_at": token.expires_at.isoformat(),
            }
        )
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Hold the lock that every process using this key respects; it ends with the process that holds it."""
        descriptor = self._open_lock()
        try:
            while descriptor is not None:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    await asyncio.sleep(_LOCK_POLL_S)
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)  # closing unlocks

    def _open_lock(self) -> int | None:
        """Return the lock file's descriptor; None where no file can be made, and the lock is done without."""
        try:
            self._lock_path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            log.warning("no lock between processes: %s", type(error).__name__)
            return None


def _aware(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() is None:
        raise ValueError("a stored time without zone")
    return instant


class Tokens:
    """Hands out the token of one app key; renews it once for everybody who asks."""

    def __init__(self, transport: Transport, keys: KeyPair, file: TokenFile, clock: Clock) -> None:
        self._transport = transport
        self._keys = keys
        self._file = file
        self._clock = clock
        self._token: AccessToken | None = None
        self._dead: str | None = None  # a token the server refused
        self._failure: tuple[datetime, KisError] | None = None  # KIS's last refusal to issue
        self._single_flight = asyncio.Lock()
        self.issued = 0

    async def get(self) -> str:
        """Return a token to send; issue or renew it when needed. Raise KisFault (keys) or KisLater."""
        if (token := self._good(self._token)) is not None:
            return token.value
        async with self._single_flight:
            if (token := self._good(self._token)) is not None:
                return token.value
            async with self._file.locked():
                return (await self._obtain()).value

    async def for_order(self) -> str:
        """Return a token to send an order with: the refused one where KIS issues no other for a while yet.

        Only KIS knows whether it is dead, and an order that it turns away again costs nothing.
        """
        now, known = self._clock.now(), self._token
        refused = known is not None and self._good(known) is None and known.usable(now)
        if known is not None and refused and known.asked_at + ISSUE_GAP - now > _ORDER_WAITS:
            return known.value
        return await self.get()

    def accept(self, value: str) -> None:
        """Note that the server took this token: it is not dead after all."""
        if self._dead == value:
            self._dead = None

    def refuse(self, value: str) -> None:
        """Note that the server refused this token, whatever its printed expiry says."""
        if self._token is not None and self._token.value == value:
            self._dead = value

    @property
    def expires_at(self) -> datetime | None:
        return self._token.expires_at if self._token is not None else None

    def _good(self, token: AccessToken | None) -> AccessToken | None:
        """Return the token when it needs no renewal."""
        good = token is not None and token.value != self._dead and token.fresh(self._clock.now())
        return token if good else None

    async def _obtain(self) -> AccessToken:
        stored = self._file.read()
        if (good := self._good(stored)) is not None:  # another process was faster, or we have just started
            self._token = good.running(self._clock.now())
            return self._token
        try:
            return await self._renew(stored)
        except KisError:
            current = self._token or stored
            if current is not None and current.value != self._dead and current.usable(self._clock.now()):
                log.warning("token renewal failed, the old one still serves")
                self._token = current.running(self._clock.now())
                return self._token
            raise

    async def _renew(self, stored: AccessToken | None) -> AccessToken:
        now = self._clock.now()
        if self._failure is not None and now - self._failure[0] < ISSUE_GAP:
            raise self._failure[1]  # it would say the same again, and asking often gets a key blocked
        asked_at = stored.asked_at if stored is not None and stored.usable(now) else None
        if asked_at is not None:  # before anything is revoked: until then the refused one may prove alive
            await self._clock.sleep_until(asked_at + ISSUE_GAP)
            if (alive := self._good(self._token)) is not None:
                return alive
        if self._dead is not None and stored is not None and now - stored.issued_at < SAME_TOKEN:
            await self._revoke(self._dead)  # else KIS would hand out the dead one again
        token = await self._issue(asked_at)
        if token.value == self._dead:
            await self._revoke(token.value)
            token = await self._issue(token.asked_at)
            if token.value == self._dead:
                raise KisLater("the server hands out a token that it refuses", code="EGW00121")
        self._dead = None
        return token

    async def _issue(self, asked_at: datetime | None) -> AccessToken:
        """Ask for a token, not sooner than a minute after the last time."""
        for attempt in range(_ISSUE_ATTEMPTS):
            if asked_at is not None:
                await self._clock.sleep_until(min(asked_at, self._clock.now()) + ISSUE_GAP)
            asked_at = self._clock.now()
            reply = await self._post(
                "/oauth2/tokenP",
                {
                    "grant_type": "client_credentials",
                    "appkey": self._keys.app_key,
                    "appsecret": self._keys.app_secret,
                },
            )
            self.issued += 1
            body = reply.body or {}
            if "access_token" in body:
                return self._keep(body, asked_at)
            code = str(body.get("error_code") or body.get("msg_cd") or "")
            if code == "EGW00133" and attempt + 1 < _ISSUE_ATTEMPTS:
                log.info("token issue is limited to one a minute, waiting")
                continue
            break
        error = _token_error(reply)
        self._failure = (self._clock.now(), error)
        raise error

    def _keep(self, body: dict[str, Any], asked_at: datetime) -> AccessToken:
        value = str(body["access_token"])
        known = self._token if self._token is not None and self._token.value == value else self._file.read()
        same = known is not None and known.value == value and known.usable(asked_at)
        token = AccessToken(
            value=value,
            issued_at=known.issued_at if same and known is not None else asked_at,
            asked_at=asked_at,
            expires_at=_expiry(body, asked_at),
        )
        self._token, self._failure = token, None
        try:
            self._file.write(token)
        except OSError as error:  # it serves this process all the same
            log.warning("the token could not be stored: %s", type(error).__name__)
        log.info("token issued, expires %s", token.expires_at.isoformat())
        return token

    async def _revoke(self, value: str) -> None:
        with suppress(KisError):  # it is dead either way
            await self._post(
                "/oauth2/revokeP",
                {"appkey": self._keys.app_key, "appsecret": self._keys.app_secret, "token": value},
            )

    async def _post(self, path: str, body: dict[str, str]) -> HttpReply:
        try:
            return await self._transport.send("POST", path, name=path.rsplit("/", 1)[-1], lane=Lane.ORDER, body=body)
        except (NotSent, NoAnswer) as error:
            raise KisLater(f"{path}: {error}", user_message=Said(Cause.NETWORK)) from error


def _expiry(body: dict[str, Any], asked_at: datetime) -> datetime:
    """Return the earlier of the two lifetimes KIS prints: a re-issued token keeps its old expiry."""
    try:
        lifetime = timedelta(seconds=int(body.get("expires_in", 86400)))
    except (TypeError, ValueError, OverflowError):
        lifetime = timedelta(days=1)
    by_lifetime = asked_at + min(max(lifetime, timedelta(minutes=1)), timedelta(days=1))
    stamped = seoul_stamp(str(body.get("access_token_token_expired", "")))
    return by_lifetime if stamped is None or stamped <= asked_at else min(asked_at + (stamped - asked_at), by_lifetime)


def _token_error(reply: HttpReply) -> KisError:
    body = reply.body or {}
    code = str(body.get("error_code") or body.get("msg_cd") or "")
    message = str(body.get("error_description") or body.get("msg1") or "").strip()
    error = error_for(code, message, reply.status, changes=False)
    if not code and reply.body is not None:
        return KisFault("the token endpoint answered without a token")
    return error
