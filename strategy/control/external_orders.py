"""Orders placed by hand in the broker's app: what a person decides about them (spec section 6, row S54)."""

from enum import StrEnum

from strategy.control.modes import ModeService
from strategy.execution.interface import OrderDesk
from strategy.model import (
    HandChoice,
    InvalidInput,
    Mode,
    ModeChanged,
    Order,
    OrderNo,
    Origin,
    Outcome,
    OutcomeKind,
    Said,
)
from strategy.ports import OrderJournal
from strategy.risk.mode_store import ModeStore


class HandNote(StrEnum):
    LEFT_AND_PAUSED = "hand.left_and_paused"
    NOT_BY_HAND = "hand.not_by_hand"
    NO_BUYS = "hand.no_buys"
    PAUSED = "hand.paused"
    ENDED = "hand.ended"
    LEFT = "hand.left"
    ADOPTED_ENDS_BY_CANCEL = "hand.adopted_ends_by_cancel"
    ADOPTED = "hand.adopted"
    NOTHING_TO_ADOPT = "hand.nothing_to_adopt"
    COUNTED = "hand.counted"
    NOW_ADOPTED = "hand.now_adopted"


class ExternalOrders:
    """Adopts, ignores, or pauses the ticker; carried out at once, and pressing again changes nothing."""

    def __init__(self, *, desk: OrderDesk, orders: OrderJournal, modes: ModeStore, mode_service: ModeService) -> None:
        self._desk = desk
        self._orders = orders
        self._modes = modes
        self._mode_service = mode_service

    async def decide(self, user_id: int, no: OrderNo, choice: HandChoice) -> Outcome:
        """Carry a choice out; raise InvalidInput for a number that is none of an order placed by hand."""
        order = await self._orders.get(no)
        if order is None or order.request.origin is not Origin.EXTERNAL:
            raise InvalidInput(
                f"order {no} was not placed by hand",
                user_message=Said(HandNote.NOT_BY_HAND, order=no),
            )
        if choice is HandChoice.ADOPT:
            return await self._adopt(user_id, order)
        if order.adopted_by is not None:
            return _said(
                order,
                Said(HandNote.ADOPTED_ENDS_BY_CANCEL, order=no),
            )
        text, told = _left_alone(order), None
        if choice is HandChoice.PAUSE:
            paused, told = await self._pause(user_id, order)
            text = Said(HandNote.LEFT_AND_PAUSED, left=text, paused=paused)
        news = () if told is None else (told,)
        return Outcome(kind=OutcomeKind.DONE, text=text, order=order, order_nos=(no,), news=news)

    async def _adopt(self, user_id: int, order: Order) -> Outcome:
        no = order.no
        if order.adopted_by is not None:
            return _said(order, Said(HandNote.ADOPTED, order=no))
        if order.status.closed and not order.filled_qty:
            return _said(order, Said(HandNote.NOTHING_TO_ADOPT, order=no))
        order = await self._desk.adopt(no, user_id)
        if order.status.closed:
            return _said(
                order,
                Said(HandNote.COUNTED, order=no, filled=order.filled_qty),
            )
        return _said(
            order,
            Said(HandNote.NOW_ADOPTED, order=no),
        )

    async def _pause(self, user_id: int, order: Order) -> tuple[Said, ModeChanged | None]:
        symbol = order.request.symbol
        if not self._modes.of(symbol).mode.buys:
            return Said(HandNote.NO_BUYS), None
        told = await self._mode_service.set_mode(
            Mode.PAUSE_BUYS, symbol=symbol, until=None, user_id=user_id, reason="hand_order"
        )
        said = Said(HandNote.PAUSED, ticker=symbol.ticker)
        return said, told


def _left_alone(order: Order) -> Said:
    if order.status.closed:
        return Said(HandNote.ENDED, order=order.no)
    ticker = order.request.symbol.ticker
    return Said(HandNote.LEFT, order=order.no, ticker=ticker)


def _said(order: Order, said: Said) -> Outcome:
    return Outcome(kind=OutcomeKind.DONE, text=said, order=order, order_nos=(order.no,))
