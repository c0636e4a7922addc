"""A database of a version that took whatever the broker answered for a ticker: the program starts, and goes on."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from storage.carry_over import carry_over
from storage.database import FILE_NAME, open_storage
from strategy.model import Market, OrderStatus, Origin, Side, Symbol
from tests.fakes.clock import trading_settings
from tests.fakes.stored_samples import broker_order
from tests.support.engine_bench import BEFORE_OPEN, OPEN, TQQQ, World, running

BOND = Symbol(Market.NASDAQ, "US91282CJL54")  # as the reader of old built it from a row without an exchange
BRK_B = Symbol(Market.NYSE, "BRK/B")


async def poison(path: Path) -> None:
    """Store what that version stored: a bond agreed on as held, among a panic's shares, and ordered by hand."""
    at = BEFORE_OPEN - timedelta(hours=20)
    agreed = {
        "since": at.isoformat(),
        "at": at.isoformat(),
        "symbols": {str(BOND): [5, 0], str(TQQQ): [10, 0], "NYSE:BRK.B": [3, 0], "NYSE:BRK/B": [4, 0]},
    }
    panic = {
        "run": "abc",
        "asked_by": 7,
        "started_at": at.isoformat(),
        "everything": True,
        "shares": {str(BOND): 5},
        "orders": [],
    }
    day = {
        "equity": "5000",
        "value": "2000",
        "values": {str(BOND): "500", str(TQQQ): "1500"},
        "held": {str(BOND): 5, str(TQQQ): 10},
        "left_out": [],
        "at": at.isoformat(),
    }
    async with open_storage(path) as storage:
        await storage.notes.put("reconcile.agreed", json.dumps(agreed))
        await storage.notes.put("panic", json.dumps(panic))
        await storage.notes.put("day:2026-09-15", json.dumps(day))
        hand = broker_order(symbol=BOND, ordered_at=at, traded_on=at.date(), replaced=(), side=Side.BUY)
        await storage.orders.add_external(hand, at)
    with closing(sqlite3.connect(path / FILE_NAME)) as database:
        carry_over(database)  # as the upgrade of that database does
        database.commit()


async def test_the_program_starts_on_a_memory_with_a_bond_in_it_and_its_stop_works(tmp_path: Path) -> None:
    await poison(tmp_path)
    async with open_storage(tmp_path) as storage:
        panic = await storage.panics.at_work()
        assert panic is not None
        assert not panic.shares  # a bond is nothing to sell
    world = World.at(BEFORE_OPEN)
    world.ready(TQQQ)
    world.broker.hold(TQQQ, 10, Decimal(100))
    world.broker.hold(BRK_B, 7, Decimal(400))
    world.price(BRK_B, "410")
    settings = trading_settings(trading_tickers="NASDAQ:TQQQ", stop_loss_rate="-5")
    for _ in range(2):  # and once more: nothing of it comes back
        async with running(tmp_path, world, settings=settings) as bench:
            await bench.until(max(OPEN, bench.clock.now()) + timedelta(seconds=30))
            assert bench.core.trading.account_sync.reconciled
            assert not [order for order in await bench.orders() if not order.status.closed]
            assert await bench.storage.panics.at_work() is None
    async with running(tmp_path, world, settings=settings) as bench:
        bench.price(TQQQ, "90")
        await bench.pass_time(10)
        sold = [order for order in await bench.orders() if order.request.origin is Origin.STOP_LOSS]
        assert sum(order.filled_qty for order in sold) == 10
        assert {order.status for order in sold} == {OrderStatus.FILLED}
