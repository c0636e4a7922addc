"""What of a position is the bot's own, with its own result; a position nobody values has no result at all."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.ui.screen import ViewContext
from bot.views.holdings import balance, positions
from strategy.model import Language
from tests.fakes import samples

MakeUi = Callable[..., ViewContext]
OWN = samples.position(qty=3, sellable_qty=3, average_cost=Decimal("61.22"), last=Decimal("61.00"))


@pytest.mark.parametrize(
    ("language", "said"),
    [("ko", "봇의 몫: 3주, 평균 $61.22 · 🔵 -0.35%"), ("en", "The bot's own: 3 sh. at $61.22 · 🔵 -0.35%")],
)
def test_the_bots_own_shares_are_shown_with_their_own_result(language: Language, said: str, ui: MakeUi) -> None:
    view = samples.holdings_view(scoped=((OWN.symbol, OWN),))
    assert said in positions(view, ui(language=language)).text


def test_shares_that_are_not_the_bots_are_said_to_be_left_alone(ui: MakeUi) -> None:
    view = samples.holdings_view(scoped=((OWN.symbol, None),))
    assert "봇의 몫: 없음" in positions(view, ui(language="ko")).text


def test_without_scopes_of_its_own_a_card_says_nothing_of_them(ui: MakeUi) -> None:
    assert "봇의 몫" not in positions(samples.holdings_view(), ui(language="ko")).text


def test_a_position_nobody_values_is_shown_as_unknown_not_as_lost(ui: MakeUi) -> None:
    held = samples.position(last=None, profit_rate=None)
    view = samples.holdings_view(holdings=replace(samples.holdings(held), cash=Decimal(1000)))
    for screen in (positions(view, ui(language="en")), balance(view, ui(language="en"))):
        text = screen.text
        assert "-100" not in text
        assert "$0.00" not in text
        assert "Total $1,000.00" not in text
