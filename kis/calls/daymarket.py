"""Day-market (주간거래) orders: real only, limit only, changed only here (kis-protocol 3.3, 3.4)."""

from decimal import Decimal

from kis.auth.account_number import AccountNumber
from kis.calls.orders import Acknowledgement, change_body, check_order, order_body, parse_acknowledgement
from kis.client import KisHttp
from kis.environment import Endpoint
from strategy.model import OrderType, Side, Symbol, VenueNo


def day_order_body(account: AccountNumber, symbol: Symbol, side: Side, *, qty: int, price: Decimal) -> dict[str, str]:
    """Return the published body: that of a regular order without `SLL_TYPE`. Whole shares, dollars."""
    body = order_body(account, symbol, side, qty=qty, price=price, order_type=OrderType.LIMIT)
    del body["SLL_TYPE"]
    return body


def day_change_body(
    account: AccountNumber, symbol: Symbol, number: VenueNo, *, amend: bool, qty: int, price: Decimal
) -> dict[str, str]:
    """Return the published body: that of a regular change and `CTAC_TLNO`. Whole shares, dollars."""
    return {**change_body(account, symbol, number, amend=amend, qty=qty, price=price), "CTAC_TLNO": ""}


async def place(
    http: KisHttp, account: AccountNumber, symbol: Symbol, side: Side, *, qty: int, price: Decimal
) -> Acknowledgement:
    """Send one day-market order, once. Raise as `KisHttp.post` does; KisNotOffered on virtual. Whole shares,
    dollars."""
    call = Endpoint.DAY_BUY if side is Side.BUY else Endpoint.DAY_SELL
    http.environment.tr_id(call)
    check_order(http, side, qty, price, OrderType.LIMIT)
    answer = await http.post(call, day_order_body(account, symbol, side, qty=qty, price=price))
    return parse_acknowledgement(answer.body)


async def amend(
    http: KisHttp, account: AccountNumber, symbol: Symbol, number: VenueNo, *, qty: int, price: Decimal
) -> Acknowledgement:
    """Ask once to change an open day-market order. Whole shares, dollars."""
    http.environment.tr_id(Endpoint.DAY_CHANGE)
    check_order(http, Side.BUY, qty, price, OrderType.LIMIT)
    body = day_change_body(account, symbol, number, amend=True, qty=qty, price=price)
    return parse_acknowledgement((await http.post(Endpoint.DAY_CHANGE, body)).body)


async def cancel(
    http: KisHttp, account: AccountNumber, symbol: Symbol, number: VenueNo, *, qty: int
) -> Acknowledgement:
    """Ask once to cancel an open day-market order. Whole shares."""
    body = day_change_body(account, symbol, number, amend=False, qty=qty, price=Decimal(0))
    return parse_acknowledgement((await http.post(Endpoint.DAY_CHANGE, body)).body)
