"""Failures of the Bot API on demand, so that a bot meets them before a user does.

A gate between bot and server: each fault in wait meets the next calls that fit it (by method, chat, words in them) and
refuses, delays, loses or rewrites them. What is done to the world itself at once (a migration, a webhook, an update
that no library can read) stands in `misfortunes.py`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.localchat import misfortunes
from bot.localchat.clock import ChatClock
from bot.localchat.model import Json

KINDS = (
    "error",
    "error_after_send",
    "timeout_before",
    "timeout_after_send",
    "down",
    "slow",
    "garbage",
    "rewrite",
    "conflict",
)
_LASTING = ("error", "error_after_send", "garbage", "rewrite", "conflict")
_DESCRIPTIONS = {
    400: "Bad Request: injected",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


@dataclass(slots=True)
class ApiFault:
    """One fault in wait.

    `method` empty means every method but getUpdates, `*` means every method. With `chat_id` only calls to that chat
    are met, with `containing` only those with these words in one of their parameters. `times` counts down to nothing;
    None is without end. `seconds` is how long the fault lasts, or how long the answer is held back (timeouts: then the
    connection is dropped; slow: then it is answered). `params` replaces parameters before the deed and `result`
    changes what is answered after it, each item where that is a list (both by the rules of a JSON merge patch).
    """

    kind: str
    method: str = ""
    chat_id: str = ""
    containing: str = ""
    code: int = 500
    description: str = ""
    retry_after: int = 0
    times: int | None = 1
    seconds: float | None = None
    until: float | None = None
    params: Json = field(default_factory=dict)
    result: Json = field(default_factory=dict)

    def matches(self, method: str, params: Mapping[str, str]) -> bool:
        if self.kind == "down":
            return True
        if self.chat_id and params.get("chat_id") != self.chat_id:
            return False
        if self.containing and not any(self.containing in value for value in params.values()):
            return False
        return self.concerns(method)

    def concerns(self, method: str) -> bool:
        """Return whether it may meet calls of this method (small letters)."""
        if self.method == "*":
            return True
        return self.method.lower() == method if self.method else method != "getupdates"


class ApiFaults:
    """The faults in wait, oldest first."""

    def __init__(self, clock: ChatClock) -> None:
        self._clock = clock
        self._waiting: list[ApiFault] = []

    def add(self, raw: Json) -> ApiFault:
        """Set a fault from the user's side. Raises ValueError in plain words."""
        kind = raw.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join((*KINDS, *misfortunes.KINDS))}")
        if kind == "conflict":
            raw = {"method": "getUpdates", "code": 409, **raw}
        seconds, times = _number(raw, "seconds"), _number(raw, "times")
        code, retry_after = _refusal(raw)
        lasting = kind == "down" or (kind in _LASTING and seconds is not None)
        fault = ApiFault(
            kind=kind,
            method=str(raw.get("method") or ""),
            chat_id=str(raw.get("chat_id") or ""),
            containing=str(raw.get("containing") or ""),
            code=code,
            description=str(raw.get("description") or _described(code, retry_after)),
            retry_after=retry_after,
            times=int(times) if times is not None else None if lasting else 1,
            seconds=seconds,
            until=self._clock.now() + seconds if lasting and seconds is not None else None,
            params=_object(raw, "params"),
            result=_object(raw, "result"),
        )
        self._waiting.append(fault)
        return fault

    def take(self, method: str, params: Mapping[str, str]) -> ApiFault | None:
        """Return the fault that a call of this method (small letters) meets, and count it."""
        self._drop_finished()
        fault = next((each for each in self._waiting if each.kind != "down" and each.matches(method, params)), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
        return fault

    def is_down(self) -> bool:
        self._drop_finished()
        return any(fault.kind == "down" for fault in self._waiting)

    def active(self) -> list[Json]:
        self._drop_finished()
        return [asdict(fault) for fault in self._waiting]

    def clear(self) -> None:
        self._waiting.clear()

    def _drop_finished(self) -> None:
        now = self._clock.now()
        self._waiting = [
            fault
            for fault in self._waiting
            if (fault.times is None or fault.times > 0) and (fault.until is None or now < fault.until)
        ]


def patched(value: Any, patch: Json) -> Any:
    """Return a value changed by a JSON merge patch: null takes a field away, objects go deeper; a list item by item."""
    if isinstance(value, list):
        return [patched(each, patch) for each in value]
    if not isinstance(value, dict):
        return value
    changed = dict(value)
    for name, new in patch.items():
        if new is None:
            changed.pop(name, None)
        elif isinstance(new, dict):
            old = changed.get(name)
            changed[name] = patched(old if isinstance(old, dict | list) else {}, new)
        else:
            changed[name] = new
    return changed


def _refusal(raw: Json) -> tuple[int, int]:
    """Return code and wait; a 429 says how long to wait unless `retry_after` is 0 on purpose."""
    retry_after = _number(raw, "retry_after")
    code = int(_number(raw, "code") or (429 if retry_after else 500))
    if not 400 <= code <= 599:
        raise ValueError("code must lie between 400 and 599")
    return code, int(retry_after) if retry_after is not None else int(code == 429)


def _described(code: int, retry_after: int) -> str:
    if code == 429:
        return f"Too Many Requests: retry after {retry_after}" if retry_after else "Too Many Requests: retry later"
    return _DESCRIPTIONS.get(code, "Internal Server Error" if code >= 500 else "Bad Request: injected")


def _number(raw: Json, name: str) -> float | None:
    value: Any = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be a number that is not negative")
    return float(value)


def _object(raw: Json, name: str) -> Json:
    value = raw.get(name) or {}
    if isinstance(value, dict):
        return value
    raise ValueError(f"{name} must be an object")
