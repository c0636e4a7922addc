"""A sentence in the two languages of the product."""

from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any, Literal

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

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

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let what is stored be either this or its successor, until nothing makes this any more."""
        codec = import_module("strategy.model.said")
        return core_schema.no_info_plain_validator_function(
            codec.read_either, serialization=core_schema.plain_serializer_function_ser_schema(codec.store_either)
        )


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
