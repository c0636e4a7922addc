"""The money of every screen through the whole program, against the broker's own books, to the cent. Decision D16."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kis.simulator.books.accounts import BookFill, Ledger
from kis.simulator.demo import demo
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from tests.scenarios.test_alarms import NO_SIGNALS, QUOTES
from tests.scenarios.world import World, running

HELD = (Holding(symbol="TQQQ", qty=10, average=Decimal("61.00")),)
TRADING = {**NO_SIGNALS, "stop_loss_rate": "off", "dashboard": "on"}
ENVIRONMENTS = {
    "virtual": SimulatorOptions(keys=(QUOTES,), holdings=HELD, balance_lag_s=(0, 0), live=False),
    "virtual without a deposit": SimulatorOptions(
        keys=(QUOTES,), holdings=HELD, balance_lag_s=(0, 0), live=False, virtual_present_deposit=False
    ),
    "real": SimulatorOptions(
        environment=Served.REAL,
        keys=(KeySpec(app_key="K" * 36, environment=Served.REAL),),
        holdings=HELD,
        balance_lag_s=(0, 0),
        live=False,
    ),
}
_SUM = re.compile(r"현금 (-?\$[\d,.]+) \+ 주식 (\$[\d,.]+) = 합계 (-?\$[\d,.]+)")
_TODAY = re.compile(r"오늘 [🔴🔵⚪] ([+-]?\$[\d,.]+) \((-?[\d,]+원)\) · ([+-]?[\d.]+)%")
_LINES = {"cash": r"^현금 (-?\$[\d,.]+)", "shares": r"^주식 (\$[\d,.]+)", "total": r"^합계 (-?\$[\d,.]+)"}


def dollars(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace(",", ""))


async def answer(world: World, text: str) -> str:
    """Type a command and return the bot's answer, letting market time pass for what waits for the broker's pace."""
    before = {message["id"] for message in await world.messages()}
    await world.say(text)
    for _ in range(40):
        await world.until(world.clock.now() + timedelta(seconds=1))
        new = [each for each in await world.messages() if each["id"] not in before and each["from"]["is_bot"]]
        said = [each["text"] for each in new if each["text"]]
        if said:
            return str(said[-1])
        await asyncio.sleep(0.01)
    raise AssertionError(f"no answer to {text}")


async def screens(world: World) -> Mapping[str, tuple[Decimal, Decimal, Decimal]]:
    """Return cash, shares and total of each screen that shows money."""
    found: dict[str, tuple[Decimal, Decimal, Decimal]] = {}
    text = await answer(world, "/balance")
    cash, shares, total = (re.search(pattern, text, re.MULTILINE) for pattern in _LINES.values())
    assert cash is not None, text
    assert shares is not None, text
    assert total is not None, text
    found["/balance"] = (dollars(cash[1]), dollars(shares[1]), dollars(total[1]))
    for command in ("/positions", "/status", "/report"):
        line = _SUM.search(await answer(world, command))
        assert line is not None, command
        found[command] = (dollars(line[1]), dollars(line[2]), dollars(line[3]))
    pinned = [each for each in await world.messages() if (each["text"] or "").startswith("[") and "📌" in each["text"]]
    if pinned and (line := _SUM.search(pinned[-1]["text"])):
        found["pinned"] = (dollars(line[1]), dollars(line[2]), dollars(line[3]))
    return found


def worth(books: Mapping[str, Any]) -> Decimal:
    return sum(
        (each["qty"] * Decimal(books["prices"][each["symbol"]]["last"]) for each in books["positions"]), Decimal(0)
    )


async def agrees(world: World, *, fees_off: Decimal = Decimal(0)) -> Decimal:
    """Hold every screen against the broker's books; return the total."""
    shown, books = await screens(world), await world.state()
    cash, shares = Decimal(books["cash"]), worth(books)
    for screen, (cash_shown, shares_shown, total_shown) in shown.items():
        assert abs(cash_shown - cash) <= fees_off, (screen, cash_shown, books)
        assert shares_shown == shares, (screen, shares_shown, books)
        assert total_shown == cash_shown + shares_shown, screen
    return cash + shares


