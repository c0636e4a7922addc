"""Row S105: every cap of spec section 7 and the day's loss limit on the running core, by rule and by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import (
    Amount,
    AmountKind,
    Bound,
    CapKey,
    CapsGate,
    CashGate,
    DecisionReason,
    GateKey,
    Kept,
    Mode,
    Notable,
    OrderPreview,
    OrderStatus,
    Origin,
    OutcomeKind,
    Refusal,
    Said,
    Side,
    SignalBlocked,
    Symbol,
    Trouble,
)
from strategy.risk.exposure import ExposureMeter
from strategy.risk.limits import Exposure
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, O, World, running
from tests.support.words import english

BUYS: dict[str, Any] = {"rsi_oversold": "60", "rsi_overbought": "99", "buy_delay_min": "0"}
IDLE: dict[str, Any] = {"rsi_oversold": "1", "rsi_overbought": "99"}


@asynccontextmanager
async def open_market(path: Path, *, hold: int = 0, fills: bool = True, **changes: Any) -> AsyncIterator[Bench]:
    world = World.at(OPEN + timedelta(minutes=10))
    world.broker.matching = fills
    for symbol in (TQQQ, O):
        world.ready(symbol)
    if hold:
        world.broker.hold(TQQQ, hold, Decimal(100))
    settings = trading_settings(**{"trading_tickers": "NASDAQ:TQQQ,NYSE:O", "stop_loss_rate": "-50", **changes})
    async with running(path, world, settings=settings) as bench:
        await bench.pass_time(1)
        yield bench


async def preview(bench: Bench, side: Side, qty: int, symbol: Symbol = TQQQ, price: str | None = None) -> OrderPreview:
    amount = Amount(kind=AmountKind.SHARES, value=Decimal(qty))
    return await bench.core.control.orders.manual.preview(
        OWNER, side, symbol, amount, Decimal(price) if price else None
    )


async def needs_two_presses(bench: Bench, shown: OrderPreview, name: str) -> None:
    """Assert that the cap is named, that one press sends nothing and that the second one sends once."""
    before = len(bench.broker.submitted)
    assert shown.needs_second_confirm
    assert any(name in english(warning) for warning in shown.warnings)
    assert shown.ticket is not None
    first = await bench.core.control.confirmations.confirm(shown.ticket, OWNER)
    assert (first.kind, len(bench.broker.submitted)) == (OutcomeKind.SECOND_CONFIRM, before)
    assert name in english(first.text)
    assert first.next_ticket is not None
    second = await bench.core.control.confirmations.confirm(first.next_ticket, OWNER)
    assert (second.kind, len(bench.broker.submitted)) == (OutcomeKind.DONE, before + 1)


async def test_max_order_usd_bounds_the_rule_and_asks_a_person_twice_s105(tmp_path: Path) -> None:
    async with open_market(tmp_path, **BUYS, max_order_usd="500") as bench:
        await bench.pass_time(130)
        values = [request.qty * request.limit_price for request in bench.broker.submitted]
        assert values
        assert max(values) <= 500
        await needs_two_presses(bench, await preview(bench, Side.BUY, 6), "MAX_ORDER_USD")


async def test_a_buy_below_min_order_usd_is_not_made_and_says_so_but_a_person_may_s105(tmp_path: Path) -> None:
    async with open_market(tmp_path, **BUYS, buy_rate="0.02", min_order_usd="250") as bench:
        await bench.pass_time(130)
        assert bench.broker.submitted == []  # one share of 100.01 dollars is what the rate gives
        decision = await bench.storage.decisions.latest(TQQQ)
        assert decision is not None
        assert decision.reason is DecisionReason.BELOW_MINIMUM
        [cash] = [gate for gate in decision.gates if isinstance(gate, CashGate)]
        assert (cash.passed, cash.bound, cash.wanted) == (False, Bound.MIN_ORDER, 1)
        assert (await bench.told(SignalBlocked))[0].guards == (GateKey.CASH,)
        shown = await preview(bench, Side.BUY, 1)
        assert shown.ticket is not None
        done = await bench.core.control.confirmations.confirm(shown.ticket, OWNER)
        assert (done.kind, len(bench.broker.submitted)) == (OutcomeKind.DONE, 1)


async def test_the_last_step_of_the_rule_sells_a_rest_below_min_order_usd(tmp_path: Path) -> None:
    sells: dict[str, Any] = {
        "rsi_oversold": "1",
        "rsi_overbought": "2",
        "sell_confirm": "none",
        "min_order_usd": "250",
    }
    async with open_market(tmp_path, hold=9, **sells) as bench:
        await bench.pass_time(15 * 60)
        # a step of 2 would be 200 dollars, so 3 are sold, twice; of the last 3 no step leaves enough
        assert [request.qty for request in bench.broker.submitted] == [3, 3, 3]
        assert bench.broker.qty_held(TQQQ) == 0


async def test_a_stop_sells_a_holding_below_min_order_usd(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=2, **IDLE, min_order_usd="1000", stop_loss_rate="-5") as bench:
        bench.price(TQQQ, "90")
        await bench.pass_time(30)
        assert [(request.origin, request.qty) for request in bench.broker.submitted] == [(Origin.STOP_LOSS, 2)]


async def test_max_position_rate_bounds_the_rule_and_asks_a_person_twice_s105(tmp_path: Path) -> None:
    async with open_market(tmp_path, **BUYS, max_position_rate="0.1") as bench:
        await bench.pass_time(300)
        assert {bench.broker.qty_held(TQQQ), bench.broker.qty_held(O)} == {9}  # 10 % of 10,000 dollars at 100.01
        await needs_two_presses(bench, await preview(bench, Side.BUY, 1), "MAX_POSITION_RATE")


async def test_max_orders_per_day_bounds_the_rule_and_asks_a_person_twice_s105(tmp_path: Path) -> None:
    async with open_market(tmp_path, **BUYS, max_orders_per_day="3", buy_rate="0.02") as bench:
        await bench.pass_time(300)
        assert len(bench.broker.submitted) == 3
        await needs_two_presses(bench, await preview(bench, Side.SELL, 1), "MAX_ORDERS_PER_DAY")


async def test_max_open_tickers_bounds_the_rule_and_asks_a_person_twice_s105(tmp_path: Path) -> None:
    async with open_market(tmp_path, **BUYS, max_open_tickers="1", buy_rate="0.05") as bench:
        await bench.pass_time(130)
        [bought] = {request.symbol for request in bench.broker.submitted}
        other = O if bought == TQQQ else TQQQ
        await needs_two_presses(bench, await preview(bench, Side.BUY, 1, other), "MAX_OPEN_TICKERS")


async def test_the_caps_hold_for_several_tickers_at_once_s105(tmp_path: Path) -> None:
    """What several buys of one check use together stays within the cap of a day's orders."""
    async with open_market(tmp_path, **BUYS, max_orders_per_day="1", buy_rate="0.02") as bench:
        await bench.pass_time(130)
        assert len(bench.broker.submitted) == 1


