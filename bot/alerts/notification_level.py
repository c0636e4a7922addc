"""Which group an event belongs to, and so whether it sounds, comes without a sound, or is kept back (spec 6, alerts).

Critical events sound whatever is set. Some routine ones are never kept back, at most silenced: a card that waits for a
tap, an order whose outcome nobody knows, a difference with the broker that blocks buying, a price somebody asked for.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from strategy.model import (
    AlertRules,
    BothSignals,
    CalendarNotice,
    Event,
    HandOrder,
    Loudness,
    ModeChanged,
    Notable,
    OrderChanged,
    OrderStatus,
    PanicProgress,
    PriceAlertHit,
    ProposalClosed,
    Proposed,
    Protection,
    ReadyCheck,
    Recovered,
    SessionClosed,
    SessionOpened,
    SettingChanged,
    SignalBlocked,
    Started,
    StopFinished,
    StopTriggered,
    StreamState,
    TickerLocked,
    Trouble,
)

FILLS = "fills"


@dataclass(frozen=True, slots=True)
class Manner:
    """How an event is delivered."""

    kept_back: bool
    silent: bool


def group(event: Event) -> str | None:
    """Return the NOTIFY_ group of an event; None for one that no level governs. Fills are told beside their order."""
    match event:
        case OrderChanged() | HandOrder() | ProposalClosed() | Proposed():
            return "orders"
        case SignalBlocked() | BothSignals():
            return "signals"
        case Started() | Recovered() | SessionOpened() | SessionClosed() | ReadyCheck() | CalendarNotice():
            return "session"
        case StreamState():
            return "stream"
        case ModeChanged() | SettingChanged():
            return "changes"
        case Notable():
            return "notes"
        case PriceAlertHit():
            return None
        case StopTriggered() | StopFinished() | Protection() | Trouble() | TickerLocked() | PanicProgress():
            return None
        case _:
            assert_never(event)


def manner(event: Event, rules: AlertRules, at: datetime) -> Manner:
    """Return how to deliver an event at that (real) instant."""
    if event.critical:
        return Manner(kept_back=False, silent=False)
    name = group(event)
    if name is None:
        return Manner(kept_back=False, silent=_quiet(rules, at))
    found = _at_level(name, rules, at)
    return Manner(kept_back=False, silent=True) if found.kept_back and _needs_a_person(event) else found


def fill_manner(rules: AlertRules, at: datetime) -> Manner:
    """Return how to deliver the reply that tells a fill."""
    return _at_level(FILLS, rules, at)


def _at_level(name: str, rules: AlertRules, at: datetime) -> Manner:
    level = rules.levels.get(name, Loudness.ON)
    return Manner(kept_back=level is Loudness.OFF, silent=level is not Loudness.ON or _quiet(rules, at))


def _quiet(rules: AlertRules, at: datetime) -> bool:
    return rules.quiet is not None and rules.quiet.hold(at)


def _needs_a_person(event: Event) -> bool:
    match event:
        case Proposed():
            return event.proposal.ticket is not None
        case OrderChanged():
            return event.order.status is OrderStatus.UNKNOWN
        case HandOrder():
            return event.order is not None
        case ProposalClosed():
            return event.proposal.ticket is not None
        case Recovered():
            return not event.clean
        case _:
            return False
