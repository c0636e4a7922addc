"""A row of the account that cannot be read hides its own ticker, as unknown, and nobody else's."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import (
    Amount,
    AmountKind,
    Mode,
    Notable,
    Origin,
    PanicProgress,
    Side,
    Trouble,
    UnreadOrder,
    UnreadRow,
    VenueNo,
)
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, Bench, O, World, running
from tests.support.words import english, korean, made_up

SETTINGS = trading_settings(trading_tickers="NASDAQ:TQQQ,NYSE:O", rsi_oversold="1", rsi_overbought="99")
WHY = made_up("ovrs_cblc_qty 항목을 읽을 수 없습니다", "its field ovrs_cblc_qty cannot be read")
BOND = UnreadRow(name="US91282CJL54", why=made_up("미국 주식이 아닙니다", "it is no US stock"), aside=True)


def two_held() -> World:
    world = World.at(OPEN + timedelta(minutes=10))
    for symbol in (TQQQ, O):
        world.ready(symbol)
        world.broker.hold(symbol, 10, Decimal(100))
    return world


async def told(bench: Bench) -> list[str]:
    events: list[Trouble | Notable] = [*await bench.told(Trouble), *await bench.told(Notable)]
    return [event.key for event in events if event.key.startswith("unread:")]


async def test_a_row_that_cannot_be_read_leaves_the_other_tickers_stop_working(tmp_path: Path) -> None:
    world = two_held()
    world.broker.unread[O] = UnreadRow(name="O", why=WHY, symbol=O)
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(200)
        assert bench.core.trading.account_sync.reconciled
        assert set(bench.core.protection.guard.lines) == {TQQQ}
        bench.price(TQQQ, "90")
        await bench.pass_time(2)
        assert world.broker.qty_held(TQQQ) == 0
        status = await bench.core.control.status.now()
        assert {ticker.symbol: ticker.position_qty for ticker in status.tickers}[O] is None
        assert await told(bench) == [f"unread:{O}:{WHY}"]
    async with running(tmp_path, world, settings=SETTINGS) as bench:  # and the program starts again
        await bench.pass_time(60)
        assert bench.core.trading.account_sync.reconciled
        world.broker.unread.clear()
        await bench.pass_time(130)
        assert bench.core.trading.account_sync.reconciled
        assert set(bench.core.protection.guard.lines) == {O}


async def test_a_row_that_becomes_unreadable_keeps_the_shares_known_before_for_the_stop(tmp_path: Path) -> None:
    world = two_held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(60)
        world.broker.unread[O] = UnreadRow(name="O", why=WHY, symbol=O)
        await bench.pass_time(600)
        assert bench.core.trading.account_sync.reconciled
        bench.price(O, "90")
        await bench.pass_time(2)
        assert world.broker.qty_held(O) == 0


async def test_a_row_that_names_nothing_may_be_the_ticker_that_is_missed(tmp_path: Path) -> None:
    world = two_held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(60)
        world.broker.unread[O] = UnreadRow(name="", why=WHY)
        await bench.pass_time(600)
        assert bench.core.trading.account_sync.reconciled
        assert (await bench.core.control.status.now()).tickers[1].position_qty is None
        for symbol in (O, TQQQ):
            bench.price(symbol, "90")
        await bench.pass_time(2)
        assert (world.broker.qty_held(O), world.broker.qty_held(TQQQ)) == (0, 0)


async def test_what_is_no_stock_is_set_aside_and_told_once(tmp_path: Path) -> None:
    world = two_held()
    world.broker.aside.append(BOND)
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(600)
        assert bench.core.trading.account_sync.reconciled
        assert len(await told(bench)) == 1
        assert all(ticker.position_qty == 10 for ticker in (await bench.core.control.status.now()).tickers)
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.SELL, O, _one(), None)
        assert preview.ticket is not None, preview.refusals


def _one() -> Amount:
    return Amount(kind=AmountKind.SHARES, value=Decimal(1))


async def test_an_unreadable_order_keeps_the_rules_out_of_its_ticker_and_the_stop_in(tmp_path: Path) -> None:
    eager = trading_settings(trading_tickers="NASDAQ:TQQQ,NYSE:O", rsi_oversold="99", rsi_overbought="100")
    world = two_held()
    row = UnreadRow(name="O", why=made_up("ft_ord_qty", "ft_ord_qty"), symbol=O)
    world.broker.unread_orders.append(UnreadOrder(row=row, venue_no=VenueNo("777"), traded_on=OPEN.date()))
    async with running(tmp_path, world, settings=eager) as bench:
        await bench.pass_time(200)
        assert bench.core.trading.account_sync.reconciled
        assert {request.symbol for request in world.broker.submitted} == {TQQQ}
        bench.price(O, "90")
        await bench.pass_time(2)
        assert world.broker.qty_held(O) == 0
        assert {one.origin for one in world.broker.submitted if one.symbol == O} == {Origin.STOP_LOSS}


async def test_our_own_order_is_not_missed_while_its_row_cannot_be_read(tmp_path: Path) -> None:
    world = two_held()
    world.broker.matching = False
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(5)
        preview = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, O, _one(), Decimal(95))
        assert preview.ticket is not None, preview.refusals
        await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
        (order,) = await bench.orders()
        assert order.venue_no is not None
        row = UnreadRow(name="O", why=WHY, symbol=O)
        world.broker.unread_orders.append(UnreadOrder(row=row, venue_no=order.venue_no, traded_on=OPEN.date()))
        await bench.pass_time(900)
        assert [one.status for one in await bench.orders()] == [order.status]
        assert bench.core.trading.account_sync.reconciled


async def test_a_panic_never_confirms_what_it_could_not_see(tmp_path: Path) -> None:
    world = two_held()
    world.broker.aside.append(BOND)
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(60)
        world.broker.unread[O] = UnreadRow(name="O", why=WHY, symbol=O)
        await bench.pass_time(60)
        preview = await bench.core.control.orders.panic.preview(OWNER)
        assert preview.ticket_all is not None
        await bench.core.control.confirmations.confirm(preview.ticket_all, OWNER)
        await bench.pass_time(300)
        end = (await bench.told(PanicProgress))[-1]
        assert end.done
        assert end.flat is False
        assert end.note is not None
        assert "O는 확인하거나 팔지 못했습니다" in korean(end.note)
        assert BOND.name in english(end.note)
        assert world.broker.qty_held(TQQQ) == 0


async def test_the_day_is_judged_without_a_ticker_that_cannot_be_valued(tmp_path: Path) -> None:
    """Shares that vanish from the list because their row cannot be read are no loss of the day's."""
    world = two_held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(120)
        world.broker.unread[O] = UnreadRow(name="O", why=WHY, symbol=O)
        await bench.pass_time(600)
        assert bench.core.base.modes.account.mode is Mode.RUN


@pytest.mark.parametrize("at", [0, 2, 20])
@pytest.mark.parametrize("panics", [False, True])
async def test_a_row_that_becomes_unreadable_amid_a_sale_does_not_stop_it(
    tmp_path: Path, at: int, *, panics: bool
) -> None:
    world = two_held()
    async with running(tmp_path, world, settings=SETTINGS) as bench:
        await bench.pass_time(60)
        world.broker.matching = False
        if panics:
            await bench.core.control.confirmations.confirm(
                (await bench.core.control.orders.panic.preview(OWNER)).ticket_all or "", OWNER
            )
        else:
            bench.price(O, "90")
        await bench.pass_time(at)
        world.broker.unread[O] = UnreadRow(name="O", why=WHY, symbol=O)
        await bench.pass_time(5)
        world.broker.matching = True
        bench.price(O, "89.5")
        bench.price(TQQQ, "99.9")
        await bench.pass_time(10)
        assert world.broker.qty_held(O) == 0
        await bench.pass_time(400)
        assert world.broker.qty_held(TQQQ) == (0 if panics else 10)
        ends = [told.flat for told in await bench.told(PanicProgress) if told.done]
        assert ends == ([False] if panics else []), "what cannot be read is not told as nothing left"
