"""Reads: repeated with a bound, never past the pacer; one log line a call. Rows S15, S16, S65, S98."""

import asyncio
import logging
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from strategy.model import BrokerError, BrokerFault, DataUnavailable, Market, OutcomeUnknown, Symbol, TryLater
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import (
    ACCOUNT,
    APP_KEY,
    APP_SECRET,
    OK,
    Asked,
    FakeKis,
    Say,
    Script,
    client,
    drop,
    error,
    hang,
)
from tests.kis.calls.test_broker_calls import holding, request
from tests.kis.rest.test_fields import NO_ORDERS
from tests.support.words import english, korean

MSFT = Symbol(Market.NASDAQ, "MSFT")
PRICE = Say({**OK, "output": {"rsym": "DNASMSFT", "last": "437.1500", "base": "431.7400", "ordy": ""}})
TR = "HHDFS00000300"


@pytest.mark.parametrize(
    "failure",
    [
        drop,
        Say("<html>bad gateway</html>", 502),
        Say("", 500),
        Say("{broken", 200),
        error("EGW00001"),
        error("EGW00201"),
        error("EGW00301"),
        error("90020000"),
    ],
)
async def test_a_read_survives_three_failures_s16(tmp_path: Path, failure: Script) -> None:
    fake = FakeKis()
    fake.on(TR, failure, failure, failure, PRICE)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        assert (await kis.market.quote(MSFT)).last
    assert len(fake.of(TR)) == 4


@pytest.mark.parametrize("failure", [error("EGW00201"), error("EGW00215"), drop, Say("no", 500)])
async def test_repeats_are_bounded_s15(tmp_path: Path, failure: Script) -> None:
    fake = FakeKis()
    fake.on(TR, failure)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        with pytest.raises(TryLater):
            await kis.market.quote(MSFT)
    assert len(fake.of(TR)) == 6