async def test_the_days_loss_leaves_only_stops_until_released_s105(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=60, **BUYS, daily_loss_limit_pct="5") as bench:
        await bench.pass_time(61)
        bench.price(TQQQ, "85")  # 60 shares x 15 dollars of some 16,000
        sent = len(bench.broker.submitted)
        await bench.pass_time(130)
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        assert [event.key for event in await bench.told(Trouble)] == ["daily_loss_limit"]
        assert len(bench.broker.submitted) == sent
        shown = await preview(bench, Side.BUY, 1)
        assert shown.ticket is None
        released = await bench.core.control.modes.preview(OWNER, Mode.RUN, symbol=None)
        assert released.ticket is not None
        await bench.core.control.confirmations.confirm(released.ticket, OWNER)
        await bench.pass_time(130)
        assert len(bench.broker.submitted) > sent


async def test_half_of_the_days_limit_is_told_once_with_what_is_left(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=60, **IDLE, daily_loss_limit_pct="5") as bench:
        await bench.pass_time(61)
        bench.price(TQQQ, "94")  # 60 shares x 6 dollars of 16,000: 2.25 percent
        await bench.pass_time(130)
        assert await bench.told(Trouble) == []
        bench.price(TQQQ, "93")  # 2.62
        await bench.pass_time(130)
        [half] = await bench.told(Trouble)
        assert half.key == "daily_loss_half"
        view = await bench.core.control.holdings.view()
        assert view.today is not None
        assert half.what.values["amount"] == view.today.amount == -420
        assert half.what.values["left"] == view.today.until_limit == 380
        bench.price(TQQQ, "99")
        await bench.pass_time(130)
        bench.price(TQQQ, "93")
        await bench.pass_time(130)
        assert len(await bench.told(Trouble)) == 1
        assert bench.core.base.modes.account.mode is Mode.RUN


