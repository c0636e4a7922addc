"""Modes, arming, settings and views as the chat asks for them (spec sections 5 to 7; rows S12, S102, S104)."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyotp
import pytest

from kis.auth.account_number import AccountNumber
from strategy.control.one_time_codes import OneTimeCodes
from strategy.model import (
    Amount,
    AmountKind,
    Environment,
    Event,
    InvalidInput,
    Mode,
    ModeChanged,
    OrderNo,
    OutcomeKind,
    SessionPhase,
    SettingChanged,
    SettingSource,
    Side,
    Trouble,
    TryLater,
)
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import ARM_SECRET, OPEN, OWNER, TQQQ, XLF, Bench, O, World, running
from tests.support.words import english, korean

QUIET = {"rsi_oversold": "1", "rsi_overbought": "99", "stop_poll_s": "600"}


def world(minutes: float = 10, *, hold: int = 10) -> World:
    made = World.at(OPEN + timedelta(minutes=minutes))
    for symbol in (TQQQ, O, XLF):
        made.ready(symbol)
    if hold:
        made.broker.hold(TQQQ, hold, Decimal(100))
    return made


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(tmp_path, world(), settings=trading_settings(**QUIET)) as made:
        yield made


# modes


async def test_pausing_needs_no_confirmation_and_runs_out(bench: Bench) -> None:
    until = bench.clock.now() + timedelta(minutes=30)
    told = await bench.core.control.modes.set_mode(Mode.PAUSE_BUYS, symbol=None, until=until, user_id=OWNER)
    state = told.state
    assert (state.set_by, state.until) == (OWNER, until)
    assert bench.core.base.modes.of(TQQQ).mode is Mode.PAUSE_BUYS
    await bench.pass_time(1801)
    assert bench.core.base.modes.of(TQQQ).mode == "run"
    assert [event.state.mode for event in await bench.told(ModeChanged)] == [Mode.PAUSE_BUYS, Mode.RUN]


async def test_modes_survive_a_restart_promise_7(tmp_path: Path) -> None:
    made, settings = world(), trading_settings(**QUIET)
    async with running(tmp_path, made, settings=settings) as bench:
        await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=None, until=None, user_id=OWNER, reason="비")
        await bench.core.control.modes.set_mode(Mode.PAUSE_BUYS, symbol=O, until=None, user_id=OWNER)
    async with running(tmp_path, made, settings=settings) as bench:
        assert (bench.core.base.modes.account.mode, bench.core.base.modes.account.reason) == (Mode.PROTECT_ONLY, "비")
        assert bench.core.base.modes.chosen(O).mode is Mode.PAUSE_BUYS
        assert bench.core.base.modes.of(O).mode is Mode.PROTECT_ONLY  # the stricter of the two


async def test_no_mode_is_loosened_without_a_confirmation(bench: Bench) -> None:
    await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=None, until=None, user_id=OWNER)
    for mode in (Mode.PAUSE_BUYS, Mode.RUN, Mode.HALTED):
        with pytest.raises(InvalidInput):
            await bench.core.control.modes.set_mode(mode, symbol=None, until=None, user_id=OWNER)
    preview = await bench.core.control.modes.preview(OWNER, Mode.RUN, symbol=None)
    assert preview.ticket is not None
    assert (await bench.core.control.confirmations.confirm(preview.ticket, OWNER)).kind is OutcomeKind.DONE
    assert bench.core.base.modes.account.mode == "run"


async def test_halting_names_the_unprotected_and_wants_a_typed_word(bench: Bench) -> None:
    preview = await bench.core.control.modes.preview(OWNER, Mode.HALTED, symbol=None)
    assert preview.stops_off is not None
    assert [(one.symbol, one.qty, one.value) for one in preview.stops_off.shares] == [(TQQQ, 10, Decimal(1000))]
    assert dict(preview.typed_words) == {"ko": "손절 끄기", "en": "STOPS OFF"}
    assert preview.ticket is not None
    assert (await bench.core.control.confirmations.confirm(preview.ticket, OWNER)).kind is OutcomeKind.DENIED
    stop = await bench.core.control.confirmations.confirm(preview.ticket, OWNER, typed="정지")  # the word for /stop
    assert stop.kind is OutcomeKind.DENIED
    assert "손절 끄기" in korean(stop.text)
    assert bench.core.base.modes.account.mode == "run"
    assert (
        await bench.core.control.confirmations.confirm(preview.ticket, OWNER, typed="stops  off")
    ).kind is OutcomeKind.DONE
    assert bench.core.base.modes.account.mode == "halted"
    assert not bench.core.protection.watchdog.state(TQQQ).works


async def test_the_real_environment_is_armed_once_per_start_s12_s102_s104(tmp_path: Path) -> None:
    made, settings = world(), trading_settings(**{**QUIET, "rsi_oversold": "98", "max_position_rate": "1"})
    async with running(tmp_path, made, settings=settings, environment=Environment.REAL) as bench:
        control = bench.core.control
        assert not (await control.status.now()).armed
        bench.price(TQQQ, "94")  # nobody has put these shares in its care yet
        await bench.pass_time(61)
        assert made.broker.submitted == []
        assert (await control.arming.arm(OWNER, ARM_SECRET)).kind is OutcomeKind.DENIED  # the disclaimer first
        await control.arming.accept_disclaimer(OWNER)
        assert (await control.modes.preview(OWNER, Mode.RUN, symbol=None)).ticket is None
        assert (await control.arming.arm(OWNER, "0000")).kind is OutcomeKind.DENIED
        assert (await control.arming.arm(OWNER, ARM_SECRET)).kind is OutcomeKind.DONE
        preview = await control.modes.preview(OWNER, Mode.RUN, symbol=None)
        assert preview.ticket is not None
        await control.confirmations.confirm(preview.ticket, OWNER)
        assert bench.core.base.modes.account.mode is Mode.RUN
    made.broker.submitted.clear()
    async with running(tmp_path, made, settings=settings, environment=Environment.REAL) as bench:
        assert bench.core.base.modes.account.mode is Mode.PROTECT_ONLY
        assert bench.core.base.modes.account.reason == "not_armed"
        shares = Amount(kind=AmountKind.SHARES, value=Decimal(1))
        assert (await bench.core.control.orders.manual.preview(OWNER, Side.SELL, TQQQ, shares, None)).ticket is None


async def test_arming_with_a_code_and_too_many_wrong_ones(tmp_path: Path) -> None:
    made = world()
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

    def once() -> str:
        return pyotp.TOTP(secret).at(made.clock.now())

    totp = OneTimeCodes(secret, made.clock)
    async with running(tmp_path, made, environment=Environment.REAL, totp=totp) as bench:
        control = bench.core.control
        await control.arming.accept_disclaimer(OWNER)
        assert (await control.arming.arm(OWNER, ARM_SECRET)).kind is OutcomeKind.DENIED
        for left in (3, 2, 1):
            assert f"{left} tries" in english((await control.arming.arm(OWNER, f"{ARM_SECRET} 000000")).text)
        assert not [event for event in await bench.told(Trouble) if event.key.startswith("arm_tries")]
        assert "60 min" in english((await control.arming.arm(OWNER, f"{ARM_SECRET} 000000")).text)
        [told] = [event for event in await bench.told(Trouble) if event.key.startswith("arm_tries")]
        assert str(OWNER) in korean(told.what)
        await bench.pass_time(1800)
        assert "30 min" in english((await control.arming.arm(OWNER, f"{ARM_SECRET} {once()}")).text)
        await bench.pass_time(1801)
        assert (await control.arming.arm(OWNER, f"{ARM_SECRET} {once()}")).kind is OutcomeKind.DONE


@pytest.mark.parametrize("form", ["5012345601", "50123456-01", " 50123456-01 "])
async def test_the_digits_that_arm_are_those_that_are_asked_for_in_every_form_of_the_number(
    tmp_path: Path, form: str
) -> None:
    """What the answer says of its own example must be what arms, and of any other account alike."""
    made = world()
    digits = AccountNumber.parse(form).last_four
    async with running(tmp_path, made, environment=Environment.REAL, arm_secret=digits) as bench:
        control = bench.core.control
        await control.arming.accept_disclaimer(OWNER)
        said = (await control.arming.arm(OWNER, "5601")).text
        for text in (korean(said), english(said)):
            example = re.search(r"(\d{8}-\d\d)\D+/arm (\d{4})", text)
            assert example is not None
            assert AccountNumber.parse(example[1]).last_four == example[2]
        assert "앞 여덟 자리" in korean(said)
        assert "first eight digits" in english(said)
        assert (await control.arming.arm(OWNER, "3456")).kind is OutcomeKind.DONE


def test_until_close_is_this_sessions_or_the_next_ones(bench: Bench) -> None:
    assert bench.core.control.modes.until_close() == OPEN + timedelta(hours=6, minutes=30)


# settings


async def test_a_setting_is_previewed_confirmed_stored_and_told(bench: Bench) -> None:
    preview = await bench.core.control.settings.preview(OWNER, "rsi_oversold", "60", symbol=None, until=None)
    assert (preview.old, preview.new) == ("1", "60")
    assert any("buy signal now" in english(effect) for effect in preview.effects)
    assert preview.ticket is not None
    assert bench.core.base.book.account.rsi_oversold == 1
    assert (await bench.core.control.confirmations.confirm(preview.ticket, OWNER)).kind is OutcomeKind.DONE
    assert bench.core.base.book.account.rsi_oversold == 60
    [told] = await bench.told(SettingChanged)
    assert (told.change.name, told.change.old, told.change.new, told.change.set_by) == (
        "RSI_OVERSOLD",
        "1",
        "60",
        OWNER,
    )
    assert told.change.id > 0


async def test_a_tighter_stop_warns_that_it_sells_at_once(bench: Bench) -> None:
    bench.price(TQQQ, "97")
    preview = await bench.core.control.settings.preview(OWNER, "STOP_LOSS_RATE", "-2", symbol=TQQQ, until=None)
    assert any("sell at once" in english(effect) for effect in preview.effects)
    assert preview.ticket is not None
    await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
    await bench.settle()
    bench.price(TQQQ, "96.99")
    await bench.settle()
    assert [order.request.side for order in await bench.orders()] == [Side.SELL]


async def test_undo_by_button_and_a_stale_preview(bench: Bench) -> None:
    control = bench.core.control
    first = await control.settings.preview(OWNER, "BUY_RATE", "0.4", symbol=None, until=None)
    stale = await control.settings.preview(OWNER, "BUY_RATE", "0.5", symbol=None, until=None)
    assert first.ticket is not None
    assert stale.ticket is not None
    await control.confirmations.confirm(first.ticket, OWNER)
    assert (await control.confirmations.confirm(stale.ticket, OWNER)).kind is OutcomeKind.CHANGED
    undo = await control.settings.preview_undo(OWNER)
    assert (undo.old, undo.new) == ("0.4", "0.30")
    assert undo.ticket is not None
    await control.confirmations.confirm(undo.ticket, OWNER)
    assert control.settings.get("buy_rate").source is SettingSource.DEFAULT
    assert [change.new for change in await control.settings.history()] == [None, "0.4"]


async def test_nothing_to_change_gives_no_button(bench: Bench) -> None:
    preview = await bench.core.control.settings.preview(OWNER, "BUY_RATE", "0.30", symbol=None, until=None)
    assert preview.ticket is None


# looking


async def test_status_shows_the_whole_state(bench: Bench) -> None:
    bench.price(TQQQ, "101")
    await bench.pass_time(61)
    status = await bench.core.control.status.now()
    assert (status.environment, status.armed, status.account) == (Environment.VIRTUAL, True, "****7801")
    assert status.session.phase is SessionPhase.OPEN
    assert status.stream_up
    assert status.reconciled
    assert status.calls_used == "1/s of 2"
    assert status.next_check_at is not None
    line = next(line for line in status.tickers if line.symbol == TQQQ)
    assert (line.last, line.position_qty) == (Decimal(101), 10)
    assert line.return_percent == (1010 - Decimal("1002.50")) / Decimal("1002.50") * 100  # bought with $2.50 of fees
    assert line.warm
    assert line.last_decision is not None
    assert status.cycles >= 1


async def test_holdings_tell_a_failure_instead_of_raising(bench: Bench) -> None:
    view = await bench.core.control.holdings.view()
    assert view.holdings is not None
    assert view.holdings.cash == view.holdings.buyable == Decimal(10_000)
    assert view.resting_buys == 0
    assert dict(view.stop_prices)[TQQQ] == Decimal(95)
    bench.broker.fail("holdings", "try_later")
    await bench.pass_time(3)
    failed = await bench.core.control.holdings.view()
    assert failed.holdings is None
    assert failed.problem == TryLater.user_message
    assert (await bench.core.control.holdings.view(fresh=False)).holdings is not None


async def test_what_only_an_owner_may_confirm_is_known_of_the_ticket(bench: Bench) -> None:
    control = bench.core.control
    amount = Amount(kind=AmountKind.SHARES, value=Decimal(1))
    tickets = {
        "setting": (await control.settings.preview(OWNER, "RSI_OVERSOLD", "45", symbol=None, until=None)).ticket,
        "unwatch": (await control.watchlist.preview_unwatch(OWNER, XLF)).ticket,
        "halt": (await control.modes.preview(OWNER, Mode.HALTED, symbol=None)).ticket,
        "run": (await control.modes.preview(OWNER, Mode.RUN, symbol=None)).ticket,
        "order": (await control.orders.manual.preview(OWNER, Side.SELL, TQQQ, amount, None)).ticket,
    }
    assert all(tickets.values())
    for_owners = {name for name, ticket in tickets.items() if await control.confirmations.for_owners(str(ticket))}
    assert for_owners == {"setting", "unwatch", "halt"}
    assert not await control.confirmations.for_owners("unknown")


async def test_why_explains_the_newest_and_an_earlier_decision(bench: Bench) -> None:
    await bench.pass_time(125)
    newest = await bench.core.control.tickers.why(TQQQ)
    assert newest is not None
    earlier = await bench.core.control.tickers.why(TQQQ, at=newest.decided_at - timedelta(seconds=1))
    assert earlier is not None
    assert earlier.decided_at < newest.decided_at


def test_tickers_are_found_by_any_name_and_the_nearest_is_hinted(bench: Bench) -> None:
    control = bench.core.control
    assert control.tickers.symbol("tqqq") == TQQQ
    assert control.tickers.symbol(" amex:xlf ") == XLF
    assert list(control.tickers.watched()) == [TQQQ, O, XLF]
    with pytest.raises(InvalidInput) as caught:
        control.tickers.symbol("TQQ")
    assert "TQQQ" in english(caught.value.user_message)


async def test_orders_and_one_order_with_its_story(bench: Bench) -> None:
    amount = Amount(kind=AmountKind.SHARES, value=Decimal(2))
    preview = await bench.core.control.orders.manual.preview(OWNER, Side.SELL, TQQQ, amount, None)
    assert preview.ticket is not None
    await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
    await bench.settle()
    view = await bench.core.control.orders.queries.list()
    assert [order.no for order in view.recent] == [1]
    story = await bench.core.control.orders.queries.order(OrderNo(1))
    assert len(story.fills) == 1
    assert len(story.history) >= 3
    with pytest.raises(InvalidInput):
        await bench.core.control.orders.queries.order(OrderNo(99))


async def test_a_lock_is_released_once(bench: Bench) -> None:
    bench.price(TQQQ, "90")
    await bench.settle()
    assert bench.core.base.modes.lock(TQQQ) is not None
    assert await bench.core.control.modes.release(OWNER, TQQQ)
    assert not await bench.core.control.modes.release(OWNER, TQQQ)


async def test_what_is_done_comes_with_the_alerts_of_it_just_as_they_are_stored(bench: Bench) -> None:
    """So the chat finds the alert that its answer makes needless."""
    control = bench.core.control
    answered: list[Event | None] = []
    bench.price(TQQQ, "90")
    await bench.settle()
    answered.append(await control.modes.release(OWNER, TQQQ))
    answered.append(await control.modes.set_mode(Mode.PAUSE_BUYS, symbol=TQQQ, until=None, user_id=OWNER))
    until = bench.clock.now() + timedelta(hours=1)
    for preview in (
        partial(control.modes.preview, OWNER, Mode.RUN, symbol=TQQQ),
        partial(control.settings.preview, OWNER, "RSI_OVERSOLD", "0.5", symbol=None, until=until),
        partial(control.watchlist.preview_unwatch, OWNER, XLF),
        partial(control.settings.preview_undo, OWNER),
    ):
        ticket = (await preview()).ticket
        assert ticket is not None
        answered += (await control.confirmations.confirm(ticket, OWNER)).news
    stored = await bench.events()
    assert len(answered) == 6
    assert all(event in stored for event in answered)


async def test_a_panic_comes_with_the_alert_of_the_mode_it_sets(bench: Bench) -> None:
    preview = await bench.core.control.orders.panic.preview(OWNER)
    assert preview.ticket_all is not None
    (told,) = (await bench.core.control.confirmations.confirm(preview.ticket_all, OWNER)).news
    assert isinstance(told, ModeChanged)
    assert told.state in [event.state for event in await bench.told(ModeChanged)]
