"""What is stored and told of a stop: the decision, the trigger, the end (row S93)."""

import logging
from decimal import Decimal
from enum import StrEnum

from strategy.market import MarketData, next_open
from strategy.model import (
    STOP_KEYS,
    Clock,
    Decision,
    DecisionAction,
    DecisionReason,
    FiredBy,
    Hitch,
    Order,
    Position,
    Said,
    StopFinished,
    StopGate,
    StopRun,
    StopTrigger,
    StopTriggered,
    StorageError,
    Symbol,
    TickerLock,
    TradingError,
    Trouble,
    known_sum,
    percent,
    return_percent,
)
from strategy.ports import DecisionJournal, Notifier, OrderJournal, StopRuns
from strategy.risk.mode_store import ModeStore
from strategy.runtime import Activity
from strategy.settings.schema import setting_text
from strategy.stops.exit_result import ExitResult
from strategy.stops.firing import Firing, StopContext

OVERTAKEN = "overtaken"  # by the next stop of its ticker, before its end could be stored
_SEARCHED = 100  # newest orders of a ticker among which a stop's are: it re-prices one more often than it places
_SHOWN = ("STOP_LOSS_RATE", "TAKE_PROFIT_RATE", "TRAILING_STOP_PCT", "STOP_LOSS_COLLAR_PCT")


log = logging.getLogger(__name__)


class StopNote(StrEnum):
    FAILED = "stop.failed"
    WAITS = "stop.waits"


class StopReports:
    """Makes the records of a stop from what is known when it fires and when it ends, and knows which ends were told."""

    def __init__(
        self,
        *,
        orders: OrderJournal,
        decisions: DecisionJournal,
        runs: StopRuns,
        notifier: Notifier,
        watch: MarketData,
        modes: ModeStore,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._orders = orders
        self._decisions = decisions
        self._runs = runs
        self._notifier = notifier
        self._watch = watch
        self._modes = modes
        self._clock = clock
        self._activity = activity

    def _decision(self, firing: Firing, context: StopContext, position: Position) -> Decision:
        """Return the record that explains the stop's order."""
        quote, settings = context.quote, context.standing.settings
        rate = return_percent(position.average_cost, firing.price)
        return Decision(
            symbol=firing.symbol,
            decided_at=firing.at,
            action=DecisionAction.STOP,
            reason=DecisionReason(firing.trigger),
            gates=(
                StopGate(
                    key=STOP_KEYS[firing.trigger],
                    passed=True,
                    observed=percent(rate),
                    threshold=_threshold(firing, context),
                    fired_by=firing.source,
                ),
            ),
            indicators=self._watch.newest_indicators(firing.symbol),
            last=firing.price,
            bid=quote.bid if quote else None,
            ask=quote.ask if quote else None,
            quote_age_s=quote.age(firing.at).total_seconds() if quote else None,
            position_qty=position.qty,
            average_cost=position.average_cost,
            return_percent=rate,
            cash=context.cash,
            qty=position.qty,
            settings={name: setting_text(getattr(settings, name.lower())) for name in _SHOWN},
            attempt=firing.attempt,
        )

    def _triggered(self, firing: Firing, context: StopContext, position: Position) -> StopTriggered:
        """Return the alert of the trigger, our rate beside the broker's (row S62)."""
        return StopTriggered(
            at=firing.at,
            symbol=firing.symbol,
            trigger=firing.trigger,
            rate=percent(return_percent(position.average_cost, firing.price)),
            broker_rate=position.profit_rate,
            threshold=_threshold(firing, context),
            average_cost=position.average_cost,
            price=firing.price,
            qty=position.qty,
            source=firing.source,
            attempt=firing.attempt,
            refusal=firing.refusal,
            orders_refused=firing.orders_refused,
        )

    async def begin(self, firing: Firing, context: StopContext) -> Decision | None:
        """Lock the ticker and store that with the reason; the first order's commit lets both outlive a power cut.

        None where nothing is held any more. Raise StorageError; the lock holds in memory then.
        """
        position = context.position
        if position is None:
            return None
        held = context.standing.lock if firing.attempt > 1 else None  # of the run before: told then
        lock = TickerLock(symbol=firing.symbol, reason=firing.trigger, locked_at=firing.at, until=next_open(firing.at))
        locked = self._modes.lock_now(held or lock)
        triggered = self._triggered(firing, context, position)
        return await self._decisions.add(
            self._decision(firing, context, position),
            (triggered,) if held else (triggered, locked),
            lock=locked.lock,
        )

    async def tell_end_safely(self, firing: Firing, exit_result: ExitResult, *, decision_id: int | None) -> bool:
        """Tell the end of a stop; return whether it could be told."""
        with self._activity():
            try:
                await self.tell_end(firing, exit_result, decision_id=decision_id)
            except TradingError:
                log.exception("the end of a stop could not be told", extra={"symbol": str(firing.symbol)})
                return False
        return True

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
        return StopFinished(
            at=self._clock.now(),
            symbol=firing.symbol,
            trigger=firing.trigger,
            sold=sold,
            left=exit_result.left,
            average_price=sum((order.filled_amount for order in orders), Decimal(0)) / sold if sold else None,
            realized=known_sum(fill.realized for fill in fills),
            result=known_sum(fill.result for fill in fills),
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

    async def tell_trouble(self, symbol: Symbol, error: Exception) -> None:
        """Say that a stop could not be carried out; never raises TradingError."""
        known = isinstance(error, TradingError)
        log.error(
            "stop could not be carried out",
            extra={"symbol": str(symbol), "error": str(error)},
            exc_info=None if known else error,
        )
        said = error.user_message if isinstance(error, TradingError) else TradingError.user_message
        what = Said(StopNote.FAILED, ticker=symbol.ticker, why=said)
        await self._tell(symbol, what)

    async def tell_waiting(self, symbol: Symbol, _: Hitch, why: Said) -> None:
        """Say what holds a stop up; never raises TradingError."""
        what = Said(StopNote.WAITS, ticker=symbol.ticker, why=why)
        await self._tell(symbol, what)

    async def _tell(self, symbol: Symbol, what: Said) -> None:
        try:
            await self._notifier.tell(Trouble(at=self._clock.now(), key=f"stop:{symbol}", symbol=symbol, what=what))
        except TradingError:
            log.exception("trouble with a stop could not be told", extra={"symbol": str(symbol)})


def _threshold(firing: Firing, context: StopContext) -> Decimal:
    """Return the set rate in percent that was reached."""
    settings, line = context.standing.settings, context.line
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
