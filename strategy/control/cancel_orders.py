"""Canceling working orders by one press."""

from collections.abc import Mapping
from typing import Any

from strategy.control.order_checks import joined
from strategy.execution.interface import OrderDesk
from strategy.model import (
    BrokerError,
    CancelPreview,
    Order,
    OrderDenied,
    OrderNo,
    OrderStatus,
    Outcome,
    OutcomeKind,
    Text,
)
from strategy.runtime.confirmations import Confirmations, Confirmed

CANCEL = "cancel"


class Cancels:
    """Cancels working orders by one press."""

    def __init__(self, *, desk: OrderDesk, presses: Confirmations) -> None:
        self._desk = desk
        self._confirmations = presses
        presses.register(CANCEL, self)

    async def preview(self, user_id: int, no: OrderNo | None) -> CancelPreview:
        """Show what would be canceled; `no` None is every open order."""
        orders = tuple(order for order in self._desk.open if no is None or order.no == no)
        refusals: list[Text] = []
        if not orders:
            refusals.append(Text("취소할 미체결 주문이 없습니다.", "There is no open order to cancel."))
        working = tuple(order for order in orders if order.status is not OrderStatus.UNKNOWN)
        if orders and not working:
            refusals.append(
                Text(
                    "결과를 확인하고 있는 주문이라 아직 취소할 수 없습니다. 잠시 뒤 다시 하세요.",
                    "Its outcome is still being looked up, so it cannot be canceled yet. Try again shortly.",
                )
            )
        if refusals:
            return CancelPreview(orders=orders, refusals=tuple(refusals), ticket=None, expires_at=None)
        numbers = [int(order.no) for order in working]
        ticket = await self._confirmations.issue(CANCEL, user_id, {"orders": numbers}, {})
        return CancelPreview(orders=working, refusals=(), ticket=ticket.id, expires_at=ticket.expires_at)

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Text | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Ask to cancel each order shown that still works; the broker's word confirms later."""
        asked: list[OrderNo] = []
        problems: list[Text] = []
        last: Order | None = None
        for number in press.payload["orders"]:
            no = OrderNo(number)
            if all(order.no != no for order in self._desk.open):
                continue  # filled or canceled meanwhile
            try:
                last = await self._desk.cancel(no)
                asked.append(no)
            except (BrokerError, OrderDenied) as error:
                said = error.user_message
                problems.append(Text(f"#{no}: {said.ko}", f"#{no}: {said.en}"))
        if problems:
            return Outcome(kind=OutcomeKind.REJECTED, text=joined(problems), order=last, order_nos=tuple(asked))
        if not asked:
            return Outcome(
                kind=OutcomeKind.CHANGED,
                text=Text("그 사이에 모두 끝난 주문입니다.", "They had all ended meanwhile."),
            )
        numbers = ", ".join(f"#{no}" for no in asked)
        return Outcome(
            kind=OutcomeKind.DONE,
            text=Text(
                f"{numbers} 취소를 요청했습니다. 확인되면 알려 드립니다.", f"Canceling {numbers}; you will be told."
            ),
            order=last,
            order_nos=tuple(asked),
        )
