"""The chat over the real core on real storage: no order twice, no setting lost, none out of range."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiogram.types import CallbackQuery, Chat, InlineKeyboardMarkup, Message, Update, User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import BotApp, open_bot
from bot.settings import TelegramSettings
from strategy.model import Environment, SystemClock
from strategy.settings.schema import TradingSettings
from tests.bot.input.test_any_words import StrictSession
from tests.fakes import samples
from tests.fakes.chat_storage import FakeOutbox
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, TQQQ, Bench, O, World, running

CHANGES = {"trading_tickers": "NASDAQ:TQQQ,NYSE:O", "rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600"}


class RememberingSession(StrictSession):
    """Keeps what every button under a message carries."""

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[tuple[str, str]] = []

    def _message(self, method: Any) -> Message:
        made = super()._message(method)
        if isinstance(method.reply_markup, InlineKeyboardMarkup):
            for row in method.reply_markup.inline_keyboard:
                self.buttons += [(each.text, each.callback_data) for each in row if each.callback_data]
        return made


class Talk:
    """A person and the bot over the real core."""

    def __init__(self, bench: Bench, app: BotApp, session: RememberingSession) -> None:
        self.bench = bench
        self.session = session
        self._app = app
        self._count = 0

    async def type(self, text: str) -> str:
        """Type, and return what was answered."""
        message = Message(
            message_id=self._next(), date=SystemClock().now(), chat=_chat(), from_user=_user(samples.OWNER), text=text
        )
        return await self._feed(Update(update_id=self._count, message=message))

    async def press(self, data: str, user_id: int = samples.OWNER) -> str:
        under = Message(message_id=400, date=SystemClock().now(), chat=_chat(), text="x")
        query = CallbackQuery(id="1", from_user=_user(user_id), chat_instance="1", message=under, data=data)
        self._next()
        return await self._feed(Update(update_id=self._count, callback_query=query))

    async def ticket(self, text: str) -> str:
        """Type a command that is previewed, and return what its confirm button carries."""
        before = len(self.session.buttons)
        answer = await self.type(text)
        found = [data for _, data in self.session.buttons[before:] if data.startswith("y|")]
        assert found, answer
        return found[0]

    async def confirm(self, text: str) -> str:
        return await self.press(await self.ticket(text))

    async def _feed(self, update: Update) -> str:
        before = len(self.session.said)
        await self._app.dispatcher.feed_update(self._app.bot, update)
        return "\n".join(self.session.said[before:])

    def _next(self) -> int:
        self._count += 1
        return self._count


def _user(user_id: int) -> User:
    return User(id=user_id, is_bot=False, first_name="somebody")


def _chat() -> Chat:
    return Chat(id=samples.OWNER, type="private")


@asynccontextmanager
async def talking(path: Path, world: World, base: TradingSettings | None = None) -> AsyncIterator[Talk]:
    """Run core and bot on the storage in `path`; again for a restart."""
    telegram = TelegramSettings.model_validate(
        {
            "telegram_bot_token": "1000:local-chat",
            "telegram_chat_id": str(samples.OWNER),
            "telegram_chat_test_id": "5",
            "telegram_api_url": "http://127.0.0.1:1",
            "telegram_operator_user_ids": "77",
        }
    )
    session = RememberingSession()
    async with (
        running(path, world, settings=base or trading_settings(**CHANGES)) as bench,
        open_bot(
            telegram,
            control=bench.core.control,
            outbox=FakeOutbox(),
            notes=bench.storage.notes,
            messages=bench.storage.messages,
            clock=world.clock,
            wall=SystemClock(),
            environment=Environment.VIRTUAL,
            account=samples.MASKED,
        ) as app,
    ):
        app.bot.session = session
        yield Talk(bench, app, session)


def open_market() -> World:
    world = World.at(OPEN + timedelta(minutes=10))
    world.ready(TQQQ)
    world.ready(O)
    return world


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("yes"), st.integers(0, 2)),
        st.tuples(st.just("no"), st.integers(0, 2)),
        st.tuples(st.just("other person"), st.integers(0, 2)),
        st.tuples(st.just("twice at once"), st.integers(0, 2)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=10,
)


@given(STEPS)
@settings(max_examples=12, deadline=None)
def test_any_replay_of_presses_places_at_most_one_order_each_promise_6(steps: list[tuple[str, int]]) -> None:
    """Three previews; pressed in any order, any number of times, by anybody, across restarts."""

    async def story(path: Path) -> None:
        world, pending = open_market(), list(steps)
        tickets: list[str] = []
        while True:
            async with talking(path, world) as talk:
                tickets = tickets or [await talk.ticket(f"/buy {name} 1") for name in ("TQQQ", "O", "TQQQ")]
                while pending and (step := pending.pop(0))[0] != "restart":
                    await act(talk, tickets[step[1]], step[0])
                await talk.bench.settle()
                if not pending:
                    break
        wanted = {number for what, number in steps if what in ("yes", "twice at once")}
        assert len(world.broker.submitted) <= len(wanted)

    async def act(talk: Talk, ticket: str, what: str) -> None:
        if what == "yes":
            await talk.press(ticket)
        elif what == "no":
            await talk.press("n" + ticket[1:])
        elif what == "other person":
            await talk.press(ticket, 77)
        else:
            await asyncio.gather(talk.press(ticket), talk.press(ticket))

    with TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory)))


NUMBERS = {
    "RSI_OVERSOLD": (Decimal(0), Decimal(98)),
    "BUY_RATE": (Decimal("0.01"), Decimal(1)),
    "STOP_LOSS_RATE": (Decimal("-99.9"), Decimal("-0.1")),
    "MAX_POSITION_RATE": (Decimal("0.01"), Decimal(1)),
    "TRAILING_STOP_PCT": (Decimal("0.1"), Decimal(99)),
    "COMMISSION_PCT": (Decimal(0), Decimal(5)),
}
OUTSIDE = {
    "RSI_OVERSOLD": ("-1", "101", "1e9", "abc"),
    "BUY_RATE": ("0", "1.01", "-0.5"),
    "STOP_LOSS_RATE": ("5", "0", "-100", "-500"),
    "MAX_POSITION_RATE": ("0", "2"),
    "TRAILING_STOP_PCT": ("0", "100"),
    "CHECK_INTERVAL_MINUTES": ("0", "241", "1.5"),
    "RSI_INTERVAL": ("2", "week"),
    "QUIET_HOURS": ("25:00-07:00", "now"),
    "NOTIFY_FILLS": ("loud",),
}


@st.composite
def values(draw: st.DrawFn) -> tuple[str, str]:
    name = draw(st.sampled_from(sorted(NUMBERS)))
    low, high = NUMBERS[name]
    return name, f"{draw(st.decimals(low, high, places=2)):f}"


@given(st.lists(values(), min_size=1, max_size=6))
@settings(max_examples=10, deadline=None)
def test_any_value_in_range_applies_and_survives_a_restart_promise_7(changes: list[tuple[str, str]]) -> None:
    async def story(path: Path) -> None:
        world = open_market()
        expected: dict[str, str] = {}
        async with talking(path, world) as talk:
            for name, value in changes:
                before = talk.bench.core.control.settings.get(name).value
                if before not in ("", "off") and Decimal(before) == Decimal(value):
                    continue  # nothing would change, so there is nothing to confirm
                await talk.confirm(f"/set {name} {value}")
                expected[name] = talk.bench.core.control.settings.get(name).value
                assert Decimal(expected[name]) == Decimal(value)
        async with talking(path, world) as talk:
            assert {name: talk.bench.core.control.settings.get(name).value for name in expected} == expected

    with TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory)))


async def test_a_value_out_of_range_is_refused_with_the_range(tmp_path: Path) -> None:
    async with talking(tmp_path, open_market()) as talk:
        control = talk.bench.core.control
        for name, wrong in OUTSIDE.items():
            before = control.settings.get(name).value
            for value in wrong:
                answer = await talk.type(f"/set {name} {value}")
                assert answer.startswith("⚠️"), (name, value, answer)
                assert name in answer
                assert len(answer) > len(f"⚠️ {name}") + 5  # and says what is allowed
            assert control.settings.get(name).value == before
        assert list(await control.settings.history()) == []


async def test_a_step_a_span_and_an_undo_over_the_real_core(tmp_path: Path) -> None:
    world = open_market()
    async with talking(tmp_path, world) as talk:
        await talk.press("s|RSI_OVERBOUGHT|down|NASDAQ:TQQQ")
        tonight = next(data for text, data in reversed(talk.session.buttons) if "오늘 밤만" in text)
        await talk.press(tonight)
        confirm = next(data for _, data in reversed(talk.session.buttons) if data.startswith("y|"))
        await talk.press(confirm)
        view = talk.bench.core.control.settings.get("RSI_OVERBOUGHT")
        assert view.value == "99"
        assert view.per_ticker == ((TQQQ, "98"),)
        assert "98" in await talk.type("/history")
    async with talking(tmp_path, world) as talk:
        assert talk.bench.core.control.settings.get("RSI_OVERBOUGHT").per_ticker == ((TQQQ, "98"),)
        await talk.confirm("/undo")
        assert talk.bench.core.control.settings.get("RSI_OVERBOUGHT").per_ticker == ()


LOOKS = (
    "/status",
    "/balance",
    "/positions",
    "/orders",
    "/trades",
    "/quote TQQQ",
    "/why TQQQ",
    "/profit",
    "/weekly",
    "/performance",
    "/stats",
    "/calendar",
    "/report week",
    "/settings",
    "/notify",
    "/quiet 23:00-07:00",
    "/alert TQQQ < 90",
    "/alerts",
    "/health",
    "/diagnose",
    "/logs",
    "/export all",
    "/panic",
    "/add",
    "/watch",
    "/unwatch O",
    "/release O",
    "/buy TQQQ 3",
    "/sell TQQQ all",
    "/amend 1 1",
)


async def test_every_look_works_over_the_real_core(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with talking(tmp_path, open_market()) as talk:
        await talk.confirm("/buy TQQQ 3")
        await talk.bench.settle()
        for text in LOOKS:
            assert await talk.type(text), text
            assert "handler failed" not in caplog.messages, text


nasty = st.text(st.characters(), max_size=60)


@given(nasty)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_argument_over_the_real_core_is_answered(caplog: pytest.LogCaptureFixture, words: str) -> None:
    async def story(path: Path) -> None:
        async with talking(path, open_market()) as talk:
            for name in ("buy", "set", "get", "watch", "alert", "why", "amend", "order", "quiet", "notify", "quote"):
                assert await talk.type(f"/{name} {words}")

    with TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory)))
    assert "handler failed" not in caplog.messages
