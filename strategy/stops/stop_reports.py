"""What is stored and told of a stop: the decision, the trigger, the end (row S93)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from strategy.market.interface import MarketData
from strategy.model import (
    STOP_KEYS,
    Clock,
    Decision,
    DecisionAction,
    DecisionReason,
    FiredBy,
    Order,
    Origin,
    Position,
    StopFinished,
    StopGate,
    StopRun,
    StopTrigger,
    StopTriggered,
    StorageError,
    Symbol,
    Text,
    percent,
    return_percent,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.ports import Notifier, OrderJournal, StopRuns
from strategy.settings.store import SettingsStore
from strategy.stops.exit_ladder import ExitResult
from strategy.stops.stop_lines import StopLine

ORIGINS: dict[StopTrigger, Origin] = {
    StopTrigger.STOP_LOSS: Origin.STOP_LOSS,
    StopTrigger.TAKE_PROFIT: Origin.TAKE_PROFIT,
    StopTrigger.TRAILING_STOP: Origin.TRAILING_STOP,
}
TRIGGERS: dict[Origin, StopTrigger] = {origin: trigger for trigger, origin in ORIGINS.items()}
_SEARCHED = 100  # newest orders of a ticker among which a stop's are: it re-prices one more often than it places
_SHOWN = ("STOP_LOSS_RATE", "TAKE_PROFIT_RATE", "TRAILING_STOP_PCT", "STOP_LOSS_COLLAR_PCT")

OVERTAKEN = "overtaken"  # by the next stop of its ticker, before its end could be stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A stop that must be carried out. The price is in dollars."""

    symbol: Symbol
    trigger: StopTrigger
    price: Decimal
    source: FiredBy
    at: datetime
    resumed: bool = False  # it goes on where an earlier run was cut off, by a restart or a fact not stored
    decision_id: int | None = None  # ... and what that one's decision was stored as
    had: int | None = None  # shares it was to sell, of one taken up that has no order out
    attempt: int = 1  # above 1 for a retry: the runs before it were refused, and sold nothing
    refusal: Text | None = None  # the broker's reason then
    orders_refused: int = 0  # in those runs


