"""The two servers of this machine, simulator and local chat, answer nobody else: one table of tries for both.

A browser on this machine carries whatever page it shows: one of another site, or of a name that was made to point here.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.localchat import DEFAULT_TOKEN, LocalChat
from kis.simulator.clock import SimClock
from kis.simulator.server import Simulator

ROOT = Path(__file__).parent.parent
SERVERS = ("simulator", "chat")
HERE = "{host}"  # the server's own address


@dataclass(frozen=True)
class Door:
    """One server: its address, something that changes it, and something to look at."""

    url: str
    change: str
    body: dict[str, object]
    look: str


@pytest.fixture
async def doors() -> AsyncIterator[dict[str, Door]]:
    async with AsyncExitStack() as stack:
        simulator = Simulator(clock=SimClock(datetime(2026, 9, 15, 16, tzinfo=UTC)))
        chat = LocalChat()
        await stack.enter_async_context(simulator)
        await stack.enter_async_context(chat)
        yield {
            "simulator": Door(simulator.rest_url, "/sim/clock", {"advance_s": 1}, "/sim/state"),
            "chat": Door(chat.url, "/user/send", {"text": "/start"}, f"/bot{DEFAULT_TOKEN}/getMe"),
        }


async def status(door: Door, method: str, headers: dict[str, str], path: str | None = None) -> int:
    host = door.url.removeprefix("http://")
    own = {name: value.replace(HERE, host) for name, value in headers.items()}
    path = path or (door.change if method == "POST" else door.look)
    body = door.body if method == "POST" else None
    async with aiohttp.ClientSession() as http, http.request(method, door.url + path, json=body, headers=own) as answer:
        return answer.status


ALLOWED: dict[str, dict[str, str]] = {
    "a program": {},
    "the page itself": {"Origin": f"http://{HERE}", "Sec-Fetch-Site": "same-origin"},
    "a typed address": {"Sec-Fetch-Site": "none"},
    "localhost by name": {"Host": "localhost"},
    "the other loopback": {"Host": "[::1]:8080"},
}
REFUSED: dict[str, dict[str, str]] = {
    "another host": {"Host": "evil.example"},
    "another host and a port": {"Host": "evil.example:8081"},
    "a name that ends in ours": {"Host": "localhost.evil.example"},
    "our name as its user": {"Host": "localhost@evil.example"},
    "no name": {"Host": ""},
    "half an address": {"Host": "[::1"},
    "an address of the network": {"Host": "192.168.0.10:8081"},
    "a page of another site": {"Origin": "https://evil.example"},
    "a page of another port": {"Origin": "http://127.0.0.1:1"},
    "a page of another scheme": {"Origin": f"https://{HERE}"},
    "a page without an origin": {"Origin": "null"},
    "a host and page alike": {"Host": "evil.example", "Origin": "http://evil.example"},
    "a picture on another site": {"Sec-Fetch-Site": "cross-site"},
    "a picture on another port": {"Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", ALLOWED.values(), ids=ALLOWED)
async def test_this_machine_is_answered(
    doors: dict[str, Door], server: str, method: str, headers: dict[str, str]
) -> None:
    assert await status(doors[server], method, headers) == 200


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", REFUSED.values(), ids=REFUSED)
async def test_everybody_else_is_refused(
    doors: dict[str, Door], server: str, method: str, headers: dict[str, str]
) -> None:
    assert await status(doors[server], method, headers) == 403


@pytest.mark.parametrize("path", ["/sim/order", "/sim/fault", "/sim/tick", "/sim/cash", "/oauth2/tokenP"])
async def test_no_page_trades_breaks_or_logs_in_at_the_simulator(doors: dict[str, Door], path: str) -> None:
    assert await status(doors["simulator"], "POST", {"Origin": "https://evil.example"}, path) == 403


async def test_no_page_opens_a_socket_at_the_simulator(doors: dict[str, Door]) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(doors["simulator"].url + "/tryitout", headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403


async def test_a_link_on_another_site_opens_the_chat_page_and_nothing_else(doors: dict[str, Door]) -> None:
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert await status(doors["chat"], "GET", followed, "/") == 200
    assert await status(doors["chat"], "GET", followed, f"/bot{DEFAULT_TOKEN}/sendMessage?chat_id=1&text=x") == 403


def test_both_guards_are_one_text() -> None:
    simulator, chat = (ROOT / path / "guard.py" for path in ("kis/simulator", "bot/localchat/http"))
    assert simulator.read_text() == chat.read_text()
