"""The state of the local Telegram and the changes it can go through."""

import base64
import hashlib
import secrets
from dataclasses import replace
from typing import Any

from bot.localchat import present
from bot.localchat.clock import ChatClock
from bot.localchat.formatting.page_html import render
from bot.localchat.hub import Hub
from bot.localchat.images import mime_type
from bot.localchat.limits import Rates, SendLimits
from bot.localchat.model import BotAccount, Chat, ChatMessage, InlineQuery, Json, Person, Query, StoredFile, as_json
from bot.localchat.store import Store
from bot.localchat.updates import UpdateQueue

_FIRST_MESSAGE_ID = 101


class ChatWorld:
    """People, chats, messages, files and queries; every change is stored and shown to whoever watches."""

    def __init__(
        self,
        *,
        bot: BotAccount,
        owner: Person,
        clock: ChatClock,
        store: Store,
        rates: Rates | None,
        query_life_s: float,
    ) -> None:
        self.bot = bot
        self.query_life_s = query_life_s
        self.owner = owner
        self.clock = clock
        self.hub = Hub()
        self.limits = SendLimits(clock, rates)
        self._store = store
        self._load()

    def _load(self) -> None:
        store = self._store
        self.people = {int(key): Person(**body) for key, body in store.load("person")}
        self.chats = {int(key): Chat(**body) for key, body in store.load("chat")}
        self.messages = {
            (m.chat_id, m.message_id): m for _, body in store.load("message") for m in [ChatMessage(**body)]
        }
        self.queries = {key: Query(**body) for key, body in store.load("query")}
        self.files = {key: StoredFile(**body) for key, body in store.load("file")}
        self.settings: dict[str, Any] = dict(store.load("setting"))
        self.updates = UpdateQueue(self.clock, store)
        self.actions: dict[int, tuple[str, float]] = {}
        self.inline_queries: dict[str, InlineQuery] = {}
        self.drafts: dict[int, Json] = {}
        if self.owner.id not in self.people:
            self.save(self.owner)
        self.owner = self.people[self.owner.id]
        self.private_chat(self.owner)

    def reset(self) -> None:
        """Forget everything but the bot and its owner."""
        self._store.clear()
        self.owner = Person(self.owner.id, self.owner.first_name, self.owner.language_code, self.owner.username, True)
        self.updates.close()
        self._load()
        self.limits.reset()
        self.publish_to_all("reset", {})

    def commit(self) -> None:
        self._store.commit()

    def save(self, record: Person | Chat | ChatMessage | Query) -> None:
        """Keep a new or changed record."""
        if isinstance(record, Person):
            self.people[record.id] = record
            self._store.put("person", str(record.id), as_json(record))
        elif isinstance(record, Chat):
            self.chats[record.id] = record
            self._store.put("chat", str(record.id), as_json(record))
        elif isinstance(record, ChatMessage):
            self.messages[record.chat_id, record.message_id] = record
            self._store.put("message", record.key, as_json(record))
        else:
            self.queries[record.id] = record
            self._store.put("query", record.id, as_json(record))

    def set(self, name: str, value: Any) -> None:
        """Keep one of the bot's own settings: commands, names, menu button."""
        self.settings[name] = value
        self._store.put("setting", name, value)

    # people and chats

    def person(self, person_id: int) -> Person:
        """Return a person, made up on first sight."""
        if person_id not in self.people:
            self.save(Person(person_id, f"User {person_id}", username=f"user{person_id}"))
        return self.people[person_id]

    def private_chat(self, person: Person) -> Chat:
        if person.id not in self.chats:
            self.save(Chat(person.id, "private", members=[person.id]))
        return self.chats[person.id]

    def chat_messages(self, chat_id: int) -> list[ChatMessage]:
        return [message for (chat, _), message in self.messages.items() if chat == chat_id]

    def message(self, chat_id: int, message_id: int) -> ChatMessage | None:
        """Return a message that is still there."""
        found = self.messages.get((chat_id, message_id))
        return None if found is None or found.deleted else found

    def viewers(self, chat: Chat) -> list[Person]:
        return [self.people[member] for member in chat.members if member in self.people]

    # messages

    def post(
        self,
        chat: Chat,
        sender_id: int,
        content: Json,
        *,
        reply_to: int | None = None,
        markup: Json | None = None,
        keyboard: Json | None = None,
        extras: Json | None = None,
        silent: bool = False,
    ) -> ChatMessage:
        """Add a message to a chat and show it; what a person writes becomes an update for the bot."""
        message = ChatMessage(
            chat_id=chat.id,
            message_id=self._next_message_id(chat),
            sender_id=sender_id,
            date=int(self.clock.now()),
            content=content,
            reply_to=reply_to,
            markup=markup,
            keyboard=keyboard,
            extras=extras or {},
            silent=silent,
        )
        self.save(message)
        if sender_id == self.bot.id:
            self.actions.pop(chat.id, None)
            self.drafts.pop(chat.id, None)
        self.show(message)
        return message

    def _next_message_id(self, chat: Chat) -> int:
        if not chat.is_private:
            chat.last_message_id += 1
            self.save(chat)
            return chat.last_message_id
        number = int(self.settings.get("next_message_id", _FIRST_MESSAGE_ID))
        self.set("next_message_id", number + 1)
        return number

    def show(self, message: ChatMessage) -> None:
        """Store a message as it is now and send it to the screens of those in the chat."""
        self.save(message)
        chat = self.chats[message.chat_id]
        data = present.screen_message(self, message)
        for person in self.viewers(chat):
            self.hub.publish(person.id, "message", data)

    def delete(self, message: ChatMessage) -> None:
        message.deleted = True
        chat = self.chats[message.chat_id]
        if message.message_id in chat.pinned:
            chat.pinned.remove(message.message_id)
            self.save(chat)
        self.show(message)

    def tell(self, chat: Chat, name: str, data: Json) -> None:
        """Send an event that is not a message to the screens of a chat."""
        for person in self.viewers(chat):
            self.hub.publish(person.id, name, {"chat_id": chat.id, **data})

    def publish_to_all(self, name: str, data: Json) -> None:
        for person in self.people.values():
            self.hub.publish(person.id, name, data)

    def tell_draft(self, chat: Chat) -> None:
        """Show the text in the making."""
        draft = self.drafts.get(chat.id)
        if draft is not None:
            html = render(draft["text"], draft["entities"])
            self.tell(chat, "draft", {**draft, "html": html, "seconds": draft["until"] - self.clock.now()})

    def tell_menus(self) -> None:
        """Let every screen look at the bot's commands and menu button again."""
        self.publish_to_all("menu", {})

    # files

    def add_file(
        self, content: bytes, kind: str, *, name: str = "", mime: str = "", size: tuple[int, int] = (0, 0)
    ) -> StoredFile:
        """Keep the bytes of a file and give it the two ids Telegram gives."""
        number = int(self.settings.get("next_file", 1))
        self.set("next_file", number + 1)
        digest = hashlib.sha256(content).digest()
        extension = "jpg" if kind == "photo" else name.rpartition(".")[2] if "." in name else "bin"
        record = StoredFile(
            file_id=_token(b"loc" + number.to_bytes(4, "big") + kind.encode()[:4] + digest[:22]),
            file_unique_id=_token(b"u" + digest[:8] + kind.encode()[:2]),
            kind=kind,
            path=f"{kind}s/file_{number}.{extension}",
            size=len(content),
            name=name,
            mime=mime or mime_type(content),
            width=size[0],
            height=size[1],
        )
        self._store.put_blob(record.path, content)
        return self._keep_file(record)

    def add_copy(self, record: StoredFile, size: tuple[int, int]) -> StoredFile:
        """Keep a smaller size of a picture: ids and dimensions of its own, the same bytes."""
        share = size[0] * size[1] / (record.width * record.height)
        label = f"{size[0]}x{size[1]}".encode()
        return self._keep_file(
            replace(
                record,
                file_id=record.file_id + _token(label),
                file_unique_id=record.file_unique_id + _token(label[:3]),
                width=size[0],
                height=size[1],
                size=max(1, int(record.size * share)),
            )
        )

    def _keep_file(self, record: StoredFile) -> StoredFile:
        self.files[record.file_id] = record
        self._store.put("file", record.file_id, as_json(record))
        return record

    def file_bytes(self, record: StoredFile) -> bytes:
        return self._store.blob(record.path) or b""

    def file_at(self, path: str) -> StoredFile | None:
        return next((record for record in self.files.values() if record.path == path), None)

    # queries

    def new_query(self, person: Person, message: ChatMessage, data: str) -> Query:
        query = Query(
            id=_query_id(),
            person_id=person.id,
            chat_id=message.chat_id,
            message_id=message.message_id,
            data=data,
            created=self.clock.now(),
        )
        self.save(query)
        return query

    def new_inline_query(self, person: Person, text: str) -> InlineQuery:
        """Start an inline query; it lives for seconds only and is not kept on disk."""
        query = InlineQuery(_query_id(), person.id, text, self.clock.now())
        self.inline_queries[query.id] = query
        return query


def _query_id() -> str:
    return str(secrets.randbelow(9 * 10**17) + 10**17)


def _token(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
