"""Whether Telegram answers, as the bot's own requests tell."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramNetworkError, TelegramUnauthorizedError
from aiogram.methods import GetMe

from bot.transport.reachability import Reachability
from tests.fakes.clock import FakeClock

NOW = datetime(2026, 9, 15, 15, 0, tzinfo=UTC)


async def ask(reach: Reachability, error: Exception | None = None) -> None:
    async def request(bot: object, method: object) -> object:
        if error is not None:
            raise error
        return object()

    await reach(cast(Any, request), cast(Any, None), GetMe())


async def test_nothing_is_known_before_the_first_request() -> None:
    state = Reachability(FakeClock(NOW)).state()
    assert (state.answered_at, state.failed_at, state.reachable) == (None, None, None)


async def test_an_answer_a_failure_and_an_answer_again() -> None:
    clock = FakeClock(NOW)
    reach = Reachability(clock)
    await ask(reach)
    assert reach.state().reachable
    clock.set(NOW + timedelta(seconds=30))
    with pytest.raises(TelegramNetworkError):
        await ask(reach, TelegramNetworkError(GetMe(), "no route"))
    assert reach.state().reachable is False
    assert (reach.state().answered_at, reach.state().error) == (NOW, "TelegramNetworkError")
    clock.set(NOW + timedelta(seconds=60))
    await ask(reach)
    assert reach.state().reachable


async def test_a_refused_request_is_an_answer_but_a_refused_token_is_not() -> None:
    reach = Reachability(FakeClock(NOW))
    with pytest.raises(TelegramBadRequest):
        await ask(reach, TelegramBadRequest(GetMe(), "chat not found"))
    assert reach.state().reachable
    other = Reachability(FakeClock(NOW))
    with pytest.raises(TelegramUnauthorizedError):
        await ask(other, TelegramUnauthorizedError(GetMe(), "Unauthorized"))
    assert other.state().reachable is False
