"""Telling the owner of rows that cannot be counted: once while they stay, and when they can be read again."""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from strategy.model import Notable, Text, TradingError, Trouble, UnreadRow
from strategy.ports import Notifier

log = logging.getLogger(__name__)

_OF = {"holding": Text("잔고", "holdings"), "order": Text("주문 내역", "list of orders")}


class UnreadNews:
    """Remembers what was told of one of the broker's lists."""

    def __init__(self, of: Literal["holding", "order"], notifier: Notifier) -> None:
        self._kind = of
        self._notifier = notifier
        self._told: dict[str, UnreadRow] = {}

    async def tell(self, rows: Iterable[UnreadRow], at: datetime) -> None:
        """Tell what is new among the rows of a look, and what is read again; failing that, the next look tells it."""
        now = {_key(row): row for row in rows}
        try:
            for key in now.keys() - self._told.keys():
                row = now[key]
                await self._notifier.tell(self._aside(key, row, at) if row.aside else self._unread(key, row, at))
                self._told[key] = row
            for key in self._told.keys() - now.keys():
                row = self._told[key]
                if not row.aside:
                    await self._notifier.tell(self._again(key, row, at))
                del self._told[key]
        except TradingError:
            log.exception("rows that cannot be read could not be told")

    def _aside(self, key: str, row: UnreadRow, at: datetime) -> Notable:
        of = _OF[self._kind]
        what = Text(
            f"증권사 {of.ko}의 {row.name} 은(는) 세지 않습니다: {row.why.ko}."
            " 보유, 총액, 손절, 전량 매도에 들어가지 않으니 증권사 앱에서 직접 관리하세요.",
            f"{row.name} in the broker's {of.en} is set aside: {row.why.en}."
            " It is no part of positions, equity, stops or panic: look after it in the broker's app.",
        )
        return Notable(at=at, key=key, what=what)

    def _unread(self, key: str, row: UnreadRow, at: datetime) -> Trouble:
        of = _OF[self._kind]
        if row.symbol is None:
            what = Text(
                f"증권사 {of.ko}에서 어느 종목인지 알 수 없는 줄이 있습니다: {row.why.ko}."
                " 그 줄은 세지 않습니다. 증권사 앱에서 보유와 주문을 확인하세요.",
                f"A row of the broker's {of.en} does not say which ticker it is about: {row.why.en}."
                " It is not counted. Check holdings and orders in the broker's app.",
            )
        elif self._kind == "order":
            what = Text(
                f"{row.name} 의 주문 하나를 읽지 못했습니다: {row.why.ko}. 읽힐 때까지 이 종목은 규칙으로 거래하지"
                " 않습니다. 손절은 계속됩니다. 증권사 앱에서 주문을 확인하세요.",
                f"An order of {row.name} could not be read: {row.why.en}. Until it can be, the rules leave the ticker"
                " alone; its stop works on. Check the order in the broker's app.",
            )
        else:
            what = Text(
                f"{row.name} 잔고를 읽지 못했습니다: {row.why.ko}. 읽힐 때까지 이 종목은 규칙으로 거래하지 않고,"
                " 손절은 마지막으로 확인한 수량과 단가로만 합니다. 그것도 모르면 손절이 없으니 증권사 앱에서"
                " 확인하세요.",
                f"The holding of {row.name} could not be read: {row.why.en}. Until it can be, the rules leave it"
                " alone and its stop goes by the shares and cost seen last. Where none were seen there is no stop:"
                " check the broker's app.",
            )
        return Trouble(at=at, key=key, what=what, symbol=row.symbol)

    def _again(self, key: str, row: UnreadRow, at: datetime) -> Notable:
        of = _OF[self._kind]
        name = row.name or "?"
        what = Text(
            f"증권사 {of.ko}의 {name} 문제가 사라졌습니다.",
            f"What was wrong with {name} in the broker's {of.en} is gone.",
        )
        return Notable(at=at, key=key, what=what, symbol=row.symbol)


def _key(row: UnreadRow) -> str:
    return f"unread:{row.symbol or row.name}:{row.why.en}"
