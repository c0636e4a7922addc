"""Puts screens into a chat: split so that they fit, as words with their entities and without a parse mode."""

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, LinkPreviewOptions, ReplyParameters
from aiogram.utils.formatting import Text

from bot.transport.api_errors import changes_nothing, names_no_message
from bot.ui.blocks import clean, joined, split
from bot.ui.buttons import markup
from bot.ui.screen import Screen

_DOCUMENT_S = 30
_SLOWEST_UPLOAD = 50_000  # bytes a second
_ELLIPSIS = Text("…")
_ROOM_FOR_IT = 4000  # UTF-16 units
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Gone(Exception):
    """The message to edit is not there any more, or can no longer be edited."""


class Sender:
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
        stopped. `plainly` sends the words alone: no form, no buttons, no reply.
        """
        sent = [] if sent is None else sent
        pieces = split(screen.blocks)
        for number in range(len(sent), len(pieces)):
            last = number == len(pieces) - 1
            text, entities = joined(pieces[number]).render()
            reply = None if number or reply_to is None or plainly else _in_reply_to(reply_to)
            made = await self._bot.send_message(
                chat_id,
                text,
                entities=None if plainly else entities or None,
                reply_markup=markup(screen.keyboard) if last and not plainly else None,
                reply_parameters=reply,
                disable_notification=silent,
                message_thread_id=thread,
                link_preview_options=_NO_PREVIEW,
            )
            sent.append(made.message_id)
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
        pieces = split(screen.blocks)
        piece = pieces[0] if len(pieces) == 1 else (*split(screen.blocks, _ROOM_FOR_IT)[0], _ELLIPSIS)
        text, entities = joined(piece).render()
        try:
            await self._bot.edit_message_text(
                text,
                chat_id=chat_id,
                message_id=message_id,
                entities=entities or None,
                reply_markup=markup(screen.keyboard),
                link_preview_options=_NO_PREVIEW,
            )
        except TelegramBadRequest as error:
            if changes_nothing(error):
                return
            if names_no_message(error):
                raise Gone from error
            raise


def _in_reply_to(message_id: int) -> ReplyParameters:
    return ReplyParameters(message_id=message_id, allow_sending_without_reply=True)
