"""What people do: type, press, send files, block (telegram-bot-api 10)."""

from bot.localchat.api.callbacks import is_expired
from bot.localchat.api.chats import PLACES, api_member, read_reactions, set_reaction
from bot.localchat.api.media import photo_sizes
from bot.localchat.api.texts import CAPTION_LIMIT, TEXT_LIMIT, typed
from bot.localchat.formatting.rich import RichError, RichReader
from bot.localchat.model import Chat, ChatMessage, InlineQuery, Json, Person, Query
from bot.localchat.params import ApiError
from bot.localchat.present import api_chat, api_message, inaccessible
from bot.localchat.world import ChatWorld


class PersonRefused(ValueError):
    """The person cannot do that; the text says why, the status is that of the HTTP answer."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


class People:
    """The actions of the people of this world; each becomes what Telegram would tell the bot."""

    def __init__(self, world: ChatWorld) -> None:
        self._world = world

    def chat_of(self, person: Person, chat_id: int | None) -> Chat:
        """Return the chat a person acts in: the private one unless another is named. Raises Refused."""
        if chat_id is None or chat_id == person.id:
            return self._world.private_chat(person)
        chat = self._world.chats.get(chat_id)
        if chat is None or person.id not in chat.members:
            raise PersonRefused("this person is in no such chat", 404)
        return chat

    def send(
        self, person: Person, chat: Chat, text: str, reply_to: int | None, thread: int | None = None
    ) -> ChatMessage:
        """Type words into a chat. Raises PersonRefused for none, or too many."""
        content = typed(text)
        if not content["text"]:
            raise PersonRefused("text must not be empty")
        if len(content["text"]) > TEXT_LIMIT:
            raise PersonRefused(f"text must not have more than {TEXT_LIMIT} characters")
        return self._post(person, chat, content, reply_to, thread)

    def send_rich(
        self, person: Person, chat: Chat, raw: object, reply_to: int | None, thread: int | None
    ) -> ChatMessage:
        """Send words as blocks, as newer apps do; pictures in them are not had here. Raises PersonRefused for what is
        no rich message."""
        try:
            content = {"rich_message": RichReader(_no_media).message(raw)}
        except RichError as error:
            raise PersonRefused(str(error)) from None
        return self._post(person, chat, content, reply_to, thread)

    def send_ephemeral(self, person: Person, chat: Chat, text: str) -> None:
        """Send into a group what only the bot sees (Bot API 10.2): it has no message id and stands in nobody's chat.
        Raises PersonRefused outside of a group."""
        if chat.is_private or chat.bot_status in ("left", "kicked"):
            raise PersonRefused("ephemeral messages are for groups with the bot in them")
        world = self._world
        world.set("ephemeral", number := int(world.settings.get("ephemeral", 0)) + 1)
        update = {
            "message_id": 0,
            "from": person.to_user(),
            "chat": api_chat(world, chat),
            "date": int(world.clock.now()),
            "receiver_user": world.bot.to_user(),
            "ephemeral_message_id": number,
            **typed(text),
        }
        world.updates.add("message", update)

    def send_photo(self, person: Person, chat: Chat, content: bytes, caption: str) -> ChatMessage:
        """Send a picture. Raises PersonRefused for what is none."""
        try:
            sizes = photo_sizes(self._world, content)
        except ApiError as error:
            raise PersonRefused(error.description) from None
        return self._post(person, chat, {"photo": sizes, **_caption(caption)}, None, None)

    def send_document(
        self, person: Person, chat: Chat, content: bytes, caption: str, *, name: str, mime: str
    ) -> ChatMessage:
        record = self._world.add_file(content, "document", name=name, mime=mime)
        document = {"file_name": record.name, "mime_type": record.mime, **record.to_json()}
        return self._post(person, chat, {"document": document, **_caption(caption)}, None, None)

    def edit(self, person: Person, message: ChatMessage, text: str) -> None:
        """Change one's own message; the bot hears of it. Raises PersonRefused for what may not be changed."""
        content = typed(text)
        if message.sender_id != person.id or not content["text"] or "text" not in message.content:
            raise PersonRefused("only one's own text messages can be edited, to another text")
        message.content = content
        message.edit_date = int(self._world.clock.now())
        self._world.show(message)
        if self._hears(self._world.chats[message.chat_id], message):
            self._world.updates.add("edited_message", api_message(self._world, message))

    def press(self, person: Person, chat: Chat, message_id: int, data: str) -> tuple[Query, bool]:
        """Press an inline button; return the query and whether the button is still on the message.

        A button that has gone can still be pressed: a screen may be older than the chat. Raises PersonRefused without
        such a message, for data no button can carry, and once the bot is blocked.
        """
        message = self._world.messages.get((chat.id, message_id))
        if message is None:
            raise PersonRefused("there is no such message", 404)
        if not data or len(data.encode()) > 64:
            raise PersonRefused("data must have 1 to 64 bytes")
        if person.blocked and chat.is_private:
            raise PersonRefused("this person has blocked the bot", 409)
        query = self._world.new_query(person, message, data)
        self._world.updates.add("callback_query", self._query_json(query))
        return query, not message.deleted and data in _data_of(message)

    def redeliver(self, query: Query) -> None:
        """Send a query to the bot once more, as a server does whose first delivery was not confirmed."""
        self._world.updates.add("callback_query", self._query_json(query))

    def answer_to(self, query: Query) -> Json:
        return {
            "answered": query.answered,
            "text": query.text,
            "show_alert": query.show_alert,
            "url": query.url,
            "expired": not query.answered and is_expired(self._world, query),
        }

    def expire(self, query_id: str | None) -> int:
        """Let one query, or all that are open, become too old; return how many."""
        due = [q for q in self._world.queries.values() if not q.answered and query_id in (None, q.id)]
        for query in due:
            query.expired = True
            self._world.save(query)
        return len(due)

    def block(self, person: Person, *, blocked: bool) -> None:
        """Block or unblock the bot; it is told of a change (telegram-bot-api 3.12)."""
        if person.blocked == blocked:
            return
        person.blocked = blocked
        self._world.save(person)
        world = self._world
        states: dict[bool, Json] = {True: {"status": "kicked", "until_date": 0}, False: {"status": "member"}}
        update = {
            "chat": api_chat(world, world.private_chat(person)),
            "from": person.to_user(),
            "date": int(world.clock.now()),
            "old_chat_member": {"user": world.bot.to_user(), **states[not blocked]},
            "new_chat_member": {"user": world.bot.to_user(), **states[blocked]},
        }
        world.updates.add("my_chat_member", update)
        world.hub.publish(person.id, "blocked", {"blocked": blocked})

    def react(self, person: Person, message: ChatMessage, emoji: str) -> None:
        """Put a reaction on a message, or take it away with an empty text. Raises PersonRefused for what is no
        reaction."""
        try:
            after = read_reactions([{"type": "emoji", "emoji": emoji}] if emoji else [])
        except ApiError as error:
            raise PersonRefused(error.description) from None
        before = set_reaction(self._world, message, person.id, after)
        update = {
            "chat": api_chat(self._world, self._world.chats[message.chat_id]),
            "message_id": message.message_id,
            "user": person.to_user(),
            "date": int(self._world.clock.now()),
            "old_reaction": before,
            "new_reaction": after,
        }
        self._world.updates.add("message_reaction", update)

    def ask_inline(self, person: Person, text: str) -> InlineQuery:
        """Type something behind the bot's name. Raises PersonRefused for more than 256 characters."""
        if len(text) > 256:
            raise PersonRefused("an inline query must not have more than 256 characters")
        query = self._world.new_inline_query(person, text)
        body = {"id": query.id, "from": person.to_user(), "query": text, "offset": "", "chat_type": "sender"}
        self._world.updates.add("inline_query", body)
        return query

    def choose_inline(self, person: Person, query: InlineQuery, result_id: str) -> ChatMessage:
        """Send one of the offered results into the chat with the bot; the bot hears which. Raises PersonRefused for one
        that was not offered."""
        result = next((result for result in query.results if str(result["id"]) == result_id), None)
        if result is None or query.person_id != person.id:
            raise PersonRefused("there is no such result", 404)
        content = result.get("input_message_content") or {}
        text = str(content.get("message_text") or result.get("caption") or result.get("title") or result_id)
        message = self._post(person, self._world.private_chat(person), typed(text), None, None)
        chosen = {"result_id": result_id, "from": person.to_user(), "query": query.query}
        self._world.updates.add("chosen_inline_result", chosen)
        return message

    def set_bot_place(self, person: Person, chat: Chat, status: str) -> None:
        """Give the bot another place in a group; it is told. Raises PersonRefused for what is no place."""
        if status not in PLACES:
            raise PersonRefused(f"bot_status must be one of {', '.join(PLACES)}")
        world = self._world
        before = api_member(world, world.bot.id, chat.bot_status)
        chat.bot_status = status
        world.save(chat)
        update = {
            "chat": api_chat(world, chat),
            "from": person.to_user(),
            "date": int(world.clock.now()),
            "old_chat_member": before,
            "new_chat_member": api_member(world, world.bot.id, status),
        }
        world.updates.add("my_chat_member", update)

    def stop_draft(self, person: Person) -> None:
        """Stop the text the bot is writing, where it lets people do so (telegram-bot-api 9.9). Raises PersonRefused
        where there is none."""
        chat = self._world.private_chat(person)
        draft = self._world.drafts.get(chat.id)
        if draft is None or not draft["can_stop"] or draft["until"] < self._world.clock.now():
            raise PersonRefused("there is nothing to stop", 409)
        self._world.drafts.pop(chat.id)
        update = {"chat": api_chat(self._world, chat), "draft_id": draft["draft_id"]}
        self._world.updates.add("stopped_message_generation", update)
        self._world.tell(chat, "draft", {"draft_id": draft["draft_id"], "stopped": True})

    def _post(self, person: Person, chat: Chat, content: Json, reply_to: int | None, thread: int | None) -> ChatMessage:
        world = self._world
        if chat.is_private and person.blocked:
            raise PersonRefused("this person has blocked the bot", 409)
        if reply_to is not None and world.message(chat.id, reply_to) is None:
            raise PersonRefused("there is no such message to reply to", 404)
        if chat.is_private and not person.started:
            person.started = True
            world.save(person)
        extras = {"message_thread_id": thread, "is_topic_message": True} if thread else {}
        message = world.post(chat, person.id, content, reply_to=reply_to, extras=extras)
        if self._hears(chat, message):
            world.updates.add("message", api_message(world, message))
        return message

    def _hears(self, chat: Chat, message: ChatMessage) -> bool:
        """Return whether the bot gets a message: in groups only what concerns it, unless it may read all."""
        bot = self._world.bot
        if chat.is_private or bot.reads_all_group_messages or chat.bot_status == "administrator":
            return chat.bot_status not in ("left", "kicked")
        original = self._world.message(chat.id, message.reply_to) if message.reply_to else None
        to_bot = original is not None and original.sender_id == bot.id
        named = f"@{bot.username}".lower() in message.text.lower()
        command = message.text.startswith("/") and ("@" not in message.text.split()[0] or named)
        return chat.bot_status == "member" and (command or to_bot or named)

    def _query_json(self, query: Query) -> Json:
        world = self._world
        chat = world.chats[query.chat_id]
        message = world.message(query.chat_id, query.message_id)
        return {
            "id": query.id,
            "from": world.person(query.person_id).to_user(),
            "message": api_message(world, message) if message else inaccessible(world, chat, query.message_id),
            "chat_instance": str(-(chat.id * 7_919 + 1_000_003)),
            "data": query.data,
        }


def _no_media(kind: str, _item: object) -> Json:
    raise RichError(f"a {kind} cannot be typed")


def _caption(caption: str) -> Json:
    if not caption.strip():
        return {}
    content = typed(caption)
    if len(content["text"]) > CAPTION_LIMIT:
        raise PersonRefused(f"caption must not have more than {CAPTION_LIMIT} characters")
    return {"caption": content["text"], "caption_entities": content["entities"]}


def _data_of(message: ChatMessage) -> set[str]:
    rows = (message.markup or {}).get("inline_keyboard", [])
    return {button["callback_data"] for row in rows for button in row if "callback_data" in button}
