"""The rule of spec section 4: truth tables, boundaries, and what unknown facts do. Rows S34, S35, S79."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.model import (
    Bound,
    CapKey,
    CrossGate,
    CrossView,
    DecisionAction,
    DecisionReason,
    Gate,
    GateKey,
    Indicators,
    Known,
    Mode,
    Refusal,
    SellConfirm,
    Side,
    was_asked,
)
from strategy.risk.sizing import Size
from strategy.settings.schema import TradingSettings
from strategy.signals import rules
from strategy.signals.rules import (
    BUY_SIGNAL,
    SELL_SIGNAL,
    Facts,
    Verdict,
    buy_gates,
    buy_signal,
    sell_gates,
    sell_signal,
)
from tests.fakes.clock import trading_settings

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
SETTINGS = trading_settings()  # oversold 50, overbought 60, delays 5 minutes
SIZE = Size(qty=3, bound=Bound.RATE, wanted=3, cost=Decimal(100))
NO_SIZE = Size(qty=0, bound=Bound.CASH, wanted=0, cost=Decimal(0))
CAP = Refusal(cap=CapKey.MAX_ORDERS_PER_DAY, value=51, limit=50)


def indicators(rsi: float | None = 45.0, **changes: Any) -> Indicators:
    plain = Indicators(
        rsi=rsi,
        rsi_interval="day",
        rsi_bars=250,
        macd=0.2,
        macd_signal=0.1,
        macd_histogram=0.1,
        macd_interval="1",
        macd_bars=250,
        golden_cross=None,
        dead_cross=None,
        bars_used="closed",
        newest_bar_at=NOW,
    )
    return replace(plain, **changes)


def facts(**changes: Any) -> Facts:
    """Everything in favour of both sides but the signals, which `indicators` gives."""
    plain = Facts(
        now=NOW,
        in_hours=True,
        mode=Mode.RUN,
        lock=None,
        reconciled=True,
        indicators=indicators(),
        quote_age_s=0.4,
        quote_usable=True,
        bars_fresh=True,
        last_buy_at=None,
        last_sell_at=None,
        open_orders=0,
        held_qty=10,
        sellable_qty=10,
        buy_size=SIZE,
        sell_size=SIZE,
        caps=(),
    )
    return replace(plain, **changes)


def conclude(of: Facts, settings: TradingSettings = SETTINGS) -> Verdict:
    """Return what the rule concludes, having seen that the gates of the record say the same."""
    verdict = rules.conclude(of, settings)
    assert verdict == _judged(buy_gates(of, settings), sell_gates(of, settings))
    return verdict


def _judged(buy: tuple[Gate, ...], sell: tuple[Gate, ...]) -> Verdict:
    """Conclude from both sides' gates alone."""
    sides = ((Side.BUY, buy, BUY_SIGNAL), (Side.SELL, sell, SELL_SIGNAL))
    given = [each for each in sides if all(gate.passed is True for gate in each[1] if gate.key in each[2])]
    if len(given) != 1:
        reason = DecisionReason.BOTH_SIGNALS if given else DecisionReason.NO_SIGNAL
        return Verdict(action=DecisionAction.NONE, reason=reason, side=None, blocked_by=())
    [(side, gates, _)] = given
    blocked = tuple(gate.key for gate in gates if gate.passed is not True and gate.key is not GateKey.WRITTEN)
    reason = DecisionReason(f"blocked:{blocked[0]}" if blocked else side.value)
    action = DecisionAction.NONE if blocked else DecisionAction(side.value)
    return Verdict(action=action, reason=reason, side=side, blocked_by=blocked)


def _failed(gates: tuple[Gate, ...]) -> set[str]:
    return {gate.key for gate in gates if gate.passed is not True}