async def test_the_screens_today_is_the_figure_the_limit_goes_by(tmp_path: Path) -> None:
    """Realised, unrealised and fees of one day together; nothing was sold, and yet the day is not at zero."""
    async with open_market(tmp_path, hold=60, **IDLE, daily_loss_limit_pct="5") as bench:
        await bench.pass_time(61)
        bench.price(TQQQ, "95.5")
        await bench.pass_time(2)
        view, status = await bench.core.control.holdings.view(), await bench.core.control.status.now()
        assert view.today is not None
        assert view.today == status.today
        assert view.today.amount == -270
        assert view.today.start == 16_000
        assert view.today.percent == Decimal("-1.6875")
        sold = await preview(bench, Side.SELL, 60)
        assert sold.ticket is not None
        await bench.core.control.confirmations.confirm(sold.ticket, OWNER)
        await bench.settle()
        after = (await bench.core.control.holdings.view()).today
        assert after is not None
        [fill] = await bench.core.base.journals.orders.fills()
        assert after.amount == fill.price * 60 - fill.fees - 6_000


async def test_a_manual_buy_is_refused_from_the_moment_the_days_loss_is_reached_s105(tmp_path: Path) -> None:
    """Not only from the next check on: between two checks a press finds the limit itself."""
    async with open_market(tmp_path, hold=60, **IDLE, daily_loss_limit_pct="5", check_interval_minutes=240) as bench:
        early = await preview(bench, Side.BUY, 1)
        assert early.ticket is not None
        await bench.pass_time(20)
        bench.price(TQQQ, "85")
        late = await preview(bench, Side.BUY, 1, O)
        assert late.ticket is None
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        assert (await bench.core.control.confirmations.confirm(early.ticket, OWNER)).kind is not OutcomeKind.DONE
        assert bench.broker.submitted == []


async def test_a_mode_with_an_end_does_not_run_out_into_a_day_lost_s105(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=60, **BUYS, daily_loss_limit_pct="5") as bench:
        until = bench.clock.now() + timedelta(minutes=4)
        await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=None, until=until, user_id=OWNER, reason="")
        await bench.pass_time(61)
        sent = len(bench.broker.submitted)
        bench.price(TQQQ, "85")
        await bench.pass_time(300)
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        assert len(bench.broker.submitted) == sent


