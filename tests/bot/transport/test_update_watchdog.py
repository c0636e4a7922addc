"""A bot that hears nothing says so, with the reason; what it cannot read it passes by (13.2)."""

import asyncio
from datetime import timedelta

import pytest
from aiogram.exceptions import (
    ClientDecodeError,
    RestartingTelegram,
    TelegramAPIError,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates

from bot.errors import TelegramTokenDoubted, TelegramTokenRefused, TelegramWebhookSet
from bot.localchat import LocalChat
from bot.transport.update_watchdog import Deaf, cause
from strategy.model import Notable, SystemClock, Trouble
from tests.bot.conftest import OpenRoom, Room
from tests.fakes.clock import FakeClock
from tests.support.person import Json, labels
from tests.support.words import english, korean

OLD_FORWARD = {"message": {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}, "forward_origin": {}}}
ADMIN_LACKING_RIGHTS = {
    "my_chat_member": {
        "chat": {"id": -100123, "type": "supergroup", "title": "t"},
        "from": {"id": 1_000_001, "is_bot": False, "first_name": "k"},
        "date": 1_780_000_000,
        "old_chat_member": {"user": {"id": 1000, "is_bot": True, "first_name": "b"}, "status": "member"},
        "new_chat_member": {"user": {"id": 1000, "is_bot": True, "first_name": "b"}, "status": "administrator"},
    }
}


@pytest.fixture
def wall() -> FakeClock:
    """Real time as it is now, which the tests move."""
    return FakeClock(SystemClock().now())


async def let_pass(wall: FakeClock, seconds: float) -> None:
    """Let fake time pass in steps, with the loop's sockets served in between."""
    for _ in range(int(seconds)):
        await wall.advance(1)
        await asyncio.sleep(0.005)


async def until_told(room: Room, wall: FakeClock, within_s: float, part: str = "") -> Trouble:
    """Let time pass until a trouble with incoming messages is told; fail when that takes too long."""
    for _ in range(int(within_s)):
        await let_pass(wall, 1)
        for row in room.outbox.rows:
            if isinstance(row.event, Trouble) and row.event.key.startswith("deaf:") and part in english(row.event.what):
                return row.event
    pytest.fail(f"not told within {within_s} s")


async def until_over(room: Room, wall: FakeClock) -> Notable:
    async with asyncio.timeout(20):
        while True:
            await let_pass(wall, 1)
            for row in room.outbox.rows:
                if isinstance(row.event, Notable) and row.event.key.startswith("deaf:"):
                    return row.event


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        ({"kind": "webhook", "url": "https://old.example/hook/secret-path"}, "old.example"),
        ({"kind": "conflict", "times": 10_000}, "another program"),
        ({"kind": "error", "method": "getUpdates", "code": 502, "times": 10_000}, "errors"),
        ({"kind": "error", "method": "getUpdates", "code": 429, "retry_after": 600, "times": 10_000}, "429"),
        ({"kind": "error", "method": "getUpdates", "code": 400, "times": 10_000}, "refuses the requests"),
        ({"kind": "garbage", "method": "getUpdates", "times": 10_000}, "proxy"),
        ({"kind": "timeout_before", "method": "getUpdates", "seconds": 0, "times": 10_000}, "no answer"),
    ],
)
async def test_a_deaf_bot_tells_why_within_a_minute_while_sending_works(
    open_room: OpenRoom, wall: FakeClock, fault: Json, part: str
) -> None:
    async with open_room(wall=wall, delivers=True) as room:
        await room.owner.send("/version")
        await room.owner.reads("버전")
        await room.owner.post("fault", **fault)
        told = await until_told(room, wall, 60)
        assert part in english(told.what).lower()
        assert "secret-path" not in english(told.what) + korean(told.what)
        assert "/stop" in (await room.owner.reads("/stop"))["text"]


_RIVAL = TelegramConflictError(GetUpdates(), "Conflict: terminated by other getUpdates request")


async def test_a_rival_that_takes_a_part_of_the_messages_is_told_too(open_room: OpenRoom, wall: FakeClock) -> None:
    """It polls once a minute: each of our other polls works, and what people wrote meanwhile went to it."""
    async with open_room(wall=wall, polls=False) as room, asyncio.TaskGroup() as group:
        watchdog = room.app.watchdog
        watching = group.create_task(watchdog.watch())
        for _ in range(3):
            for _ in range(5):
                watchdog.heard(undisturbed=True)
                await wall.advance(10)
            watchdog.failed(wall.now(), _RIVAL)
        told = await until_told(room, wall, 60, "Another program")
        assert "/stop" in korean(told.what)
        for _ in range(61):
            watchdog.heard(undisturbed=True)
            await wall.advance(10)
        assert (await until_over(room, wall)).key == "deaf:rival"
        watching.cancel()


