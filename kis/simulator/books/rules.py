"""What the broker checks before it takes an order (kis-protocol 3.1, 8, 9, 10.2)."""

from dataclasses import dataclass

from kis.simulator.books.accounts import BookAccount
from kis.simulator.books.orders import ALGO, AT_CLOSE, AT_OPEN, UNPRICED, Kind
from kis.simulator.market.calendar import Phase, business_date, is_session, new_york_at, session_of
from kis.simulator.market.listings import BY_ORDER_CODE, Listing, Listings
from kis.simulator.market.shape import tick_of
from kis.simulator.options import Served, SimulatorOptions
from kis.simulator.rest.refusals import (
    ACCOUNT_EXPIRED,
    CLOSED,
    NO_PRICE,
    NO_SESSION,
    NOT_OFFERED,
    NOT_OPEN_YET,
    OFF_TICK,
    ORDER_KIND,
    UNKNOWN_SYMBOL,
    Both,
    CallRefused,
    field_wrong,
)

AUCTION_MARGIN_MS = 2 * 60_000  # MOO and LOO until two minutes before the open
CLOSE_MARGIN_MS = 10 * 60_000  # MOC and LOC until ten minutes before the close


@dataclass(frozen=True, slots=True)
class OrderWish:
    """What an order request asks for, read but not yet judged. Whole shares at a price in ten-thousandths of a
    dollar."""

    exchange: str
    symbol: str
    side: str
    qty: int
    price: int
    kind: str


def refuse(both: Both, environment: Served) -> CallRefused:
    """Return a business refusal in the words of an environment."""
    return CallRefused(both.virtual if environment is Served.VIRTUAL else both.real)


def check_wish(
    wish: OrderWish,
    account: BookAccount,
    listings: Listings,
    options: SimulatorOptions,
    now_ms: int,
    *,
    day_market: bool = False,
) -> tuple[Listing, Kind]:
    """Return ticker and order type of a fit request; raise Refused for the first fault found."""
    environment = account.environment
    virtual = environment is Served.VIRTUAL
    if virtual and options.expired_virtual_account:
        raise refuse(ACCOUNT_EXPIRED, environment)
    if wish.exchange not in BY_ORDER_CODE:
        raise field_wrong("OVRS_EXCG_CD")
    kind = _kind_of(wish, environment, day_market=day_market)
    listing = listings.ordered(wish.exchange, wish.symbol)
    if listing is None or (virtual and (not listing.virtual_tradable or listing.symbol in options.virtual_excluded)):
        raise refuse(UNKNOWN_SYMBOL, environment)
    if day_market and not listing.day_market:
        raise refuse(UNKNOWN_SYMBOL, environment)
    if wish.qty <= 0:
        raise field_wrong("ORD_QTY")
    check_price(wish.price, kind, environment)
    if day_market:
        check_day_market(options, now_ms, environment)
    else:
        check_hours(kind, options, now_ms, environment)
    return listing, kind


def check_price(price: int, kind: Kind, environment: Served) -> None:
    """Raise Refused for a price in ten-thousandths of a dollar that the kind of order may not have."""
    if kind in UNPRICED:
        return
    if price <= 0:
        raise refuse(NO_PRICE, environment)
    if price % tick_of(price):
        raise refuse(OFF_TICK, environment)


def check_hours(kind: Kind, options: SimulatorOptions, now_ms: int, environment: Served) -> None:
    """Raise Refused outside the windows of an order type."""
    phase = options.windows.phase(now_ms)
    if environment is Served.VIRTUAL:
        if phase is not Phase.REGULAR:
            raise refuse(_virtual_reason(now_ms), environment)
        return
    allowed = {Phase.PRE, Phase.REGULAR, Phase.AFTER} | (
        {Phase.AFTER_EXTENSION} if options.extension_enrolled else set()
    )
    if phase not in allowed:
        raise refuse(CLOSED if is_session(new_york_at(now_ms).date()) else NO_SESSION, environment)
    if kind is Kind.LIMIT:
        return
    session = session_of(business_date(now_ms))
    if kind in AT_OPEN and now_ms >= session.open_ms - AUCTION_MARGIN_MS:
        raise refuse(CLOSED, environment)
    if kind in AT_CLOSE and now_ms >= session.close_ms - CLOSE_MARGIN_MS:
        raise refuse(CLOSED, environment)
    if kind in ALGO and now_ms >= session.close_ms - 5 * 60_000:
        raise refuse(CLOSED, environment)


def check_day_market(options: SimulatorOptions, now_ms: int, environment: Served) -> None:
    if options.windows.phase(now_ms) is not Phase.DAY_MARKET:
        raise refuse(CLOSED, environment)


def _virtual_reason(now_ms: int) -> Both:
    local = new_york_at(now_ms).date()
    if not is_session(local):
        return NO_SESSION
    return NOT_OPEN_YET if now_ms < session_of(local).open_ms else CLOSED


def _kind_of(wish: OrderWish, environment: Served, *, day_market: bool) -> Kind:
    try:
        kind = Kind(wish.kind)
    except ValueError:
        raise refuse(ORDER_KIND, environment) from None
    if kind is not Kind.LIMIT and (environment is Served.VIRTUAL or day_market):
        raise refuse(NOT_OFFERED, environment)
    if kind in UNPRICED and wish.side == "buy":
        raise refuse(ORDER_KIND, environment)
    return kind
