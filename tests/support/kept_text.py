"""What Telegram makes of words and entities: the local one, as strict as the real one (telegram-bot-api 5)."""

from collections.abc import Sequence

from aiogram.types import MessageEntity

from bot.localchat.formatting.entity import Entity
from bot.localchat.formatting.tidy import tidy
from bot.ui.blocks import joined, split
from bot.ui.screen import Screen

TEXT_LIMIT = 4096


def kept(text: str, entities: Sequence[MessageEntity] | None) -> tuple[str, list[Entity]]:
    """Return what the chat would hold; raise EntityError for an entity that does not fit the words."""
    return tidy(text, [Entity(each.type, each.offset, each.length) for each in entities or ()])


def kept_pieces(screen: Screen) -> list[str]:
    """Return the words of each message that a screen takes; fail where one is empty or too long."""
    pieces = [kept(*joined(piece).render())[0] for piece in split(screen.blocks)]
    assert all(0 < len(piece) <= TEXT_LIMIT for piece in pieces)
    return pieces
