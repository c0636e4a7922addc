"""While the market is closed a stop rests; that is no alarm, unless something else holds it back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.i18n.sentences import word
from bot.ui.screen import ViewContext
from bot.views.news.dashboard import dashboard
from bot.views.status import status, ticker
from strategy.model import NOT_SEEN, StopState, TickerView
from tests.fakes import samples
from tests.support.words import korean

RESTING = samples.ticker(stop=StopState.CLOSED)
WEEKEND = timedelta(days=(5 - samples.NOW.weekday()) % 7)


@pytest.fixture
def asleep(ui: Callable[..., ViewContext]) -> ViewContext:
    return replace(ui(), now=samples.NOW + WEEKEND)


def board(view: TickerView, ui: ViewContext) -> str:
    return dashboard(samples.status(tickers=(view,)), samples.holdings_view(), ui).text


def test_a_resting_stop_is_told_as_such(asleep: ViewContext) -> None:
    assert "장이 열리면 손절 작동" in status(samples.status(tickers=(RESTING,)), asleep).text
    assert "장이 열리면 손절 작동" in ticker(RESTING, asleep).text
    assert "장이 열리면 손절 작동" in board(RESTING, asleep)
    assert "🚨" not in board(RESTING, asleep)


@pytest.mark.parametrize("state", [state for state in StopState if state.lost and state is not StopState.NOT_SEEN])
def test_a_stop_that_does_not_work_is_an_alarm_with_its_reason(state: StopState, asleep: ViewContext) -> None:
    view = samples.ticker(stop=state)
    for text in (status(samples.status(tickers=(view,)), asleep).text, board(view, asleep)):
        assert "🚨" in text
        assert f"TQQQ ({word('stop_state', state, 'ko')})" in text
        assert "손절이 모두 작동" not in text
    assert f"손절 미작동: {word('stop_state', state, 'ko')}" in ticker(view, asleep).text


def test_not_known_is_not_none(asleep: ViewContext) -> None:
    """Before the first successful look nobody knows what is held: an alarm, not silence."""
    view = samples.ticker(stop=StopState.NOT_SEEN, position_qty=None)
    for text in (status(samples.status(tickers=(view,)), asleep).text, board(view, asleep)):
        assert "🚨" in text
        assert korean(NOT_SEEN) in text


def test_nothing_held_is_no_alarm(asleep: ViewContext) -> None:
    view = samples.ticker(stop=StopState.NOT_HELD, position_qty=0)
    assert "🚨" not in status(samples.status(tickers=(view,)), asleep).text
    assert "🚨" not in board(view, asleep)
