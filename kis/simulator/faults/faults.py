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
    "refuse",
)
ANSWER_FAULTS: Final = (
    "empty_output",
    "missing_field",
    "rewrite",
    "odd_rows",
    "zero_valuation",
    "empty_object",
    "empty_code",
    "stale_quotes",
)
TOKEN_FAULTS: Final = ("token_expired", "token_revoked")
SOCKET_FAULTS: Final = ("ws_drop", "ws_silence", "ws_garbage", "ws_ping_drop", "ws_flap", "ws_stale")
NOTICE_FAULTS: Final = (
    "notice_duplicate",
    "notice_before_ack",
    "notice_lost",
    "notice_reorder",
    "notice_packed",
    "notice_foreign",
)
ORDER_FAULTS: Final = ("partial_fills", "wash_trades", "withhold", "closing_fill")
MARKET_FAULTS: Final = ("halt", "split", "venue_move", "clock_offset")
KINDS: Final = frozenset(
    (*CALL_FAULTS, *ANSWER_FAULTS, *TOKEN_FAULTS, *SOCKET_FAULTS, *NOTICE_FAULTS, *ORDER_FAULTS, *MARKET_FAULTS)
)
LASTING: Final = frozenset(
    (
        "ws_ping_drop",
        "ws_flap",
        "ws_stale",
        "wash_trades",
        "withhold",
        "closing_fill",
        "clock_offset",
        "halt",
        "odd_rows",
        "zero_valuation",
        "empty_object",
        "empty_code",
        "stale_quotes",
    )
)  # how the world is, not what happens once: in force until cleared, or for its seconds


class BadFault(ValueError):
    """A fault was asked for that does not exist or makes no sense."""


@dataclass(slots=True)
class InjectedFault:
    """One injected misbehaviour: so many times, or until a market instant, or (neither given) once."""

    number: int
    kind: str
    tr_ids: frozenset[str]  # empty: whatever is asked
    left: int | None
    until_ms: int | None
    details: dict[str, Any] = field(default_factory=dict)

    def view(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "kind": self.kind,
            "tr_id": ",".join(sorted(self.tr_ids)) or None,
            "left": self.left,
            "until_ms": self.until_ms,
            **self.details,
        }

    def hits(self, tr_id: str, endpoint: str = "") -> bool:
        """Return whether a fault is about a call, named by its TR id or by the end of its path: trading/order."""
        return not self.tr_ids or tr_id in self.tr_ids or endpoint in self.tr_ids

    def concerns(self, symbol: str) -> bool:
        """Return whether a fault is about a ticker; one that names none is about all."""
        return str(self.details.get("symbol") or symbol).upper() == symbol

    def alive(self, now_ms: int) -> bool:
        return (self.left is None or self.left > 0) and (self.until_ms is None or now_ms < self.until_ms)


class InjectedFaults:
    """The faults in force; asking for one that applies uses it up by one."""

    def __init__(self) -> None:
        self._active: list[InjectedFault] = []
        self._numbers = count(1)

    def add(self, wish: dict[str, Any], now_ms: int) -> InjectedFault:
        """Put a fault in force from the body of a control call; raise BadFault."""
        kind = wish.get("kind")
        if kind not in KINDS:
            raise BadFault(f"kind is one of {', '.join(sorted(KINDS))}; was {kind!r}")
        times, seconds = _number(wish, "count"), _number(wish, "seconds")
        if times is None and seconds is None and kind not in LASTING:
            times = 1
        details = {k: v for k, v in wish.items() if k not in {"kind", "count", "seconds", "tr_id"}}
        fault = InjectedFault(
            next(self._numbers),
            str(kind),
            _tr_ids(wish.get("tr_id")),
            int(times) if times is not None else None,
            now_ms + int(seconds * 1000) if seconds is not None else None,
            details,
        )
        self._active.append(fault)
        return fault

    def use(
        self, kind: str, now_ms: int, tr_id: str = "", endpoint: str = "", *, named: bool = False
    ) -> InjectedFault | None:
        """Return and use up a fault of a kind that hits a call, if one is in force; named: only one that names it."""
        self._active = [fault for fault in self._active if fault.alive(now_ms)]
        for fault in self._active:
            if fault.kind == kind and fault.hits(tr_id, endpoint) and (fault.tr_ids or not named):
                if fault.left is not None:
                    fault.left -= 1
                return fault
        return None

    def peek(self, kind: str, now_ms: int) -> InjectedFault | None:
        """Return a fault of a kind in force without using it up."""
        return next((f for f in self._active if f.kind == kind and f.alive(now_ms)), None)

    def of_symbol(self, kind: str, now_ms: int, symbol: str) -> InjectedFault | None:
        """Return a fault of a kind in force that concerns a ticker, without using it up."""
        return next((f for f in self._active if f.kind == kind and f.alive(now_ms) and f.concerns(symbol)), None)

    def in_force(self, kind: str, now_ms: int) -> list[InjectedFault]:
        return [fault for fault in self._active if fault.kind == kind and fault.alive(now_ms)]

    def active(self, now_ms: int) -> list[dict[str, Any]]:
        return [fault.view() for fault in self._active if fault.alive(now_ms)]

    def clear(self) -> None:
        self._active.clear()


def _tr_ids(value: Any) -> frozenset[str]:
    """Read one TR id or a list of them."""
    names = value if isinstance(value, list) else [value] if value else []
    return frozenset(str(name) for name in names)


def _number(wish: dict[str, Any], name: str) -> float | None:
    value = wish.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadFault(f"{name} is a number not below zero, was {value!r}")
    return float(value)
