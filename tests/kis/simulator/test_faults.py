"""Every fault of the control call does what it says (the client's side of them is the client's tests)."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kis.simulator.faults.faults import KINDS, LASTING
from tests.kis.simulator.conftest import Starter
from tests.kis.simulator.outside import QUOTES, Answer, Outside


async def quote(outside: Outside) -> Answer:
    return await outside.get(QUOTES + "price", "HHDFS00000300", AUTH="", EXCD="NAS", SYMB="TQQQ")


async def inject(outside: Outside, kind: str, **more: Any) -> dict[str, Any]:
    return await outside.control("fault", kind=kind, **more)


async def test_the_kinds_are_those_of_the_contract_and_more() -> None:
    answers = {"empty_output", "missing_field", "rewrite", "odd_rows", "zero_valuation", "empty_object", "empty_code"}
    orders = {"reset", "refuse", "wash_trades", "withhold", "closing_fill", "notice_packed", "notice_foreign"}
    market = {"halt", "split", "venue_move", "clock_offset", "stale_quotes", "ws_ping_drop", "ws_flap", "ws_stale"}
    assert answers | orders | market | {
        "http_500", "http_html", "bad_json", "timeout_before", "timeout_after_accept", "rate_limit", "token_expired",
        "token_revoked", "ws_drop", "ws_silence", "ws_garbage", "notice_duplicate", "notice_before_ack", "notice_lost",
        "notice_reorder", "partial_fills", "reject", "latency", "maintenance",
    } == KINDS  # fmt: skip


async def test_http_500_has_no_json_and_happens_once(start: Starter) -> None:
    outside = await start()
    await inject(outside, "http_500")
    answer = await quote(outside)
    assert answer.status == 500
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)
    assert (await quote(outside)).status == 200


async def test_http_html(start: Starter) -> None:
    outside = await start()
    await inject(outside, "http_html", count=2)
    assert "<html>" in (await quote(outside)).text
    assert "text/html" in (await quote(outside)).headers["Content-Type"]
    assert (await quote(outside)).status == 200


async def test_bad_json(start: Starter) -> None:
    outside = await start()
    await inject(outside, "bad_json")
    answer = await quote(outside)
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


async def test_a_fault_for_one_tr_spares_the_others_and_waits(start: Starter) -> None:
    outside = await start()
    await inject(outside, "http_500", tr_id="VTTS3012R")
    assert (await quote(outside)).status == 200
    assert (await outside.balance()).status == 500
    assert (await outside.balance()).status == 200


async def test_oauth_calls_are_hit_when_named(start: Starter) -> None:
    outside = await start()
    await inject(outside, "http_500", tr_id="tokenP")
    assert (await quote(outside)).status == 200
    answer = await outside.post_oauth("tokenP", appsecret=outside.secret, grant_type="client_credentials")
    assert (answer.status, answer.text) == (500, "Internal Server Error")


async def test_faults_end_by_market_seconds_and_can_be_listed_and_cleared(start: Starter) -> None:
    outside = await start()
    await inject(outside, "http_500", seconds=10)
    assert [(await quote(outside)).status for _ in range(3)] == [500, 500, 500]
    assert (await outside.control("fault"))["faults"][0]["kind"] == "http_500"
    await outside.simulator.advance(10)
    assert (await quote(outside)).status == 200
    await inject(outside, "http_500", seconds=1000)
    await outside.send("DELETE", "/sim/fault")
    assert (await quote(outside)).status == 200


async def test_timeout_before_does_nothing_and_says_nothing(start: Starter) -> None:
    outside = await start()
    await inject(outside, "timeout_before", tr_id="VTTT1002U")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await outside.order("buy", "TQQQ", "1", "20.00")
    assert (await outside.control("state"))["orders"] == []


async def test_timeout_after_accept_takes_the_order_and_loses_the_reply(start: Starter) -> None:
    outside = await start()
    await inject(outside, "timeout_after_accept")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await outside.order("buy", "TQQQ", "1", "20.00")
    (order,) = (await outside.control("state"))["orders"]
    assert (order["symbol"], order["status"]) == ("TQQQ", "working")
    assert len((await outside.executions()).body["output"]) == 1


async def test_an_order_whose_sender_dies_before_the_reply_meets_the_market_all_the_same(start: Starter) -> None:
    outside = await start()
    async with asyncio.TaskGroup() as group, outside.simulator.still():
        sender = group.create_task(outside.order("buy", "TQQQ", "1", "9999.00"))
        while not outside.simulator._moving._waiters:  # noqa: ASYNC110 - a lock has no event for this
            await asyncio.sleep(0)
        sender.cancel()
        for _ in range(50):  # the connection is lost on the other side, too
            await asyncio.sleep(0)
    (order,) = (await outside.control("state"))["orders"]
    assert order["status"] == "filled"


async def test_a_held_connection_is_cut_in_the_end(start: Starter) -> None:
    outside = await start()
    await inject(outside, "timeout_before", tr_id="VTTT1002U", hold_s=0.05)
    with pytest.raises(aiohttp.ClientError):
        await outside.order("buy", "TQQQ", "1", "20.00")


async def test_reset_cuts_before_the_call_is_looked_at(start: Starter) -> None:
    outside = await start()
    await inject(outside, "reset", tr_id="VTTT1002U")
    with pytest.raises(aiohttp.ClientError):
        await outside.order("buy", "TQQQ", "1", "20.00")
    assert (await outside.control("state"))["orders"] == []


async def test_empty_output_keeps_the_code_and_empties_the_rest(start: Starter) -> None:
    outside = await start()
    await inject(outside, "empty_output")
    body = (await quote(outside)).body
    assert (body["rt_cd"], body["output"]) == ("0", {})
    await outside.order("buy", "TQQQ", "1", "20.00")
    await inject(outside, "empty_output")
    assert (await outside.executions()).body["output"] == []
    assert len((await outside.executions()).body["output"]) == 1


async def test_missing_field_leaves_one_out(start: Starter) -> None:
    outside = await start()
    whole = (await quote(outside)).body["output"]
    await inject(outside, "missing_field", field="last")
    assert (await quote(outside)).body["output"].keys() == whole.keys() - {"last"}
    await inject(outside, "missing_field")
    assert (await quote(outside)).body["output"].keys() == whole.keys() - {next(iter(whole))}
    await inject(outside, "missing_field", tr_id="tokenP", field="access_token")
    token = await outside.post_oauth("tokenP", appsecret=outside.secret, grant_type="client_credentials")
    assert "access_token" not in token.body


async def test_rate_limit(start: Starter) -> None:
    outside = await start()
    await inject(outside, "rate_limit")
    answer = await quote(outside)
    assert (answer.status, answer.code) == (500, "EGW00201")


async def test_reject_with_a_code(start: Starter) -> None:
    outside = await start()
    await inject(outside, "reject", msg_cd="40250000")
    answer = await outside.order("buy", "TQQQ", "1", "20.00")
    assert (answer.status, answer.code) == (500, "40250000")
    assert answer.body["msg1"].strip() == "모의투자 주문가능금액이 부족합니다."
    assert (await outside.order("buy", "TQQQ", "1", "20.00")).body["rt_cd"] == "0"


async def test_latency(start: Starter) -> None:
    outside = await start()
    await inject(outside, "latency", ms=80)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await quote(outside)
    assert loop.time() - begun >= 0.08


async def test_maintenance_refuses_everything(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await inject(outside, "maintenance", seconds=60)
    assert (await line.socket.receive(timeout=5)).type is not aiohttp.WSMsgType.TEXT
    with pytest.raises(aiohttp.ClientError):
        await quote(outside)
    with pytest.raises(aiohttp.ClientError):
        await outside.http.ws_connect(outside.simulator.ws_url + "/tryitout")
    await outside.simulator.advance(60)
    assert (await quote(outside)).status == 200


async def test_ws_drop_with_seconds_keeps_newcomers_out(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await inject(outside, "ws_drop", seconds=5)
    assert (await line.socket.receive(timeout=5)).type is not aiohttp.WSMsgType.TEXT
    with pytest.raises(aiohttp.ClientError):
        await outside.http.ws_connect(outside.simulator.ws_url + "/tryitout")
    await outside.simulator.advance(5)
    assert not (await outside.connect()).socket.closed


async def test_ws_silence_ends_after_its_seconds(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASO")
    await line.register("HDFSCNT0", "DNASTQQQ")
    await inject(outside, "ws_silence", seconds=0.5)
    await outside.control("tick", symbol="TQQQ", last="60.00")
    await outside.simulator.advance(0.5)
    await outside.control("tick", symbol="TQQQ", last="61.00")
    records = await line.records(26)
    assert records[-1][11] == "61.0000"
    assert "60.0000" not in {record[11] for record in records}


@pytest.mark.parametrize("pongs", [True, False])
async def test_ws_silence_can_leave_the_pongs(start: Starter, pongs: bool) -> None:
    """A feed that is dead behind a connection that lives, and a connection that is dead."""
    outside = await start()
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await inject(outside, "ws_silence", pongs=pongs)
    await line.socket.ping(b"there?")
    await outside.control("tick", symbol="TQQQ", last="60.00")
    await outside.send("DELETE", "/sim/fault")
    await outside.control("tick", symbol="TQQQ", last="61.00")
    heard = [await line.socket.receive(timeout=5)]
    while heard[-1].type is aiohttp.WSMsgType.PONG:
        heard.append(await line.socket.receive(timeout=5))
    assert [message.data for message in heard[:-1]] == [b"there?"] * pongs
    assert heard[-1].data.split("^")[11] == "61.0000"  # the first trade that came through


async def test_ws_garbage(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await inject(outside, "ws_garbage", count=12)
    texts = [await line.text() for _ in range(12)]
    assert len(set(texts)) == 12
    await line.register("HDFSCNT0", "DNASTQQQ")


async def noticed(outside: Outside, kind: str, count: int) -> list[list[str]]:
    line = await outside.connect()
    await line.register("H0GSCNI9", "demo01")
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.00")
    await inject(outside, kind)
    await outside.order("buy", "TQQQ", "3", "60.50")
    return [await line.notice() for _ in range(count)]


async def test_notice_duplicate(start: Starter) -> None:
    first, second, fill = await noticed(await start(), "notice_duplicate", 3)
    assert first == second
    assert fill[12] == "2"


async def test_notice_lost(start: Starter) -> None:
    (fill,) = await noticed(await start(), "notice_lost", 1)
    assert fill[12] == "2"


async def test_notice_reorder(start: Starter) -> None:
    fill, accepted = await noticed(await start(), "notice_reorder", 2)
    assert (fill[12], accepted[12]) == ("2", "1")


async def test_notice_before_ack_quirk_49(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await line.register("H0GSCNI9", "demo01")
    await inject(outside, "notice_before_ack")
    await inject(outside, "timeout_after_accept")
    async with asyncio.TaskGroup() as tasks:
        request = tasks.create_task(outside.order("buy", "TQQQ", "1", "20.00"))
        notice = await line.notice()  # while the reply is still out
        assert not request.done()
        assert notice[12] == "1"
        request.cancel()


async def test_partial_fills_come_in_pieces_over_time(start: Starter) -> None:
    outside = await start()
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.00")
    await inject(outside, "partial_fills", pieces=3)
    await outside.order("buy", "TQQQ", "9", "61.00")
    filled = []
    for _ in range(3):
        filled.append((await outside.control("state"))["orders"][0]["filled"])
        await outside.simulator.advance(0.5)
    assert filled == [3, 6, 9]


@pytest.mark.parametrize(
    "body", [{"kind": "nonsense"}, {"kind": "http_500", "count": "two"}, {}, {"kind": "latency", "seconds": -1}]
)
async def test_a_senseless_fault_is_refused_in_words(start: Starter, body: dict[str, Any]) -> None:
    outside = await start()
    answer = await outside.send("POST", "/sim/fault", json_body=body)
    assert answer.status == 400
    assert answer.body["error"]["message"]


def test_the_document_names_every_kind_and_which_of_them_last() -> None:
    table = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    named = [name for row in rows for name in re.findall(r"\*{0,2}`\w+`\*{0,2}", row)][1:]
    assert {name.strip("*`") for name in named} == KINDS
    assert {name.strip("*`") for name in named if name.startswith("**")} == LASTING
