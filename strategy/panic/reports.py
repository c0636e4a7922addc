"""What a panic tells: how it stands at each change, and at the end what the broker confirms."""

import logging
from collections.abc import Mapping, Sequence
from enum import StrEnum

from strategy.execution.interface import OrderDesk
from strategy.market import MarketData, current, next_open
from strategy.model import (
    Clock,
    Hitch,
    Holdings,
    OrderStatus,
    PanicLine,
    PanicProgress,
    Said,
    SaleEnd,
    Symbol,
    TradingError,
    UnreadRow,
)
from strategy.panic.job import PanicJob
from strategy.portfolio.interface import Positions
from strategy.ports import Notifier, OrderJournal
from strategy.runtime import Activity
from strategy.settings.store import SettingsStore

log = logging.getLogger(__name__)


class PanicRest(StrEnum):
    NOT_CONFIRMED = "panic_rest.not_confirmed"
    LEFT = "panic_rest.left"
    OPEN_ORDERS = "panic_rest.open_orders"
    AT_THE_OPEN = "panic_rest.at_the_open"
    AGAIN = "panic_rest.again"
    NOTHING = "panic_rest.nothing"
    NEITHER = "panic_rest.neither"
    ALL = "panic_rest.all"


class PanicReason(StrEnum):
    SESSION_END = "panic_reason.session_end"
    CLOSED = "panic_reason.closed"
    NOT_ORDERABLE = "panic_reason.not_orderable"
    REJECTED = "panic_reason.rejected"
    HALTED = "panic_reason.halted"
    UNKNOWN = "panic_reason.unknown"
    LEFT = "panic_reason.left"
    RESTARTED = "panic_reason.restarted"


_UNSTORED_S = 5.0
_WORDS = {
    SaleEnd.SESSION_END: Said(PanicReason.SESSION_END),
    SaleEnd.CLOSED: Said(PanicReason.CLOSED),
    SaleEnd.NOT_ORDERABLE: Said(PanicReason.NOT_ORDERABLE),
    SaleEnd.REJECTED: Said(PanicReason.REJECTED),
    SaleEnd.HALTED: Said(PanicReason.HALTED),
    SaleEnd.UNKNOWN: Said(PanicReason.UNKNOWN),
    SaleEnd.GOING_ON: Said(PanicReason.LEFT),
}


