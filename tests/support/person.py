"""A simulated person in front of the local Telegram, and the bot that answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

Json = dict[str, Any]
PATIENCE_S = 30


class Person:
    """Types, presses, and reads the screen as it changes."""

    def __init__(self, http: aiohttp.ClientSession, base: str, user_id: int) -> None:
        self.id = user_id
        self.screen: dict[int, Json] = {}
        self._http = http
        self._base = base
        self._changed = asyncio.Condition()
        self._changes = 0

    async def watch(self) -> None:
        """Keep the screen up to date until cancelled."""
        url = f"{self._base}/user/events"
        async with self._http.get(url, params={"user_id": self.id, "after": 0}) as response:
            name = ""
            async for raw in response.content:
                line = raw.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and name == "message":
                    message = json.loads(line.removeprefix("data: "))
                    async with self._changed:
                        self.screen[message["id"]] = message
                        self._changes += 1
                        self._changed.notify_all()

    async def send(self, text: str) -> int:
        return int((await self.post("send", text=text))["message_id"])

    async def press(self, message: Json, label: str) -> str:
        """Press the button whose text contains the label."""
        data = next(
            button["callback_data"]
            for row in message["reply_markup"]["inline_keyboard"]
            for button in row
            if label in button["text"]
        )
        return await self.press_data(message["id"], data)

    async def press_data(self, message_id: int, data: str) -> str:
        return str((await self.post("press", message_id=message_id, data=data))["query_id"])

    async def post(self, path: str, **body: Any) -> Json:
        async with self._http.post(f"{self._base}/user/{path}", json={"user_id": self.id, **body}) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer

    async def delete(self, path: str) -> None:
        async with self._http.delete(f"{self._base}/user/{path}") as response:
            assert response.status == 200

    async def get(self, path: str, **query: Any) -> Any:
        async with self._http.get(f"{self._base}/user/{path}", params={"user_id": self.id, **query}) as response:
            assert response.status == 200
            return await response.json()

    async def ask(self, text: str) -> Json:
        """Type, and return the bot's next message."""
        sent = await self.send(text)
        return await self.sees(lambda message: message["id"] > sent)

    async def does(self, message: Json, label: str) -> Json:
        """Press a button and return the message as it looks after the next change of the screen."""
        before = dict(self.screen)
        await self.press(message, label)
        return await self.sees(lambda each: before.get(each["id"]) != each)

    async def sees(self, wanted: Callable[[Json], bool]) -> Json:
        """Wait for a message from the bot that fits, and return it."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            while True:
                for message in list(self.screen.values()):
                    if message["from"]["is_bot"] and message.get("text") and wanted(message):
                        return message
                await self._changed.wait()

    async def reads(self, part: str) -> Json:
        return await self.sees(lambda message: part in message["text"])

    def from_bot(self) -> list[Json]:
        return [message for message in self.screen.values() if message["from"]["is_bot"]]


def labels(message: Json) -> list[str]:
    markup = message.get("reply_markup") or {}
    return [button["text"] for row in markup.get("inline_keyboard", []) for button in row]


@asynccontextmanager
async def present(base: str, user_id: int) -> AsyncIterator[Person]:
    """Let a person look at the chat for the time of the block."""
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        person = Person(http, base, user_id)
        watching = group.create_task(person.watch())
        yield person
        watching.cancel()
