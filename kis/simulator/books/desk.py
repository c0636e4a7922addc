"""Carrying out instructions: what the REST calls and the trade-by-hand control have in common."""

from kis.simulator.books.accounts import BookAccount
from kis.simulator.books.orders import UNPRICED, BookOrder
from kis.simulator.books.rules import OrderWish, check_wish
from kis.simulator.faults.faults import InjectedFault
from kis.simulator.world import SimWorld


def place(world: SimWorld, account: BookAccount, wish: OrderWish, *, day_market: bool = False) -> BookOrder:
    """Check and book an order; `enter` sends it to the market. Raise Refused."""
    listing, kind = check_wish(wish, account, world.market.listings, world.options, world.now_ms, day_market=day_market)
    price = wish.price
    if kind in UNPRICED:
        tape = world.market.tape(listing.symbol)
        price = tape.last if tape is not None else 0
    world.broker.check_means(account, listing, wish.side, wish.qty, price)
    return world.broker.open_order(account, listing, kind, wish, day_market=day_market)


def enter(world: SimWorld, order: BookOrder) -> None:
    """Tell the owner that an order arrived, then let it meet the market."""
    world.broker.accept(order)
    if order.doomed:
        world.broker.reject(order, order.doomed)
    else:
        world.matching.enter(order)


def afflict(order: BookOrder, partial: InjectedFault | None, rejection: InjectedFault | None) -> None:
    """Mark an order with the faults that hit it."""
    if partial is not None:
        order.pieces = max(2, int(partial.details.get("pieces", 3)))
    if rejection is not None:
        order.doomed = str(rejection.details.get("text", "거래소 주문거부"))


def carry_out_cancel(world: SimWorld, order: BookOrder, row: BookOrder) -> None:
    """Tell the owner that a cancellation arrived, then try it; a fill on the way may be faster."""
    world.broker.accept(row)

    def try_it() -> None:
        world.broker.carry_out_cancel(order, row)

    world.timeline.after(world.options.match_delay_s, try_it)


def carry_out_amend(world: SimWorld, order: BookOrder, row: BookOrder) -> None:
    """Tell the owner that an amendment arrived, then let its row take the order's place."""
    world.broker.accept(row)

    def try_it() -> None:
        if world.broker.carry_out_amend(order, row):
            world.matching.enter(row)

    world.timeline.after(world.options.match_delay_s, try_it)
