"""What one check of a ticker comes to: the stop first, then the rule, the record, and the order or the question."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum

from strategy.execution.interface import OrderDesk
from strategy.model import (
    Clock,
    Decision,
    DecisionAction,
    DecisionReason,
    Holdings,
    NotPermitted,
    Order,
    OrderDenied,
    OrderRequest,
    Origin,
    Proposal,
    Said,
    Side,
    Symbol,
    TradeMode,
    agreed,
)
from strategy.runtime.telling import Telling
from strategy.settings.schema import SettingsInForce
from strategy.signals.account_for_checks import AccountForChecks
from strategy.signals.approval import Approval
from strategy.signals.decision_log import DecisionLog
from strategy.signals.evaluation import SignalEvaluator
from strategy.signals.rules import Evaluation
from strategy.signals.snapshot import Snapshot
from strategy.signals.stop_first import StopFirst

log = logging.getLogger(__name__)


class SignalNote(StrEnum):
    STOP_AT_WORK = "signal.stop_at_work"


class SignalTrader:
    """Decides about one ticker and acts on it; orders are sized and sent one at a time, so that the caps hold."""

    def __init__(
        self,
        *,
        snapshots: StopFirst,
        evaluator: SignalEvaluator,
        approval: Approval,
        account: AccountForChecks,
        desk: OrderDesk,
        decisions: DecisionLog,
        settings: SettingsInForce,
        telling: Telling,
        clock: Clock,
    ) -> None:
        self._snapshots = snapshots
        self._evaluator = evaluator
        self._approval = approval
        self._account = account
        self._desk = desk
        self._decisions = decisions
        self._settings = settings
        self._telling = telling
        self._clock = clock

    @property
    def newest(self) -> Mapping[Symbol, Decision]:
        """Return what was last decided of each ticker since the start."""
        return self._decisions.newest

    async def check(self, symbol: Symbol, holdings: Holdings | None) -> Decision | None:
        """Decide about one ticker and act on it; None while its stop is at work."""
        snapshot = await self._snapshots.take(symbol, holdings)
        if snapshot is None:
            return None  # the stop stores its own decision, and its lock keeps the rule out afterwards
        weighed, side = self._evaluator.weigh(snapshot)
        await self._approval.follow(weighed.decision)
        if side is None:
            return await self._decisions.keep(weighed)
        held_back = self._approval.holds(symbol, side)
        if held_back is not None:
            return await self._decisions.keep(_because(weighed, held_back))
        async with self._evaluator.turn:
            return await self._trade(snapshot, side)

    async def take_up(self, card: Proposal, *, ticket: str, user_id: int) -> Order | Decision:
        """Check a proposal a person has agreed to as if it came up now, then order.

        No more shares are ordered than it showed, at a limit no further from its own than it said. Return the order, or
        the stored decision that says what stands against it; raise OrderDenied when the desk refuses.
        """
        async with self._evaluator.turn:
            snapshot = await self._snapshots.take(card.symbol, await self._account.before_buy())
            if snapshot is None:
                raise OrderDenied(f"{card.symbol}: a stop is at work", user_message=Said(SignalNote.STOP_AT_WORK))
            weighed, side = self._evaluator.weigh(snapshot)
            if side is card.side:
                weighed = await self._evaluator.size(snapshot, side)
            decision = await self._decisions.keep(weighed)
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

    async def _trade(self, snapshot: Snapshot, side: Side) -> Decision:
        """Look again, size, decide for good, store, order; one ticker at a time so that the caps hold together."""
        holdings = snapshot.holdings
        if side is Side.BUY:
            holdings = await self._account.before_buy()
        snapshot = await self._snapshots.again(snapshot, holdings)
        weighed, still = self._evaluator.weigh(snapshot)
        if still is not side:
            return await self._decisions.keep(weighed)
        weighed = await self._evaluator.size(snapshot, side)
        asks = self._settings.of(snapshot.symbol).trade_mode
        if weighed.decision.action is not DecisionAction.NONE and asks is not TradeMode.AUTO:
            reason = DecisionReason.PROPOSED if asks is TradeMode.APPROVE else DecisionReason.TOLD
            decision = await self._decisions.keep(_because(weighed, reason))
            await self._approval.propose(decision, side)
            return decision
        decision = await self._decisions.keep(weighed)
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
            log.warning("denied", extra={"symbol": str(decision.symbol), "error": str(error)})
            await self._telling.trouble(f"denied:{decision.symbol}", error.user_message, decision.symbol)

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


def _because(weighed: Evaluation, reason: DecisionReason) -> Evaluation:
    """Return the same conclusion with the reason why it leads to no order by itself."""
    return replace(weighed, decision=replace(weighed.decision, reason=reason))