class StopReports:
    """Makes the records of a stop from what is known when it fires and when it ends, and knows which ends were told."""

    def __init__(
        self,
        *,
        orders: OrderJournal,
        runs: StopRuns,
        notifier: Notifier,
        watch: MarketData,
        positions: Positions,
        account_sync: AccountSync,
        settings: SettingsStore,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._runs = runs
        self._notifier = notifier
        self._watch = watch
        self._positions = positions
        self._account_sync = account_sync
        self._settings = settings
        self._clock = clock

    def decision(self, firing: Firing, position: Position, line: StopLine) -> Decision:
        """Return the record that explains the stop's order."""
        symbol = firing.symbol
        quote = self._watch.latest(symbol)
        rate = return_percent(position.average_cost, firing.price)
        return Decision(
            symbol=symbol,
            decided_at=firing.at,
            action=DecisionAction.STOP,
            reason=DecisionReason(firing.trigger),
            gates=(
                StopGate(
                    key=STOP_KEYS[firing.trigger],
                    passed=True,
                    observed=percent(rate),
                    threshold=self._threshold(firing, line),
                    fired_by=firing.source,
                ),
            ),
            indicators=self._watch.newest_indicators(symbol),
            last=firing.price,
            bid=quote.bid if quote else None,
            ask=quote.ask if quote else None,
            quote_age_s=quote.age(firing.at).total_seconds() if quote else None,
            position_qty=position.qty,
            average_cost=position.average_cost,
            return_percent=rate,
            cash=self._account_sync.last.cash if self._account_sync.last else None,
            qty=position.qty,
            settings={name: self._settings.value(name, symbol) for name in _SHOWN},
            attempt=firing.attempt,
        )

    def triggered(self, firing: Firing, position: Position, line: StopLine) -> StopTriggered:
        """Return the alert of the trigger, our rate beside the broker's (row S62)."""
        return StopTriggered(
            at=firing.at,
            symbol=firing.symbol,
            trigger=firing.trigger,
            rate=percent(return_percent(position.average_cost, firing.price)),
            broker_rate=position.profit_rate,
            threshold=self._threshold(firing, line),
            average_cost=position.average_cost,
            price=firing.price,
            qty=position.qty,
            source=firing.source,
            attempt=firing.attempt,
            refusal=firing.refusal,
            orders_refused=firing.orders_refused,
        )

    async def tell_end(self, firing: Firing, exit_result: ExitResult, *, decision_id: int | None) -> None:
        """Tell the end of the stop with that decision, and end its run in the same transaction."""
        finished = await self._finished(firing, exit_result)
        if decision_id is None:
            await self._notifier.tell(finished)
        else:
            try:
                await self._runs.end(decision_id, finished.at, exit_result.reason, events=(finished,))
            except StorageError:
                await self._notifier.tell(finished)  # which cries where this cannot be stored either

    async def cut_off(self) -> dict[Symbol, Firing]:
        """Return the newest stop of each ticker whose end was not told: a restart has cut it off."""
        found: dict[Symbol, StopRun] = {}
        for run in await self._runs.unfinished():
            if (older := found.get(run.symbol)) is not None:  # told past the disk, which took nothing then
                await self._runs.end(older.decision_id, self._clock.now(), OVERTAKEN)
            found[run.symbol] = run
        return {symbol: _taken_up(run) for symbol, run in found.items()}

    async def sold(self, decision_id: int, symbol: Symbol) -> int:
        """Return how many shares the stop with that decision has sold."""
        return sum(order.filled_qty for order in await self._led_to(decision_id, symbol))

    async def _finished(self, firing: Firing, exit_result: ExitResult) -> StopFinished:
        """Return the alert of the end, with the result from the stored fills."""
        orders = await self._orders_of(firing, exit_result)
        fills = [fill for order in orders for fill in await self._orders.fills(order=order.no)]
        sold = sum(order.filled_qty for order in orders)
        gains = [fill.realized for fill in fills if fill.realized is not None]
        return StopFinished(
            at=self._clock.now(),
            symbol=firing.symbol,
            trigger=firing.trigger,
            sold=sold,
            left=exit_result.left,
            average_price=sum((order.filled_amount for order in orders), Decimal(0)) / sold if sold else None,
            realized=sum(gains, Decimal(0)) if gains else None,
            fees=sum((fill.fees for fill in fills), Decimal(0)) if fills else None,
            reason=exit_result.reason,
            attempt=firing.attempt,
            refusal=exit_result.refusal,
            orders_refused=firing.orders_refused + exit_result.refused,
        )

    async def _orders_of(self, firing: Firing, exit_result: ExitResult) -> list[Order]:
        """Return every order of the stop: those of the run that ended it, and where that took it up again, all before.

        They carry one decision, whichever run placed them.
        """
        if firing.decision_id is None:
            return [order for no in exit_result.orders if (order := await self._orders.get(no)) is not None]
        return await self._led_to(firing.decision_id, firing.symbol)

    async def _led_to(self, decision_id: int, symbol: Symbol) -> list[Order]:
        recent = await self._orders.recent(_SEARCHED, symbol=symbol)
        return [order for order in recent if order.request.decision_id == decision_id]

    def _threshold(self, firing: Firing, line: StopLine) -> Decimal:
        """Return the set rate in percent that was reached."""
        settings = self._settings.of(firing.symbol)
        rates = {
            StopTrigger.STOP_LOSS: settings.stop_loss_rate,
            StopTrigger.TAKE_PROFIT: settings.take_profit_rate,
            StopTrigger.TRAILING_STOP: None if line.trailing_pct is None else -line.trailing_pct,
        }
        rate = rates[firing.trigger]
        return rate if rate is not None else percent(return_percent(line.average_cost, line.threshold(firing.trigger)))


def _taken_up(run: StopRun) -> Firing:
    return Firing(
        symbol=run.symbol,
        trigger=run.trigger,
        price=run.price,
        source=FiredBy.CHECK,
        at=run.begun_at,
        resumed=True,
        decision_id=run.decision_id,
        had=run.qty,
        attempt=run.attempt,
    )
