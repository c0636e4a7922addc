"""Quotes and bars over a scripted server. Rows S40, S77, S78, S83."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from strategy.model import DataUnavailable, Interval, Market, NotOffered, Symbol
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import APP_SECRET, OK, FakeKis, Say, Script, client, hang

MSFT = Symbol(Market.NASDAQ, "MSFT")
PRICE = {
    "rsym": "DNASMSFT",
    "zdiv": "4",
    "base": "431.7400",
    "pvol": "19876540",
    "last": "437.1500",
    "sign": "2",
    "diff": "5.4100",
    "rate": "+1.25",
    "tvol": "6120331",
    "tamt": "2671830112",
    "ordy": "매매 가능",
}
BOOK_HEAD = {"rsym": "DNASMSFT", "base": "431.7400", "last": "437.1500", "dymd": "20260915", "dhms": "230102"}


def levels(**first: str) -> dict[str, str]:
    row = {
        f"{side}{n}": "0.0000" if side in ("pbid", "pask") else "0"
        for n in range(1, 11)
        for side in ("pbid", "pask", "vbid", "vask")
    }
    return {**row, **first}


def day(on: str, close: str = "437.1500", opened: str = "432.9000") -> dict[str, str]:
    return {
        "xymd": on,
        "clos": close,
        "sign": "2",
        "diff": "5.4100",
        "rate": "+1.25",
        "open": opened,
        "high": "440.0000",
        "low": "430.0000",
        "tvol": "6120331",
    }


def minute(on: str, at: str, last: str = "437.1500") -> dict[str, str]:
    return {
        "tymd": on,
        "xymd": on,
        "xhms": at,
        "open": "437.0900",
        "high": "437.1900",
        "low": "437.0500",
        "last": last,
        "evol": "8124",
        "eamt": "3551260",
    }


async def test_a_real_quote_has_bid_and_ask_from_one_call_s77(tmp_path: Path) -> None:
    fake = FakeKis()
    side = levels(pbid1="437.1400", pask1="437.1700", vbid1="120", vask1="80")
    fake.on("HHDFS76200100", Say({**OK, "output1": BOOK_HEAD, "output2": side, "output3": {}}))
    clock = JumpClock()
    async with client(fake, clock, tmp_path) as kis:
        quote = await kis.market.quote(MSFT)
    assert (quote.last, quote.bid, quote.ask) == (Decimal("437.15"), Decimal("437.14"), Decimal("437.17"))
    assert (quote.bid_size, quote.ask_size, quote.previous_close) == (120, 80, Decimal("431.74"))
    assert quote.received_at == clock.now()
    assert [asked.params for asked in fake.of("HHDFS76200100")] == [{"AUTH": "", "EXCD": "NAS", "SYMB": "MSFT"}]


@pytest.mark.parametrize(
    ("stamp", "now", "instant"),
    [
        # the published example is on Seoul's clock (kis-protocol 3.20), which is nowhere said
        ({"dymd": "20260915", "dhms": "230102"}, "2026-09-15T14:01:03Z", "2026-09-15T14:01:02Z"),
        ({"dymd": "20260916", "dhms": "003000"}, "2026-09-15T15:45:00Z", "2026-09-15T15:30:00Z"),  # late by 15 min
        ({"dymd": "20260915", "dhms": "100102"}, "2026-09-15T14:01:03Z", "2026-09-15T14:01:02Z"),  # New York's
        ({"dymd": "", "dhms": ""}, "2026-09-15T14:01:03Z", None),
        ({"dymd": "20260915", "dhms": "250000"}, "2026-09-15T14:01:03Z", None),
    ],
)
async def test_a_quote_tells_the_venues_own_time_d15(
    tmp_path: Path, stamp: dict[str, str], now: str, instant: str | None
) -> None:
    fake = FakeKis()
    fake.on("HHDFS76200100", Say({**OK, "output1": {**BOOK_HEAD, **stamp}, "output2": levels()}))
    async with client(fake, JumpClock(datetime.fromisoformat(now)), tmp_path) as kis:
        quote = await kis.market.quote(MSFT)
    assert quote.stamped_at == (None if instant is None else datetime.fromisoformat(instant))


async def test_a_virtual_quote_tells_no_time_but_the_volume_d15(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", Say({**OK, "output": PRICE}))
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        quote = await kis.market.quote(MSFT)
    assert (quote.stamped_at, quote.volume) == (None, 6120331)


async def test_a_side_without_orders_is_unknown_not_zero_s77(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS76200100", Say({**OK, "output1": BOOK_HEAD, "output2": [levels(pask1="437.1700", vask1="80")]}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        quote = await kis.market.quote(MSFT)
    assert (quote.bid, quote.ask) == (None, Decimal("437.17"))


async def test_a_virtual_quote_has_no_book_s77(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", Say({**OK, "output": PRICE}))
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        quote = await kis.market.quote(MSFT)
    assert (quote.last, quote.bid, quote.ask, quote.halted) == (Decimal("437.15"), None, None, False)


@pytest.mark.parametrize(
    "output",
    [
        {**PRICE, "last": ""},
        {**PRICE, "last": "0.0000"},
        {**PRICE, "last": "12a"},
        {**PRICE, "rsym": "DNASAAPL"},
        dict.fromkeys(PRICE, ""),
        {},
        [],
    ],
)
async def test_a_missing_or_zero_price_is_refused_s77(tmp_path: Path, output: object) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", Say({**OK, "output": output}))
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        listed = Symbol(Market.NYSE, "MSFT")
        kis.book.learn(listed)
        with pytest.raises(DataUnavailable):
            await kis.market.quote(MSFT)
        assert kis.book.named("MSFT") == listed  # looked for on the wrong exchange, the listing is not forgotten


async def test_quotes_use_the_quote_key_at_the_real_host_d9(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS76200100", Say({**OK, "output1": BOOK_HEAD, "output2": levels()}))
    fake.on("HHDFS76950200", Say({**OK, "output1": {}, "output2": [minute("20260915", "100000")]}))
    async with client(
        fake, JumpClock(), tmp_path, is_virtual="true", quote_app_key="q" * 36, quote_app_secret=APP_SECRET
    ) as kis:
        assert kis.market.has_minute_bars()
        await kis.market.quote(MSFT)
        await kis.market.bars(MSFT, Interval.M1, 10)
        await kis.broker.holdings()
    assert {asked.headers["appkey"][0] for asked in fake.asked if asked.tr_id.startswith("HHDFS")} == {"q"}
    assert {asked.headers["appkey"][0] for asked in fake.of("VTTS3012R")} == {"k"}
    tokens = {asked.headers["authorization"] for asked in fake.of("VTTS3012R")}
    assert tokens.isdisjoint({asked.headers["authorization"] for asked in fake.of("HHDFS76200100")})


async def test_virtual_alone_has_no_minute_bars_d9(tmp_path: Path) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        assert not kis.market.has_minute_bars()
        with pytest.raises(NotOffered):
            await kis.market.bars(MSFT, Interval.M1, 10)
    assert fake.asked == []


async def test_daily_bars_are_ascending_and_the_forming_day_is_flagged_s78(tmp_path: Path) -> None:
    fake = FakeKis()
    page = [day("20260915"), day("20260914"), day("20260911"), dict.fromkeys(day(""), "")]
    fake.on("HHDFS76240000", Say({**OK, "output1": {"nrec": "3"}, "output2": page}))
    async with client(fake, JumpClock(datetime(2026, 9, 15, 15, tzinfo=UTC)), tmp_path) as kis:
        bars = await kis.market.bars(MSFT, Interval.DAY, 50)
    assert [bar.start for bar in bars] == [datetime(2026, 9, on, 13, 30, tzinfo=UTC) for on in (11, 14, 15)]
    assert [bar.closed for bar in bars] == [True, True, False]
    assert bars[-1].end == datetime(2026, 9, 15, 20, tzinfo=UTC)
    (asked,) = fake.of("HHDFS76240000")
    assert asked.params == {"AUTH": "", "EXCD": "NAS", "SYMB": "MSFT", "GUBN": "0", "BYMD": "", "MODP": "1"}


async def test_today_counts_as_closed_after_the_close_also_on_half_days_s78(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS76240000", Say({**OK, "output2": [day("20261127"), day("20261125")]}))
    async with client(fake, JumpClock(datetime(2026, 11, 27, 18, 0, tzinfo=UTC)), tmp_path) as kis:
        bars = await kis.market.bars(MSFT, Interval.DAY, 2)
    assert bars[-1].closed
    assert bars[-1].end == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)


async def test_a_row_for_today_before_the_open_is_left_out_s78(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS76240000", Say({**OK, "output2": [day("20260915"), day("20260914")]}))
    async with client(fake, JumpClock(datetime(2026, 9, 15, 12, tzinfo=UTC)), tmp_path) as kis:
        bars = await kis.market.bars(MSFT, Interval.DAY, 2)
    assert [bar.start.day for bar in bars] == [14]


async def test_daily_bars_page_back_by_the_day_before_the_oldest_s78(tmp_path: Path) -> None:
    fake = FakeKis()
    ninth = [day(f"2026{month:02d}{on:02d}") for month in (8, 7, 6, 5) for on in range(25, 0, -1)]
    fake.on("HHDFS76240000", Say({**OK, "output2": ninth}), Say({**OK, "output2": [day("20260430")]}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        bars = await kis.market.bars(MSFT, Interval.DAY, 250)
    assert len(bars) == 101
    assert [asked.params["BYMD"] for asked in fake.of("HHDFS76240000")] == ["", "20260430"]


async def test_minute_bars_are_regular_hours_only_and_page_back_in_new_york_time_s78(tmp_path: Path) -> None:
    fake = FakeKis()
    newest = [minute("20260915", "100100"), minute("20260915", "100000"), minute("20260915", "092900")]
    older = [minute("20260914", "160000"), minute("20260914", "155900"), minute("20260914", "155800")]
    fake.on(
        "HHDFS76950200",
        Say({**OK, "output1": {"next": "1"}, "output2": newest}),
        Say({**OK, "output1": {"next": "0"}, "output2": older}),
        Say({**OK, "output1": {"next": "0"}, "output2": []}),
    )
    fake.on("HHDFS76240000", Say({**OK, "output2": [day("20260915"), day("20260914")]}))  # no split in between
    clock = JumpClock(datetime(2026, 9, 15, 14, 1, 30, tzinfo=UTC))
    async with client(fake, clock, tmp_path) as kis:
        bars = await kis.market.bars(MSFT, Interval.M1, 250)
    starts = [f"{bar.start:%d %H:%M}" for bar in bars]
    assert starts == ["14 19:58", "14 19:59", "15 14:00", "15 14:01"]
    assert [bar.closed for bar in bars] == [True, True, True, False]
    first, second, _ = fake.of("HHDFS76950200")
    assert first.params == {
        "AUTH": "",
        "EXCD": "NAS",
        "SYMB": "MSFT",
        "NMIN": "1",
        "PINC": "1",
        "NEXT": "",
        "NREC": "120",
        "FILL": "",
        "KEYB": "",
    }
    assert (second.params["NEXT"], second.params["KEYB"]) == ("1", "20260915092800")


async def test_sixty_minutes_are_counted_from_the_open_s40(tmp_path: Path) -> None:
    fake = FakeKis()
    halves = [minute("20260914", at) for at in ("153000", "150000", "143000", "100000", "093000")]
    fake.on("HHDFS76950200", Say({**OK, "output2": halves}), Say({**OK, "output2": []}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        bars = await kis.market.bars(MSFT, Interval.M60, 10)
    assert [f"{bar.start:%H:%M}-{bar.end:%H:%M}" for bar in bars] == [
        "13:30-14:30",
        "18:30-19:30",
        "19:30-20:00",
    ]
    assert bars[0].volume == 2 * 8124
    assert fake.of("HHDFS76950200")[0].params["NMIN"] == "30"


@pytest.mark.parametrize("interval", list(Interval))
async def test_every_interval_has_bars_s40(tmp_path: Path, interval: Interval) -> None:
    fake = FakeKis()
    fake.on("HHDFS76240000", Say({**OK, "output2": [day("20260914")]}))
    fake.on("HHDFS76950200", Say({**OK, "output2": [minute("20260914", "100000")]}), Say({**OK, "output2": []}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        assert len(await kis.market.bars(MSFT, interval, 5)) == 1


@pytest.mark.parametrize("interval", [Interval.DAY, Interval.M5])
async def test_no_bars_is_an_error_not_an_empty_answer_s78(tmp_path: Path, interval: Interval) -> None:
    fake = FakeKis()
    fake.on("HHDFS76240000", Say({**OK, "output2": [dict.fromkeys(day(""), "")]}))
    fake.on("HHDFS76950200", Say({**OK, "output1": {"nrec": ""}, "output2": []}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        with pytest.raises(DataUnavailable):
            await kis.market.bars(MSFT, interval, 5)


async def test_a_minute_cursor_that_stands_still_ends_the_paging_s78(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS76950200", Say({**OK, "output2": [minute("20260914", "100000")]}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        assert len(await kis.market.bars(MSFT, Interval.M1, 250)) == 1
    assert len(fake.of("HHDFS76950200")) == 2


@pytest.mark.parametrize(
    ("ordy", "code", "halted"),
    [
        ("매매 가능", "01", False),
        ("매도불가", "01", True),
        ("매수불가", "01", True),
        ("매매 가능", "02", True),
        ("", "", False),
    ],
)
async def test_a_book_that_stands_still_is_asked_about_elsewhere(
    tmp_path: Path, ordy: str, code: str, halted: bool
) -> None:
    """A book does not say whether its ticker trades; the price call and the product do (kis-protocol 3.18, 3.24)."""
    fake, clock = FakeKis(), JumpClock()
    book = {**OK, "output1": BOOK_HEAD, "output2": levels(pbid1="437.1400", vbid1="120"), "output3": {}}
    moved = {**book, "output2": levels(pbid1="437.1400", vbid1="121")}
    product = {"std_pdno": "US5949181045", "prdt_name": "마이크로소프트", "ovrs_stck_tr_stop_dvsn_cd": code}
    fake.on("HHDFS76200100", Say(book), Say(book), Say(book), Say(book), Say(moved))
    fake.on("HHDFS00000300", Say({**OK, "output": {**PRICE, "ordy": ordy}}))
    fake.on("CTPF1702R", Say({**OK, "output": product}))
    async with client(fake, clock, tmp_path) as kis:
        seen = []
        for _ in range(5):
            seen.append((await kis.market.quote(MSFT)).halted)
            await clock.sleep(3)
        assert seen == [False, False, halted, halted, False]
        assert len(fake.of("HHDFS00000300")) == 1
        assert fake.of("CTPF1702R") == [] if "불가" in ordy else len(fake.of("CTPF1702R")) == 1


@pytest.mark.parametrize("answer", [Say("<html>", 503), hang()])
async def test_whether_it_is_halted_need_not_be_known_for_a_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Script
) -> None:
    """Nor may it be waited for: the price is that of a stop."""
    monkeypatch.setattr("kis.market._HALT_ANSWER_S", 0.05)
    fake, clock = FakeKis(), JumpClock()
    fake.on("HHDFS76200100", Say({**OK, "output1": BOOK_HEAD, "output2": levels(), "output3": {}}))
    fake.on("HHDFS00000300", answer)
    async with client(fake, clock, tmp_path) as kis, asyncio.timeout(2):
        await kis.market.quote(MSFT)
        await clock.sleep(10)
        quote = await kis.market.quote(MSFT)
    assert (quote.last, quote.halted) == (Decimal("437.1500"), False)
