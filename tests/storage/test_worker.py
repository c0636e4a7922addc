"""The thread of a connection: one thing after the other, and gone with its connection."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from storage.worker import Worker

connect = partial(sqlite3.connect, ":memory:")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(10)  # one whose opener was cancelled ends by itself
    assert not set(threading.enumerate()) - before


async def test_all_work_runs_in_one_thread_in_the_order_of_the_calls() -> None:
    worker = await Worker.opened(connect)
    seen: list[tuple[int, int]] = []
    await asyncio.gather(
        *(worker.run(lambda _, n=n: seen.append((n, threading.get_ident()))) for n in range(5))  # type: ignore[misc]
    )
    assert [n for n, _ in seen] == [0, 1, 2, 3, 4]
    assert len({thread for _, thread in seen} | {threading.get_ident()}) == 2
    await worker.close()


async def test_what_has_begun_is_carried_out_for_a_cancelled_caller_and_what_has_not_is_dropped() -> None:
    worker = await Worker.opened(connect)
    begun, go, done = threading.Event(), threading.Event(), list[str]()

    def first(_: sqlite3.Connection) -> None:
        begun.set()
        go.wait(10)
        done.append("first")

    running = asyncio.get_running_loop().create_task(worker.run(first))
    waiting = asyncio.get_running_loop().create_task(worker.run(lambda _: done.append("second")))
    await asyncio.to_thread(begun.wait, 10)
    running.cancel()
    waiting.cancel()
    await asyncio.gather(running, waiting, return_exceptions=True)
    go.set()
    await worker.run(lambda _: done.append("third"))
    assert done == ["first", "third"]
    await worker.close()


async def test_closing_waits_for_what_was_handed_over_and_takes_nothing_more() -> None:
    worker = await Worker.opened(connect)
    handed_over = asyncio.get_running_loop().create_task(worker.run(lambda one: one.execute("SELECT 7").fetchone()[0]))
    await asyncio.sleep(0)
    await worker.close()
    assert await handed_over == 7
    with pytest.raises(RuntimeError):
        await worker.run(lambda _: None)


async def test_a_connection_is_closed_also_where_whoever_closes_it_is_cancelled() -> None:
    opened: list[sqlite3.Connection] = []

    def keeping() -> sqlite3.Connection:
        opened.append(sqlite3.connect(":memory:", check_same_thread=False))
        return opened[0]

    worker = await Worker.opened(keeping)
    go = threading.Event()
    held_up = asyncio.get_running_loop().create_task(worker.run(lambda _: go.wait(10)))
    closing = asyncio.get_running_loop().create_task(worker.close())
    await asyncio.sleep(0)
    closing.cancel()
    go.set()
    await asyncio.gather(held_up, closing, return_exceptions=True)
    for thread in threading.enumerate():
        if thread.name.startswith("sqlite"):
            thread.join(10)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")


async def test_a_connection_that_cannot_be_opened_leaves_no_thread() -> None:
    with pytest.raises(sqlite3.OperationalError):
        await Worker.opened(partial(sqlite3.connect, "/nowhere/at/all.db"))


async def test_one_opened_for_a_caller_who_has_gone_is_closed() -> None:
    begun, go = threading.Event(), threading.Event()
    opened: list[sqlite3.Connection] = []

    def slow() -> sqlite3.Connection:
        begun.set()
        go.wait(10)
        opened.append(sqlite3.connect(":memory:", check_same_thread=False))
        return opened[0]

    opening = asyncio.get_running_loop().create_task(Worker.opened(slow))
    await asyncio.to_thread(begun.wait, 10)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    go.set()
    for thread in threading.enumerate():
        if thread.name.startswith("sqlite"):
            thread.join(10)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")
