"""The user's side: events, faults, calls, reset, state on disk, the page, the command line."""

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.localchat import LocalChat
from bot.localchat.clock import ManualClock
from tests.bot.localchat.conftest import TOKEN, Api, User

KEYBOARD = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}


async def next_event(stream: aiohttp.ClientResponse) -> tuple[str, Any]:
    """Return name and data of the next event of an open stream."""
    name = ""
    async with asyncio.timeout(5):
        while True:
            line = (await stream.content.readline()).decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
            elif not line and stream.content.at_eof():
                raise EOFError


async def test_events_show_messages_answers_and_typing(api: Api, owner: User) -> None:
    async with api.http.get(f"{api.base}/user/events?user_id={owner.id}") as stream:
        assert stream.content_type == "text/event-stream"
        await owner.send("안녕")
        name, message = await next_event(stream)
        assert (name, message["text"], message["html"]) == ("message", "안녕", "안녕")
        await api.ok("sendChatAction", chat_id=owner.id, action="typing")
        assert (await next_event(stream))[0] == "action"
        sent = await api.ok("sendMessage", chat_id=owner.id, text="x", reply_markup=KEYBOARD)
        assert (await next_event(stream))[1]["reply_markup"] == KEYBOARD
        query_id = await owner.press(sent["message_id"], "b")
        await api.ok("answerCallbackQuery", callback_query_id=query_id, text="ok", show_alert=True)
        name, answer = await next_event(stream)
        assert (name, answer["query_id"], answer["text"], answer["show_alert"]) == ("answer", query_id, "ok", True)
        await api.ok("deleteMessage", chat_id=owner.id, message_id=sent["message_id"])
        assert (await next_event(stream))[1]["deleted"] is True
        await owner.post("block")
        assert await next_event(stream) == ("blocked", {"blocked": True})


async def test_a_reader_who_comes_back_gets_what_was_missed(api: Api, owner: User) -> None:
    url = f"{api.base}/user/events?user_id={owner.id}"
    first = await owner.send("one")
    await owner.send("two")
    async with api.http.get(url, headers={"Last-Event-ID": "1"}) as stream:
        assert (await next_event(stream))[1]["text"] == "two"
    async with api.http.get(f"{url}&after={first}") as stream:
        assert (await next_event(stream))[1]["text"] == "two"


async def test_nobody_sees_the_events_of_others(api: Api, owner: User) -> None:
    stranger = User(owner.http, owner.base, 9)
    async with api.http.get(f"{api.base}/user/events?user_id=9") as stream:
        await owner.send("mine")
        await stranger.send("theirs")
        assert (await next_event(stream))[1]["text"] == "theirs"


async def test_messages_have_the_promised_fields(api: Api, owner: User) -> None:
    first = await owner.send("one")
    await api.ok("sendMessage", chat_id=owner.id, text="<b>x</b>", parse_mode="HTML", disable_notification=True)
    (message,) = await owner.messages(after=first)
    assert set(message) >= {
        *("id", "from", "date", "text", "entities", "html", "photo_url", "document_url", "reply_to"),
        *("reply_markup", "edited_at", "deleted", "silent", "pinned"),
    }
    assert (message["html"], message["silent"], message["from"]["is_bot"]) == ("<b>x</b>", True, True)


async def test_the_user_may_be_left_out(api: Api, owner: User) -> None:
    async with api.http.post(f"{api.base}/user/send", json={"text": "x"}) as response:
        assert response.status == 200
    async with api.http.get(f"{api.base}/user/messages") as response:
        assert len(await response.json()) == 1
    assert len(await owner.messages()) == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("send", {"text": ""}, 400),
        ("send", {"text": 3}, 400),
        ("send", {"text": "x" * 4097}, 400),
        ("send", {"text": "x", "user_id": "abc"}, 400),
        ("send", {"text": "x", "user_id": -5}, 400),
        ("send", {"text": "x", "user_id": 4242}, 400),
        ("send", {"text": "x", "reply_to": 5}, 404),
        ("edit", {"message_id": 5, "text": "x"}, 404),
        ("react", {"message_id": 5, "emoji": "👍"}, 404),
        ("expire", {"query_id": "5"}, 404),
        ("redeliver", {"query_id": "5"}, 404),
        ("group", {"chat_id": 5}, 400),
        ("fault", {"kind": "earthquake"}, 400),
        ("fault", {"kind": "error", "code": 200}, 400),
        ("fault", {"kind": "error", "times": "x"}, 400),
        ("fault", {"kind": "error", "times": True}, 400),
    ],
)
async def test_impossible_actions_are_refused_in_words(owner: User, path: str, body: Any, status: int) -> None:
    code, reason = await owner.refused(path, **body)
    assert code == status
    assert reason


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff"])
async def test_broken_bodies(api: Api, raw: bytes) -> None:
    async with api.http.post(f"{api.base}/user/send", data=raw) as response:
        assert response.status == 400


