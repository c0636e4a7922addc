"""Any US listing can be quoted and waited for, by its ticker or a large one's name, over the real core."""

from pathlib import Path

import pytest

from strategy.market.listing_names import LARGE
from strategy.model import NotOffered, Symbol, TryLater
from tests.bot.test_real_core import Talk, open_market, talking
from tests.support.engine_bench import TQQQ, O, World

AAPL, NVDA, GOOGL, GOOG = (Symbol.parse(f"NASDAQ:{each}") for each in ("AAPL", "NVDA", "GOOGL", "GOOG"))
NAMES = {
    AAPL: ("애플", "APPLE INC"),
    NVDA: ("엔비디아", "NVIDIA CORP"),
    GOOGL: ("알파벳 A", "ALPHABET INC-CL A"),
    GOOG: ("알파벳 C", "ALPHABET INC-CL C"),
}


def market() -> World:
    world = open_market()
    for symbol, price in ((AAPL, "231.50"), (NVDA, "139.60"), (GOOGL, "170"), (GOOG, "171")):
        world.price(symbol, price)
    world.market.names = NAMES
    return world


def buttons(talk: Talk, before: int) -> list[str]:
    return [text for text, _ in talk.session.buttons[before:]]


@pytest.mark.parametrize("typed", ["/quote NVDA", "시세 nvda", "NVDA 시세", "/quote NASDAQ:NVDA", "/quote 엔비디아"])
async def test_a_listing_that_is_not_traded_is_quoted_and_can_be_added(tmp_path: Path, typed: str) -> None:
    async with talking(tmp_path, market()) as talk:
        before = len(talk.session.buttons)
        answer = await talk.type(typed)
        assert "NASDAQ:NVDA" in answer
        assert "$139.60" in answer
        offered = dict(talk.session.buttons[before:])
        assert not any("매수" in text or "매도" in text for text in offered)
        add = next(data for text, data in offered.items() if text.startswith("➕"))
        assert "NVDA" in await talk.press(add)


@pytest.mark.parametrize("typed", ["/alert NVDA < 120", "NVDA 가격알림 < 120", "/alert 엔비디아 120"])
async def test_a_listing_that_is_not_traded_is_waited_for(tmp_path: Path, typed: str) -> None:
    async with talking(tmp_path, market()) as talk:
        assert "NVDA" in await talk.type(typed)
        [waiting] = await talk.bench.core.control.price_alerts.all()
        assert (waiting.symbol, str(waiting.price), waiting.above) == (NVDA, "120", False)
        assert NVDA not in talk.bench.core.control.tickers.watched()


async def test_a_ticker_no_exchange_knows_is_answered_with_what_is_known(tmp_path: Path) -> None:
    async with talking(tmp_path, market()) as talk:
        assert "TQQQ" in await talk.type("/quote TQQX")
        await talk.type("/lang en")
        assert "Did you mean TQQQ" in await talk.type("/quote TQQX")


async def test_names_are_asked_for_once_and_kept_over_a_restart(tmp_path: Path) -> None:
    world = market()
    async with talking(tmp_path, world) as talk:
        assert "NASDAQ:NVDA" in await talk.type("/quote 엔비디아")
    asked = list(world.market.names_asked)
    assert asked == [TQQQ, O, *LARGE][: len(asked)]  # what is traded here first
    assert asked[-1] == NVDA
    async with talking(tmp_path, world) as talk:
        assert "NASDAQ:AAPL" in await talk.type("/quote 애플")
        assert "NASDAQ:NVDA" in await talk.type("/quote 엔비디아")
    assert world.market.names_asked == asked


async def test_a_name_of_several_listings_is_not_guessed(tmp_path: Path) -> None:
    async with talking(tmp_path, market()) as talk:
        answer = await talk.type("/quote 알파벳")
        assert "알파벳이라는 종목이 여럿입니다" in answer
        assert "NASDAQ:GOOGL, NASDAQ:GOOG" in answer
        assert "$171.00" in await talk.type("/quote 알파벳 C")


async def test_where_names_cannot_be_asked_for_it_is_said(tmp_path: Path) -> None:
    world = market()
    world.market.names = NotOffered("virtual")
    async with talking(tmp_path, world) as talk:
        assert "티커로 입력하세요" in await talk.type("/quote 애플")
        await talk.type("/lang en")
        assert "Type the ticker" in await talk.type("/quote 애플")
        assert "NASDAQ:AAPL" in await talk.type("/quote AAPL")


async def test_a_broker_that_does_not_answer_loses_no_name_and_invents_none(tmp_path: Path) -> None:
    world = market()
    world.market.names = TryLater("no answer")
    async with talking(tmp_path, world) as talk:
        answer = await talk.type("/quote 애플")
        assert "NASDAQ:AAPL" not in answer
        assert "거래하거나 보유한 종목이 아닙니다" not in answer  # not known is not the same as none
        world.market.names = NAMES
        assert "NASDAQ:AAPL" in await talk.type("/quote 애플")


async def test_an_order_is_only_of_a_ticker_traded_or_held(tmp_path: Path) -> None:
    world = market()
    async with talking(tmp_path, world) as talk:
        await talk.type("/buy NVDA 1")
        await talk.type("NVDA 3주 매수")
        assert not [data for _, data in talk.session.buttons if data.startswith("y|")]
    assert world.broker.submitted == []


@pytest.mark.parametrize("typed", ["프로쉐어즈 3주 매수", "매수 프로쉐어즈 3주"])
async def test_a_traded_ticker_is_bought_by_its_name_too(tmp_path: Path, typed: str) -> None:
    world = market()
    world.market.names = {**NAMES, TQQQ: ("프로쉐어즈 QQQ 3배", "PROSHARES ULTRAPRO QQQ")}
    async with talking(tmp_path, world) as talk:
        assert "미리보기: 매수 TQQQ" in await talk.type(typed)
        assert "TQQQ 판단 이유" in await talk.type("왜 프로쉐어즈")
        assert "엔비디아" in await talk.type("엔비디아 3주 매수")
    assert world.broker.submitted == []


def test_the_large_listings_are_named_once_each() -> None:
    assert len(set(LARGE)) == len(LARGE)
    assert {AAPL, NVDA} <= set(LARGE)
