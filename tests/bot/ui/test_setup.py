"""The guided set-up of a first /start: asked once, answered by presses, left by one, and open again later."""

from dataclasses import replace

import pytest

from bot.input.first_start import KEY
from bot.ui.buttons import SetUp
from strategy.model import Language
from tests.bot.conftest import OpenRoom, Room
from tests.support.person import Json, labels

WORDS: dict[Language, dict[str, str]] = {
    "ko": {
        "first": "처음 설정 1/7",
        "step": "처음 설정 {n}/7",
        "skip": "⏭ 그대로 두기",
        "later": "🏁 나머지는 나중에",
        "end": "설정을 마쳤습니다",
        "quiet": "중요한 알림만",
        "signal": "알리기만",
    },
    "en": {
        "first": "First settings 1/7",
        "step": "First settings {n}/7",
        "skip": "⏭ Leave as it is",
        "later": "🏁 The rest later",
        "end": "Set up",
        "quiet": "nothing but critical",
        "signal": "Only tell me",
    },
}


async def begun(room: Room, language: Language) -> Json:
    """Send the very first /start and return the question it brings."""
    del room.notes.stored[KEY]
    await room.owner.send("/start")
    return await room.owner.reads(WORDS[language]["first"])


async def at_step(room: Room, language: Language, step: int) -> Json:
    return await room.owner.reads(WORDS[language]["step"].format(n=step))


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_the_first_start_asks_each_question_and_sets_what_is_pressed(
    open_room: OpenRoom, language: Language
) -> None:
    picks = ("23:00-07:00", "0.09%", "$200.00", "$5,000.00", "25.00%", WORDS[language]["signal"])
    async with open_room(language=language) as room:
        room.control.settings["MAX_ORDER_USD"] = replace(room.control.settings["MAX_ORDER_USD"], step=None)
        asked = await begun(room, language)
        await room.owner.press(asked, "English" if language == "en" else "한국어")
        for step, pick in enumerate(picks, start=2):
            asked = await at_step(room, language, step)
            await room.owner.press(asked, next(label for label in labels(asked) if pick in label))
        await room.owner.reads(WORDS[language]["end"])
        values = {name: view.value for name, view in room.control.settings.items()}
        assert values["QUIET_HOURS"] == "23:00-07:00"
        assert (values["COMMISSION_PCT"], values["MIN_ORDER_USD"], values["MAX_ORDER_USD"]) == ("0.09", "200", "5000")
        assert (values["MAX_POSITION_RATE"], values["TRADE_MODE"]) == ("0.25", "signal")
        assert [change.name for change in room.control.changes] == [
            "QUIET_HOURS", "COMMISSION_PCT", "MIN_ORDER_USD", "MAX_ORDER_USD", "MAX_POSITION_RATE", "TRADE_MODE",
        ]  # fmt: skip


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_it_is_asked_once_can_be_left_and_opened_again(open_room: OpenRoom, language: Language) -> None:
    words = WORDS[language]
    async with open_room(language=language) as room:
        asked = await begun(room, language)
        await room.owner.press(asked, words["skip"])
        asked = await room.owner.reads(words["quiet"])
        await room.owner.press(asked, words["later"])
        await room.owner.reads(words["end"])
        assert room.control.changes == []
        before = len(room.owner.from_bot())
        await room.owner.ask("/start")
        assert len(room.owner.from_bot()) == before + 1  # the home screen, and no question
        await room.owner.ask("/setup")
        menu = await room.owner.ask("/settings")
        assert any("🧭" in label for label in labels(menu))


async def test_what_is_set_already_changes_nothing_and_is_marked(room: Room) -> None:
    asked = await room.owner.ask("/setup")
    await room.owner.press(asked, "한국어")
    asked = await room.owner.reads("처음 설정 2/7")
    assert "✅ 방해 금지 시간 없음" in labels(asked)
    for step in (2, 3):
        await room.owner.press(asked, "⏭ 그대로 두기")
        asked = await at_step(room, "ko", step + 1)
    assert "✅ $100.00" in labels(asked)
    assert room.control.changes == []


async def test_trading_by_itself_is_shown_before_it_begins(room: Room) -> None:
    """The other answers make less happen; this one starts orders."""
    settings = room.control.settings
    settings["TRADE_MODE"] = replace(settings["TRADE_MODE"], value="signal")
    asked = await room.owner.ask("/setup")
    await room.owner.press_data(asked["id"], SetUp(step=6, pick=0).pack())
    shown = await room.owner.reads("signal → auto")
    assert settings["TRADE_MODE"].value == "signal"
    assert any("✅" in label for label in labels(shown))


async def test_a_viewer_is_not_asked(open_room: OpenRoom) -> None:
    async with open_room(telegram_viewer_user_ids="42") as room:
        del room.notes.stored[KEY]
        await room.owner.post("send", user_id=42, text="/start")
        await room.owner.ask("/version")
        assert KEY not in room.notes.stored
