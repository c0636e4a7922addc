"""The caps of spec section 7 and the daily-loss limit. Row S105."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n.sentences import say
from strategy.model import Market, Side, Symbol
from strategy.risk.limits import Exposure, check, daily_loss, room
from strategy.risk.sizing import buy_size
from strategy.settings.schema import TradingSettings
from tests.fakes.clock import trading_settings

D = Decimal
TQQQ, O, XLF = Symbol(Market.NASDAQ, "TQQQ"), Symbol(Market.NYSE, "O"), Symbol(Market.AMEX, "XLF")  # noqa: E741


def _exposure(**changes: Any) -> Exposure:
    values: dict[str, Any] = {
        "equity": D(10_000),
        "position_value": D(4000),
        "tickers": frozenset({TQQQ, O}),
        "orders_today": 3,
    }
    return Exposure(**{**values, **changes})


def _caps(
    side: Side = Side.BUY,
    qty: int = 10,
    price: str = "100",
    symbol: Symbol = TQQQ,
    *,
    exposure: Exposure | None = None,
    **limits: str,
) -> list[str]:
    found = check(
        symbol=symbol,
        side=side,
        qty=qty,
        price=D(price),
        exposure=exposure or _exposure(),
        settings=trading_settings(**limits),
    )
    return [refusal.cap for refusal in found]


def test_within_all_caps_nothing_refuses_s105() -> None:
    assert _caps(max_order_usd="1000", max_open_tickers="2") == []


@pytest.mark.parametrize(("limit", "refused"), [("1000", False), ("999.99", True)])
@pytest.mark.parametrize("side", list(Side))
def test_max_order_usd_holds_for_both_sides_s105(side: Side, limit: str, refused: bool) -> None:
    assert ("max_order_usd" in _caps(side, max_order_usd=limit)) is refused


@pytest.mark.parametrize(("qty", "refused"), [(10, False), (11, True)])
def test_max_position_rate_counts_what_is_held_s105(qty: int, refused: bool) -> None:
    assert _caps(qty=qty) == (["max_position_rate"] if refused else [])
    assert _caps(Side.SELL, qty=qty) == []


@pytest.mark.parametrize(("today", "refused"), [(49, False), (50, True), (51, True), (None, True)])
def test_max_orders_per_day_s105(today: int | None, refused: bool) -> None:
    for side in Side:
        assert _caps(side, exposure=_exposure(orders_today=today)) == (["max_orders_per_day"] if refused else [])


def test_max_open_tickers_lets_a_held_one_grow_s105() -> None:
    assert _caps(symbol=XLF, exposure=_exposure(position_value=D(0)), max_open_tickers="2") == ["max_open_tickers"]
    assert _caps(symbol=TQQQ, max_open_tickers="2") == []
    assert _caps(Side.SELL, symbol=XLF, max_open_tickers="1") == []


def test_an_unknown_account_refuses_a_buy_and_not_a_sell() -> None:
    unknown = Exposure(equity=None, position_value=None, tickers=None, orders_today=0)
    assert _caps(exposure=unknown, max_open_tickers="9") == ["max_position_rate", "max_open_tickers"]
    assert _caps(Side.SELL, exposure=unknown) == []
    assert [cap.room for cap in room(Side.BUY, unknown, trading_settings())] == [0]


def test_every_refusal_speaks_both_languages_and_names_its_setting() -> None:
    exposure = _exposure(orders_today=50)
    found = check(
        symbol=XLF,
        side=Side.BUY,
        qty=100,
        price=D(100),
        exposure=exposure,
        settings=trading_settings(max_order_usd="10", max_open_tickers="2"),
    )
    assert [refusal.cap for refusal in found] == [
        "max_order_usd",
        "max_orders_per_day",
        "max_position_rate",
        "max_open_tickers",
    ]
    for refusal in found:
        assert refusal.known
        for language in ("ko", "en"):
            assert refusal.cap.upper() in say(refusal.said, language)


def test_room_is_what_the_caps_leave() -> None:
    caps = {cap.key: cap.room for cap in room(Side.BUY, _exposure(), trading_settings(max_order_usd="500"))}
    assert caps == {"max_order_usd": D(500), "max_position_rate": D(1000)}
    assert [cap.key for cap in room(Side.SELL, _exposure(), trading_settings())] == []


MONEY = st.decimals(0, 100_000, places=2)


@given(
    MONEY,
    MONEY,
    st.decimals("0.01", 1, places=2),
    st.decimals(1, 900, places=2),
    st.none() | st.decimals(1, 9000, places=2),
)
def test_an_order_sized_by_the_room_is_never_refused(
    equity: Decimal, held: Decimal, rate: Decimal, price: Decimal, most: Decimal | None
) -> None:
    settings: TradingSettings = trading_settings(max_position_rate=rate, max_order_usd=most)
    exposure = _exposure(equity=equity, position_value=held)
    size = buy_size(
        cash=equity, rate=D(1), price=price, commission_pct=D(0), max_qty=None, caps=room(Side.BUY, exposure, settings)
    )
    if size.qty:
        assert not check(symbol=TQQQ, side=Side.BUY, qty=size.qty, price=price, exposure=exposure, settings=settings)


@pytest.mark.parametrize(
    ("now", "reached"), [("9500.01", False), ("9500", True), ("9499.99", True), ("10500", False), ("0", True)]
)
def test_the_daily_loss_limit_is_reached_at_the_limit_s105(now: str, reached: bool) -> None:
    refusal = daily_loss(D(10_000), D(now), D(5))
    assert (refusal is not None) is reached
    if refusal is not None:
        shown, limit = refusal.figures
        assert limit == "-5%"
        assert str(shown) in say(refusal.said, "ko")


def test_the_daily_loss_limit_can_be_off_and_needs_a_beginning() -> None:
    assert daily_loss(D(10_000), D(1), None) is None
    assert daily_loss(D(0), D(0), D(5)) is None