async def test_after_a_rate_refusal_it_waits_in_market_time_s15(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    fake.on(TR, error("EGW00201"), error("EGW00201"), PRICE)
    async with client(fake, clock, tmp_path, is_virtual="true") as kis:
        await kis.market.quote(MSFT)
    assert clock.slept >= 1.1 + 1.1 * 1.6


async def test_a_hanging_server_costs_two_time_outs(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on(TR, hang())
    async with client(fake, JumpClock(), tmp_path, is_virtual="true", kis_read_timeout_s="0.1") as kis:
        async with asyncio.timeout(2):
            with pytest.raises(TryLater):
                await kis.market.quote(MSFT)
    assert len(fake.of(TR)) == 2


async def test_aiohttps_own_repeat_of_a_dropped_get_does_not_pass_by_the_pacer(tmp_path: Path) -> None:
    """Bare aiohttp repeats a GET by itself on a connection that was used before (lessons, part 2)."""
    fake = FakeKis()
    fake.on(TR, PRICE, drop, PRICE)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        await kis.market.quote(MSFT)
        await kis.market.quote(MSFT)
        granted, arrived = kis.http.transport.pacer.granted, len(fake.asked)
    assert len(fake.of(TR)) == 3
    assert granted == arrived


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    fake = FakeKis()

    async def elsewhere(asked: Asked, request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/other")

    fake.on(TR, elsewhere, PRICE)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        await kis.market.quote(MSFT)
    assert [asked.path for asked in fake.asked if "other" in asked.path] == []


@pytest.mark.parametrize(
    ("failure", "raised", "requests"),
    [
        (error("EGW02004"), BrokerFault, 1),
        (error("OPSQ2000", status=200, rt_cd="2"), BrokerFault, 1),
        (error("EGW00203"), BrokerFault, 2),
        (error("XYZ", status=200), BrokerError, 1),
        (Say({**OK, "output": {}}), DataUnavailable, 1),
        (Say({**OK}), DataUnavailable, 1),
        (Say([1, 2]), TryLater, 6),
    ],
)
async def test_faults_are_told_and_not_repeated_in_vain_s16(
    tmp_path: Path, failure: Script, raised: type[Exception], requests: int
) -> None:
    fake = FakeKis()
    fake.on(TR, failure)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        with pytest.raises(raised):
            await kis.market.quote(MSFT)
    assert len(fake.of(TR)) == requests


async def test_each_call_is_one_line_with_its_values_and_no_secret_s98(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fake = FakeKis()
    row = {"cano": ACCOUNT[:8], "ovrs_pdno": "MSFT"}
    fake.on("TTTS3012R", Say({**OK, "ctx_area_fk200": f"{ACCOUNT[:8]}^01^", "output1": [row], "output2": {}}))
    caplog.set_level(logging.DEBUG, "kis")
    async with client(fake, JumpClock(), tmp_path) as kis:
        await kis.broker.holdings()
    lines = [record for record in caplog.records if record.getMessage().startswith("kis call call=balance")]
    assert len(lines) == 1
    line = lines[0].getMessage()
    for part in (
        "endpoint=GET /uapi/overseas-stock",
        "tr_id=TTTS3012R",
        "status=200",
        "code=MCA00000",
        " ms=",
        "request_id=",
    ):
        assert part in line
    for secret in (APP_KEY, APP_SECRET, ACCOUNT[:8], "token-1"):
        assert secret not in caplog.text


async def test_the_request_id_is_the_one_sent(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    fake = FakeKis()
    fake.on(TR, PRICE)
    caplog.set_level(logging.INFO, "kis.http")
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        await kis.market.quote(MSFT)
    assert f"request_id={fake.of(TR)[0].headers['gt_uid']}" in caplog.text


@pytest.mark.parametrize(
    ("code", "rt_cd"), [("KIOK0560", "7"), ("APBK1631", "1"), ("70070000", "1"), ("KIOK0560", "0"), ("70070000", "0")]
)
@pytest.mark.parametrize(
    "shape",
    [{}, {"output": [], "output1": []}, {"output": NO_ORDERS, "output1": {"ovrs_pdno": "", "tr_crcy_cd": "USD"}}],
)
async def test_nothing_found_is_no_rows_whatever_its_rt_cd(
    tmp_path: Path, code: str, rt_cd: str, shape: dict[str, Any]
) -> None:
    """A virtual balance was recorded with `rt_cd` 7 and KIOK0560 (kis-protocol 3.9)."""
    fake = FakeKis()
    nothing = Say({"rt_cd": rt_cd, "msg_cd": code, "msg1": "조회할 내용이 없습니다", **shape}, headers={"tr_cont": "D"})
    for tr_id in ("TTTS3012R", "TTTS3035R", "TTTS3018R"):
        fake.on(tr_id, nothing)
    async with client(fake, JumpClock(), tmp_path) as kis:
        assert (await kis.broker.holdings()).positions == ()
        assert list(await kis.broker.orders(date(2026, 9, 14), date(2026, 9, 15))) == []
        assert await kis.broker.open_orders() == []


async def test_nothing_found_by_an_order_proves_nothing_about_it(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("TTTT1002U", Say({"rt_cd": "7", "msg_cd": "KIOK0560", "msg1": "조회할 내용이 없습니다"}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        with pytest.raises(OutcomeUnknown) as raised:
            await kis.broker.submit(request())
    assert len(korean(raised.value.user_message)) > 20


async def test_pages_stop_at_a_standing_cursor_and_repeat_no_row(tmp_path: Path) -> None:
    fake = FakeKis()
    body = {**OK, "ctx_area_fk200": "x", "ctx_area_nk200": "same", "output": []}
    fake.on("TTTS3018R", Say(body, headers={"tr_cont": "M"}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        assert await kis.broker.open_orders() == []
    assert len(fake.of("TTTS3018R")) == 2


async def test_a_failing_second_page_fails_the_whole_rather_than_return_a_part(tmp_path: Path) -> None:
    fake = FakeKis()
    body = {**OK, "ctx_area_fk200": "x", "ctx_area_nk200": "next", "output1": [], "output2": {}}
    fake.on("TTTS3012R", Say(body, headers={"tr_cont": "F"}), Say("oops", 500))
    async with client(fake, JumpClock(), tmp_path) as kis:
        with pytest.raises(TryLater):
            await kis.broker.holdings()


async def test_pages_without_end_are_an_error(tmp_path: Path) -> None:
    fake = FakeKis()
    count = 0

    async def next_page(asked: Asked, request: web.Request) -> Say:
        nonlocal count
        count += 1
        body = {**OK, "ctx_area_fk200": "x", "ctx_area_nk200": str(count), "output1": [], "output2": {}}
        return Say(body, headers={"tr_cont": "M"})

    fake.on("TTTS3012R", next_page)
    async with client(fake, JumpClock(), tmp_path) as kis:
        with pytest.raises(DataUnavailable):
            await kis.broker.holdings()
    assert count == 60


async def test_rows_that_are_no_us_stock_or_cannot_be_read_hide_no_other(tmp_path: Path) -> None:
    """A bond with an ISIN and a blank exchange, a fraction of a share, and a row without its quantity (3.10)."""
    fake = FakeKis()
    rows = [
        {**holding("US91282CJL54", "", "5000"), "ovrs_item_name": "T 4.375 11/30/28", "prdt_type_cd": "301"},
        holding("QQQ", "NASD", "0.847972"),
        holding("KO", "NYSE", ""),
        holding("MSFT", "NASD", "5.500000"),
        {**holding("O", "NYSE", "7"), "ord_psbl_qty": "?"},
        {**holding("", "", ""), "tr_crcy_cd": "USD"},
    ]
    fake.on("TTTS3012R", Say({**OK, "output1": rows, "output2": {}}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        held = await kis.broker.holdings()
    assert {str(one.symbol): (one.qty, one.sellable_qty) for one in held.positions} == {
        "NASDAQ:MSFT": (5, 5),
        "NYSE:O": (7, 7),  # how many can be sold is not known: the stop asks for all
    }
    unread = {row.name.split()[0]: row for row in held.unread}
    assert {name: row.aside for name, row in unread.items()} == {
        "US91282CJL54": True,
        "QQQ": True,
        "KO": False,
        "MSFT": True,
        "O": False,
    }
    assert {str(symbol) for symbol in held.doubted} == {"NYSE:KO", "NYSE:O"}
    assert "ovrs_cblc_qty" in english(unread["KO"].why)
    assert "0.847972" in korean(unread["QQQ"].why)
    assert not held.anonymous


@pytest.mark.parametrize(
    ("tr_id", "body", "words"),
    [("TTTS3035R", {"output": "x"}, "주문 내역"), ("TTTS3012R", {"output1": "x"}, "보유 잔고")],
)
async def test_an_account_answer_that_cannot_be_read_is_told_as_one_and_not_as_a_missing_price(
    tmp_path: Path, tr_id: str, body: dict[str, Any], words: str
) -> None:
    fake = FakeKis()
    fake.on(tr_id, Say({**OK, **body}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        day = date(2026, 9, 15)
        ask = kis.broker.holdings() if tr_id == "TTTS3012R" else kis.broker.orders(day, day)
        with pytest.raises(DataUnavailable) as raised:
            await ask
    assert words in korean(raised.value.user_message)
    assert "price" not in english(raised.value.user_message)
