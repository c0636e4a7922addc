"""Who has written to the bot lately: for an owner who does not know the ids that `.env` asks for.

Needs the token alone. Nothing is changed: updates asked for without an offset stay for whoever asks next
(telegram-bot-api 3), and the kinds of updates that Telegram keeps are left as they are.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    TelegramConflictError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod

from bot.errors import TelegramTaken, TelegramTokenRefused, TelegramUnreachable
from bot.i18n.translator import LANGUAGES, Tongue, load_catalogs
from bot.settings import TokenSettings
from bot.transport.api_errors import TELEGRAM_FAILURES

_WAIT_S = 60.0  # for somebody to write, when nobody has
_HELD_S = 5  # how long Telegram may hold one question


@dataclass(frozen=True, slots=True)
class Found:
    """A chat somebody wrote in, and who."""

    chat_id: int
    kind: str  # private, group, supergroup or channel
    title: str  # of a group; of a private chat the person's name
    user_id: int | None  # None for a channel and for whoever writes anonymously
    name: str  # the person's, with their @name


class PendingUpdates(TelegramMethod[list[Any]]):
    """getUpdates that confirms nothing and asks for no other kinds than before. `timeout` is seconds."""

    __returning__ = list[Any]
    __api_method__ = "getUpdates"

    timeout: int


async def find_chat(settings: TokenSettings, speak: Callable[[str], None], *, wait_s: float = _WAIT_S) -> bool:
    """Print in both languages who has written to the bot, waiting a while for somebody; return whether anybody has.

    Raises a TelegramError where Telegram cannot be asked.
    """
    url = settings.telegram_api_url
    api = PRODUCTION if url is None else TelegramAPIServer.from_base(url)
    session = AiohttpSession(api=api, timeout=settings.telegram_timeout_s)
    catalogs = load_catalogs()
    tongues = [Tongue(catalogs, language) for language in LANGUAGES]
    async with Bot(settings.telegram_bot_token.get_secret_value(), session=session) as bot:
        try:
            name = (await bot.me()).username or ""
            found = await _written(bot, held_s=0)
            if not found:
                for t in tongues:
                    speak(t("Now send /start to @{bot} in Telegram (in a group: /start@{bot}).", bot=name))
                found = await _awaited(bot, wait_s)
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            raise TelegramTokenRefused(type(error).__name__) from error
        except TelegramConflictError as error:
            raise TelegramTaken(type(error).__name__) from error
        except (*TELEGRAM_FAILURES, OSError, TimeoutError) as error:
            raise TelegramUnreachable(type(error).__name__) from error
    for t in tongues:
        speak("\n".join(_told(found, t)))
    return bool(found)


async def _awaited(bot: Bot, wait_s: float) -> Sequence[Found]:
    try:
        async with asyncio.timeout(wait_s):
            while not (found := await _written(bot, held_s=_HELD_S)):
                pass
    except TimeoutError:
        return ()
    return found


async def _written(bot: Bot, held_s: int) -> Sequence[Found]:
    """Return each chat and person once, the newest last."""
    raw = await bot(PendingUpdates(timeout=held_s), request_timeout=int(held_s + bot.session.timeout))
    seen = {(one.chat_id, one.user_id): one for update in raw if isinstance(update, dict) for one in _in(update)}
    return tuple(seen.values())


def _in(update: Mapping[str, Any]) -> Iterator[Found]:
    for told in update.values():
        if not isinstance(told, dict):
            continue
        message = told["message"] if isinstance(told.get("message"), dict) else told
        chat, person = _known(message.get("chat")), _known(told.get("from"))
        if chat is None:
            continue
        if person is not None and person.get("is_bot"):  # also what stands for whoever writes anonymously
            person = None
        yield Found(
            chat_id=chat["id"],
            kind=str(chat.get("type", "")),
            title=str(chat.get("title") or _name(chat)),
            user_id=None if person is None else person["id"],
            name="" if person is None else _name(person),
        )


def _known(told: object) -> Mapping[str, Any] | None:
    return told if isinstance(told, dict) and isinstance(told.get("id"), int) else None


def _name(person: Mapping[str, Any]) -> str:
    names = " ".join(str(person[part]) for part in ("first_name", "last_name") if person.get(part))
    return f"{names} (@{person['username']})" if person.get("username") else names


def _told(found: Sequence[Found], t: Tongue) -> Iterator[str]:
    if not found:
        yield t("Nobody has written to the bot. Open it in Telegram, send /start, and run this again.")
        return
    yield t("Wrote to the bot lately. Take the ids that are yours into .env; nothing was changed:")
    for one in found:
        if one.kind == "private":
            yield t("  {who}, a private chat: TELEGRAM_CHAT_ID={chat}", who=one.title, chat=one.chat_id)
        elif one.user_id is None:
            yield t(
                "  {title}: TELEGRAM_CHAT_ID={chat} (written anonymously; who may command needs an id of their own)",
                title=one.title,
                chat=one.chat_id,
            )
        else:
            yield t(
                "  {title}: TELEGRAM_CHAT_ID={chat}; {who} wrote there: TELEGRAM_ALLOWED_USER_IDS={user}",
                title=one.title,
                chat=one.chat_id,
                who=one.name,
                user=one.user_id,
            )
