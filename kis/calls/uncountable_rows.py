"""Rows of KIS's account answers that cannot be counted: what they are about, if that is certain (quirk 13)."""

from decimal import Decimal
from enum import StrEnum

from kis.errors import FieldFault
from kis.rest.fields import Row, maybe_text
from kis.symbols import SymbolBook
from strategy.model import Said, Symbol, UnreadRow


class UnreadNote(StrEnum):
    NO_STOCK = "unread.no_stock"
    STRAY = "unread.stray"
    FRACTION = "unread.fraction"
    FAULTY = "unread.faulty"


_NO_STOCK = Said(UnreadNote.NO_STOCK)
_STRAY = Said(UnreadNote.STRAY)


def stray() -> UnreadRow:
    """Return what stands for an entry that is no row at all."""
    return UnreadRow(name="", why=_STRAY)


def no_stock(row: Row, key: str) -> UnreadRow:
    """Return what stands for a row of something that is not traded here."""
    return UnreadRow(name=_name(row, key), why=_NO_STOCK, aside=True)


def fraction(row: Row, key: str, shares: Decimal) -> UnreadRow:
    """Return what stands for the part of a holding that is less than a share."""
    left = f"{shares.normalize():f}"
    why = Said(UnreadNote.FRACTION, shares=left)
    return UnreadRow(name=_name(row, key), why=why, aside=True)


def faulty(row: Row, key: str, book: SymbolBook, fault: FieldFault) -> UnreadRow:
    """Return what stands for a row with a field that cannot be read.

    A ticker that reads well and is none of ours hides nothing of ours, whatever else its row says.
    """
    why = Said(UnreadNote.FAULTY, field=fault.field)
    symbol, sure = _symbol(row, key, book)
    return UnreadRow(name=_name(row, key), why=why, symbol=symbol, aside=symbol is None and sure)


def _symbol(row: Row, key: str, book: SymbolBook) -> tuple[Symbol | None, bool]:
    try:
        return book.resolve(row, key), True
    except FieldFault as fault:
        return book.named(maybe_text(row, key)), fault.field != key


def _name(row: Row, key: str) -> str:
    ticker = maybe_text(row, key)[:40]
    name = maybe_text(row, "ovrs_item_name")[:40] or maybe_text(row, "prdt_name")[:40]
    return f"{ticker} ({name})" if name else ticker
