"""Orders meet prices: at entry against the book, later against each print, in auctions, in slices (kis-protocol 9).
See decision 0087."""

from dataclasses import dataclass

from kis.simulator.books.broker import BrokerBooks
from kis.simulator.books.orders import ALGO, AT_CLOSE, AT_OPEN, BookOrder
from kis.simulator.market.calendar import session_of
from kis.simulator.market.tape import Tape, TapePrint

SLICE_MS = 60_000
PIECE_GAP_S = 0.5


@dataclass(slots=True)
class _Left:
    """What a print still has for resting orders."""

    size: int


class Matching:
    """Fills orders; knows nothing of requests, accounts' means or notices."""

    def __init__(self, broker: BrokerBooks) -> None:
        self._broker = broker
        self._timeline = broker.timeline
        self._market = broker.market
        self._resting: dict[str, list[BookOrder]] = {}

    def enter(self, order: BookOrder) -> None:
        """Send an accepted order to the market, after the delay of the way there."""
        self._market.watch(order.listing.symbol)
        self._timeline.after(self._broker.options.match_delay_s, lambda: self._arrive(order))

    def heard(self, tape: Tape, trade: TapePrint) -> None:
        """Match resting orders against a print and the quote it leaves behind."""
        resting = self._resting.get(tape.listing.symbol)
        if not resting:
            return
        opening = trade.regular and trade.at_ms == tape.today.session.open_ms
        left = _Left(trade.size)
        for order in sorted(resting, key=_priority):
            if order.working:
                self._against_print(order, tape, trade, left, opening=opening)
        self._sweep(tape.listing.symbol)

    # -- arrival -----------------------------------------------------------------------------------------------------

    def _arrive(self, order: BookOrder) -> None:
        if not order.working:
            return
        session = session_of(order.day)
        if order.kind in AT_OPEN:
            self._timeline.at(session.open_ms, lambda: self._cross(order, session.open_ms, tries=60))
        elif order.kind in AT_CLOSE:
            self._timeline.at(session.close_ms, lambda: self._cross(order, session.close_ms, tries=0))
        elif order.kind in ALGO:
            order.start_ms = max(order.start_ms or self._timeline.now_ms, session.open_ms)
            order.end_ms = min(order.end_ms or session.close_ms, session.close_ms)
            self._timeline.at(order.start_ms, lambda: self._slice(order))
        else:
            self._take(order)
            if order.working:
                self._rest(order)

    def _rest(self, order: BookOrder) -> None:
        if not order.resting:
            order.resting = True
            self._resting.setdefault(order.listing.symbol, []).append(order)

    def _sweep(self, symbol: str) -> None:
        self._resting[symbol] = [order for order in self._resting[symbol] if order.working]

    # -- against the book --------------------------------------------------------------------------------------------

    def _take(self, order: BookOrder) -> None:
        """Fill what the book offers at the limit or better; the price is the book's, the limit only a bound."""
        tape = self._market.tape(order.listing.symbol)
        if tape is None or tape.halted or not tape.known:
            return
        wanted = order.open_qty
        if order.pieces > 1:
            wanted = -(-wanted // order.pieces)
            order.pieces -= 1
            self._timeline.after(PIECE_GAP_S, lambda: self._again(order))
        taken: dict[int, int] = {}
        for price, size in tape.available(buying=order.buying):
            if wanted == 0 or not _within(order, price):
                break
            qty = min(size, wanted)
            taken[price] = taken.get(price, 0) + qty
            wanted -= qty
        for price, qty in taken.items():
            tape.take(qty, buying=order.buying)
            self._broker.fill(order, qty, price)

    def _again(self, order: BookOrder) -> None:
        if order.working:
            self._take(order)

    # -- against prints ----------------------------------------------------------------------------------------------

    def _against_print(self, order: BookOrder, tape: Tape, trade: TapePrint, left: _Left, *, opening: bool) -> None:
        if opening and _within(order, trade.price):
            self._broker.fill(order, order.open_qty, trade.price)  # the opening auction has one price for all
            return
        through = trade.price < order.price if order.buying else trade.price > order.price
        if through or _within(order, tape.ask if order.buying else tape.bid):
            qty = order.open_qty if order.pieces <= 1 else -(-order.open_qty // order.pieces)
            order.pieces = max(order.pieces - 1, 0)
            self._broker.fill(order, qty, order.price)
        elif trade.price == order.price and left.size > 0:
            qty = min(order.open_qty, left.size)
            left.size -= qty
            self._broker.fill(order, qty, order.price)

    # -- auctions ----------------------------------------------------------------------------------------------------

    def _cross(self, order: BookOrder, at_ms: int, *, tries: int) -> None:
        if not order.working:
            return
        tape = self._market.tape(order.listing.symbol)
        opening = order.kind in AT_OPEN
        price = 0
        if tape is not None and not tape.halted:
            price = (tape.today.open if opening else tape.today.close) or (tape.last if not tries else 0)
        if not price and tries:  # the first trade of a slow ticker comes later
            self._timeline.at(at_ms + 1000, lambda: self._cross(order, at_ms + 1000, tries=tries - 1))
            return
        if price and (order.price == 0 or _within(order, price)):
            self._broker.fill(order, order.open_qty, price)
        else:
            self._broker.expire(order)

    # -- TWAP and VWAP -----------------------------------------------------------------------------------------------

    def _slice(self, order: BookOrder) -> None:
        if not order.working:
            return
        now = self._timeline.now_ms
        if now >= order.end_ms:
            self._broker.expire(order)
            return
        slices = max(1, (order.end_ms - now) // SLICE_MS)
        tape = self._market.tape(order.listing.symbol)
        if tape is not None and tape.known and not tape.halted and _within(order, tape.last):
            self._broker.fill(order, -(-order.open_qty // slices), tape.last)
        if order.working:
            self._timeline.at(now + SLICE_MS, lambda: self._slice(order))

    def recheck(self, symbol: str) -> None:
        """Try resting orders against the book again, after a halt ended."""
        for order in sorted(self._resting.get(symbol, ()), key=_priority):
            if order.working:
                self._take(order)


def _within(order: BookOrder, price: int) -> bool:
    if price <= 0:
        return False
    return price <= order.price if order.buying else price >= order.price


def _priority(order: BookOrder) -> tuple[int, int, int]:
    return (-order.price if order.buying else order.price, order.placed_ms, order.odno)
