"""What takes a stop off is confirmed by words no command has, names shares and dollars, and offers the way back."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Language, Mode
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, TQQQ, XLF, O, World
from tests.support.person import Json, labels
from tests.support.real_chat import RealChat, real_chat

QUIET = {"rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600", "stop_loss_rate": "-5"}
WORDS: dict[Language, str] = {"ko": "손절 끄기", "en": "STOPS OFF"}
OFF: dict[Language, str] = {"ko": "⛔ 손절이 꺼졌습니다", "en": "⛔ The stop-loss is off"}
BACK: dict[Language, str] = {"ko": "손절 다시 켜기", "en": "Stop-loss on again"}
LANGUAGES: tuple[Language, ...] = ("ko", "en")

Chatting = Callable[..., AbstractAsyncContextManager[RealChat]]


@pytest.fixture
def chatting(tmp_path: Path) -> Chatting:
    @asynccontextmanager
    async def make(language: Language = "en", *, hold: int = 10, **changes: str) -> AsyncIterator[RealChat]:
        world = World.at(OPEN + timedelta(minutes=10))
        for symbol in (TQQQ, O, XLF):
            world.ready(symbol)
        if hold:
            world.broker.hold(TQQQ, hold, Decimal(100))
        settings = trading_settings(**{**QUIET, **changes})
        async with real_chat(tmp_path, world, settings=settings, language=language) as made:
            yield made

    return make


def names_what_is_held(message: Json) -> bool:
    """10 shares at $100, whose stop is 5 % below their cost."""
    return all(part in message["text"] for part in ("TQQQ 10", "$1,000.00", "$95.00"))


def mode_of(room: RealChat) -> Mode:
    return room.bench.core.base.modes.account.mode


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_halt_names_shares_and_dollars_is_no_success_and_offers_the_way_back(
    chatting: Chatting, language: Language
) -> None:
    async with chatting(language) as room:
        preview = await room.owner.ask("/halt")
        assert names_what_is_held(preview)
        assert WORDS[language] in preview["text"]
        done = await room.owner.ask(WORDS[language])
        assert OFF[language] in done["text"]
        assert "✅" not in done["text"]
        assert names_what_is_held(done)
        assert mode_of(room) is Mode.HALTED
        again = await room.presses(done, BACK[language])
        await room.presses(again, "✅")
        assert mode_of(room) is Mode.RUN


async def test_the_way_back_leads_to_the_mode_that_held_before(chatting: Chatting) -> None:
    async with chatting() as room:
        await room.owner.ask("/stop")
        await room.owner.ask("/halt")
        done = await room.owner.ask(WORDS["en"])
        await room.presses(await room.presses(done, BACK["en"]), "✅")
        assert mode_of(room) is Mode.PROTECT_ONLY


@pytest.mark.parametrize("language", LANGUAGES)
async def test_switching_the_stop_loss_off_goes_through_the_same_step(chatting: Chatting, language: Language) -> None:
    async with chatting(language) as room:
        store = room.bench.core.base.book
        preview = await room.owner.ask("/set STOP_LOSS_RATE off")
        assert names_what_is_held(preview)
        assert not [label for label in labels(preview) if "✅" in label], "no press confirms it"
        assert WORDS[language] in (await room.owner.ask("yes"))["text"]
        assert store.account.stop_loss_rate == -5
        done = await room.owner.ask(WORDS[language].lower())
        assert OFF[language] in done["text"]
        assert "✅" not in done["text"]
        assert names_what_is_held(done)
        assert store.account.stop_loss_rate is None
        back = await room.presses(done, BACK[language])
        await room.presses(back, "✅")
        assert store.account.stop_loss_rate == -5


@pytest.mark.parametrize(
    "words",
    [
        "/set STOP_LOSS_RATE off TQQQ",
        "/set STOP_LOSS_RATE=off",
        "/set POSITION_SCOPE bot",  # the account's shares are nobody's business any more
        "손절 off 변경",  # not a command: nothing at all happens
    ],
)
async def test_nothing_that_leaves_shares_without_a_stop_is_done_by_a_press(chatting: Chatting, words: str) -> None:
    async with chatting() as room:
        preview = await room.owner.ask(words)
        assert not [label for label in labels(preview) if "✅" in label]
        assert room.bench.core.base.book.of(TQQQ).stop_loss_rate == -5


async def test_a_trailing_stop_that_stays_is_no_reason_to_ask_less(chatting: Chatting) -> None:
    async with chatting(trailing_stop_pct="3") as room:
        preview = await room.owner.ask("/set STOP_LOSS_RATE off")
        assert WORDS["en"] in preview["text"]
        assert "TQQQ 10" not in preview["text"], "the trailing stop still sells them"
        await room.owner.ask("/set TRAILING_STOP_PCT off")  # first of all, the open question is dropped
        trailing = await room.owner.reads("TRAILING_STOP_PCT")
        assert [label for label in labels(trailing) if "✅" in label], "the stop-loss is still there"


async def test_without_a_holding_the_words_are_wanted_all_the_same(chatting: Chatting) -> None:
    async with chatting(hold=0) as room:
        preview = await room.owner.ask("/set STOP_LOSS_RATE off")
        assert WORDS["en"] in preview["text"]
        assert "Nothing is held now" in preview["text"]


async def test_a_tighter_stop_needs_no_words(chatting: Chatting) -> None:
    async with chatting() as room:
        preview = await room.owner.ask("/set STOP_LOSS_RATE -4")
        await room.presses(preview, "✅")
        assert room.bench.core.base.book.account.stop_loss_rate == -4


async def test_taking_back_what_brought_the_stop_on_takes_it_off_and_asks_for_the_words(chatting: Chatting) -> None:
    async with chatting(stop_loss_rate="off") as room:
        done = await room.presses(await room.owner.ask("/set STOP_LOSS_RATE -5"), "✅")
        back = await room.presses(done, "Undo")
        assert WORDS["en"] in back["text"]
        await room.owner.ask(WORDS["en"])
        assert room.bench.core.base.book.account.stop_loss_rate is None


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_answer_to_a_setting_takes_its_own_change_back_and_no_other(
    chatting: Chatting, language: Language
) -> None:
    undo = {"ko": "되돌리기", "en": "Undo"}[language]
    async with chatting(language) as room:
        first = await room.presses(await room.owner.ask("/set BUY_RATE 0.4"), "✅")
        await room.presses(await room.owner.ask("/set SELL_RATE 0.5"), "✅")
        back = await room.presses(first, undo)
        assert "BUY_RATE" in back["text"]
        await room.presses(back, "✅")
        assert (room.bench.core.base.book.value("BUY_RATE"), room.bench.core.base.book.value("SELL_RATE")) == (
            "0.30",
            "0.5",
        )


async def test_a_change_that_was_overtaken_is_not_taken_back(chatting: Chatting) -> None:
    async with chatting() as room:
        first = await room.presses(await room.owner.ask("/set BUY_RATE 0.4"), "✅")
        await room.presses(await room.owner.ask("/set BUY_RATE 0.5"), "✅")
        said = await room.presses(first, "Undo")
        assert "changed again" in said["text"]
        assert room.bench.core.base.book.value("BUY_RATE") == "0.5"
