"""Whose row is it: one strict reading for what the broker answers, what people type, and what a restart reads back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.calls.prices import parse_price
from kis.errors import FieldFault
from kis.symbols import SymbolBook
from storage.tables.columns import symbol as stored
from storage.tables.columns import symbol_text
from strategy.model import InvalidInput, Market, Symbol

AAPL = Symbol(Market.NASDAQ, "AAPL")
BRK_B = Symbol(Market.NYSE, "BRK/B")


def row(ticker: str, code: str = "", **more: str) -> dict[str, Any]:
    return {"ovrs_pdno": ticker, "ovrs_excg_cd": code, **more}


@pytest.mark.parametrize(
    "found",
    [
        row("US91282CJL54"),  # a bond with an ISIN and a blank exchange
        row("US91282CJL54", "NASD"),
        row("SONYX"),  # no exchange, and nobody has seen the ticker
        row("SONYX", prdt_type_cd="515"),
        row("7203", "TKSE"),
        row("AAPL", "TKSE"),
    ],
)
def test_what_is_no_us_stock_is_never_taken_for_one_of_nasdaq(found: dict[str, Any]) -> None:
    assert SymbolBook([AAPL]).resolve(found, "ovrs_pdno") is None


@pytest.mark.parametrize(
    ("found", "symbol"),
    [
        (row("AAPL"), AAPL),  # seen before
        (row("aapl ", "NASD"), AAPL),
        (row("KO", tr_mket_name="뉴욕거래소"), Symbol(Market.NYSE, "KO")),
        (row("XLF", prdt_type_cd="529"), Symbol(Market.AMEX, "XLF")),
        (row("BRK.B", "NYSE"), BRK_B),
        (row("BRK/B"), BRK_B),
    ],
)
def test_a_row_without_an_exchange_goes_by_what_is_certain(found: dict[str, Any], symbol: Symbol) -> None:
    assert SymbolBook([AAPL, BRK_B]).resolve(found, "ovrs_pdno") == symbol


@pytest.mark.parametrize("found", [row("AAPL", "?!"), row("A B C", "NASD"), row("1", "NASD")])
def test_what_nobody_can_say_is_a_fault_and_not_somewhere_else(found: dict[str, Any]) -> None:
    with pytest.raises(FieldFault):
        SymbolBook([AAPL]).resolve(found, "ovrs_pdno")


_TICKERS = st.one_of(st.text(max_size=14), st.from_regex(r"[A-Z]{1,5}([./-][A-Z]{1,2})?", fullmatch=True))
_CODES = st.one_of(st.sampled_from(["", "NASD", "NYS", "AMEX", "TKSE"]), st.text(max_size=5))


@given(_TICKERS, _CODES, st.sampled_from(["", "512", "529", "515", "x"]))
def test_whatever_is_accepted_is_read_back_by_everybody(ticker: str, code: str, product: str) -> None:
    try:
        symbol = SymbolBook([BRK_B]).resolve(row(ticker, code, prdt_type_cd=product), "ovrs_pdno")
    except FieldFault:
        return
    if symbol is not None:
        assert symbol.plain
        assert Symbol.parse(str(symbol)) == stored(symbol_text(symbol)) == symbol


@pytest.mark.parametrize("written", ["BRK.B", "BRK/B", "BRK-B", " brk.b "])
def test_one_listing_has_one_spelling_however_it_is_written(written: str) -> None:
    assert Symbol.parse(f"NYSE:{written}") == BRK_B
    assert str(Symbol.parse(f"NYSE:{written}")) == "NYSE:BRK/B"


@pytest.mark.parametrize("written", ["NYSE:BRK..B", "NYSE:", "NYSE:US91282CJL54", "NYSE:A B", "LSE:VOD"])
def test_what_is_no_ticker_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput):
        Symbol.parse(written)


def test_a_price_under_another_spelling_of_the_same_listing_is_its_price() -> None:
    body = {"output": {"rsym": "DNYSBRK.B", "last": "471.5000", "base": "470.0000", "ordy": ""}}
    assert parse_price(body, BRK_B).symbol == BRK_B


def test_a_watched_ticker_is_known_before_anything_of_it_was_ever_asked() -> None:
    """Of a row without an exchange it would be said that it is no US stock, and its stop were none."""
    book = SymbolBook()
    row = {"ovrs_pdno": "TQQQ", "ovrs_excg_cd": ""}
    assert book.resolve(row, "ovrs_pdno") is None
    watched = [Symbol.parse("NASDAQ:TQQQ")]
    book.watched = lambda: watched
    assert book.resolve(row, "ovrs_pdno") == Symbol.parse("NASDAQ:TQQQ")
    assert book.resolve({**row, "ovrs_excg_cd": "NYSE"}, "ovrs_pdno") == Symbol.parse("NYSE:TQQQ")
    watched[:] = [Symbol.parse("NYSE:TQQQ")]  # the list changes in the chat
    assert book.resolve(row, "ovrs_pdno") == Symbol.parse("NYSE:TQQQ")
