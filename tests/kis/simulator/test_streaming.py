"""The WebSocket from outside (kis-protocol 7, 10)."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from tests.kis.simulator.conftest import Starter
from tests.kis.simulator.outside import OTHER_KEY, Line, Outside

BOTH = pytest.mark.parametrize("virtual", [True, False])
PRE_MARKET = datetime(2026, 9, 15, 12, 0, tzinfo=UTC)


def notice_tr(outside: Outside) -> str:
    return "H0GSCNI9" if outside.virtual else "H0GSCNI0"


def code(answer: dict[str, Any]) -> str:
    return str(answer["body"]["msg_cd"])


@BOTH
@pytest.mark.parametrize("path", ["/", "/tryitout", "/tryitout/HDFSCNT0", "/anything/else"])
async def test_any_path_takes_a_websocket(start: Starter, path: str, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    line = await outside.connect(path)
    answer = await line.register("HDFSCNT0", "DNASTQQQ")
    assert (answer["body"]["rt_cd"], code(answer)) == ("0", "OPSP0000")
    assert answer["header"]["tr_key"] == "DNASTQQQ"
    assert (len(answer["body"]["output"]["iv"]), len(answer["body"]["output"]["key"])) == (16, 32)


async def test_a_trade_record_has_twenty_six_fields_with_the_key_first_quirk_26(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.00", volume=25)
    (record,) = await line.records(26)
    assert record[:8] == ["DNASTQQQ", "TQQQ", "4", "20260915", "20260915", "120000", "20260916", "010000"]
    assert record[11] == "60.0000"
    assert (record[15], record[16], record[19]) == ("59.9900", "60.0000", "25")
    base = (await outside.price("NAS", "TQQQ"))["base"]
    assert record[12] == ("5" if float(base) > 60 else "2")
    assert float(record[13]) == pytest.approx(abs(60 - float(base)))


async def test_several_records_share_a_frame(start: Starter) -> None:
    outside = await start(records_per_frame=3)
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    async with outside.simulator.still():
        for cents in range(7):
            outside.simulator.world.print_by_hand("TQQQ", 600_000 + cents * 100, 10, bid=None, ask=None, shift=True)
    frames = [await line.records(26) for _ in range(3)]
    assert [len(frame) for frame in frames] == [3, 3, 1]
    assert [record[11] for frame in frames for record in frame] == [f"60.0{n}00" for n in range(7)]


async def test_time_streams_the_model_in_order(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    for key in ("DNASTQQQ", "DNYSO", "DAMSXLF"):
        await line.register("HDFSCNT0", key)
    await outside.simulator.advance(120)
    seen: list[list[str]] = []
    async with asyncio.timeout(5):
        while len({record[1] for record in seen}) < 3 or len(seen) < 20:
            seen += await line.records(26)
    times = [record[5] for record in seen]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("more", "width"),
    [
        ({}, 71),
        ({"book_levels": 1}, 17),
        ({"book_with_key": False, "book_levels": 1}, 16),
        ({"book_level3_twice": True}, 77),
    ],
)
async def test_book_records_in_every_variant_of_the_sources(start: Starter, more: dict[str, Any], width: int) -> None:
    outside = await start(virtual=False, **more)
    line = await outside.connect()
    await line.register("HDFSASP0", "DNASTQQQ")
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.02")
    (record,) = await line.records(width)
    at = 11 if width != 16 else 10
    assert record[at : at + 2] == ["59.9900", "60.0200"]


async def test_virtual_price_streams_can_be_mute(start: Starter) -> None:
    outside = await start(virtual_ticks=False)
    line = await outside.connect()
    assert code(await line.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0000"
    await line.register(notice_tr(outside), "demo01")
    await outside.control("tick", symbol="TQQQ", last="60.00")
    await outside.order("buy", "TQQQ", "1", "20.00")
    assert (await line.notice())[7] == "TQQQ"  # the tick before it was not sent


@BOTH
async def test_notices_of_an_order_and_its_fill_quirk_27_and_28(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    line = await outside.connect()
    answer = await line.register(notice_tr(outside), "demo01")
    assert answer["header"]["encrypt"] == "Y"
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.00")
    number = (await outside.order("buy", "TQQQ", "5", "60.50")).body["output"]["ODNO"]
    accepted, filled = await line.notice(), await line.notice()
    assert len(accepted) == 24
    assert accepted[:10] == ["demo01", "5012345601", number, "", "02", "0", "2", "TQQQ", "0000000005", "000605000"]
    assert accepted[11:16] == ["0", "1", "1", "00950" if virtual else "01790", ""]
    assert len(filled) == 25
    assert filled[8:16] == ["0000000005", "000600000", "", "0", "2", "2", accepted[14], "000000005"]
    assert filled[24] == "60.0000"
    assert filled[18] == "6"


async def test_notice_lengths_are_switches_quirk_27(start: Starter) -> None:
    outside = await start(order_notice_fields=21, fill_notice_fields=21)
    line = await outside.connect()
    await line.register(notice_tr(outside), "demo01")
    await outside.order("buy", "TQQQ", "1", "20.00")
    assert len(await line.notice()) == 21


async def test_cancel_and_amend_notices_come_as_receipt_and_confirmation(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await line.register(notice_tr(outside), "demo01")
    first = (await outside.order("buy", "TQQQ", "5", "20.00")).body["output"]["ODNO"]
    second = (await outside.change("amend", first, "TQQQ", "5", "21.00")).body["output"]["ODNO"]
    third = (await outside.change("cancel", second, "TQQQ", "5")).body["output"]["ODNO"]
    notices = [await line.notice() for _ in range(5)]
    assert [(n[2], n[3], n[5], n[12], n[13]) for n in notices] == [
        (first, "", "0", "1", "1"),
        (second, first, "1", "1", "1"),
        (second, first, "1", "1", "2"),
        (third, second, "2", "1", "1"),
        (third, second, "2", "1", "2"),
    ]


async def test_a_later_rejection_is_told_by_notice_and_row(start: Starter) -> None:
    outside = await start(virtual=False)
    line = await outside.connect()
    await line.register(notice_tr(outside), "demo01")
    await outside.control("fault", kind="reject", mode="later", text="거래소 거부")
    assert (await outside.order("buy", "TQQQ", "1", "20.00")).body["rt_cd"] == "0"
    accepted, rejected = await line.notice(), await line.notice()
    assert (accepted[11], rejected[11], rejected[12]) == ("0", "1", "1")
    (row,) = (await outside.executions()).body["output"]
    assert (row["prcs_stat_name"], row["rjct_rson_name"], row["nccs_qty"]) == ("거부", "거래소 거부", "0")


async def test_orders_by_hand_are_noticed_too(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    await line.register(notice_tr(outside), "demo01")
    await outside.balance()
    placed = await outside.control("order", symbol="TQQQ", side="buy", qty=2, price="20.00")
    assert (await line.notice())[2] == placed["odno"]
    (row,) = (await outside.executions()).body["output"]
    assert row["mdia_dvsn_name"] == "HTS"


async def test_a_wrong_hts_id_is_opsp0017(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    assert code(await line.register(notice_tr(outside), "demo01")) == "OPSP0000"
    wrong = await line.register(notice_tr(outside), "DEMO01")
    assert (code(wrong), wrong["body"]["rt_cd"]) == ("OPSP0017", "9")
    assert code(await line.register("H0STCNI9", "demo01")) == "OPSP0000"  # 10.1, 7


async def test_forty_one_registrations_in_all_quirk_32(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    for n in range(41):
        assert code(await line.register("HDFSCNT0", f"DNASX{n}")) == "OPSP0000"
    refused = await line.register("HDFSCNT0", "DNASTQQQ")
    assert (code(refused), refused["body"]["msg1"]) == ("OPSP0008", "MAX SUBSCRIBE OVER")
    assert code(await line.register("HDFSCNT0", "DNASX0", tr_type="2")) == "OPSP0001"
    assert code(await line.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0000"


async def test_registration_answers(start: Starter) -> None:
    outside = await start()
    line = await outside.connect()
    assert code(await line.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0000"
    assert code(await line.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0002"
    done = await line.register("HDFSCNT0", "DNASTQQQ", tr_type="2")
    assert (code(done), "output" in done["body"]) == ("OPSP0001", False)
    assert code(await line.register("HDFSCNT0", "DNASTQQQ", tr_type="2")) == "OPSP0003"
    assert code(await line.register("NOSUCH", "DNASTQQQ")) == "OPSP8991"
    assert code(await line.register("HDFSCNT0", "TQQQ")) == "OPSP8992"
    assert code(await line.register("HDFSCNT0", "DNASTQQQ", tr_type="0")) == "OPSP8997"
    assert code(await line.register("HDFSCNT0", "DNASTQQQ", custtype="X")) == "OPSP8998"
    assert code(await line.register("HDFSCNT0", "DNASTQQQ", approval_key="nobody")) == "OPSP0011"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nonsense", "OPSP8993"),
        ("[1]", "OPSP9999"),
        ("{}", "OPSP9996"),
        ('{"header":{}}', "OPSP9992"),
        ('{"header":{},"body":{}}', "OPSP9991"),
        ('{"header":{},"body":{"input":{}}}', "OPSP9993"),
    ],
)
async def test_malformed_messages_are_answered_without_a_tr_id_quirk_29(
    start: Starter, text: str, expected: str
) -> None:
    line = await (await start()).connect()
    await line.socket.send_str(text)
    answer = await line.json()
    assert code(answer) == expected
    assert answer["header"]["tr_id"] == "(null)"


async def test_the_encrypt_flag_can_be_wrong_quirk_30(start: Starter) -> None:
    outside = await start(ack_encrypt="always_n")
    line = await outside.connect()
    assert (await line.register(notice_tr(outside), "demo01"))["header"]["encrypt"] == "N"
    await outside.order("buy", "TQQQ", "1", "20.00")
    assert (await line.notice())[7] == "TQQQ"


async def test_a_second_socket_of_a_key_is_refused_and_the_first_lives_quirk_31(start: Starter) -> None:
    outside = await start()
    first = await outside.connect()
    await first.register("HDFSCNT0", "DNASTQQQ")
    second = await outside.connect()
    refused = await second.register("HDFSCNT0", "DNASTQQQ")
    assert (code(refused), refused["body"]["rt_cd"]) == ("OPSP8996", "9")
    assert (await second.socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
    assert code(await first.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0002"
    await first.socket.close()
    await freed(outside)
    third = await outside.connect()
    assert code(await third.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0000"


async def test_the_newcomer_can_win_instead_quirk_31(start: Starter) -> None:
    outside = await start(in_use="drop_old")
    first = await outside.connect()
    await first.register("HDFSCNT0", "DNASTQQQ")
    second = await outside.connect()
    assert code(await second.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0000"
    assert (await first.socket.receive(timeout=5)).type is not aiohttp.WSMsgType.TEXT


async def test_a_lost_session_lingers_quirk_31(start: Starter) -> None:
    outside = await start(linger_s=30.0)
    first = await outside.connect()
    await first.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("fault", kind="ws_drop")
    await freed(outside)
    second = await outside.connect()
    assert code(await second.register("HDFSCNT0", "DNASTQQQ")) == "OPSP8996"
    await outside.simulator.advance(30)
    third = await outside.connect()
    assert code(await third.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0000"


async def test_two_keys_have_two_sockets(start: Starter) -> None:
    outside = await start()
    other = Outside(outside.simulator, outside.http, virtual=True, app_key=OTHER_KEY, secret="q" * 180)
    await other.login()
    for someone in (outside, other):
        line = await someone.connect()
        assert code(await line.register("HDFSCNT0", "DNASTQQQ")) == "OPSP0000"


async def freed(outside: Outside) -> None:
    """Wait until the server noticed that every socket ended."""
    async with asyncio.timeout(5):
        while (await outside.control("state"))["ws"]["connections"]:
            pass


async def ping(line: Line) -> str:
    text = await line.text()
    assert json.loads(text)["header"]["tr_id"] == "PINGPONG"
    return text


@pytest.mark.parametrize("how", ["echo", "pong"])
async def test_pingpong_answered_by_echo_or_pong_keeps_the_session(start: Starter, how: str) -> None:
    outside = await start(pingpong_real_floor_s=0.0)
    line = await outside.connect()
    for _ in range(4):
        await outside.simulator.advance(60)
        text = await ping(line)
        if how == "echo":
            await line.socket.send_str(text)
        else:
            await line.socket.pong(text.encode())
        await line.register("HDFSCNT0", "DNASX")  # its answer shows that the reply before it was read
    assert not line.socket.closed


async def test_pingpong_left_unanswered_ends_the_session(start: Starter) -> None:
    outside = await start(pingpong_real_floor_s=0.0)
    line = await outside.connect()
    await outside.simulator.advance(60)
    text = await ping(line)
    assert json.loads(text)["header"]["datetime"] == "20260916010100"
    await outside.simulator.advance(60)
    await ping(line)
    await outside.simulator.advance(60)
    assert (await line.socket.receive(timeout=5)).type is not aiohttp.WSMsgType.TEXT


async def test_pre_market_prints_carry_their_own_kind(start: Starter) -> None:
    outside = await start(virtual=False, now=PRE_MARKET)
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await outside.control("tick", symbol="TQQQ", last="60.00")
    (record,) = await line.records(26)
    assert (record[25], record[5]) == ("2", "080000")


async def test_day_market_prints_go_to_day_market_keys(start: Starter) -> None:
    outside = await start(virtual=False, now=datetime(2026, 9, 15, 3, 0, tzinfo=UTC))
    line = await outside.connect()
    await line.register("HDFSCNT0", "DNASTQQQ")
    await line.register("HDFSCNT0", "RBAQTQQQ")
    await outside.control("tick", symbol="TQQQ", last="60.00")
    (record,) = await line.records(26)
    assert record[0] == "RBAQTQQQ"
    assert (record[3], record[4]) == ("20260915", "20260914")


async def test_protocol_pings_are_answered(start: Starter) -> None:
    line = await (await start()).connect()
    await line.socket.ping(b"there?")
    message = await line.socket.receive(timeout=5)
    assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"there?")
