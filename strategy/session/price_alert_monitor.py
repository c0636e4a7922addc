"""Price alerts: compared with every price that counts (D15), told exactly once, asked for where nothing else asks."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.market import MarketData, current, next_open
from strategy.market.capacity import Pace
from strategy.market.price_confirmation import PriceConfirmation
from strategy.model import Clock, InvalidInput, Price, PriceAlert, PriceAlertHit, Said, Symbol, TradingError
from strategy.ports import PriceAlerts
from strategy.runtime import Activity, WorkQueue, wait_until_or

log = logging.getLogger(__name__)


class AlertNote(StrEnum):
    ABOVE_ZERO = "price_alert.above_zero"
    MOST = "price_alert.most"
    IS_ABOVE = "price_alert.is_above"
    IS_BELOW = "price_alert.is_below"


MOST = 50
_SILENT = timedelta(seconds=60)  # a price nobody has told for that long is asked for, in the session
_SHARE = 0.25  # of the broker's call limit, at most
_SETTING_AGE_S = 30


class PriceWatch:
    """Keeps the alerts in memory beside their table; whoever takes the row away tells it."""

    def __init__(
        self,
        *,
        alerts: PriceAlerts,
        watch: MarketData,
        prices: PriceConfirmation,
        clock: Clock,
        activity: Activity,
        pace: Pace,
    ) -> None:
        self._alerts = alerts
        self._watch = watch
        self._prices = prices
        self._clock = clock
        self._activity = activity
        calls = pace.calls_per_second
        self._spacing = timedelta(seconds=1 if calls is None else max(1.0, 1 / (calls * _SHARE)))
        self._waiting: dict[Symbol, list[PriceAlert]] = {}
        self._seen_at: dict[Symbol, datetime] = {}  # of when the newest price is
        self._asked_at: dict[Symbol, datetime] = {}
        self._begun_at = self._polled_at = clock.now() - _SILENT
        self._hits: WorkQueue[PriceAlertHit] = WorkQueue(activity)
        self._bell = asyncio.Event()  # the alerts have changed

    async def load(self) -> None:
        """Read the stored alerts. Call once."""
        for alert in await self._alerts.all():
            self._waiting.setdefault(alert.symbol, []).append(alert)

    # what the chat asks

    async def add(self, user_id: int, symbol: Symbol, *, above: bool, price: Decimal) -> PriceAlert:
        """Wait for a price; one that is waited for already is not stored twice.

        Raise InvalidInput for a price that cannot be or is there already, BrokerError when it cannot be asked for. The
        price is in dollars.
        """
        if not price.is_finite() or price <= 0:
            raise InvalidInput("no price", user_message=Said(AlertNote.ABOVE_ZERO))
        same = [one for one in self._waiting.get(symbol, ()) if (one.above, one.price) == (above, price)]
        if same:
            return same[0]
        if sum(map(len, self._waiting.values())) >= MOST:
            raise InvalidInput("too many alerts", user_message=_TOO_MANY)
        quote = await self._watch.quote(symbol, max_age_s=_SETTING_AGE_S)
        alert = PriceAlert(symbol=symbol, above=above, price=price, set_by=user_id, set_at=self._clock.now())
        if alert.hit(quote.last):
            raise InvalidInput("hit already", user_message=_already(alert, quote.last))
        stored = await self._alerts.add(alert)
        self._seen_at[symbol] = quote.received_at
        self._waiting.setdefault(symbol, []).append(stored)
        self._bell.set()
        return stored

    async def all(self) -> Sequence[PriceAlert]:
        """Return the alerts that wait, in the order they were set."""
        return await self._alerts.all()

    async def remove(self, alert_id: int) -> bool:
        """Take an alert away untold; False when it is gone already."""
        removed = await self._alerts.remove(alert_id)
        for waiting in self._waiting.values():
            waiting[:] = [one for one in waiting if one.id != alert_id]
        self._bell.set()
        return removed

    async def move(self, old: Symbol, new: Symbol) -> None:
        """Let what waits for a ticker's price wait for that of its listing at another exchange."""
        for alert in list(self._waiting.get(old, ())):
            stored = await self._alerts.add(replace(alert, symbol=new))
            self._waiting.setdefault(new, []).append(stored)
            await self.remove(alert.id)

    # prices

    def on_price(self, price: Price) -> None:
        """Compare a price with the alerts of its ticker; called from the stream's reader, so nothing here awaits."""
        symbol, last = price.symbol, price.last
        waiting = self._waiting.get(symbol)
        if not waiting:
            return
        self._seen_at[symbol] = self._prices.made_at(price)
        hit = [one for one in waiting if one.hit(last)]
        if not hit and self._prices.doubts(symbol):
            self._prices.refute(price)
        for alert in hit:
            weighed = self._prices.weigh(price, falling=not alert.above, reached=alert.hit)
            if weighed is not None:
                waiting.remove(alert)
                self._hits.put(PriceAlertHit(at=self._clock.now(), alert=alert, last=weighed))
            elif self._prices.wants(symbol, self._clock.now()):
                self._bell.set()

    # running

    async def run(self) -> None:
        """Tell what is hit and ask for prices nobody else asks for, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell(), name="price alerts: hits")
            group.create_task(self._poll(), name="price alerts: poll")

    async def _tell(self) -> None:
        while True:
            await self._hits.wait()
            with self._hits.take() as hit:
                told = False
                try:
                    await self._alerts.remove(hit.alert.id, [hit])
                    told = True
                except TradingError:
                    log.exception("a price alert could not be told; it waits for the next price")
                finally:
                    if not told:
                        self._waiting.setdefault(hit.alert.symbol, []).append(hit.alert)

    async def _poll(self) -> None:
        while True:
            self._bell.clear()
            await wait_until_or(self._clock, self._next_poll(), self._bell)
            due = self._next_poll()
            if due is not None and due <= self._clock.now() and current(self._clock.now()) is not None:
                with self._activity():
                    await self._ask(min(self._symbols(), key=self._due))

    def _symbols(self) -> list[Symbol]:
        return sorted(symbol for symbol, waiting in self._waiting.items() if waiting)

    def _due(self, symbol: Symbol) -> datetime:
        if self._prices.wants(symbol, now := self._clock.now()):
            return now
        return max(self._seen_at.get(symbol, self._begun_at), self._asked_at.get(symbol, self._begun_at)) + _SILENT

    def _next_poll(self) -> datetime | None:
        """Return when to ask for the price that has been silent longest; None while nothing is waited for."""
        now = self._clock.now()
        dues = [self._due(symbol) for symbol in self._symbols()]
        if not dues:
            return None
        if current(now) is None:
            return next_open(now)
        return max(min(dues), self._polled_at + self._spacing)

    async def _ask(self, symbol: Symbol) -> None:
        self._polled_at = self._asked_at[symbol] = self._clock.now()
        try:
            await self._watch.fresh_quote(symbol)
        except TradingError as error:
            log.warning("no price for an alert", extra={"symbol": str(symbol), "error": str(error)})


_TOO_MANY = Said(AlertNote.MOST, most=MOST)


def _already(alert: PriceAlert, last: Decimal) -> Said:
    ticker = alert.symbol.ticker
    if alert.above:
        return Said(AlertNote.IS_ABOVE, ticker=ticker, last=last)
    return Said(AlertNote.IS_BELOW, ticker=ticker, last=last)