class PanicReports:
    """Makes the events of a panic; one that says nothing new is not told."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        orders: OrderJournal,
        watch: MarketData,
        positions: Positions,
        settings: SettingsStore,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._desk = desk
        self._orders = orders
        self._watch = watch
        self._positions = positions
        self._settings = settings
        self._notifier = notifier
        self._clock = clock
        self._activity = activity
        self._told: tuple[object, ...] = ()

    def stands_still(self, symbol: Symbol) -> bool:
        """Return whether the ticker could not be traded because it is halted."""
        quote = self._watch.latest(symbol)
        return quote is not None and quote.halted

    async def tell(self, job: PanicJob) -> None:
        """Tell how it stands, where that has changed; what cannot be stored holds nothing up."""
        held = {symbol: position.qty for symbol in job.shares if (position := self._positions.of(symbol))}
        lines = self._lines(job, held if self._positions.known else job.shares)
        try:
            with self._activity():
                done, left = await self._cancels(job)
                state = (job.run, done, left, *((line.symbol, line.sold, line.reason) for line in lines))
                if state == self._told:
                    return
                await self._notifier.tell(self._event(job, lines, done, left, note=_RESUMED if job.resumed else None))
                self._told = state
        except TradingError:
            log.exception("panic: its progress could not be told")

    async def finish(self, job: PanicJob, holdings: Holdings | None) -> None:
        """Tell the end by the broker's word; None: it could not be asked. Tries until it is stored."""
        estimated = {symbol: one.qty for symbol in job.shares if (one := self._positions.of(symbol))}
        if holdings is not None:
            left = {symbol: qty for symbol, qty in estimated.items() if symbol in self._positions.doubted}
            left |= {one.symbol: one.qty for one in holdings.positions if one.qty > 0}
        else:
            left = estimated
        lines = self._lines(job, left)
        while True:
            try:
                with self._activity():
                    done, open_orders = await self._cancels(job)
                    still = [order.no for order in self._desk.open]
                    unsure = [row for row in _not_sold(job, holdings) if not row.aside]
                    sold = holdings is not None and all(line.sold == line.qty for line in lines)
                    flat = sold and not still and not unsure
                    note = self._note(
                        lines,
                        [f"#{no}" for no in still],
                        confirmed=holdings is not None,
                        others=_not_sold(job, holdings),
                    )
                    await self._notifier.tell(self._event(job, lines, done, open_orders, note=note, flat=flat))
            except TradingError:
                log.exception("panic: its end could not be told; tried again")
                await self._clock.sleep(_UNSTORED_S)
            else:
                return

    def _lines(self, job: PanicJob, left: Mapping[Symbol, int]) -> tuple[PanicLine, ...]:
        lines: list[PanicLine] = []
        for symbol, qty in sorted(job.shares.items()):
            rest = min(left.get(symbol, 0), qty)
            reason = job.reasons.get(symbol, SaleEnd.GOING_ON)
            if rest and reason in (SaleEnd.GOING_ON, SaleEnd.FLAT):
                reason = self._meanwhile(job, symbol)
            quote = self._watch.latest(symbol)
            lines.append(
                PanicLine(
                    symbol=symbol,
                    watched=symbol in self._settings.tickers,
                    qty=qty,
                    sold=qty - rest,
                    last=quote.last if quote else None,
                    reason=reason if rest else SaleEnd.FLAT,
                )
            )
        return tuple(lines)

    def _meanwhile(self, job: PanicJob, symbol: Symbol) -> SaleEnd:
        """Return what holds a sale up that goes on, or that nothing does."""
        if self._desk.blocked(symbol) is not None:
            return SaleEnd.UNKNOWN
        if self.stands_still(symbol):
            return SaleEnd.HALTED
        return SaleEnd.NOT_ORDERABLE if job.hitches.get(symbol) is Hitch.NOT_ORDERABLE else SaleEnd.GOING_ON

    async def _cancels(self, job: PanicJob) -> tuple[int, int]:
        """Return how many of the orders open at the start are canceled, and how many are still open."""
        still = {order.no for order in self._desk.open}
        done = 0
        for no in job.orders:
            order = None if no in still else await self._orders.get(no)
            done += order is not None and order.status is OrderStatus.CANCELED
        return done, sum(no in still for no in job.orders)

    def _event(
        self,
        job: PanicJob,
        lines: tuple[PanicLine, ...],
        done: int,
        left: int,
        *,
        note: Said | None,
        flat: bool | None = None,
    ) -> PanicProgress:
        return PanicProgress(
            at=self._clock.now(),
            run=job.run,
            started_at=job.started_at,
            asked_by=job.asked_by,
            canceled=done,
            cancels_left=left,
            lines=lines,
            done=flat is not None,
            flat=flat,
            note=note,
        )

    def _note(
        self, lines: tuple[PanicLine, ...], open_orders: list[str], *, confirmed: bool, others: Sequence[UnreadRow]
    ) -> Said:
        rest = [line for line in lines if line.sold < line.qty]
        said: list[Said] = []
        if not confirmed:
            said.append(Said(PanicRest.NOT_CONFIRMED))
        said += [
            Said(PanicRest.LEFT, ticker=line.symbol.ticker, qty=line.qty - line.sold, why=_WORDS[line.reason])
            for line in rest
        ]
        if open_orders:
            said.append(Said(PanicRest.OPEN_ORDERS, orders=tuple(open_orders)))
        if rest and current(self._clock.now()) is None:
            said.append(Said(PanicRest.AT_THE_OPEN, at=next_open(self._clock.now())))
        elif rest or open_orders:
            said.append(Said(PanicRest.AGAIN))
        if not said and all(row.aside for row in others):
            said.append(Said(PanicRest.NOTHING))
        said += [Said(PanicRest.NEITHER, name=row.name or "?", why=row.why) for row in others]
        return Said(PanicRest.ALL, said=tuple(said))


def _not_sold(job: PanicJob, holdings: Holdings | None) -> Sequence[UnreadRow]:
    """Return the rows a panic over these tickers has to answer for although it could sell nothing of them."""
    rows = holdings.unread if holdings is not None else ()
    return [row for row in rows if job.everything or (row.symbol is None and not row.aside) or row.symbol in job.shares]


_RESUMED = Said(PanicReason.RESTARTED)
