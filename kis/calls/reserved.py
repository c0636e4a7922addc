"""Reserved orders (예약주문): sent by KIS at the next regular open (kis-protocol 3.5-3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kis.auth.account_number import AccountNumber
from kis.calls.executions import side_of
from kis.calls.orders import check_order, maybe_venue_no, padded, venue_no
from kis.calls.paging import one, pages, rows
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import KisData, KisInput, KisUnknown
from kis.rest.fields import day, decimal, integer, maybe_text, price_text, text
from kis.symbols import TRADING_CODE, SymbolBook
from strategy.model import OrderType, Side, Symbol, VenueNo


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedOrder:
    """A row of the reserved list. Whole shares, dollars."""

    reservation_no: VenueNo
    entered_on: date  # Seoul
    symbol: Symbol
    side: Side
    qty: int
    limit_price: Decimal
    canceled: bool
    venue_no: VenueNo | None  # once sent
    filled_qty: int
    status_name: str
    reason: str  # why it was not sent


def reserve_body(
    account: AccountNumber, symbol: Symbol, *, qty: int, price: Decimal, order_type: OrderType
) -> dict[str, str]:
    """Return the published body; the quantity and price have names of their own here. Whole shares, dollars."""
    return {
        **account.params(),
        "PDNO": symbol.ticker,
        "OVRS_EXCG_CD": TRADING_CODE[symbol.market],
        "FT_ORD_QTY": str(qty),
        "FT_ORD_UNPR3": "0" if order_type is OrderType.MOO else price_text(price),
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": "31" if order_type is OrderType.MOO else "00",
    }


async def reserve(
    http: KisHttp,
    account: AccountNumber,
    symbol: Symbol,
    side: Side,
    *,
    qty: int,
    price: Decimal,
    order_type: OrderType = OrderType.LIMIT,
) -> VenueNo:
    """Enter a reserved order, once; return its reservation number. Neither cash nor holding is checked at entry. Whole
    shares, dollars. Raises KisInput for an order KIS does not reserve."""
    if order_type not in (OrderType.LIMIT, OrderType.MOO):
        raise KisInput(f"a reserved order cannot be {order_type}")
    check_order(http, side, qty, price, order_type)
    call = Endpoint.RESERVE_BUY if side is Side.BUY else Endpoint.RESERVE_SELL
    body = reserve_body(account, symbol, qty=qty, price=price, order_type=order_type)
    return _number((await http.post(call, body)).body, "ODNO")


async def cancel(http: KisHttp, account: AccountNumber, entered_on: date, reservation_no: VenueNo) -> VenueNo:
    """Cancel a reserved order entered on that Seoul date, once."""
    body = {
        **account.params(),
        "RSVN_ORD_RCIT_DT": f"{entered_on:%Y%m%d}",
        "OVRS_RSVN_ODNO": padded(reservation_no),
    }
    return _number((await http.post(Endpoint.RESERVE_CANCEL, body)).body, "OVRS_RSVN_ODNO")


def _number(body: Mapping[str, Any], field: str) -> VenueNo:
    try:
        return venue_no(text(one(body, "output"), field))
    except KisData as error:
        raise KisUnknown(f"accepted, but {error}") from error


def list_params(account: AccountNumber, since: date, until: date) -> dict[str, str]:
    """Return the parameters of the list of reserved orders entered on those dates of Seoul (kis-protocol 3.7)."""
    return {
        **account.params(),
        "INQR_STRT_DT": f"{since:%Y%m%d}",
        "INQR_END_DT": f"{until:%Y%m%d}",
        "INQR_DVSN_CD": "00",
        "PRDT_TYPE_CD": "",
        "OVRS_EXCG_CD": "",
    }


def parse_reserved(row: Mapping[str, Any], book: SymbolBook) -> ReservedOrder | None:
    """Read one row, None for a listing outside the US."""
    symbol = book.resolve(row, "pdno")
    if symbol is None:
        return None
    return ReservedOrder(
        reservation_no=venue_no(text(row, "ovrs_rsvn_odno")),
        entered_on=day(row, "rsvn_ord_rcit_dt"),
        symbol=symbol,
        side=side_of(row),
        qty=integer(row, "ft_ord_qty"),
        limit_price=decimal(row, "ft_ord_unpr3"),
        canceled=maybe_text(row, "cncl_yn") == "Y",
        venue_no=maybe_venue_no(maybe_text(row, "odno")),
        filled_qty=integer(row, "ft_ccld_qty"),
        status_name=maybe_text(row, "ovrs_rsvn_ord_stat_cd_name"),
        reason=maybe_text(row, "nprc_rson_text"),
    )


async def reserved(
    http: KisHttp, account: AccountNumber, book: SymbolBook, since: date, until: date
) -> list[ReservedOrder]:
    """Return the reserved orders entered on those Seoul dates; real only."""
    bodies = await pages(http, Endpoint.RESERVED, list_params(account, since, until))
    found = (parse_reserved(row, book) for body in bodies for row in rows(body, "output", "ovrs_rsvn_odno"))
    return [order for order in found if order is not None]
