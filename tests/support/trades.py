"""Made-up fills with their orders, for the tests of accounts and statistics."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from strategy.model import Fill, Order, OrderNo, OrderRequest, OrderStatus, Origin, Side, Symbol, Trade, VenueNo

TQQQ = Symbol.parse("NASDAQ:TQQQ")
O = Symbol.parse("NYSE:O")  # noqa: E741 - Realty Income's ticker
BEGIN = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)  # a Monday, the open in New York


def order(
    no: int, *, side: Side = Side.BUY, symbol: Symbol = TQQQ, origin: Origin = Origin.SIGNAL, at: datetime = BEGIN
) -> Order:
    request = OrderRequest(symbol=symbol, side=side, qty=1000, limit_price=Decimal(1), origin=origin, created_at=at)
    return Order(
        no=OrderNo(no),
        request=request,
        status=OrderStatus.FILLED,
        venue_no=VenueNo(str(no)),
        limit_price=Decimal(1),
        filled_qty=0,
        filled_amount=Decimal(0),
        reason=None,
        updated_at=at,
    )


def trade(
    no: int,
    side: Side,
    qty: int = 1,
    *,
    price: str | Decimal = "100",
    realized: str | Decimal | None = None,
    buy_fees: str | Decimal = "0",
    held: int | None = None,
    fees: str | Decimal = "0.25",
    at: datetime = BEGIN,
    asked_at: datetime | None = None,
    symbol: Symbol = TQQQ,
    origin: Origin = Origin.SIGNAL,
    part: int = 0,
) -> Trade:
    """Return one fill of an order that was asked for a moment before.

    `realized` is as the broker shows it; the result after all fees is less by the fees of the buys. Dollars.
    """
    known = realized is not None and side is Side.SELL
    paid = Decimal(price) * qty - Decimal(fees) - Decimal(realized or 0) + Decimal(buy_fees) if known else None
    of = order(no, side=side, origin=origin, at=asked_at or at, symbol=symbol)
    fill = Fill(
        key=f"{no}:{part}",
        order_no=OrderNo(no),
        venue_no=VenueNo(str(no)),
        symbol=symbol,
        side=side,
        qty=qty,
        price=Decimal(price),
        filled_at=at,
        fees=Decimal(fees),
        realized=Decimal(realized or 0) if known else None,
        source="notice",
        paid=paid,
        held=held,
    )
    return Trade(fill=fill, order=of)


def _decimals(lowest: int, highest: int, places: int) -> st.SearchStrategy[Decimal]:
    """Return decimals made from integers, which are quick to draw."""
    unit = 10**places
    return st.integers(lowest * unit, highest * unit).map(lambda n: Decimal(n).scaleb(-places))


_money = _decimals(-500, 500, 4)
_price = _decimals(1, 900, 6)
_fees = _decimals(0, 5, 6)


@st.composite
def histories(draw: st.DrawFn) -> list[Trade]:
    """Return orders of a few months, each with one to three fills, sometimes minutes apart."""
    found: list[Trade] = []
    for no in range(1, draw(st.integers(0, 12)) + 1):
        side = draw(st.sampled_from(Side))
        symbol = draw(st.sampled_from((TQQQ, O)))
        asked_at = BEGIN + timedelta(minutes=draw(st.integers(0, 60 * 24 * 120)))
        origin = draw(st.sampled_from(Origin))
        known = draw(st.booleans())  # the cost is known for a whole order or not at all
        found += [
            trade(
                no,
                side,
                draw(st.integers(1, 9)),
                price=draw(_price),
                realized=draw(_money) if known else None,
                fees=draw(_fees),
                at=asked_at + timedelta(seconds=7 * part),
                asked_at=asked_at,
                symbol=symbol,
                origin=origin,
                part=part,
            )
            for part in range(draw(st.integers(1, 3)))
        ]
    return draw(st.permutations(found))