async def today(world: World) -> tuple[Decimal, Decimal]:
    """Return what the day has come to in dollars and percent, the same on every screen that says it."""
    found: dict[str, tuple[str, ...]] = {}
    for command in ("/balance", "/status", "/daily", "/report day"):
        text = await answer(world, command)
        line = _TODAY.search(text)
        assert line is not None, (command, text)
        found[command] = line.groups()
    assert len(set(found.values())) == 1, found
    amount, won, percent = found["/balance"]
    assert won, "in won, too"
    return dollars(amount), Decimal(percent)


async def quoted(world: World, last: str) -> None:
    """Let the ticker trade at a price, and nothing else happen to it."""
    bid, ask = Decimal(last) - Decimal("0.01"), Decimal(last) + Decimal("0.01")
    await world.control("tick", symbol="TQQQ", last=last, bid=str(bid), ask=str(ask))
    await world.until(world.clock.now() + timedelta(minutes=1))


@contextmanager
def late_deposit(world: World) -> Iterator[None]:
    """Let the broker tell the deposit as it stands now, whatever is traded."""
    ledger = world.simulator.world.broker.accounts()[0].shown
    told = ledger.cash
    real = Ledger.book

    def book(self: Ledger, fill: BookFill) -> None:
        real(self, fill)
        if self is ledger:
            self.cash = told

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "book", book)
        yield
    ledger.cash = world.simulator.world.broker.accounts()[0].ledger.cash


@pytest.mark.parametrize("environment", ENVIRONMENTS)
async def test_cash_and_shares_are_the_brokers_own_on_every_screen_and_no_order_changes_the_total(
    tmp_path: Path, environment: str
) -> None:
    """Before an order, while one rests, after it is filled, and after a sale: the broker's books to the cent."""
    day, options = demo(), ENVIRONMENTS[environment]
    virtual = options.environment is Served.VIRTUAL
    async with running(
        tmp_path, replay=day.path, start=day.start, options=options, virtual=virtual, trading=TRADING
    ) as world:
        await world.until(day.start + timedelta(minutes=2))
        await quoted(world, "60.00")
        before = await agrees(world)
        start = (await today(world))[0] - before
        await world.control("order", symbol="TQQQ", side="buy", qty=20, price="58.00")
        await world.until(world.clock.now() + timedelta(minutes=2))
        assert await agrees(world) == before
        text = await answer(world, "/balance")
        assert "미체결 매수에 묶인 금액 $1," in text
        await quoted(world, "57.50")
        await world.until(world.clock.now() + timedelta(minutes=3))
        assert (await world.state())["positions"][0]["qty"] == 30
        await agrees(world)
        await world.control("order", symbol="TQQQ", side="sell", qty=7, price="57.00")
        await world.until(world.clock.now() + timedelta(minutes=3))
        assert (await world.state())["positions"][0]["qty"] == 23
        await agrees(world)
        amount, percent = await today(world)
        assert abs(amount - start - await agrees(world)) <= Decimal("0.02"), "today is the change of the total"
        assert abs(percent - amount / -start * 100) < Decimal("0.01")
        since = re.search(r"2026-11-18부터 [🔴🔵⚪] ([+-]?\$[\d,.]+) \(", await answer(world, "/profit"))
        assert since is not None
        assert dollars(since[1]) == amount, "the start of all is this day's"
        assert await world.program.storage.records.exchange_rates() == {day.session: Decimal("1391.50")}
        text = await answer(world, "/balance")
        assert ("계산값" in text) == (environment == "virtual without a deposit")
        assert "묶인 금액" not in text


async def test_a_deposit_that_shows_tonights_trades_only_after_the_close_is_moved_on_by_them(tmp_path: Path) -> None:
    """Accounts without the extension see their trades in the deposit half an hour after the close (3.11)."""
    day = demo()
    async with running(
        tmp_path, replay=day.path, start=day.start, options=ENVIRONMENTS["real"], virtual=False, trading=TRADING
    ) as world:
        await world.until(day.start + timedelta(minutes=5))
        await quoted(world, "60.00")
        await agrees(world)
        with late_deposit(world):
            await world.control("order", symbol="TQQQ", side="buy", qty=20, price="61.00")
            await world.until(world.clock.now() + timedelta(minutes=6))
            assert (await world.state())["positions"][0]["qty"] == 30
            await agrees(world, fees_off=Decimal("0.01"))
            assert "아직 반영되지 않은 체결" in await answer(world, "/balance")
        await world.until(world.clock.now() + timedelta(minutes=3))
        await agrees(world)
        assert "아직 반영되지 않은 체결" not in await answer(world, "/balance")
