"""What a gate saw, what it needs and what else is known of it, in words."""

from datetime import timedelta
from typing import NamedTuple

from bot.i18n import terms as words
from bot.i18n.formats import shares
from bot.i18n.translator import Tongue
from strategy.model import (
    BarsSeen,
    Bound,
    CapKey,
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


class GateWords(NamedTuple):
    observed: str
    needs: str
    detail: str = ""


def said(gate: Gate, t: Tongue) -> GateWords:
    """Return a gate in a person's language; what an unreadable earlier version wrote, as it was written."""
    match gate:
        case RsiGate():
            seen = t("not known") if gate.observed is None else f"{gate.observed:.2f}"
            return GateWords(seen, bounds(gate, t), _bars(gate.bars, t))
        case CrossGate(wanted=SellConfirm.NONE):
            return GateWords(t("off"), "")
        case CrossGate():
            seen = t("not known") if gate.observed is None else cross(gate.observed.value, t)
            return GateWords(seen, _cross_wanted(gate, t), _bars(gate.bars, t))
        case ModeGate():
            return GateWords(
                words.mode(gate.observed, t), t("allows buys") if gate.side == "buy" else t("allows sells")
            )
        case HoursGate():
            span = f"{gate.begins:%H:%M}-{gate.ends:%H:%M}"
            return GateWords(t("now") if gate.observed else t("not now"), t("{span} New York, market open", span=span))
        case LockGate():
            return GateWords(t("none") if gate.observed is None else words.why_so(gate.observed, t), _no_one(gate, t))
        case FreshGate():
            age = t("not known") if gate.observed is None else t("{n} s", n=f"{gate.observed:.1f}")
            bars = {True: t("bars complete"), False: t("bars missing"), None: t("bars not known")}
            return GateWords(age, t("at most {n} s", n=gate.threshold), bars[gate.bars_complete])
        case QuoteGate():
            return GateWords(_yes(gate.observed, t), _usable(gate, t))
        case ReconciledGate():
            return GateWords(_yes(gate.observed, t), "")
        case DelayGate():
            return GateWords(_waited(gate, t), t("at least {n} min", n=gate.threshold))
        case OpenOrdersGate():
            return GateWords(_open_orders(gate, t), _no_one(gate, t))
        case CashGate():
            needs = t("at least 1 share for {rate} of the cash, fees included", rate=gate.threshold)
            return GateWords(_cash(gate, t), needs, _cash_bound(gate, t))
        case HoldingGate():
            held = t("not known") if gate.observed is None else t("{qty} sh.", qty=shares(gate.observed))
            return GateWords(held, t("at least 1 sh."), _size(gate, t))
        case CapsGate():
            return _caps(gate, t)
        case StopGate():
            seen = t("not known") if gate.observed is None else f"{gate.observed}%"
            return GateWords(seen, _stop_line(gate, t), _stop_detail(gate, t))
        case WrittenGate():
            return GateWords(gate.observed, gate.threshold, gate.detail)


def cross(seen: CrossView | None, t: Tongue) -> str:
    if seen is None:
        return t("none")
    where = t("on the newest bar") if seen.age == 0 else t("{n} bars back", n=seen.age)
    return t("{where}, holds", where=where) if seen.holds else t("{where}, reversed since", where=where)


def bounds(gate: RsiGate, t: Tongue) -> str:
    """Return what the RSI of a side needs."""
    if gate.sign == "<=":
        return t("at most {n}", n=gate.threshold)
    return t("at least {n}", n=gate.threshold)


def _stop_line(gate: StopGate, t: Tongue) -> str:
    if gate.threshold is None:
        return t("off")
    if gate.sign == "<=":
        return t("fires at {rate}% or below", rate=gate.threshold)
    return t("fires at {rate}% or above", rate=gate.threshold)


def _open_orders(gate: OpenOrdersGate, t: Tongue) -> str:
    if gate.observed is None:
        return t("not known")
    return t("{n} open", n=gate.observed) if gate.observed else t("none")


def _no_one(gate: LockGate | OpenOrdersGate, t: Tongue) -> str:
    """Return that there must be none, where there is one or nobody knows."""
    return "" if gate.passed else t("must be none")


def _yes(known: bool | None, t: Tongue) -> str:
    return {True: t("yes"), False: t("no"), None: t("not known")}[known]


def _bars(seen: BarsSeen | None, t: Tongue) -> str:
    if seen is None:
        return ""
    interval = t("day") if seen.interval == "day" else t("{n}-minute", n=seen.interval)
    if seen.moved is None:
        return t("{interval} bars: {n}", interval=interval, n=seen.count)
    return t("{interval} bars: {n}, {moves} of the newest moved", interval=interval, n=seen.count, moves=seen.moved)


def _cross_wanted(gate: CrossGate, t: Tongue) -> str:
    if gate.wanted is SellConfirm.GOLDEN:
        return t("golden cross within {n} bars", n=gate.within)
    return t("dead cross within {n} bars", n=gate.within)


def _usable(gate: QuoteGate, t: Tongue) -> str:
    if gate.book_asked:
        return t("not halted, spread at most {rate}%, price at its book", rate=gate.threshold)
    return t("not halted, spread at most {rate}%", rate=gate.threshold)


def _waited(gate: DelayGate, t: Tongue) -> str:
    if gate.threshold == 0:
        return t("off")
    if gate.observed is None:
        return t("not known")
    if gate.observed.value is None:
        return t("none yet")
    minutes, rest = divmod(gate.observed.value, timedelta(minutes=1))
    return t("{m} min {s} s", m=minutes, s=int(rest.total_seconds()))


def _cash(gate: CashGate, t: Tongue) -> str:
    if _capped(gate) and gate.wanted is not None:
        return t("{qty} sh.", qty=shares(gate.wanted))
    if gate.observed is not None:
        return t("{qty} sh.", qty=shares(gate.observed))
    return t("not known") if gate.asked else t("not asked")


def _cash_bound(gate: CashGate, t: Tongue) -> str:
    if gate.bound is None or gate.wanted is None:
        return ""
    if _capped(gate):
        return t("a limit leaves 0 shares: {what}", what=_bound(gate.bound, t))
    return t("wanted {qty} sh., bound by {what}", qty=shares(gate.wanted), what=_bound(gate.bound, t))


def _capped(gate: CashGate) -> bool:
    """Return whether the cash would pay and a limit, not the cash, leaves no share."""
    return gate.passed is True and gate.observed == 0


def _size(gate: HoldingGate, t: Tongue) -> str:
    if gate.size is None or gate.bound is None:
        return ""
    return t("sell {qty} sh., bound by {what}", qty=shares(gate.size), what=_bound(gate.bound, t))


def _bound(bound: Bound | CapKey, t: Tongue) -> str:
    return t.word("bound", bound) if isinstance(bound, Bound) else bound.upper()


def _caps(gate: CapsGate, t: Tongue) -> GateWords:
    if gate.observed is not None:
        value, limit = gate.observed.figures
        return GateWords(value or t("not known"), limit, ", ".join(cap.upper() for cap in gate.broken))
    within = t("within the limits")
    if gate.passed:
        return GateWords(t("within"), within)
    return GateWords(t("not known") if gate.asked else t("not asked"), within)


def _stop_detail(gate: StopGate, t: Tongue) -> str:
    if gate.fired_by is not None:
        return t.word("fired_by", gate.fired_by)
    if gate.broker_rate is None:
        return ""
    rate = gate.broker_rate.value
    return t("broker's figure not known") if rate is None else t("broker's last figure {rate}%", rate=rate)
