"""Who hears of what, in one list: for each source from the first to the last, with why in that order.

Nothing subscribes by itself when it is built. Whoever listens is called where nothing can be awaited, and one that
fails keeps no other from what it should hear.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from strategy.model import Said
from strategy.wiring.parts import BaseParts, ProtectionParts, SessionParts, TradingParts


class ListenerName(StrEnum):
    CARDS = "listener.cards"
    ALERTS = "listener.alerts"


@dataclass(frozen=True, slots=True)
class Listening:
    """One subscription: `source` takes the listener."""

    source: Callable[[Any], None]
    listener: Callable[..., None]


def listeners(parts: BaseParts, trading: TradingParts, session: SessionParts) -> Iterable[Listening]:
    """Give the subscriptions in their order."""
    # a price, after its stop has been compared with it (`StreamInbox.on_tick`): a card may be over by it, which
    # forbids an order; an alert only tells
    price = trading.watch.on_price
    yield Listening(partial(price, Said(ListenerName.CARDS)), session.approval.on_price)
    yield Listening(partial(price, Said(ListenerName.ALERTS)), session.price_watch.on_price)

    # a changed setting: stops are computed anew before anything else thinks of it, then the day's grid; the list of
    # tickers last, since what it queues reads the stops
    yield Listening(parts.book.on_change, session.day.resettled)
    yield Listening(parts.book.on_change, session.roster.compare)

    # a clock that was set or stood still: buying stops before anything is thought of again; the day comes last, since
    # it may begin a check at once
    yield Listening(session.resync.on_disturbance, partial(trading.account_sync.interrupted, "the clock was disturbed"))
    yield Listening(session.resync.on_disturbance, trading.watch.doubt_bars)
    yield Listening(session.resync.on_disturbance, session.day.disturbed)


def connect(parts: BaseParts, trading: TradingParts, protection: ProtectionParts, session: SessionParts) -> None:
    """Subscribe every listener, and give each part the one answer it could not be built with."""
    trading.desk.unexplained = trading.recon.unexplained
    trading.desk.on_unstored = protection.fallback.storage_failed
    trading.permissions.selling = protection.guard.running
    trading.recon.on_held = trading.account_sync.on_held
    trading.recon.on_move = session.moves.on_move
    trading.watch.on_fault(session.inbox.on_fault)
    for one in listeners(parts, trading, session):
        one.source(one.listener)
