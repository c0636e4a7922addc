"""Open orders and orders with their fills (kis-protocol 3.8, 3.9): rows as KIS keeps them, one per instruction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any

from kis.auth.account_number import AccountNumber
from kis.calls.orders import maybe_venue_no, venue_no
from kis.calls.paging import pages, rows, strays
from kis.calls.uncountable_rows import faulty, no_stock, stray
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import FieldFault
from kis.redaction import spoken
from kis.rest.fields import (
    Row,
    clock_time,
    day,
    maybe_day,
    maybe_positive,
    maybe_text,
    not_negative,
    ordered_instant,
    quantity,
    text,
)
from kis.symbols import SymbolBook
from strategy.model import Said, Side, Symbol, UnreadOrder, UnreadRow, VenueNo


class TornNote(StrEnum):
    AMENDED = "torn.amended"


EXPIRED_TEXT = "DFD 장종료로 취소"
_SIDES: Mapping[str, Side] = MappingProxyType({"01": Side.SELL, "02": Side.BUY, "03": Side.SELL, "04": Side.BUY})
_ZERO = Decimal(0)


class Instruction(Enum):
    """What a row asked for."""

    NEW = "00"
    AMEND = "01"
    CANCEL = "02"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One row of either inquiry; an amended or canceled order has several (kis-protocol 3.2). Quantities are whole
    shares, the limit dollars."""

    venue_no: VenueNo
    original_no: VenueNo | None
    instruction: Instruction
    symbol: Symbol
    side: Side
    qty: int
    filled_qty: int
    open_qty: int
    limit_price: Decimal
    filled_amount: Decimal  # dollars
    status_name: str  # 완료, 거부, 전송; empty on virtual (quirk 10)
    reason: str
    ordered_at: datetime  # aware UTC
    traded_on: date  # New York
    by_api: bool | None

    @property
    def key(self) -> tuple[date, VenueNo, Symbol, Side]:
        """What tells orders apart: a number is unique within a branch and a date only. The date is New York's."""
        return self.traded_on, self.venue_no, self.symbol, self.side

    @property
    def expired(self) -> bool:
        return EXPIRED_TEXT in self.reason

    @property
    def rejected(self) -> bool:
        return not self.expired and (self.status_name == "거부" or bool(self.reason))


def side_of(row: Row) -> Side:
    """Return buy or sell; raise FieldFault for anything else."""
    code = text(row, "sll_buy_dvsn_cd")
    if code not in _SIDES:
        raise FieldFault("sll_buy_dvsn_cd", "is neither buy nor sell")
    return _SIDES[code]


def _instruction(row: Row) -> Instruction:
    raw = maybe_text(row, "rvse_cncl_dvsn") or maybe_text(row, "rvse_cncl_dvsn_cd") or "00"
    try:
        return Instruction(raw.zfill(2))
    except ValueError as error:
        raise FieldFault("rvse_cncl_dvsn", "is not an instruction") from error


def _asked(row: Row, filled_qty: int, instruction: Instruction) -> int:
    qty = quantity(row, "ft_ord_qty")
    if not qty and instruction is not Instruction.CANCEL:
        raise FieldFault("ft_ord_qty", "is zero")
    if filled_qty > qty:
        raise FieldFault("ft_ccld_qty", "is more than was asked for")
    return qty


def _filled_amount(row: Row, filled_qty: int) -> Decimal:
    """Return the filled amount; computed from the average price where KIS leaves the amount blank."""
    if filled_qty == 0:
        return _ZERO
    amount = maybe_positive(row, "ft_ccld_amt3")
    if amount is not None:
        return amount
    price = maybe_positive(row, "ft_ccld_unpr3")
    if price is None:
        raise FieldFault("ft_ccld_unpr3", "is blank for a filled order")
    return price * filled_qty


def _reason(row: Row) -> str:
    name = spoken(maybe_text(row, "rjct_rson_name"))
    code = maybe_text(row, "rjct_rson")
    return name or (code if code.strip("0") else "")


def _by_api(row: Row) -> bool | None:
    medium = maybe_text(row, "mdia_dvsn_name")
    return medium.casefold() == "openapi" if medium else None


