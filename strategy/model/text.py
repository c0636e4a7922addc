"""A sentence in the two languages of the product."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Language = Literal["ko", "en"]
_BETWEEN = " / "
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


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


def span(length: timedelta) -> Text:
    """Return a length of time in its two largest units at most."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < _MINUTE:
        return Text(f"{seconds}초", f"{seconds} s")
    if seconds < _HOUR:
        return Text(f"{seconds // _MINUTE}분", f"{seconds // _MINUTE} min")
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    if seconds < _DAY:
        return Text(f"{hours}시간 {minutes}분", f"{hours} h {minutes} min")
    return Text(f"{seconds // _DAY}일 {hours % 24}시간", f"{seconds // _DAY} d {hours % 24} h")
