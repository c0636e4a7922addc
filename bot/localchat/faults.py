"""Failures of the Bot API on demand, so that a bot meets them before a user does."""

from dataclasses import asdict, dataclass
from typing import Any

from bot.localchat.clock import Clock
from bot.localchat.model import Json

KINDS = ("error", "timeout_before", "timeout_after_send", "down", "slow", "garbage")
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
class Fault:
    """One fault in wait.

    `method` empty means every method but getUpdates, `*` means every method. `times` counts down to nothing; None is
    without end. `seconds` is how long the fault lasts (error, down), or how long the answer is held back
    (timeouts: then the connection is dropped; slow: then it is answered).
    """

    kind: str
    method: str = ""
    code: int = 500
    description: str = ""
    retry_after: int = 0
    times: int | None = 1
    seconds: float | None = None
    until: float | None = None

    def matches(self, method: str) -> bool:
        if self.kind == "down" or self.method == "*":
            return True
        return self.method.lower() == method if self.method else method != "getupdates"


class Faults:
    """The faults in wait, oldest first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[Fault] = []

    def add(self, raw: Json) -> Fault:
        """Set a fault from the user's side. Raises ValueError in plain words."""
        kind = raw.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        seconds = _number(raw, "seconds")
        retry_after = int(_number(raw, "retry_after") or 0)
        code = int(_number(raw, "code") or (429 if retry_after else 500))
        if not 400 <= code <= 599:
            raise ValueError("code must lie between 400 and 599")
        if code == 429 and not retry_after:
            retry_after = 1
        times = _number(raw, "times")
        lasting = kind == "down" or (kind in ("error", "garbage") and seconds is not None)
        fault = Fault(
            kind=kind,
            method=str(raw.get("method") or ""),
            code=code,
            description=str(raw.get("description") or _described(code, retry_after)),
            retry_after=retry_after,
            times=int(times) if times is not None else None if lasting else 1,
            seconds=seconds,
            until=self._clock.now() + seconds if lasting and seconds is not None else None,
        )
        self._waiting.append(fault)
        return fault

    def take(self, method: str) -> Fault | None:
        """Return the fault that a call of this method (small letters) meets, and count it."""
        self._drop_finished()
        fault = next((fault for fault in self._waiting if fault.kind != "down" and fault.matches(method)), None)
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


def _described(code: int, retry_after: int) -> str:
    if code == 429:
        return f"Too Many Requests: retry after {retry_after}"
    return _DESCRIPTIONS.get(code, "Internal Server Error" if code >= 500 else "Bad Request: injected")


def _number(raw: Json, name: str) -> float | None:
    value: Any = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be a number that is not negative")
    return float(value)
