"""What the broker's list holds and nobody can count is on the screens of money and shares: never none, never 0."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.i18n.sentences import say
from bot.ui.screen import Screen, ViewContext
from bot.views.holdings import balance, positions
from bot.views.news.alerts import alert
from strategy.model import Language, UnreadRow
from tests.fakes import samples
from tests.support.words import made_up

MakeUi = Callable[..., ViewContext]
BOND = UnreadRow(name="US91282CJL54", why=made_up("미국 주식이 아닙니다", "it is no US stock"), aside=True)
UNREAD = UnreadRow(
    name="TQQQ", why=made_up("수량을 읽을 수 없습니다", "its quantity cannot be read"), symbol=samples.TQQQ
)
VIEW = samples.holdings_view(holdings=replace(samples.holdings(), positions=(), unread=(BOND, UNREAD)), stop_prices=())
SCREENS: dict[str, Callable[[ViewContext], Screen]] = {
    "balance": lambda f: balance(VIEW, f),
    "positions": lambda f: positions(VIEW, f),
    "start": lambda f: alert(samples.started(holdings=VIEW.holdings), f),
}


@pytest.mark.parametrize("name", SCREENS)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_rows_that_are_not_counted_are_shown_with_their_reason(name: str, language: Language, ui: MakeUi) -> None:
    text = SCREENS[name](ui(language=language)).text
    for row in (BOND, UNREAD):
        assert row.name in text
        assert say(row.why, language) in text
    assert "No shares are held" not in text
    assert "보유 주식이 없습니다" not in text