@pytest.mark.parametrize("holds", list(product([True, False], repeat=4)))
def test_a_buy_needs_all_four_s55(holds: tuple[bool, bool, bool, bool]) -> None:
    """S51, S52, S53, S54, S55: 16 combinations, 1 buys, 15 do not, each with its reason."""
    oversold, delay, cash, free = holds
    of = facts(
        indicators=indicators(45.0 if oversold else 55.0),
        last_buy_at=NOW - timedelta(minutes=5 if delay else 4),
        buy_size=SIZE if cash else NO_SIZE,
        open_orders=0 if free else 1,
    )
    expected = {
        name
        for name, there in zip(("rsi_oversold", "buy_delay", "cash", "no_open_order"), holds, strict=True)
        if not there
    }
    assert _failed(buy_gates(of, SETTINGS)) == expected
    verdict = conclude(of)
    assert (verdict.action is DecisionAction.BUY) is all(holds)
    if not oversold:
        assert (verdict.action, verdict.reason) == (DecisionAction.NONE, "no_signal")
    elif not all(holds):
        assert (verdict.action, verdict.side, set(verdict.blocked_by)) == (DecisionAction.NONE, "buy", expected)
        assert verdict.reason.removeprefix("blocked:") in expected


@pytest.mark.parametrize("holds", list(product([True, False], repeat=5)))
def test_a_sell_needs_all_five_s61(holds: tuple[bool, bool, bool, bool, bool]) -> None:
    """S56, S57, S58, S59, S60, S61: 32 combinations, 1 sells, 31 do not, each with its reason."""
    overbought, cross, delay, holding, free = holds
    of = facts(
        indicators=indicators(
            65.0 if overbought else 55.0, golden_cross=CrossView(age=2, holds=True) if cross else None
        ),
        last_sell_at=NOW - timedelta(minutes=5 if delay else 4),
        sellable_qty=10 if holding else 0,
        open_orders=0 if free else 1,
    )
    names = ("rsi_overbought", "macd_confirm", "sell_delay", "holding", "no_open_order")
    expected = {name for name, there in zip(names, holds, strict=True) if not there}
    assert _failed(sell_gates(of, SETTINGS)) == expected
    verdict = conclude(of)
    assert (verdict.action is DecisionAction.SELL) is all(holds)
    if not (overbought and cross):
        assert verdict.reason == "no_signal"
    elif not all(holds):
        assert (verdict.action, verdict.side, set(verdict.blocked_by)) == (DecisionAction.NONE, "sell", expected)


@pytest.mark.parametrize(
    ("rsi", "oversold", "overbought"),
    [
        (50.0, True, False),  # exactly equal counts
        (50.01, False, False),
        (49.99, True, False),
        (59.99, False, False),
        (60.0, False, True),
        (60.01, False, True),
        (50.00000000000001, True, False),  # residues of smoothing
        (59.99999999999999, False, True),
    ],
)
def test_the_boundary_values_are_signals_s51_s56(rsi: float, oversold: bool, overbought: bool) -> None:
    seen = indicators(rsi, golden_cross=CrossView(age=0, holds=True))
    assert buy_signal(seen, SETTINGS) is oversold
    assert sell_signal(seen, SETTINGS) is overbought


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(
    ("waited", "passed"),
    [(timedelta(minutes=4, seconds=59), False), (timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), True)],
)
def test_delays_are_exact_s34_s35(side: str, waited: timedelta, passed: bool) -> None:
    of = facts(**{f"last_{side}_at": NOW - waited})
    gates = buy_gates(of, SETTINGS) if side == "buy" else sell_gates(of, SETTINGS)
    assert next(gate for gate in gates if gate.key == f"{side}_delay").passed is passed


def test_the_delay_counts_across_korean_midnight_s34() -> None:
    midnight = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)  # 00:00 in Seoul
    of = facts(now=midnight + timedelta(minutes=2), last_buy_at=midnight - timedelta(minutes=2))
    assert _failed(buy_gates(of, SETTINGS)) == {"buy_delay"}
    assert not _failed(buy_gates(replace(of, now=midnight + timedelta(minutes=3)), SETTINGS))


def test_zero_is_off_even_when_the_last_order_is_unknown_s34() -> None:
    off = trading_settings(buy_delay_min="0", sell_delay_min="0")
    of = facts(last_buy_at=NOW, delays_known=False)
    assert not _failed(buy_gates(of, off))
    assert _failed(buy_gates(of, SETTINGS)) == {"buy_delay"}


