"""The core's machine with more presses: panic, amends, orders by hand taken over (promises 1 to 4, 6)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from strategy.model import HandChoice, Mode, OrderRejected, OrderRequest, Origin, OutcomeKind, Side
from tests.strategy.wiring.test_core_properties import EXAMPLES, reached
from tests.support.core_machine import CoreMachine
from tests.support.core_witness import Witness
from tests.support.engine_bench import OWNER, TQQQ


class PressMachine(CoreMachine):
    """The same promises are checked; a panic sells in every mode, since a person has asked for it."""

    @rule(now=st.sampled_from([False, True, None, None, None]))
    def panic_asked_for(self, now: bool | None) -> None:
        """Press at once and twice, keep the button for later, or (mostly, since it ends all) do nothing."""

        async def ask() -> Any:
            return await self.bench.core.control.orders.panic.preview(OWNER)

        shown = None if now is None else self.act(ask)
        if shown is None or shown.ticket_all is None:
            return
        if not now:
            self.buttons.append((shown.ticket_all, ""))
            return
        outcome = self._press(shown.ticket_all, twice=True)
        if outcome is not None and outcome.kind is OutcomeKind.DONE:
            self.reach("panic")
            if self.bench.core.base.modes.chosen().mode is Mode.PROTECT_ONLY:
                self.witness.set_mode(None, Mode.PROTECT_ONLY)

    @rule(
        which=st.integers(0, 5),
        qty=st.sampled_from([None, 1, 2]),
        cents=st.sampled_from([None, -50, 30, 100, 400]),
        agree=st.booleans(),
    )
    def amend_asked_for(self, which: int, qty: int | None, cents: int | None, agree: bool) -> None:
        orders = self.bench.core.trading.desk.open
        if not orders:
            return
        order = orders[which % len(orders)]
        price = None if cents is None else order.limit_price + Decimal(cents) / 100

        async def ask() -> Any:
            return await self.bench.core.control.orders.amends.preview(OWNER, order.no, qty=qty, price=price)

        shown = self.act(ask)
        if shown is not None and shown.ticket is not None:
            self._press(shown.ticket, agree=agree)

    @rule(which=st.integers(0, 5))
    def order_by_hand_taken_over(self, which: int) -> None:
        orders = [order for order in self.bench.core.trading.desk.open if order.request.origin is Origin.EXTERNAL]
        if not orders:
            return

        async def ask() -> Any:
            no = orders[which % len(orders)].no
            return await self.bench.core.control.orders.external.decide(OWNER, no, HandChoice.ADOPT)

        if self.act(ask) is not None:
            self.reach("taken over")


@pytest.fixture
def a_panic_is_a_persons_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the witness allow a panic's sells in every mode."""
    judge = Witness._permission

    def permission(self: Witness, request: OrderRequest) -> None:
        if request.origin is not Origin.PANIC:
            judge(self, request)

    monkeypatch.setattr(Witness, "_permission", permission)


@pytest.mark.usefixtures("a_panic_is_a_persons_word")
def test_the_machine_amends_takes_over_and_panics_over_a_death() -> None:
    machine = PressMachine()
    try:
        machine.first_start(held=10, notices="at_once", blank=False, lag=0)
        machine.order_placed(Side.BUY, 1, resting=True)
        machine.amend_asked_for(0, None, 30, agree=True)
        machine.order_by_hand(TQQQ, Side.BUY, 1, -30)
        machine.time_passes(61)
        machine.order_by_hand_taken_over(0)
        machine.broker_habits_change(lag=0, slow=False, answer=OrderRejected, matching=False, most=None)
        machine.panic_asked_for(now=True)
        machine.time_passes(4)
        machine.killed()
        machine.broker_habits_change(lag=0, slow=False, answer=OrderRejected, matching=True, most=None)
        machine.price_moves(TQQQ, -5, tick=True)
        machine.time_passes(30)
        reached(machine, "amended manual", "taken over", "panic", "sent panic sell", "killed with open orders")
        assert machine.world.broker.qty_held(TQQQ) == 0
    finally:
        machine.teardown()


@pytest.mark.usefixtures("a_panic_is_a_persons_word")
@pytest.mark.timeout(0 if EXAMPLES else 240)
def test_promises_hold_with_panics_amends_and_orders_taken_over() -> None:
    """At most one live sell per share, no forbidden buy, no order without intent, agreement at the end."""
    PressMachine.ever.clear()
    run_state_machine_as_test(
        PressMachine,
        settings=settings(
            max_examples=int(EXAMPLES or 8),
            stateful_step_count=50,
            derandomize=not EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
