"""A preview of an order that cannot be paid or delivered says what is missing, not a balance below zero. Row S112."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bot.ui.screen import ViewContext
from bot.views.trading import trade
from strategy.model import Language, OrderPreview, Side
from tests.fakes import samples
from tests.support.words import made_up

MakeUi = Callable[..., ViewContext]
NO = made_up("모자랍니다.", "There is not enough.")


def preview(side: Side, *, cash_after: str | None, position_after: int) -> OrderPreview:
    return OrderPreview(
        symbol=samples.TQQQ,
        side=side,
        qty=100,
        limit_price=Decimal("61.20"),
        price_source="ask",
        last=Decimal("61.20"),
        cost=Decimal(6120),
        fees=Decimal("6.12"),
        cash_after=None if cash_after is None else Decimal(cash_after),
        position_after=position_after,
        expected_profit=None,
        warnings=(),
        refusals=(NO,),
        needs_second_confirm=False,
        ticket=None,
        expires_at=None,
    )


@pytest.mark.parametrize(
    ("language", "missing", "after"),
    [("ko", "현금 부족 $1,234.00", "주문 후"), ("en", "Short of cash by $1,234.00", "Afterwards")],
)
def test_a_buy_without_the_cash_says_how_much_is_missing_s112(
    ui: MakeUi, language: Language, missing: str, after: str
) -> None:
    view = preview(Side.BUY, cash_after="-1234", position_after=110)
    text = trade.order_preview(view, "d1", ui(language)).text
    assert missing in text
    assert "-$" not in text
    assert after not in text  # there is no afterwards


@pytest.mark.parametrize(("language", "missing"), [("ko", "주식 부족 1,090주"), ("en", "Short of shares by 1,090 sh.")])
def test_a_sell_of_more_than_is_held_says_how_many_are_missing_s112(
    ui: MakeUi, language: Language, missing: str
) -> None:
    view = preview(Side.SELL, cash_after=None, position_after=-1090)
    text = trade.order_preview(view, "d1", ui(language)).text
    assert missing in text
    assert "-1,090" not in text


def test_a_refused_preview_that_can_be_paid_still_says_what_is_left(ui: MakeUi) -> None:
    view = preview(Side.BUY, cash_after="-0.001", position_after=110)
    assert "주문 후: 매수 가능 $0.00 · 보유 110주" in trade.order_preview(view, "d1", ui("ko")).text
