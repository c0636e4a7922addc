"""Orders to look at: the open ones, the newest closed ones, one with its story."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from strategy.execution.interface import OrderDesk
from strategy.model import (
    Decision,
    InvalidInput,
    Kept,
    Order,
    OrderNo,
    OrderStatus,
    OrdersView,
    OrderView,
    Outcome,
    OutcomeKind,
    Said,
)
from strategy.ports import OrderJournal


class JoinedNote(StrEnum):
    """Several sentences, one under the other."""

    ALL = "checked.all"


class ManualNote(StrEnum):
    OFF_TICK = "manual.off_tick"
    BUY = "manual.buy"
    SELL = "manual.sell"
    QUESTION = "manual.question"
    WAITING = "manual.waiting"
    OUTCOME_UNKNOWN = "manual.outcome_unknown"
    REJECTED = "manual.rejected"
    NOT_SENT = "manual.not_sent"
    PLACED = "manual.placed"


class QueryNote(StrEnum):
    NO_ORDER = "query.no_order"


class DecisionsByNumber(Protocol):
    async def get(self, decision_id: int) -> Decision | None: ...


class OrderQueries:
    """Reads stored orders; only `check_now` asks the broker."""

    def __init__(self, *, desk: OrderDesk, orders: OrderJournal, decisions: DecisionsByNumber) -> None:
        self._desk = desk
        self._orders = orders
        self._decisions = decisions

    async def list(self, *, recent: int = 10) -> OrdersView:
        """Return every open order, and so many of the newest closed ones."""
        newest = await self._orders.recent(recent + len(self._desk.open))
        return OrdersView(
            open=tuple(self._desk.open),
            recent=tuple(order for order in newest if order.status.closed)[:recent],
        )

    async def order(self, no: OrderNo) -> OrderView:
        """Return one order with its story; raise InvalidInput for a number that does not exist."""
        order = await self._orders.get(no)
        if order is None:
            raise no_such_order(no)
        decision_id = order.request.decision_id
        return OrderView(
            order=order,
            history=tuple(await self._orders.history(no)),
            fills=tuple(await self._orders.fills(order=no)),
            decision=await self._decisions.get(decision_id) if decision_id is not None else None,
        )

    async def check_now(self, no: OrderNo) -> OrderView:
        """Ask the broker about all orders at once, then show this one; raise BrokerError when it cannot be asked."""
        await self.order(no)
        await self._desk.poll_orders()
        return await self.order(no)


def no_such_order(no: OrderNo) -> InvalidInput:
    """Return the error for a number nobody has given to an order."""
    return InvalidInput(
        f"no order {no}",
        user_message=Said(QueryNote.NO_ORDER, order=no),
    )


def outcome_of(order: Order) -> Outcome:
    """Return what a person is told of an order just placed."""
    why = order.reason or Said(Kept.WORDS, words="")
    kind, text = {
        OrderStatus.SENT: (OutcomeKind.WAITING, Said(ManualNote.WAITING, order=order.no, why=why)),
        OrderStatus.UNKNOWN: (
            OutcomeKind.UNKNOWN,
            Said(ManualNote.OUTCOME_UNKNOWN, order=order.no),
        ),
        OrderStatus.REJECTED: (
            OutcomeKind.REJECTED,
            Said(ManualNote.REJECTED, order=order.no, why=why),
        ),
        OrderStatus.DENIED: (
            OutcomeKind.DENIED,
            Said(ManualNote.NOT_SENT, order=order.no, why=why),
        ),
    }.get(order.status, (OutcomeKind.DONE, Said(ManualNote.PLACED, order=order.no)))
    return Outcome(kind=kind, text=text, order=order, order_nos=(order.no,))


def joined(texts: Sequence[Said]) -> Said:
    return Said(JoinedNote.ALL, said=tuple(texts))
