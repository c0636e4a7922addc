"""The words of a stop: which one fires, what saw it, how its sale ends; whether a ticker's works, and if not why.

See decision 0119.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from strategy.model.instruments import Symbol
from strategy.model.said import Said


class StopTrigger(StrEnum):
    """Which of a ticker's stops."""

    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"


class StopPriceSource(StrEnum):
    """Where the prices of a stop come from."""

    TICKS = "ticks"
    POLLING = "polling"
    NONE = "none"


class Hitch(StrEnum):
    """What keeps a sale from going on."""

    BLOCKED = "blocked"  # an order of the ticker has no answer yet
    NOT_ORDERABLE = "not_orderable"  # the broker lets fewer shares be ordered than are to be sold
    HALTED = "halted"  # nothing trades
    UNMOVED = "unmoved"  # the order is out, and the market stands still


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRun:
    """A stop whose decision is stored and whose end is not."""

    decision_id: int
    symbol: Symbol
    trigger: StopTrigger
    price: Decimal  # dollars, what fired it
    qty: int  # whole shares it was to sell
    attempt: int  # above 1 for a retry
    begun_at: datetime  # aware UTC, market clock


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprotectedShares:
    """Whole shares no stop would sell any more. None is unknown."""

    symbol: Symbol
    qty: int
    value: Decimal | None  # dollars, at the newest price
    stop_price: Decimal | None  # dollars a share, where their stop fires today


@dataclass(frozen=True, slots=True, kw_only=True)
class StopsOff:
    """What a change leaves without a stop. `known` False: what is held could not be read, so there may be more."""

    shares: tuple[UnprotectedShares, ...]
    known: bool = True


class StopState(StrEnum):
    """How one ticker's stop stands."""

    TICKS = "ticks"  # compared with streamed trades
    POLLING = "polling"  # compared with prices asked for
    SELLING = "selling"  # it is selling now
    CLOSED = "closed"  # works once stops may sell again
    NOT_SEEN = "not_seen"  # what is held is not known yet, which is not "nothing"
    UNREADABLE = "unreadable"  # the ticker's row in the account cannot be read
    NOT_HELD = "not_held"
    NOT_WATCHED = "not_watched"
    NO_COST = "no_cost"  # held at a cost of zero: no return can be computed
    OFF = "off"  # no stop is set
    HALTED = "halted"  # by the mode
    LOCKED = "locked"
    DOWN = "down"  # the watcher is being started again
    UNSTORABLE = "unstorable"  # no order leaves whose intent is not on disk
    NO_TRADING = "no_trading"  # the venue has halted the ticker
    DELAYED = "delayed"  # prices come, but late by the venue's own stamps
    STUCK = "stuck"  # the same price with the same stamp again and again
    SILENT = "silent"  # no price comes

    @property
    def works(self) -> bool:
        """Return whether a stop fires now when its price is touched, or is selling already."""
        return self in (StopState.TICKS, StopState.POLLING, StopState.SELLING)

    @property
    def source(self) -> StopPriceSource:
        """Return where its prices come from."""
        return StopPriceSource(self.value) if self in (StopState.TICKS, StopState.POLLING) else StopPriceSource.NONE

    @property
    def concerns(self) -> bool:
        """Return whether something is, or may be, held that a stop should protect."""
        return self is not StopState.NOT_HELD

    @property
    def lost(self) -> bool:
        """Return whether something is in the way of a stop that nobody has decided."""
        return self.concerns and not self.works and self is not StopState.CLOSED


class StopStateNote(StrEnum):
    """What is said of stops as a whole, and of one that works otherwise than it should."""

    LOST = "stop_note.lost"
    ONE = "stop_note.one"
    NOT_SEEN = "stop_note.not_seen"
    LATE_TICKS = "stop_note.late_ticks"
    NO_COST = "stop_note.no_cost"


class StopAlarm(StrEnum):
    """What it means that stops have ceased to work, and what to do."""

    SILENT = "stop_alarm.silent"
    NO_TRADING = "stop_alarm.no_trading"
    DELAYED = "stop_alarm.delayed"
    STUCK = "stop_alarm.stuck"
    UNSTORABLE = "stop_alarm.unstorable"


def lost_of(states: Mapping[Symbol, StopState]) -> Said | None:
    """Name the tickers whose stop is lost, each with what is in its way; None where there is none."""
    if StopState.NOT_SEEN in states.values():
        return NOT_SEEN
    lost = [(symbol.ticker, state) for symbol, state in sorted(states.items()) if state.lost]
    if not lost:
        return None
    return Said(
        StopStateNote.LOST, stops=tuple(Said(StopStateNote.ONE, ticker=ticker, state=state) for ticker, state in lost)
    )


NOT_SEEN = Said(StopStateNote.NOT_SEEN)


def alarm(state: StopState, names: str) -> Said:
    """Return what it means that the stops of those tickers have ceased to work, and what to do."""
    known = state.name in StopAlarm.__members__
    return Said(StopAlarm[state.name] if known else StopAlarm.SILENT, names=names)


def late_ticks(names: str, late: int) -> Said:
    """Return what a stream means that is `late` minutes old by its own stamps while prices asked for are not."""
    return Said(StopStateNote.LATE_TICKS, names=names, minutes=late)


def no_cost(name: str) -> Said:
    """Return what a holding at a cost of zero means, and what to do."""
    return Said(StopStateNote.NO_COST, ticker=name)