async def test_a_person_who_blocked_the_bot_cannot_write_to_it(owner: User) -> None:
    message_id = await owner.send("x")
    await owner.post("block")
    assert (await owner.refused("send", text="x"))[0] == 409
    assert (await owner.refused("press", message_id=message_id, data="x"))[0] == 409


async def test_fault_error(api: Api, owner: User) -> None:
    await owner.post("fault", kind="error", method="sendMessage", code=429, retry_after=3, times=2)
    assert len(await owner.get("fault")) == 1
    assert (await api.raw("getMe"))[0] == 200
    for _ in range(2):
        status, body = await api.raw("sendMessage", chat_id=owner.id, text="x")
        assert (status, body["parameters"]["retry_after"]) == (429, 3)
    await api.ok("sendMessage", chat_id=owner.id, text="x")
    assert await owner.get("fault") == []


@pytest.mark.parametrize(
    ("code", "description"),
    [(400, "Bad Request: injected"), (403, "Forbidden: bot was blocked by the user"), (502, "Bad Gateway")],
)
async def test_fault_descriptions(api: Api, owner: User, code: int, description: str) -> None:
    await owner.post("fault", kind="error", code=code)
    assert await api.refused("sendMessage", chat_id=owner.id, text="x") == description
    await owner.post("fault", kind="error", code=code, description="own words")
    assert await api.refused("sendMessage", chat_id=owner.id, text="x") == "own words"


async def test_a_fault_without_method_leaves_polling_alone(api: Api, owner: User) -> None:
    await owner.post("fault", kind="error")
    await api.ok("getUpdates")
    assert (await api.raw("getMe"))[0] == 500
    await owner.post("fault", kind="error", method="*")
    assert (await api.raw("getUpdates"))[0] == 500


async def test_a_lasting_fault_ends_by_itself(api: Api, owner: User, clock: ManualClock) -> None:
    await owner.post("fault", kind="error", seconds=30)
    for _ in range(3):
        assert (await api.raw("getMe"))[0] == 500
    clock.advance(30)
    await api.ok("getMe")


async def test_timeouts_lose_the_request_or_the_answer(api: Api, owner: User) -> None:
    for kind, text in (("timeout_before", "lost"), ("timeout_after_send", "arrived")):
        await owner.post("fault", kind=kind, method="sendMessage", seconds=0)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await api.raw("sendMessage", chat_id=owner.id, text=text)
    assert [message["text"] for message in await owner.messages()] == ["arrived"]


async def test_a_held_answer_ends_with_the_callers_patience(api: Api, owner: User) -> None:
    await owner.post("fault", kind="timeout_after_send", method="sendMessage")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await api.raw("sendMessage", chat_id=owner.id, text="arrived")
    assert len(await owner.messages()) == 1


async def test_slow_and_garbage(api: Api, owner: User) -> None:
    await owner.post("fault", kind="slow", method="getMe", seconds=0.05)
    await api.ok("getMe")
    await owner.post("fault", kind="garbage", method="getMe")
    async with api.http.get(f"{api.base}/bot{TOKEN}/getMe") as response:
        assert (response.status, response.content_type) == (502, "text/html")


async def test_down_cuts_every_connection_until_it_is_cleared(api: Api, owner: User) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(_disconnected(api.raw("getUpdates", timeout=50)))
        while not await owner.get("calls", method="getUpdates"):
            pass
        await owner.post("fault", kind="down")
        assert await poll
    assert await _disconnected(api.raw("getMe"))
    await owner.send("still typing")
    async with api.http.delete(f"{api.base}/user/fault") as response:
        assert response.status == 200
    assert len(await api.ok("getUpdates")) == 1


async def _disconnected(call: Any) -> bool:
    try:
        await call
    except aiohttp.ClientConnectionError:
        return True
    return False


async def test_calls_are_listed_without_the_token(api: Api, owner: User) -> None:
    await api.ok("sendMessage", chat_id=owner.id, text="x")
    await api.raw("sendMessage", chat_id=owner.id)
    good, bad = await owner.get("calls", method="sendmessage")
    assert (good["params"]["text"], good["status"], good["answer"]["ok"]) == ("x", 200, True)
    assert (bad["status"], bad["answer"]["error_code"]) == (400, 400)
    assert await owner.get("calls", after=bad["number"]) == []
    assert TOKEN not in json.dumps([good, bad])
    async with api.http.delete(f"{api.base}/user/calls"):
        assert await owner.get("calls") == []


async def test_limits_can_be_switched(api: Api, owner: User) -> None:
    await owner.post("limits", enabled=True)
    for _ in range(30):
        await api.ok("sendMessage", chat_id=owner.id, text="x")
    assert (await api.raw("sendMessage", chat_id=owner.id, text="x"))[0] == 429
    await owner.post("limits", enabled=False)
    await api.ok("sendMessage", chat_id=owner.id, text="x")


async def test_reset_forgets_everything(api: Api, owner: User) -> None:
    await owner.send("x")
    await api.ok("setMyCommands", commands=[{"command": "a", "description": "b"}])
    await owner.post("fault", kind="down")
    await owner.post("reset")
    assert await owner.messages() == []
    assert await api.ok("getUpdates") == []
    assert await api.ok("getMyCommands") == []
    await api.ok("sendMessage", chat_id=owner.id, text="the owner is still there")


