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
    Text,
)
from strategy.ports import OrderJournal
from strategy.risk.mode_store import ModeStore


class HandNote(StrEnum):
    NOT_BY_HAND = "hand.not_by_hand"
    NO_BUYS = "hand.no_buys"
    PAUSED = "hand.paused"
    ENDED = "hand.ended"
    LEFT = "hand.left"


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
                f"#{no} 은(는) 이미 봇이 맡은 주문입니다. 끝내려면 /cancel {no}.",
                f"The bot has adopted #{no} already. To end it: /cancel {no}.",
            )
        text, told = _left_alone(order), None
        if choice is HandChoice.PAUSE:
            paused, told = await self._pause(user_id, order)
            text = Text(f"{text.ko} {paused.ko}", f"{text.en} {paused.en}")
        news = () if told is None else (told,)
        return Outcome(kind=OutcomeKind.DONE, text=text, order=order, order_nos=(no,), news=news)

    async def _adopt(self, user_id: int, order: Order) -> Outcome:
        no = order.no
        if order.adopted_by is not None:
            return _said(order, f"#{no} 은(는) 이미 봇이 맡고 있습니다.", f"The bot has adopted #{no} already.")
        if order.status.closed and not order.filled_qty:
            return _said(
                order, f"#{no} 은(는) 이미 끝나 맡을 것이 없습니다.", f"#{no} has ended; there is nothing to adopt."
            )
        order = await self._desk.adopt(no, user_id)
        if order.status.closed:
            return _said(
                order,
                f"#{no} 은(는) 이미 끝났습니다. 체결된 {order.filled_qty:,}주를 봇의 몫으로 셉니다.",
                f"#{no} has ended. Its {order.filled_qty:,} filled shares count as the bot's from now on.",
            )
        return _said(
            order,
            f"#{no} 을(를) 봇이 맡았습니다. 체결되지 않으면 가격을 고치고, 그래도 안 되면 취소합니다.",
            f"The bot has adopted #{no}: it is re-priced while it does not fill, and canceled in the end.",
        )

    async def _pause(self, user_id: int, order: Order) -> tuple[Text, ModeChanged | None]:
        symbol = order.request.symbol
        if not self._modes.of(symbol).mode.buys:
            return Said(HandNote.NO_BUYS), None
        told = await self._mode_service.set_mode(
            Mode.PAUSE_BUYS, symbol=symbol, until=None, user_id=user_id, reason="hand_order"
        )
        said = Said(HandNote.PAUSED, ticker=symbol.ticker)
        return said, told


def _left_alone(order: Order) -> Text:
    if order.status.closed:
        return Said(HandNote.ENDED, order=order.no)
    ticker = order.request.symbol.ticker
    return Said(HandNote.LEFT, order=order.no, ticker=ticker)


def _said(order: Order, ko: str, en: str) -> Outcome:
    return Outcome(kind=OutcomeKind.DONE, text=Text(ko, en), order=order, order_nos=(order.no,))
