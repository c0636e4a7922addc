"""Approval mode: the engine proposes, a person taps (spec section 6; promise 6)."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.tables.notes import NoteRepository
from strategy.model import (
    Amount,
    AmountKind,
    BrokerFault,
    Mode,
    Origin,
    OutcomeKind,
    Proposal,
    ProposalClosed,
    Proposed,
    Side,
    SignalBlocked,
    StopTriggered,
    StorageError,
    TryLater,
    agreed,
    tick_size,
)
from strategy.settings.schema import TradingSettings
from tests.fakes.clock import FakeClock, trading_settings
from tests.support.engine_bench import OPEN, OWNER, TQQQ, XLF, Bench, World, running
from tests.support.words import english

OTHER = 8
BUYS = {"rsi_oversold": "98", "rsi_overbought": "99", "max_position_rate": "1", "stop_poll_s": "600"}


def asking(**changes: Any) -> TradingSettings:
    """Settings of one ticker with a buy signal that always stands, and a person to be asked."""
    return trading_settings(**{"trading_tickers": "NASDAQ:TQQQ", "trade_mode": "approve", **BUYS, **changes})


def ready(minutes: float = -1, *, cash: str = "10000") -> World:
    world = World.at(OPEN + timedelta(minutes=minutes), cash=cash)
    world.ready(TQQQ)
    return world


async def card_of(bench: Bench) -> Proposal:
    """Let the session open and return the one card of it."""
    await bench.until(OPEN + timedelta(seconds=10))
    [event] = await bench.told(Proposed)
    assert list(bench.core.control.orders.proposals.open()) == [event.proposal]
    return event.proposal


async def press(bench: Bench, card: Proposal, user: int = OWNER) -> OutcomeKind:
    assert card.ticket is not None
    return (await bench.core.control.confirmations.confirm(card.ticket, user)).kind


async def endings(bench: Bench) -> list[str]:
    return [event.how for event in await bench.told(ProposalClosed)]


async def set_to(bench: Bench, name: str, value: str) -> None:
    preview = await bench.core.control.settings.preview(OWNER, name, value, symbol=None, until=None)
    assert preview.ticket is not None
    assert (await bench.core.control.confirmations.confirm(preview.ticket, OWNER)).kind is OutcomeKind.DONE


async def test_a_signal_is_proposed_once_and_ordered_by_a_tap(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        card = await card_of(bench)
        assert (card.symbol, card.side, card.qty > 0) == (TQQQ, Side.BUY, True)
        assert card.expires_at == OPEN + timedelta(minutes=5)
        assert card.decision.reason == "proposed"
        assert await bench.storage.decisions.get(card.decision.id) == card.decision
        await bench.pass_time(120)
        assert len(await bench.told(Proposed)) == 1
        waiting = await bench.storage.decisions.latest(TQQQ)
        assert waiting is not None
        assert waiting.reason == "waiting_approval"
        assert await bench.orders() == []
        assert await press(bench, card, OTHER) is OutcomeKind.DONE
        [order] = await bench.orders()
        request = order.request
        assert (request.origin, request.asked_by, request.ticket) == (Origin.SIGNAL, OTHER, card.ticket)
        assert (request.qty, request.decision_id is not None) == (card.qty, True)
        [closed] = await bench.told(ProposalClosed)
        assert (closed.how, closed.order_no, closed.proposal) == ("taken", order.no, card)
        assert list(bench.core.control.orders.proposals.open()) == []
        assert await bench.told(SignalBlocked) == []


async def test_a_second_press_places_nothing_and_names_the_order_promise_6(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        card = await card_of(bench)
        assert card.ticket is not None
        await press(bench, card)
        again = await bench.core.control.confirmations.confirm(card.ticket, OTHER)
        assert (again.kind, again.order_nos) == (OutcomeKind.USED, (1,))
        assert (await bench.core.control.confirmations.dismiss(card.ticket, OWNER)).kind is OutcomeKind.USED
        assert len(await bench.orders()) == 1


async def test_of_two_people_at_once_one_acts_promise_6(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        card = await card_of(bench)
        kinds = await asyncio.gather(*(press(bench, card, user) for user in (OWNER, OTHER, OWNER, OTHER)))
        assert sorted(kinds) == sorted([OutcomeKind.DONE] + 3 * [OutcomeKind.USED])
        assert len(await bench.orders()) == 1
        assert await endings(bench) == ["taken"]


async def test_a_dismissed_signal_stays_quiet_until_it_comes_anew(tmp_path: Path) -> None:
    world = ready()
    async with running(tmp_path, world, settings=asking(rsi_oversold="60", rsi_overbought="99")) as bench:
        card = await card_of(bench)
        assert card.ticket is not None
        assert (await bench.core.control.confirmations.dismiss(card.ticket, OTHER)).kind is OutcomeKind.DONE
        assert await endings(bench) == ["dismissed"]
        await bench.pass_time(180)
        assert len(await bench.told(Proposed)) == 1
    async with running(tmp_path, world, settings=asking(rsi_oversold="60", rsi_overbought="99")) as bench:
        await bench.pass_time(120)
        assert len(await bench.told(Proposed)) == 1  # a restart asks nothing again
        bench.price(TQQQ, "160")
        await bench.pass_time(120)  # RSI above 60: the signal has ended
        bench.price(TQQQ, "90")
        await bench.pass_time(60)
        assert len(await bench.told(Proposed)) == 2


async def test_a_card_runs_out_and_asks_no_more_in_that_session(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking(approval_min="2", check_interval_minutes="5")) as bench:
        card = await card_of(bench)
        await bench.until(OPEN + timedelta(seconds=119))
        assert await endings(bench) == []
        await bench.until(OPEN + timedelta(seconds=121))
        assert await endings(bench) == ["expired"]
        assert await press(bench, card) is OutcomeKind.EXPIRED
        await bench.pass_time(600)
        assert len(await bench.told(Proposed)) == 1
        await bench.until(OPEN + timedelta(days=1, seconds=30))
        assert len(await bench.told(Proposed)) == 2
        assert await bench.orders() == []


async def test_a_card_lives_on_a_persons_clock(tmp_path: Path) -> None:
    wall = FakeClock(OPEN - timedelta(days=100))
    async with running(tmp_path, ready(), settings=asking(), wall=wall) as bench:
        wall.set(wall.now() + timedelta(seconds=11))  # what the start waits for the stream, at most
        card = await card_of(bench)
        await bench.pass_time(3600)
        assert await endings(bench) == []
        await wall.advance(301)
        await bench.settle()
        assert await endings(bench) == ["expired"]
        assert await press(bench, card) is OutcomeKind.EXPIRED


@pytest.mark.parametrize("tick", [True, False])
async def test_a_card_is_void_when_the_price_has_drifted(tmp_path: Path, *, tick: bool) -> None:
    async with running(tmp_path, ready(), settings=asking(approval_drift_pct="0.5")) as bench:
        card = await card_of(bench)
        bench.price(TQQQ, "100.50", tick=tick)
        await bench.pass_time(10)
        assert await endings(bench) == []
        bench.price(TQQQ, "100.51", tick=tick)
        if tick:
            await bench.settle()
            assert await endings(bench) == ["drifted"]
        else:
            assert await press(bench, card) is OutcomeKind.CHANGED
            assert await endings(bench) == ["drifted"]
        assert await bench.orders() == []
        await bench.until(OPEN + timedelta(minutes=2))  # the signal stands: a new card at the new price
        assert [event.proposal.decision.last for event in await bench.told(Proposed)] == [
            100,
            bench.market.book(TQQQ)[0],
        ]


async def test_what_a_card_said_about_the_price_holds_when_the_setting_changes_under_it(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking(approval_drift_pct="0.5")) as bench:
        card = await card_of(bench)
        assert card.drift_pct == Decimal("0.5")
        await set_to(bench, "APPROVAL_DRIFT_PCT", "2")
        bench.price(TQQQ, "100.51", tick=True)
        await bench.settle()
        assert await endings(bench) == ["drifted"]


async def test_a_card_whose_signal_has_gone_is_closed(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking(rsi_oversold="60", approval_drift_pct="10")) as bench:
        await card_of(bench)
        bench.price(TQQQ, "109")
        await bench.pass_time(60)
        assert await endings(bench) == ["changed"]
        await bench.pass_time(120)
        assert len(await bench.told(Proposed)) == 1


async def test_a_signal_that_is_not_known_ends_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        await card_of(bench)
        bench.market.broken[TQQQ] = TryLater("down")
        bench.market.bars_broken[TQQQ] = TryLater("down")
        bench.core.trading.watch.forget_bars(TQQQ)
        await bench.pass_time(60)
        assert await endings(bench) == []


async def test_the_mode_is_checked_again_at_the_press(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        card = await card_of(bench)
        await bench.core.control.modes.set_mode(Mode.PAUSE_BUYS, symbol=None, until=None, user_id=OWNER)
        assert await press(bench, card) is OutcomeKind.DENIED
        assert await endings(bench) == ["changed"]
        assert await bench.orders() == []


async def test_a_mode_that_forbids_it_closes_the_card_at_the_next_check(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        await card_of(bench)
        await bench.core.control.modes.set_mode(Mode.PROTECT_ONLY, symbol=TQQQ, until=None, user_id=OWNER)
        await bench.pass_time(60)
        assert await endings(bench) == ["changed"]


async def test_caps_cash_and_orders_are_checked_again_at_the_press(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        card = await card_of(bench)
        bench.broker.cash = Decimal(150)
        assert card.ticket is not None
        outcome = await bench.core.control.confirmations.confirm(card.ticket, OWNER)
        assert outcome.kind is OutcomeKind.DENIED
        assert "cash" in english(outcome.text)
        assert await bench.orders() == []


async def test_no_more_is_ordered_than_the_card_showed(tmp_path: Path) -> None:
    async with running(tmp_path, ready(cash="1000"), settings=asking()) as bench:
        card = await card_of(bench)
        bench.broker.cash = Decimal(100_000)
        await bench.pass_time(61)
        assert await press(bench, card) is OutcomeKind.DONE
        assert (await bench.orders())[0].request.qty == card.qty


async def test_the_price_of_the_card_is_left_by_no_more_than_the_drift(tmp_path: Path) -> None:
    """Neither at the press nor by re-pricing afterwards."""
    world = ready()
    config = asking(order_timeout_s="10", order_reprices="2", approval_drift_pct="0.5")
    async with running(tmp_path, world, settings=config) as bench:
        card = await card_of(bench)
        assert card.limit_price == Decimal("100.01")
        world.broker.matching = False
        world.market.spread = Decimal("1.60")
        await bench.pass_time(6)  # the next price asked for has its ask at 100.80
        assert await press(bench, card) is OutcomeKind.DONE
        [order] = await bench.orders()
        assert order.request.limit_price == Decimal("100.51")
        bench.price(TQQQ, "103")
        await bench.pass_time(12)
        [order] = await bench.orders()
        assert (order.reprices, order.limit_price) == (1, Decimal("101.01"))


@given(st.decimals("0.5", "500", places=2), st.decimals("0.5", "500", places=2), st.decimals("0.1", "10", places=1))
def test_an_agreed_price_is_never_worse_than_the_drift_allows(price: Decimal, shown: Decimal, pct: Decimal) -> None:
    buy, sell = agreed(price, Side.BUY, shown, pct), agreed(price, Side.SELL, shown, pct)
    assert buy <= min(price, shown * (1 + pct / 100))
    assert sell >= max(price, shown * (1 - pct / 100))
    if abs(price - shown) * 100 <= shown * pct:
        assert price - buy <= tick_size(price)
        assert sell - price <= tick_size(price)


async def test_a_broker_that_refuses_ends_the_card_with_the_order_named(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        card = await card_of(bench)
        bench.market.broken[TQQQ] = BrokerFault("no")
        bench.clock.set(bench.clock.now() + timedelta(seconds=20))
        assert await press(bench, card) is OutcomeKind.DENIED
        assert await endings(bench) == ["changed"]


async def test_another_trade_mode_closes_the_card(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking()) as bench:
        card = await card_of(bench)
        await set_to(bench, "TRADE_MODE", "auto")
        assert await press(bench, card) is OutcomeKind.CHANGED
        assert await endings(bench) == ["changed"]
        await bench.pass_time(60)
        assert len(await bench.orders()) == 1  # now the rule trades by itself


async def test_a_signal_is_only_told_once_and_has_no_button(tmp_path: Path) -> None:
    world = ready()
    async with running(tmp_path, world, settings=asking(trade_mode="signal")) as bench:
        await bench.pass_time(300)
        [event] = await bench.told(Proposed)
        assert (event.proposal.ticket, event.proposal.expires_at) == (None, None)
        assert event.proposal.qty > 0
        assert list(bench.core.control.orders.proposals.open()) == []
    async with running(tmp_path, world, settings=asking(trade_mode="signal")) as bench:
        await bench.pass_time(300)
        assert len(await bench.told(Proposed)) == 1
        assert await bench.orders() == []
        await set_to(bench, "TRADE_MODE", "approve")
        await bench.pass_time(60)
        assert len(await bench.told(Proposed)) == 2  # told is not answered


async def test_a_stop_never_asks(tmp_path: Path) -> None:
    world = ready()
    world.broker.hold(TQQQ, 10, world.market.book(TQQQ)[0])
    async with running(tmp_path, world, settings=asking()) as bench:
        await card_of(bench)
        bench.price(TQQQ, "94")
        await bench.pass_time(30)
        assert len(await bench.told(StopTriggered)) == 1
        [order] = await bench.orders()
        assert (order.request.origin, order.request.side) == (Origin.STOP_LOSS, Side.SELL)
        await bench.pass_time(60)
        assert await endings(bench) == ["drifted"]


async def test_a_restart_keeps_an_open_card_good(tmp_path: Path) -> None:
    world = ready()
    async with running(tmp_path, world, settings=asking()) as bench:
        card = await card_of(bench)
    async with running(tmp_path, world, settings=asking()) as bench:
        assert list(bench.core.control.orders.proposals.open()) == [card]
        await bench.pass_time(60)
        assert len(await bench.told(Proposed)) == 1
        assert await press(bench, card) is OutcomeKind.DONE
        assert await endings(bench) == ["taken"]


async def test_a_card_that_ran_out_while_the_program_was_down_is_closed(tmp_path: Path) -> None:
    world = ready()
    async with running(tmp_path, world, settings=asking()) as bench:
        card = await card_of(bench)
    world.clock.set(OPEN + timedelta(minutes=10))
    async with running(tmp_path, world, settings=asking()) as bench:
        assert await endings(bench) == ["expired"]
        assert await press(bench, card) is OutcomeKind.EXPIRED


@pytest.mark.parametrize("ordered", [True, False])
async def test_a_card_whose_press_was_cut_off_is_closed_by_what_became_of_it(tmp_path: Path, *, ordered: bool) -> None:
    """A kill between the press, the order and the closing of the card."""
    world = ready()
    async with running(tmp_path, world, settings=asking()) as bench:
        card = await card_of(bench)
        assert card.ticket is not None
        kept = await bench.storage.notes.get(f"approval:{TQQQ}")
        if ordered:
            await press(bench, card)
        else:
            await bench.storage.tickets.take(card.ticket, OPEN)
        assert kept is not None
        await bench.storage.notes.put(f"approval:{TQQQ}", kept)
    async with running(tmp_path, world, settings=asking()) as bench:
        assert (await endings(bench))[-1] == ("taken" if ordered else "changed")
        assert await press(bench, card) is OutcomeKind.USED
        assert len(await bench.orders()) == (1 if ordered else 0)
        assert card not in bench.core.control.orders.proposals.open()


async def test_cards_end_with_the_checks_of_the_day(tmp_path: Path) -> None:
    world = ready(6 * 60 + 28)
    async with running(tmp_path, world, settings=asking(approval_min="60")) as bench:
        assert len(bench.core.control.orders.proposals.open()) == 1
        await bench.until(OPEN + timedelta(minutes=391))
        assert await endings(bench) == ["expired"]


async def test_tickers_are_asked_about_each_by_its_own_mode(tmp_path: Path) -> None:
    world = ready()
    world.ready(XLF)
    config = asking(trading_tickers="NASDAQ:TQQQ,AMEX:XLF", trade_mode="auto", buy_rate="0.1")
    async with running(tmp_path, world, settings=config) as bench:
        preview = await bench.core.control.settings.preview(OWNER, "TRADE_MODE", "approve", symbol=XLF, until=None)
        assert preview.ticket is not None
        await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
        await bench.until(OPEN + timedelta(seconds=10))
        assert [order.request.symbol for order in await bench.orders()] == [TQQQ]
        assert [event.proposal.symbol for event in await bench.told(Proposed)] == [XLF]


async def test_a_sell_is_proposed_and_ordered_too(tmp_path: Path) -> None:
    world = ready()
    world.broker.hold(TQQQ, 10, Decimal(100))
    selling = asking(rsi_oversold="1", rsi_overbought="2", sell_confirm="none", sell_rate="0.5")
    async with running(tmp_path, world, settings=selling) as bench:
        card = await card_of(bench)
        assert (card.side, card.qty) == (Side.SELL, 5)
        assert await press(bench, card) is OutcomeKind.DONE
        assert (await bench.orders())[0].request.side is Side.SELL


async def test_a_cap_reached_meanwhile_stops_the_press(tmp_path: Path) -> None:
    config = asking(max_orders_per_day="1", buy_rate="0.1", max_position_rate="1")
    async with running(tmp_path, ready(), settings=config) as bench:
        card = await card_of(bench)
        amount = Amount(kind=AmountKind.SHARES, value=Decimal(1))
        by_hand = await bench.core.control.orders.manual.preview(OWNER, Side.BUY, TQQQ, amount, None)
        assert by_hand.ticket is not None
        await bench.core.control.confirmations.confirm(by_hand.ticket, OWNER)
        await set_to(bench, "BUY_DELAY_MIN", "0")
        await bench.pass_time(61)
        assert card.ticket is not None
        outcome = await bench.core.control.confirmations.confirm(card.ticket, OWNER)
        assert (outcome.kind, "cap" in english(outcome.text)) == (OutcomeKind.DENIED, True)
        assert len(await bench.orders()) == 1


async def test_an_order_of_the_ticker_stops_the_press(tmp_path: Path) -> None:
    async with running(tmp_path, ready(), settings=asking(buy_rate="0.1")) as bench:
        card = await card_of(bench)
        bench.broker.hand_order(TQQQ, Side.BUY, 1, Decimal(90))
        await bench.pass_time(61)
        assert card.ticket is not None
        outcome = await bench.core.control.confirmations.confirm(card.ticket, OWNER)
        assert (outcome.kind, "open" in english(outcome.text)) == (OutcomeKind.DENIED, True)


async def test_a_stored_card_nobody_can_read_is_void(tmp_path: Path) -> None:
    world = ready()
    async with running(tmp_path, world, settings=asking()) as bench:
        card = await card_of(bench)
        await bench.storage.notes.put(f"approval:{TQQQ}", '{"card": 3}')
    async with running(tmp_path, world, settings=asking()) as bench:
        assert card not in bench.core.control.orders.proposals.open()
        await bench.pass_time(60)
        assert len(await bench.told(Proposed)) == 2


async def test_a_card_that_cannot_be_closed_for_now_is_closed_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise StorageError("full")

    async with running(tmp_path, ready(), settings=asking(approval_min="1", check_interval_minutes="60")) as bench:
        await card_of(bench)
        with monkeypatch.context() as patch:
            patch.setattr(NoteRepository, "put", full)
            await bench.pass_time(58)
        assert await endings(bench) == []
        await bench.pass_time(10)
        assert await endings(bench) == ["expired"]


async def test_a_removed_ticker_loses_its_card(tmp_path: Path) -> None:
    world = ready()
    world.ready(XLF)
    config = asking(trading_tickers="NASDAQ:TQQQ,AMEX:XLF", buy_rate="0.1")
    async with running(tmp_path, world, settings=config) as bench:
        await bench.until(OPEN + timedelta(seconds=10))
        assert len(bench.core.control.orders.proposals.open()) == 2
        preview = await bench.core.control.watchlist.preview_unwatch(OWNER, XLF)
        assert preview.ticket is not None
        await bench.core.control.confirmations.confirm(preview.ticket, OWNER)
        await bench.settle()
        assert [card.symbol for card in bench.core.control.orders.proposals.open()] == [TQQQ]
        assert await endings(bench) == ["changed"]


STEPS = (
    "press",
    "press_old",
    "dismiss",
    "drift",
    "nudge",
    "signal_ends",
    "minute",
    "while",
    "restart",
    "pause",
    "both",
)


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=14))
def test_whatever_happens_a_card_ends_once_and_orders_at_most_once_promise_6(steps: list[str]) -> None:
    with TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory), steps))


async def story(path: Path, steps: list[str]) -> None:
    world, pressed = ready(), 0
    config = asking(rsi_oversold="60", buy_rate="0.05", buy_delay_min="0")
    while steps:
        async with running(path, world, settings=config) as bench:
            await bench.until(max(bench.clock.now(), OPEN) + timedelta(seconds=5))
            while steps:
                step = steps.pop(0)
                if step == "restart":
                    break
                pressed += await take_step(bench, step)
            cards = [event.proposal for event in await bench.told(Proposed)]
            closed = [event.proposal.id for event in await bench.told(ProposalClosed)]
            still = [card.id for card in bench.core.control.orders.proposals.open()]
            assert sorted(closed + still) == sorted(card.id for card in cards)
            taken = {event.order_no: event for event in await bench.told(ProposalClosed) if event.how == "taken"}
            orders = await bench.orders()
            assert {order.no for order in orders} == taken.keys()
            assert [order.request.ticket for order in orders] == [taken[order.no].proposal.ticket for order in orders]
            assert len(orders) <= pressed


async def take_step(bench: Bench, step: str) -> int:
    """Do one thing; return how many presses were made."""
    control = bench.core.control
    cards = list(control.orders.proposals.open())
    told = [event.proposal for event in await bench.told(Proposed)]
    tickets = [card.ticket for card in (told if step == "press_old" else cards) if card.ticket]
    last = bench.market.book(TQQQ)[0]
    if step in ("press", "press_old"):
        for ticket in tickets:
            await control.confirmations.confirm(ticket, OWNER)
        await bench.settle()
        return len(tickets)
    if step == "both":
        await asyncio.gather(
            *(control.confirmations.confirm(ticket, user) for ticket in tickets for user in (OWNER, OTHER))
        )
        await bench.settle()
        return len(tickets)
    if step == "dismiss":
        for ticket in tickets:
            await control.confirmations.dismiss(ticket, OTHER)
    elif step == "pause":
        await control.modes.set_mode(
            Mode.PAUSE_BUYS, symbol=None, until=bench.clock.now() + timedelta(minutes=2), user_id=OWNER
        )
    elif step in ("drift", "nudge", "signal_ends"):
        bench.price(TQQQ, {"drift": last - 1, "nudge": last + Decimal("0.01"), "signal_ends": Decimal(150)}[step])
    await bench.pass_time({"minute": 61, "while": 400}.get(step, 1))
    return 0
