"""A gate as a cell of the exported table: `no: 48.20 (>= 60) [day, 250 bars]`, in one notation for every language."""

from datetime import timedelta

from strategy.model import (
    BarsSeen,
    CapsGate,
    CashGate,
    CrossGate,
    CrossView,
    DelayGate,
    FreshGate,
    Gate,
    HoldingGate,
    HoursGate,
    LockGate,
    ModeGate,
    OpenOrdersGate,
    QuoteGate,
    ReconciledGate,
    RsiGate,
    SellConfirm,
    StopGate,
    WrittenGate,
)

_YES = {True: "yes", False: "no", None: "unknown"}


def cell(gate: Gate) -> str:
    """Return whether it passed, what it saw, what it needs, and what else the record keeps of it."""
    observed, threshold, *detail = _parts(gate)
    rest = f" [{detail[0]}]" if detail and detail[0] else ""
    return f"{_YES[gate.passed]}: {observed} ({threshold}){rest}"


def _parts(gate: Gate) -> tuple[str, ...]:
    match gate:
        case RsiGate():
            return _known(gate.observed, ".2f"), f"{gate.sign} {gate.threshold}", _bars(gate.bars)
        case CrossGate(wanted=SellConfirm.NONE):
            return "off", "off"
        case CrossGate():
            seen = "unknown" if gate.observed is None else _cross(gate.observed.value)
            return seen, f"{gate.wanted} cross within {gate.within} bars", _bars(gate.bars)
        case ModeGate():
            return gate.observed.value, f"allows {gate.side}s"
        case HoursGate():
            return "open" if gate.observed else "closed", f"{gate.begins:%H:%M}-{gate.ends:%H:%M} ET, venue open"
        case LockGate():
            return gate.observed or "free", "free"
        case FreshGate():
            bars = {True: "bars complete", False: "bars missing", None: "bars unknown"}[gate.bars_complete]
            age = "unknown" if gate.observed is None else f"{gate.observed:.1f} s"
            return age, f"<= {gate.threshold} s", bars
        case QuoteGate():
            book = ", last at its book" if gate.book_asked else ""
            return _YES[gate.observed], f"not halted, spread <= {gate.threshold}%{book}"
        case ReconciledGate():
            return _YES[gate.observed], "yes"
        case DelayGate():
            return _waited(gate), f">= {gate.threshold} min"
        case OpenOrdersGate():
            return _known(gate.observed), "0"
        case CashGate():
            shares = _asked(gate) if gate.observed is None else f"{gate.observed} shares"
            bound = "" if gate.bound is None else f"bound by {gate.bound}, wanted {gate.wanted}"
            return shares, f">= 1 share by {gate.threshold} of cash, fees included", bound
        case HoldingGate():
            sold = "" if gate.size is None else f"sell {gate.size}, bound by {gate.bound}"
            return _known(gate.observed), "> 0", sold
        case CapsGate():
            return _caps(gate)
        case StopGate():
            threshold = "off" if gate.threshold is None else f"{gate.sign} {gate.threshold}%"
            return "unknown" if gate.observed is None else f"{gate.observed}%", threshold, _stop(gate)
        case WrittenGate():
            return gate.observed, gate.threshold, gate.detail


def _known(value: float | None, form: str = "") -> str:
    return "unknown" if value is None else format(value, form)


def _asked(gate: CashGate | CapsGate) -> str:
    return "unknown" if gate.asked else "not asked"


def _bars(seen: BarsSeen | None) -> str:
    if seen is None:
        return ""
    moved = "" if seen.moved is None else f", {seen.moved} moved"
    return f"{seen.interval}, {seen.count} bars{moved}"


def _cross(cross: CrossView | None) -> str:
    return "none" if cross is None else f"{cross.age} bars ago, {'holds' if cross.holds else 'reversed'}"


def _waited(gate: DelayGate) -> str:
    if gate.threshold == 0:
        return "off"
    if gate.observed is None:
        return "unknown"
    if gate.observed.value is None:
        return "none yet"
    minutes, rest = divmod(gate.observed.value, timedelta(minutes=1))
    return f"{minutes}:{int(rest.total_seconds()):02d}"


def _caps(gate: CapsGate) -> tuple[str, ...]:
    if gate.observed is not None:
        value, limit = gate.observed.figures
        return value or "unknown", limit, ", ".join(gate.broken)
    return "within" if gate.passed else _asked(gate), "within the limits"


def _stop(gate: StopGate) -> str:
    if gate.fired_by is not None:
        return gate.fired_by
    return "" if gate.broker_rate is None else f"broker {gate.broker_rate.value}%"
