"""What a tap on a proposal does: everything is checked again, then the order goes out, at most once."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from strategy.control.order_queries import outcome_of
from strategy.market import MarketData
from strategy.model import (
    BrokerError,
    Decision,
    GateKey,
    Order,
    OrderDenied,
    Outcome,
    OutcomeKind,
    Proposal,
    Said,
    Symbol,
    TradeMode,
    TradingError,
    was_asked,
)
from strategy.runtime.confirmations import Confirmations, Confirmed, changed
from strategy.settings.schema import SettingsInForce
from strategy.signals.approval import PROPOSAL, Approval, Ending


class ProposalTaker(Protocol):
    """Who carries out what a person has agreed to."""

    async def take_up(self, card: Proposal, *, ticket: str, user_id: int) -> Order | Decision: ...


class ProposalNote(StrEnum):
    STANDS_AGAINST = "proposal.stands_against"
    DISMISSED = "proposal.dismissed"
    DRIFTED = "proposal.drifted"
    SIGNAL_GONE = "proposal.signal_gone"
    MODE = "proposal.mode"
    HOURS = "proposal.hours"
    LOCK = "proposal.lock"
    STALE = "proposal.stale"
    QUOTE = "proposal.quote"
    NOT_RECONCILED = "proposal.not_reconciled"
    BUY_DELAY = "proposal.buy_delay"
    SELL_DELAY = "proposal.sell_delay"
    OPEN_ORDER = "proposal.open_order"
    CASH = "proposal.cash"
    HOLDING = "proposal.holding"
    CAP = "proposal.cap"


class ApprovalPress:
    """Answers the two buttons of a card. Whoever may trade may press them; the first press counts."""

    def __init__(
        self,
        *,
        approval: Approval,
        trader: ProposalTaker,
        watch: MarketData,
        presses: Confirmations,
        settings: SettingsInForce,
    ) -> None:
        self._approval = approval
        self._trader = trader
        self._watch = watch
        self._settings = settings
        presses.register(PROPOSAL, self, let_go=self.let_go)

    def open(self) -> Sequence[Proposal]:
        """Return the cards that still wait for a tap; a confirmation answers them, or a dismissal."""
        return self._approval.open()

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Order what the card showed if it still holds; whatever happens, the card is over."""
        symbol = Symbol.parse(press.payload["symbol"])
        with self._approval.taking(press.payload["card"], symbol) as card:
            if card is None:
                return changed()
            try:
                outcome, how = await self._take(card, press)
            except TradingError:
                await self._approval.close(card, "changed", by_press=True)
                raise
            no = outcome.order.no if outcome.order and how == "taken" else None
            await self._approval.close(card, how, order_no=no, by_press=True)
            return outcome

    async def let_go(self, press: Confirmed) -> Outcome:
        """Dismiss a card: its ticker stays quiet until the signal ends and comes anew."""
        symbol = Symbol.parse(press.payload["symbol"])
        with self._approval.taking(press.payload["card"], symbol) as card:
            if card is None:
                return changed()
            await self._approval.close(card, "dismissed", by_press=True)
        return Outcome(
            kind=OutcomeKind.DONE,
            text=Said(ProposalNote.DISMISSED, ticker=symbol.ticker),
        )

    async def _take(self, card: Proposal, press: Confirmed) -> tuple[Outcome, Ending]:
        if self._settings.of(card.symbol).trade_mode is not TradeMode.APPROVE:
            return changed(), "changed"
        try:
            quote = await self._watch.quote(card.symbol)
        except BrokerError as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message), "changed"
        if self._approval.drifted(card, quote.last):
            return Outcome(kind=OutcomeKind.CHANGED, text=_moved(card, str(quote.last))), "drifted"
        try:
            found = await self._trader.take_up(card, ticket=press.ticket_id, user_id=press.user_id)
        except OrderDenied as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message), "changed"
        if isinstance(found, Order):
            return outcome_of(found), "taken"
        return Outcome(kind=OutcomeKind.DENIED, text=_stands_against(card, found)), "changed"


def _moved(card: Proposal, last: str) -> Said:
    return Said(ProposalNote.DRIFTED, ticker=card.symbol.ticker, last=last)


def _stands_against(card: Proposal, decision: Decision) -> Said:
    """Return what keeps a proposal from becoming an order now."""
    shut = [gate for gate in decision.gates if gate.side == card.side.value and gate.passed is not True]
    keys = [gate.key for gate in shut if was_asked(gate)]
    words = list(dict.fromkeys(_GATES.get(key, _SIGNAL) for key in keys)) or [_SIGNAL]
    return Said(ProposalNote.STANDS_AGAINST, ticker=card.symbol.ticker, reasons=tuple(words))


_SIGNAL = Said(ProposalNote.SIGNAL_GONE)
_GATES = {
    GateKey.MODE: Said(ProposalNote.MODE),
    GateKey.HOURS: Said(ProposalNote.HOURS),
    GateKey.LOCK: Said(ProposalNote.LOCK),
    GateKey.DATA_FRESH: Said(ProposalNote.STALE),
    GateKey.QUOTE_USABLE: Said(ProposalNote.QUOTE),
    GateKey.RECONCILED: Said(ProposalNote.NOT_RECONCILED),
    GateKey.BUY_DELAY: Said(ProposalNote.BUY_DELAY),
    GateKey.SELL_DELAY: Said(ProposalNote.SELL_DELAY),
    GateKey.NO_OPEN_ORDER: Said(ProposalNote.OPEN_ORDER),
    GateKey.CASH: Said(ProposalNote.CASH),
    GateKey.HOLDING: Said(ProposalNote.HOLDING),
    GateKey.CAPS: Said(ProposalNote.CAP),
}
