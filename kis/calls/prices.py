"""Prices on request: the current price and the book (kis-protocol 3.18, 3.20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from kis.calls.paging import one
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import KisData
from kis.rest.fields import (
    Row,
    maybe_day,
    maybe_integer,
    maybe_positive,
    maybe_text,
    parse_time,
    positive,
)
from kis.symbols import QUOTE_CODE
from strategy.model import Symbol, spelled

LEVELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceNow:
    """The last price and what surrounds it; nothing says when it was made (quirk 20). Prices are dollars."""

    symbol: Symbol
    last: Decimal
    previous_close: Decimal | None
    volume: int | None
    tradable: str  # KIS's words, such as 매매 가능


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLevel:
    """One book level with resting size; missing sides are None. Prices are dollars, sizes whole shares."""

    bid: Decimal | None
    ask: Decimal | None
    bid_size: int | None
    ask_size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The Nasdaq venue's book, best level first; empty levels left out. It is not the NBBO (6.4). Prices are
    dollars."""

    symbol: Symbol
    last: Decimal
    previous_close: Decimal | None
    stamped: tuple[date, time] | None  # date and time on a clock that is not documented; New York's or Seoul's
    levels: tuple[BookLevel, ...]


def quote_params(symbol: Symbol) -> dict[str, str]:
    return {"AUTH": "", "EXCD": QUOTE_CODE[symbol.market], "SYMB": symbol.ticker}


def _check_key(row: Row, symbol: Symbol) -> None:
    """Refuse a price of another listing; a wrong exchange code is answered with blanks, not an error (quirk 18)."""
    key = maybe_text(row, "rsym")
    if key and not spelled(key).endswith(symbol.ticker):
        raise KisData(f"asked for {symbol}, was told {key}")
    if not maybe_text(row, "last"):
        raise KisData(f"no price for {symbol}: unknown symbol, or the wrong exchange")


def parse_price(body: Mapping[str, Any], symbol: Symbol) -> PriceNow:
    """Read the current price; raise KisData when blank, zero or of another listing."""
    output = one(body, "output")
    _check_key(output, symbol)
    return PriceNow(
        symbol=symbol,
        last=positive(output, "last"),
        previous_close=maybe_positive(output, "base"),
        volume=maybe_integer(output, "tvol"),
        tradable=maybe_text(output, "ordy"),
    )


async def price(http: KisHttp, symbol: Symbol) -> PriceNow:
    answer = await http.get(Endpoint.PRICE, quote_params(symbol))
    return parse_price(answer.body, symbol)


def _level(row: Row, n: int) -> BookLevel:
    return BookLevel(
        bid=maybe_positive(row, f"pbid{n}"),
        ask=maybe_positive(row, f"pask{n}"),
        bid_size=maybe_integer(row, f"vbid{n}"),
        ask_size=maybe_integer(row, f"vask{n}"),
    )


def parse_book(body: Mapping[str, Any], symbol: Symbol) -> Book:
    """Read the book; a side without orders has no levels."""
    head = one(body, "output1")
    _check_key(head, symbol)
    side = one(body, "output2")
    levels = tuple(_level(side, n) for n in range(1, LEVELS + 1))
    return Book(
        symbol=symbol,
        last=positive(head, "last"),
        previous_close=maybe_positive(head, "base"),
        stamped=_stamp(head),
        levels=tuple(level for level in levels if level.bid is not None or level.ask is not None),
    )


def _stamp(head: Row) -> tuple[date, time] | None:
    on, at = maybe_day(head, "dymd"), parse_time(maybe_text(head, "dhms"))
    return None if on is None or at is None else (on, at)


async def book(http: KisHttp, symbol: Symbol) -> Book:
    answer = await http.get(Endpoint.BOOK, quote_params(symbol))
    return parse_book(answer.body, symbol)
