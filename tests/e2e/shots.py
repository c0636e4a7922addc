"""Pictures of chat messages as the local chat shows them, for the documents.

    async with open_browser() as browser, Studio(browser) as studio:
        await studio.say("sendMessage", text="<b>Hello</b>", parse_mode="HTML")
        await studio.picture(Path("docs/screens/hello.png"), last=1)

What is said goes through the real Bot API of a fresh local chat at a fixed hour, so a text that Telegram would refuse
fails here too, and the same messages give the same picture.
"""

import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

from aiohttp import ClientSession, FormData

from bot.localchat import LocalChat
from bot.localchat.clock import ManualClock
from tests.e2e.browser import Browser
from tests.e2e.screens import Look, Screen, open_screen

EVENING_S = 1_795_010_460.0  # 18 November 2026, 23:01 in Seoul, 09:01 in New York
_MARGIN = 12.0
_ONLY_MESSAGES = """
for (const node of document.querySelectorAll('.actions, .day')) node.style.visibility = 'hidden';
Promise.all([...document.querySelectorAll('.log img')].map((image) => image.decode()))
"""


class Studio:
    """A local chat with its page open: let somebody say something, then take a picture of it."""

    def __init__(
        self,
        browser: Browser,
        *,
        width: int = 430,
        scheme: str = "light",
        language: str = "ko",
        at_s: float = EVENING_S,
    ) -> None:
        self._browser = browser
        self._at_s = at_s
        self._look = Look(width, 1600, "dark" if scheme == "dark" else "light", "en" if language == "en" else "ko")
        self._clock = ManualClock(at_s)
        self._chat = LocalChat(language=self._look.language, clock=self._clock, rates=None)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._chat)
            self._http = await stack.enter_async_context(ClientSession())
            opened = open_screen(
                self._browser, self._chat.url, self._look, now_s=self._at_s + 60, touch=False, guide=False
            )
            self._screen: Screen = await stack.enter_async_context(opened)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def chat(self) -> LocalChat:
        """The server itself, for a bot that is to speak here."""
        return self._chat

    @property
    def owner_id(self) -> int:
        return self._chat.owner_id

    async def say(self, method: str, *, files: dict[str, bytes] | None = None, **params: Any) -> dict[str, Any]:
        """Let the bot call a method (chat_id is filled in) and return the result; a refusal raises ValueError."""
        form = FormData()
        for name, value in {"chat_id": self.owner_id, **params}.items():
            form.add_field(name, value if isinstance(value, str) else json.dumps(value))
        for name, content in (files or {}).items():
            form.add_field(name, content, filename=f"{name}.png")
        url = f"{self._chat.url}/bot{self._chat.token}/{method}"
        async with self._http.post(url, data=form) as response:
            body: dict[str, Any] = await response.json()
        if not body["ok"]:
            raise ValueError(f"{method}: {body['description']}")
        return body["result"] if isinstance(body["result"], dict) else {"ok": body["result"]}

    async def person_says(self, text: str) -> None:
        """Let the owner type something."""
        async with self._http.post(f"{self._chat.url}/user/send", json={"text": text}) as response:
            response.raise_for_status()

    async def clear(self) -> None:
        """Begin an empty chat."""
        async with self._http.post(f"{self._chat.url}/user/reset", json={}) as response:
            response.raise_for_status()

    async def picture(self, path: Path, *, last: int = 1) -> None:
        """Write a picture of the newest messages, their buttons included."""
        path.write_bytes(await self.rendered(last=last))

    async def rendered(self, *, last: int = 1) -> bytes:
        """Return the PNG of the newest messages, cropped to them."""
        page = self._screen.page
        async with self._http.get(f"{self._chat.url}/user/messages", params={"limit": last}) as response:
            shown = [message["id"] for message in await response.json() if not message["deleted"]]
        await page.reload()  # the newest edit of each, without waiting for it to arrive
        await page.locator("body:not(.starting)").wait_for()
        for message_id in shown:
            await page.locator(f'[data-id="{message_id}"]').wait_for()
        await page.evaluate(_ONLY_MESSAGES)
        boxes = [await page.locator(f'[data-id="{message_id}"]').bounding_box() for message_id in shown]
        found = [box for box in boxes if box is not None]
        top = min(box["y"] for box in found) - _MARGIN
        bottom = max(box["y"] + box["height"] for box in found) + _MARGIN
        clip = {"x": 0.0, "y": max(0.0, top), "width": float(self._look.width), "height": bottom - max(0.0, top)}
        return await page.screenshot(clip=clip, animations="disabled", caret="hide")  # type: ignore[arg-type]
