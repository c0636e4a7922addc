"""Past minutes as KIS gives them: page by page from now backwards, unadjusted, and in the last lane."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from kis.calls.bars import minute_pages
from kis.client import KisHttp
from kis.environment import Endpoint, Lane
from strategy.model import BarSource, Market, MinutePage, Symbol
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import FakeKis, client
from tests.kis.calls.test_market_data import minute

MSFT = Symbol(Market.NASDAQ, "MSFT")
NOW = datetime(2026, 9, 15, 20, 30, tzinfo=UTC)  # 16:30 New York


class Answer:
    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.body: Mapping[str, Any] = {"output2": rows}


class Pages:
    """Answers page after page, an empty one behind the last, and notes how each was asked for."""

    def __init__(self, *pages: list[dict[str, str]]) -> None:
        self._pages = [*pages, []]
        self.asked: list[tuple[str, Lane | None]] = []

    async def get(self, call: Endpoint, params: Mapping[str, str], *, lane: Lane | None = None) -> Answer:
        assert call is Endpoint.MINUTE_BARS
        self.asked.append((params["KEYB"], lane))
        return Answer(self._pages[len(self.asked) - 1])


async def told(pages: Pages) -> list[MinutePage]:
    asked = minute_pages(cast("KisHttp", pages), MSFT, 1, NOW, lane=Lane.BACKGROUND)
    return [page async for page in asked]


async def test_pages_say_how_far_back_their_rows_went_also_outside_of_the_session() -> None:
    first = [minute("20260915", "163000"), minute("20260915", "160000"), minute("20260915", "155900", "437.1")]
    second = [minute("20260915", "093000"), minute("20260915", "092900")]
    found = await told(pages := Pages(first, second))
    assert [[(bar.start.hour, bar.start.minute) for bar in page.bars] for page in found] == [[(19, 59)], [(13, 30)]]
    assert [page.reaches for page in found] == [
        datetime(2026, 9, 15, 19, 59, tzinfo=UTC),
        datetime(2026, 9, 15, 13, 29, tzinfo=UTC),
    ]
    assert pages.asked == [(key, Lane.BACKGROUND) for key in ("", "20260915155800", "20260915092800")]


async def test_a_cursor_that_stands_still_ends_it() -> None:
    page = [minute("20260915", "155900")]
    assert len(await told(Pages(page, page, page, page))) == 2


async def test_prices_are_told_as_they_were_then() -> None:
    """645 before the split stays 645: what brings it to today's shares is asked for apart."""
    [page] = await told(Pages([{**minute("20260914", "155900", "645.4000"), "high": "646.0000"}]))
    assert page.bars[0].close == Decimal("645.4")


@pytest.mark.parametrize(
    ("changes", "source", "offered"),
    [
        ({"is_virtual": "false"}, BarSource.SIMULATED, True),  # a host on this machine is no market
        ({"is_virtual": "true"}, BarSource.SIMULATED, False),
        ({"is_virtual": "false", "rest_url_base": None}, BarSource.REAL, True),
        ({"is_virtual": "true", "rest_url_base": None}, BarSource.SIMULATED, False),
        ({"is_virtual": "true", "rest_url_base": None, "quote": "real"}, BarSource.REAL, True),
    ],
)
async def test_only_kiss_own_real_host_gives_real_bars(
    changes: dict[str, Any], source: BarSource, offered: bool, tmp_path: Path
) -> None:
    if changes.pop("quote", None):
        changes |= {"quote_app_key": "Q" * 36, "quote_app_secret": "S" * 180}
    async with client(FakeKis(), JumpClock(), tmp_path, **changes) as kis:
        assert kis.bar_source is source
        assert kis.history.offered() is offered
