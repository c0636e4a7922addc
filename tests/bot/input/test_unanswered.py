"""An answer that cannot be given is noticed by whoever waits for it: by the press's toast, later, or in its words."""

import asyncio
import io
import zipfile
from typing import Any

import pytest

from strategy.model import ExportFile, Service, StorageError
from tests.bot.conftest import OpenRoom, Room
from tests.bot.transport.test_topics import GROUP, set_up
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import kept_chat, until
from tests.support.rough_weather import clear, shown


async def answer_to(room: Room, query: str) -> dict[str, Any]:
    """Return what the person saw of the answer to a press, once there is one."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(20):
        while not found.get("answered"):
            found = await room.owner.get(f"answers/{query}")
    return found


async def preview(room: Room) -> dict[str, Any]:
    return await room.owner.ask("/buy TQQQ 3 @61.20")


def pressing(message: dict[str, Any]) -> str:
    """Return what the button that confirms carries."""
    found = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
    return next(str(each["callback_data"]) for each in found if each["callback_data"].startswith("y|"))


async def test_during_a_long_flood_a_confirmed_press_says_done_and_its_card_follows(
    open_room: OpenRoom, wall: FakeClock
) -> None:
    wall.set(samples.NOW)
    async with open_room(wall=wall, runs=(Service.LATE_ANSWERS,)) as room:
        card = await preview(room)
        for method in ("sendMessage", "editMessageText"):
            await room.owner.post("fault", kind="error", method=method, retry_after=45, times=1)
        query = await room.owner.press_data(card["id"], pressing(card))
        said = await answer_to(room, query)
        assert "완료" in said["text"]
        assert "45초 뒤" in said["text"]
        assert not said["show_alert"]
        assert len(room.control.placed) == 1
        await clear(room)
        await until(lambda: wall.next_wake is not None)
        await wall.advance(46)
        assert "완료" in (await room.owner.sees(lambda each: each["id"] > card["id"]))["text"]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "error", "code": 400, "description": "Bad Request: CHAT_RESTRICTED"},
        {"kind": "error", "code": 403},
        {"kind": "error_after_send", "code": 502},
        {"kind": "timeout_before", "seconds": 0},
    ],
    ids=lambda fault: str(fault.get("code", fault["kind"])),
)
async def test_what_the_card_could_not_say_the_toast_says(room: Room, fault: dict[str, Any]) -> None:
    card = await preview(room)
    for method in ("sendMessage", "editMessageText"):
        await room.owner.post("fault", **fault, method=method, times=99)
    said = await answer_to(room, await room.owner.press_data(card["id"], pressing(card)))
    assert "완료" in said["text"]
    assert "보여 드리지 못했습니다" in said["text"]
    assert said["show_alert"]  # to be closed: it must not be missed


async def test_a_typed_command_is_answered_after_a_long_flood(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(wall=wall, runs=(Service.LATE_ANSWERS,)) as room:
        await room.owner.post("fault", kind="error", method="sendMessage", retry_after=90, times=1)
        await room.owner.send("/version")
        await until(lambda: wall.next_wake is not None)
        await wall.advance(91)
        assert "버전" in (await room.owner.reads("버전"))["text"]


async def test_a_screen_whose_buttons_are_refused_is_shown_in_plain_words(room: Room) -> None:
    await room.owner.post("fault", kind="error", method="sendMessage", code=400, containing="callback_data", times=99)
    assert (await room.owner.ask("/status"))["entities"] == []


@pytest.mark.parametrize(
    "fault",
    [{"code": 400}, {"code": 413}, {"code": 429, "retry_after": 900}, {"code": 403}],
    ids=lambda fault: str(fault["code"]),
)
async def test_an_export_of_which_nothing_arrives_does_not_say_exported(room: Room, fault: dict[str, Any]) -> None:
    await room.owner.post("fault", kind="error", method="sendDocument", **fault, times=99)
    await room.owner.send("/export all")
    told = await room.owner.reads("내보내지 못했습니다")
    for name in ("trades.csv", "settings.csv", "decisions.csv"):
        assert name in told["text"].split("도착하지 않은")[1]


async def test_an_export_names_what_arrived_and_what_did_not(room: Room) -> None:
    await room.owner.post("fault", kind="error", method="sendDocument", code=400, containing="settings", times=99)
    await room.owner.send("/export all")
    told = (await room.owner.reads("도착하지 않은"))["text"]
    there, missing = told.split("도착하지 않은")
    assert "trades.csv" in there
    assert "decisions.csv" in there
    assert "settings.csv" in missing
    assert sum(each.get("document_url") is not None for each in room.owner.from_bot()) == 2


async def test_a_large_table_comes_packed_in_pieces_with_progress(room: Room) -> None:
    content = b"\xef\xbb\xbf" + b"".join(f"row {n},{n * 7919 % 104729}\r\n".encode() for n in range(60_000))
    room.control.files = [
        ExportFile(name=f"decisions{part}.csv", content=content, rows=60_000) for part in ("", "-part2", "-part3")
    ]
    await room.owner.send("/export all")
    await room.owner.reads("decisions-part3.csv")
    found = [each for each in await room.owner.get("messages", after=0) if each.get("document_url")]
    assert len(found) == 3
    async with room.owner._http.get(f"{room.chat.url}{found[0]['document_url']}") as response:
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
    assert archive.namelist() == ["decisions.csv"]
    assert archive.read("decisions.csv") == content
    assert any("보냈습니다" in each["text"] for each in await shown(room))


async def test_an_export_that_breaks_off_tells_what_was_sent(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks_off(*, since: Any = None) -> Any:
        yield ExportFile(name="trades.csv", content=b"x", rows=1)
        raise StorageError("torn")

    monkeypatch.setattr(room.control.services.results, "export", breaks_off)
    await room.owner.send("/export all")
    told = (await room.owner.reads("빠졌습니다"))["text"]
    assert "trades.csv" in told


async def test_in_a_group_that_takes_no_answer_the_answer_comes_in_private(open_room: OpenRoom) -> None:
    async with kept_chat() as chat:
        await set_up(chat, is_forum=False)
        people = {"telegram_chat_id": str(GROUP), "telegram_allowed_user_ids": str(chat.owner_id)}
        async with open_room(chat=chat, **people) as room:
            refusal = {"code": 400, "description": "Bad Request: TOPIC_CLOSED", "times": 99}
            await room.owner.post("fault", kind="error", chat_id=str(GROUP), **refusal)
            await room.owner.post("send", chat_id=GROUP, text="/version")
            told = await room.owner.reads("버전")
            assert told["chat_id"] == chat.owner_id


async def test_a_typed_command_whose_answer_may_be_lost_is_answered_once_more_and_marked(
    open_room: OpenRoom, wall: FakeClock
) -> None:
    async with open_room(wall=wall, runs=(Service.LATE_ANSWERS,)) as room:
        await room.owner.post("fault", kind="timeout_before", seconds=0, method="sendMessage", times=1)
        await room.owner.send("/version")
        await until(lambda: wall.next_wake is not None)
        await wall.advance(3)
        assert "재전송" in (await room.owner.reads("버전"))["text"]
