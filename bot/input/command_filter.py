"""Recognises what a message asks for: `/status`, `/status@bot`, or a plain word such as 상태."""

from aiogram import Bot
from aiogram.filters import Filter
from aiogram.types import Message

from bot.input.commands import BY_WORD, Command

_MARKS = "?!.~…"


class Asks(Filter):
    """Pass messages that ask for a command; the handler gets the rest of the words as `args`."""

    def __init__(self, *names: str) -> None:
        self._names = names

    async def __call__(self, message: Message, bot: Bot) -> bool | dict[str, str]:
        found = asked(message.text, (await bot.me()).username)
        return {"args": found[1]} if found and found[0] in self._names else False


def asked(text: str | None, username: str | None = None) -> tuple[str, str] | None:
    """Return the command's name and its arguments, or None for other words and for another bot's commands."""
    said = (text or "").strip()
    first, _, rest = said.partition(" ")
    first, newline, more = first.partition("\n")
    args = f"{more} {rest}".strip() if newline else rest.strip()
    if first.startswith("/"):
        return (first[1:].partition("@")[0].casefold(), args) if addressed(first, username) else None
    return _spoken(said.split())


def _spoken(words: list[str]) -> tuple[str, str] | None:
    """Return the command of plain words: `상태`, a label such as `📊 상태`, `매수 XLF 3주`, `XLF 3주 매수`."""
    labelled = word(" ".join(words))
    if labelled is not None:
        return labelled.name, ""
    if words and not any(each.isalnum() for each in words[0]):  # the icon of a label
        words = words[1:]
    if not words:
        return None
    for taken in (2, 1):
        command = word("".join(words[:taken])) if len(words) >= taken else None
        if command is not None:
            return command.name, " ".join(words[taken:])
    return _about_a_ticker(words)


def _about_a_ticker(words: list[str]) -> tuple[str, str] | None:
    """Return the command that stands behind the ticker, next to it or at the end."""
    if len(words) < 2 or not words[0][0].isalpha():
        return None
    for at in (1, -1):
        command = word(words[at])
        if command is not None and _takes_a_ticker(command):
            rest = [*words[:at], *words[at:][1:]]
            return command.name, " ".join(rest)
    return None


def _takes_a_ticker(command: Command) -> bool:
    return command.usage.removeprefix("[").startswith("TICKER")


def addressed(text: str, username: str | None) -> bool:
    """Return whether a command is not another bot's."""
    _, _, mentioned = text.partition("\n")[0].partition(" ")[0].partition("@")
    return not mentioned or username is None or mentioned.casefold() == username.casefold()


def word(text: str) -> Command | None:
    """Return the command behind a plain word, however it is shouted or asked."""
    return BY_WORD.get(text.casefold().rstrip(_MARKS))
