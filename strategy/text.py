"""A sentence in the two languages of the product."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["ko", "en"]
_BETWEEN = " / "


@dataclass(frozen=True, slots=True)
class Text:
    """What a person is told, once in Korean and once in English."""

    ko: str
    en: str

    def to(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en

    def on_one_line(self) -> str:
        """Return both languages on one line, for a record or a port that carries plain words; `read` undoes it."""
        return f"{self.ko}{_BETWEEN}{self.en}"

    @classmethod
    def read(cls, words: str) -> "Text":
        """Return what `on_one_line` wrote; words of any other kind stand for both languages."""
        parts = words.split(_BETWEEN)
        return cls(*parts) if len(parts) == 2 else cls(words, words)

    def both(self) -> str:
        """Return both languages on two lines, for a console that knows no user."""
        return f"{self.ko}\n{self.en}"
