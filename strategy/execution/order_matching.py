"""Finding orders whose reply is missing among the broker's orders that are not ours (kis-protocol 5.3).

There is no client order id at the broker, so an order is known by ticker, side, quantity, price and time; and the time
is of another clock. What only the time speaks against is never taken for proof that an order did not arrive.
See decision 0106.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from strategy.model import BrokerOrder, Holdings, Order, OrderList, OrderStatus, Side

CLOCKS_DIFFER = timedelta(seconds=5)  # ... at most, once what was measured is taken off: stamps are whole seconds
_CLOCKS_UNKNOWN = timedelta(minutes=15)  # ... at most, where nothing was measured, or the measuring is believed less
# after the request, for the second time: at one call a second the lists take five seconds, and a stop that waits shall
# sell within 40 s
_EARLY = timedelta(seconds=31)
_FIRST = timedelta(seconds=5)  # before that they are asked for the first time: whoever looks next looks late enough
NEARLY = timedelta(seconds=0.9)  # somebody else's look that began so shortly before the second counts for it
_LATEST_ARRIVAL = timedelta(seconds=20)  # after we stopped waiting a request on its way may still get there
APART = timedelta(seconds=4)  # what they say twice, at least so far apart, counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    found: tuple[tuple[Order, BrokerOrder], ...]  # certain: one candidate that fits one order
    doubtful: tuple[Order, ...]  # several candidates, one that fits several orders, or one that only resembles
    absent: tuple[Order, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the broker's two other lists say, asked after the list of orders: they may know of an order before it."""

    open_orders: OrderList
    holdings: Holdings

    def shares_bound(self, order: Order) -> bool:
        """Return whether a sell may hold its shares: no more can be ordered than could be if it had arrived."""
        position = self.holdings.of(order.request.symbol)
        if position is None:
            return True  # sold out, or not shown
        return position.sellable_qty <= position.qty - order.request.qty


def resembles(order: Order, found: BrokerOrder) -> bool:
    """Return whether a broker's order may be ours whatever the clocks say; while one stands, ours is not absent.

    Of an order placed through the API the price may have been amended by hand since.
    """
    asked = order.request
    return (
        found.by_api is not False
        and found.symbol == asked.symbol
        and found.side == asked.side
        and found.qty == asked.qty
        and (found.by_api is True or found.limit_price == asked.limit_price)
    )


def could_be(order: Order, found: BrokerOrder, ahead: timedelta | None) -> bool:
    """Return whether a broker's order is ours if nothing else can be: all that was asked agrees, and so does the time.

    `ahead` is how far the broker's clock is ahead of ours; None where nobody has measured it.
    """
    return _same(order, found) and _timely(order, found, ahead, CLOCKS_DIFFER if ahead is not None else _CLOCKS_UNKNOWN)


def _may_be(order: Order, found: BrokerOrder, ahead: timedelta | None) -> bool:
    """Do as `could_be` for an order placed through the API, believing the clocks less: whose should it be?"""
    by_api = found.by_api is True and _same(order, found) and _timely(order, found, ahead, _CLOCKS_UNKNOWN)
    return by_api or could_be(order, found, ahead)


def _same(order: Order, found: BrokerOrder) -> bool:
    return resembles(order, found) and found.limit_price == order.request.limit_price


def _timely(order: Order, found: BrokerOrder, ahead: timedelta | None, play: timedelta) -> bool:
    """Return whether it is not older than the intent, nor younger than our giving it up as never arrived."""
    by_our_clock = found.ordered_at - (ahead or timedelta(0))
    if by_our_clock < order.request.created_at - play:
        return False
    late = play if play > CLOCKS_DIFFER else timedelta(0)
    return order.status is not OrderStatus.REJECTED or by_our_clock <= order.updated_at + late


def match(orders: Sequence[Order], pool: Sequence[BrokerOrder], ahead: timedelta | None = timedelta(0)) -> Matches:
    """Pair orders without a number with broker's orders without an owner, only where nothing else is possible.

    Orders given up as never arrived (REJECTED) may be among them: they are paired, too, but neither doubted nor absent.
    """
    waiting = [order for order in orders if order.status is not OrderStatus.REJECTED]
    given_up = [order for order in orders if order.status is OrderStatus.REJECTED]
    certain: list[tuple[Order, BrokerOrder]] = []
    rest = list(pool)
    for some, fits in ((orders, could_be), (waiting, _may_be), (given_up, _may_be)):
        taken = {order.no for order, _ in certain}
        pairs = _pairs([order for order in some if order.no not in taken], rest, fits, ahead)
        certain += pairs
        rest = [found for found in rest if not any(found is one for _, one in pairs)]
    taken = {order.no for order, _ in certain}
    left = [order for order in waiting if order.no not in taken]
    doubtful = tuple(order for order in left if any(resembles(order, found) for found in rest))
    return Matches(
        found=tuple(certain),
        doubtful=doubtful,
        absent=tuple(order for order in left if order not in doubtful),
    )


def _pairs(
    orders: Sequence[Order],
    pool: Sequence[BrokerOrder],
    fits: Callable[[Order, BrokerOrder, timedelta | None], bool],
    ahead: timedelta | None,
) -> list[tuple[Order, BrokerOrder]]:
    fitting = {order.no: [found for found in pool if fits(order, found, ahead)] for order in orders}
    claims = [sum(any(found is one for one in ones) for ones in fitting.values()) for found in pool]
    wanted_once = [found for found, count in zip(pool, claims, strict=True) if count == 1]
    return [
        (order, fitting[order.no][0])
        for order in orders
        if len(fitting[order.no]) == 1 and any(fitting[order.no][0] is one for one in wanted_once)
    ]


def may_come_from(order: Order, gap: int) -> bool:
    """Return whether shares nobody can explain, bought (above 0) or sold (below), may be those of an order."""
    return 0 < (gap if order.request.side is Side.BUY else -gap) <= order.request.qty


def early_polls(order: Order) -> tuple[datetime, datetime] | None:
    """Return when three lists are asked whether a sell without an answer arrived, before the visibility lag is over."""
    if order.request.side is not Side.SELL or order.venue_no is not None or order.status is not OrderStatus.UNKNOWN:
        return None
    last = max(order.request.created_at + _EARLY, order.updated_at + _LATEST_ARRIVAL)
    return last - _FIRST, last
