"""Every screen shows the same shares: the last look and the fills since, however late the broker's lists are."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import Amount, AmountKind, OutcomeKind, Period, Side
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, O, World, running
from tests.support.words import english

ALL = Amount(kind=AmountKind.ALL)
FOUR = Amount(kind=AmountKind.SHARES, value=Decimal(4))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    """Return a quiet core that holds 10 TQQQ at 100; the broker's lists follow a minute late."""
    made = World.at(OPEN + timedelta(minutes=10))
    for symbol in (TQQQ, O, XLF):
        made.ready(symbol)
    made.broker.hold(TQQQ, 10, Decimal(100))
    quiet = {"rsi_oversold": "1", "rsi_overbought": "99", "reconcile_interval_s": "60"}
    async with running(tmp_path, made, settings=trading_settings(**quiet)) as running_bench:
        made.broker.lag_s = 60
        yield running_bench


async def _trade(bench: Bench, side: Side, amount: Amount) -> None:
    preview = await bench.core.control.orders.manual.preview(OWNER, side, TQQQ, amount, None)
    assert preview.ticket is not None
    outcome = await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
    assert outcome.kind is OutcomeKind.DONE
    await bench.settle()


async def _shown(bench: Bench) -> dict[str, int]:
    """Return the shares of TQQQ as every screen has them."""
    control = bench.core.control
    account, results = await control.holdings.view(fresh=False), await control.results.periods(Period.DAY, 1)
    report, performance = await control.results.report(Period.DAY), await control.results.performance()
    quote = await control.results.quote(TQQQ)
    assert account.holdings is not None
    assert report.holdings is not None
    in_account, in_report = account.holdings.of(TQQQ), report.holdings.of(TQQQ)
    held = {
        "positions": in_account.qty if in_account else 0,
        "report": in_report.qty if in_report else 0,
        "quote": quote.position_qty or 0,
    }
    for name, tickers in (("performance", performance.tickers), ("report's tickers", report.tickers)):
        held[name] = next((row.open_qty or 0 for row in tickers if row.symbol == TQQQ), 0)
    assert (results.profit_open == 0) is (held["positions"] == 0)
    return held


async def test_shares_sold_a_moment_ago_are_held_on_no_screen(bench: Bench) -> None:
    """They used to be counted for up to a minute in /daily, /profit, /report, /unwatch and /sell."""
    bench.price(TQQQ, "101")
    await bench.settle()
    assert set((await _shown(bench)).values()) == {10}
    await _trade(bench, Side.SELL, FOUR)
    assert set((await _shown(bench)).values()) == {6}
    await _trade(bench, Side.SELL, ALL)
    assert set((await _shown(bench)).values()) == {0}


async def test_shares_bought_a_moment_ago_are_held_on_every_screen(bench: Bench) -> None:
    bench.price(TQQQ, "101")
    await bench.settle()
    await _trade(bench, Side.BUY, FOUR)
    assert set((await _shown(bench)).values()) == {14}


async def test_a_ticker_sold_out_a_moment_ago_may_leave_the_list(bench: Bench) -> None:
    await _trade(bench, Side.SELL, ALL)
    preview = await bench.core.control.watchlist.preview_unwatch(OWNER, TQQQ)
    assert [english(refusal) for refusal in preview.refusals] == []


async def test_the_sum_of_the_account_stays_when_shares_become_cash(bench: Bench) -> None:
    before = (await bench.core.control.holdings.view(fresh=False)).holdings
    await _trade(bench, Side.SELL, ALL)
    after = (await bench.core.control.holdings.view(fresh=False)).holdings
    assert before is not None
    assert after is not None
    assert before.equity is not None
    [fill] = await bench.core.base.journals.orders.fills()
    assert fill.fees > 0
    assert after.equity == pytest.approx(
        before.equity - fill.fees, abs=Decimal("0.20")
    )  # half the spread of ten shares


@pytest.mark.parametrize("meanwhile", ["agreeing", "reading the orders"])
async def test_shares_sold_while_a_look_is_taken_in_are_not_held_again_by_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """The look is of before the fill, and its news has been counted: believed again, a stop would sell them twice."""
    bench.broker.lag_s, bench.broker.matching = 0, False
    await _trade(bench, Side.SELL, ALL)
    [order] = await bench.orders()
    assert order.venue_no is not None
    journal = {"agreeing": (bench.storage.agreements, "keep"), "reading the orders": (bench.storage.orders, "recent")}
    place, name = journal[meanwhile]
    original = getattr(place, name)

    async def slowly(*args: Any) -> Any:
        monkeypatch.undo()
        assert order.venue_no is not None
        bench.broker.fill(order.venue_no)
        async with asyncio.timeout(5):
            while (stored := await bench.storage.orders.get(order.no)) is None or not stored.status.closed:  # noqa: ASYNC110 - of a table
                await asyncio.sleep(0)
        return await original(*args)

    monkeypatch.setattr(place, name, slowly)
    seen = await bench.core.trading.account_sync.take("asked")
    assert seen.of(TQQQ) is not None
    assert bench.core.trading.positions.of(TQQQ) is None
    await bench.settle()
    assert bench.core.trading.positions.of(TQQQ) is None
    await bench.pass_time(61)
    assert set((await _shown(bench)).values()) == {0}
