"""The settings book: precedence, ranges, expiry, overrides per ticker, undo (spec section 6; promise 7)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import open_storage
from strategy.model import InvalidInput, SettingSource, Symbol
from strategy.ports import SettingsJournal
from strategy.settings.messages import limits
from strategy.settings.schema import MENU, TradingSettings
from strategy.settings.store import SettingsStore
from tests.fakes.clock import FakeClock, trading_settings
from tests.support.words import english

NOON = datetime(2026, 9, 15, 16, tzinfo=UTC)
TQQQ, XLF = Symbol.parse("NASDAQ:TQQQ"), Symbol.parse("AMEX:XLF")


async def load(journal: SettingsJournal, clock: FakeClock, **base: Any) -> SettingsStore:
    book = SettingsStore(base=trading_settings(**base), env_names=frozenset({"BUY_RATE"}), journal=journal, clock=clock)
    await book.load()
    return book


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SettingsJournal]:
    async with open_storage(tmp_path) as storage:
        yield storage.settings


@pytest.fixture
async def book(journal: SettingsJournal, clock: FakeClock) -> SettingsStore:
    return await load(journal, clock)


async def put(
    book: SettingsStore, name: str, value: str, symbol: Symbol | None = None, until: datetime | None = None
) -> None:
    await book.apply(book.draft(name, value, symbol=symbol, until=until), user_id=7)


def refused(book: SettingsStore, name: str, value: str, symbol: Symbol | None = None) -> str:
    with pytest.raises(InvalidInput) as caught:
        book.draft(name, value, symbol=symbol, until=None)
    return english(caught.value.user_message)


async def test_chat_wins_over_env_over_default(book: SettingsStore) -> None:
    assert book.view("BUY_RATE").source is SettingSource.ENV
    assert book.view("ORDER_TIMEOUT_S").source is SettingSource.DEFAULT
    await put(book, "buy_rate", "0.5")
    assert (book.account.buy_rate, book.view("BUY_RATE").source) == (Decimal("0.5"), SettingSource.CHAT)
    await book.apply(book.draft_reset("BUY_RATE", symbol=None), user_id=7)
    assert (book.value("BUY_RATE"), book.source("BUY_RATE")) == ("0.30", SettingSource.ENV)


async def test_settings_survive_a_restart_exactly_promise_7(journal: SettingsJournal, clock: FakeClock) -> None:
    first = await load(journal, clock)
    await put(first, "RSI_OVERSOLD", "31.5")
    await put(first, "STOP_LOSS_RATE", "off", XLF)
    again = await load(journal, clock)
    assert again.of(TQQQ).rsi_oversold == Decimal("31.5")
    assert again.of(XLF).stop_loss_rate is None
    assert again.of(TQQQ).stop_loss_rate == -5


async def test_override_of_one_ticker_leaves_the_others(book: SettingsStore) -> None:
    await put(book, "BUY_RATE", "0.1", TQQQ)
    await put(book, "BUY_RATE", "0.2")
    assert (book.of(TQQQ).buy_rate, book.of(XLF).buy_rate) == (Decimal("0.1"), Decimal("0.2"))
    assert book.view("BUY_RATE").per_ticker == ((TQQQ, "0.1"),)


async def test_an_expired_override_uncovers_the_one_beneath(book: SettingsStore, clock: FakeClock) -> None:
    await put(book, "BUY_RATE", "0.4")
    await put(book, "BUY_RATE", "0.6", until=NOON + timedelta(hours=2))
    assert book.value("BUY_RATE") == "0.6"
    clock.set(NOON + timedelta(hours=2))
    assert book.value("BUY_RATE") == "0.4"
    assert [change.new for change in book.take_expired(NOON)] == ["0.6"]
    assert not book.take_expired(clock.now())


async def test_a_timed_override_that_was_replaced_reset_or_undone_does_not_end_again(
    book: SettingsStore, clock: FakeClock
) -> None:
    end = NOON + timedelta(hours=2)
    await put(book, "BUY_RATE", "0.6", until=end)
    await put(book, "BUY_RATE", "0.5")
    await put(book, "RSI_PERIOD", "20", until=end)
    await book.apply(book.draft_undo(), user_id=7)
    await put(book, "MACD_FAST", "4", until=end)
    await book.apply(book.draft_reset("MACD_FAST", symbol=None), user_id=7)
    await put(book, "RSI_OVERSOLD", "25", until=end)
    await put(book, "RSI_OVERSOLD", "24", until=end - timedelta(hours=1))
    clock.set(end - timedelta(minutes=30))
    assert [(row.name, row.new) for row in book.take_expired(NOON)] == [("RSI_OVERSOLD", "24")]
    clock.set(end)
    assert [(row.name, row.new) for row in book.take_expired(end - timedelta(minutes=30))] == [("RSI_OVERSOLD", "25")]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BUY_RATE", "1.5", "at most 1"),
        ("BUY_RATE", "0", "above 0"),
        ("BUY_RATE", "많이", "not a number"),
        ("RSI_INTERVAL", "7", "day, 1, 3, 5, 15, 30, 60"),
        ("STOP_LOSS_RATE", "5", "below 0"),
        ("CHECK_INTERVAL_MINUTES", "0", "at least 1"),
        ("MARKET_START_TIME", "930", "HH:MM"),
        ("RSI_OVERSOLD", "60", "RSI_OVERBOUGHT"),
    ],
)
async def test_refusals_tell_the_range(book: SettingsStore, name: str, value: str, said: str) -> None:
    assert said in refused(book, name, value)


async def test_what_cannot_be_set_in_the_chat(book: SettingsStore) -> None:
    assert "per ticker" in refused(book, "TRADING_TICKERS", "NASDAQ:AAPL", TQQQ)
    assert "per ticker" in refused(book, "MAX_ORDERS_PER_DAY", "3", TQQQ)
    assert "RSI_OVERSOLD" in refused(book, "RSI_OVERSOL", "3")
    for secret in ("APP_KEY", "APP_SECRET", "TELEGRAM_BOT_TOKEN", "ACCOUNT_NO"):
        assert "may not touch" in refused(book, secret, "x")
        with pytest.raises(InvalidInput):
            book.view(secret)
    with pytest.raises(InvalidInput):
        book.draft("BUY_RATE", "0.5", symbol=None, until=NOON)


async def test_cross_checks_look_at_tickers_and_at_later(book: SettingsStore, clock: FakeClock) -> None:
    """What would come true only for one ticker, or only after a timed change ends, is refused today."""
    await put(book, "RSI_OVERBOUGHT", "55", TQQQ)
    assert "NASDAQ:TQQQ" in refused(book, "RSI_OVERSOLD", "57")
    await put(book, "RSI_OVERBOUGHT", "80", until=NOON + timedelta(hours=1))
    assert "timed change" in refused(book, "RSI_OVERSOLD", "65", XLF)


async def test_undo_takes_back_one_change_after_another(book: SettingsStore) -> None:
    await put(book, "BUY_RATE", "0.4")
    await put(book, "BUY_RATE", "0.5")
    await put(book, "SELL_RATE", "0.9", TQQQ)
    for expected in (("0.5", "0.30"), ("0.4", "0.30"), ("0.30", "0.30")):
        await book.apply(book.draft_undo(), user_id=7)
        assert (book.value("BUY_RATE"), book.value("SELL_RATE", TQQQ)) == expected
    with pytest.raises(InvalidInput):
        book.draft_undo()
    assert len(await book.history(50)) == 6


async def test_overrides_that_no_longer_fit_env_are_left_out_and_told(
    journal: SettingsJournal, clock: FakeClock
) -> None:
    await put(await load(journal, clock), "RSI_OVERSOLD", "58")
    changed = SettingsStore(
        base=trading_settings(rsi_overbought="55"), env_names=frozenset(), journal=journal, clock=clock
    )
    [told] = await changed.load()
    assert "RSI_OVERSOLD=58" in english(told)
    assert changed.account.rsi_oversold == 50


async def test_every_setting_has_a_value_and_a_range(book: SettingsStore) -> None:
    for view in book.menu():
        assert english(view.allowed)
        assert view.value


NUMBERS = sorted(name for name in MENU if set(limits(TradingSettings, name.lower())) & {"ge", "gt", "le", "lt"})


async def try_to_put(book: SettingsStore, name: str, value: str) -> str | None:
    try:
        await put(book, name, value)
    except InvalidInput as error:
        return english(error.user_message)
    return None


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_number_in_range_applies_and_survives_and_any_other_is_refused(data: st.DataObject) -> None:
    async def story(path: Path) -> None:
        clock = FakeClock(NOON)
        async with open_storage(path) as storage:
            book = await load(storage.settings, clock)
            name = data.draw(st.sampled_from(NUMBERS))
            bounds = limits(TradingSettings, name.lower())
            value = data.draw(st.decimals(min_value=-200, max_value=11_000, places=1, allow_nan=False))
            inside = all(
                {"ge": value >= edge, "gt": value > edge, "le": value <= edge, "lt": value < edge}[kind]
                for kind, edge in bounds.items()
            )
            refusal = await try_to_put(book, name, str(value))
            if refusal is not None:
                whole = TradingSettings.model_fields[name.lower()].annotation in (int, int | None)
                crossed = name in ("RSI_OVERSOLD", "RSI_OVERBOUGHT", "MACD_FAST", "MACD_SLOW")
                assert not inside or whole or crossed
                assert name == "STOP_LOSS_RATE" or english(book.allowed(name)) in refusal
                return
            assert inside
            again = await load(storage.settings, clock)
            assert Decimal(again.value(name)) == value

    with TemporaryDirectory() as directory:
        asyncio.run(story(Path(directory)))
