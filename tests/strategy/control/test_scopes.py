"""POSITION_SCOPE=bot: the shares the bot bought have a cost, a result and a stop of their own (D7)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.model import (
    OrderRequest,
    OrderStatus,
    Origin,
    PositionScope,
    Side,
    StopTriggered,
)
from strategy.portfolio.bot_lots import Lots, SharesTraded, Split, replayed
from tests.strategy.stops.test_stop_monitor import holding
from tests.support.engine_bench import TQQQ, Bench

NOON = datetime(2026, 9, 15, 16, tzinfo=UTC)


async def trade(bench: Bench, side: Side, qty: int, price: str, *, origin: Origin = Origin.MANUAL) -> None:
    request = OrderRequest(
        symbol=TQQQ, side=side, qty=qty, limit_price=Decimal(price), origin=origin, created_at=bench.clock.now()
    )
    order = await bench.core.trading.desk.place(request)
    await bench.settle()
    [now] = [one for one in await bench.orders() if one.no == order.no]
    assert now.status is OrderStatus.FILLED


async def stops(bench: Bench) -> list[int]:
    return [one.request.qty for one in await bench.orders() if one.request.origin is Origin.STOP_LOSS]


def line(bench: Bench) -> Decimal | None:
    found = bench.core.protection.guard.lines.get(TQQQ)
    return None if found is None else found.stop_loss


async def test_the_bots_own_lots_are_not_stopped_on_the_accounts_old_average(tmp_path: Path) -> None:
    """100 own shares at 100, the price at 61: ten bought by the bot at 61.22 are not 34 % down."""
    async with holding(tmp_path, qty=100, cost="100", position_scope="bot") as bench:
        bench.price(TQQQ, "61.21")
        await bench.pass_time(20)
        assert await stops(bench) == []  # none of these shares is the bot's
        assert line(bench) is None
        await trade(bench, Side.BUY, 10, "61.22")
        await bench.pass_time(120)
        assert await stops(bench) == []
        assert line(bench) == Decimal("61.22") * Decimal("0.95")
        view = await bench.core.control.holdings.view()
        [(symbol, own)] = view.scoped
        assert own is not None
        assert (symbol, own.qty, own.average_cost) == (TQQQ, 10, Decimal("61.22"))
        assert view.holdings is not None
        assert view.holdings.positions[0].qty == 110
        bench.price(TQQQ, "58.15")
        await bench.pass_time(5)
        assert await stops(bench) == [10]
        assert bench.broker.qty_held(TQQQ) == 100
        [told] = await bench.told(StopTriggered)
        assert (told.qty, told.average_cost, told.rate) == (10, Decimal("61.22"), Decimal("-5.01"))


async def test_take_profit_goes_by_the_scopes_own_cost_too(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=100, cost="10", position_scope="bot", take_profit_rate="10") as bench:
        bench.price(TQQQ, "100")
        await trade(bench, Side.BUY, 10, "100.01")
        await bench.pass_time(60)
        assert bench.broker.qty_held(TQQQ) == 110
        bench.price(TQQQ, "110.10")
        await bench.pass_time(10)
        assert bench.broker.qty_held(TQQQ) == 100


async def test_a_trailed_peak_is_of_the_lots_that_were_held_then(tmp_path: Path) -> None:
    """The owner's own shares stay in the account: what the bot buys after it sold out has not been at 130."""
    async with holding(tmp_path, qty=100, cost="100", position_scope="bot", trailing_stop_pct="5") as bench:
        await trade(bench, Side.BUY, 10, "100.01")
        bench.price(TQQQ, "130")
        await bench.pass_time(20)
        bench.price(TQQQ, "123")
        await bench.pass_time(10)
        assert bench.broker.qty_held(TQQQ) == 100
        bench.price(TQQQ, "90")
        await trade(bench, Side.BUY, 10, "90.01")
        await bench.pass_time(60)
        bench.price(TQQQ, "89.90")
        await bench.pass_time(60)
        assert bench.broker.qty_held(TQQQ) == 110
        assert bench.core.protection.guard.lines[TQQQ].peak == Decimal("90.01")


async def test_what_the_bot_sells_is_of_its_own_lots_and_their_average_stays(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=0, position_scope="bot") as bench:
        for price in ("100", "97"):
            bench.price(TQQQ, price)
            await trade(bench, Side.BUY, 10, str(Decimal(price) + 1))
        await trade(bench, Side.SELL, 5, "90")
        await bench.pass_time(61)
        assert line(bench) == Decimal("98.51") * Decimal("0.95")  # bought at the asks of 100.01 and 97.01


