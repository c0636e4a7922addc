"""The user's side over HTTP: what a browser page or a test does as a person.

`user_id` may be left out (the owner), `chat_id` names a group (else the private chat). Beside send, press, photo,
document, block, unblock, messages, answers, events and fault:

- POST send {rich_message} in place of text · send {chat_id, text, ephemeral} into a group, for the bot alone
- POST edit {message_id, text} · react {message_id, emoji} · stop (a draft) · inline {query}, choose {inline_query_id,
  result_id}, GET inline/ID
- POST redeliver {query_id}: the same press once more · expire {query_id?}: too late to answer it
- POST person {first_name, language_code, username, started, deactivated} · group {chat_id?, type, title, members,
  is_forum, bot_status} · GET people
- GET state {bot, person, commands, menu_button, pinned, action} · calls?after=&method= · DELETE calls
- POST limits {enabled} · reset
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from aiohttp import web

from bot.localchat.api.account import menu_button_of, menu_of
from bot.localchat.calls import CallLog
from bot.localchat.faults import ApiFault, ApiFaults
from bot.localchat.limits import Rates
from bot.localchat.misfortunes import befall
from bot.localchat.model import Chat, ChatMessage, InlineQuery, Json, Person, Query
from bot.localchat.params import BROKEN_FORM, whole
from bot.localchat.person import People, PersonRefused
from bot.localchat.present import screen_message
from bot.localchat.world import ChatWorld

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_Thing = TypeVar("_Thing")


class UserSide:
    """Answers what a person, or a test that plays one, asks; every answer is JSON."""

    def __init__(
        self, *, world: ChatWorld, faults: ApiFaults, calls: CallLog, on_down: Callable[[], None], has_simulator: bool
    ) -> None:
        self._world = world
        self._people = People(world)
        self._faults = faults
        self._calls = calls
        self._on_down = on_down
        self._has_simulator = has_simulator

    def routes(self) -> list[web.RouteDef]:
        posts: dict[str, Callable[[Json], Any]] = {
            "send": self._send,
            "edit": self._edit,
            "press": self._press,
            "redeliver": self._redeliver,
            "expire": self._expire,
            "react": self._react,
            "stop": self._stop,
            "inline": self._inline,
            "choose": self._choose,
            "block": lambda body: self._block(body, blocked=True),
            "unblock": lambda body: self._block(body, blocked=False),
            "person": self._person_changed,
            "group": self._group,
            "limits": self._limits,
            "fault": self._fault,
            "reset": self._reset,
        }
        gets: dict[str, Callable[[web.Request], Any]] = {
            "messages": self._messages,
            "state": self._state,
            "answers/{query_id}": self._answer,
            "inline/{query_id}": self._inline_answer,
            "fault": lambda _: self._faults.active(),
            "calls": self._listed_calls,
            "people": lambda _: [self._person_json(person) for person in self._world.people.values()],
        }
        deletes: dict[str, Callable[[], None]] = {"fault": self._faults.clear, "calls": self._calls.clear}
        return [
            *(web.post(f"/user/{path}", self._posted(act)) for path, act in posts.items()),
            *(web.get(f"/user/{path}", self._got(act)) for path, act in gets.items()),
            *(web.delete(f"/user/{path}", self._deleted(act)) for path, act in deletes.items()),
            web.post("/user/photo", self._uploaded),
            web.post("/user/document", self._uploaded),
            web.get("/user/file/{file_id}", self._file),
        ]

    # shapes of requests

    def _posted(self, act: Callable[[Json], Any]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return answer(act(await _json_body(request)))
            except PersonRefused as refusal:
                return _refusal(refusal)
            finally:
                self._world.commit()

        return handle

    def _got(self, act: Callable[[web.Request], Any]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return answer(act(request))
            except PersonRefused as refusal:
                return _refusal(refusal)

        return handle

    @staticmethod
    def _deleted(act: Callable[[], None]) -> Handler:
        async def handle(_request: web.Request) -> web.StreamResponse:
            act()
            return answer({"cleared": True})

        return handle

    # acting

    def _send(self, body: Json) -> Json:
        person, chat = self._who(body)
        reply_to, thread = _optional_int(body, "reply_to"), _optional_int(body, "message_thread_id")
        if body.get("rich_message"):
            message = self._people.send_rich(person, chat, body["rich_message"], reply_to, thread)
            return {"message_id": message.message_id}
        text = body.get("text")
        if not isinstance(text, str):
            raise PersonRefused("text must be a string")
        if body.get("ephemeral"):
            self._people.send_ephemeral(person, chat, text)
            return {"message_id": 0}
        message = self._people.send(person, chat, text, reply_to, thread)
        return {"message_id": message.message_id}

    def _edit(self, body: Json) -> Json:
        person, chat = self._who(body)
        self._people.edit(person, self._message(chat, body), str(body.get("text", "")))
        return {"edited": True}

    def _press(self, body: Json) -> Json:
        person, chat = self._who(body)
        data = body.get("data")
        query, current = self._people.press(
            person, chat, _required_int(body, "message_id"), data if isinstance(data, str) else ""
        )
        return {"query_id": query.id, "stale": not current}

    def _redeliver(self, body: Json) -> Json:
        self._people.redeliver(self._query(str(body.get("query_id", ""))))
        return {"delivered": True}

    def _expire(self, body: Json) -> Json:
        query_id = body.get("query_id")
        return {"expired": self._people.expire(self._query(str(query_id)).id if query_id is not None else None)}

    def _react(self, body: Json) -> Json:
        person, chat = self._who(body)
        self._people.react(person, self._message(chat, body), str(body.get("emoji") or ""))
        return {"reacted": True}

    def _inline(self, body: Json) -> Json:
        return {"inline_query_id": self._people.ask_inline(self._person(body), str(body.get("query", ""))).id}

    def _choose(self, body: Json) -> Json:
        query = self._inline_query(str(body.get("inline_query_id", "")))
        result_id = str(body.get("result_id", ""))
        return {"message_id": self._people.choose_inline(self._person(body), query, result_id).message_id}

    def _stop(self, body: Json) -> Json:
        self._people.stop_draft(self._person(body))
        return {"stopped": True}

    def _block(self, body: Json, *, blocked: bool) -> Json:
        self._people.block(self._person(body), blocked=blocked)
        return {"blocked": blocked}

    def _person_changed(self, body: Json) -> Json:
        """Make up a person, or change one: name, language, started, deactivated."""
        person = self._person(body)
        for name in ("first_name", "language_code", "username"):
            if isinstance(body.get(name), str):
                setattr(person, name, body[name])
        for flag in ("started", "deactivated"):
            if isinstance(body.get(flag), bool):
                setattr(person, flag, body[flag])
        self._world.save(person)
        if person.started:
            self._world.private_chat(person)
        return self._person_json(person)

    def _group(self, body: Json) -> Json:
        """Make a group with the bot in it, or change its members and the bot's place there.

        It is a supergroup unless `type` says group.
        """
        chat_id = _optional_int(body, "chat_id") or -1_001_000_000_001 - len(self._world.chats)
        if chat_id >= 0:
            raise PersonRefused("the chat_id of a group is negative")
        chat = self._world.chats.get(chat_id) or Chat(chat_id, "supergroup")
        if body.get("type") in ("group", "supergroup"):
            chat.type = body["type"]
        chat.title = str(body.get("title") or chat.title or "Group")
        chat.is_forum = bool(body.get("is_forum", chat.is_forum))
        members = body.get("members", chat.members or [self._world.owner.id])
        chat.members = [self._world.person(member).id for member in members if isinstance(member, int)]
        self._world.save(chat)
        if body.get("bot_status") and body["bot_status"] != chat.bot_status:
            self._people.set_bot_place(self._person(body), chat, str(body["bot_status"]))
        return {"chat_id": chat.id, "title": chat.title, "members": chat.members}

    def _limits(self, body: Json) -> Json:
        """Switch the send limits on or off."""
        enabled = bool(body.get("enabled", True))
        self._world.limits.rates = Rates() if enabled else None
        self._world.limits.reset()
        return {"enabled": enabled}

    def _fault(self, body: Json) -> Json:
        try:
            befallen = befall(self._world, body)
            if befallen is None:
                self._wait_with(self._faults.add(body))
        except ValueError as error:
            raise PersonRefused(str(error)) from None
        return {"active": self._faults.active(), **(befallen or {})}

    def _wait_with(self, fault: ApiFault) -> None:
        """Let a new fault meet what is already under way."""
        if fault.kind == "down":
            self._on_down()
        elif fault.kind == "conflict":
            self._world.updates.interrupt("")
        elif fault.concerns("getupdates"):
            self._world.updates.release()

    def _reset(self, _body: Json) -> Json:
        self._world.reset()
        self._faults.clear()
        self._calls.clear()
        return {"reset": True}

    # looking

    def _messages(self, request: web.Request) -> list[Json]:
        _, chat = self._who(dict(request.query))
        after = whole(request.query.get("after", "0")) or 0
        limit = whole(request.query.get("limit", "0")) or 0
        found = [message for message in self._world.chat_messages(chat.id) if message.message_id > after]
        return [screen_message(self._world, message) for message in found[-limit:]]

    def _answer(self, request: web.Request) -> Json:
        return self._people.answer_to(self._query(request.match_info["query_id"]))

    def _inline_answer(self, request: web.Request) -> Json:
        query = self._inline_query(request.match_info["query_id"])
        return {"answered": query.answered, "results": query.results}

    def _listed_calls(self, request: web.Request) -> list[Json]:
        after = whole(request.query.get("after", "0")) or 0
        return self._calls.listed(after=after, method=request.query.get("method", ""))

    def _state(self, request: web.Request) -> Json:
        """Return what a screen needs beside the messages."""
        world = self._world
        person, chat = self._who(dict(request.query))
        language = request.query.get("lang") or person.language_code
        action, until = world.actions.get(chat.id, ("", 0.0))
        return {
            "bot": {**world.bot.to_user(), **self._bot_words(language)},
            "person": self._person_json(person),
            "owner_id": world.owner.id,
            "chat_id": chat.id,
            "commands": menu_of(world, chat, language),
            "menu_button": menu_button_of(world, chat),
            "pinned": sorted(chat.pinned),
            "action": action if until > world.clock.now() else "",
            "simulator": self._has_simulator,
        }

    def _bot_words(self, language: str) -> Json:
        settings = self._world.settings
        words = {}
        for name in ("name", "description", "short_description"):
            words[name] = settings.get(f"{name}|{language[:2]}") or settings.get(f"{name}|", "")
        return words

    def _person_json(self, person: Person) -> Json:
        return {**person.to_user(), "started": person.started, "blocked": person.blocked}

    # files

    async def _uploaded(self, request: web.Request) -> web.StreamResponse:
        try:
            return answer(await self._upload(request, as_photo=request.path == "/user/photo"))
        except web.HTTPRequestEntityTooLarge:
            return _refusal(PersonRefused("the file is too large", 413))
        except PersonRefused as refusal:
            return _refusal(refusal)
        finally:
            self._world.commit()

    async def _upload(self, request: web.Request, *, as_photo: bool) -> Json:
        if request.content_type != "multipart/form-data":
            raise PersonRefused("a file comes as multipart/form-data")
        try:
            form = await request.post()
        except BROKEN_FORM:
            raise PersonRefused("the multipart body is broken") from None
        file = form.get("file")
        if not isinstance(file, web.FileField):
            raise PersonRefused("the part called file is missing")
        content = file.file.read()
        file.file.close()
        if not content:
            raise PersonRefused("the file is empty")
        words = {name: str(value) for name, value in form.items() if isinstance(value, str)}
        person, chat = self._who(words)
        caption = words.get("caption", "")
        if as_photo:
            message = self._people.send_photo(person, chat, content, caption)
        else:
            message = self._people.send_document(
                person, chat, content, caption, name=file.filename, mime=file.content_type
            )
        return {"message_id": message.message_id}

    async def _file(self, request: web.Request) -> web.StreamResponse:
        record = self._world.files.get(request.match_info["file_id"])
        if record is None:
            return _refusal(PersonRefused("there is no such file", 404))
        is_picture = record.mime in ("image/png", "image/jpeg", "image/gif", "image/webp")
        headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
        if not is_picture:
            name = "".join(
                char if char.isascii() and char.isprintable() and char not in '"\\' else "_" for char in record.name
            )
            headers["Content-Disposition"] = f'attachment; filename="{name or "file"}"'
        kind = record.mime if is_picture else "application/octet-stream"
        return web.Response(body=self._world.file_bytes(record), content_type=kind, headers=headers)

    # who and what

    def _who(self, body: Json) -> tuple[Person, Chat]:
        person = self._person(body)
        return person, self._people.chat_of(person, _optional_int(body, "chat_id"))

    def _person(self, body: Json) -> Person:
        person_id = _optional_int(body, "user_id")
        if person_id is None:
            return self._world.owner
        if person_id <= 0 or person_id == self._world.bot.id:
            raise PersonRefused("user_id must be a positive number and not the bot's")
        return self._world.person(person_id)

    def _message(self, chat: Chat, body: Json) -> ChatMessage:
        return _found(self._world.message(chat.id, _required_int(body, "message_id")), "message")

    def _inline_query(self, query_id: str) -> InlineQuery:
        return _found(self._world.inline_queries.get(query_id), "query")

    def _query(self, query_id: str) -> Query:
        return _found(self._world.queries.get(query_id), "query")


def _found(thing: _Thing | None, name: str) -> _Thing:
    if thing is None:
        raise PersonRefused(f"there is no such {name}", 404)
    return thing


def answer(body: Any, status: int = 200) -> web.Response:
    return web.Response(
        text=json.dumps(body, ensure_ascii=False),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def _refusal(refusal: PersonRefused) -> web.Response:
    return answer({"error": str(refusal)}, refusal.status)


async def _json_body(request: web.Request) -> Json:
    if not request.can_read_body:
        return {}
    try:
        body = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise PersonRefused("the body must be JSON") from None
    if not isinstance(body, dict):
        raise PersonRefused("the body must be a JSON object")
    return body


def _optional_int(body: Json, name: str) -> int | None:
    if body.get(name) in (None, ""):
        return None
    return _required_int(body, name)


def _required_int(body: Json, name: str) -> int:
    value = whole(body.get(name))
    if value is None:
        raise PersonRefused(f"{name} must be a whole number")
    return value
