"""Sockets that do not bear pings, that live for seconds, and notices of mixed lengths or of somebody else."""

import base64

import aiohttp
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from tests.kis.simulator.conftest import Starter
from tests.kis.simulator.outside import Line, Outside


async def opened(outside: Outside) -> Line:
    line = await outside.connect()
    await line.register("H0GSCNI9", "demo01")
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="59.99", ask="60.00")
    return line


async def test_a_server_that_drops_on_protocol_pings(start: Starter) -> None:
    outside = await start()
    line = await opened(outside)
    await outside.control("fault", kind="ws_ping_drop")
    await outside.simulator.advance(5)
    await line.socket.ping()
    assert (await line.socket.receive(timeout=5)).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    again = await outside.connect()
    assert (await again.register("H0GSCNI9", "demo01"))["body"]["rt_cd"] == "0"


async def test_a_stream_that_lives_for_eight_seconds(start: Starter) -> None:
    outside = await start()
    await outside.control("fault", kind="ws_flap", every_s=8)
    line = await opened(outside)
    await outside.simulator.advance(7)
    assert (await outside.control("state"))["ws"]["connections"] == 1
    await outside.simulator.advance(1)
    assert (await line.socket.receive(timeout=5)).type is not aiohttp.WSMsgType.TEXT
    assert (await outside.control("state"))["ws"]["connections"] == 0


async def frame(line: Line) -> tuple[int, list[str]]:
    """Return the count and the fields of the next encrypted frame."""
    _, tr_id, count, payload = (await line.text()).split("|", 3)
    key, iv = line.keys[tr_id]
    decryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).decryptor()
    padded = decryptor.update(base64.b64decode(payload)) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return int(count), (unpadder.update(padded) + unpadder.finalize()).decode().split("^")


async def test_an_order_and_its_fill_share_a_frame_with_a_field_more_for_the_fill(start: Starter) -> None:
    outside = await start()
    line = await opened(outside)
    await outside.control("fault", kind="notice_packed")
    await outside.order("buy", "TQQQ", "3", "60.50")
    count, fields = await frame(line)
    assert (count, len(fields)) == (2, 24 + 25)
    accepted, fill = fields[:24], fields[24:]
    assert (accepted[0], accepted[7], accepted[12]) == ("demo01", "TQQQ", "1")
    assert (fill[0], fill[7], fill[12], fill[24]) == ("demo01", "TQQQ", "2", "60.0000")


async def test_notices_of_three_lengths_in_one_frame(start: Starter) -> None:
    outside = await start()
    line = await opened(outside)
    await outside.control("fault", kind="notice_packed", records=3, lengths=[21, 24, 25])
    await outside.order("buy", "TQQQ", "3", "20.00")
    await outside.order("buy", "TQQQ", "3", "60.50")
    count, fields = await frame(line)
    assert (count, len(fields)) == (3, 21 + 24 + 25)
    assert [fields[n] for n in (0, 21, 45)] == ["demo01"] * 3


async def test_packed_notices_do_not_wait_for_ever(start: Starter) -> None:
    outside = await start()
    line = await opened(outside)
    await outside.control("fault", kind="notice_packed")
    await outside.order("buy", "TQQQ", "3", "20.00")
    await outside.simulator.advance(0.5)
    count, fields = await frame(line)
    assert (count, len(fields)) == (1, 24)


async def test_a_fill_of_somebody_else_under_our_number(start: Starter) -> None:
    outside = await start()
    line = await opened(outside)
    await outside.control("fault", kind="notice_foreign", symbol="KO", qty=5)
    await outside.order("buy", "TQQQ", "10", "20.00")
    accepted, foreign = await line.notice(), await line.notice()
    assert accepted[2] == foreign[2]
    assert (foreign[7], foreign[4], foreign[8], foreign[12]) == ("KO", "01", "0000000005", "2")
    state = await outside.control("state")
    assert (state["fills"], state["orders"][0]["filled"]) == ([], 0)
