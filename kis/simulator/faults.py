"""Misbehaviour on request: what is injected, for how long, and who is hit."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

CALL_FAULTS: Final = (
    "maintenance",
    "timeout_before",
    "http_500",
    "http_html",
    "rate_limit",
    "reject",
    "bad_json",
    "timeout_after_accept",
    "latency",
    "reset",
    "empty_output",
    "missing_field",
)
TOKEN_FAULTS: Final = ("token_expired", "token_revoked")
SOCKET_FAULTS: Final = ("ws_drop", "ws_silence", "ws_garbage")
NOTICE_FAULTS: Final = ("notice_duplicate", "notice_before_ack", "notice_lost", "notice_reorder")
ORDER_FAULTS: Final = ("partial_fills",)
KINDS: Final = frozenset((*CALL_FAULTS, *TOKEN_FAULTS, *SOCKET_FAULTS, *NOTICE_FAULTS, *ORDER_FAULTS))
ORDERS_ONLY: Final = frozenset(("reject", "partial_fills", "notice_before_ack"))


class BadFault(ValueError):
    """A fault was asked for that does not exist or makes no sense."""


@dataclass(slots=True)
class Fault:
    """One injected misbehaviour: so many times, or until a market instant, or (neither given) once."""

    number: int
    kind: str
    tr_id: str | None
    left: int | None
    until_ms: int | None
    details: dict[str, Any] = field(default_factory=dict)

    def view(self) -> dict[str, Any]:
        return {
            "id": self.number, "kind": self.kind, "tr_id": self.tr_id, "left": self.left, "until_ms": self.until_ms,
            **self.details,
        }  # fmt: skip

    def alive(self, now_ms: int) -> bool:
        return (self.left is None or self.left > 0) and (self.until_ms is None or now_ms < self.until_ms)


class Faults:
    """The faults in force; asking for one that applies uses it up by one."""

    def __init__(self) -> None:
        self._active: list[Fault] = []
        self._numbers = count(1)

    def add(self, wish: dict[str, Any], now_ms: int) -> Fault:
        """Put a fault in force from the body of a control call; raise BadFault."""
        kind = wish.get("kind")
        if kind not in KINDS:
            raise BadFault(f"kind is one of {', '.join(sorted(KINDS))}; was {kind!r}")
        times, seconds = _number(wish, "count"), _number(wish, "seconds")
        if times is None and seconds is None:
            times = 1
        tr_id = wish.get("tr_id")
        details = {k: v for k, v in wish.items() if k not in {"kind", "count", "seconds", "tr_id"}}
        fault = Fault(
            next(self._numbers),
            str(kind),
            str(tr_id) if tr_id else None,
            int(times) if times is not None else None,
            now_ms + int(seconds * 1000) if seconds is not None else None,
            details,
        )
        self._active.append(fault)
        return fault

    def use(self, kind: str, now_ms: int, tr_id: str = "") -> Fault | None:
        """Return and use up a fault of a kind that hits a TR id, if one is in force."""
        self._active = [fault for fault in self._active if fault.alive(now_ms)]
        for fault in self._active:
            if fault.kind == kind and fault.tr_id in {None, tr_id}:
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None

    def peek(self, kind: str, now_ms: int) -> Fault | None:
        """Return a fault of a kind in force without using it up."""
        return next((f for f in self._active if f.kind == kind and f.alive(now_ms)), None)

    def active(self, now_ms: int) -> list[dict[str, Any]]:
        return [fault.view() for fault in self._active if fault.alive(now_ms)]

    def clear(self) -> None:
        self._active.clear()


def _number(wish: dict[str, Any], name: str) -> float | None:
    value = wish.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadFault(f"{name} is a number not below zero, was {value!r}")
    return float(value)
