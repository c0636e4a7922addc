"""Finding orders whose reply is missing among the broker's orders that are not ours (kis-protocol 5.3).

There is no client order id at the broker, so an order is known by ticker, side, quantity, price and time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from strategy.orders import BrokerOrder, Order

CLOCKS_DIFFER = timedelta(seconds=5)  # the broker stamps whole seconds of its own clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    found: tuple[tuple[Order, BrokerOrder], ...]  # certain: one candidate that fits one order
    doubtful: tuple[Order, ...]  # several candidates, or one that fits several orders
    absent: tuple[Order, ...]


def could_be(order: Order, found: BrokerOrder) -> bool:
    """Return whether a broker's order may be ours: all that was asked agrees, and it is not older than the intent."""
    asked = order.request
    return (
        found.by_api is not False
        and found.symbol == asked.symbol
        and found.side == asked.side
        and found.qty == asked.qty
        and found.limit_price == asked.limit_price
        and found.ordered_at >= asked.created_at - CLOCKS_DIFFER
    )


def match(orders: Sequence[Order], pool: Sequence[BrokerOrder]) -> Matches:
    """Pair orders without a number with broker's orders without an owner, only where nothing else is possible."""
    fits = {order.no: [found for found in pool if could_be(order, found)] for order in orders}
    claims = {id(found): sum(found in fitting for fitting in fits.values()) for found in pool}
    certain: list[tuple[Order, BrokerOrder]] = []
    doubtful: list[Order] = []
    for order in orders:
        fitting = fits[order.no]
        if len(fitting) == 1 and claims[id(fitting[0])] == 1:
            certain.append((order, fitting[0]))
        elif fitting:
            doubtful.append(order)
    absent = tuple(order for order in orders if not fits[order.no])
    return Matches(found=tuple(certain), doubtful=tuple(doubtful), absent=absent)
