"""Who never chose a language is spoken to as their app speaks; a choice in the chat holds over it. Row S8."""

from bot.localchat import LocalChat
from tests.bot.conftest import OpenRoom, Room


async def test_the_apps_language_is_spoken_until_another_is_chosen(room: Room) -> None:
    assert "상태" in (await room.owner.ask("/status"))["text"]
    await room.owner.post("person", language_code="en-GB")
    assert "Status" in (await room.owner.ask("/status"))["text"]
    await room.owner.ask("/lang ko")
    assert "상태" in (await room.owner.ask("/status"))["text"]


async def test_an_app_in_any_other_language_gets_the_first_one(room: Room) -> None:
    await room.owner.post("person", language_code="ja")
    assert "상태" in (await room.owner.ask("/status"))["text"]


async def test_alerts_after_a_restart_speak_it_too(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat) as before:
            await before.owner.post("person", language_code="en")
            await before.owner.ask("/status")
        async with open_room(chat=chat) as after:
            assert (await after.app.languages.of(after.owner.id)).language == "en"
