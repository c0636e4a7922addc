"""What happens to a ticker on request: a halt, a split, a move to another exchange, a late closing auction."""

from collections.abc import Callable
from datetime import date
from fractions import Fraction

from kis.simulator.faults.faults import BadFault, InjectedFault
from kis.simulator.market.calendar import business_date, session_after, session_of
from kis.simulator.market.listings import EXCHANGE_WORDS
from kis.simulator.market.splits import ShareSplit, parse_ratio
from kis.simulator.world import SimWorld

HOUR_MS = 3_600_000


def halt(world: SimWorld, fault: InjectedFault) -> None:
    """Stop a ticker's trading until the fault's seconds are over or it is cleared; `shown` false: nothing says so."""
    symbol = _symbol(world, fault)
    set_halt(world, symbol, halted=True, hidden=not fault.details.get("shown", True))
    if fault.until_ms is not None:
        world.timeline.at(fault.until_ms, lambda: set_halt(world, symbol, halted=False))


def set_halt(world: SimWorld, symbol: str, *, halted: bool, hidden: bool = False) -> None:
    """Halt a ticker or let it trade again: what rests then meets the book. Raises BadFault for a ticker that is not
    there."""
    tape = world.market.tape(symbol)
    if tape is None:
        raise BadFault(f"no such ticker: {symbol}")
    tape.halted, tape.halt_hidden = halted, hidden
    if not halted:
        world.matching.recheck(symbol)


def split(world: SimWorld, fault: InjectedFault) -> None:
    """Split a ticker's shares by `ratio` (3/2: three for two) on `day`, the next session unless told, or `today`.

    Prices and the previous close count in new shares at once; the balance follows `balance_after_s` market seconds
    later, an hour before the pre-market of a day to come when it does not say, or never with null. Raises BadFault for
    a ticker, ratio or day that cannot be.
    """
    symbol = _symbol(world, fault)
    try:
        ratio = parse_ratio(str(fault.details.get("ratio", "2")))
        day = _day(world, fault)
    except ValueError as error:
        raise BadFault(str(error)) from error
    fault.left = 0
    tape = world.market.watch(symbol)
    if tape is None:
        raise BadFault(f"no such ticker: {symbol}")
    world.market.splits.add(ShareSplit(symbol, day, ratio))
    if day == business_date(world.now_ms):
        tape.split(ratio)
        at_ms = world.now_ms
    else:
        tape.split_on(day, ratio)
        at_ms = session_of(day).pre_open_ms - HOUR_MS
    _shares_follow(world, fault, symbol, ratio, at_ms)


def _shares_follow(world: SimWorld, fault: InjectedFault, symbol: str, ratio: Fraction, at_ms: int) -> None:
    after_s = fault.details.get("balance_after_s", 0)
    if after_s is None:
        return

    def follow() -> None:
        world.broker.split_shares(symbol, ratio)

    world.timeline.at(at_ms + round(float(after_s) * 1000), follow)


def _day(world: SimWorld, fault: InjectedFault) -> date:
    today = business_date(world.now_ms)
    text = str(fault.details.get("day") or session_after(today).isoformat())
    return today if text == "today" else date.fromisoformat(text)


def venue_move(world: SimWorld, fault: InjectedFault) -> None:
    """List a ticker on another exchange: inquiries, quotes, streams and orders know it only there from now on. Raises
    BadFault for a ticker or an exchange that is none."""
    symbol = _symbol(world, fault)
    exchange = EXCHANGE_WORDS.get(str(fault.details.get("exchange", "NYSE")).upper())
    if exchange is None:
        raise BadFault("exchange is NASDAQ, NYSE or AMEX")
    world.market.move(symbol, exchange)
    world.stream.moved(symbol, exchange)
    fault.left = 0


def closing_fill(world: SimWorld, fault: InjectedFault) -> None:
    """Let the closing auction have what rests at the close, `after_s` seconds after it, at each order's own price."""
    session = session_of(business_date(world.now_ms))
    at_ms = session.close_ms + round(float(fault.details.get("after_s", 2)) * 1000)

    def cross() -> None:
        for order in list(world.broker.working()):
            if fault.concerns(order.listing.symbol) and order.placed_ms <= session.close_ms:
                world.broker.fill(order, order.open_qty, order.price)

    world.timeline.at(at_ms, cross)


def _symbol(world: SimWorld, fault: InjectedFault) -> str:
    symbol = str(fault.details.get("symbol", "")).upper()
    if world.market.listings.stock(symbol) is None:
        raise BadFault(f"no such ticker: {symbol or '(none)'}")
    return symbol


HAPPENINGS: dict[str, Callable[[SimWorld, InjectedFault], None]] = {
    "halt": halt,
    "split": split,
    "venue_move": venue_move,
    "closing_fill": closing_fill,
}