async def test_shares_on_their_way_are_neither_a_loss_nor_a_gain_s105(tmp_path: Path) -> None:
    """The broker's positions lag behind a fill by a minute and more; the day's result does not believe them."""
    async with open_market(tmp_path, **IDLE, daily_loss_limit_pct="5", max_position_rate="1") as bench:
        await bench.pass_time(121)
        bench.broker.lag_s = 90
        shown = await preview(bench, Side.BUY, 40)
        assert shown.ticket is not None
        await bench.core.control.confirmations.confirm(shown.ticket, OWNER)
        await bench.pass_time(200)
        assert bench.broker.qty_held(TQQQ) == 40
        assert bench.core.base.modes.account.mode is Mode.RUN


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("mode", "The mode in force does not allow it."),
        ("order", "The order's $1,120.10 is over the limit of $1,000.10 for one order (MAX_ORDER_USD)."),
        ("position", "The ticker would be 11.20% of equity, over the limit of 10.01% (MAX_POSITION_RATE)."),
    ],
)
async def test_a_rules_buy_does_not_chase_its_price_past_mode_or_cap_s105(tmp_path: Path, what: str, said: str) -> None:
    """Mode and caps are asked anew at each re-price; the message says which one ended the order."""
    caps: dict[str, Any] = {"position": {"max_position_rate": "0.1001"}}
    changes = {
        **BUYS,
        "trading_tickers": "NASDAQ:TQQQ",
        "order_timeout_s": "90",
        **caps.get(what, {"max_order_usd": "1000.10"}),
    }
    async with open_market(tmp_path, **changes, fills=False) as bench:
        [order] = await bench.orders()
        assert (order.request.origin, order.status, order.request.qty) == (Origin.SIGNAL, OrderStatus.ACCEPTED, 10)
        if what == "mode":
            await bench.core.control.modes.set_mode(Mode.PAUSE_BUYS, symbol=None, until=None, user_id=OWNER, reason="")
        bench.price(TQQQ, "112")
        await bench.pass_time(95)
        assert bench.broker.amended == []
        assert (await bench.orders())[0].status is OrderStatus.CANCELED
        [ended] = [english(one.what) for one in await bench.told(Notable) if one.key == f"timeout:{order.no}"]
        assert ended == f"#{order.no} TQQQ: the 10 left will not follow the price to $112.01; canceling. {said}"


async def test_the_money_a_buy_ties_up_does_not_keep_it_from_following_its_price_s105(tmp_path: Path) -> None:
    """The broker's cash leaves it out, so that equity looks smaller by the very order that was sized by it."""
    changes = {**BUYS, "trading_tickers": "NASDAQ:TQQQ", "order_timeout_s": "90", "max_position_rate": "0.1001"}
    async with open_market(tmp_path, **changes, fills=False) as bench:
        assert (await bench.orders())[0].request.qty == 10
        bench.price(TQQQ, "100.05")
        await bench.pass_time(95)
        assert (await bench.orders())[0].limit_price == Decimal("100.06")


async def test_a_rules_buy_filled_in_part_counts_its_shares_once_s105(tmp_path: Path) -> None:
    """A re-price asks the caps with the filled part as held and the rest at its new price."""
    changes = {**BUYS, "trading_tickers": "NASDAQ:TQQQ", "order_timeout_s": "90", "max_position_rate": "0.1095"}
    async with open_market(tmp_path, **changes, fills=False) as bench:
        bench.broker.fill(bench.broker.truth()[0].venue_no, 4)
        await bench.pass_time(20)
        bench.price(TQQQ, "108.99")
        await bench.pass_time(75)
        after = (await bench.orders())[0]
        assert (after.limit_price, after.filled_qty, after.open_qty) == (Decimal("109.00"), 4, 6)


async def test_an_order_that_filled_while_its_re_price_waited_is_refused_nothing_s105(tmp_path: Path) -> None:
    """Its shares are held by then; counted once more as wanted they would break the cap, and a cancel would be told."""
    changes = {**BUYS, "trading_tickers": "NASDAQ:TQQQ", "order_timeout_s": "90", "max_position_rate": "0.1095"}
    async with open_market(tmp_path, **changes, fills=False) as bench:
        [order] = await bench.orders()
        bench.broker.fill(bench.broker.truth()[0].venue_no, order.request.qty)
        await bench.pass_time(20)
        async with bench.core.trading.permissions.may_reprice(order, Decimal(101)) as refused:
            assert refused is None
            after = await bench.core.trading.desk.amend(order.no, limit_price=Decimal(101))
        assert (after.status, bench.broker.amended) == (OrderStatus.FILLED, [])


