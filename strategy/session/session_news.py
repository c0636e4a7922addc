"""The cards of a session: its open, and what it came to at its end; told once each, over restarts too (S32, S49)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from strategy.execution.interface import OrderDesk
from strategy.market import Session, day_start, next_open
from strategy.model import Clock, DayResult, Holdings, SessionClosed, SessionOpened, Side
from strategy.portfolio.interface import AccountSync
from strategy.ports import Notes, OrderJournal
from strategy.risk.mode_store import ModeStore

_OPENED = "session_opened"
_CLOSED = "session_closed"


class DayMeter(Protocol):
    async def today(self, on: date, holdings: Holdings | None) -> DayResult | None:
        """Return what the session of a New York date has come to; None where nobody can say."""


class SessionNews:
    """Notes which session was told in the transaction that tells it."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        orders: OrderJournal,
        account_sync: AccountSync,
        day_meter: DayMeter,
        modes: ModeStore,
        notes: Notes,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._orders = orders
        self._account_sync = account_sync
        self._day_meter = day_meter
        self._modes = modes
        self._notes = notes
        self._clock = clock

    async def opened(self, session: Session) -> None:
        """Tell the open once per session, also when the program starts inside of it; raise StorageError."""
        now = self._clock.now()
        if now >= session.closes_at or await self._notes.get(_OPENED) == session.on.isoformat():
            return
        opened = SessionOpened(
            at=now,
            session_on=session.on.isoformat(),
            closes_at=session.closes_at,
            half_day=session.half_day,
            holdings=self._account_sync.now,
            open_orders=len(self._desk.open),
            mode=self._modes.account,
        )
        await self._notes.put(_OPENED, session.on.isoformat(), [opened])

    async def told_closed(self, session: Session) -> bool:
        """Return whether the summary of a session was told."""
        return await self._notes.get(_CLOSED) == session.on.isoformat()

    async def closed(self, session: Session, *, checks: int, overruns: int) -> None:
        """Tell what the New York date of a session came to; raise StorageError."""
        summary = await self._summary(session, self._clock.now(), checks=checks, overruns=overruns)
        await self._notes.put(_CLOSED, session.on.isoformat(), [summary])

    async def _summary(self, session: Session, now: datetime, *, checks: int, overruns: int) -> SessionClosed:
        """Sum up stored orders and fills; money in dollars."""
        begin = day_start(session.opens_at)
        fills = [fill for fill in await self._orders.fills(since=begin) if fill.filled_at <= now]
        bought = sum((fill.price * fill.qty for fill in fills if fill.side is Side.BUY), Decimal(0))
        sold = sum((fill.price * fill.qty for fill in fills if fill.side is Side.SELL), Decimal(0))
        return SessionClosed(
            at=now,
            session_on=session.on.isoformat(),
            orders=await self._orders.count_since(begin),
            fills=len(fills),
            bought=bought,
            sold=sold,
            fees=sum((fill.fees for fill in fills), Decimal(0)),
            result=sum((fill.result for fill in fills if fill.result is not None), Decimal(0)),
            realized=sum((fill.realized for fill in fills if fill.realized is not None), Decimal(0)),
            checks=checks,
            overruns=overruns,
            holdings=self._account_sync.now,
            today=await self._day_meter.today(session.on, self._account_sync.now),
            open_orders=tuple(self._desk.open),
            next_open=next_open(now),
        )
