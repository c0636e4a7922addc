"""The lines of kis-protocol 10 that no other file names; the rest are where their call is tested."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from kis.simulator.options import Holding
from tests.kis.simulator.conftest import Starter
from tests.kis.simulator.outside import ACCOUNT, QUOTES, TRADING


async def test_a_virtual_refusal_is_http_500_with_a_json_body_quirk_15(start: Starter) -> None:
    answer = await (await start()).order("buy", "TQQQ", "1", "0")
    assert (answer.status, answer.body["rt_cd"]) == (500, "1")


async def test_a_real_refusal_is_http_200_quirk_16(start: Starter) -> None:
    answer = await (await start(virtual=False)).order("buy", "TQQQ", "1", "0")
    assert (answer.status, answer.body["rt_cd"]) == (200, "1")


async def test_the_free_feed_sees_half_until_noon_in_seoul_next_day_quirks_22_and_24(start: Starter) -> None:
    outside = await start(feed_share=0.5, now=datetime(2026, 9, 15, 21, 0, tzinfo=UTC))  # after the close
    params = {"AUTH": "", "EXCD": "NAS", "SYMB": "TQQQ", "GUBN": "0", "BYMD": "20260915", "MODP": "0"}

    async def volume() -> int:
        answer = await outside.get(QUOTES + "dailyprice", "HHDFS76240000", **params)
        return int(answer.body["output2"][0]["tvol"])

    seen = await volume()
    await outside.simulator.advance_to(datetime(2026, 9, 16, 2, 59, tzinfo=UTC))
    assert await volume() == seen
    await outside.simulator.advance_to(datetime(2026, 9, 16, 3, 0, tzinfo=UTC))
    assert 1.9 < await volume() / seen < 2.3


async def test_the_kind_of_a_trade_cannot_be_trusted_quirk_25(start: Starter) -> None:
    outside = await start(mtyp="always_1", now=datetime(2026, 9, 15, 12, 0, tzinfo=UTC))
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("tick", symbol="TQQQ", last="60.00")
    (record,) = await line.records(26)
    assert (record[5], record[25]) == ("080000", "1")


@pytest.mark.parametrize("held", [0, 100])
async def test_the_foreign_total_is_not_the_value_of_the_holdings_quirk_43(start: Starter, held: int) -> None:
    outside = await start(virtual=False, holdings=(Holding(symbol="TQQQ", qty=held, average=Decimal(50)),))
    params = {**ACCOUNT, "WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
    body = (await outside.get(TRADING + "inquire-present-balance", "CTRP6504R", **params)).body
    assert body["output3"]["frcr_evlu_tota"] == "139150000"


async def test_holdings_are_valued_at_the_last_price_of_the_night_quirk_44(start: Starter) -> None:
    outside = await start(
        virtual=False,
        holdings=(Holding(symbol="TQQQ", qty=1, average=Decimal(50)),),
        now=datetime(2026, 9, 16, 3, 0, tzinfo=UTC),  # noon in Seoul: the day market
    )
    (row,) = (await outside.balance()).body["output1"]
    assert row["now_pric2"] == (await outside.price("NAS", "TQQQ"))["last"] + "00"


async def test_odd_spellings_are_kept_quirks_45_and_47(start: Starter) -> None:
    outside = await start(virtual=False)
    token = await outside.post_oauth("tokenP", appsecret=outside.secret, grant_type="client_credentials")
    assert "access_token_token_expired" in token.body
    detail = await outside.get(QUOTES + "price-detail", "HHDFS76200200", AUTH="", EXCD="NAS", SYMB="TQQQ")
    assert {"p_xsng", "t_xsgn"} <= set(detail.body["output"])
    daily = await outside.get(
        QUOTES + "dailyprice", "HHDFS76240000", AUTH="", EXCD="NAS", SYMB="TQQQ", GUBN="0", BYMD="", MODP="0"
    )
    assert daily.body["output1"]["nrec"] == "100"  # a row count, whatever its label says


async def test_names_and_messages_are_korean_quirk_46(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(Holding(symbol="MSFT", qty=1, average=Decimal(400)),))
    answer = await outside.balance()
    assert answer.body["output1"][0]["ovrs_item_name"] == "마이크로소프트"
    assert answer.body["msg1"].startswith("조회가")


async def test_a_lost_answer_says_nothing_about_the_order_quirk_50(start: Starter) -> None:
    outside = await start()
    known = []
    for fault in ("timeout_before", "timeout_after_accept"):
        await outside.control("fault", kind=fault, tr_id="VTTT1002U")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await outside.order("buy", "TQQQ", "1", "20.00")
        known.append(len((await outside.executions()).body["output"]))
    assert known == [0, 1]
