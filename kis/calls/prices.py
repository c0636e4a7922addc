"""Prices on request: current price, detail, book, several at once, recent trades (kis-protocol 3.18-3.21, 3.24)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from kis.calls.paging import one, rows
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import KisData, KisInput
from kis.rest.fields import (
    Row,
    clock_time,
    maybe_day,
    maybe_decimal,
    maybe_integer,
    maybe_positive,
    maybe_text,
    parse_time,
    positive,
)
from kis.symbols import QUOTE_CODE, market_of
from strategy.model import Symbol, spelled

SEVERAL = 10  # symbols of one multprice call
LEVELS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceNow:
    """The last price and what surrounds it; nothing says when it was made (quirk 20). Prices and turnover are
    dollars."""

    symbol: Symbol
    last: Decimal
    previous_close: Decimal | None
    change: Decimal | None  # signed dollars
    change_rate: Decimal | None  # percent
    volume: int | None
    turnover: Decimal | None
    tradable: str  # KIS's words, such as 매매 가능


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDetail:
    """The day so far and the listing's figures. Prices are dollars, `fx_rate` is won per dollar, dates are New
    York's."""

    symbol: Symbol
    last: Decimal
    previous_close: Decimal | None
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    volume: int | None
    high_52w: Decimal | None
    high_52w_on: date | None
    low_52w: Decimal | None
    low_52w_on: date | None
    market_cap: Decimal | None
    listed_shares: Decimal | None
    per: Decimal | None
    eps: Decimal | None
    fx_rate: Decimal | None
    tick_size: Decimal | None
    tradable: bool
    sector: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """One row of the several-prices call. Prices are dollars, sizes whole shares."""

    symbol: Symbol
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    bid_size: int | None
    ask_size: int | None
    previous_close: Decimal | None
    volume: int | None
    state: str  # real-time, delayed, closed, halted ... in KIS's words


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentTrade:
    """One recent trade; Seoul's clock, no date. The price is in dollars, the size in whole shares."""

    seoul_time: time
    price: Decimal
    size: int | None
    bid: Decimal | None
    ask: Decimal | None


def quote_params(symbol: Symbol) -> dict[str, str]:
    return {"AUTH": "", "EXCD": QUOTE_CODE[symbol.market], "SYMB": symbol.ticker}


def _check_key(row: Row, symbol: Symbol) -> None:
    """Refuse a price of another listing; a wrong exchange code is answered with blanks, not an error (quirk 18)."""
    key = maybe_text(row, "rsym")
    if key and not spelled(key).endswith(symbol.ticker):
        raise KisData(f"asked for {symbol}, was told {key}")
    if not maybe_text(row, "last"):
        raise KisData(f"no price for {symbol}: unknown symbol, or the wrong exchange")


def signed_change(row: Row) -> Decimal | None:
    """Return the change with its sign: the amount comes unsigned, the direction in a code (quirk 19). Dollars."""
    amount = maybe_decimal(row, "diff")
    if amount is None:
        return None
    return -abs(amount) if maybe_text(row, "sign") in ("4", "5") else abs(amount)


def parse_price(body: Mapping[str, Any], symbol: Symbol) -> PriceNow:
    """Read the current price; raise KisData when blank, zero or of another listing."""
    output = one(body, "output")
    _check_key(output, symbol)
    return PriceNow(
        symbol=symbol,
        last=positive(output, "last"),
        previous_close=maybe_positive(output, "base"),
        change=signed_change(output),
        change_rate=maybe_decimal(output, "rate"),
        volume=maybe_integer(output, "tvol"),
        turnover=maybe_decimal(output, "tamt"),
        tradable=maybe_text(output, "ordy"),
    )


async def price(http: KisHttp, symbol: Symbol) -> PriceNow:
    answer = await http.get(Endpoint.PRICE, quote_params(symbol))
    return parse_price(answer.body, symbol)


