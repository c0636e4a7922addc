"""Reconciling: orders, fills, positions and cash, every difference explained (S9, spec 8, promise 2). Row S106."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Holdings, OrderStatus, Origin, Recovered, Side, Symbol, TryLater
from strategy.portfolio.deposits import AccountCash, DepositTracker
from strategy.portfolio.position_reconciliation import Reconciler
from tests.support.order_bench import KO, PRICE, TQQQ, Bench, bench
from tests.support.words import english, korean

S = OrderStatus


@dataclass
class Account:
    made: Bench
    recon: Reconciler

    async def cards(self) -> list[Recovered]:
        return [one for one in await self.made.events() if isinstance(one, Recovered)]


def account_of(made: Bench) -> Account:
    async def probe(holdings: Holdings) -> tuple[Symbol, Decimal] | None:
        return TQQQ, PRICE

    recon = Reconciler(
        broker=made.broker,
        orders=made.storage.orders,
        desk=made.desk,
        notifier=made.storage.outbox,
        clock=made.clock,
        activity=made.activity,
        agreements=made.storage.agreements,
        cash=AccountCash(
            broker=made.broker,
            tracker=DepositTracker(
                orders=made.storage.orders, deposits=made.storage.deposits, clock=made.clock, lag=timedelta(minutes=2)
            ),
            rates=made.storage.exchange_rates,
            probe=probe,
            open_orders=lambda: made.desk.open,
            fees=lambda _symbol, _amount: Decimal(0),
        ),
    )
    made.desk.unexplained = recon.unexplained
    return Account(made, recon)


@pytest.fixture
async def account(tmp_path: Path) -> AsyncIterator[Account]:
    async with bench(tmp_path) as made:
        yield account_of(made)


async def test_nothing_is_reconciled_before_the_first_look(account: Account) -> None:
    assert not account.recon.reconciled
    assert not account.recon.settled(TQQQ)
    account.made.broker.hold(TQQQ, 3, Decimal(60))
    holdings = await account.recon.reconcile("start")
    assert account.recon.reconciled
    assert account.recon.reconciled_at == account.made.clock.now()
    assert holdings == account.recon.holdings
    assert holdings.cash == Decimal(10_000)
    assert [(position.symbol, position.qty) for position in holdings.positions] == [(TQQQ, 3)]
    assert not await account.cards()


async def test_a_broker_that_cannot_be_asked_leaves_it_unreconciled(account: Account) -> None:
    account.made.broker.fail("holdings", "try_later")
    with pytest.raises(TryLater):
        await account.recon.reconcile("start")
    assert not account.recon.reconciled
    account.made.broker.fail("orders", "try_later")
    assert await account.recon.reconcile("start") == account.recon.holdings
    assert isinstance(account.recon.orders_problem, TryLater)
    assert not account.recon.reconciled
    await account.recon.reconcile("start")
    assert account.recon.orders_problem is None
    account.made.broker.fail("deposit", "try_later")
    assert (await account.recon.reconcile("timer")).cash is None
    assert account.recon.reconciled


async def test_a_gap_asks_for_a_new_agreement_s106(account: Account) -> None:
    await account.recon.reconcile("start")
    account.recon.mark_gap("socket lost")
    assert not account.recon.reconciled
    await account.recon.reconcile("reconnect")
    assert account.recon.reconciled


async def test_an_unknown_outcome_takes_the_agreement_back_until_it_is_looked_up(account: Account) -> None:
    await account.recon.reconcile("start")
    account.made.broker.notices = "lost"
    account.made.broker.fail("submit", "lost_reply")
    await account.made.buy()
    assert not account.recon.reconciled
    await account.made.pass_time(2)
    assert not account.recon.reconciled  # settled by the desk, but not yet agreed
    await account.recon.reconcile("before_buy")
    assert account.recon.reconciled


async def test_fills_of_a_gap_are_recovered_and_told_s9(account: Account) -> None:
    await account.recon.reconcile("start")
    order = await account.made.buy()
    account.made.broker.notices = "lost"
    account.made.broker.fill(account.made.venue(order), 4)
    account.recon.mark_gap("socket lost")
    await account.recon.reconcile("reconnect")
    assert account.recon.reconciled
    await account.made.agrees()
    (card,) = await account.cards()
    assert card.clean
    assert any("4" in english(line) for line in card.lines)


async def test_after_one_reconcile_every_order_is_as_the_broker_has_it_s9(account: Account) -> None:
    made, broker = account.made, account.made.broker
    await account.recon.reconcile("start")
    broker.notices = "lost"
    orders = [await made.buy(qty=4, price=Decimal(50 + n)) for n in range(6)]
    numbers = [made.venue(order) for order in orders]
    broker.fill(numbers[0], 1)
    broker.fill(numbers[0], 2, Decimal("49.9933"))
    broker.fill(numbers[1])
    broker.fill(numbers[2], 3)
    await broker.cancel(TQQQ, numbers[2], 1)
    broker.reject_later(numbers[3], "거부")
    await broker.amend(TQQQ, numbers[4], 4, Decimal("54.50"))
    broker.hand_order(KO, Side.BUY, 2, Decimal("60.00"))
    broker.fill(broker.hand_order(KO, Side.BUY, 3, Decimal("60.00")), 1)
    await account.recon.reconcile("asked")
    await made.agrees()
    states = [(await made.order(order.no)).status for order in orders]
    assert states == [S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.REJECTED, S.ACCEPTED, S.ACCEPTED]
    assert len(await made.desk.open_in(KO)) == 2
    broker.end_session()
    await account.recon.reconcile("timer")
    await made.agrees()
    assert not made.desk.open
    assert len(broker.submitted) == 6


async def test_own_fills_on_their_way_disturb_only_their_ticker(account: Account) -> None:
    await account.recon.reconcile("start")
    account.made.broker.lag_s = 30
    account.made.broker.set_price(TQQQ, PRICE)
    await account.made.buy()
    await account.made.settle()
    await account.recon.reconcile("timer")
    assert account.recon.reconciled
    assert not account.recon.settled(TQQQ)
    assert account.recon.settled(KO)
    await account.made.pass_time(40)
    await account.recon.reconcile("timer")
    assert account.recon.settled(TQQQ)
    assert not await account.cards()


async def test_orders_and_trades_by_hand_are_found_and_explained_s9(account: Account) -> None:
    await account.recon.reconcile("start")
    account.made.broker.notices = "lost"
    account.made.broker.set_price(KO, Decimal(68))
    account.made.broker.hand_order(KO, Side.BUY, 5, Decimal(69))
    account.made.broker.hand_order(TQQQ, Side.BUY, 1, Decimal("50.00"))
    await account.recon.reconcile("timer")
    assert account.recon.reconciled
    assert len(await account.made.hand_orders()) == 2
    (resting,) = await account.made.desk.open_in(TQQQ)
    assert resting.request.origin is Origin.EXTERNAL
    await account.made.agrees()
    await account.recon.reconcile("asked")
    assert len(await account.made.hand_orders()) == 2


async def test_an_unexplained_difference_blocks_until_it_has_stood_and_is_told(account: Account) -> None:
    await account.recon.reconcile("start")
    account.made.broker.hold(TQQQ, 7, Decimal(60))  # shares moved in from elsewhere
    await account.recon.reconcile("timer")
    assert not account.recon.reconciled
    await account.made.pass_time(60)
    await account.recon.reconcile("timer")
    assert not account.recon.reconciled
    await account.made.pass_time(60)
    await account.recon.reconcile("timer")
    assert account.recon.reconciled
    first, last = await account.cards()
    assert not first.clean
    assert last.clean
    assert "7 at the broker" in english(last.lines[0])
    await account.recon.reconcile("timer")
    assert len(await account.cards()) == 2


async def test_after_a_restart_the_fills_since_explain_the_position_promise_2(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        account = account_of(made)
        await account.recon.reconcile("start")
        order = await made.buy()
        await made.settle()
        broker, clock = made.broker, made.clock
    broker.fill(made.venue(order), 6)
    async with bench(tmp_path, broker=broker, clock=clock) as again:
        account = account_of(again)
        assert not account.recon.reconciled
        await account.recon.reconcile("start")
        assert account.recon.reconciled
        await again.agrees()
        (card,) = await account.cards()
        assert card.trigger == "start"
        assert len(card.lines) == 2  # six shares found, and the order is still open


async def test_a_restart_after_days_asks_for_every_day_since_the_last_agreement(tmp_path: Path) -> None:
    async with bench(tmp_path) as made:
        await account_of(made).recon.reconcile("start")
        broker, clock = made.broker, made.clock
    broker.set_price(KO, Decimal(68))
    broker.hand_order(KO, Side.BUY, 5, Decimal(69))
    await clock.advance(5 * 86_400)
    async with bench(tmp_path, broker=broker, clock=clock) as again:
        account = account_of(again)
        await account.recon.reconcile("start")
        assert account.recon.reconciled
        assert broker.qty_held(KO) == 5
        await again.agrees()


async def test_the_agreement_lasts_over_weeks_of_trading(account: Account) -> None:
    broker = account.made.broker
    broker.set_price(TQQQ, PRICE)
    await account.recon.reconcile("start")
    for _ in range(12):
        await account.made.buy(qty=1)
        await account.made.pass_time(86_400)
        await account.recon.reconcile("timer")
        assert account.recon.reconciled
    assert not await account.cards()


async def test_an_unknown_order_is_named_in_the_card(account: Account) -> None:
    account.made.broker.fail("submit", "lost_request")
    await account.made.buy()
    await account.recon.reconcile("asked")
    (card,) = await account.cards()
    assert not card.clean
    assert not account.recon.reconciled
    assert "not known" in english(card.lines[0])


async def test_a_split_is_explained_at_once_and_leaves_buying_allowed_d13(account: Account) -> None:
    account.made.broker.hold(TQQQ, 75, Decimal("646.4330"))
    await account.recon.reconcile("start")
    account.made.broker.hold(TQQQ, 525, Decimal("92.3476"))
    await account.recon.reconcile("timer")
    assert account.recon.reconciled
    assert account.recon.settled(TQQQ)
    (card,) = await account.cards()
    assert "525" in korean(card.lines[0])
    assert "split" in english(card.lines[0])


async def test_more_shares_at_another_cost_are_no_split_d13(account: Account) -> None:
    account.made.broker.hold(TQQQ, 75, Decimal("646.4330"))
    await account.recon.reconcile("start")
    account.made.broker.hold(TQQQ, 525, Decimal("646.4330"))
    await account.recon.reconcile("timer")
    assert not account.recon.reconciled
