"""What a tap on a proposal does: everything is checked again, then the order goes out, at most once."""

from collections.abc import Mapping, Sequence
from typing import Any

from strategy.control.manual_orders import outcome_of
from strategy.market.interface import MarketData
from strategy.model import (
    BrokerError,
    Decision,
    GateKey,
    Order,
    OrderDenied,
    Outcome,
    OutcomeKind,
    Proposal,
    Symbol,
    Text,
    TradeMode,
    TradingError,
    was_asked,
)
from strategy.runtime.confirmations import Confirmations, Confirmed, changed
from strategy.settings.schema import SettingsInForce
from strategy.signals.approval import PROPOSAL, Approval, Ending
from strategy.signals.signal_check import SignalCheck


class ApprovalPress:
    """Answers the two buttons of a card. Whoever may trade may press them; the first press counts."""

    def __init__(
        self,
        *,
        approval: Approval,
        cycle: SignalCheck,
        watch: MarketData,
        presses: Confirmations,
        settings: SettingsInForce,
    ) -> None:
        self._approval = approval
        self._cycle = cycle
        self._watch = watch
        self._settings = settings
        presses.register(PROPOSAL, self, let_go=self.let_go)

    def open(self) -> Sequence[Proposal]:
        """Return the cards that still wait for a tap; a confirmation answers them, or a dismissal."""
        return self._approval.open()

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Text | None:  # noqa: ARG002 - nothing to type here
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
            text=Text(
                f"{symbol.ticker}: 주문하지 않습니다. 이 신호가 끝나고 새로 나올 때까지 다시 묻지 않습니다.",
                f"{symbol.ticker}: no order. You are not asked again until this signal ends and comes anew.",
            ),
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
            found = await self._cycle.take_up(card, ticket=press.ticket_id, user_id=press.user_id)
        except OrderDenied as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message), "changed"
        if isinstance(found, Order):
            return outcome_of(found), "taken"
        return Outcome(kind=OutcomeKind.DENIED, text=_stands_against(card, found)), "changed"


def _moved(card: Proposal, last: str) -> Text:
    return Text(
        f"{card.symbol.ticker}: 가격이 ${last} 로 움직여 주문하지 않았습니다. 신호가 남아 있으면 새로 묻습니다.",
        f"{card.symbol.ticker}: the price has moved to ${last}, so nothing was ordered."
        " You are asked anew while the signal stands.",
    )


def _stands_against(card: Proposal, decision: Decision) -> Text:
    """Return what keeps a proposal from becoming an order now."""
    shut = [gate for gate in decision.gates if gate.side == card.side.value and gate.passed is not True]
    keys = [gate.key for gate in shut if was_asked(gate)]
    words = list(dict.fromkeys(_GATES.get(key, _SIGNAL) for key in keys)) or [_SIGNAL]
    return Text(
        f"{card.symbol.ticker}: 주문하지 않았습니다. {', '.join(word.ko for word in words)}.",
        f"{card.symbol.ticker}: nothing was ordered: {', '.join(word.en for word in words)}.",
    )


_SIGNAL = Text("신호가 사라졌습니다", "the signal has gone")
_GATES = {
    GateKey.MODE: Text("지금 모드가 허용하지 않습니다", "the mode does not allow it"),
    GateKey.HOURS: Text("거래 시간이 아닙니다", "outside the trading hours"),
    GateKey.LOCK: Text("잠긴 종목입니다", "the ticker is locked"),
    GateKey.DATA_FRESH: Text("시세나 봉이 최신이 아닙니다", "price or bars are not up to date"),
    GateKey.QUOTE_USABLE: Text("거래 정지이거나 호가 차이가 큽니다", "halted, or the spread is too wide"),
    GateKey.RECONCILED: Text("증권사와 대조가 끝나지 않았습니다", "broker and bot have not been reconciled"),
    GateKey.BUY_DELAY: Text("매수 대기 시간이 남았습니다", "the buy delay has not passed"),
    GateKey.SELL_DELAY: Text("매도 대기 시간이 남았습니다", "the sell delay has not passed"),
    GateKey.NO_OPEN_ORDER: Text("미체결 주문이 있습니다", "an order of the ticker is open"),
    GateKey.CASH: Text("주문가능금액이 모자랍니다", "not enough buyable cash"),
    GateKey.HOLDING: Text("팔 수 있는 수량이 없습니다", "no shares can be sold"),
    GateKey.CAPS: Text("주문 한도에 걸립니다", "a cap forbids it"),
}