def parse_detail(body: Mapping[str, Any], symbol: Symbol) -> PriceDetail:
    """Read the price detail. Daily limits are zero for US stocks and are not read (quirk 21)."""
    output = one(body, "output")
    _check_key(output, symbol)
    return PriceDetail(
        symbol=symbol,
        last=positive(output, "last"),
        previous_close=maybe_positive(output, "base"),
        open=maybe_positive(output, "open"),
        high=maybe_positive(output, "high"),
        low=maybe_positive(output, "low"),
        volume=maybe_integer(output, "tvol"),
        high_52w=maybe_positive(output, "h52p"),
        high_52w_on=maybe_day(output, "h52d"),
        low_52w=maybe_positive(output, "l52p"),
        low_52w_on=maybe_day(output, "l52d"),
        market_cap=maybe_positive(output, "tomv"),
        listed_shares=maybe_positive(output, "shar"),
        per=maybe_decimal(output, "perx"),
        eps=maybe_decimal(output, "epsx"),
        fx_rate=maybe_positive(output, "t_rate"),
        tick_size=maybe_positive(output, "e_hogau"),
        tradable=maybe_text(output, "e_ordyn") == "매매 가능",
        sector=maybe_text(output, "e_icod"),
    )


async def price_detail(http: KisHttp, symbol: Symbol) -> PriceDetail:
    answer = await http.get(Endpoint.PRICE_DETAIL, quote_params(symbol))
    return parse_detail(answer.body, symbol)


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


def several_params(symbols: Sequence[Symbol]) -> dict[str, str]:
    params = {"AUTH": "", "NREC": str(len(symbols))}
    for n, symbol in enumerate(symbols, start=1):
        params[f"EXCD_{n:02d}"] = QUOTE_CODE[symbol.market]
        params[f"SYMB_{n:02d}"] = symbol.ticker
    return params


def parse_several(body: Mapping[str, Any], symbols: Sequence[Symbol]) -> list[ListedPrice]:
    """Read several prices; symbols without one are left out."""
    wanted = {(symbol.market, symbol.ticker): symbol for symbol in symbols}
    found = []
    for row in rows(body, "output2", "symb"):
        market = market_of(maybe_text(row, "excd"))
        symbol = wanted.get((market, maybe_text(row, "symb"))) if market is not None else None
        if symbol is None or not maybe_text(row, "last"):
            continue
        found.append(
            ListedPrice(
                symbol=symbol,
                last=positive(row, "last"),
                bid=maybe_positive(row, "pbid"),
                ask=maybe_positive(row, "pask"),
                bid_size=maybe_integer(row, "vbid"),
                ask_size=maybe_integer(row, "vask"),
                previous_close=maybe_positive(row, "base"),
                volume=maybe_integer(row, "tvol"),
                state=maybe_text(row, "stat1"),
            )
        )
    return found


async def several(http: KisHttp, symbols: Sequence[Symbol]) -> list[ListedPrice]:
    """Return the prices of up to ten symbols with one call. Raises KisInput for none, or more."""
    if not 1 <= len(symbols) <= SEVERAL:
        raise KisInput(f"one to {SEVERAL} symbols, not {len(symbols)}")
    answer = await http.get(Endpoint.PRICES, several_params(symbols))
    return parse_several(answer.body, symbols)


def parse_trades(body: Mapping[str, Any]) -> list[RecentTrade]:
    """Read recent trades, newest first; the rows come in `output2` or in `output1` (3.24)."""
    found = rows(body, "output2", "khms") or rows(body, "output1", "khms")
    return [
        RecentTrade(
            seoul_time=clock_time(row, "khms"),
            price=positive(row, "last"),
            size=maybe_integer(row, "evol"),
            bid=maybe_positive(row, "pbid"),
            ask=maybe_positive(row, "pask"),
        )
        for row in found
    ]


async def trades(http: KisHttp, symbol: Symbol, *, previous_day: bool = False) -> list[RecentTrade]:
    params = {**quote_params(symbol), "KEYB": "", "TDAY": "0" if previous_day else "1"}
    answer = await http.get(Endpoint.TRADES, params)
    return parse_trades(answer.body)
