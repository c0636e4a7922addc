"""The broker's word on all orders, applied: states, missing fills, lost replies, orders made by hand.

The inquiry is the judge, but a slow one (kis-protocol 3.9: seconds to minutes). So nothing is concluded from absence
or from an older state before the visibility lag has passed, and counted fills are never taken back.
See decisions 0107 and 0108.
"""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from strategy.execution.fill_tally import corrected
from strategy.execution.order_cache import NO_ANSWER, NO_STOCK, NOT_FOUND, NOT_SHOWN, OrderCache
from strategy.execution.order_matching import APART, NEARLY, Evidence, early_polls, match, may_come_from, resembles
from strategy.execution.order_state_machine import may_move
from strategy.execution.uncountable_rows import UnreadNews
from strategy.market import session_on
from strategy.model import (
    BrokerOrder,
    HandOrder,
    Holdings,
    InvalidOrder,
    Kept,
    Order,
    OrderList,
    OrderNo,
    OrderStatus,
    Origin,
    Said,
    Symbol,
    Trouble,
    UnreadOrder,
    VenueNo,
    cents,
)
from strategy.ports import Notifier

log = logging.getLogger(__name__)


class FoundNote(StrEnum):
    LINE = "found.line"
    BY_HAND = "found.by_hand"
    BY_HAND_FILLED = "found.by_hand_filled"
    CHANGED = "found.changed"
    DECLARED = "found.declared"
    STILL_OPEN = "found.still_open"
    CORRECTED = "found.corrected"
    ACCEPTED = "found.accepted"
    MAYBE = "found.maybe"
    SHARES_SAY = "found.shares_say"
    NEVER_ARRIVED = "found.never_arrived"
    NOT_SHOWN = "found.not_shown"
    MORE_FILLED = "found.more_filled"
    HAS_ENDED = "found.has_ended"


POLLS_NEEDED = 3  # before an absence means anything
_WORKING = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})
_ENDED = frozenset({OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED})
_OTHERWISE = Said(FoundNote.CHANGED)


