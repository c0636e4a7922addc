"""Telling the owner of rows that cannot be counted: once while they stay, and when they can be read again."""

import logging
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Literal

from strategy.model import Notable, Said, TradingError, Trouble, UnreadRow
from strategy.ports import Notifier

log = logging.getLogger(__name__)


class UncountedNote(StrEnum):
    HOLDINGS = "uncounted.holdings"
    ORDERS = "uncounted.orders"
    ASIDE = "uncounted.aside"
    STRAY = "uncounted.stray"
    ORDER = "uncounted.order"
    HOLDING = "uncounted.holding"
    GONE = "uncounted.gone"


_OF = {"holding": Said(UncountedNote.HOLDINGS), "order": Said(UncountedNote.ORDERS)}


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
        what = Said(UncountedNote.ASIDE, name=row.name, table=of, why=row.why)
        return Notable(at=at, key=key, what=what)

    def _unread(self, key: str, row: UnreadRow, at: datetime) -> Trouble:
        of = _OF[self._kind]
        if row.symbol is None:
            what = Said(UncountedNote.STRAY, table=of, why=row.why)
        elif self._kind == "order":
            what = Said(UncountedNote.ORDER, name=row.name, why=row.why)
        else:
            what = Said(UncountedNote.HOLDING, name=row.name, why=row.why)
        return Trouble(at=at, key=key, what=what, symbol=row.symbol)

    def _again(self, key: str, row: UnreadRow, at: datetime) -> Notable:
        of = _OF[self._kind]
        name = row.name or "?"
        what = Said(UncountedNote.GONE, name=name, table=of)
        return Notable(at=at, key=key, what=what, symbol=row.symbol)


def _key(row: UnreadRow) -> str:
    return f"unread:{row.symbol or row.name}:{row.why}"
