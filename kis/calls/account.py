"""Balance, buying power and the account's money (kis-protocol 3.10-3.13)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from kis.auth.account_number import AccountNumber
from kis.calls.paging import one, pages, rows, strays
from kis.calls.uncountable_rows import faulty, fraction, no_stock, stray
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import FieldFault
from kis.rest.fields import (
    Row,
    decimal,
    integer,
    maybe_decimal,
    maybe_integer,
    maybe_positive,
    maybe_text,
    not_negative,
    price_text,
    text,
    whole,
)
from kis.symbols import TRADING_CODE, SymbolBook
from strategy.model import Position, Symbol, UnreadRow

_TICKER = "ovrs_pdno"


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyable:
    """What KIS lets us buy of one symbol at one price, in dollars. Quantities are whole shares."""

    foreign_cash: Decimal  # orderable dollars
    foreign_amount: Decimal  # as the app shows it in "foreign" mode, fees considered
    foreign_qty: int
    integrated_amount: Decimal  # won counted in (통합증거금)
    integrated_qty: int
    reusable_proceeds: Decimal | None
    fx_rate: Decimal | None  # won per dollar


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentHolding:
    """A holding on execution basis: today's fills are in it. Quantities are shares, money is dollars, `fx_rate` won per
    dollar."""

    symbol: Symbol
    name: str
    isin: str
    qty: Decimal
    settled_qty: Decimal
    bought_today: Decimal | None
    sold_today: Decimal | None
    sellable_qty: Decimal
    average_cost: Decimal
    last: Decimal
    profit: Decimal
    profit_rate: Decimal  # percent
    fx_rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyBalance:
    """Money of one currency. In units of that currency: dollars, for USD."""

    currency: str
    deposit: Decimal
    withdrawable: Decimal | None
    buying_margin: Decimal | None  # held for open buys
    first_rate: Decimal | None  # won per unit, first posted of the day


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentBalance:
    """The account on execution basis; totals are won. Virtual promises the totals only (3.11)."""

    holdings: tuple[PresentHolding, ...]
    currencies: tuple[CurrencyBalance, ...]
    total_assets_krw: Decimal | None
    deposit_krw: Decimal | None
    profit_krw: Decimal | None
    usable_krw: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyMargin:
    """Margin of one currency in one country. In units of that currency, dollars for USD; `fx_rate` is won per unit."""

    country: str
    currency: str
    deposit: Decimal
    unsettled_buys: Decimal | None
    unsettled_sells: Decimal | None
    margin: Decimal | None
    orderable: Decimal
    integrated_orderable: Decimal | None
    fx_rate: Decimal | None


def balance_params(account: AccountNumber, exchange: str) -> dict[str, str]:
    return {**account.params(), "OVRS_EXCG_CD": exchange, "TR_CRCY_CD": "USD"}


@dataclass(slots=True)
class Held:
    """The holdings of an answer, each listing once (several exchanges repeat them, quirk 12), and what is none."""

    positions: dict[Symbol, Position] = field(default_factory=dict)
    unread: list[UnreadRow] = field(default_factory=list)

    def read(self, row: Row, book: SymbolBook) -> None:
        """Take a row in: as a position where shares and cost are certain, whatever else of it cannot be read."""
        try:
            symbol = book.resolve(row, _TICKER)
            if symbol is None:
                self.unread.append(no_stock(row, _TICKER))
                return
            shares = decimal(row, "ovrs_cblc_qty")
            if shares % 1:
                self.unread.append(fraction(row, _TICKER, shares % 1))
            qty = whole(row, "ovrs_cblc_qty")
            if qty and symbol not in self.positions:
                self.positions[symbol] = self._position(row, book, symbol, qty)
        except FieldFault as fault:
            self.unread.append(faulty(row, _TICKER, book, fault))

    def _position(self, row: Row, book: SymbolBook, symbol: Symbol, qty: int) -> Position:
        """Return a position whose stop works; what rules go by besides is named when it cannot be read."""
        sure = Position(
            symbol=symbol,
            name=maybe_text(row, "ovrs_item_name"),
            qty=qty,
            sellable_qty=qty,
            average_cost=not_negative(row, "pchs_avg_pric"),
            last=None,
            profit_rate=None,
        )
        try:
            last = maybe_positive(row, "now_pric2")  # valued at nothing, nobody says what it is worth
            return replace(
                sure,
                sellable_qty=whole(row, "ord_psbl_qty"),
                last=last,
                profit_rate=None if last is None else decimal(row, "evlu_pfls_rt"),
            )
        except FieldFault as fault:
            self.unread.append(faulty(row, _TICKER, book, fault))
            return sure


def parse_positions(bodies: Iterable[Mapping[str, Any]], book: SymbolBook) -> Held:
    """Return the holdings of all pages; one row that cannot be read hides no other."""
    held = Held()
    for body in bodies:
        for row in rows(body, "output1", _TICKER):
            held.read(row, book)
        held.unread += [stray() for _ in strays(body, "output1", _TICKER, "ovrs_cblc_qty")]
    return held


async def positions(http: KisHttp, account: AccountNumber, book: SymbolBook) -> Held:
    """Return the holdings of all three exchanges: one inquiry in real, three in virtual (3.10)."""
    exchanges = TRADING_CODE.values() if http.environment.exchanges_apart else ("NASD",)
    bodies: list[dict[str, Any]] = []
    for exchange in exchanges:
        bodies += await pages(http, Endpoint.BALANCE, balance_params(account, exchange))
    return parse_positions(bodies, book)


def buyable_params(account: AccountNumber, symbol: Symbol, price: Decimal) -> dict[str, str]:
    """Return the parameters of inquire-psamount (kis-protocol 3.12); the price is in dollars."""
    return {
        **account.params(),
        "OVRS_EXCG_CD": TRADING_CODE[symbol.market],
        "OVRS_ORD_UNPR": price_text(price),
        "ITEM_CD": symbol.ticker,
    }


def parse_buyable(body: Mapping[str, Any]) -> Buyable:
    """Read inquire-psamount; raise FieldFault."""
    output = one(body, "output")
    cash = decimal(output, "ord_psbl_frcr_amt")
    amount = maybe_decimal(output, "ovrs_ord_psbl_amt")
    qty = maybe_integer(output, "max_ord_psbl_qty")
    integrated = maybe_decimal(output, "frcr_ord_psbl_amt1")
    integrated_qty = maybe_integer(output, "ovrs_max_ord_psbl_qty")
    foreign_qty = integer(output, "ord_psbl_qty") if qty is None else qty
    return Buyable(
        foreign_cash=cash,
        foreign_amount=cash if amount is None else amount,
        foreign_qty=foreign_qty,
        integrated_amount=cash if integrated is None else integrated,
        integrated_qty=foreign_qty if integrated_qty is None else integrated_qty,
        reusable_proceeds=maybe_decimal(output, "sll_ruse_psbl_amt"),
        fx_rate=maybe_positive(output, "exrt"),
    )


async def buyable(http: KisHttp, account: AccountNumber, symbol: Symbol, price: Decimal) -> Buyable:
    """Ask what can be bought of a symbol at a price in dollars (kis-protocol 3.12)."""
    answer = await http.get(Endpoint.BUYABLE, buyable_params(account, symbol, price))
    return parse_buyable(answer.body)


def present_params(account: AccountNumber) -> dict[str, str]:
    """Return parameters for all US stocks in dollars (`02` is foreign here, quirk 40)."""
    return {
        **account.params(),
        "WCRC_FRCR_DVSN_CD": "02",
        "NATN_CD": "840",
        "TR_MKET_CD": "00",
        "INQR_DVSN_CD": "00",
    }


def parse_present(body: Mapping[str, Any], book: SymbolBook) -> PresentBalance:
    """Read inquire-present-balance; `frcr_evlu_tota` is left alone (quirk 43)."""
    holdings = []
    for row in rows(body, "output1", "pdno"):
        symbol = book.resolve(row, "pdno")
        if symbol is not None:
            holdings.append(_present_holding(row, symbol))
    currencies = tuple(_currency(row) for row in rows(body, "output2", "crcy_cd"))
    totals = one(body, "output3")
    return PresentBalance(
        holdings=tuple(holdings),
        currencies=currencies,
        total_assets_krw=maybe_decimal(totals, "tot_asst_amt"),
        deposit_krw=maybe_decimal(totals, "tot_dncl_amt"),
        profit_krw=maybe_decimal(totals, "tot_evlu_pfls_amt"),
        usable_krw=maybe_decimal(totals, "frcr_use_psbl_amt"),
    )


def _currency(row: Mapping[str, Any]) -> CurrencyBalance:
    return CurrencyBalance(
        currency=text(row, "crcy_cd"),
        deposit=decimal(row, "frcr_dncl_amt_2"),
        withdrawable=maybe_decimal(row, "frcr_drwg_psbl_amt_1"),
        buying_margin=maybe_decimal(row, "frcr_buy_mgn_amt"),
        first_rate=maybe_positive(row, "frst_bltn_exrt"),
    )


def _present_holding(row: Mapping[str, Any], symbol: Symbol) -> PresentHolding:
    return PresentHolding(
        symbol=symbol,
        name=maybe_text(row, "prdt_name"),
        isin=maybe_text(row, "std_pdno"),
        qty=decimal(row, "ccld_qty_smtl1"),
        settled_qty=decimal(row, "cblc_qty13"),
        bought_today=maybe_decimal(row, "thdt_buy_ccld_qty1"),
        sold_today=maybe_decimal(row, "thdt_sll_ccld_qty1"),
        sellable_qty=decimal(row, "ord_psbl_qty1"),
        average_cost=decimal(row, "avg_unpr3"),
        last=decimal(row, "ovrs_now_pric1"),
        profit=decimal(row, "evlu_pfls_amt2"),
        profit_rate=decimal(row, "evlu_pfls_rt1"),
        fx_rate=maybe_positive(row, "bass_exrt"),
    )


def parse_deposit(body: Mapping[str, Any]) -> CurrencyBalance | None:
    """Read the row of dollars out of inquire-present-balance, and nothing else; None where there is no such row.

    Virtual promises the totals alone, which are won (3.11); what else they count nobody has written down.
    """
    found = [row for row in rows(body, "output2", "crcy_cd") if text(row, "crcy_cd") == "USD"]
    return _currency(found[0]) if found else None


async def deposit(http: KisHttp, account: AccountNumber) -> CurrencyBalance | None:
    answer = await http.get(Endpoint.PRESENT_BALANCE, present_params(account))
    return parse_deposit(answer.body)


async def present_balance(http: KisHttp, account: AccountNumber, book: SymbolBook) -> PresentBalance:
    answer = await http.get(Endpoint.PRESENT_BALANCE, present_params(account))
    return parse_present(answer.body, book)


def parse_margins(body: Mapping[str, Any]) -> list[CurrencyMargin]:
    """Read foreign-margin, filler rows left out; select the currency by `currency`."""
    return [
        CurrencyMargin(
            country=maybe_text(row, "natn_name"),
            currency=text(row, "crcy_cd"),
            deposit=decimal(row, "frcr_dncl_amt1"),
            unsettled_buys=maybe_decimal(row, "ustl_buy_amt"),
            unsettled_sells=maybe_decimal(row, "ustl_sll_amt"),
            margin=maybe_decimal(row, "frcr_mgn_amt"),
            orderable=decimal(row, "frcr_gnrl_ord_psbl_amt"),
            integrated_orderable=maybe_decimal(row, "itgr_ord_psbl_amt"),
            fx_rate=maybe_positive(row, "bass_exrt"),
        )
        for row in rows(body, "output", "crcy_cd")
    ]


async def margins(http: KisHttp, account: AccountNumber) -> list[CurrencyMargin]:
    answer = await http.get(Endpoint.MARGIN, account.params())
    return parse_margins(answer.body)
