"""The panic at work: cancel every order, sell every chosen position, and have the broker confirm that nothing is left.

It lasts until that is so or nothing more can be done, over restarts too. A ticker whose stop is at work is left to
the stop until that has ended; from then on the stop keeps away, so a share is never offered twice. See decision 0046.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol

from strategy.execution.interface import OrderDesk
from strategy.market import Session, current
from strategy.model import (
    Clock,
    Hitch,
    Holdings,
    Mode,
    ModeState,
    OrderNo,
    OrderStatus,
    Origin,
    PositionScope,
    Said,
    SaleEnd,
    Symbol,
    TradingError,
)
from strategy.panic.job import PanicJob
from strategy.panic.reports import PanicReports
from strategy.portfolio.interface import AccountSync, Positions
from strategy.ports import Panics
from strategy.risk.mode_store import ModeStore, stricter
from strategy.runtime import Activity
from strategy.settings.store import SettingsStore
from strategy.stops.exit_ladder import ExitLadder

log = logging.getLogger(__name__)

_CONFIRM_S = 10.0  # market time a cancel gets before the rest is sold without it
_ASK_AGAIN_S = 5.0
_STOP_ENDS_S = 1.0  # how often a stop at work is looked at
_ROUNDS = 3  # of selling: shares that turn up while it goes on are sold in the next one


class SellingClaims(Protocol):
    """Lets one at a time sell a ticker."""

    def claim(self, symbol: Symbol) -> bool: ...

    def give_back(self, symbol: Symbol) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PanicAccount:
    """The account as a panic asks for it: what is held, what of it is traded here, and how late the broker tells."""

    account_sync: AccountSync
    positions: Positions
    settings: SettingsStore
    lag: timedelta  # market time


class Panic:
    """Carries out one panic at a time."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        guard: SellingClaims,
        ladder: ExitLadder,
        account: PanicAccount,
        modes: ModeStore,
        story: PanicReports,
        panics: Panics,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._desk = desk
        self._guard = guard
        self._ladder = ladder
        self._account_sync = account.account_sync
        self._positions = account.positions
        self._modes = modes
        self._settings = account.settings
        self._story = story
        self._panics = panics
        self._clock = clock
        self._activity = activity
        self._lag = account.lag
        self._job: PanicJob | None = None
        self._wanted = asyncio.Event()

    @property
    def job(self) -> PanicJob | None:
        """Return the panic at work."""
        return self._job

    async def start(self, *, asked_by: int, everything: bool, shares: Mapping[Symbol, int]) -> bool:
        """Note the panic, stop the rules, and set it off; False when one is at work already.

        Raises StorageError, with nothing begun, when it cannot be noted.
        """
        if self._job is not None:
            return False
        now = self._clock.now()
        job = self._job = PanicJob(
            run=secrets.token_urlsafe(6),
            asked_by=asked_by,
            started_at=now,
            everything=everything,
            shares=dict(shares),
            orders=[order.no for order in self._desk.open],
        )
        try:
            await self._panics.begin(job.record())
        except BaseException:
            self._job = None
            raise
        self._wanted.set()  # from here on it is carried out, whatever becomes of the caller
        await self._stop_rules(job)
        return True

    async def resume(self) -> None:
        """Go on with a panic a restart has cut off. Call after the first look at the account."""
        if self._job is not None:
            return
        record = await self._panics.at_work()
        if record is not None:
            job = self._job = PanicJob.resume(record)
            self._wanted.set()
            chosen = self._modes.chosen()
            if chosen.set_by is None or chosen.set_at < job.started_at:  # cut off before its mode was stored
                await self._stop_rules(job)

    async def _stop_rules(self, job: PanicJob) -> None:
        mode = stricter(self._modes.chosen().mode, Mode.PROTECT_ONLY)
        if mode is Mode.PROTECT_ONLY:
            now = self._clock.now()
            await self._modes.set(
                ModeState(mode=mode, symbol=None, set_by=job.asked_by, set_at=now, reason="panic", until=None)
            )

    async def run(self) -> None:
        """Carry out what is asked for, until cancelled; may be run again after it failed, and goes on then."""
        while True:
            await self._wanted.wait()
            if self._job is not None:
                self._ladder.permissions.panic_from = self._job.started_at
                await self._carry_out(self._job)
                self._ladder.permissions.panic_from = self._job = None
            self._wanted.clear()

    # one panic

    async def _carry_out(self, job: PanicJob) -> None:
        session = self._session(job)
        holdings: Holdings | None = None
        await self._story.tell(job)
        async with asyncio.TaskGroup() as group:
            follower = group.create_task(self._follow(job), name="panic: progress")
            if job.resumed:
                await self._know()
            for _ in range(_ROUNDS):
                async with asyncio.TaskGroup() as both:  # no sale waits for a cancel in another ticker
                    both.create_task(self._cancel_loose(job), name="panic: cancel")
                    both.create_task(self._sell(job, session), name="panic: sell")
                holdings, wrong = await self._confirm(job)
                if not wrong and not self._cancelable():
                    break
            follower.cancel()
        await self._story.finish(job, holdings)
        with self._activity():
            await self._store_end(job)

    def _session(self, job: PanicJob) -> Session | None:
        """Return the session to sell in: the one it was started in, never a later one that nobody thought of."""
        session = current(self._clock.now())
        return session if session is not None and session == current(job.started_at) else None

    def _open(self, session: Session | None) -> bool:
        return session is not None and self._clock.now() < session.closes_at

    async def _know(self) -> None:
        """Wait until the account has been looked at, after a restart."""
        while not self._positions.known:
            await self._try_sync()
            if not self._positions.known:
                await self._clock.sleep(_ASK_AGAIN_S)

    def _cancelable(self) -> bool:
        """Return whether an order is open that could be canceled: one placed meanwhile, or not confirmed in time."""
        return any(order.status is not OrderStatus.UNKNOWN for order in self._desk.open)

    async def _cancel_loose(self, job: PanicJob) -> None:
        """Cancel what rests in tickers that are not sold; the others' orders go first thing in their own selling."""
        loose = [order for order in self._desk.open if order.request.symbol not in job.shares]
        async with asyncio.TaskGroup() as group:
            for order in loose:
                group.create_task(self._cancel(order.no), name=f"panic: cancel {order.no}")

    async def _cancel(self, no: OrderNo) -> None:
        try:
            await self._desk.cancel_and_confirm(no, within_s=_CONFIRM_S)
        except TradingError as error:
            log.warning("panic: not canceled", extra={"order": no, "error": str(error)})

    async def _sell(self, job: PanicJob, session: Session | None) -> None:
        """Sell side by side whatever is not done with."""
        async with asyncio.TaskGroup() as group:
            for symbol in job.shares:
                if job.reasons.get(symbol, SaleEnd.FLAT) is SaleEnd.FLAT and self._left(symbol) > 0:
                    group.create_task(self._sell_one(job, symbol, session), name=f"panic: {symbol}")
                elif symbol not in job.reasons:
                    job.reasons[symbol] = SaleEnd.FLAT
        await self._story.tell(job)

    async def _sell_one(self, job: PanicJob, symbol: Symbol, session: Session | None) -> None:
        if session is None or not self._open(session):
            await self._cancel_in(symbol)
            job.reasons[symbol] = SaleEnd.CLOSED if current(job.started_at) is None else SaleEnd.SESSION_END
            return
        while not self._guard.claim(symbol):  # a stop is selling: it ends first
            await self._clock.sleep(_STOP_ENDS_S)
            if not self._open(session):
                job.reasons[symbol] = SaleEnd.SESSION_END
                return
        try:
            await self._cancel_in(symbol)
            job.reasons[symbol] = await self._sell_out(job, symbol, session)
        finally:
            self._guard.give_back(symbol)
        await self._story.tell(job)

    async def _cancel_in(self, symbol: Symbol) -> None:
        async with asyncio.TaskGroup() as group:
            for order in await self._desk.open_in(symbol):
                if order.venue_no is None:
                    continue  # no answer yet: it has no number to cancel it by, and a buy holds no sale up
                group.create_task(self._cancel(order.no), name=f"panic: cancel {order.no}")

    async def _sell_out(self, job: PanicJob, symbol: Symbol, session: Session) -> SaleEnd:
        """Sell one position to its end; what cannot be stored is tried again until the close."""
        while self._open(session):
            try:
                exit_result = await self._ladder.exit(
                    symbol,
                    qty=self._left(symbol),
                    origin=Origin.PANIC,
                    until=session.closes_at,
                    asked_by=job.asked_by,
                    scope=PositionScope.ACCOUNT,
                    held_up=partial(self._held_up, job, symbol),
                )
            except TradingError:
                log.exception("panic: a sale could not go on; tried again", extra={"symbol": str(symbol)})
                await self._clock.sleep(_ASK_AGAIN_S)
                continue
            if self._desk.blocked(symbol) is not None:
                return SaleEnd.UNKNOWN
            stands = exit_result.reason is SaleEnd.SESSION_END and self._story.stands_still(symbol)
            return SaleEnd.HALTED if stands else exit_result.reason
        return SaleEnd.SESSION_END

    async def _held_up(self, job: PanicJob, symbol: Symbol, hitch: Hitch, _: Said) -> None:
        job.hitches[symbol] = hitch
        await self._story.tell(job)

    def _left(self, symbol: Symbol) -> int:
        position = self._positions.of(symbol)
        return position.qty if position else 0

    async def _follow(self, job: PanicJob) -> None:
        with self._desk.changed() as changes:
            while True:
                await changes.next()
                await self._story.tell(job)

    # the broker's word

    async def _confirm(self, job: PanicJob) -> tuple[Holdings | None, Sequence[Symbol]]:
        """Ask the broker what is left until it agrees or its lag has passed; return its word and what is not so.

        What turned up meanwhile in the chosen positions is added to the job.
        """
        deadline = self._clock.now() + self._lag
        holdings: Holdings | None = None
        while True:
            holdings = await self._try_sync() or holdings
            wrong = self._wrong(job, holdings) if holdings is not None else []
            if (holdings is not None and not wrong) or self._clock.now() >= deadline:
                for symbol in wrong:
                    job.reasons.pop(symbol, None)
                return holdings, wrong
            await self._clock.sleep(_ASK_AGAIN_S)

    def _wrong(self, job: PanicJob, holdings: Holdings) -> list[Symbol]:
        """Return the chosen tickers that were thought sold, or not there, and are held."""
        watched = set(self._settings.tickers)
        held = {one.symbol: one.qty for one in holdings.positions if one.qty > 0}
        chosen = [symbol for symbol in held if job.everything or symbol in watched]
        for symbol in chosen:
            job.shares.setdefault(symbol, held[symbol])
        return [symbol for symbol in chosen if job.reasons.get(symbol, SaleEnd.FLAT) is SaleEnd.FLAT]

    async def _try_sync(self) -> Holdings | None:
        try:
            return await self._account_sync.take("asked")
        except TradingError as error:
            log.warning("panic: the account could not be asked", extra={"error": str(error)})
            return None

    async def _store_end(self, job: PanicJob) -> None:
        while True:
            try:
                await self._panics.end(job.run, self._clock.now())
            except TradingError:
                log.exception("panic: its end could not be stored; tried again")
                await self._clock.sleep(_ASK_AGAIN_S)
            else:
                return
