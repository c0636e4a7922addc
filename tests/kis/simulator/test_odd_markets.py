"""Halts, splits, moves to another exchange, bad prints, quotes that stand still, clocks that differ."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from kis.simulator.clock import wall_now
from kis.simulator.options import Holding
from tests.kis.simulator.conftest import NOON, Starter
from tests.kis.simulator.outside import QUOTES, Outside

TQQQ = Holding(symbol="TQQQ", qty=100)
CLOSE = datetime(2026, 9, 15, 20, 0, tzinfo=UTC)


async def book(outside: Outside) -> dict[str, Any]:
    answer = await outside.get(QUOTES + "inquire-asking-price", "HHDFS76200100", AUTH="", EXCD="NAS", SYMB="TQQQ")
    return answer.body


async def product(outside: Outside, product_type: str = "512", symbol: str = "TQQQ") -> dict[str, Any]:
    return (await outside.get(QUOTES + "search-info", "CTPF1702R", PRDT_TYPE_CD=product_type, PDNO=symbol)).body


async def several(outside: Outside) -> dict[str, str]:
    answer = await outside.get(QUOTES + "multprice", "HHDFS76220000", AUTH="", NREC="1", EXCD_01="NAS", SYMB_01="TQQQ")
    row: dict[str, str] = answer.body["output2"][0]
    return row


# -- halts -----------------------------------------------------------------------------------------------------------


async def test_a_halt_shows_everywhere_and_ends_after_its_seconds(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(TQQQ,))
    await book(outside)
    await outside.control("fault", kind="halt", symbol="TQQQ", seconds=300)
    before = await book(outside)
    assert "불가" in (await outside.price("NAS", "TQQQ"))["ordy"]
    assert (await product(outside))["output"]["ovrs_stck_tr_stop_dvsn_cd"] == "02"
    assert (await several(outside))["stat1"] == "거래정지"
    await outside.order("sell", "TQQQ", "1", "1.00")
    await outside.simulator.advance(299)
    assert await book(outside) == before
    assert (await outside.control("state"))["fills"] == []
    await outside.simulator.advance(1)
    assert len((await outside.control("state"))["fills"]) == 1
    assert (await outside.price("NAS", "TQQQ"))["ordy"] == "매매 가능"


async def test_a_halt_nobody_speaks_of_is_a_book_that_stands_still(start: Starter) -> None:
    outside = await start(virtual=False)
    await outside.control("fault", kind="halt", symbol="TQQQ", shown=False)
    before = await book(outside)
    await outside.simulator.advance(120)
    assert await book(outside) == before
    assert (await outside.price("NAS", "TQQQ"))["ordy"] == "매매 가능"
    assert (await several(outside))["stat1"] == "실시간"
    await outside.send("DELETE", "/sim/fault")
    await outside.simulator.advance(120)
    assert await book(outside) != before


# -- splits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ratio", "held"), [("3/2", 150), ("5:4", 125), ("1.1", 110), ("1/10", 10)])
async def test_a_split_of_any_ratio_adjusts_the_previous_close_at_once(start: Starter, ratio: str, held: int) -> None:
    outside = await start(virtual=False, holdings=(TQQQ,))
    before = await outside.price("NAS", "TQQQ")
    await outside.control("fault", kind="split", symbol="TQQQ", ratio=ratio, day="today", balance_after_s=600)
    after = await outside.price("NAS", "TQQQ")
    assert float(after["base"]) == pytest.approx(float(before["base"]) * 100 / held, rel=0.001)
    assert float(after["last"]) == pytest.approx(float(before["last"]) * 100 / held, rel=0.001)
    (row,) = (await outside.balance()).body["output1"]
    assert row["ovrs_cblc_qty"] == "100"
    await outside.simulator.advance(601)
    (row,) = (await outside.balance()).body["output1"]
    assert row["ovrs_cblc_qty"] == str(held)
    assert float((await outside.price("NAS", "TQQQ"))["last"]) == pytest.approx(float(after["last"]), rel=0.03)


async def test_daily_bars_before_a_split_count_in_new_shares_when_adjusted(start: Starter) -> None:
    async def closes(adjusted: str) -> list[float]:
        answer = await outside.get(
            QUOTES + "dailyprice", "HHDFS76240000", AUTH="", EXCD="NAS", SYMB="TQQQ", GUBN="0", BYMD="", MODP=adjusted
        )
        return [float(row["clos"]) for row in answer.body["output2"][1:4]]

    outside = await start(virtual=False)
    await outside.control("fault", kind="split", symbol="TQQQ", ratio="3/2", day="today")
    assert await closes("1") == pytest.approx([close * 2 / 3 for close in await closes("0")], rel=0.001)


async def test_a_split_before_the_next_open_with_a_balance_that_never_follows(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(TQQQ,))
    await outside.control("fault", kind="split", symbol="TQQQ", ratio="5/4", balance_after_s=None)
    await outside.simulator.advance_to(CLOSE)
    evening = float((await outside.price("NAS", "TQQQ"))["last"])
    await outside.simulator.advance_to(NOON + timedelta(days=1))
    await outside.login()  # a token lives for a day
    noon = await outside.price("NAS", "TQQQ")
    assert float(noon["base"]) == pytest.approx(evening * 4 / 5, rel=0.01)
    assert float(noon["last"]) == pytest.approx(evening * 4 / 5, rel=0.15)
    (row,) = (await outside.balance()).body["output1"]
    assert row["ovrs_cblc_qty"] == "100"


# -- another exchange ------------------------------------------------------------------------------------------------


async def test_a_listing_that_moves_is_known_at_its_new_exchange_only(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(TQQQ,))
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("fault", kind="venue_move", symbol="TQQQ", exchange="NYSE")
    assert (await outside.price("NAS", "TQQQ"))["last"] == ""
    assert (await outside.price("NYS", "TQQQ"))["last"] != ""
    (row,) = (await outside.balance()).body["output1"]
    assert (row["ovrs_excg_cd"], row["prdt_type_cd"]) == ("NYSE", "513")
    assert (await product(outside))["rt_cd"] == "7"
    assert (await product(outside, "513"))["output"]["ovrs_excg_cd"] == "NYSE"
    assert (await outside.order("sell", "TQQQ", "1", "90.00")).code == "APBK0656"
    assert (await outside.order("sell", "TQQQ", "1", "90.00", OVRS_EXCG_CD="NYSE")).body["rt_cd"] == "0"
    await line.register("HDFSCNT0", "DNYSTQQQ")
    await outside.control("tick", symbol="TQQQ", last="60.00")
    assert {record[0] for record in await line.records(26)} == {"DNYSTQQQ"}


# -- prints and stamps -----------------------------------------------------------------------------------------------


async def test_a_bad_print_is_told_by_the_stream_alone(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(TQQQ,))
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("tick", symbol="TQQQ", last="61.00", bid="60.99", ask="61.00")
    await outside.order("buy", "TQQQ", "5", "56.00")
    answer = await outside.control("tick", symbol="TQQQ", last="54.90", alone=True)
    assert (answer["last"], answer["bid"], answer["ask"]) == ("54.9000", "60.9900", "61.0000")
    records = [*await line.records(26), *await line.records(26)]
    assert records[1][11] == "54.9000"
    assert (records[1][15], records[1][16]) == ("60.9900", "61.0000")
    assert (await outside.price("NAS", "TQQQ"))["last"] == "61.0000"
    assert (await book(outside))["output1"]["last"] == "61.0000"
    assert (await outside.control("state"))["fills"] == []


async def test_a_print_can_carry_a_stamp_of_two_hours_ago(start: Starter) -> None:
    outside = await start(virtual=False)
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("tick", symbol="TQQQ", last="54.90", bid="54.89", ask="54.91", alone=True, stamp_s=-7200)
    ((record,),) = [await line.records(26)]
    assert (record[5], record[7], record[11]) == ("100000", "230000", "54.9000")


async def test_a_stream_without_the_right_to_real_time_is_old_by_its_own_stamps(start: Starter) -> None:
    outside = await start(virtual=False)
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("fault", kind="ws_stale", age_s=900)
    await outside.control("tick", symbol="TQQQ", last="61.00")
    (record,) = await line.records(26)
    assert (record[5], record[7]) == ("114500", "004500")
    await outside.send("DELETE", "/sim/fault")
    await outside.control("tick", symbol="TQQQ", last="61.00")
    assert (await line.records(26))[0][5] == "120000"


async def test_quotes_that_stand_still_with_their_stamp(start: Starter) -> None:
    outside = await start(virtual=False)
    await outside.control("fault", kind="stale_quotes", tr_id="HHDFS76200100")
    first = await book(outside)
    assert first["output1"]["dhms"]
    await outside.simulator.advance(60)
    assert await book(outside) == first
    assert (await outside.price("NAS", "TQQQ"))["last"] != first["output1"]["last"]
    await outside.send("DELETE", "/sim/fault")
    assert await book(outside) != first


# -- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset_s", [-8, 8])
async def test_the_servers_clock_differs_from_its_clients(start: Starter, offset_s: float) -> None:
    outside = await start(virtual=False)
    await outside.control("fault", kind="clock_offset", offset_s=offset_s)
    told = datetime.fromisoformat((await outside.control("clock"))["now"])
    assert told == NOON - timedelta(seconds=offset_s)
    answer = await outside.order("buy", "TQQQ", "1", "20.00")
    assert answer.body["output"]["ORD_TMD"] == "010000"  # the server's own time, in Seoul
    date = parsedate_to_datetime(answer.headers["Date"])
    assert (date - wall_now()).total_seconds() == pytest.approx(offset_s, abs=2)


# -- the close -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("virtual", [True, False])
async def test_the_closing_auction_fills_two_seconds_after_the_close(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual, holdings=(TQQQ,), now=CLOSE - timedelta(minutes=1))
    await outside.control("fault", kind="closing_fill", symbol="TQQQ", after_s=2)
    await outside.order("sell", "TQQQ", "50", "999.00")
    await outside.simulator.advance_to(CLOSE + timedelta(seconds=1))
    assert [order["filled"] for order in (await outside.control("state"))["orders"]] == [0]
    await outside.simulator.advance_to(CLOSE + timedelta(seconds=2))
    (order,) = (await outside.control("state"))["orders"]
    assert (order["filled"], order["status"]) == (50, "filled")
    assert order["average"] == "999.0000"


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "halt"},
        {"kind": "halt", "symbol": "NOSUCH"},
        {"kind": "split", "symbol": "TQQQ", "ratio": "0"},
        {"kind": "split", "symbol": "TQQQ", "ratio": "a/b"},
        {"kind": "split", "symbol": "TQQQ", "ratio": "2", "day": "soon"},
        {"kind": "venue_move", "symbol": "TQQQ", "exchange": "LSE"},
    ],
)
async def test_a_senseless_happening_is_refused_and_not_in_force(start: Starter, body: dict[str, Any]) -> None:
    outside = await start()
    assert (await outside.send("POST", "/sim/fault", json_body=body)).status == 400
    assert (await outside.control("fault"))["faults"] == []
