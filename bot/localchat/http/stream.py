"""Server-sent events: a person's screen, live."""

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from bot.localchat.hub import ScreenEvent
from bot.localchat.params import whole
from bot.localchat.present import screen_message
from bot.localchat.world import ChatWorld

_BEAT_S = 15.0


def event_route(world: ChatWorld) -> web.RouteDef:
    """Return the route of `GET /user/events`.

    Events: `message` (default; the message as it is now), `answer`, `action`, `draft`, `menu`, `blocked`, `reset`.
    With `after` the messages above that id come first; with Last-Event-ID the events missed since.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        person_id = whole(request.query.get("user_id", "")) or world.owner.id
        last_seen = whole(request.headers.get("Last-Event-ID", ""))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        with world.hub.watch(person_id, last_seen) as watcher, suppress(ConnectionError):
            await response.write(b"retry: 1000\n\n")
            if "after" in request.query:
                await _replay(world, response, person_id, whole(request.query["after"]) or 0)
            while True:
                try:
                    async with asyncio.timeout(_BEAT_S):
                        event = await watcher.queue.get()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if event is None:
                    break
                await response.write(_encoded(event))
        return response

    return web.get("/user/events", handle)


async def _replay(world: ChatWorld, response: web.StreamResponse, person_id: int, after: int) -> None:
    for message in world.chat_messages(person_id):
        if message.message_id > after:
            event = ScreenEvent(0, person_id, "message", screen_message(world, message))
            await response.write(_encoded(event))


def _encoded(event: ScreenEvent) -> bytes:
    number = f"id: {event.number}\n" if event.number else ""
    data = json.dumps(event.data, ensure_ascii=False)
    return f"{number}event: {event.name}\ndata: {data}\n\n".encode()
