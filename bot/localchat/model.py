"""What the local Telegram remembers: people, chats, messages, files, queries."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bot.localchat.formatting.rich import plain_rich

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BotAccount:
    """The bot this server serves; one server has one bot."""

    id: int
    first_name: str
    username: str
    reads_all_group_messages: bool = False
    has_topics: bool = False

    def to_user(self) -> Json:
        return {"id": self.id, "is_bot": True, "first_name": self.first_name, "username": self.username}


@dataclass(slots=True)
class Person:
    """Someone with an account; a private chat has the id of its person."""

    id: int
    first_name: str
    language_code: str = "ko"
    username: str = ""
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    def to_user(self) -> Json:
        user: Json = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        return {**user, "language_code": self.language_code}


@dataclass(slots=True)
class Chat:
    """A private chat, a group or a supergroup. Ids of private messages are shared by all private chats of the bot."""

    id: int
    type: str
    title: str = ""
    is_forum: bool = False
    members: list[int] = field(default_factory=list)
    last_message_id: int = 0
    pinned: list[int] = field(default_factory=list)
    topics: dict[str, Json] = field(default_factory=dict)
    bot_status: str = "member"
    menu_button: Json | None = None
    migrated_to: int | None = None

    @property
    def is_private(self) -> bool:
        return self.type == "private"


@dataclass(slots=True)
class ChatMessage:
    """One message; `content` holds the fields of its kind as the Bot API names them."""

    chat_id: int
    message_id: int
    sender_id: int
    date: int
    content: Json
    edit_date: int | None = None
    reply_to: int | None = None
    markup: Json | None = None
    keyboard: Json | None = None
    extras: Json = field(default_factory=dict)
    silent: bool = False
    deleted: bool = False
    reactions: dict[str, list[Json]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.chat_id}:{self.message_id}"

    @property
    def text(self) -> str:
        if "rich_message" in self.content:
            return plain_rich(self.content["rich_message"])
        return str(self.content.get("text", self.content.get("caption", "")))

    @property
    def entities(self) -> list[Json]:
        return list(self.content.get("entities") or self.content.get("caption_entities") or [])

    @property
    def media_kind(self) -> str:
        """Return `photo`, `document`, another media field, or an empty text for a message without a file."""
        return next((kind for kind in MEDIA_KINDS if kind in self.content), "")

    @property
    def is_service(self) -> bool:
        return not self.media_kind and "text" not in self.content and "rich_message" not in self.content


MEDIA_KINDS = ("photo", "document", "animation", "audio", "video", "voice")


@dataclass(slots=True)
class Query:
    """A press on an inline button and what the bot answered."""

    id: str
    person_id: int
    chat_id: int
    message_id: int
    data: str
    created: float
    answered: bool = False
    expired: bool = False
    text: str = ""
    show_alert: bool = False
    url: str = ""


@dataclass(slots=True)
class InlineQuery:
    """What a person typed behind the bot's name, and the results the bot offered."""

    id: str
    person_id: int
    query: str
    created: float
    answered: bool = False
    results: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class StoredFile:
    """A file the chat knows; the bytes lie in the store."""

    file_id: str
    file_unique_id: str
    kind: str
    path: str
    size: int
    name: str = ""
    mime: str = ""
    width: int = 0
    height: int = 0

    def to_json(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.file_unique_id, "file_size": self.size}


def as_json(record: Person | Chat | ChatMessage | Query | StoredFile) -> Json:
    """Return a record as plain values, for the store."""
    return asdict(record)
