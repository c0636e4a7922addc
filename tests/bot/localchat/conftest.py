"""A running local chat and a bot and a person who talk to it over real HTTP."""

import asyncio
import io
import json
import struct
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from bot.localchat import LocalChat
from bot.localchat.clock import ManualClock

TOKEN = "4242:made-up"
Json = dict[str, Any]


class Api:
    """A bare Bot API client: what goes in and comes out is visible."""

    def __init__(self, http: aiohttp.ClientSession, base: str, token: str = TOKEN) -> None:
        self.http = http
        self.base = base
        self.token = token

    async def raw(self, method: str, **params: Any) -> tuple[int, Json]:
        """POST urlencoded, as aiogram does; return status and body."""
        form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
        async with self.http.post(f"{self.base}/bot{self.token}/{method}", data=form) as response:
            body: Json = await response.json()
            assert response.content_type == "application/json"
            return response.status, body

    async def ok(self, method: str, **params: Any) -> Any:
        status, body = await self.raw(method, **params)
        assert (status, body.get("ok")) == (200, True), body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """Return the description of a refusal."""
        status, body = await self.raw(method, **params)
        assert body["ok"] is False
        assert body["error_code"] == status
        return str(body["description"])

    async def upload(self, method: str, files: dict[str, bytes], **params: Any) -> tuple[int, Json]:
        form = aiohttp.FormData()
        for name, value in params.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        for name, content in files.items():
            form.add_field(name, io.BytesIO(content), filename=f"{name}.bin", content_type="application/octet-stream")
        async with self.http.post(f"{self.base}/bot{self.token}/{method}", data=form) as response:
            return response.status, await response.json()


class User:
    """A person over the user's side."""

    def __init__(self, http: aiohttp.ClientSession, base: str, user_id: int) -> None:
        self.http = http
        self.base = base
        self.id = user_id

    async def post(self, path: str, **body: Any) -> Json:
        async with self.http.post(f"{self.base}/user/{path}", json={"user_id": self.id, **body}) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer

    async def refused(self, path: str, **body: Any) -> tuple[int, str]:
        async with self.http.post(f"{self.base}/user/{path}", json={"user_id": self.id, **body}) as response:
            return response.status, (await response.json())["error"]

    async def get(self, path: str, **query: Any) -> Any:
        async with self.http.get(f"{self.base}/user/{path}", params={"user_id": self.id, **query}) as response:
            assert response.status == 200
            return await response.json()

    async def send(self, text: str, **more: Any) -> int:
        return int((await self.post("send", text=text, **more))["message_id"])

    async def press(self, message_id: int, data: str, **more: Any) -> str:
        return str((await self.post("press", message_id=message_id, data=data, **more))["query_id"])

    async def messages(self, **query: Any) -> list[Json]:
        return list(await self.get("messages", **query))

    async def until(self, true: Callable[[list[Json]], bool], within_s: float = 10) -> list[Json]:
        """Return the messages as soon as they are as expected."""
        async with asyncio.timeout(within_s):
            while not true(shown := await self.messages()):
                pass
        return shown


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def chat(clock: ManualClock) -> AsyncIterator[LocalChat]:
    async with LocalChat(token=TOKEN, clock=clock, rates=None) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def api(chat: LocalChat, http: aiohttp.ClientSession) -> Api:
    return Api(http, chat.url)


@pytest.fixture
def owner(chat: LocalChat, http: aiohttp.ClientSession) -> User:
    return User(http, chat.url, chat.owner_id)


def png(width: int = 4, height: int = 3) -> bytes:
    """Return a small valid picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x30\x80\xe0" * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