async def test_two_sells_by_hand_never_offer_the_same_shares(tmp_path: Path) -> None:
    """The second is refused here, although the broker's figure of a moment ago still shows them free."""
    async with open_market(tmp_path, hold=5, **IDLE) as bench:
        first = await preview(bench, Side.SELL, 3, price="110")
        assert first.ticket is not None
        await bench.core.control.confirmations.confirm(first.ticket, OWNER)
        second = await preview(bench, Side.SELL, 3, price="110")
        assert second.ticket is None
        assert [english(refusal) for refusal in second.refusals] == ["Only 2 shares can be sold."]


UNKNOWN = {
    "equity": CapKey.MAX_POSITION_RATE,
    "position_value": CapKey.MAX_POSITION_RATE,
    "tickers": CapKey.MAX_OPEN_TICKERS,
    "orders_today": CapKey.MAX_ORDERS_PER_DAY,
}


def forget(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """From now on nobody knows that part of the exposure, and every cap is told in words that say nothing of it."""
    known = ExposureMeter.exposure

    async def exposure(*asked: Any) -> Exposure:
        return replace(await known(*asked), **{what: None})

    monkeypatch.setattr(ExposureMeter, "exposure", exposure)
    monkeypatch.setattr(Refusal, "said", property(lambda _: Said(Kept.WORDS, words="51 of 50")))
    monkeypatch.setattr(Refusal, "figures", property(lambda _: ("51", "50")))


@pytest.mark.parametrize("unknown", UNKNOWN)
async def test_an_unknown_cap_is_overridden_by_nobody_whatever_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unknown: str
) -> None:
    async with open_market(tmp_path, **IDLE, max_open_tickers="9", fills=False) as bench:
        control = bench.core.control
        shown = await preview(bench, Side.BUY, 1)
        assert shown.ticket is not None
        resting = await preview(bench, Side.BUY, 1, O, "90")
        assert resting.ticket is not None
        placed = await control.confirmations.confirm(resting.ticket, OWNER)
        assert placed.order is not None
        before = len(bench.broker.submitted)
        forget(monkeypatch, unknown)
        pressed = await control.confirmations.confirm(shown.ticket, OWNER)
        assert (pressed.kind, pressed.next_ticket) == (OutcomeKind.DENIED, None)
        anew = await preview(bench, Side.BUY, 1)
        assert (anew.ticket, anew.needs_second_confirm) == (None, False)
        dearer = await control.orders.amends.preview(OWNER, placed.order.no, qty=None, price=Decimal(91))
        counted_already = UNKNOWN[unknown] is CapKey.MAX_ORDERS_PER_DAY
        assert (dearer.ticket is None, dearer.needs_second_confirm) == (not counted_already, False)
        assert len(bench.broker.submitted) == before


def test_every_cap_that_may_be_unknown_is_tried() -> None:
    """The value of one order is always known, and the day's loss is no cap of an order."""
    assert set(UNKNOWN.values()) == set(CapKey) - {CapKey.MAX_ORDER_USD, CapKey.DAILY_LOSS_LIMIT_PCT}


@pytest.mark.parametrize("unknown", UNKNOWN)
async def test_an_unknown_cap_stops_the_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unknown: str) -> None:
    forget(monkeypatch, unknown)
    async with open_market(tmp_path, **BUYS, max_open_tickers="9") as bench:
        await bench.pass_time(130)
        assert bench.broker.submitted == []
        decision = await bench.storage.decisions.latest(TQQQ)
        assert decision is not None
        [caps] = [gate for gate in decision.gates if isinstance(gate, CapsGate) and gate.side == "buy"]
        assert UNKNOWN[unknown] in caps.broken
