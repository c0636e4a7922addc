"""The two languages of the chat: English msgids, Korean from `bot/locales`, through aiogram's i18n."""

import gettext
from dataclasses import dataclass
from string import Formatter
from typing import Any

from aiogram.utils.formatting import Text
from aiogram.utils.i18n import I18n

from bot.i18n.catalog import LOCALES, translations
from bot.i18n.particles import attach
from bot.i18n.sentences import say, word
from strategy.model import Language, Said

LANGUAGES: tuple[Language, ...] = ("ko", "en")


class Catalogs(I18n):
    """aiogram's i18n reading the .po sources, so that no compiled file can be stale or missing."""

    def find_locales(self) -> dict[str, gettext.GNUTranslations]:
        return {
            path.parent.parent.name: translations(path) for path in self.path.glob(f"*/LC_MESSAGES/{self.domain}.po")
        }


def load_catalogs() -> Catalogs:
    return Catalogs(path=LOCALES, default_locale="en")


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language, as views speak it."""

    catalogs: Catalogs
    language: Language

    def __call__(self, msgid: str, /, **values: object) -> str:
        """Return the sentence with its values filled in."""
        text = self.catalogs.gettext(msgid, locale=self.language)
        if not values:
            return text
        return attach(text.format(**values)) if self.language == "ko" else text.format(**values)

    def line(self, msgid: str, /, **values: object) -> Text:
        """Return the sentence as a line; values that are nodes keep their style."""
        nodes: list[Text | str] = []
        for literal, name, spec, _ in Formatter().parse(self.catalogs.gettext(msgid, locale=self.language)):
            nodes.append(_follow(nodes, literal) if self.language == "ko" else literal)
            if name is not None:
                value: Any = values[name]
                nodes.append(value if isinstance(value, Text) else format(value, spec or ""))
        return Text(*nodes)

    def word(self, family: str, key: str) -> str:
        """Return the word for a state of the core."""
        return word(family, key, self.language)

    def of(self, text: Said) -> str:
        """Return a sentence that the core made in both languages."""
        return say(text, self.language)


def _follow(nodes: list[Text | str], literal: str) -> str:
    """Return what stands behind a line's nodes, with the particles that fit the last of them."""
    before = Text(*nodes).render()[0]
    return attach(before + literal)[len(before) :]
