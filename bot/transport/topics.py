"""Topics of a forum chat: orders, critical alerts and the rest each in one of their own (telegram-bot-api 9.11).
See decision 0057."""

import logging
from collections.abc import Callable

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError

from bot.i18n.translator import Tongue
from bot.transport.api_errors import topic_is_closed, topic_is_gone
from bot.transport.chat_address import ChatAddress
from strategy.model import Topic
from strategy.ports import Notes

log = logging.getLogger(__name__)


class Topics:
    """Creates each topic once and remembers it; where the chat has none, or we may not, everything is general."""

    def __init__(self, bot: Bot, notes: Notes, address: ChatAddress, tongue: Callable[[], Tongue]) -> None:
        self._bot = bot
        self._notes = notes
        self._address = address
        self._tongue = tongue
        self._forum: bool | None = None if address.id < 0 else False
        self._threads: dict[Topic, int | None] = {}
        address.on_move(self._moved)

    async def thread(self, topic: Topic) -> int | None:
        """Return the thread of a topic, made now if it has to be; None for the general one.

        Raises aiogram's TelegramAPIError when Telegram cannot be asked.
        """
        if self._forum is None:
            self._forum = bool((await self._bot.get_chat(self._address.id)).is_forum)
        if not self._forum:
            return None
        if topic not in self._threads:
            stored = await self._notes.get(self._note(topic))
            made = int(stored) if stored else await self._made(topic)
            if made is None:
                return None
            self._threads[topic] = made
        return self._threads[topic]

    async def refused(self, topic: Topic, error: TelegramBadRequest) -> bool:
        """Return whether a send was refused for its topic's sake, and so is worth another try at once.

        A topic that somebody deleted is forgotten, and made anew by the next call of `thread`; one that is closed is
        left alone until the next start.
        """
        if topic_is_gone(error):
            self._threads.pop(topic, None)
            await self._notes.put(self._note(topic), "")
            return True
        if topic_is_closed(error):
            log.warning("topic closed: its alerts go to the general one", extra={"topic": topic.value})
            self._threads[topic] = None
            return True
        return False

    async def _moved(self, _old: int, _new: int) -> None:
        """Ask anew: a group that became a supergroup has topics of its own, or none."""
        self._forum = None
        self._threads.clear()

    async def _made(self, topic: Topic) -> int | None:
        try:
            made = await self._bot.create_forum_topic(self._address.id, self._name(topic))
        except (TelegramBadRequest, TelegramForbiddenError) as error:
            log.warning("no topics: alerts go to the general one", extra={"reason": error.message})
            self._forum = False
            return None
        await self._notes.put(self._note(topic), str(made.message_thread_id))
        return made.message_thread_id

    def _name(self, topic: Topic) -> str:
        t = self._tongue()
        return {
            Topic.ORDERS: t("🧾 Orders and signals"),
            Topic.CRITICAL: t("🚨 Critical"),
            Topic.SYSTEM: t("ℹ️ System"),
        }[topic]

    def _note(self, topic: Topic) -> str:
        return f"chat.topic.{self._address.id}.{topic}"
