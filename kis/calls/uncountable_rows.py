"""Rows of KIS's account answers that cannot be counted: what they are about, as far as that is certain."""

from decimal import Decimal

from kis.errors import FieldFault
from kis.rest.fields import Row, maybe_text
from kis.symbols import SymbolBook
from strategy.model import Symbol, Text, UnreadRow

_NO_STOCK = Text("미국 주식이 아닙니다", "it is no US stock")
_STRAY = Text("종목이나 번호가 비어 있습니다", "it has no ticker or no number")


def stray() -> UnreadRow:
    """Return what stands for an entry that is no row at all."""
    return UnreadRow(name="", why=_STRAY)


def no_stock(row: Row, key: str) -> UnreadRow:
    """Return what stands for a row of something that is not traded here."""
    return UnreadRow(name=_name(row, key), why=_NO_STOCK, aside=True)


def fraction(row: Row, key: str, shares: Decimal) -> UnreadRow:
    """Return what stands for the part of a holding that is less than a share."""
    left = f"{shares.normalize():f}"
    why = Text(
        f"{left}주는 1주가 되지 않아 거래할 수 없습니다", f"{left} of a share is less than one, and cannot be traded"
    )
    return UnreadRow(name=_name(row, key), why=why, aside=True)


def faulty(row: Row, key: str, book: SymbolBook, fault: FieldFault) -> UnreadRow:
    """Return what stands for a row with a field that cannot be read.

    A ticker that reads well and is none of ours hides nothing of ours, whatever else its row says.
    """
    why = Text(f"{fault.field} 항목을 읽을 수 없습니다", f"its field {fault.field} cannot be read")
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
