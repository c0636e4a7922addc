"""Evens out what keyboards and phones make of typed words, in the one place they come in.

A Korean keyboard writes full-width digits and spaces, a phone its own minus signs, a computer by Apple decomposed
Hangul, and copied text brings spaces nobody sees. Fractions, circled digits and exponents are left as they are and
refused where a number is read: `10²` is not 102.
"""

import unicodedata
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject

from bot.input.addressing import Handler

_FULL_WIDTH = {0xFF01 + n: 0x21 + n for n in range(94)}
_SPACES = dict.fromkeys([0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000], " ")
_MINUS = dict.fromkeys([0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2212, 0xFE58, 0xFE63], "-")
_UNSEEN: dict[int, None] = dict.fromkeys(
    [0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A), 0xFEFF]
)
_EVEN: dict[int, int | str | None] = {**_FULL_WIDTH, **_SPACES, **_MINUS, **_UNSEEN}


def even(text: str) -> str:
    """Return typed text with plain digits, signs, spaces and composed Hangul; all else stays."""
    return unicodedata.normalize("NFC", text).translate(_EVEN)


class Typed(BaseMiddleware):
    """Hand every message on with its words evened out."""

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        if isinstance(event, Message) and event.text is not None and (text := even(event.text)) != event.text:
            event = event.model_copy(update={"text": text})
        return await handler(event, data)