@pytest.mark.parametrize(
    ("confirm", "golden", "dead", "passed"),
    [
        ("golden", True, False, True),
        ("golden", False, True, False),
        ("dead", False, True, True),
        ("dead", True, False, False),
        ("none", False, False, True),
    ],
)
def test_the_confirmation_can_be_chosen_d8(confirm: str, golden: bool, dead: bool, passed: bool) -> None:
    cross = CrossView(age=1, holds=False)
    seen = indicators(65.0, golden_cross=cross if golden else None, dead_cross=cross if dead else None)
    assert (
        conclude(facts(indicators=seen), trading_settings(sell_confirm=confirm)).action is DecisionAction.SELL
    ) is passed


def test_the_age_of_the_cross_and_whether_it_holds_are_shown_s57() -> None:
    seen = indicators(65.0, golden_cross=CrossView(age=3, holds=False))
    gate = next(gate for gate in sell_gates(facts(indicators=seen), SETTINGS) if gate.key == "macd_confirm")
    assert isinstance(gate, CrossGate)
    assert (gate.passed, gate.observed) == (True, Known(CrossView(age=3, holds=False)))
    assert (gate.wanted, gate.within) == (SellConfirm.GOLDEN, 5)


@pytest.mark.parametrize(
    ("mode", "buys", "sells"),
    [
        (Mode.RUN, True, True),
        (Mode.PAUSE_BUYS, False, True),
        (Mode.PROTECT_ONLY, False, False),
        (Mode.HALTED, False, False),
    ],
)
def test_modes_allow_what_section_5_says(mode: Mode, buys: bool, sells: bool) -> None:
    selling = indicators(65.0, golden_cross=CrossView(age=0, holds=True))
    assert (conclude(facts(mode=mode)).action is DecisionAction.BUY) is buys
    assert (conclude(facts(mode=mode, indicators=selling)).action is DecisionAction.SELL) is sells


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({"indicators": None}, None),
        ({"indicators": indicators(None)}, None),
        ({"open_orders": None}, "no_open_order"),
        ({"buy_size": None}, "cash"),
        ({"caps": None}, "caps"),
        ({"caps": (CAP,)}, "caps"),
        ({"delays_known": False}, "buy_delay"),
        ({"reconciled": None}, "reconciled"),
        ({"reconciled": False}, "reconciled"),
        ({"quote_age_s": None}, "data_fresh"),
        ({"quote_age_s": 30.1}, "data_fresh"),
        ({"bars_fresh": None}, "data_fresh"),
        ({"bars_fresh": False}, "data_fresh"),
        ({"quote_usable": None}, "quote_usable"),
        ({"quote_usable": False}, "quote_usable"),
        ({"in_hours": False}, "hours"),
        ({"lock": "stop_loss"}, "lock"),
    ],
)
def test_unknown_is_never_yes_s54(changes: dict[str, Any], gate: str | None) -> None:
    verdict = conclude(facts(**changes))
    assert verdict.action is DecisionAction.NONE
    assert verdict.blocked_by == (() if gate is None else (gate,))
    assert verdict.reason == ("no_signal" if gate is None else f"blocked:{gate}")


def test_a_limit_that_leaves_no_share_is_named_and_not_the_cash() -> None:
    """With $49,993 there, `cash: 0 shares` sends the owner looking for money."""
    cap = Refusal(cap=CapKey.MAX_POSITION_RATE, value=Decimal(51), limit=Decimal(50))
    capped = Size(qty=0, bound=CapKey.MAX_POSITION_RATE, wanted=148, cost=Decimal(0))
    verdict = conclude(facts(buy_size=capped, caps=(cap,)))
    assert verdict.action is DecisionAction.NONE
    assert verdict.blocked_by == ("caps",)