async def test_the_accounts_scope_goes_by_the_brokers_average_as_ever(tmp_path: Path) -> None:
    async with holding(tmp_path, qty=100, cost="60") as bench:
        bench.price(TQQQ, "61.21")
        await trade(bench, Side.BUY, 100, "61.22")
        await bench.pass_time(61)
        assert line(bench) == Decimal("60.61") * Decimal("0.95")
        assert (await bench.core.control.holdings.view()).scoped == ()


async def test_shares_sold_by_hand_are_the_owners_first_and_a_restart_knows_it(tmp_path: Path) -> None:
    """20 of the owner's and 10 of the bot's; 25 sold by hand leave 5, and what is bought by hand later is not ours."""
    async with holding(tmp_path, qty=20, cost="100", position_scope="bot") as bench:
        bench.price(TQQQ, "100")
        await trade(bench, Side.BUY, 10, "100.01")
        await bench.pass_time(61)
        positions = bench.core.protection.guard._positions
        bench.broker.hand_order(TQQQ, Side.SELL, 15, Decimal(90))
        await bench.pass_time(61)
        assert positions.in_scope(TQQQ, PositionScope.BOT)[0] == 10
        bench.broker.hand_order(TQQQ, Side.SELL, 10, Decimal(90))
        await bench.pass_time(61)
        assert positions.in_scope(TQQQ, PositionScope.BOT)[0] == 5
        bench.broker.hand_order(TQQQ, Side.BUY, 8, Decimal(110))
        await bench.pass_time(61)
        assert positions.in_scope(TQQQ, PositionScope.BOT)[0] == 5
        world = bench.world
    async with holding(tmp_path, world=world, position_scope="bot") as again:
        await again.pass_time(61)
        assert again.core.protection.guard._positions.in_scope(TQQQ, PositionScope.BOT)[0] == 5
        assert line(again) == Decimal("100.01") * Decimal("0.95")


@pytest.mark.parametrize("restart", [False, True])
async def test_a_split_leaves_what_the_lots_cost_and_a_restart_knows_it(tmp_path: Path, *, restart: bool) -> None:
    async with holding(tmp_path, qty=20, cost="100", position_scope="bot") as bench:
        bench.price(TQQQ, "100")
        await trade(bench, Side.BUY, 10, "100.01")
        await bench.pass_time(150)
        if not restart:
            bench.broker.hold(TQQQ, 60, Decimal("50.00165"))
            await bench.pass_time(70)
            own = bench.core.protection.guard._positions.scoped(TQQQ, PositionScope.BOT)
            assert own is not None
            assert (own.qty, own.average_cost) == (20, Decimal("50.005"))
        world = bench.world
    if restart:
        world.broker.hold(TQQQ, 60, Decimal("50.00165"))  # while nobody looked
    async with holding(tmp_path, world=world, position_scope="bot") as again:
        again.price(TQQQ, "50")
        await again.pass_time(61)
        own = again.core.protection.guard._positions.scoped(TQQQ, PositionScope.BOT)
        assert own is not None
        assert (own.qty, own.average_cost) == (20, Decimal("50.005"))
        assert await stops(again) == []


STEP = st.tuples(st.booleans(), st.sampled_from(Side), st.integers(1, 9))


@given(before=st.integers(0, 20), steps=st.lists(STEP, max_size=12))
def test_replayed_lots_are_those_counted_on_the_way(before: int, steps: list[tuple[bool, Side, int]]) -> None:
    held, lots = before, Lots()
    fills = []
    for number, (ours, side, wanted) in enumerate(steps):
        most = lots.qty if ours else held
        qty = wanted if side is Side.BUY else min(wanted, most)
        if not qty:
            continue
        fills.append(SharesTraded(NOON + timedelta(minutes=number), ours, side, qty, Decimal(100 + number) * qty))
        held += qty if side is Side.BUY else -qty
        lots = lots.traded(side, qty, fills[-1].amount) if ours else lots.limited(held)
    found = replayed(fills, held=held)
    assert found.qty == lots.qty <= held
    assert abs(found.cost - lots.cost) < Decimal("0.0001")


def test_a_split_between_fills_counts_the_old_ones_anew() -> None:
    fills = [
        SharesTraded(at=NOON, ours=True, side=Side.BUY, qty=10, amount=Decimal(1000)),
        SharesTraded(at=NOON + timedelta(days=2), ours=False, side=Side.SELL, qty=15, amount=Decimal(1200)),
    ]
    splits = [Split(NOON + timedelta(days=1), 12, 18)]  # 3:2, of ten of ours and two of the owner's
    assert replayed(fills, splits) == Lots(15, Decimal(1000))
    assert replayed(fills, splits, held=0) == Lots()
    assert replayed(fills, splits, held=3).qty <= 3
