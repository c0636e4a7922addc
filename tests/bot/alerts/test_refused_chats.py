"""No wording and no status loses an alert: what is refused is kept until it is known whether chat or message is why."""

import re
from datetime import timedelta

import aiohttp
import pytest

from strategy.model import Event, OrderStatus, Origin, SaleEnd, Service, Side, StorageError, SystemClock
from tests.bot.conftest import OpenRoom
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, kept_chat, note, told
from tests.support.person import labels
from tests.support.rough_weather import Weather, clear, shown, texts

GROUP = -1_001_000_000_777

WORDINGS = (  # as reported of the live service, and one nobody has seen yet
    (400, "Bad Request: TOPIC_CLOSED"),
    (400, "Bad Request: CHAT_RESTRICTED"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
    (400, "Bad Request: not enough rights to send text messages to the chat"),
    (400, "Bad Request: need administrator rights in the channel chat"),
    (400, "Bad Request: chat not found"),
    (400, "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN"),
    (400, "Bad Request: SOMETHING_NEW"),
    (403, "Forbidden: bot was kicked from the group chat"),
    (406, "Not Acceptable: CHANNEL_PRIVATE"),
    (409, "Conflict: something else goes on"),
    (413, "Request Entity Too Large"),
    (420, "FLOOD_WAIT"),
    (401, "Unauthorized"),
)


def a_stop() -> list[Event]:
    """Return what a stop tells: three critical alerts, and its order."""
    sold = {"side": Side.SELL, "origin": Origin.STOP_LOSS}
    return [
        samples.stop_triggered(),
        changed(samples.order(30, OrderStatus.SENT, **sold)),
        changed(samples.filled_order(30, **sold), last_fill=samples.fill(order_no=30, side=Side.SELL, key="s30")),
        samples.trouble("stop:TQQQ"),
        samples.stop_finished(),
        note(1),
    ]


@pytest.mark.parametrize(("code", "description"), WORDINGS)
async def test_a_chat_that_refuses_for_25_s_loses_nothing_of_a_stop(
    delivering: OpenRoom, wall: FakeClock, code: int, description: str
) -> None:
    async with delivering() as room:
        weather = Weather(room, wall)
        refusal = {"kind": "error", "code": code, "description": description, "times": 999}
        await room.owner.post("fault", **refusal, method="sendMessage")
        await room.outbox.add(a_stop())
        await weather.passes(25)
        assert not await texts(room)
        await clear(room)
        assert await weather.passes(600, until=room.outbox.idle.is_set) <= 60
        found = await texts(room)
        for part in ("손절: TQQQ", "#30", "시세를 받지", "손절 종료: TQQQ", "소식 1"):
            assert sum(part in text for text in found) == 1, part
        assert all(part in found[0] for part in ("손절: TQQQ", "손절 종료: TQQQ", "#30"))
        assert re.search(r"#30 TQQQ.*체결 완료", found[0])
        assert room.outbox.given_up == []
        assert all(each["reply_markup"] for each in await shown(room) if "손절" in each["text"])  # with their buttons


async def test_a_429_that_names_no_time_is_waited_for_with_pauses_of_our_own(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with delivering() as room:
        weather = Weather(room, wall)
        await room.owner.post("fault", kind="error", method="sendMessage", code=429, retry_after=0, times=4)
        await room.outbox.add([samples.stop_triggered(), note(1)])
        await weather.passes(600, until=room.outbox.idle.is_set)
        assert len(await texts(room)) == 2
        assert room.outbox.given_up == []
        calls = await room.owner.get("calls", method="sendMessage")
        assert len(calls) == 4 + 2


async def test_a_routine_message_is_given_up_only_when_others_got_through_since(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    """And it is told that it could not be shown."""
    async with delivering() as room:
        weather = Weather(room, wall)
        await room.owner.post("fault", kind="error", method="sendMessage", code=400, containing="소식 1.", times=999)
        await room.outbox.add([note(1)])
        await weather.passes(2)
        assert room.outbox.given_up == []
        await room.outbox.add([note(2)])
        await weather.passes(600, until=room.outbox.idle.is_set)
        assert room.outbox.given_up == [1]
        found = await texts(room)
        assert sum("소식 2." in text for text in found) == 1
        assert sum("표시하지 못했습니다" in text for text in found) == 1


async def test_nothing_critical_is_ever_given_up(delivering: OpenRoom, wall: FakeClock) -> None:
    """It is told that it could not be shown, the others go on, and it comes as soon as it is taken."""
    async with delivering() as room:
        weather = Weather(room, wall)
        await room.owner.post(
            "fault", kind="error", method="sendMessage", code=400, containing="손절: TQQQ", times=9999
        )
        await room.outbox.add([samples.stop_triggered(), samples.stop_finished(), note(1)])
        await weather.passes(60)
        await room.outbox.add([note(2)])
        await weather.passes(1800)
        assert room.outbox.given_up == []
        found = await texts(room)
        assert sum("표시하지 못했습니다" in text for text in found) == 1
        assert sum("소식 2." in text for text in found) == 1
        assert not any("손절 종료" in text for text in found)  # the end of a story never comes before its beginning
        await clear(room)
        await weather.passes(300, until=room.outbox.idle.is_set)
        last = (await texts(room))[-1]
        assert "손절 종료: TQQQ" in last
        assert "손절: TQQQ" in last


async def test_what_is_refused_with_its_buttons_is_told_in_plain_words(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await room.owner.post(
            "fault",
            kind="error",
            method="sendMessage",
            code=400,
            description="Bad Request: BUTTON_TYPE_INVALID",
            containing="callback_data",
            times=99,
        )
        await told(room, samples.stop_triggered())
        [message] = await shown(room)
        assert "손절: TQQQ" in message["text"]
        assert message["entities"] == []
        assert not labels(message)
        assert not message["silent"]


async def test_an_order_that_could_not_be_edited_while_messages_get_through_is_told_anew(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with delivering() as room:
        weather = Weather(room, wall)
        await told(room, changed(samples.order(status=OrderStatus.SENT)))
        refusal = {"kind": "error", "code": 400, "description": "Bad Request: MESSAGE_AUTHOR_REQUIRED", "times": 999}
        await room.owner.post("fault", **refusal, method="editMessageText")
        await room.outbox.add([changed(samples.order(status=OrderStatus.UNKNOWN))])
        for number in range(3):
            await room.outbox.add([note(number)])
            await weather.passes(20)
        await weather.passes(120, until=room.outbox.idle.is_set)
        told_of = [text for text in await texts(room) if "#12" in text]
        assert len(told_of) == 2
        assert "결과 미확인" in told_of[-1]


@pytest.mark.parametrize("seconds", [85, 240])
async def test_a_lost_answer_repeats_a_row_once_and_holds_up_no_other(
    delivering: OpenRoom, wall: FakeClock, seconds: int
) -> None:
    """The message arrives each time and a 502 is the answer: two copies, the second without a sound and marked."""
    async with delivering() as room:
        weather = Weather(room, wall)
        lost = {"kind": "error_after_send", "code": 502, "method": "sendMessage", "times": 9999}
        await room.owner.post("fault", **lost)
        await room.outbox.add([samples.stop_triggered(), samples.trouble(), note(1)])
        await weather.passes(seconds)
        found = await shown(room)
        for part in ("손절: TQQQ", "시세를 받지", "소식 1."):
            copies = [each for each in found if part in each["text"]]
            assert len(copies) == 2, part
            assert [("재전송" in each["text"], each["silent"]) for each in copies] == [(False, False), (True, True)]
        await clear(room)
        await weather.passes(360, until=room.outbox.idle.is_set)
        assert room.outbox.idle.is_set()
        assert room.outbox.given_up == []
        after = await shown(room)  # none came a third time: each was found to be there, and nothing is left of the look
        assert [each["id"] for each in after] == [each["id"] for each in found]
        assert set(room.outbox.done.values()) <= {each["id"] for each in found}


async def test_while_no_call_is_answered_nothing_is_repeated(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering() as room:
        weather = Weather(room, wall)
        await room.owner.post("fault", kind="error_after_send", code=502, times=9999)
        await room.outbox.add([samples.stop_triggered(), note(1)])
        await weather.passes(900)
        assert len(await texts(room)) == 1
        await clear(room)
        assert await weather.passes(360, until=room.outbox.idle.is_set) <= 30
        assert ["재전송" in text for text in await texts(room)] == [False, True, False]


async def test_owners_are_told_in_private_when_the_chat_stays_barred_and_when_it_works_again(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    """Once each, also across a restart; routine alerts wait for the chat."""
    async with kept_chat() as chat:
        async with aiohttp.ClientSession() as http:
            await http.post(f"{chat.url}/user/group", json={"chat_id": GROUP, "title": "desk"})
        group = {"telegram_chat_id": str(GROUP), "telegram_allowed_user_ids": str(chat.owner_id)}
        options = {"chat": chat, "runs": (Service.IN_PRIVATE,), **group}
        async with delivering(**options) as room:
            refusal = {"code": 400, "description": "Bad Request: TOPIC_CLOSED", "times": 9999, "chat_id": str(GROUP)}
            await room.owner.post("fault", kind="error", **refusal)
            await room.outbox.add([note(1), samples.stop_triggered()])
            weather = Weather(room, wall)
            await weather.passes(4 * 60 + 30)
            assert not await texts(room)
            await weather.passes(60)
            barred, stop = await texts(room)
            assert "알림방에 메시지를 보낼 수 없습니다" in barred
            assert "손절: TQQQ" in stop
            await room.outbox.add([samples.stop_finished()])
            await weather.passes(60)
            assert "손절 종료: TQQQ" in (await texts(room))[-1]
        async with delivering(**options) as room:
            weather = Weather(room, wall)
            await weather.passes(7 * 60)
            assert len(await texts(room)) == 3
            await clear(room)
            await weather.passes(180)
            assert "다시 보낼 수 있습니다" in (await texts(room))[-1]
            assert len(await texts(room)) == 4
            in_group = [each["text"] for each in await room.owner.get("messages", after=0, chat_id=GROUP)]
            assert [part in text for part, text in zip(("손절 종료: TQQQ", "소식 1"), in_group, strict=True)]


async def test_in_private_a_lost_answer_repeats_an_alert_once(delivering: OpenRoom, wall: FakeClock) -> None:
    """It arrives each time and no answer comes back for half an hour."""
    async with kept_chat() as chat:
        async with aiohttp.ClientSession() as http:
            await http.post(f"{chat.url}/user/group", json={"chat_id": GROUP, "title": "desk"})
        group = {"telegram_chat_id": str(GROUP), "telegram_allowed_user_ids": str(chat.owner_id)}
        async with delivering(chat=chat, runs=(Service.IN_PRIVATE,), **group) as room:
            refusal = {"code": 400, "description": "Bad Request: TOPIC_CLOSED", "times": 9999, "chat_id": str(GROUP)}
            await room.owner.post("fault", kind="error", **refusal)
            lost = {"code": 502, "method": "sendMessage", "times": 9999, "containing": "손절: TQQQ"}
            await room.owner.post("fault", kind="error_after_send", chat_id=str(chat.owner_id), **lost)
            await room.outbox.add([samples.stop_triggered()])
            await Weather(room, wall).passes(40 * 60)
            assert ["재전송" in text for text in await texts(room) if "손절: TQQQ" in text] == [False, True]


async def test_in_private_nothing_is_said_again_for_a_disk_that_takes_nothing(
    delivering: OpenRoom, wall: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise StorageError("disk full")

    async with kept_chat() as chat:
        async with aiohttp.ClientSession() as http:
            await http.post(f"{chat.url}/user/group", json={"chat_id": GROUP, "title": "desk"})
        group = {"telegram_chat_id": str(GROUP), "telegram_allowed_user_ids": str(chat.owner_id)}
        async with delivering(chat=chat, runs=(Service.IN_PRIVATE,), **group) as room:
            refusal = {"code": 400, "description": "Bad Request: TOPIC_CLOSED", "times": 9999, "chat_id": str(GROUP)}
            await room.owner.post("fault", kind="error", **refusal)
            await room.outbox.add([samples.stop_triggered()])
            weather = Weather(room, wall)
            await weather.passes(4 * 60)
            monkeypatch.setattr(room.notes, "put", full)
            await weather.passes(10 * 60)
            assert len(await texts(room)) == 2
            await clear(room)
            await weather.passes(180)
            assert len(await texts(room)) == 3


@pytest.mark.parametrize("before", [1, 90])
async def test_in_private_nothing_critical_is_kept_back_by_what_repeats_itself(
    delivering: OpenRoom, wall: FakeClock, before: int
) -> None:
    """A stop that is refused all night makes two rows each minute; another ticker's stop comes after hundreds of them,
    or of other critical alerts."""
    async with kept_chat() as chat:
        async with aiohttp.ClientSession() as http:
            await http.post(f"{chat.url}/user/group", json={"chat_id": GROUP, "title": "desk"})
        group = {"telegram_chat_id": str(GROUP), "telegram_allowed_user_ids": str(chat.owner_id)}
        async with delivering(chat=chat, runs=(Service.IN_PRIVATE,), **group) as room:
            refusal = {"code": 400, "description": "Bad Request: TOPIC_CLOSED", "times": 9999, "chat_id": str(GROUP)}
            await room.owner.post("fault", kind="error", **refusal)
            await room.outbox.add([samples.trouble(f"k{number}") for number in range(before)])
            weather = Weather(room, wall)
            await weather.passes(5 * 60 + 30)
            for minute in range(60):
                at = samples.NOW + timedelta(minutes=minute)
                await room.outbox.add(
                    [
                        samples.stop_triggered(at=at, attempt=minute + 1),
                        samples.stop_finished(at=at, sold=0, left=10, reason=SaleEnd.REJECTED, attempt=minute + 1),
                    ]
                )
                if minute % 20 == 0:
                    await weather.passes(20)
            await room.outbox.add([samples.stop_triggered(symbol=samples.O)])
            await weather.passes(60)
            found = await texts(room)
            assert sum("] 🟧 손절: O" in text for text in found) == 1
            assert sum("손절: TQQQ" in text for text in found) >= 1
            assert len(found) <= 8


async def test_an_alert_follows_a_group_that_became_a_supergroup(delivering: OpenRoom) -> None:
    async with kept_chat() as chat:
        async with aiohttp.ClientSession() as http:
            await http.post(f"{chat.url}/user/group", json={"chat_id": -777, "title": "desk", "type": "group"})
        group = {"telegram_chat_id": "-777", "telegram_allowed_user_ids": str(chat.owner_id)}
        async with delivering(chat=chat, wall=SystemClock(), **group) as room:
            await told(room, changed(samples.order(status=OrderStatus.SENT)))
            await room.owner.post("fault", kind="migrate", chat_id=-777, to=GROUP, silent=True)
            await told(room, samples.stop_triggered(), changed(samples.filled_order(), last_fill=samples.fill()))
            moved = [each["text"] for each in await room.owner.get("messages", after=0, chat_id=GROUP)]
            for part in ("손절: TQQQ", "#12", "전량 체결"):
                assert any(part in text for text in moved), part


async def test_what_was_lost_twice_before_it_arrived_is_told_in_the_end(delivering: OpenRoom, wall: FakeClock) -> None:
    """The same answers, and nothing of it in the chat: a look finds that, and it is sent."""
    async with delivering() as room:
        weather = Weather(room, wall)
        await told(room, note(0))
        await room.owner.post("fault", kind="error", code=502, method="sendMessage", times=9999)
        await room.outbox.add([samples.stop_triggered(), note(1)])
        await weather.passes(85)
        assert len(await texts(room)) == 1
        await clear(room)
        await weather.passes(360, until=room.outbox.idle.is_set)
        said = await texts(room)
        assert [part in text for part, text in zip(("소식 0", "손절: TQQQ", "소식 1"), said, strict=True)] == [True] * 3
        assert all("재전송" in text for text in said[1:])


async def test_a_message_found_in_the_chat_is_brought_up_to_the_newest_state(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    """Its answers were lost, and the order was refused meanwhile: found instead of sent, it showed the old state."""
    async with delivering() as room:
        weather = Weather(room, wall)
        await told(room, note(0))
        await room.owner.post("fault", kind="timeout_after_send", method="sendMessage", times=2)
        await room.outbox.add([changed(samples.order(status=OrderStatus.UNKNOWN))])
        await weather.passes(240, until=lambda: any(row.attempts >= 2 for row in room.outbox.rows))
        await room.outbox.add([changed(samples.order(status=OrderStatus.CANCELED))])
        await weather.passes(360, until=room.outbox.idle.is_set)
        await weather.passes(30)
        cards = [text for text in await texts(room) if "#12" in text]
        assert any("취소됨" in text for text in cards)
        assert len(cards) <= 2  # sent once, repeated once, found then
