"""The command menus: per person, per language, only what the role may use; tried again until Telegram has them."""

import logging
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from aiogram import Bot
from aiogram.types import BotCommand, BotCommandScopeChat, BotCommandScopeChatMember

from bot.i18n.language_choice import Languages
from bot.i18n.translator import Tongue
from bot.input.commands import COMMANDS
from bot.role import Role
from bot.settings import TelegramSettings
from bot.transport.api_errors import MENU_PAUSES, TELEGRAM_FAILURES, failure, pause_after
from bot.transport.chat_address import ChatAddress
from strategy.model import Clock

log = logging.getLogger(__name__)


class _Place(NamedTuple):
    """Who sees a menu: everybody in a chat, or one member of it."""

    chat_id: int
    user_id: int | None
    role: Role


class CommandMenus:
    """Strangers see no menu at all (telegram-bot-api 9.4). Failures are logged, never raised."""

    def __init__(
        self, bot: Bot, settings: TelegramSettings, languages: Languages, wall: Clock, address: ChatAddress
    ) -> None:
        self._bot = bot
        self._languages = languages
        self._wall = wall
        self._roles = settings.roles
        self._missing = list(_places(self._roles, address.id))
        address.on_move(self._moved)

    async def publish(self) -> Exception | None:
        """Publish what is still missing; return why something is missing yet, None where every menu is there.

        A Telegram that does not answer ends the try at once: the next person's menu would fail as well.
        """
        failed: Exception | None = None
        for place in list(self._missing):
            try:
                await self._publish(place)
            except TELEGRAM_FAILURES as error:
                failed, kind = error, failure(error)
                log.warning("command menu not published", extra={"chat": place.chat_id, "failure": kind.name.lower()})
                if kind.of_every_call:
                    break
            else:
                self._missing.remove(place)
        return failed

    async def keep(self) -> None:
        """Publish, and try again later for as long as something is missing."""
        for attempt in range(1_000_000):
            if (failed := await self.publish()) is None:
                return
            await self._wall.sleep(pause_after(failed, attempt, MENU_PAUSES))

    async def _moved(self, old: int, new: int) -> None:
        """The group has become another: its menus are published anew."""
        self._missing = [place for place in self._missing if place.chat_id != old]
        self._missing += [place for place in _places(self._roles, new) if place.chat_id == new]
        await self.publish()

    async def _publish(self, place: _Place) -> None:
        scope: BotCommandScopeChat | BotCommandScopeChatMember = BotCommandScopeChat(chat_id=place.chat_id)
        if place.user_id is not None:
            scope = BotCommandScopeChatMember(chat_id=place.chat_id, user_id=place.user_id)
        ready = [command for command in COMMANDS if command.ready and command.role <= place.role]
        menus: list[tuple[Tongue, str | None]] = [(self._languages.default(), None)]
        menus += [(t, t.language) for t in self._languages.every()]
        for t, code in menus:
            commands = [BotCommand(command=each.name, description=each.about(t)) for each in ready]
            await self._bot.set_my_commands(commands, scope=scope, language_code=code)


def _places(roles: Mapping[int, Role], chat_id: int) -> Iterator[_Place]:
    """Return whose menus there are; in a group everybody sees the least, and its people what is theirs."""
    for user_id in sorted(roles):
        yield _Place(user_id, None, roles[user_id])
    if chat_id < 0:
        least = min(roles.values())
        yield _Place(chat_id, None, least)
        for user_id in sorted(roles):
            if roles[user_id] > least:
                yield _Place(chat_id, user_id, roles[user_id])
