"""A card stays true: it becomes its order's message, a cancel's shows its end, an expired one is asked anew."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Language
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, TQQQ, XLF, O, World
from tests.support.person import Json, labels
from tests.support.real_chat import RealChat, real_chat

QUIET = {"rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600", "order_timeout_s": "900"}
LANGUAGES: tuple[Language, ...] = ("ko", "en")
AGAIN: dict[Language, str] = {"ko": "같은 조건으로 다시", "en": "Again with the same terms"}
FILLED: dict[Language, str] = {"ko": "체결 완료", "en": "filled"}
CANCEL: dict[Language, str] = {"ko": "예, 취소", "en": "Yes, cancel"}
CANCELED: dict[Language, str] = {"ko": "취소됨", "en": "canceled"}

Chatting = Callable[..., AbstractAsyncContextManager[RealChat]]


@pytest.fixture
def chatting(tmp_path: Path) -> Chatting:
    @asynccontextmanager
    async def make(language: Language = "en", *, delivers: bool = False, **changes: str) -> AsyncIterator[RealChat]:
        world = World.at(OPEN + timedelta(minutes=10))
        for symbol in (TQQQ, O, XLF):
            world.ready(symbol)
        settings = trading_settings(**{**QUIET, **changes})
        async with real_chat(tmp_path, world, settings=settings, language=language, delivers=delivers) as made:
            if delivers:
                await made.owner.reads("🟢")  # it has started
            yield made

    return make


def about(room: RealChat, part: str) -> list[Json]:
    """Return the bot's messages that say that, those taken away left out."""
    return [each for each in room.owner.from_bot() if part in (each.get("text") or "") and not each.get("deleted")]


async def asks(room: RealChat, words: str, label: str) -> Json:
    """Type, and return the answer that has such a button: alerts come in between."""
    sent = await room.owner.send(words)
    return await room.owner.sees(lambda each: each["id"] > sent and any(label in one for one in labels(each)))


async def shows(room: RealChat, message: Json, part: str) -> Json:
    """Let the core and the chat work until a message says that."""
    async with asyncio.timeout(30):
        while part not in room.owner.screen[message["id"]]["text"]:
            await room.bench.settle()
    return room.owner.screen[message["id"]]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_confirmed_card_becomes_the_orders_message(chatting: Chatting, language: Language) -> None:
    async with chatting(language, delivers=True) as room:
        preview = await asks(room, "/buy TQQQ 3 @90", "✅")
        card = await room.presses(preview, "✅")
        assert card["id"] == preview["id"]
        await shows(room, card, "#1")
        await room.bench.pass_time(2)
        room.bench.price(TQQQ, "89")
        await room.bench.pass_time(5)
        await shows(room, card, FILLED[language])
        told = [each for each in about(room, "#1") if each.get("reply_to_message") is None]
        assert [each["id"] for each in told] == [card["id"]], "no second message of the same order"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_cancels_card_shows_how_the_order_ended(chatting: Chatting, language: Language) -> None:
    async with chatting(language, delivers=True) as room:
        card = await room.presses(await asks(room, "/buy TQQQ 3 @90", "✅"), "✅")
        await shows(room, card, "#1")
        preview = await asks(room, "/cancel 1", CANCEL[language])
        asked = await room.presses(preview, CANCEL[language])
        assert asked["id"] == preview["id"]
        await room.bench.pass_time(5)
        await shows(room, asked, CANCELED[language])
        await shows(room, card, CANCELED[language])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_expired_order_is_asked_again_with_the_same_terms(chatting: Chatting, language: Language) -> None:
    async with chatting(language) as room:
        preview = await room.owner.ask("/buy TQQQ 3 @90")
        await room.bench.pass_time(61)
        expired = await room.presses(preview, "✅")
        assert not await room.bench.orders()
        again = await room.presses(expired, AGAIN[language])
        assert "3" in again["text"]
        assert "$90.00" in again["text"]
        await room.presses(again, "✅")
        [order] = await room.bench.orders()
        assert (order.request.qty, order.request.limit_price) == (3, Decimal(90))


@pytest.mark.parametrize(
    ("words", "press", "part"),
    [
        ("/set BUY_RATE 0.4", "✅", "0.4"),
        ("/run", "✅", "Run"),
        ("/add XLF", "Trade", "XLF"),
        ("/unwatch O", "Take O off", "Take O off?"),
    ],
)
async def test_every_expired_preview_can_be_had_again(chatting: Chatting, words: str, press: str, part: str) -> None:
    async with chatting(trading_tickers="NASDAQ:TQQQ,NYSE:O") as room:
        if words == "/run":
            await room.owner.ask("/stop")
        preview = await room.owner.ask(words)
        await room.bench.pass_time(61)
        again = await room.presses(await room.presses(preview, press), AGAIN["en"])
        assert part in again["text"]
        assert [label for label in labels(again) if press in label]


async def test_what_is_overtaken_is_asked_again_too(chatting: Chatting) -> None:
    async with chatting() as room:
        preview = await room.owner.ask("/buy TQQQ 3")
        room.bench.price(TQQQ, "103")
        changed = await room.presses(preview, "✅")
        again = await room.presses(changed, AGAIN["en"])
        assert "$103" in again["text"], "a price nobody typed follows the market"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_buy_says_what_it_takes_up_of_the_limits_and_what_it_is_in_won(
    chatting: Chatting, language: Language
) -> None:
    async with chatting(language, max_position_rate="0.5", max_orders_per_day="50") as room:
        preview = await room.owner.ask("/buy TQQQ 3 @90")
        for part in ("2.7%", "50%", "TQQQ", "1", "원"):
            assert part in preview["text"]
        await room.presses(preview, "✅")
        second = await room.owner.ask("/buy TQQQ 3 @90")
        assert "5.4%" in second["text"], "the open buy counts"
        words = {"ko": "50건 중 2건", "en": "2 of 50 orders"}
        assert words[language] in second["text"]