@pytest.mark.parametrize("caps", [(), None])
def test_no_share_is_bought_whatever_the_limits_say(caps: tuple[Refusal, ...] | None) -> None:
    capped = Size(qty=0, bound=CapKey.MAX_POSITION_RATE, wanted=148, cost=Decimal(0))
    verdict = conclude(facts(buy_size=capped, caps=caps))
    assert verdict.action is DecisionAction.NONE
    assert verdict.blocked_by[0] == "cash"


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({"open_orders": None}, "no_open_order"),
        ({"sellable_qty": None}, "holding"),
        ({"sell_size": NO_SIZE}, "holding"),
        ({"delays_known": False}, "sell_delay"),
        ({"caps": None}, "caps"),
        ({"lock": "split"}, "lock"),
    ],
)
def test_unknown_is_never_yes_for_a_sell(changes: dict[str, Any], gate: str) -> None:
    selling = indicators(65.0, golden_cross=CrossView(age=0, holds=True))
    assert conclude(facts(indicators=selling, **changes)).blocked_by == (gate,)


def test_a_sell_does_not_wait_for_reconciling() -> None:
    selling = indicators(65.0, golden_cross=CrossView(age=0, holds=True))
    assert conclude(facts(indicators=selling, reconciled=False)).action is DecisionAction.SELL


def test_both_signals_are_no_trade_d11() -> None:
    """Thresholds may not cross, so this takes settings that no one could have made."""
    crossed = SETTINGS.model_copy(update={"rsi_overbought": Decimal(40)})
    both = facts(indicators=indicators(45.0, golden_cross=CrossView(age=0, holds=True)))
    verdict = conclude(both, crossed)
    assert (verdict.action, verdict.reason) == (DecisionAction.NONE, DecisionReason.BOTH_SIGNALS)
    assert (verdict.side, verdict.blocked_by) == (None, ())


def test_what_was_not_asked_says_so() -> None:
    of = facts(indicators=indicators(55.0), buy_size=None, caps=None, asked=False)
    unasked = {gate.key for gate in buy_gates(of, SETTINGS) if not was_asked(gate)}
    assert unasked == {GateKey.CASH, GateKey.CAPS}
    assert conclude(of).reason == "no_signal"
    assert all(was_asked(gate) for gate in buy_gates(replace(of, asked=True), SETTINGS))


def test_warm_up_of_macd_makes_the_sell_signal_unknown() -> None:
    assert sell_signal(indicators(65.0, macd=None), SETTINGS) is None
    assert sell_signal(indicators(55.0, macd=None), SETTINGS) is False
    assert buy_signal(None, SETTINGS) is None


MAYBE = st.sampled_from([True, False, None])


CHANGES = st.fixed_dictionaries(
    {
        "indicators": st.builds(
            lambda rsi, cross: indicators(rsi, golden_cross=cross),
            st.none() | st.floats(0, 100),
            st.none() | st.just(CrossView(age=1, holds=True)),
        ),
        "mode": st.sampled_from(Mode),
        "reconciled": MAYBE,
        "quote_usable": MAYBE,
        "bars_fresh": MAYBE,
        "open_orders": st.none() | st.integers(0, 2),
        "sellable_qty": st.none() | st.integers(0, 2),
        "buy_size": st.sampled_from([SIZE, NO_SIZE, None]),
        "lock": st.sampled_from([None, "stop_loss"]),
        "caps": st.sampled_from([None, (), (CAP,)]),
    }
)


@given(CHANGES)
def test_no_trade_without_every_gate(changes: dict[str, Any]) -> None:
    of = facts(**changes)
    verdict = conclude(of)
    if verdict.action is DecisionAction.BUY:
        assert of.mode is Mode.RUN
        assert of.reconciled
        assert of.buy_size is SIZE
    if verdict.action is DecisionAction.SELL:
        assert of.mode in (Mode.RUN, Mode.PAUSE_BUYS)
        assert of.sellable_qty
    if verdict.action is not DecisionAction.NONE:
        assert (of.quote_usable, of.bars_fresh, of.open_orders, of.lock, of.caps) == (True, True, 0, None, ())
        assert not verdict.blocked_by


def test_every_gate_has_its_side_and_a_key_of_its_own() -> None:
    for side, gates, signal in (
        ("buy", buy_gates(facts(), SETTINGS), BUY_SIGNAL),
        ("sell", sell_gates(facts(), SETTINGS), SELL_SIGNAL),
    ):
        assert {gate.side.value for gate in gates} == {side}
        assert len({gate.key for gate in gates}) == len(gates)
        assert tuple(gate.key for gate in gates[: len(signal)]) == signal
