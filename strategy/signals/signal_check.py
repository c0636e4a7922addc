"""One check of every ticker: a look at the account, the stop first, then the rule, the record, the order."""

import asyncio
import logging
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum

from strategy.execution.interface import OrderDesk
from strategy.model import (
    BothSignals,
    BrokerError,
    Clock,
    Decision,
    DecisionAction,
    DecisionReason,
    Event,
    GateKey,
    Holdings,
    NotPermitted,
    Order,
    OrderDenied,
    OrderRequest,
    Origin,
    Proposal,
    Said,
    Side,
    SignalBlocked,
    StorageError,
    Symbol,
    TradeMode,
    TradingError,
    Trouble,
    agreed,
)
from strategy.portfolio.interface import AccountSync
from strategy.ports import DecisionJournal, Notifier
from strategy.risk.daily_loss import DayLoss
from strategy.risk.exposure import ExposureMeter
from strategy.risk.split_guard import SplitGuard
from strategy.runtime.in_flight import Activity
from strategy.settings.store import SettingsStore
from strategy.signals.approval import HELD_BACK, Approval
from strategy.signals.evaluation import Evaluation, SignalEvaluator
from strategy.signals.snapshot import Snapshot, SnapshotReader
from strategy.stops.safe_mode import Fallback
from strategy.stops.stop_monitor import StopMonitor

log = logging.getLogger(__name__)


class SignalNote(StrEnum):
    STOP_AT_WORK = "signal.stop_at_work"


_LOOK_AGE_S = 5  # a look this young serves a whole check
_BUY_LOOK_AGE_S = 10  # and one this young a buy; an older one is taken again before buying


