"""The pinned dashboard: one message, edited in place within the limits, never in the way of an alert (spec 6)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp

from strategy.model import DataUnavailable, Mode, Service, StopState
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import in_order, kept_chat, pass_time, rules, settled, told, until
from tests.support.person import Json, labels

HERE = (Service.DASHBOARD,)


def shown(room: Room) -> list[Json]:
    return [each for each in in_order(room) if "📌" in each["text"]]


def price_moves(room: Room, last: str) -> None:
    tickers = (samples.ticker(last=Decimal(last)), *room.control.status_.tickers[1:])
    room.control.status_ = replace(room.control.status_, tickers=tickers)


async def calls(room: Room, method: str) -> list[Json]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{room.chat.url}/user/calls", params={"method": method}) as answer,
    ):
        found: Any = await answer.json()
        return list(found)


async def test_it_is_sent_without_a_sound_and_pinned(delivering: OpenRoom) -> None:
    async with delivering(runs=HERE) as room:
        board = await room.owner.sees(lambda each: "📌" in each["text"] and each["pinned"])
        assert board["silent"]
        for part in (
            "[모의]",
            "▶️ 실행",
            "TQQQ",
            "$61.20",
            "10주",
            "+2.00%",
            "손절가 $57.00",
            "$1,234.56",
            "손절 감시 중",
        ):
            assert part in board["text"]
        assert "기준" in board["text"].splitlines()[-1]
        assert labels(board) == ["📊 상태", "🏠 홈"]


async def test_it_is_edited_when_something_changes_but_not_oftener_than_every_30_seconds(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with delivering(runs=HERE) as room:
        await room.owner.reads("📌")
        for second in range(120):
            price_moves(room, f"62.{second:03d}")
            await pass_time(wall, 1 / 60, step_s=1)
        await room.owner.reads("$62.1")
        assert 3 <= len(await calls(room, "editMessageText")) <= 4
        assert len(shown(room)) == 1


async def test_it_shows_its_age_at_least_every_five_minutes(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        await room.owner.reads("📌")
        for minute in range(1, 11):
            room.market.set(samples.NOW.replace(minute=minute))
            await pass_time(wall, 1)
        assert len(await calls(room, "editMessageText")) == 2


async def test_it_is_found_again_after_a_restart_and_made_anew_when_deleted(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat, runs=HERE) as room:
            first = await room.owner.reads("📌")
        async with delivering(chat=chat, runs=HERE) as room:
            price_moves(room, "63.00")
            again = await room.owner.reads("$63.00")
            assert again["id"] == first["id"]
            await room.app.bot.delete_message(room.owner.id, first["id"])
            price_moves(room, "64.00")
            await pass_time(wall, 1)
            anew = await room.owner.sees(lambda each: "$64.00" in each["text"] and each["pinned"])
            assert anew["id"] != first["id"]


async def test_switched_off_it_is_unpinned_and_shows_no_old_figures(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        board = await room.owner.reads("📌")
        room.control.rules = rules(dashboard=False)
        await pass_time(wall, 1)
        await room.owner.sees(lambda each: each["id"] == board["id"] and "꺼져" in each["text"] and not each["pinned"])
        await pass_time(wall, 2)
        room.control.rules = rules(dashboard=True)
        await pass_time(wall, 1)
        await room.owner.sees(lambda each: "TQQQ" in each["text"] and each["pinned"] and each["id"] != board["id"])


async def test_a_flood_is_waited_for_and_faults_slow_it_down(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        await room.owner.reads("📌")
        await room.owner.post("fault", kind="error", method="editMessageText", retry_after=100)
        price_moves(room, "62.00")
        await pass_time(wall, 1)
        await until(lambda: room.app.outbox_worker._gate.closed)
        before = len(await calls(room, "editMessageText"))
        await pass_time(wall, 1)
        assert len(await calls(room, "editMessageText")) == before
        await pass_time(wall, 3)
        await room.owner.reads("$62.00")


async def test_what_cannot_be_asked_or_pinned_ends_nothing(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        room.control.error = DataUnavailable("no quotes")
        await pass_time(wall, 1)
        assert shown(room) == []
        await room.owner.post("fault", kind="error", method="pinChatMessage", code=400)
        room.control.error = None
        await pass_time(wall, 1)
        board = await room.owner.reads("📌")
        assert not board["pinned"]


async def test_an_alert_does_not_wait_for_a_slow_dashboard(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering(runs=HERE) as room:
        await room.owner.reads("📌")
        await room.owner.post("fault", kind="slow", method="editMessageText", seconds=20, times=1)
        price_moves(room, "62.00")
        await wall.advance(31)
        await told(room, samples.stop_triggered())
        await settled(room, 2)
        assert "$62.00" not in shown(room)[0]["text"]  # the edit still hangs


async def test_it_says_what_is_not_protected_and_what_is_paused(delivering: OpenRoom) -> None:
    async with delivering(runs=HERE) as room:
        room.control.modes.append(samples.mode(Mode.PROTECT_ONLY))
        bare = samples.ticker(stop=StopState.SILENT, lock=samples.lock(), mode=samples.mode(Mode.PAUSE_BUYS))
        room.control.status_ = samples.status(tickers=(bare,), reconciled=False, stream_up=False, armed=False)
        room.control.holdings_ = samples.holdings_view(holdings=None)
        board = await room.owner.reads("📌")
        for part in ("손절이 작동하지 않습니다: TQQQ", "🔒⏸", "실시간 연결 끊김", "/arm", "증권사"):
            assert part in board["text"]