async def test_the_chat_goes_on_after_a_restart(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    path = tmp_path / "chat" / "chat.sqlite"
    async with LocalChat(token=TOKEN, data_file=path, rates=None) as chat:
        api, owner = Api(http, chat.url), User(http, chat.url, chat.owner_id)
        await owner.send("/start")
        sent = await api.ok("sendMessage", chat_id=chat.owner_id, text="x", reply_markup=KEYBOARD)
        _, body = await api.upload("sendDocument", {"document": b"a,b"}, chat_id=chat.owner_id)
        query_id = await owner.press(sent["message_id"], "b")
        await api.ok("setMyCommands", commands=[{"command": "a", "description": "b"}])
        await api.ok("pinChatMessage", chat_id=chat.owner_id, message_id=sent["message_id"])
        (start, press) = await api.ok("getUpdates")
        await api.ok("getUpdates", offset=press["update_id"])
        before = await owner.messages()
    async with LocalChat(token=TOKEN, data_file=path, rates=None) as chat:
        api, owner = Api(http, chat.url), User(http, chat.url, chat.owner_id)
        assert await owner.messages() == before
        assert await api.ok("getUpdates") == [press]
        await api.ok("answerCallbackQuery", callback_query_id=query_id)
        file = await api.ok("getFile", file_id=body["result"]["document"]["file_id"])
        async with http.get(f"{chat.url}/file/bot{TOKEN}/{file['file_path']}") as response:
            assert await response.read() == b"a,b"
        assert len(await api.ok("getMyCommands")) == 1
        assert (await api.ok("getChat", chat_id=chat.owner_id))["pinned_message"]["text"] == "x"
        assert await owner.send("next") == before[-1]["id"] + 1
        assert (await api.ok("getUpdates"))[-1]["update_id"] == start["update_id"] + 2


async def test_the_page_and_its_files(chat: LocalChat, http: aiohttp.ClientSession) -> None:
    async with http.get(chat.url) as response:
        page = await response.text()
        assert (response.status, response.content_type) == (200, "text/html")
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert '<html lang="ko"' in page
    assert "{{" not in page
    assert "http://" not in page
    assert "https://" not in page
    for name in ("app.js", "style.css", "icon.svg"):
        async with http.get(f"{chat.url}/page/{name}") as response:
            assert response.status == 200
    for name in ("none.js", "..%2Fserver.py", "index.html"):
        async with http.get(f"{chat.url}/page/{name}") as response:
            assert response.status == 404
    async with http.get(f"{chat.url}/sim-proxy/state") as response:
        assert response.status == 404


async def test_the_simulator_is_reached_through_the_page(http: aiohttp.ClientSession) -> None:
    seen: list[Any] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append((request.method, request.path, await request.text()))
        return web.json_response({"speed": 60})

    app = web.Application()
    app.router.add_route("*", "/sim/{name}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with LocalChat(simulator_url=url) as chat:
        async with http.get(f"{chat.url}/sim-proxy/state") as response:
            assert await response.json() == {"speed": 60}
        async with http.post(f"{chat.url}/sim-proxy/clock", json={"speed": 0}) as response:
            assert response.status == 200
        async with http.get(chat.url) as response:
            assert "with-market" in await response.text()
        await runner.cleanup()
        async with http.get(f"{chat.url}/sim-proxy/state") as response:
            assert response.status == 502
    assert seen == [("GET", "/sim/state", ""), ("POST", "/sim/clock", '{"speed": 0}')]


async def test_a_taken_port_is_said_and_nothing_is_left_open(chat: LocalChat) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await LocalChat().start(chat.port)


async def test_closing_ends_polls_and_streams_at_once(http: aiohttp.ClientSession) -> None:
    chat = await LocalChat(token=TOKEN).start()
    api = Api(http, chat.url)
    async with asyncio.TaskGroup() as group, asyncio.timeout(5), http.get(f"{chat.url}/user/events") as stream:
        poll = group.create_task(api.ok("getUpdates", timeout=50))
        while not await User(http, chat.url, chat.owner_id).get("calls"):
            pass
        await chat.aclose()
        assert await poll == []
        with pytest.raises(EOFError):
            await next_event(stream)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_line(tmp_path: Path, http: aiohttp.ClientSession, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.localchat", "--port", str(port), "--token", TOKEN, "--lang", "en"),
        *("--data", str(tmp_path / "chat.sqlite")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(20):
        assert (await process.stdout.readline()).decode().strip() == f"http://127.0.0.1:{port}/"
        assert (await Api(http, f"http://127.0.0.1:{port}").ok("getMe"))["is_bot"]
        process.send_signal(number)
        _, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")


async def test_the_command_line_warns_of_a_real_token() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.localchat", "--port", "0", "--token", "123456789:" + "A" * 35),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        assert b"http://127.0.0.1" in await process.stdout.readline()
        process.terminate()
        _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"real bot" in errors
