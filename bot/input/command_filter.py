"""Recognises what a message asks for: `/status`, `/status@bot`, or a plain word such as 상태."""

from aiogram import Bot
from aiogram.filters import Filter
from aiogram.types import Message

from bot.input.commands import BY_WORD, Command


class Asks(Filter):
    """Pass messages that ask for a command; the handler gets the rest of the words as `args`."""

    def __init__(self, *names: str) -> None:
        self._names = names

    async def __call__(self, message: Message, bot: Bot) -> bool | dict[str, str]:
        found = asked(message.text, (await bot.me()).username)
        return {"args": found[1]} if found and found[0] in self._names else False


def asked(text: str | None, username: str | None = None) -> tuple[str, str] | None:
    """Return the command's name and its arguments, or None for other words and for another bot's commands."""
    first, _, rest = (text or "").strip().partition(" ")
    first, newline, more = first.partition("\n")
    args = f"{more} {rest}".strip() if newline else rest.strip()
    if not first.startswith("/"):
        command = word(first)
        return (command.name, args) if command else None
    return (first[1:].partition("@")[0].casefold(), args) if addressed(first, username) else None


def addressed(text: str, username: str | None) -> bool:
    """Return whether a command is not another bot's."""
    _, _, mentioned = text.partition("\n")[0].partition(" ")[0].partition("@")
    return not mentioned or username is None or mentioned.casefold() == username.casefold()


def word(text: str) -> Command | None:
    """Return the command behind a plain word."""
    return BY_WORD.get(text.casefold())
