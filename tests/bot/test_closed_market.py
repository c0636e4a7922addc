"""While the market is closed a stop rests; that is no alarm, unless something else holds it back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.screen import Frame
from bot.views.dashboard import dashboard
from bot.views.status import status, ticker
from strategy.modes import Mode
from strategy.views import TickerView
from tests.bot import samples

RESTING = samples.ticker(stop_armed=False)
WEEKEND = timedelta(days=(5 - samples.NOW.weekday()) % 7)


@pytest.fixture
def asleep(frame: Callable[..., Frame]) -> Frame:
    return replace(frame(), now=samples.NOW + WEEKEND)


def board(view: TickerView, frame: Frame) -> str:
    return dashboard(samples.status(tickers=(view,)), samples.holdings_view(), frame).message.text


def test_a_resting_stop_is_told_as_such(asleep: Frame) -> None:
    assert "장이 열리면 손절 작동" in status(samples.status(tickers=(RESTING,)), asleep).message.text
    assert "장이 열리면 손절 작동" in ticker(RESTING, asleep).message.text
    assert "장이 열리면 손절 작동" in board(RESTING, asleep)
    assert "🚨" not in board(RESTING, asleep)


def test_an_open_market_makes_it_an_alarm(frame: Callable[..., Frame]) -> None:
    assert "손절 미작동" in ticker(RESTING, frame()).message.text
    assert "🚨" in board(RESTING, frame())


@pytest.mark.parametrize("held_back", [{"mode": samples.mode(Mode.HALTED)}, {"lock": samples.lock(blocks_stop=True)}])
def test_a_stop_that_is_held_back_stays_an_alarm(held_back: dict[str, Any], asleep: Frame) -> None:
    view = samples.ticker(stop_armed=False, **held_back)
    assert "손절 미작동" in ticker(view, asleep).message.text
    assert "🚨" in board(view, asleep)
