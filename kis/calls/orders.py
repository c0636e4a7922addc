"""Placing, amending and canceling (kis-protocol 3.1-3.4): bodies as published, acknowledgements parsed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kis.auth.account_number import AccountNumber
from kis.calls.paging import one
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import FieldFault, KisData, KisInput, KisNotOffered, KisUnknown
from kis.rest.fields import maybe_text, price_text, text
from kis.symbols import TRADING_CODE
from strategy.model import OrderType, Said, Side, Symbol, VenueNo, on_tick


class OrderFault(StrEnum):
    TYPE = "kis_order.type"
    TICK = "kis_order.tick"


ORDER_CODE: Mapping[OrderType, str] = MappingProxyType(
    {
        OrderType.LIMIT: "00",
        OrderType.MOO: "31",
        OrderType.LOO: "32",
        OrderType.MOC: "33",
        OrderType.LOC: "34",
    }
)
_SELL_ONLY = frozenset({OrderType.MOO, OrderType.MOC})


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """KIS took the instruction for transmission; that says nothing about the exchange."""

    venue_no: VenueNo
    branch: str
    seoul_time: str  # HHMMSS as printed, empty when KIS left it out


_NUMBER = re.compile(r"[0-9]{1,20}")


def venue_no(raw: str) -> VenueNo:
    """Return an order number without padding: `0000051877` and `51877` are the same order (quirk 2). Raises FieldFault
    for what is none."""
    digits = raw.strip()
    if not _NUMBER.fullmatch(digits) or int(digits) == 0:
        raise FieldFault("odno", "is not an order number")
    return VenueNo(digits.lstrip("0"))


def maybe_venue_no(raw: str) -> VenueNo | None:
    """Return an order number, None for blank or zeros."""
    return venue_no(raw) if raw.strip().strip("0") else None


def padded(number: VenueNo) -> str:
    """Return the number as it is sent: ten digits."""
    return number.zfill(10)


def order_body(
    account: AccountNumber, symbol: Symbol, side: Side, *, qty: int, price: Decimal, order_type: OrderType
) -> dict[str, str]:
    """Return the published body of a regular order. Whole shares at a price in dollars."""
    return {
        **account.params(),
        "OVRS_EXCG_CD": TRADING_CODE[symbol.market],
        "PDNO": symbol.ticker,
        "ORD_QTY": str(qty),
        "OVRS_ORD_UNPR": "0" if order_type in _SELL_ONLY else price_text(price),
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "SLL_TYPE": "00" if side is Side.SELL else "",
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": ORDER_CODE[order_type],
    }


def change_body(
    account: AccountNumber, symbol: Symbol, number: VenueNo, *, amend: bool, qty: int, price: Decimal
) -> dict[str, str]:
    """Return the published body of an amendment or a cancel. Whole shares at a price in dollars (kis-protocol 3.2)."""
    return {
        **account.params(),
        "OVRS_EXCG_CD": TRADING_CODE[symbol.market],
        "PDNO": symbol.ticker,
        "ORGN_ODNO": padded(number),
        "RVSE_CNCL_DVSN_CD": "01" if amend else "02",
        "ORD_QTY": str(qty),
        "OVRS_ORD_UNPR": price_text(price) if amend else "0",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }


def parse_acknowledgement(body: Mapping[str, Any]) -> Acknowledgement:
    """Read an acknowledgement; raise KisUnknown when the order was taken and its number cannot be read."""
    try:
        output = one(body, "output")
        return Acknowledgement(
            venue_no=venue_no(text(output, "ODNO")),
            branch=maybe_text(output, "KRX_FWDG_ORD_ORGNO"),
            seoul_time=maybe_text(output, "ORD_TMD"),
        )
    except KisData as error:
        raise KisUnknown(f"accepted, but {error}") from error


def check_order(http: KisHttp, side: Side, qty: int, price: Decimal, order_type: OrderType) -> None:
    """Refuse before sending what cannot be right: raise KisNotOffered or KisInput. Whole shares at a price in
    dollars."""
    environment = http.environment
    if ORDER_CODE[order_type] not in environment.order_codes or (order_type in _SELL_ONLY and side is Side.BUY):
        raise KisNotOffered(
            f"{order_type} {side} in the {environment.name} environment",
            user_message=Said(OrderFault.TYPE, environment=environment.label, order_type=order_type.upper(), side=side),
        )
    if qty < 1:
        raise KisInput(f"quantity {qty}")
    if order_type not in _SELL_ONLY and not on_tick(price):
        raise KisInput(
            f"price {price} is off the tick",
            user_message=Said(OrderFault.TICK),
        )


async def place(
    http: KisHttp,
    account: AccountNumber,
    symbol: Symbol,
    side: Side,
    *,
    qty: int,
    price: Decimal,
    order_type: OrderType = OrderType.LIMIT,
) -> Acknowledgement:
    """Send one order, once. Raise as `KisHttp.post` does. Whole shares at a price in dollars."""
    check_order(http, side, qty, price, order_type)
    call = Endpoint.BUY if side is Side.BUY else Endpoint.SELL
    answer = await http.post(call, order_body(account, symbol, side, qty=qty, price=price, order_type=order_type))
    return parse_acknowledgement(answer.body)


async def amend(
    http: KisHttp, account: AccountNumber, symbol: Symbol, number: VenueNo, *, qty: int, price: Decimal
) -> Acknowledgement:
    """Ask to change the open quantity and price; the answer carries a new number (quirk 4). Whole shares at a price in
    dollars."""
    check_order(http, Side.BUY, qty, price, OrderType.LIMIT)
    answer = await http.post(Endpoint.CHANGE, change_body(account, symbol, number, amend=True, qty=qty, price=price))
    return parse_acknowledgement(answer.body)


async def cancel(
    http: KisHttp, account: AccountNumber, symbol: Symbol, number: VenueNo, *, qty: int
) -> Acknowledgement:
    """Ask to cancel; the order may have filled before (kis-protocol 3.2). The quantity is the open one, in whole
    shares."""
    answer = await http.post(
        Endpoint.CHANGE, change_body(account, symbol, number, amend=False, qty=qty, price=Decimal(0))
    )
    return parse_acknowledgement(answer.body)