def parse_row(row: Row, book: SymbolBook) -> OrderRow | None:
    """Return a row of inquire-nccs or inquire-ccnl, None for a listing outside the US; raise FieldFault."""
    symbol = book.resolve(row, "pdno")
    if symbol is None:
        return None
    filled_qty = quantity(row, "ft_ccld_qty")
    traded_on, instruction = day(row, "ord_dt"), _instruction(row)
    return OrderRow(
        venue_no=venue_no(text(row, "odno")),
        original_no=maybe_venue_no(maybe_text(row, "orgn_odno")),
        instruction=instruction,
        symbol=symbol,
        side=side_of(row),
        qty=_asked(row, filled_qty, instruction),
        filled_qty=filled_qty,
        open_qty=quantity(row, "nccs_qty"),
        limit_price=not_negative(row, "ft_ord_unpr3"),
        filled_amount=_filled_amount(row, filled_qty),
        status_name=maybe_text(row, "prcs_stat_name"),
        reason=_reason(row),
        ordered_at=ordered_instant(traded_on, clock_time(row, "ord_tmd"), maybe_day(row, "dmst_ord_dt")),
        traded_on=traded_on,
        by_api=_by_api(row),
    )


@dataclass(slots=True)
class Listed:
    """The rows of an answer, each order of a day once (pages repeat rows at times), and what is none."""

    rows: list[OrderRow]
    unread: list[UnreadOrder]


def parse_rows(bodies: Iterable[Mapping[str, Any]], book: SymbolBook) -> Listed:
    """Return the rows of all pages; one that cannot be read takes its siblings with it, and no other."""
    found: dict[tuple[date, VenueNo, Symbol, Side], OrderRow] = {}
    unread: list[UnreadOrder] = []
    for body in bodies:
        for raw in rows(body, "output", "odno"):
            row = _read(raw, book)
            if isinstance(row, UnreadOrder):
                unread.append(row)
            else:
                found[row.key] = row
        unread += [_stray(raw, book) for raw in strays(body, "output", "odno", "pdno")]
    return _without_torn_chains(list(found.values()), unread)


def _read(raw: Row, book: SymbolBook) -> OrderRow | UnreadOrder:
    try:
        row = parse_row(raw, book)
    except FieldFault as fault:
        return _unread(raw, faulty(raw, "pdno", book, fault))
    return _unread(raw, no_stock(raw, "pdno")) if row is None else row


def _stray(raw: Row, book: SymbolBook) -> UnreadOrder:
    blank = faulty(raw, "pdno", book, FieldFault("odno", "is blank"))
    return _unread(raw, blank if blank.symbol is not None else stray())


def _unread(raw: Row, row: UnreadRow) -> UnreadOrder:
    try:
        number = maybe_venue_no(maybe_text(raw, "odno"))
    except FieldFault:
        number = None
    return UnreadOrder(row=row, venue_no=number, traded_on=maybe_day(raw, "ord_dt"))


def _without_torn_chains(found: list[OrderRow], unread: list[UnreadOrder]) -> Listed:
    """Leave out amendments of a row that could not be read: what they carry on is not known."""
    why = Said(TornNote.AMENDED)
    torn = {row.venue_no for row in unread if not row.row.aside}
    kept: list[OrderRow] = []
    for row in sorted(found, key=lambda one: (one.ordered_at, int(one.venue_no))):
        if row.original_no is None or row.original_no not in torn:
            kept.append(row)
            continue
        torn.add(row.venue_no)
        unread.append(
            UnreadOrder(
                row=UnreadRow(name=row.symbol.ticker, why=why, symbol=row.symbol),
                venue_no=row.venue_no,
                traded_on=row.traded_on,
            )
        )
    return Listed(kept, unread)


def executions_params(account: AccountNumber, since: date, until: date, *, wildcards: bool) -> dict[str, str]:
    """Return the parameters of inquire-ccnl; virtual takes blanks where real takes wildcards (quirk 7). The dates are
    New York's."""
    return {
        **account.params(),
        "PDNO": "%" if wildcards else "",
        "ORD_STRT_DT": f"{since:%Y%m%d}",
        "ORD_END_DT": f"{until:%Y%m%d}",
        "SLL_BUY_DVSN": "00",
        "CCLD_NCCS_DVSN": "00",
        "OVRS_EXCG_CD": "NASD" if wildcards else "",
        "SORT_SQN": "DS",
        "ORD_DT": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
    }


async def executions(http: KisHttp, account: AccountNumber, book: SymbolBook, since: date, until: date) -> Listed:
    """Return every order row of those New York dates."""
    params = executions_params(account, since, until, wildcards=http.environment.wildcards)
    return parse_rows(await pages(http, Endpoint.EXECUTIONS, params), book)


async def open_rows(http: KisHttp, account: AccountNumber, book: SymbolBook) -> Listed:
    """Return the working rows of all US exchanges from inquire-nccs; KisNotOffered on virtual (quirk 6)."""
    params = {**account.params(), "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS"}
    return parse_rows(await pages(http, Endpoint.OPEN_ORDERS, params), book)