class OrderReconciler:
    """Applies polls. `in_flight` are orders whose reply is still awaited: they are left alone."""

    def __init__(
        self,
        *,
        cache: OrderCache,
        notifier: Notifier,
        lag: timedelta,
        ahead: Callable[[], timedelta | None],
        unexplained: Callable[[Symbol, Holdings], Awaitable[int]],
    ) -> None:
        """`ahead` is how far the broker's clock is ahead of ours, None while unknown; `unexplained` how many shares of
        a ticker some holdings show that the fills do not explain.
        """
        self._cache = cache
        self._notifier = notifier
        self._lag = lag
        self._ahead = ahead
        self._unexplained = unexplained
        self._times_absent: dict[OrderNo, int] = {}  # polls that did not show an order
        self._clear_since: dict[OrderNo, datetime] = {}  # since when three lists agree that a sell is not there
        self._doubts_told: set[OrderNo] = set()
        self._hidden: Sequence[UnreadOrder] = ()  # rows of the newest look that could not be read
        self._news = UnreadNews("order", notifier)
        self._candidates: dict[OrderNo, tuple[BrokerOrder, ...]] = {}  # of doubtful orders, in the newest look

    @property
    def unread(self) -> frozenset[Symbol]:
        """Tickers with an order in the newest look that could not be read."""
        return frozenset(row.row.symbol for row in self._hidden if row.row.symbol is not None)

    def candidates(self, no: OrderNo) -> tuple[BrokerOrder, ...]:
        """Return the broker's orders, nobody's so far, that may be this one; as the newest look showed them."""
        return self._candidates.get(no, ())

    def absence_counts(self, order: Order, at: datetime) -> bool:
        """Return whether it would surely be visible by now, had it reached the broker."""
        return at - order.updated_at >= self._lag

    async def settle(self, no: OrderNo, found: BrokerOrder | None, at: datetime, by: int) -> Order:
        """Take a person's word on an unknown order: it is `found`, or (None) it is not at the broker.

        Raises InvalidOrder when that is no longer possible.
        """
        async with self._cache.lock:
            order = await self._cache.get(no)
            here = found is not None and any(one.venue_no == found.venue_no for one in self.candidates(no))
            if order.status is not OrderStatus.UNKNOWN or (found is not None and not here):
                raise InvalidOrder(f"order {no} cannot be settled so any more", user_message=_OTHERWISE)
            reason = Said(FoundNote.DECLARED, user=by)
            if found is None:
                if not self.absence_counts(order, at):
                    raise InvalidOrder(f"order {no} may still show up", user_message=_OTHERWISE)
                gone = OrderStatus.CANCELED if order.filled_qty or order.venue_no else OrderStatus.REJECTED
                await self._cache.move(no, gone, at, reason=reason)
            else:
                first = (*found.replaced, found.venue_no)[0]
                await self._cache.move(
                    no, OrderStatus.ACCEPTED, at, reason=reason, venue_no=first, accepted_at=found.ordered_at
                )
                await self._judge(no, found, at)
            self._candidates.pop(no, None)
            return await self._cache.get(no)

    async def apply(
        self,
        seen: OrderList,
        at: datetime,
        *,
        in_flight: Collection[OrderNo],
        heard: Collection[str],
        evidence: Evidence | None,
    ) -> Sequence[Said]:
        """Apply a look asked for at `at`; return one line per difference.

        `heard` are tickers with notices of numbers nobody knows: an order of theirs is not called absent, nor is any
        without `evidence` of the broker's other lists.
        """
        async with self._cache.lock:
            lines: list[Said] = []
            shown: set[OrderNo] = set()
            pool: list[BrokerOrder] = []
            for found in seen:
                no = await self._known(found)
                if no is None:
                    pool.append(found)
                else:
                    shown.add(no)
                    lines += await self._judge(no, found, at)
            self._hidden = seen.unread
            lines += await self._find_unanswered(pool, at, in_flight, heard, evidence)
            lines += await self._by_hand(pool, at)
            lines += await self._missing(shown, at, in_flight)
            await self._let_go(seen.unread, at)
            self._cache.fresh = False
            self._cache.forget_old(at)
        await self._news.tell([row.row for row in seen.unread], at)
        return lines

    async def _let_go(self, unread: Sequence[UnreadOrder], at: datetime) -> None:
        """End orders by hand that turn out to be for no US stock: versions before took them for one."""
        aside = {row.venue_no for row in unread if row.row.aside and row.venue_no is not None}
        for order in self._cache.open():
            if order.request.origin is Origin.EXTERNAL and order.venue_no in aside:
                await self._cache.move(order.no, OrderStatus.CANCELED, at, reason=NO_STOCK)

    def _may_be_hidden(self, order: Order) -> bool:
        """Return whether a row of the newest look that could not be read may be this order's."""
        return any(hides(row, order) for row in self._hidden)

    async def _judge(self, no: OrderNo, found: BrokerOrder, at: datetime, *, tell: bool = True) -> list[Said]:
        self._times_absent.pop(no, None)
        order = await self._cache.get(no)
        renumbered = await self._link(order, found, at)
        order = await self._cache.get(no)
        tally = await self._cache.tally(no)
        parts = tally.inquired(
            found.filled_qty, found.filled_amount, venue_no=found.venue_no, at=at, about=order.limit_price
        )
        new = sum(part.qty for part in parts)
        old_enough = renumbered or order.reason == NOT_SHOWN or at - order.updated_at > self._lag
        status = judged(order, found, order.filled_qty + new, old_enough=old_enough)
        if status is OrderStatus.EXPIRED and self._closing(found, at):
            status = order.status  # the closing auction may still fill it
        fewer = _fewer(order, found)
        if status in _ENDED and found.status in _WORKING and old_enough:
            await self._tell_once(order, at, Said(FoundNote.STILL_OPEN))
        numbers = await self._cache.numbers(no)
        back = found.venue_no if self._went_back(order, found, numbers, old_enough=old_enough) else None
        price = found.limit_price if found.venue_no in (order.venue_no, back) and found.limit_price > 0 else None
        right = () if tally.agrees(found) else corrected(await self._cache.fills(no), found.filled_amount)
        same = status is order.status and price in (None, order.limit_price)
        if same and not parts and not right and back is None and fewer is None:
            return []
        ended = status in _ENDED and status is not order.status
        reason = Said(Kept.WORDS, words=found.reason) if ended and found.reason else None
        now = await self._cache.move(
            no,
            status,
            at,
            reason=reason,
            venue_no=back,
            limit_price=price,
            working_qty=fewer,
            parts=parts,
            corrected=right,
            tell=tell,
        )
        told = [await self._tell_correction(order, now, at)] if right else []
        return [*_explained(order, status, new), *told]

    def _closing(self, found: BrokerOrder, at: datetime) -> bool:
        """Return whether the order's session has ended so lately that the list may not know all of its fills."""
        session = session_on(found.traded_on)
        return session is not None and session.closes_at <= at < session.closes_at + self._lag

    async def _tell_correction(self, before: Order, now: Order, at: datetime) -> Said:
        was, amount = (cents(one.filled_amount) for one in (before, now))
        line = _line(
            now,
            Said(FoundNote.CORRECTED, was=was, amount=amount),
        )
        if was != amount:  # not what the fills were told to have come to
            await self._notifier.tell(Trouble(at=at, key=f"amount:{now.no}", what=line, symbol=now.request.symbol))
        return line

    async def _link(self, order: Order, found: BrokerOrder, at: datetime) -> bool:
        """Note numbers of this order not known yet: it was amended, and the answer lost or the amend made by hand."""
        numbers = await self._cache.numbers(order.no)
        unknown = [number for number in (*found.replaced, found.venue_no) if number not in numbers]
        if unknown and unknown[-1] != found.venue_no:
            unknown.append(found.venue_no)
        for number in unknown:
            await self._cache.move(order.no, order.status, at, venue_no=number, tell=False)
        return bool(unknown)

    def _went_back(self, order: Order, found: BrokerOrder, numbers: Sequence[VenueNo], *, old_enough: bool) -> bool:
        """Return whether an amend we believed in was not carried out: an older number still works."""
        older = found.venue_no in numbers and found.venue_no != order.venue_no
        return older and old_enough and found.status in _WORKING

    async def _find_unanswered(
        self,
        pool: list[BrokerOrder],
        at: datetime,
        in_flight: Collection[OrderNo],
        heard: Collection[str],
        evidence: Evidence | None,
    ) -> list[Said]:
        """Settle orders whose reply is missing; what is taken or may be taken leaves the pool."""
        lines: list[Said] = []
        waiting = [order.by_clock(at) for order in self._cache.unanswered() if order.no not in in_flight]
        matches = match(waiting, pool, self._ahead())
        for order, found in matches.found:
            pool.remove(found)
            await self._cache.move(
                order.no,
                OrderStatus.ACCEPTED,
                at,
                venue_no=(*found.replaced, found.venue_no)[0],
                accepted_at=found.ordered_at,
            )
            lines.append(_line(order, Said(FoundNote.ACCEPTED)))
            lines += await self._judge(order.no, found, at)
        self._candidates = {
            order.no: tuple(found for found in pool if resembles(order, found)) for order in matches.doubtful
        }
        for order in matches.doubtful:
            self._clear_since.pop(order.no, None)
            await self._tell_once(order, at, Said(FoundNote.MAYBE))
        for order in matches.absent:
            if order.request.symbol.ticker not in heard and not self._may_be_hidden(order):
                lines += await self._absent(order, at, evidence)
        mine = [*matches.doubtful, *(order for order in self._cache.unanswered() if order.no in in_flight)]
        pool[:] = [found for found in pool if not any(resembles(order, found) for order in mine)]
        return lines

    async def _absent(self, order: Order, at: datetime, evidence: Evidence | None) -> list[Said]:
        """Count a look without the order; declare it not sent only when it would surely be visible by now."""
        if at <= order.updated_at:
            return []
        self._times_absent[order.no] = self._times_absent.get(order.no, 0) + 1
        if order.status is OrderStatus.SENT:
            await self._cache.move(order.no, OrderStatus.UNKNOWN, at, reason=NO_ANSWER)
            return []
        if evidence is None:
            return []
        late = self._times_absent[order.no] >= POLLS_NEEDED and at - order.updated_at >= self._lag
        doubted = await self._doubted(order, evidence)
        early = self._clear_early(order, at, doubted=doubted or evidence.shares_bound(order))
        if not late and not early:
            return []
        if doubted:
            await self._tell_once(order, at, Said(FoundNote.SHARES_SAY))
            return []
        self._clear_since.pop(order.no, None)
        await self._cache.move(order.no, OrderStatus.REJECTED, at, reason=NOT_FOUND)
        return [_line(order, Said(FoundNote.NEVER_ARRIVED))]

    async def _doubted(self, order: Order, evidence: Evidence) -> bool:
        """Return whether anything at the broker may come from an order that its list does not show."""
        if may_come_from(order, await self._unexplained(order.request.symbol, evidence.holdings)):
            return True
        for found in evidence.open_orders:
            if resembles(order, found) and await self._known(found) is None:
                return True
        if order.request.symbol in evidence.holdings.doubted:
            return True
        return any(hides(row, order) for row in evidence.open_orders.unread)

    async def _known(self, found: BrokerOrder) -> OrderNo | None:
        numbers = (found.venue_no, *reversed(found.replaced))
        return await self._cache.find(numbers, found.traded_on, found.symbol.ticker, found.side)

    def _clear_early(self, order: Order, at: datetime, *, doubted: bool) -> bool:
        """Return whether all lists agreed twice, long enough after the request, that a sell is not there."""
        polls = early_polls(order)
        if polls is None or doubted or at < polls[0]:
            self._clear_since.pop(order.no, None)
            return False
        since = self._clear_since.setdefault(order.no, at)
        return at >= polls[1] - NEARLY and at - since >= APART

    async def _tell_once(self, order: Order, at: datetime, news: Said) -> None:
        if order.no in self._doubts_told:
            return
        self._doubts_told.add(order.no)
        what = _line(order, news)
        await self._notifier.tell(Trouble(at=at, key=f"unknown:{order.no}", what=what, symbol=order.request.symbol))

    async def _by_hand(self, pool: Sequence[BrokerOrder], at: datetime) -> list[Said]:
        lines: list[Said] = []
        for found in pool:
            if found.status is OrderStatus.UNKNOWN:
                continue  # it says nothing yet; the next look will
            since = self._cache.loaded_at
            before_us = self._cache.fresh and found.status.closed and since is not None and found.ordered_at < since
            news = not before_us
            order = await self._cache.add_by_hand(
                found, at, (HandOrder(at=at, found=found, order=None),) if news else ()
            )
            lines += [_by_hand_line(order, found)] if news else []
            await self._judge(order.no, found, at, tell=False)
        return lines

    async def _missing(self, shown: Collection[OrderNo], at: datetime, in_flight: Collection[OrderNo]) -> list[Said]:
        """An accepted order that the broker keeps leaving out becomes unknown: the ticker waits, the owner is told."""
        lines: list[Said] = []
        for order in self._cache.open():
            unseen = order.venue_no is not None and order.no not in shown and order.no not in in_flight
            if not unseen or at <= order.updated_at or self._may_be_hidden(order):
                continue
            polls = self._times_absent[order.no] = self._times_absent.get(order.no, 0) + 1
            if polls < POLLS_NEEDED or at - order.updated_at < self._lag or order.status is OrderStatus.UNKNOWN:
                continue
            await self._cache.move(order.no, OrderStatus.UNKNOWN, at, reason=NOT_SHOWN)
            lines.append(_line(order, Said(FoundNote.NOT_SHOWN)))
        return lines


