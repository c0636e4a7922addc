"""Whatever is typed or pressed: nothing raises, nothing is sent that Telegram would refuse, nothing is placed twice."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import EditMessageText, GetMe, SendDocument, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, Chat, InlineKeyboardMarkup, Message, Update, User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import BotApp, open_bot
from bot.input.commands import COMMANDS
from bot.input.permissions import PRESSES, SCREENS
from bot.settings import TelegramSettings
from strategy.model import Environment, Language, SystemClock
from tests.fakes import samples
from tests.fakes.chat_core import FakeControl
from tests.fakes.chat_storage import FakeNotes, FakeOutbox
from tests.fakes.clock import FakeClock
from tests.support.kept_text import kept

OWNER = User(id=samples.OWNER, is_bot=False, first_name="owner")
CHAT = Chat(id=samples.OWNER, type="private")
WORDS = [word for command in COMMANDS for word in (f"/{command.name}", *command.words)]


class StrictSession(BaseSession):
    """Answers every call, and fails the test on what the real server would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:  # noqa: ASYNC109 - aiogram's signature
        if isinstance(method, GetMe):
            return User(id=1000, is_bot=True, first_name="bot", username="kis_us_trader_bot")
        if isinstance(method, SendMessage | EditMessageText):
            return self._message(cast("Any", method))
        if isinstance(method, SendDocument):
            return Message(message_id=500, date=SystemClock().now(), chat=CHAT)
        return True

    def _message(self, method: Any) -> Message:
        assert not isinstance(method.parse_mode, str)
        text, _ = kept(method.text, method.entities)
        assert text.strip()
        assert len(text) <= 4096
        method.text.encode()
        if isinstance(method.reply_markup, InlineKeyboardMarkup):
            for button in (each for row in method.reply_markup.inline_keyboard for each in row):
                assert button.text.strip()
                assert (button.callback_data is None) != (button.copy_text is None)
                assert button.callback_data is None or 0 < len(button.callback_data.encode()) <= 64
                assert button.copy_text is None or 0 < len(button.copy_text.text) <= 256
        self.said.append(text)
        return Message(message_id=500 + len(self.said), date=SystemClock().now(), chat=CHAT, text=text)

    async def close(self) -> None: ...

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes, None]:
        yield b""


class Bench:
    """The real dispatcher over a strict session, fed by hand."""

    def __init__(self, app: BotApp, session: StrictSession, control: FakeControl) -> None:
        self.app = app
        self.session = session
        self.control = control
        self._count = 0

    async def type(self, text: str) -> list[str]:
        message = Message(message_id=self._next(), date=SystemClock().now(), chat=CHAT, from_user=OWNER, text=text)
        return await self._feed(Update(update_id=self._count, message=message))

    async def press(self, data: str) -> list[str]:
        under = Message(message_id=400, date=SystemClock().now(), chat=CHAT, text="x")
        query = CallbackQuery(id="1", from_user=OWNER, chat_instance="1", message=under, data=data)
        self._next()
        return await self._feed(Update(update_id=self._count, callback_query=query))

    async def _feed(self, update: Update) -> list[str]:
        before = len(self.session.said)
        await self.app.dispatcher.feed_update(self.app.bot, update)
        return self.session.said[before:]

    def _next(self) -> int:
        self._count += 1
        return self._count


@pytest.fixture(scope="module", params=["ko", "en"])
def bench(request: pytest.FixtureRequest) -> Iterator[tuple[asyncio.Runner, Bench]]:
    language: Language = request.param
    control, session = FakeControl(), StrictSession()
    values = {
        "telegram_bot_token": "1000:local-chat",
        "telegram_chat_id": str(samples.OWNER),
        "telegram_chat_test_id": "5",
        "telegram_api_url": "http://127.0.0.1:1",
    }
    opened = open_bot(
        TelegramSettings.model_validate(values),
        control=control.services,
        outbox=FakeOutbox(),
        notes=FakeNotes(),
        messages=FakeNotes().messages,
        clock=FakeClock(samples.NOW),
        wall=SystemClock(),
        environment=Environment.VIRTUAL,
        account=samples.MASKED,
        language=language,
    )
    with asyncio.Runner() as runner:
        app = runner.run(opened.__aenter__())
        app.bot.session = session
        yield runner, Bench(app, session, control)
        runner.run(opened.__aexit__(None, None, None))


nasty = st.text(st.characters(), max_size=120)
arguments = st.one_of(
    nasty,
    st.lists(
        st.sampled_from(["TQQQ", "@61.20", "$5", "25%", "all", "3", "-1", "1e9", "<b>", "&amp;", "{x}", "for", "2h"])
    ).map(" ".join),
)


pieces = st.one_of(
    arguments,
    st.sampled_from(
        ["NASDAQ:TQQQ", "RSI_OVERSOLD", "up", "down", "qty", "price", "12", "-1", "buy", "25%", "night", "2h"]
    ),
    st.sampled_from(sorted(SCREENS)),
)


@given(st.sampled_from(WORDS), arguments)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_argument_of_any_command_is_answered_well(
    bench: tuple[asyncio.Runner, Bench], caplog: pytest.LogCaptureFixture, word: str, argument: str
) -> None:
    runner, made = bench
    caplog.clear()
    answers = runner.run(made.type(f"{word} {argument}"))
    assert len(answers) >= 1
    assert "handler failed" not in caplog.messages


@given(nasty)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_words_are_answered_well(
    bench: tuple[asyncio.Runner, Bench], caplog: pytest.LogCaptureFixture, text: str
) -> None:
    runner, made = bench
    caplog.clear()
    runner.run(made.type(text or "x"))
    assert "handler failed" not in caplog.messages


@given(st.sampled_from(sorted(kind.__prefix__ for kind in PRESSES)), st.lists(pieces, max_size=4))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_button_is_answered_well(
    bench: tuple[asyncio.Runner, Bench], caplog: pytest.LogCaptureFixture, prefix: str, parts: list[str]
) -> None:
    runner, made = bench
    caplog.clear()
    answers = runner.run(made.press("|".join([prefix, *parts])))
    assert len(answers) >= 1
    assert "handler failed" not in caplog.messages


@given(st.permutations([0, 0, 1, 1, 2, 2]))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_of_presses_places_each_order_once_promise_6(
    bench: tuple[asyncio.Runner, Bench], presses: list[int]
) -> None:
    runner, made = bench
    before, first = len(made.control.placed), len(made.control.tickets) + 1
    for _ in range(3):
        runner.run(made.type("/buy TQQQ 3"))
    for each in presses:
        runner.run(made.press(f"y|ticket{first + each:04d}"))
    assert len(made.control.placed) == before + 3
