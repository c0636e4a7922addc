"""Before a press that starts or widens trading it says what the rule would do at once, by the rule itself."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import Language, Mode, Side, TradeMode
from tests.fakes.clock import trading_settings
from tests.support.engine_bench import OPEN, TQQQ, XLF, O, World
from tests.support.real_chat import RealChat, real_chat

# RSI of the quiet bars is near 50: a buy signal, with room for the whole of BUY_RATE
EAGER = {
    "trading_tickers": "NASDAQ:TQQQ",
    "rsi_oversold": "90",
    "rsi_overbought": "99",
    "max_position_rate": "1",
    "stop_poll_s": "600",
}
QUIET = {**EAGER, "rsi_oversold": "1"}
LANGUAGES: tuple[Language, ...] = ("ko", "en")
AT_ONCE: dict[Language, str] = {"ko": "바로 주문합니다", "en": "it would order at once"}
NOTHING: dict[Language, str] = {"ko": "바로 주문하지 않습니다", "en": "nothing at once"}
TRADE: dict[Language, str] = {"ko": "자동매매", "en": "Trade"}

Chatting = Callable[..., AbstractAsyncContextManager[RealChat]]


@pytest.fixture
def chatting(tmp_path: Path) -> Chatting:
    @asynccontextmanager
    async def make(
        language: Language = "en", *, minutes: float = 10, hold: int = 0, cost: str = "100", **settings: str
    ) -> AsyncIterator[RealChat]:
        world = World.at(OPEN + timedelta(minutes=minutes))
        for symbol in (TQQQ, O, XLF):
            world.ready(symbol)
        if hold:
            world.broker.hold(TQQQ, hold, Decimal(cost))
        async with real_chat(
            tmp_path, world, settings=trading_settings(**(settings or EAGER)), language=language
        ) as made:
            yield made

    return make


def shares_named(text: str, ticker: str) -> int:
    """Return how many shares a line about a ticker names."""
    line = next(line for line in text.splitlines() if f"{ticker}:" in line)
    found = re.search(r"(?:buy|매수) ([\d,]+)", line)
    assert found is not None, line
    return int(found[1].replace(",", ""))


async def bought(room: RealChat) -> list[tuple[str, int]]:
    return [
        (order.request.symbol.ticker, order.request.qty)
        for order in await room.bench.orders()
        if order.request.side is Side.BUY
    ]


async def next_check(room: RealChat) -> None:
    await room.bench.pass_time(61)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_adding_a_ticker_names_the_shares_and_dollars_that_the_next_check_buys(
    chatting: Chatting, language: Language
) -> None:
    async with chatting(language, **QUIET) as room:
        store = room.bench.core.base.book
        await store.apply(store.draft("RSI_OVERSOLD", "90", symbol=O, until=None), user_id=None)
        preview = await room.owner.ask("/add O")
        assert AT_ONCE[language] in preview["text"]
        assert "90" in preview["text"]
        assert "$2,900" in preview["text"], "30 % of $10,000, in whole shares with their fees"
        assert "29%" in preview["text"]
        shown = shares_named(preview["text"], "O")
        assert await bought(room) == []
        await room.presses(preview, TRADE[language])
        await next_check(room)
        assert await bought(room) == [("O", shown)]


@pytest.mark.parametrize(
    ("label", "mode"), [("Alert only", TradeMode.SIGNAL), ("Ask me", TradeMode.APPROVE), ("Trade", TradeMode.AUTO)]
)
async def test_an_added_ticker_is_traded_the_way_that_was_pressed(
    chatting: Chatting, label: str, mode: TradeMode
) -> None:
    async with chatting() as room:
        await room.owner.ask("/stop")
        done = await room.presses(await room.owner.ask("/add O"), label)
        assert "✅" in done["text"]
        store = room.bench.core.base.book
        assert O in store.tickers
        assert (store.of(O).trade_mode, store.of(TQQQ).trade_mode) == (mode, TradeMode.AUTO)


async def test_only_told_nothing_is_bought(chatting: Chatting) -> None:
    async with chatting(**QUIET) as room:
        store = room.bench.core.base.book
        await store.apply(store.draft("RSI_OVERSOLD", "90", symbol=O, until=None), user_id=None)
        await room.presses(await room.owner.ask("/add O"), "Alert only")
        await next_check(room)
        assert await bought(room) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", ["관심 O", "/watch O"])
async def test_the_watch_list_quotes_and_alerts_and_trades_nothing(
    chatting: Chatting, language: Language, words: str
) -> None:
    none = {"ko": "거래는 없습니다", "en": "no trading"}[language]
    off = {"ko": "아직 없습니다", "en": "No ticker is on it"}[language]
    async with chatting(language, **QUIET) as room:
        store = room.bench.core.base.book
        await store.apply(store.draft("RSI_OVERSOLD", "90", symbol=O, until=None), user_id=None)
        done = await room.owner.ask(words)
        assert none in done["text"]
        await next_check(room)
        assert await bought(room) == []
        assert O not in store.tickers
        assert "O NYSE · $100.00" in (await room.owner.ask("/watch"))["text"]
        await room.owner.ask("/alert O < 95")
        assert [alert.symbol for alert in await room.bench.core.control.price_alerts.all()] == [O]
        trade = await room.owner.ask("종목추가 O")
        assert AT_ONCE[language] in trade["text"], "that is the word which trades, after a preview"
        assert off in (await room.owner.ask("/unwatch O"))["text"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_running_again_names_what_it_buys(chatting: Chatting, language: Language) -> None:
    async with chatting(language, minutes=-5) as room:  # before the open, so that nothing is bought yet
        await room.owner.ask("/stop")
        await room.bench.until(OPEN + timedelta(minutes=10))
        preview = await room.owner.ask("/run")
        assert AT_ONCE[language] in preview["text"]
        shown = shares_named(preview["text"], "TQQQ")
        await room.presses(preview, "✅")
        await next_check(room)
        assert await bought(room) == [("TQQQ", shown)]


async def test_a_ticker_of_a_stopped_account_does_nothing_by_running_it_alone(chatting: Chatting) -> None:
    async with chatting(minutes=-5) as room:
        await room.owner.ask("/stop")
        await room.owner.ask("/stop TQQQ")
        await room.bench.until(OPEN + timedelta(minutes=10))
        preview = await room.owner.ask("/run TQQQ")
        assert "nothing at once" in preview["text"]
        assert "missing: Mode" in preview["text"]


async def test_before_the_open_it_says_what_waits_for_it(chatting: Chatting) -> None:
    async with chatting(minutes=-30) as room:
        await room.owner.ask("/stop")
        preview = await room.owner.ask("/run")
        assert "nothing at once" in preview["text"]
        assert "Trading hours" in preview["text"]


async def test_what_cannot_be_known_is_not_said_to_be_nothing(chatting: Chatting) -> None:
    async with chatting(minutes=-5) as room:
        await room.owner.ask("/stop")
        await room.bench.until(OPEN + timedelta(minutes=10))
        room.bench.broker.fail("buying_power", "try_later")
        preview = await room.owner.ask("/run")
        assert "not known" in preview["text"]
        assert "nothing at once" not in preview["text"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_releasing_is_confirmed_and_names_what_the_rule_does_with_it(
    chatting: Chatting, language: Language
) -> None:
    async with chatting(language, **{**QUIET, "stop_loss_rate": "-5"}, hold=10) as room:
        room.bench.price(TQQQ, "94")
        await room.bench.pass_time(2)
        store = room.bench.core.base.book
        await store.apply(store.draft("RSI_OVERSOLD", "90", symbol=None, until=None), user_id=None)
        locks = room.bench.core.base.modes
        assert locks.lock(TQQQ) is not None
        before = len(await bought(room))
        preview = await room.owner.ask("/release TQQQ")
        assert AT_ONCE[language] in preview["text"]
        shown = shares_named(preview["text"], "TQQQ")
        assert locks.lock(TQQQ) is not None
        await room.presses(preview, "🔓")
        assert locks.lock(TQQQ) is None
        await next_check(room)
        assert (await bought(room))[before:] == [("TQQQ", shown)]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_larger_share_of_the_cash_says_what_it_would_buy_now(chatting: Chatting, language: Language) -> None:
    async with chatting(language, minutes=-5) as room:
        await room.owner.ask("/stop")
        await room.bench.until(OPEN + timedelta(minutes=10))
        stopped = await room.owner.ask("/set BUY_RATE 1")
        assert AT_ONCE[language] not in stopped["text"], "nothing is bought in that mode"
        assert (await mode_run(room)) is Mode.RUN
        preview = await room.owner.ask("/set BUY_RATE 1")
        assert AT_ONCE[language] in preview["text"]
        assert shares_named(preview["text"], "TQQQ") > 90, "the whole of $10,000 at about $100"


async def test_a_setting_that_changes_no_order_says_so(chatting: Chatting) -> None:
    async with chatting(**QUIET) as room:
        preview = await room.owner.ask("/set BUY_RATE 1")
        assert "No order would be different right now" in preview["text"]


async def test_taking_a_narrower_value_back_says_what_it_lets_loose(chatting: Chatting) -> None:
    async with chatting(minutes=-5) as room:
        await room.presses(await room.owner.ask("/set MAX_POSITION_RATE 0.05"), "✅")
        await room.owner.ask("/stop")
        await room.bench.until(OPEN + timedelta(minutes=10))
        assert (await mode_run(room)) is Mode.RUN
        narrow = await room.owner.ask("/set MAX_POSITION_RATE 0.05 TQQQ")
        assert "it would order at once" not in narrow["text"]
        reset = await room.owner.ask("/reset MAX_POSITION_RATE")
        assert "it would order at once" in reset["text"]
        assert shares_named(reset["text"], "TQQQ") > 5


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_limit_of_the_days_loss_is_said_in_dollars(chatting: Chatting, language: Language) -> None:
    async with chatting(language, **{**QUIET, "daily_loss_limit_pct": "3"}) as room:
        await next_check(room)  # the day has begun with $10,000
        preview = await room.owner.ask("/set DAILY_LOSS_LIMIT_PCT off")
        assert "3%" in preview["text"]
        assert "$300" in preview["text"]


async def mode_run(room: RealChat) -> Mode:
    """Let the account run without a check in between."""
    modes = room.bench.core.base.modes
    preview = await room.bench.core.control.modes.preview(room.owner.id, Mode.RUN, symbol=None)
    assert preview.ticket is not None
    await room.bench.core.control.confirmations.confirm(preview.ticket, room.owner.id)
    return modes.account.mode
