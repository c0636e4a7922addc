"""Makes a sentence of a code and its values."""

import logging
from collections.abc import Mapping
from string import Formatter
from typing import Any

from bot.i18n.catalog import sentences
from bot.i18n.particles import attach
from bot.i18n.sentences.kinds import KINDS, word_of
from strategy.model import Kept, Language, Said

log = logging.getLogger(__name__)


def say(said: Said, language: Language) -> str:
    """Return the sentence; one that a build of another age stored, and this one cannot say, shows its code."""
    try:
        return _Voice(language).say(said)
    except (KeyError, TypeError, ValueError, AttributeError):
        log.exception("no sentence", extra={"said": str(said)})
        return str(said)


def word(family: str, key: str, language: Language) -> str:
    """Return the word for a state of the core; one without a word is shown by its key."""
    return word_of(family)(key, _Voice(language))


def both(said: Said) -> str:
    """Return both languages on two lines, for a console that knows no user."""
    return f"{say(said, 'ko')}\n{say(said, 'en')}"


def paired(said: Said) -> str:
    """Return both languages on one line."""
    return f"{say(said, 'ko')} / {say(said, 'en')}"


class _Voice(Formatter):
    """One language; fields of sentences are written by their kind, or as Python formats them."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def say(self, said: Said) -> str:
        if said.code == Kept.BOTH:
            return str(said.values[self._language])
        if said.code == Kept.WORDS:
            return str(said.values["words"])
        return self.word(said.code, said.values)

    def word(self, code: str, values: Mapping[str, Any]) -> str:
        """Return a sentence by its code alone."""
        text = self.vformat(sentences()[code][self._language], (), values)
        return attach(text) if self._language == "ko" else text

    def format_field(self, value: Any, format_spec: str) -> str:
        kind = KINDS.get(format_spec)
        if kind is not None:
            return kind(value, self)
        if isinstance(value, Said):
            return self.say(value)
        if isinstance(value, tuple):
            return ", ".join(self.format_field(each, format_spec) for each in value)
        return format(value, format_spec)
