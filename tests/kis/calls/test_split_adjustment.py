"""Minute bars are brought to the size of today's shares (row S78, D13)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from kis.calls.split_adjustment import SplitAdjuster, factors_since, raw_and_adjusted
from kis.client import KisHttp
from kis.environment import Endpoint, Lane
from strategy.market import session_on
from strategy.model import Bar, DayFactor, Symbol
from tests.fakes.clock import FakeClock

AAPL = Symbol.parse("NASDAQ:AAPL")
BEFORE, SPLIT = date(2014, 6, 6), date(2014, 6, 9)
NOW = datetime(2014, 6, 9, 14, 0, tzinfo=UTC)


class Answer:
    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body


class DailyOnly:
    """Answers daily bars, raw and adjusted, and counts the calls."""

    def __init__(self, raw: Mapping[date, str], adjusted: Mapping[date, str]) -> None:
        self._closes = {"0": raw, "1": adjusted}
        self.calls = 0
        self.lanes: set[Lane | None] = set()

    def adjust(self, adjusted: Mapping[date, str]) -> None:
        self._closes["1"] = adjusted

    async def get(self, call: Endpoint, params: Mapping[str, str], *, lane: Lane | None = None) -> Answer:
        assert call is Endpoint.DAILY_BARS
        self.lanes.add(lane)
        self.calls += 1
        closes = self._closes[params["MODP"]]
        newest_first = sorted(closes, reverse=True)
        return Answer(
            {
                "output1": {},
                "output2": [{"xymd": f"{on:%Y%m%d}", "clos": closes[on], "tvol": "1"} for on in newest_first],
            }
        )


def minute(on: date, close: str, *, after_open: int = 0) -> Bar:
    session = session_on(on)
    assert session is not None
    start = session.opens_at + timedelta(minutes=after_open)
    price = Decimal(close)
    return Bar(
        start=start,
        end=start + timedelta(minutes=1),
        open=price,
        high=price,
        low=price,
        close=price,
        volume=700,
        closed=True,
    )


def adjuster(http: DailyOnly) -> SplitAdjuster:
    return SplitAdjuster(cast("KisHttp", http), FakeClock(NOW))


async def test_sessions_before_a_split_are_divided() -> None:
    http = DailyOnly({BEFORE: "645.5700", SPLIT: "93.7000"}, {BEFORE: "92.2243", SPLIT: "93.7000"})
    bars = await adjuster(http).adjusted(AAPL, [minute(BEFORE, "645.40"), minute(SPLIT, "92.70")])
    assert [round(bar.close, 2) for bar in bars] == [Decimal("92.20"), Decimal("92.70")]
    assert bars[0].volume == pytest.approx(4900, abs=1)


async def test_minutes_that_are_adjusted_already_stay_as_they_are() -> None:
    http = DailyOnly({BEFORE: "645.5700", SPLIT: "93.7000"}, {BEFORE: "92.2243", SPLIT: "93.7000"})
    given = [minute(BEFORE, "92.20"), minute(SPLIT, "92.70")]
    assert await adjuster(http).adjusted(AAPL, given) == given


async def test_a_dividend_or_a_rounding_is_no_split() -> None:
    http = DailyOnly({BEFORE: "645.5700", SPLIT: "640.0000"}, {BEFORE: "642.0000", SPLIT: "640.0000"})
    given = [minute(BEFORE, "645.40"), minute(SPLIT, "640.00")]
    assert await adjuster(http).adjusted(AAPL, given) == given


async def test_one_session_asks_nothing_and_two_ask_once() -> None:
    http = DailyOnly({BEFORE: "645.5700", SPLIT: "93.7000"}, {BEFORE: "92.2243", SPLIT: "93.7000"})
    splits = adjuster(http)
    await splits.adjusted(AAPL, [minute(SPLIT, "92.70")])
    assert http.calls == 0
    for _ in range(3):
        await splits.adjusted(AAPL, [minute(BEFORE, "645.40"), minute(SPLIT, "92.70")])
    assert http.calls == 2  # raw and adjusted


async def test_the_factor_of_a_day_is_asked_anew_each_time_d13() -> None:
    """Before the broker has adjusted its days the evening counts as it was; a stop's guard must hear of the change."""
    raw = {BEFORE: "645.5700", SPLIT: "93.7000"}
    http = DailyOnly(raw, raw)
    asking = adjuster(http)
    assert await asking.factor(AAPL, BEFORE) == 1
    http.adjust({BEFORE: "92.2243", SPLIT: "93.7000"})
    assert await asking.factor(AAPL, BEFORE) == pytest.approx(Decimal(1) / 7, abs=Decimal("0.0001"))
    assert await asking.factor(AAPL, date(2014, 5, 1)) is None


async def test_minutes_before_a_stock_dividend_are_divided_too() -> None:
    """103 shares for 100: 2.9 % is less than most days move, and still a step in every average."""
    http = DailyOnly({BEFORE: "30.9000", SPLIT: "30.1000"}, {BEFORE: "30.0000", SPLIT: "30.1000"})
    bars = await adjuster(http).adjusted(AAPL, [minute(BEFORE, "30.91"), minute(SPLIT, "30.10")])
    assert [round(bar.close, 2) for bar in bars] == [Decimal("30.01"), Decimal("30.10")]


async def test_the_factor_of_a_day_and_of_its_minutes_differ_where_minutes_came_adjusted() -> None:
    http = DailyOnly({BEFORE: "645.5700", SPLIT: "93.7000"}, {BEFORE: "92.2243", SPLIT: "93.7000"})
    seventh = pytest.approx(Decimal(1) / 7, abs=Decimal("0.0001"))
    for last, minutes in (("645.40", seventh), ("92.20", 1)):
        closes = {BEFORE: Decimal(last)}
        days = await raw_and_adjusted(cast("KisHttp", http), AAPL, BEFORE, NOW, lane=Lane.BACKGROUND)
        found = factors_since(days, BEFORE, closes)
        assert found[BEFORE].day == seventh
        assert found[BEFORE].minutes == minutes
        assert found[SPLIT] == DayFactor(Decimal(1), Decimal(1))
    assert http.lanes == {Lane.BACKGROUND}