async def test_the_last_poll_of_the_run_before_is_no_rival(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(wall=wall, polls=False) as room, asyncio.TaskGroup() as group:
        watchdog = room.app.watchdog
        watching = group.create_task(watchdog.watch())
        for _ in range(4):
            watchdog.failed(wall.now(), _RIVAL)
            await let_pass(wall, 4)
        watchdog.heard(undisturbed=True)
        await let_pass(wall, 60)
        assert watchdog.deaf_since is None
        assert room.outbox.rows == []
        watching.cancel()


async def test_a_webhook_is_removed_with_the_button_under_its_alert(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(wall=wall, delivers=True) as room:
        await room.owner.post("fault", kind="webhook")
        await until_told(room, wall, 60)
        alert = await room.owner.reads("웹훅이 걸려")
        assert labels(alert)[0] == "🔌 웹훅 지우기"
        await room.owner.press(alert, "웹훅 지우기")
        over = await until_over(room, wall)
        assert "heard again" in english(over.what)
        assert (await room.owner.ask("/version"))["text"]


async def test_a_webhook_whose_owner_takes_the_press_away_is_removed_after_five_minutes(
    open_room: OpenRoom, wall: FakeClock
) -> None:
    async with open_room(wall=wall) as room:
        await room.owner.post("fault", kind="webhook")
        await until_told(room, wall, 60)
        await let_pass(wall, 280)
        assert not any(isinstance(row.event, Notable) for row in room.outbox.rows)
        await let_pass(wall, 30)
        await room.owner.send("/version")
        await until_over(room, wall)


async def test_that_the_bot_hears_again_is_told_after_a_restart_too(open_room: OpenRoom, wall: FakeClock) -> None:
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat, wall=wall) as room:
            await room.owner.post("fault", kind="error", method="getUpdates", code=400, times=10_000)
            await until_told(room, wall, 60)
        async with open_room(chat=chat, wall=wall) as room:
            await let_pass(wall, 40)
            troubles = [row for row in room.outbox.rows if isinstance(row.event, Trouble)]
            assert len(troubles) == 1
            await room.owner.delete("fault")
            await room.owner.send("/version")
            await until_over(room, wall)


async def test_a_short_failure_is_not_told(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(wall=wall) as room:
        await room.owner.post("fault", kind="error", method="getUpdates", code=502, times=3)
        await let_pass(wall, 25)
        assert "버전" in (await room.owner.ask("/version"))["text"]
        await let_pass(wall, 60)
        assert room.outbox.rows == []


async def test_while_nothing_can_be_sent_either_nothing_is_told_of_listening(
    open_room: OpenRoom, wall: FakeClock
) -> None:
    """The whole of Telegram is away: that is the outgoing lane's to tell, and no second alert about it."""
    async with open_room(wall=wall) as room:
        await room.owner.post("fault", kind="error", method="*", code=502, times=100_000)
        await let_pass(wall, 90)
        assert room.outbox.rows == []


@pytest.mark.parametrize("update", [OLD_FORWARD, ADMIN_LACKING_RIGHTS, {"a_kind_of_next_year": {"x": 1}}, None])
async def test_an_update_that_cannot_be_read_is_passed_by_and_the_others_are_not(
    open_room: OpenRoom, caplog: pytest.LogCaptureFixture, update: Json | None
) -> None:
    async with open_room() as room:
        await room.owner.post("fault", kind="unreadable_update", **({"update": update} if update else {}))
        for _ in range(2):
            await room.owner.send("/version")
        told = await room.owner.reads("버전")
        await room.owner.sees(lambda message: "버전" in message["text"] and message["id"] != told["id"])
    logged = [record for record in caplog.records if "update" in vars(record) and "kinds" in vars(record)]
    assert len(logged) == 1


async def test_whoever_sent_what_cannot_be_read_is_told_and_its_content_stands_in_no_log(
    open_room: OpenRoom, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with open_room() as room:
        person = {"id": room.owner.id, "is_bot": False, "first_name": "k"}
        message = {"message_id": 5, "chat": {"id": room.owner.id}, "from": person, "text": "/arm 5601 567890"}
        await room.owner.post("fault", kind="unreadable_update", update={"message": message})
        assert (await room.owner.reads("읽을 수 없는 형식"))["text"]
        stranger = {**message, "from": {**person, "id": 99}, "chat": {"id": 99}}
        await room.owner.post("fault", kind="unreadable_update", update={"message": stranger})
        await room.owner.ask("/version")
    shown = caplog.text + " ".join(str(vars(record)) for record in caplog.records if record.name.startswith("bot"))
    assert "567890" not in shown


async def test_of_many_unreadable_updates_in_a_row_one_is_answered(open_room: OpenRoom) -> None:
    async with open_room() as room:
        person = {"id": room.owner.id, "is_bot": False, "first_name": "k"}
        for number in range(20):
            message = {
                "message_id": number + 5,
                "chat": {"id": room.owner.id},
                "from": person,
                "text": f"/buy {number}",
            }
            await room.owner.post("fault", kind="unreadable_update", update={"message": message})
        await room.owner.ask("/version")
        await room.owner.reads("버전")
        found = [each["text"] for each in await room.owner.get("messages", after=0) if each["from"]["is_bot"]]
        assert sum("읽을 수 없는 형식" in text for text in found) == 1


async def test_health_tells_the_incoming_lane_apart_from_the_outgoing_one(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(wall=wall) as room:
        await room.owner.ask("/version")
        state = room.app.telegram()
        assert (state.deaf, state.heard_at) == (None, wall.now())
        await room.owner.post("fault", kind="conflict", times=10_000)
        await let_pass(wall, 10)
        state = room.app.telegram()
        assert state.reachable
        assert state.deaf is not None
        assert state.deaf_since is not None
        assert wall.now() - state.deaf_since <= timedelta(seconds=10)


async def test_a_check_names_a_webhook(open_room: OpenRoom) -> None:
    async with open_room(polls=False) as room:
        assert await room.app.check_incoming() == ""
        await room.owner.post("fault", kind="webhook", url="https://old.example/x")
        with pytest.raises(TelegramWebhookSet) as caught:
            await room.app.check_incoming()
        assert "old.example" in korean(caught.value.user_message)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (TelegramConflictError(GetUpdates(), "Conflict: terminated by setWebhook request"), Deaf.WEBHOOK),
        (TelegramConflictError(GetUpdates(), "Conflict: terminated by other getUpdates request"), Deaf.RIVAL),
        (TelegramUnauthorizedError(GetUpdates(), "Unauthorized"), Deaf.TOKEN),
        (TelegramNotFound(GetUpdates(), "Not Found"), Deaf.TOKEN),
        (TelegramRetryAfter(GetUpdates(), "Too Many Requests", 5), Deaf.FLOOD),
        (TelegramServerError(GetUpdates(), "Bad Gateway"), Deaf.SERVERS),
        (RestartingTelegram(GetUpdates(), "restart"), Deaf.SERVERS),
        (TelegramNetworkError(GetUpdates(), "no route"), Deaf.NETWORK),
        (ClientDecodeError("x", ValueError(), None), Deaf.GARBLED),
        (TelegramAPIError(GetUpdates(), "new"), Deaf.REFUSED),
    ],
)
def test_every_failure_of_a_poll_has_a_cause(error: Exception, why: Deaf) -> None:
    assert cause(error) is why


@pytest.mark.parametrize("code", [401, 404])
async def test_a_token_that_has_worked_is_only_doubted_at_a_restart(open_room: OpenRoom, code: int) -> None:
    async with open_room(polls=False) as room:
        await room.owner.post("fault", kind="error", method="getMe", code=code)
        with pytest.raises(TelegramTokenRefused) as caught:
            await room.app.check()
        assert not isinstance(caught.value, TelegramTokenDoubted)
        await room.app.check()
        await room.owner.post("fault", kind="error", method="getMe", code=code)
        with pytest.raises(TelegramTokenDoubted):
            await room.app.check()
    async with open_room(polls=False, telegram_bot_token="1000:another") as room:
        with pytest.raises(TelegramTokenRefused) as caught:
            await room.app.check()
        assert not isinstance(caught.value, TelegramTokenDoubted)  # another token has proved nothing


async def test_that_a_refused_token_works_again_is_told(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(wall=wall, polls=False) as room:
        await room.owner.post("fault", kind="error", method="*", code=401, times=100_000)
        async with asyncio.TaskGroup() as group:
            polling = group.create_task(room.app.poll())
            await let_pass(wall, 20)
            assert room.outbox.rows == []
            await room.owner.delete("fault")
            await room.owner.send("/version")
            assert "token" in english((await until_over(room, wall)).what)
            polling.cancel()


async def test_a_database_that_fails_makes_nobody_deaf(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(wall=wall, polls=False) as room:
        room.notes.failing = True
        async with asyncio.TaskGroup() as group:
            polling = group.create_task(room.app.poll())
            await room.owner.send("/version")
            await let_pass(wall, 20)
            assert room.app.telegram().heard_at is not None
            room.notes.failing = False
            assert "버전" in (await room.owner.ask("/version"))["text"]
            polling.cancel()


async def test_a_token_refused_at_the_start_and_taken_by_the_first_poll_is_told_too(
    open_room: OpenRoom, wall: FakeClock
) -> None:
    """Whoever wrote meanwhile was not heard, and the console said that the token is refused."""
    async with open_room(wall=wall, polls=False) as room, asyncio.TaskGroup() as group:
        room.app.watchdog.doubted()
        room.app.watchdog.heard(undisturbed=True)
        watching = group.create_task(room.app.watchdog.watch())
        assert (await until_over(room, wall)).key == "deaf:token"
        watching.cancel()
