"""Every screen in English holds no Korean of ours, and every one in Korean leaves no English sentence behind."""

import re

import pytest

from bot.input.commands import COMMANDS
from tests.bot.conftest import OpenRoom, Room
from tests.bot.ui.test_every_button import cases
from tests.support.person import Json, labels

HANGUL = re.compile("[가-힣]")
KEPT_KOREAN = re.compile(r"[\d,]+원|모의투자|한국어|\([가-힣]+\)|(왜|시세) TQQQ|매[수도] TQQQ 3|such as 상태|Also: .*")
LOG = "call failed kis.http"  # a log is in English for everybody
TYPED_LINE = re.compile(r"^.*/[a-z]+ .*$", re.MULTILINE)  # how to type a command
SENTENCE = re.compile(r"[a-z]+ [a-z]+ [a-z]+")
TYPED = [
    *(f"/{command.name}" for command in COMMANDS),
    *(f"/help {command.name}" for command in COMMANDS),
    "/buy TQQQ 3",
    "/sell TQQQ 3",
    "/cancel 12",
    "/cancel all",
    "/order 11",
    "/order 12",
    "/why TQQQ",
    "/positions XLF",
    "/get RSI_OVERSOLD",
    "/set RSI_OVERSOLD 45 TQQQ for 2h",
    "/pause TQQQ close",
    "/nonsense",
    "hello",
]


async def _walk(room: Room) -> list[Json]:
    seen = [await room.owner.ask(text) for text in TYPED]
    under = (await room.owner.ask("/version"))["id"]
    for data in cases():
        if data.startswith("b|"):  # files, shown by their own test
            continue
        before = dict(room.owner.screen)
        await room.owner.press_data(under, data)
        seen.append(await room.owner.sees(lambda each, before=before: before.get(each["id"]) != each))  # type: ignore[misc]
    return seen


def test_every_command_has_a_korean_word() -> None:
    assert [each.name for each in COMMANDS if not any(HANGUL.search(word) for word in each.words)] == []
    words = [word for each in COMMANDS for word in each.words]
    assert len(words) == len(set(words))


async def test_english_is_complete(open_room: OpenRoom) -> None:
    async with open_room(language="en") as room:
        for message in await _walk(room):
            for text in (message["text"], *labels(message)):
                assert not HANGUL.search(KEPT_KOREAN.sub("", text)), text


async def test_korean_is_complete(open_room: OpenRoom) -> None:
    async with open_room(language="ko") as room:
        for message in await _walk(room):
            for text in (message["text"], *labels(message)):
                assert not SENTENCE.search(TYPED_LINE.sub("", text.replace(LOG, ""))), text


@pytest.mark.parametrize("word", ["en", "english", "영어", "EN"])
async def test_a_language_is_chosen_by_its_name(room: Room, word: str) -> None:
    assert "US stock trader" in (await room.owner.ask(f"/lang {word}"))["text"]
