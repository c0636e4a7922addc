"""What is known of one ticker at one instant, taken once per check so that every gate speaks of the same moment."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from strategy.execution.interface import OrderDesk
from strategy.market import MarketData
from strategy.market.price_confirmation import PriceStanding, against_book
from strategy.model import (
    BrokerError,
    Clock,
    Holdings,
    Indicators,
    Order,
    Position,
    Quote,
    Side,
    Symbol,
    return_percent,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.ports import OrderJournal
from strategy.settings.schema import SettingsInForce, TradingSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One ticker at one instant; None is unknown. Quantities are whole shares."""

    symbol: Symbol
    at: datetime
    settings: TradingSettings
    quote: Quote | None
    bars_fresh: bool | None
    indicators: Indicators | None
    holdings: Holdings | None
    position: Position | None
    held_qty: int | None
    sellable_qty: int | None
    open_orders: tuple[Order, ...] | None
    last_buy_at: datetime | None
    last_sell_at: datetime | None
    reconciled: bool

    @property
    def price(self) -> Decimal | None:
        """Return the last price in dollars; None without a quote."""
        return self.quote.last if self.quote else None

    @property
    def quote_age_s(self) -> float | None:
        return self.quote.age(self.at).total_seconds() if self.quote else None

    @property
    def return_percent(self) -> Decimal | None:
        if self.position is None or self.price is None or self.position.average_cost <= 0:
            return None
        return return_percent(self.position.average_cost, self.price)

    @property
    def quote_usable(self) -> bool | None:
        """Return whether the quote may be traded on: not halted, no print against its book, not too wide a spread.

        The forming bar closes at its last price, so one bad print would be a signal by itself.
        """
        quote = self.quote
        if quote is None:
            return None
        if quote.halted or against_book(quote, self.settings.stop_price_band_pct) is PriceStanding.AGAINST_BOOK:
            return False
        spread = quote.spread_percent  # None: the virtual environment gives no book (D10 goes by the last price)
        return spread is None or spread <= self.settings.max_spread_pct


class SnapshotReader:
    """Takes snapshots."""

    def __init__(
        self,
        *,
        watch: MarketData,
        desk: OrderDesk,
        orders: OrderJournal,
        positions: Positions,
        account_sync: AccountSync,
        settings: SettingsInForce,
        clock: Clock,
    ) -> None:
        self._watch = watch
        self._desk = desk
        self._orders = orders
        self._positions = positions
        self._account_sync = account_sync
        self._settings = settings
        self._clock = clock
        self._accepted: dict[tuple[Symbol, Side], tuple[datetime, datetime]] = {}  # as stored, and by running time

    async def quote(self, symbol: Symbol) -> Quote | None:
        """Return the freshest price to be had; an old one shows its age in the record, and the gate decides."""
        try:
            return await self._watch.quote(symbol)
        except BrokerError as error:
            log.warning("no quote", extra={"symbol": str(symbol), "error": str(error)})
            return self._watch.latest(symbol)

    async def take(self, symbol: Symbol, quote: Quote | None, holdings: Holdings | None) -> Snapshot:
        """Add bars, indicators and the account to a quote; `holdings` None: the broker could not be asked."""
        bars_fresh = await self._bars(symbol)
        indicators = await self._watch.indicators_in_turn(symbol, quote.last if quote else None)
        settings = self._settings.of(symbol)
        return await self._with_account(
            Snapshot(
                symbol=symbol,
                at=self._clock.now(),
                settings=settings,
                quote=quote,
                bars_fresh=bars_fresh,
                indicators=indicators,
                holdings=holdings,
                position=None,
                held_qty=None,
                sellable_qty=None,
                open_orders=None,
                last_buy_at=None,
                last_sell_at=None,
                reconciled=False,
            )
        )

    async def again(self, snapshot: Snapshot, holdings: Holdings | None) -> Snapshot:
        """Look once more just before an order: price, account, orders and delays; the bars stay."""
        quote = await self.quote(snapshot.symbol)
        return await self._with_account(replace(snapshot, at=self._clock.now(), quote=quote, holdings=holdings))

    async def _with_account(self, snapshot: Snapshot) -> Snapshot:
        symbol = snapshot.symbol
        known = snapshot.holdings is not None and self._positions.knows(symbol)
        held, sellable = self._positions.in_scope(symbol, snapshot.settings.position_scope)
        return replace(
            snapshot,
            position=self._positions.scoped(symbol, snapshot.settings.position_scope),
            held_qty=held if known else None,
            sellable_qty=sellable if known else None,
            open_orders=tuple(await self._desk.open_in(symbol)) if known and symbol not in self._desk.unread else None,
            last_buy_at=await self._last_accepted(symbol, Side.BUY),
            last_sell_at=await self._last_accepted(symbol, Side.SELL),
            reconciled=self._account_sync.reconciled,
        )

    async def _last_accepted(self, symbol: Symbol, side: Side) -> datetime | None:
        """Return when the last own order of a side was accepted, by running time from the first look at it on.

        What is stored is what the clock showed; one that was put back since would make the delay longer by as much.
        """
        stored = await self._orders.last_accepted(symbol, side)
        if stored is None:
            return None
        known, at = self._accepted.get((symbol, side), (None, stored))
        if known != stored:
            now = self._clock.now()
            at = now - max(now - stored, timedelta(0))
            self._accepted[symbol, side] = (stored, at)
        return at

    async def _bars(self, symbol: Symbol) -> bool | None:
        try:
            return await self._watch.bring_up(symbol)
        except BrokerError as error:
            log.warning("no bars", extra={"symbol": str(symbol), "error": str(error)})
            return None
