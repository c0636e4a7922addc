"""A day without Telegram: memory stays as it is, and at its end two thousand alerts come in few messages."""

import asyncio
import gc
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot.localchat import LocalChat
from bot.localchat.limits import Rates
from storage.database import open_storage
from strategy.model import Event, EventRow, OrderStatus, Said, Symbol
from tests.bot.alerts.test_rough_weather import Sea
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, note
from tests.support.words import made_up

TICKERS = [Symbol.parse(f"NASDAQ:S{chr(65 + n)}X") for n in range(6)]


def a_day(number: int) -> Iterator[Event]:
    """Give what one hour of 24 tells: notes, trouble that repeats, orders with their fills, now and then a stop."""
    at = samples.NOW + timedelta(hours=number)
    for each in range(20):
        yield note(100 * number + each)
    for each in range(14):
        yield samples.trouble(f"trouble{each % 7}", at=at + timedelta(minutes=each), symbol=TICKERS[each % 6])
    for each in range(12):
        no = 100 * number + each + 1
        yield changed(samples.order(no, OrderStatus.INTENDED))
        yield changed(samples.order(no, OrderStatus.SENT))
        yield changed(samples.order(no))
        yield changed(samples.filled_order(no), last_fill=samples.fill(order_no=no, key=f"k{no}"))
    if number % 4 == 0:
        symbol = TICKERS[number // 4]
        yield samples.stop_triggered(symbol=symbol, at=at)
        yield samples.stop_finished(symbol=symbol, at=at + timedelta(seconds=9))
    yield samples.blocked(at)


class WallOf:
    """The chat's clock: the test's."""

    def __init__(self, wall: FakeClock) -> None:
        self._wall = wall

    def now(self) -> float:
        return self._wall.now().timestamp()


async def test_a_day_without_telegram_is_told_in_few_messages_stops_first(tmp_path: Path) -> None:
    wall = FakeClock(samples.NOW)
    chat = LocalChat(clock=WallOf(wall), rates=Rates())
    async with aiohttp.ClientSession() as http, open_storage(tmp_path) as storage, chat:
        async with http.post(f"{chat.url}/user/group", json={"title": "desk"}) as response:
            group = int((await response.json())["chat_id"])
        sea = Sea(chat, storage, http, group)
        sea.wall = sea.market = wall
        async with sea.life():
            await sea.post("fault", kind="error", code=502, seconds=10**6)
            count = 0
            for hour in range(24):
                events = list(a_day(hour))
                count += len(events)
                await storage.outbox.add(events)
                await sea.lull()
                await wall.advance(3600)
            assert count >= 1950
            await sea.lull()
            assert sum(isinstance(each, EventRow) for each in gc.get_objects()) < 300
            async with http.delete(f"{chat.url}/user/fault"):
                pass
            began = wall.now()
            while await storage.outbox.pending(1):
                await sea.passes(5)
                assert wall.now() - began < timedelta(minutes=10)
        found = [each for each in await messages(http, chat, group) if each["from"]["is_bot"]]
    assert len(found) <= 60
    texts = [each["text"] for each in sorted(found, key=lambda each: int(each["id"]))]
    assert all(len(text) <= 4096 for text in texts)
    everything = "\n".join(texts)
    stops = [found.start() for found in re.finditer("🟧 손절", everything)]
    assert max(stops) < min(everything.index(each) for each in ("문제 발생", "#1 ", "소식"))
    assert sum("🟧 손절" in text for text in texts) > 1  # the first have messages of their own, with their buttons
    for ticker in TICKERS:
        assert everything.count(f"손절: {ticker.ticker}") == everything.count(f"손절 종료: {ticker.ticker}") == 1
    assert sorted(map(int, re.findall(r"소식 (\d+)\.", everything))) == sorted(
        100 * hour + each for hour in range(24) for each in range(20)
    )
    orders = re.findall(r"#(\d+) TQQQ [^\n]*체결 완료", everything)
    assert sorted(map(int, orders)) == sorted(100 * hour + each + 1 for hour in range(24) for each in range(12))
    assert all("지연" in text for text in texts)
    sounding = [each for each in found if not each["silent"]]
    assert 0 < len(sounding) <= 20


async def messages(http: aiohttp.ClientSession, chat: LocalChat, group: int) -> list[dict[str, Any]]:
    params = {"after": "0", "chat_id": str(group)}
    async with http.get(f"{chat.url}/user/messages", params=params) as response:
        return list(await response.json())


async def test_two_thousand_alerts_of_which_no_two_are_alike_fit_sixty_messages(tmp_path: Path) -> None:
    wall = FakeClock(samples.NOW)
    async with aiohttp.ClientSession() as http, open_storage(tmp_path) as storage, LocalChat(rates=None) as chat:
        sea = Sea(chat, storage, http, chat.owner_id)
        sea.wall = sea.market = wall
        async with sea.life():
            await sea.post("fault", kind="down", seconds=10**6)
            await storage.outbox.add([samples.trouble(f"alone{n}", what=words(n)) for n in range(2000)])
            await sea.lull()
            await wall.advance(86400)
            async with http.delete(f"{chat.url}/user/fault"):
                pass
            async with asyncio.timeout(60):
                while await storage.outbox.pending(1):
                    await sea.passes(5)
        found = [each for each in await messages(http, chat, chat.owner_id) if each["from"]["is_bot"]]
    assert len(found) <= 60
    everything = "\n".join(each["text"] for each in found)
    assert all(f"경보 {number}." in everything for number in range(2000))


async def test_an_order_told_among_very_many_is_brought_up_to_date_by_the_next_start_too(tmp_path: Path) -> None:
    wall = FakeClock(samples.NOW)
    async with aiohttp.ClientSession() as http, open_storage(tmp_path) as storage, LocalChat(rates=None) as chat:
        sea = Sea(chat, storage, http, chat.owner_id)
        sea.wall = sea.market = wall

        async def first() -> str:
            return str((await messages(http, chat, chat.owner_id))[0]["text"])

        async with sea.life():
            await storage.outbox.add([changed(samples.order(status=OrderStatus.SENT))])
            await sea.passes(5)
            await sea.post("fault", kind="down", seconds=10**6)
            await storage.outbox.add([samples.trouble(f"alone{n}", what=words(n)) for n in range(450)])
            await storage.outbox.add([changed(samples.filled_order(), last_fill=samples.fill())])
            await sea.lull()
            await wall.advance(86400)
            async with http.delete(f"{chat.url}/user/fault"):
                pass
            await sea.post("fault", kind="error", method="editMessageText", code=500, times=1000)
            while await storage.outbox.count_pending() > 1:
                await sea.passes(5)
            assert "체결 완료" not in await first()
        async with http.delete(f"{chat.url}/user/fault"):
            pass
        async with sea.life():
            await sea.passes(60)
        assert await storage.outbox.pending(1) == []
        assert "체결 완료" in await first()


def words(number: int) -> Said:
    return made_up(f"경보 {number}. 무엇이 잘못되었고 무엇을 하면 되는지 말하는 꽤 긴 문장입니다. " * 3, "alarm")
