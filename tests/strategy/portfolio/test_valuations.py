"""What is held is worth what our own fresh price says; a broker's valuation of nothing is unknown, not zero."""

from decimal import Decimal
from pathlib import Path
from sqlite3 import Connection

from strategy.model import DataUnavailable, Mode, Side, Tick, Trouble, total
from tests.strategy.risk.test_caps_in_play import IDLE, needs_two_presses, open_market, preview
from tests.support.engine_bench import TQQQ, Bench, O


def nobody_values(bench: Bench) -> None:
    """The broker's valuation is empty and no price can be asked for."""
    bench.broker.valuations[TQQQ] = None
    bench.market.broken[TQQQ] = DataUnavailable("no price")


async def begin_the_day_anew(bench: Bench) -> None:
    """Forget where the day began, as one does who starts with a database of the day before."""

    def forget(conn: Connection) -> None:
        for table in ("day_start_positions", "day_starts"):
            conn.execute(f"DELETE FROM {table}")  # noqa: S608 - ours

    await bench.storage.day_starts._database.write(forget)


async def unvalued_told(bench: Bench) -> int:
    return [event.key for event in await bench.told(Trouble)].count(f"unvalued:{TQQQ}")


async def test_a_valuation_of_nothing_is_no_loss_and_is_told_once(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=60, **IDLE, daily_loss_limit_pct="5") as bench:
        await bench.pass_time(61)
        nobody_values(bench)
        await bench.pass_time(400)
        assert bench.core.base.modes.account.mode is Mode.RUN
        assert await unvalued_told(bench) == 1
        view = await bench.core.control.holdings.view()
        assert view.holdings is not None
        assert view.holdings.of(TQQQ).value is None  # type: ignore[union-attr]
        assert view.holdings.equity is None  # not the cash alone


async def test_a_loss_elsewhere_still_counts_beside_a_ticker_nobody_values(tmp_path: Path) -> None:
    """It neither fires by itself nor hides what the others have lost."""
    async with open_market(tmp_path, hold=10, **IDLE, daily_loss_limit_pct="5", max_position_rate="1") as bench:
        bench.broker.hold(O, 60, Decimal(100))
        await bench.pass_time(200)  # shares of nobody's fill are believed after the lag
        await begin_the_day_anew(bench)
        await bench.pass_time(61)
        nobody_values(bench)
        bench.price(O, "80")
        await bench.pass_time(130)
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY


async def test_a_ticker_nobody_valued_in_the_morning_is_left_out_all_day_and_told(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=60, **IDLE, daily_loss_limit_pct="5") as bench:
        await begin_the_day_anew(bench)
        nobody_values(bench)
        await bench.pass_time(130)
        bench.broker.valuations.clear()
        bench.market.broken.clear()
        bench.price(TQQQ, "85")
        await bench.pass_time(130)
        assert bench.core.base.modes.account.mode is Mode.RUN
        assert await unvalued_told(bench) == 1


async def test_our_own_fresh_price_goes_before_the_brokers_old_one(tmp_path: Path) -> None:
    """A valuation of a quarter of an hour ago, or of nothing: equity, loss and display follow the stream."""
    async with open_market(tmp_path, hold=60, **IDLE, daily_loss_limit_pct="5") as bench:
        await bench.pass_time(61)
        for told in (Decimal(100), None):
            bench.broker.valuations[TQQQ] = told
            bench.price(TQQQ, "97")
            await bench.pass_time(1)
            view = await bench.core.control.holdings.view()
            assert view.holdings is not None
            assert view.holdings.equity == bench.broker.cash + 60 * 97
        bench.price(TQQQ, "85")
        await bench.pass_time(61)
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY


async def test_a_print_outside_its_own_book_values_nothing_by_itself(tmp_path: Path) -> None:
    async with open_market(tmp_path, hold=60, **IDLE) as bench:
        now, bid, ask = bench.clock.now(), Decimal("99.99"), Decimal("100.01")
        for last, worth in ((Decimal(60), bid), (Decimal(160), ask), (Decimal(100), Decimal(100))):
            bench.core.session.inbox.on_tick(Tick(TQQQ, last, bid, ask, 1, now, now))
            assert bench.core.trading.watch.worth(TQQQ) == worth
        await bench.pass_time(60)


async def test_caps_count_what_nobody_values_as_nothing(tmp_path: Path) -> None:
    """Equity is not overstated, and of the ticker itself nothing more is bought: its share is unknown."""
    async with open_market(tmp_path, hold=60, **IDLE, max_position_rate="0.5") as bench:
        await bench.pass_time(61)
        nobody_values(bench)
        await bench.pass_time(61)
        assert not (await preview(bench, Side.BUY, 49, O)).warnings  # half of the 10,000 dollars in cash
        await needs_two_presses(bench, await preview(bench, Side.BUY, 51, O), "MAX_POSITION_RATE")
        bench.market.broken.clear()
        await bench.pass_time(61)
        assert bench.core.trading.account_sync.last is not None
        assert bench.core.trading.account_sync.last.equity is not None


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    assert total([Decimal(1), Decimal(2)]) == 3
    assert total([]) == 0
    assert total([Decimal(1), None]) is None