class SignalCheck:
    """Checks tickers side by side; what goes wrong with one changes nothing for the others."""

    def __init__(
        self,
        *,
        snapshots: SnapshotReader,
        evaluator: SignalEvaluator,
        approval: Approval,
        desk: OrderDesk,
        decisions: DecisionJournal,
        guard: StopMonitor,
        fallback: Fallback,
        account_sync: AccountSync,
        exposure_meter: ExposureMeter,
        day_loss: DayLoss,
        splits: SplitGuard,
        settings: SettingsStore,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._snapshots = snapshots
        self._evaluator = evaluator
        self._approval = approval
        self._desk = desk
        self._decisions = decisions
        self._guard = guard
        self._fallback = fallback
        self._account_sync = account_sync
        self._exposure_meter = exposure_meter
        self._day_loss = day_loss
        self._splits = splits
        self._settings = settings
        self._notifier = notifier
        self._clock = clock
        self._activity = activity
        self._told: dict[Symbol, tuple[str, ...]] = {}  # what was last said of a ticker, to say it once
        self.newest: dict[Symbol, Decision] = {}

    async def run(self) -> None:
        """Check every ticker once."""
        with self._activity():
            holdings = await self._sync_account()
            if holdings is not None:
                await self._day_loss.apply(holdings)
            async with asyncio.TaskGroup() as group:
                for symbol in self._settings.tickers:
                    group.create_task(self._check_safely(symbol, holdings), name=f"check {symbol}")

    async def check(self, symbol: Symbol, holdings: Holdings | None) -> Decision | None:
        """Decide about one ticker and act on it; None while its stop is at work."""
        snapshot = await self._stop_first(symbol, holdings)
        if snapshot is None:
            return None  # the stop stores its own decision, and its lock keeps the rule out afterwards
        weighed, side = self._evaluator.weigh(snapshot)
        await self._approval.follow(weighed.decision)
        if side is None:
            return await self._keep(weighed)
        held_back = self._approval.holds(symbol, side)
        if held_back is not None:
            return await self._keep(_because(weighed, held_back))
        async with self._exposure_meter.turn:
            return await self._trade(snapshot, side)

    async def take_up(self, card: Proposal, *, ticket: str, user_id: int) -> Order | Decision:
        """Check a proposal a person has agreed to as if it came up now, then order.

        No more shares are ordered than it showed, at a limit no further from its own than it said. Return the order, or
        the stored decision that says what stands against it; raise OrderDenied when the desk refuses.
        """
        async with self._exposure_meter.turn:
            snapshot = await self._stop_first(card.symbol, await self._sync_before_buy())
            if snapshot is None:
                raise OrderDenied(f"{card.symbol}: a stop is at work", user_message=_STOP_AT_WORK)
            weighed, side = self._evaluator.weigh(snapshot)
            if side is card.side:
                weighed = await self._evaluator.size(snapshot, side)
            decision = await self._keep(weighed)
            if side is not card.side or decision.limit_price is None:
                return decision
            drift_pct = card.drift_pct or self._settings.of(card.symbol).approval_drift_pct
            request = replace(
                self._request(decision, side, agreed(decision.limit_price, side, card.limit_price, drift_pct)),
                qty=min(card.qty, decision.qty),
                asked_by=user_id,
                ticket=ticket,
            )
            return await self._desk.place(
                request, decision=decision, cash_before=decision.cash, position=snapshot.position
            )

    async def _stop_first(self, symbol: Symbol, holdings: Holdings | None) -> Snapshot | None:
        """Compare the freshest price with the stop, then take the snapshot; None while a stop is at work."""
        quote = await self._snapshots.quote(symbol)
        if quote is not None:
            if self._guard.credible(quote):
                await self._splits.mind(quote)
            self._guard.check(symbol, quote, "check")
        if self._guard.running(symbol):
            return None
        return await self._snapshots.take(symbol, quote, holdings)

    async def _trade(self, snapshot: Snapshot, side: Side) -> Decision:
        """Look again, size, decide for good, store, order; one ticker at a time so that the caps hold together."""
        holdings = snapshot.holdings
        if side is Side.BUY:
            holdings = await self._sync_before_buy()
        snapshot = await self._snapshots.again(snapshot, holdings)
        weighed, still = self._evaluator.weigh(snapshot)
        if still is not side:
            return await self._keep(weighed)
        weighed = await self._evaluator.size(snapshot, side)
        asks = self._settings.of(snapshot.symbol).trade_mode
        if weighed.decision.action is not DecisionAction.NONE and asks is not TradeMode.AUTO:
            reason = DecisionReason.PROPOSED if asks is TradeMode.APPROVE else DecisionReason.TOLD
            decision = await self._keep(_because(weighed, reason))
            await self._approval.propose(decision, side)
            return decision
        decision = await self._keep(weighed)
        if decision.action is not DecisionAction.NONE and decision.limit_price is not None:
            await self._order(decision, snapshot, side)
        return decision

    async def _order(self, decision: Decision, snapshot: Snapshot, side: Side) -> None:
        limit_price = decision.limit_price
        if limit_price is None:
            return
        request = self._request(decision, side, limit_price)
        try:
            await self._desk.place(request, decision=decision, cash_before=decision.cash, position=snapshot.position)
        except NotPermitted as error:  # a person or a stop was faster than the journal, and has been told of it
            log.info("not permitted any more", extra={"symbol": str(decision.symbol), "why": error.why.value})
        except OrderDenied as error:
            await self._trouble(f"denied:{decision.symbol}", error, decision.symbol)

    def _request(self, decision: Decision, side: Side, limit_price: Decimal) -> OrderRequest:
        return OrderRequest(
            symbol=decision.symbol,
            side=side,
            qty=decision.qty,
            limit_price=limit_price,
            origin=Origin.SIGNAL,
            created_at=self._clock.now(),
            decision_id=decision.id,
        )

    async def _keep(self, weighed: Evaluation) -> Decision:
        """Store a decision with what is to be told of it."""
        decision = await self._decisions.add(weighed.decision, self._events(weighed))
        self.newest[decision.symbol] = decision
        log.info(
            "decision",
            extra={
                "symbol": str(decision.symbol),
                "action": decision.action.value,
                "reason": decision.reason,
                "decision": decision.id,
                "rsi": decision.indicators.rsi if decision.indicators else None,
                "blocked_by": weighed.guards,
            },
        )
        return decision

    def _events(self, weighed: Evaluation) -> list[Event]:
        """Return what is new to the owner: a blocked signal is told once per change of its guards."""
        decision, verdict = weighed.decision, weighed.verdict
        said = self._told.get(decision.symbol)
        if decision.reason is DecisionReason.BOTH_SIGNALS:
            self._told[decision.symbol] = ("both",)
            return [] if said == ("both",) else [BothSignals(at=decision.decided_at, decision=decision)]
        if verdict.side is None or decision.action is not DecisionAction.NONE or decision.reason in HELD_BACK:
            self._told.pop(decision.symbol, None)
            return []
        locked = GateKey.LOCK in weighed.guards  # whatever else comes and goes, a lock has been told
        key = (verdict.side, GateKey.LOCK) if locked else (verdict.side, *weighed.guards)
        self._told[decision.symbol] = key
        if said == key:
            return []
        return [SignalBlocked(at=decision.decided_at, decision=decision, side=verdict.side, guards=weighed.guards)]

    # the account

    async def _sync_account(self) -> Holdings | None:
        try:
            return await self._account_sync.take("timer", max_age_s=_LOOK_AGE_S)
        except BrokerError as error:
            await self._trouble("account_look", error, None)
            return None

    async def _sync_before_buy(self) -> Holdings | None:
        try:
            holdings = await self._account_sync.take("before_buy", max_age_s=_BUY_LOOK_AGE_S)
        except BrokerError as error:
            await self._trouble("account_look", error, None)
            return None
        await self._day_loss.apply(holdings)  # only this look may have brought agreement, and with it the day's loss
        return holdings

    # when things go wrong

    async def _check_safely(self, symbol: Symbol, holdings: Holdings | None) -> None:
        try:
            await self.check(symbol, holdings)
        except StorageError as error:
            await self._trouble(f"check:{symbol}", error, symbol)
            await self._fallback.storage_failed(error)
        except TradingError as error:
            await self._trouble(f"check:{symbol}", error, symbol)
        except Exception:
            log.exception("a check failed unexpectedly", extra={"symbol": str(symbol)})
            await self._trouble(f"check:{symbol}", TradingError(), symbol)

    async def _trouble(self, key: str, error: TradingError, symbol: Symbol | None) -> None:
        log.warning("trouble in a check", extra={"key": key, "error": str(error)})
        try:
            await self._notifier.tell(Trouble(at=self._clock.now(), key=key, what=error.user_message, symbol=symbol))
        except TradingError:
            log.exception("trouble could not be told", extra={"key": key})


def _because(weighed: Evaluation, reason: DecisionReason) -> Evaluation:
    """Return the same conclusion with the reason why it leads to no order by itself."""
    return replace(weighed, decision=replace(weighed.decision, reason=reason))


_STOP_AT_WORK = Said(SignalNote.STOP_AT_WORK)
