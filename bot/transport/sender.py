"""Puts screens into a chat: split, escaped, and in plain words where the server refuses the markup."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters

from bot.ui.buttons import markup
from bot.ui.html import clean, split, to_html, to_plain
from bot.ui.message import Message as Words
from bot.ui.message import block
from bot.ui.screen import Screen

_T = TypeVar("_T")

log = logging.getLogger(__name__)

_DOCUMENT_S = 30
_SLOWEST_UPLOAD = 50_000  # bytes a second
_ELLIPSIS = block("…")
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Gone(Exception):
    """The message to edit is not there any more, or can no longer be edited."""


class Speaker:
    """Sends and edits screens. Raises aiogram's TelegramAPIError for what cannot be helped here."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def send(
        self,
        chat_id: int,
        screen: Screen,
        *,
        reply_to: int | None = None,
        silent: bool = False,
        sent: list[int] | None = None,
        thread: int | None = None,
        plainly: bool = False,
    ) -> int:
        """Send a screen, in several messages when it is long, and return the id of the last, with the keyboard.

        `sent` collects the ids as they come; after a failure the same list makes the next try go on where this one
        stopped. `plainly` sends the words alone: no markup, no buttons, no reply.
        """
        sent = [] if sent is None else sent
        pieces = split(screen.message)
        for number in range(len(sent), len(pieces)):
            if plainly:
                sent.append(await self._send_plain(chat_id, pieces[number], silent=silent, thread=thread))
                continue
            keyboard = markup(screen.keyboard) if number == len(pieces) - 1 else None
            reply = reply_to if number == 0 else None
            sent.append(
                await self._send(chat_id, pieces[number], keyboard, reply_to=reply, silent=silent, thread=thread)
            )
        return sent[-1]

    async def send_document(
        self, chat_id: int, name: str, content: bytes, caption: str = "", *, thread: int | None = None
    ) -> int:
        """Send a file of at most 50 MB; the caption is plain words, at most 1024 of them are shown."""
        file = BufferedInputFile(content, filename=name)
        patience = _DOCUMENT_S + len(content) // _SLOWEST_UPLOAD
        sent = await self._bot.send_document(
            chat_id,
            file,
            caption=clean(caption)[:1024] or None,
            message_thread_id=thread,
            request_timeout=patience,
        )
        return sent.message_id

    async def edit(self, chat_id: int, message_id: int, screen: Screen) -> None:
        """Show a screen in place of a message; raise Gone when that is no longer possible.

        What does not fit into one message is left out of an edit (its end, marked with an ellipsis).
        """
        pieces = split(screen.message)
        piece = pieces[0] if len(pieces) == 1 else split(screen.message, 4000)[0].plus(_ELLIPSIS)
        keyboard = markup(screen.keyboard)

        async def attempt(text: str, mode: str | None) -> None:
            await self._bot.edit_message_text(
                text,
                chat_id=chat_id,
                message_id=message_id,
                parse_mode=mode,
                reply_markup=keyboard,
                link_preview_options=_NO_PREVIEW,
            )

        try:
            await _marked_or_plain(piece, attempt)
        except TelegramBadRequest as error:
            if "message is not modified" in error.message:
                return
            if any(reason in error.message for reason in ("not found", "can't be edited", "no text in the message")):
                raise Gone from error
            raise

    async def _send_plain(self, chat_id: int, piece: Words, *, silent: bool, thread: int | None) -> int:
        made = await self._bot.send_message(
            chat_id,
            to_plain(piece),
            disable_notification=silent,
            message_thread_id=thread,
            link_preview_options=_NO_PREVIEW,
        )
        return made.message_id

    async def _send(
        self,
        chat_id: int,
        piece: Words,
        keyboard: InlineKeyboardMarkup | None,
        *,
        reply_to: int | None,
        silent: bool,
        thread: int | None,
    ) -> int:
        reply = None
        if reply_to is not None:
            reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True)

        async def attempt(text: str, mode: str | None) -> Message:
            return await self._bot.send_message(
                chat_id,
                text,
                parse_mode=mode,
                reply_markup=keyboard,
                reply_parameters=reply,
                disable_notification=silent,
                message_thread_id=thread,
                link_preview_options=_NO_PREVIEW,
            )

        return (await _marked_or_plain(piece, attempt)).message_id


async def _marked_or_plain(piece: Words, attempt: Callable[[str, str | None], Awaitable[_T]]) -> _T:
    """Try with markup; say the same in plain words when the server cannot read it."""
    try:
        return await attempt(to_html(piece), "HTML")
    except TelegramBadRequest as error:
        if "can't parse entities" not in error.message and "ENTIT" not in error.message:
            raise
        log.warning("markup refused, sent as plain text", extra={"reason": error.message})
        return await attempt(to_plain(piece), None)