def hides(unread: UnreadOrder, order: Order) -> bool:
    """Return whether a row that could not be read may be the broker's word on an order."""
    if unread.venue_no is not None and order.venue_no is not None:
        return unread.venue_no == order.venue_no
    return not unread.row.aside and unread.row.symbol in (None, order.request.symbol)


def judged(order: Order, found: BrokerOrder, filled: int, *, old_enough: bool) -> OrderStatus:
    """Return the state after the inquiry's word; `old_enough`: our own is older than the visibility lag."""
    grown = found.status in _WORKING and found.qty > order.request.qty  # amended upwards by hand
    whole = filled >= order.request.qty and not grown
    if whole or order.status is OrderStatus.FILLED or found.status is OrderStatus.FILLED:
        return OrderStatus.FILLED
    if found.status in _ENDED:
        return found.status if may_move(order.status, found.status) else order.status
    working = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.ACCEPTED
    if found.status in _WORKING:
        newer = order.status.closed or order.status in (OrderStatus.CANCEL_SENT, OrderStatus.UNKNOWN)
        keeps = (newer and not old_enough) or not may_move(order.status, working)
        return order.status if keeps else working
    return working if order.status in _WORKING else order.status


def _fewer(order: Order, found: BrokerOrder) -> int | None:
    """Return how many shares a working order is for, where that is news: it was amended down, by us or by hand."""
    if found.status not in _WORKING or found.venue_no != order.venue_no:
        return None
    total = min(found.open_qty + found.filled_qty, order.request.qty)
    return total if total > 0 and total != (order.working_qty or order.request.qty) else None


def _explained(order: Order, status: OrderStatus, new: int) -> list[Said]:
    lines: list[Said] = []
    if new:
        lines.append(_line(order, Said(FoundNote.MORE_FILLED, filled=new)))
    if status.closed and status is not OrderStatus.FILLED and status is not order.status:
        lines.append(_line(order, Said(FoundNote.HAS_ENDED, status=status)))
    return lines


def _line(order: Order, news: Said) -> Said:
    asked = order.request
    return Said(
        FoundNote.LINE,
        order=order.no,
        side=asked.side,
        ticker=asked.symbol.ticker,
        qty=asked.qty,
        price=order.limit_price,
        news=news,
    )


def _by_hand_line(order: Order, found: BrokerOrder) -> Said:
    if found.filled_qty:
        return _line(order, Said(FoundNote.BY_HAND_FILLED, status=found.status, filled=found.filled_qty))
    return _line(order, Said(FoundNote.BY_HAND, status=found.status))
