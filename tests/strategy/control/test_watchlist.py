"""The watch list at run time: verified by a quote, warm before it trades, never leaving a stop asleep."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strategy.model import (
    Amount,
    AmountKind,
    DataUnavailable,
    Interval,
    InvalidInput,
    Notable,
    Outcome,
    OutcomeKind,
    SettingChanged,
    SettingSource,
    Side,
    Started,
    Symbol,
    TryLater,
)
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, O, World, running, wave
from tests.support.words import english, korean

AAPL = Symbol.parse("NASDAQ:AAPL")
QUIET = {"trading_tickers": "NASDAQ:TQQQ", "rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600"}


def world(minutes: float = 10, *symbols: Symbol) -> World:
    made = World.at(OPEN + timedelta(minutes=minutes))
    for symbol in symbols or (TQQQ, O, XLF):
        made.ready(symbol)
    return made


def settings(**changes: Any) -> Any:
    return trading_settings(**{**QUIET, **changes})


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(tmp_path, world(), settings=settings()) as made:
        yield made


async def press(bench: Bench, ticket: str | None) -> Outcome:
    assert ticket is not None
    outcome = await bench.core.control.confirmations.confirm(ticket, OWNER)
    await bench.settle()
    return outcome


async def watch(bench: Bench, text: str) -> Outcome:
    return await press(bench, (await bench.core.control.watchlist.preview_add(OWNER, text)).ticket)


async def unwatch(bench: Bench, symbol: Symbol) -> Outcome:
    return await press(bench, (await bench.core.control.watchlist.preview_unwatch(OWNER, symbol)).ticket)


async def refused(bench: Bench, symbol: Symbol) -> str:
    preview = await bench.core.control.watchlist.preview_unwatch(OWNER, symbol)
    assert preview.ticket is None
    return " ".join(english(refusal) for refusal in preview.refusals)


async def test_a_ticker_is_found_on_the_first_exchange_that_quotes_it(bench: Bench) -> None:
    preview = await bench.core.control.watchlist.preview_add(OWNER, "xlf")
    assert (preview.symbol, preview.adds, preview.last) == (XLF, True, Decimal(100))
    assert preview.tickers == (TQQQ, XLF)
    assert (preview.warnings, preview.refusals) == ((), ())
    assert (await bench.core.control.watchlist.preview_add(OWNER, "NYSE:O")).symbol == O
    with pytest.raises(InvalidInput):
        await bench.core.control.watchlist.preview_add(OWNER, "NASDAQ:O")  # only there


@pytest.mark.parametrize("text", ["ZZZZ", "NYSE:ZZZZ", "", ":", "한국", "BTC:USD", "TQQQ; DROP"])
async def test_a_ticker_nobody_quotes_is_refused(bench: Bench, text: str) -> None:
    with pytest.raises(InvalidInput):
        await bench.core.control.watchlist.preview_add(OWNER, text)
    assert bench.core.base.book.tickers == (TQQQ,)


async def test_a_broker_that_is_busy_is_not_taken_for_an_unknown_ticker(bench: Bench) -> None:
    bench.market.broken[Symbol.parse("NASDAQ:XLF")] = TryLater("busy")
    with pytest.raises(TryLater):
        await bench.core.control.watchlist.preview_add(OWNER, "XLF")


async def test_a_ticker_that_is_watched_already_is_said_so(bench: Bench) -> None:
    preview = await bench.core.control.watchlist.preview_add(OWNER, "tqqq")
    assert (preview.symbol, preview.ticket) == (TQQQ, None)
    assert "already" in english(preview.refusals[0])


async def test_a_ticker_added_in_a_session_is_followed_everywhere(tmp_path: Path) -> None:
    made = world()
    made.broker.hold(XLF, 5, Decimal(100))
    async with running(tmp_path, made, settings=settings()) as bench:
        assert XLF not in bench.core.protection.guard.lines
        preview = await bench.core.control.watchlist.preview_add(OWNER, "XLF")
        assert any("stop" in english(warning) for warning in preview.warnings)
        assert (await press(bench, preview.ticket)).kind is OutcomeKind.DONE
        assert bench.core.base.book.tickers == (TQQQ, XLF)
        assert XLF in bench.stream.watched
        assert bench.core.protection.guard.lines[XLF].stop_loss == 95
        assert [event.key for event in await bench.told(Notable)] == [f"warm:{XLF}"]
        [changed] = await bench.told(SettingChanged)
        assert (changed.change.name, changed.change.new) == ("TRADING_TICKERS", "NASDAQ:TQQQ,AMEX:XLF")
        assert list(bench.core.control.tickers.watched()) == [TQQQ, XLF]
        await bench.pass_time(61)
        assert await bench.storage.decisions.latest(XLF) is not None
        bench.price(XLF, "94")
        await bench.pass_time(5)
        assert [order.request.symbol for order in await bench.orders()] == [XLF]  # its stop works


async def test_a_new_ticker_gives_no_signal_until_it_is_warm(tmp_path: Path) -> None:
    made = world()
    for interval in Interval:
        made.market.set_closes(XLF, interval, wave(20))
    buys = settings(rsi_oversold="98", rsi_overbought="99", max_position_rate="1", buy_rate="0.1")
    async with running(tmp_path, made, settings=buys) as bench:
        await watch(bench, "XLF")
        await bench.pass_time(180)
        assert {order.request.symbol for order in await bench.orders()} == {TQQQ}
        assert await bench.told(Notable) == []
        for interval in Interval:
            made.market.set_closes(XLF, interval, wave())
        bench.core.trading.watch.forget_bars(XLF)
        await bench.pass_time(120)
        assert f"warm:{XLF}" in [event.key for event in await bench.told(Notable)]
        await bench.pass_time(60)
        assert {order.request.symbol for order in await bench.orders()} == {TQQQ, XLF}


async def test_bars_that_cannot_be_had_are_told_and_asked_for_again(tmp_path: Path) -> None:
    made = world()
    made.market.bars_broken[XLF] = TryLater("down")
    async with running(tmp_path, made, settings=settings()) as bench:
        await watch(bench, "XLF")
        assert [event.key for event in await bench.told(Notable)] == [f"cold:{XLF}"]
        made.market.bars_broken.clear()
        await bench.pass_time(61)
        assert [event.key for event in await bench.told(Notable)] == [f"cold:{XLF}", f"warm:{XLF}"]


async def test_the_list_survives_a_restart_and_says_where_it_comes_from_promise_7(tmp_path: Path) -> None:
    made = world()
    async with running(tmp_path, made, settings=settings()) as bench:
        await watch(bench, "XLF")
    async with running(tmp_path, made, settings=settings()) as bench:
        assert bench.core.base.book.tickers == (TQQQ, XLF)
        assert bench.core.base.book.source("TRADING_TICKERS") is SettingSource.CHAT
        started = (await bench.told(Started))[-1]
        assert [symbol for symbol, _ in started.tickers] == [TQQQ, XLF]
        assert any("chosen in the chat" in english(note) for note in started.notes)


async def test_a_ticker_is_removed_and_not_traded_any_more(tmp_path: Path) -> None:
    buys = settings(trading_tickers="NASDAQ:TQQQ,AMEX:XLF", rsi_oversold="98", max_position_rate="1", buy_rate="0.1")
    async with running(tmp_path, world(-5), settings=buys) as bench:
        preview = await bench.core.control.watchlist.preview_unwatch(OWNER, XLF)
        assert (preview.adds, preview.tickers) == (False, (TQQQ,))
        assert (await press(bench, preview.ticket)).kind is OutcomeKind.DONE
        assert bench.stream.watched == (TQQQ,)
        await bench.until(OPEN + timedelta(minutes=2))
        assert {order.request.symbol for order in await bench.orders()} == {TQQQ}
        assert await bench.storage.decisions.latest(XLF) is None
        assert "not traded by rule" in await refused(bench, XLF)


async def test_a_held_ticker_stays_so_that_its_stop_does_not_sleep(tmp_path: Path) -> None:
    made = world()
    made.broker.hold(XLF, 5, Decimal(100))
    two = settings(trading_tickers="NASDAQ:TQQQ,AMEX:XLF")
    async with running(tmp_path, made, settings=two) as bench:
        said = await refused(bench, XLF)
        assert "5 XLF are held" in said
        assert "/sell XLF all" in said


async def test_a_ticker_with_an_open_order_stays_also_when_it_came_after_the_preview(tmp_path: Path) -> None:
    made = world()
    async with running(tmp_path, made, settings=settings(trading_tickers="NASDAQ:TQQQ,AMEX:XLF")) as bench:
        shown = await bench.core.control.watchlist.preview_unwatch(OWNER, XLF)
        shares = Amount(kind=AmountKind.SHARES, value=Decimal(1))
        order = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, XLF, shares, Decimal(90))
        await press(bench, order.ticket)
        assert "#1" in await refused(bench, XLF)
        assert (await press(bench, shown.ticket)).kind is OutcomeKind.DENIED
        assert XLF in bench.core.base.book.tickers


async def test_the_last_ticker_stays(bench: Bench) -> None:
    assert "last ticker" in await refused(bench, TQQQ)


async def test_nothing_leaves_while_the_account_is_unknown(tmp_path: Path) -> None:
    async with running(tmp_path, world(), settings=settings(trading_tickers="NASDAQ:TQQQ,AMEX:XLF")) as bench:
        await bench.pass_time(30)
        bench.broker.fail("holdings", "try_later", times=3)
        assert "could not be looked at" in await refused(bench, XLF)


async def test_of_two_changes_prepared_at_once_the_second_is_asked_for_anew(bench: Bench) -> None:
    one = await bench.core.control.watchlist.preview_add(OWNER, "XLF")
    other = await bench.core.control.watchlist.preview_add(OWNER, "O")
    assert (await press(bench, one.ticket)).kind is OutcomeKind.DONE
    assert (await press(bench, other.ticket)).kind is OutcomeKind.CHANGED
    assert bench.core.base.book.tickers == (TQQQ, XLF)


async def test_a_ticker_is_verified_again_at_the_press(bench: Bench) -> None:
    preview = await bench.core.control.watchlist.preview_add(OWNER, "XLF")
    bench.market.broken[XLF] = DataUnavailable("gone")
    assert (await press(bench, preview.ticket)).kind is OutcomeKind.DENIED
    assert bench.core.base.book.tickers == (TQQQ,)


async def test_set_points_to_the_commands(bench: Bench) -> None:
    with pytest.raises(InvalidInput) as caught:
        await bench.core.control.settings.preview(OWNER, "trading_tickers", "NASDAQ:AAPL", symbol=None, until=None)
    assert "/add" in korean(caught.value.user_message)
    assert not bench.core.control.settings.get("TRADING_TICKERS").changeable


async def test_undo_and_reset_pass_the_same_checks(tmp_path: Path) -> None:
    made = world()
    async with running(tmp_path, made, settings=settings()) as bench:
        control = bench.core.control
        await watch(bench, "XLF")
        undo = await control.settings.preview_undo(OWNER)
        assert (undo.name, undo.new) == ("TRADING_TICKERS", "NASDAQ:TQQQ")
        made.broker.hold(XLF, 5, Decimal(100))
        await bench.pass_time(10)
        assert (await press(bench, undo.ticket)).kind is OutcomeKind.DENIED  # held since
        for back in (
            control.settings.preview_undo(OWNER),
            control.settings.preview_reset(OWNER, "TRADING_TICKERS", symbol=None),
        ):
            with pytest.raises(InvalidInput, match="must stay"):
                await back
        assert bench.core.base.book.tickers == (TQQQ, XLF)


async def test_undo_of_a_removal_brings_the_ticker_back_to_work(tmp_path: Path) -> None:
    async with running(tmp_path, world(), settings=settings(trading_tickers="NASDAQ:TQQQ,AMEX:XLF")) as bench:
        await unwatch(bench, XLF)
        undo = await bench.core.control.settings.preview_undo(OWNER)
        assert (await press(bench, undo.ticket)).kind is OutcomeKind.DONE
        assert bench.core.base.book.tickers == (TQQQ, XLF)
        assert XLF in bench.stream.watched
        assert [event.key for event in await bench.told(Notable)] == [f"warm:{XLF}"]
        await bench.pass_time(61)
        assert await bench.storage.decisions.latest(XLF) is not None


async def test_limits_of_the_broker_are_named_before(tmp_path: Path) -> None:
    async with running(tmp_path, world(), settings=settings(), calls_per_second=0.18) as bench:
        preview = await bench.core.control.watchlist.preview_add(OWNER, "XLF")
        assert any("left out" in english(warning) for warning in preview.warnings)
    async with running(tmp_path, world(), settings=settings(), tick_places=1) as bench:
        preview = await bench.core.control.watchlist.preview_add(OWNER, "XLF")
        assert any("Live trades" in english(warning) for warning in preview.warnings)
