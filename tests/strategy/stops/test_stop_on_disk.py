"""What the disk has of a stop whenever the program is killed or the power fails (promise 1).

The decision and the lock are one commit that is not flushed; the order's own commit is, and what is before it in the
write-ahead log with it. So a cut leaves nothing, or the reason without an order, or all of it, and an order that is
at the broker is always on the disk.
"""

import shutil
import sqlite3
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from storage.database import FILE_NAME, open_storage
from strategy.model import Acceptance, DecisionAction, OrderRequest, Origin, Side
from tests.fakes.broker import FakeBroker
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import OPEN, TQQQ, Bench

FLUSHED = 2  # PRAGMA synchronous = FULL: the log is flushed with each commit
NOTHING, REASON, ORDER = "nothing", "decision and lock", "order, decision and lock"


@dataclass
class Disk:
    """The write-ahead log of a database: how long it was after each commit, and how much is there for sure."""

    log: Path
    commits: list[int] = field(default_factory=list)
    sure: int = 0  # bytes that outlive a power cut
    sure_when_sent: list[int] = field(default_factory=list)  # ... as each request left for the broker

    def committed(self, *, flushed: bool) -> None:
        size = self.log.stat().st_size if self.log.exists() else 0
        assert not self.commits or size >= self.commits[-1], "the log was begun anew: lengths tell nothing"
        self.commits.append(size)
        self.sure = size if flushed else self.sure

    def cut(self, length: int, to: Path) -> Path:
        """Return a copy of the database with that much of its log."""
        to.mkdir()
        shutil.copy(self.log.with_name(FILE_NAME), to / FILE_NAME)
        (to / self.log.name).write_bytes(self.log.read_bytes()[:length])
        return to


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(tmp_path / "data" / f"{FILE_NAME}-wal")

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
            done = super().execute(sql, values)
            if sql == "COMMIT":
                [level] = super().execute("PRAGMA synchronous").fetchone()
                made.committed(flushed=level >= FLUSHED)
            return done

    connect: Any = sqlite3.connect
    submit = FakeBroker.submit

    async def sent(broker: FakeBroker, request: OrderRequest) -> Acceptance:
        made.sure_when_sent.append(made.sure)
        return await submit(broker, request)

    def watched(path: Any, **more: Any) -> Any:
        return connect(path, **more, **({"factory": Watched} if path == made.log.with_name(FILE_NAME) else {}))

    monkeypatch.setattr(sqlite3, "connect", watched)
    monkeypatch.setattr(FakeBroker, "submit", sent)
    return made


async def left(directory: Path) -> str:
    """Return what the next start finds of the stop; nothing of it is ever there by halves."""
    async with open_storage(directory) as storage:
        stops = [one for one in await storage.decisions.since(OPEN) if one.action is DecisionAction.STOP]
        orders = [one.request for one in await storage.orders.recent(9) if one.request.origin is Origin.STOP_LOSS]
        locks = [lock.reason for lock in await storage.modes.locks()]
        told = [row.event.kind for row in await storage.outbox.pending(99)]
    assert len(stops) == len(locks) == told.count("stop_triggered") == told.count("ticker_locked") <= 1
    assert [order.decision_id for order in orders] == [stop.id for stop in stops][: len(orders)]
    return ORDER if orders else (REASON if stops else NOTHING)


async def fire(bench: Bench) -> None:
    bench.price(TQQQ, "94")
    await bench.settle()


async def test_promise_1_a_kill_or_a_power_cut_leaves_no_order_without_its_decision_and_lock(
    tmp_path: Path, disk: Disk
) -> None:
    async with holding(tmp_path / "data") as bench:
        await bench.pass_time(2)
        before = len(disk.commits) - 1
        await fire(bench)
        whole = Disk(Path(shutil.copytree(tmp_path / "data", tmp_path / "kept")) / disk.log.name)
    ends = disk.commits[before:]
    lengths = sorted({*ends, *(end - 1 for end in ends[1:]), *(ends[0] + 4096 * n for n in range(3))})
    found = {length: await left(whole.cut(length, tmp_path / str(length))) for length in lengths}
    assert list(dict.fromkeys(found.values())) == [NOTHING, REASON, ORDER]  # in this order, and each for some cut
    [sure] = disk.sure_when_sent
    assert await left(whole.cut(sure, tmp_path / "sent")) == ORDER


async def test_promise_1_what_only_cancels_before_it_sells_has_its_reason_on_disk_first(
    tmp_path: Path, disk: Disk
) -> None:
    """A resting order is canceled for a stop once the stop is stored: a kill leaves nobody without its reason."""
    async with holding(tmp_path / "data") as bench:
        bench.broker.hand_order(TQQQ, Side.SELL, 4, Decimal(120))
        await bench.core.trading.account_sync.take("asked")
        bench.broker.slow_cancels = True
        await fire(bench)
        assert bench.broker.canceled
        assert bench.broker.submitted == []
        killed = Path(shutil.copytree(tmp_path / "data", tmp_path / "killed", ignore=shutil.ignore_patterns("*.lock")))
    assert await left(killed) == REASON


async def test_the_next_start_after_a_cut_before_the_order_sells_by_the_line_and_once(
    tmp_path: Path, disk: Disk
) -> None:
    async with holding(tmp_path / "data") as bench:
        world = bench.world
        await bench.pass_time(2)
        world.broker.fail("submit", "fault", times=100)
        first = len(disk.commits)
        await fire(bench)
        copy = disk.cut(disk.commits[first], tmp_path / "cut")
    world.broker._faults.clear()
    world.broker.submitted.clear()
    assert await left(copy) == REASON
    async with holding(copy, world=world) as bench:
        await bench.pass_time(30)
        bench.price(TQQQ, "93.90")
        await bench.pass_time(30)
        assert [request.qty for request in world.broker.submitted] == [10]
        assert world.broker.qty_held(TQQQ) == 0
