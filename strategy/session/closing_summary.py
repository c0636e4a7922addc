"""What a trading day came to, for the card at its end (row S32)."""

from datetime import datetime
from decimal import Decimal

from strategy.execution.interface import OrderDesk
from strategy.market.calendar import Session, next_open
from strategy.model import Holdings, SessionClosed, Side
from strategy.ports import OrderJournal
from strategy.risk.exposure import day_start


async def closing_card(
    session: Session,
    now: datetime,
    *,
    orders: OrderJournal,
    desk: OrderDesk,
    holdings: Holdings | None,
    checks: int,
    overruns: int,
) -> SessionClosed:
    """Sum up the New York date of a session from stored orders and fills; money in dollars."""
    begin = day_start(session.opens_at)
    fills = [fill for fill in await orders.fills(since=begin) if fill.filled_at <= now]
    bought = sum((fill.price * fill.qty for fill in fills if fill.side is Side.BUY), Decimal(0))
    sold = sum((fill.price * fill.qty for fill in fills if fill.side is Side.SELL), Decimal(0))
    return SessionClosed(
        at=now,
        session_on=session.on.isoformat(),
        orders=await orders.count_since(begin),
        fills=len(fills),
        bought=bought,
        sold=sold,
        fees=sum((fill.fees for fill in fills), Decimal(0)),
        realized=sum((fill.realized for fill in fills if fill.realized is not None), Decimal(0)),
        checks=checks,
        overruns=overruns,
        holdings=holdings,
        open_orders=tuple(desk.open),
        next_open=next_open(now),
    )
