"""The promises of spec section 8 and the caps of section 7 over the whole core, whatever happens in whatever order.

`CORE_EXAMPLES=500 pytest -s tests/strategy/wiring/test_core_properties.py` searches at random, prints what it reached;
without it a fixed, small set of examples runs.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from strategy.model import Mode, OrderRejected, Side
from tests.support.core_machine import STRANGER, CoreMachine
from tests.support.engine_bench import OWNER, TQQQ, O

EXAMPLES = os.environ.get("CORE_EXAMPLES")
OFTEN = (  # what even the small set must have been through; the stories below reach the rest for certain
    "sent manual buy",
    "sent stop_loss sell",
    "restarted",
    "killed",
)
FEW_THEN_MORE = (14, 60)  # which examples come depends on the modules that happen to be imported: hypothesis reads them


@pytest.mark.timeout(0 if EXAMPLES else 240)
def test_promises_and_caps_hold_over_any_interleaving() -> None:
    """Promises 1, 2, 3, 6 and 7, rows S9, S54 and S105: see the machine's rules and the witness."""
    CoreMachine.ever.clear()
    for examples in (int(EXAMPLES),) if EXAMPLES else FEW_THEN_MORE:
        run_state_machine_as_test(
            CoreMachine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=50,
                derandomize=not EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate] if "CORE_QUICK" in os.environ else [Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
        missed = [what for what in OFTEN if not CoreMachine.ever[what]]
        if not missed:
            break
    for what in sorted(CoreMachine.ever):
        print(f"{CoreMachine.ever[what]:6} {what}")
    assert missed == []


@pytest.fixture
def machine() -> Iterator[CoreMachine]:
    """A machine whose rules a test calls itself; every promise is checked after each, agreement at the end."""
    made = CoreMachine()
    try:
        yield made
        made.promises_hold()
    finally:
        made.teardown()


def reached(machine: CoreMachine, *wanted: str) -> None:
    machine.promises_hold()
    assert [what for what in wanted if not machine.witness.reached[what]] == [], dict(machine.witness.reached)


def test_the_machine_buys_sells_and_stops(machine: CoreMachine) -> None:
    machine.first_start(held=0, notices="at_once", blank=False, lag=0)
    machine.price_moves(TQQQ, -100, tick=True)
    machine.time_passes(61)
    reached(machine, "sent signal buy")
    machine.price_moves(TQQQ, 220, tick=True)
    machine.time_passes(150)
    reached(machine, "sent signal sell")
    machine.price_falls(TQQQ, 90, tick=False)  # the poll finds it
    machine.time_passes(10)
    reached(machine, "sent stop_loss sell")
    assert machine.world.broker.qty_held(TQQQ) == 0


def test_the_machine_climbs_down_a_ladder_with_resting_sells_and_slow_cancels(machine: CoreMachine) -> None:
    machine.first_start(held=30, notices="lost", blank=False, lag=0)
    machine.order_placed(Side.SELL, 10, resting=True)
    machine.broker_habits_change(lag=0, slow=True, answer=OrderRejected, matching=False, most=5)
    machine.price_falls(TQQQ, 92, tick=True)
    machine.time_passes(10)
    machine.venue_acts(0, "cancel")
    machine.time_passes(4)
    machine.price_falls(TQQQ, 91, tick=True)
    machine.time_passes(30)
    reached(machine, "sent manual sell", "cancel sent", "sent stop_loss sell", "amended stop_loss")
    machine.killed()
    machine.time_passes(4)
    reached(machine, "killed with open orders")


def test_the_machine_reprices_and_cancels_what_rests(machine: CoreMachine) -> None:
    machine.first_start(held=0, notices="held", blank=True, lag=0)
    machine.broker_habits_change(lag=0, slow=False, answer=OrderRejected, matching=False, most=None)
    machine.price_moves(TQQQ, -100, tick=True)
    machine.time_passes(61)
    machine.price_moves(TQQQ, -60, tick=True)
    machine.time_passes(10)
    reached(machine, "sent signal buy", "amended signal")
    machine.time_passes(30)
    machine.late_notices_come(backwards=True)
    reached(machine, "cancel sent")


def test_the_machine_loses_replies_and_looks_them_up(machine: CoreMachine) -> None:
    machine.first_start(held=15, notices="held", blank=False, lag=0)
    machine.broker_fails("submit", "lost_reply", times=1)
    machine.broker_fails("orders", "try_later", times=1)
    machine.order_placed(Side.BUY, 5, resting=True)
    reached(machine, "unknown outcome")
    machine.check_now_pressed()
    machine.restarted()
    reached(machine, "sent manual buy", "checked now", "restarted with open orders")
    machine.a_reply_will_be_late("slow_reply")
    machine.order_placed(Side.SELL, 5, resting=False)
    machine.killed()
    machine.time_passes(150)
    reached(machine, "sent manual sell")


def test_the_machine_presses_twice_and_over_caps(machine: CoreMachine) -> None:
    machine.first_start(held=15, notices="twice", blank=False, lag=0)
    machine.order_asked_for(Side.BUY, O, 20, None, "over caps")  # a second ticker is over MAX_OPEN_TICKERS
    reached(machine, "press second_confirm", "cap overridden by a second press")
    machine.order_asked_for(Side.BUY, TQQQ, 1, None, "no")
    machine.button_pressed(0, OWNER, twice=True, agree=False)
    machine.button_pressed(0, OWNER, twice=False, agree=False)
    machine.button_pressed(0, STRANGER, twice=False, agree=False)
    reached(machine, "pressed twice", "press used", "press not_yours")
    machine.order_asked_for(Side.BUY, TQQQ, 1, None, "no")
    machine.time_passes(61)
    machine.button_pressed(0, OWNER, twice=False, agree=False)
    reached(machine, "press expired")


def test_the_machine_loses_enough_in_a_day_to_stop_buying(machine: CoreMachine) -> None:
    machine.first_start(held=30, notices="at_once", blank=False, lag=0)
    machine.setting_changed(("STOP_LOSS_RATE", "-5"))
    machine.time_passes(61)
    machine.price_falls(TQQQ, 90, tick=False)
    machine.time_passes(61)
    assert machine.bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
    machine.order_placed(Side.BUY, 1, resting=False)
    assert not machine.witness.reached["sent manual buy"]
    machine.mode_changed(Mode.RUN, None, None)
    machine.order_placed(Side.BUY, 1, resting=False)
    reached(machine, "mode run", "sent manual buy")


def test_a_buy_by_hand_that_rests_opens_no_ticker_for_ours_s105(machine: CoreMachine) -> None:
    """It may end unfilled: a buy of ours in its ticker is over MAX_OPEN_TICKERS and says so."""
    machine.first_start(held=0, notices="at_once", blank=False, lag=0)
    machine.order_placed(qty=1, resting=False, side=Side.BUY)
    machine.order_by_hand(cents=0, qty=1, side=Side.BUY, symbol=O)
    machine.killed()
    machine.order_asked_for(cents=None, press="over caps", qty=1, side=Side.BUY, symbol=O)
    machine.promises_hold()


def test_a_stop_offers_no_share_that_a_sell_by_hand_heard_of_meanwhile_offers(machine: CoreMachine) -> None:
    """Found by the search above: the machine slept, and the order list came while the stop was being stored."""
    machine.first_start(held=15, notices="at_once", blank=False, lag=0)
    machine.price_falls(TQQQ, 85, tick=False)
    machine.promises_hold()
    machine.order_by_hand(TQQQ, Side.SELL, 1, 0)
    machine.machine_sleeps(to_next_session=False)
    machine.time_passes(60)
    reached(machine, "sent stop_loss sell")
    assert machine.world.broker.qty_held(TQQQ) == 0


def test_a_timed_mode_set_after_the_days_loss_limit_does_not_run_out_into_buying_s105(machine: CoreMachine) -> None:
    """Found by the search above; only the owner's own Run releases the day."""
    machine.first_start(held=0, notices="at_once", blank=False, lag=0)
    machine.check_in_calm()
    machine.price_moves(TQQQ, -87, tick=False)
    machine.check_in_calm()
    machine.killed_in_the_middle(steps=0, symbol=TQQQ, while_="falling")
    machine.killed_in_the_middle(steps=0, symbol=O, while_="falling")
    machine.mode_changed(Mode.PROTECT_ONLY, None, 2)
    machine.check_in_calm()
    machine.check_in_calm()
    machine.promises_hold()
    assert machine.bench.core.base.modes.chosen().mode is Mode.PROTECT_ONLY
