"""Share counts of a thousand and more carry a separator in every message, and can be typed back with it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from re import search

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import formats as figures
from bot.input import parsing as arguments
from bot.ui.screen import Screen, ViewContext
from bot.views import decisions, holdings
from bot.views.news.alerts import alert
from bot.views.trading import amend, orders, trade
from strategy.model import (
    AmendPreview,
    Amount,
    AmountKind,
    Bound,
    CashGate,
    GateSide,
    HoldingGate,
    Language,
    OrderChanged,
    OrderPreview,
    OrderStatus,
    OrdersView,
    Proposed,
    Side,
)
from tests.fakes import samples

MakeUi = Callable[..., ViewContext]
OF = samples.order(status=OrderStatus.PARTIALLY_FILLED, qty=12000, filled_qty=1200, filled_amount=Decimal(73440))
SOLD = samples.order(side=Side.SELL, qty=1200)
HELD = samples.position(qty=12000, sellable_qty=1200)
LINE = samples.panic_line(qty=12000, sold=1200)
PREVIEW = OrderPreview(
    symbol=samples.TQQQ,
    side=Side.BUY,
    qty=1200,
    limit_price=Decimal("61.20"),
    price_source="ask",
    last=Decimal("61.20"),
    cost=Decimal(73440),
    fees=Decimal("73.44"),
    cash_after=Decimal(100),
    position_after=12000,
    expected_profit=None,
    warnings=(),
    refusals=(),
    needs_second_confirm=False,
    ticket="ticket0001",
    expires_at=samples.NOW + timedelta(minutes=1),
)
CHANGE = AmendPreview(
    order=OF,
    qty=1200,
    limit_price=Decimal("61.20"),
    last=Decimal("61.20"),
    cost=Decimal(73440),
    warnings=(),
    refusals=(),
    needs_second_confirm=False,
    ticket="ticket0001",
    expires_at=samples.NOW + timedelta(minutes=1),
)
SIZED = (
    CashGate(
        side=GateSide.BUY, passed=True, observed=1200, threshold=Decimal(1), asked=True, bound=Bound.RATE, wanted=1200
    ),
    HoldingGate(side=GateSide.SELL, passed=True, observed=12000, size=1200, bound=Bound.SELLABLE),
)
SCREENS: dict[str, Callable[[ViewContext], Screen]] = {
    "an order": lambda f: orders.living(OrderChanged(at=samples.NOW, order=OF), f),
    "a sell": lambda f: orders.living(OrderChanged(at=samples.NOW, order=SOLD, position_qty_before=12000), f),
    "a fill": lambda f: orders.fill_reply(OrderChanged(at=samples.NOW, order=OF), samples.fill(1200), f),
    "the orders": lambda f: orders.orders(OrdersView(open=(OF,), recent=(SOLD,)), f),
    "the positions": lambda f: holdings.positions(samples.holdings_view(holdings=samples.holdings(HELD)), f),
    "a decision": lambda f: decisions.why(
        samples.decision(
            qty=1200,
            position_qty=12000,
            gates=(HoldingGate(side=GateSide.SELL, passed=True, observed=12000, size=None, bound=None),),
        ),
        samples.TQQQ,
        f,
    ),
    "sized shares": lambda f: decisions.why(samples.decision(gates=SIZED), samples.TQQQ, f),
    "a preview": lambda f: trade.order_preview(PREVIEW, "d1", f),
    "a change": lambda f: amend.preview(CHANGE, "d1", f),
    "a proposal": lambda f: alert(Proposed(at=samples.NOW, proposal=samples.proposal(qty=1200)), f),
    "a stop": lambda f: alert(samples.stop_finished(sold=12000, left=1200), f),
    "a panic": lambda f: alert(samples.panic(lines=(LINE,)), f),
}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("name", SCREENS)
def test_thousands_of_shares_are_separated(ui: MakeUi, name: str, language: Language) -> None:
    screen = SCREENS[name](ui(language))
    shown = [screen.text, *(button.text for row in screen.keyboard for button in row)]
    assert any("1,200" in text for text in shown) or any("12,000" in text for text in shown)
    assert [text for text in shown if search(r"(?<!\d)1200|12000", text)] == []


@given(st.integers(1, 999_999_999_999))
def test_a_count_that_was_shown_can_be_typed_back(count: int) -> None:
    for text in (figures.shares(count), f"{count}", f"{figures.shares(count)}주"):
        assert arguments.trade(f"TQQQ {text}").amount.value == count
    assert arguments.amend(figures.shares(count))[0] == count


@pytest.mark.parametrize("text", ["1,5", "1,00", "1,0000", ",100", "1,,000", "1000,000", "12,", "@61,20"])
def test_a_comma_that_marks_no_thousand_is_refused_and_not_skipped(text: str) -> None:
    with pytest.raises(arguments.BadArgument):
        arguments.trade(f"TQQQ {text}")


def test_dollars_and_prices_may_have_separators_too() -> None:
    words = arguments.trade("TQQQ $1,234.50 @1,061.20")
    assert words.amount == Amount(kind=AmountKind.DOLLARS, value=Decimal("1234.50"))
    assert words.price == Decimal("1061.20")
