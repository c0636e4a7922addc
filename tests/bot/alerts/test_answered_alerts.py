"""A change is told once in the chat where somebody made it: the answer stands for the alert, or the alert comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from strategy.model import Language, Mode, ModeChanged
from tests.bot.conftest import OpenRoom, Room
from tests.bot.transport.test_topics import GROUP, calls, set_up
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import in_order, kept_chat, note, told, until
from tests.support.person import Json

OTHER = 4242


@pytest.fixture
async def alerted(open_room: OpenRoom) -> AsyncIterator[Room]:
    """A bot that answers and delivers."""
    async with open_room(delivers=True) as room:
        yield room


async def alerts_after(room: Room, message: Json) -> list[Json]:
    """Let a later alert come, and return what came between."""
    await told(room, note(99))
    await room.owner.reads("소식 99")
    return [each for each in in_order(room) if each["id"] > message["id"] and "소식 99" not in each["text"]]


async def test_a_pause_is_told_by_its_answer_alone(alerted: Room) -> None:
    card = await alerted.owner.ask("/pause TQQQ 30m")
    assert await alerts_after(alerted, card) == []
    assert alerted.outbox.done[1] == card["id"]
    for part in ("매수 멈춤", "TQQQ", "이전:", f"사용자 {alerted.owner.id}", "까지"):
        assert part in card["text"]


@pytest.mark.parametrize(("language", "who"), [("ko", "사용자"), ("en", "by user")])
async def test_a_setting_is_told_by_the_edited_card_alone(open_room: OpenRoom, language: Language, who: str) -> None:
    async with open_room(delivers=True, language=language) as room:
        preview = await room.owner.ask("/set RSI_OVERSOLD 45")
        await room.owner.press(preview, "45")
        await until(lambda: 1 in room.outbox.done)
        assert room.outbox.done == {1: preview["id"]}
        card = await room.owner.reads(who)
        assert card["id"] == preview["id"]
        assert str(room.owner.id) in card["text"]


async def test_a_released_lock_is_told_by_its_answer_alone(alerted: Room) -> None:
    card = await alerted.owner.does(await alerted.owner.ask("/release TQQQ"), "해제")
    assert await alerts_after(alerted, card) == []
    assert alerted.outbox.done[1] == card["id"]


async def test_a_card_that_stands_for_an_alert_is_not_overwritten(alerted: Room) -> None:
    card = await alerted.owner.ask("/stop")
    preview = await alerted.owner.does(card, "실행")
    assert preview["id"] > card["id"]
    done = await alerted.owner.does(preview, "예")
    assert done["id"] == preview["id"]
    await alerted.owner.press_data(preview["id"], _confirming(preview))  # once more, too late
    again = await alerted.owner.reads("이미 누른")
    assert again["id"] > preview["id"]
    assert "이전:" in alerted.owner.screen[preview["id"]]["text"]


def _confirming(preview: Json) -> str:
    rows = preview["reply_markup"]["inline_keyboard"]
    return next(str(each["callback_data"]) for row in rows for each in row if each["callback_data"].startswith("y|"))


# where it is not certain that the answer is there


@pytest.mark.parametrize("fault", [{"code": 400}, {"retry_after": 3000}])
async def test_an_answer_that_was_not_sent_lets_the_alert_come(alerted: Room, fault: dict[str, int]) -> None:
    await alerted.owner.post("fault", kind="error", method="sendMessage", **fault)
    await alerted.owner.send("/stop")
    alert = await alerted.owner.reads("보호 전용")
    await until(lambda: 1 in alerted.outbox.done)
    assert alerted.outbox.done == {1: alert["id"]}
    assert "♻️" not in alert["text"]


async def test_an_answer_that_may_be_there_lets_the_alert_come_marked(alerted: Room) -> None:
    await alerted.owner.post("fault", kind="timeout_after_send", method="sendMessage", seconds=3)
    await alerted.owner.send("/stop")
    alert = await alerted.owner.reads("♻️")
    assert "보호 전용" in alert["text"]
    await until(lambda: 1 in alerted.outbox.done)
    assert alerted.outbox.done == {1: alert["id"]}


async def test_a_death_between_answer_and_note_has_the_alert_come_marked(
    open_room: OpenRoom, wall: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is marked before the answer leaves, so the next life knows that it may be in the chat."""

    async def dead(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.app._LEAVING_S", 0)  # whoever dies waits for no handler
    async with kept_chat() as chat:
        async with open_room(chat=chat, wall=wall) as room:
            with monkeypatch.context() as patched:
                patched.setattr(room.outbox, "mark_done", dead)
                await room.owner.send("/stop")
                await room.owner.reads("보호 전용")
        async with open_room(chat=chat, wall=wall, polls=False, delivers=True) as room:
            alert = await room.owner.reads("♻️")
            assert "보호 전용" in alert["text"]


async def test_an_answer_that_fails_on_the_way_lets_the_alert_come(
    alerted: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("bot.views.modes.was_set", broken)
    await alerted.owner.send("/stop")
    await until(lambda: 1 in alerted.outbox.done)
    alert = await alerted.owner.reads("보호 전용")
    assert alerted.outbox.done == {1: alert["id"]}


# elsewhere, and by others


async def test_what_somebody_does_in_another_chat_is_told_as_ever(open_room: OpenRoom) -> None:
    async with open_room(delivers=True, telegram_allowed_user_ids=str(OTHER)) as room, room.visitor(OTHER) as other:
        assert "보호 전용" in (await other.ask("/stop"))["text"]
        alert = await room.owner.reads("보호 전용")
        assert f"사용자 {OTHER}" in alert["text"]
        await until(lambda: 1 in room.outbox.done)
        assert room.outbox.done == {1: alert["id"]}


async def test_what_the_program_does_meanwhile_is_told_as_ever(alerted: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    by_program = ModeChanged(at=samples.NOW, state=samples.mode(Mode.RUN, set_by=None, reason="expired"), previous=None)
    answered = asyncio.Event()
    confirm = alerted.control.services.confirmations.confirm

    async def slow(*args: Any) -> Any:
        await answered.wait()
        return await confirm(*args)

    monkeypatch.setattr(alerted.control.services.confirmations, "confirm", slow)
    await alerted.owner.press(await alerted.owner.ask("/release TQQQ"), "해제")
    await told(alerted, by_program)
    await alerted.owner.reads("프로그램이")
    answered.set()
    await until(lambda: 2 in alerted.outbox.done)
    assert alerted.outbox.done[1] != alerted.outbox.done[2]


@asynccontextmanager
async def in_group(open_room: OpenRoom, *, is_forum: bool) -> AsyncIterator[Room]:
    async with kept_chat() as chat:
        await set_up(chat, is_forum=is_forum)
        ids = {"telegram_chat_id": str(GROUP), "telegram_allowed_user_ids": str(chat.owner_id)}
        async with open_room(chat=chat, delivers=True, **ids) as room:
            yield room


async def _group_texts(room: Room) -> list[str]:
    sent = [each["params"] for each in await calls(room.chat, "sendMessage") if each["status"] == 200]
    return [each["text"] for each in sent if str(each["chat_id"]) == str(GROUP)]


async def test_in_a_group_a_change_is_told_once_and_names_who_made_it(open_room: OpenRoom) -> None:
    async with in_group(open_room, is_forum=False) as room:
        await room.owner.post("send", text="/stop", chat_id=GROUP)
        await until(lambda: 1 in room.outbox.done)
        (card,) = [text for text in await _group_texts(room) if "보호 전용" in text]
        assert f"사용자 {room.owner.id}" in card


async def test_in_a_forum_the_topic_of_the_alerts_has_it_too(open_room: OpenRoom) -> None:
    """Whoever reads that topic does not see the answer, which stands in the general one."""
    async with in_group(open_room, is_forum=True) as room:
        await room.owner.post("send", text="/stop", chat_id=GROUP)
        await until(lambda: 1 in room.outbox.done)
        assert len([text for text in await _group_texts(room) if "보호 전용" in text]) == 2


async def test_of_two_presses_at_once_each_answer_tells_its_own(alerted: Room) -> None:
    preview = await alerted.owner.ask("/release TQQQ")
    await asyncio.gather(alerted.owner.send("/pause TQQQ"), alerted.owner.press(preview, "해제"))
    await until(lambda: {1, 2} <= alerted.outbox.done.keys())
    paused, released = await alerted.owner.reads("매수 멈춤"), await alerted.owner.reads("풀었습니다")
    rows = {row.event.kind: row.id for row in alerted.outbox.rows}
    assert alerted.outbox.done[rows["mode_changed"]] == paused["id"]
    assert alerted.outbox.done[rows["notable"]] == released["id"]
