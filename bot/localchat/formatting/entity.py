"""Entities and the arithmetic of UTF-16 code units that their offsets are counted in."""

from dataclasses import dataclass, field
from typing import Any

SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
QUOTES = ("blockquote", "expandable_blockquote")
VERBATIM = ("pre", "code")
AUTOMATIC = (
    "bot_command",
    "mention",
    "hashtag",
    "cashtag",
    "url",
    "email",
    "phone_number",
    "bank_card_number",
)
# They carry something the text does not show, so white space alone may hold one.
HIDDEN_DATA = ("text_link", "text_mention", "custom_emoji", "date_time")
EXPLICIT = (*SPLITTABLE, *QUOTES, *VERBATIM, *HIDDEN_DATA)

_ORDER = {kind: place for place, kind in enumerate((*QUOTES, *VERBATIM, *HIDDEN_DATA, *AUTOMATIC, *SPLITTABLE))}


@dataclass(frozen=True, slots=True)
class Entity:
    """A stretch of text with a meaning; offset and length in UTF-16 code units."""

    type: str
    offset: int
    length: int
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def end(self) -> int:
        return self.offset + self.length

    def over(self, offset: int, end: int) -> "Entity":
        """Return the same entity over another stretch."""
        return Entity(self.type, offset, end - offset, self.data)

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, "offset": self.offset, "length": self.length, **self.data}


def utf16_len(text: str) -> int:
    """Return the length in UTF-16 code units: two for what lies beyond the basic plane."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def in_order(entities: list[Entity]) -> list[Entity]:
    """Sort by offset, longer ones first, outer kinds before inner ones."""
    return sorted(entities, key=lambda entity: (entity.offset, -entity.length, _ORDER.get(entity.type, 0)))


class Utf16Index:
    """Translate between positions of Python's code points and of UTF-16 units."""

    def __init__(self, text: str) -> None:
        self._units = [0]
        for char in text:
            self._units.append(self._units[-1] + (2 if char > "\uffff" else 1))
        self._points = {unit: point for point, unit in enumerate(self._units)}

    @property
    def length(self) -> int:
        return self._units[-1]

    def unit(self, point: int) -> int:
        return self._units[point]

    def point(self, unit: int) -> int | None:
        """Return the code point that starts at a unit; None past the end or within a surrogate pair."""
        return self._points.get(unit)
