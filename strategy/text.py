"""A sentence in the two languages of the product."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["ko", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """What a person is told, once in Korean and once in English."""

    ko: str
    en: str

    def to(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en

    def both(self) -> str:
        """Return both languages on two lines, for a console that knows no user."""
        return f"{self.ko}\n{self.en}"
