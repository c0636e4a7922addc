"""The HTML dialect of the Bot API, as strict as the real parser (telegram-bot-api 5)."""

import re
from dataclasses import dataclass

from bot.localchat.formatting.entity import Entity, in_order, utf16_len
from bot.localchat.formatting.links import checked_link, is_time_format, linked_user

_TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#[xX]([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-zA-Z]+));?")
_SPACES = " \t\r\n\v\0"
_SPECIAL = re.compile(r"[<&]")
_DIGITS = re.compile(r"-?[0-9]{1,10}")
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.-]*")


class MarkupError(ValueError):
    """The source is not valid markup; the text is the reason as the Bot API words it."""


@dataclass(slots=True)
class _OpenTag:
    name: str
    attributes: dict[str, str]
    offset: int
    out_at: int


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Return plain text and entities of an HTML source.

    Raises MarkupError with the wording and the UTF-8 byte offset of the real server.
    """
    return _HtmlParser(source).parse()


class _HtmlParser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out: list[str] = []
        self._units = 0
        self._open: list[_OpenTag] = []
        self._entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._source):
            char = self._source[self._at]
            if char == "<":
                self._tag()
            elif char == "&":
                self._emit(self._reference())
            else:
                end = _SPECIAL.search(self._source, self._at)
                begin, self._at = self._at, end.start() if end else len(self._source)
                self._emit(self._source[begin : self._at])
        if self._open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        lone = [  # a language is pre's
            Entity("code", each.offset, each.length) if each.type == "code" else each for each in self._entities
        ]
        return "".join(self._out), in_order(lone)

    def _emit(self, text: str) -> None:
        self._out.append(text)
        self._units += utf16_len(text)

    def _peek(self) -> str:
        """Return the character here; the end of the source reads as NUL, which ends names as a space does."""
        return self._source[self._at] if self._at < len(self._source) else "\0"

    def _reference(self) -> str:
        """Return what a character reference stands for; what is none stays as typed."""
        found = _REFERENCE.match(self._source, self._at)
        if found:
            char = _decoded(found)
            if char:
                self._at = found.end()
                return char
        self._at += 1
        return "&"

    def _tag(self) -> None:
        begin = self._at
        self._at += 1
        if self._peek() == "/":
            self._end_tag(begin)
        else:
            self._start_tag(begin)
        self._at += 1

    def _start_tag(self, begin: int) -> None:
        name = self._until(">").lower()
        if self._peek() == "\0":
            raise self._error("Unclosed start tag", begin)
        if name not in _TYPES:
            raise MarkupError(f'Unsupported start tag "{name}" at byte offset {self._byte(begin)}')
        attributes = self._attributes(name, begin)
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self._open.append(_OpenTag(name, attributes, self._units, len(self._out)))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        attributes: dict[str, str] = {}
        while True:
            self._skip_spaces()
            if self._peek() == ">":
                return attributes
            name = self._until(">=/\"'")
            if not name:
                raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}')
            self._skip_spaces()
            if self._peek() == "\0":
                raise self._unclosed(tag, begin)
            attributes[name] = self._value(tag, begin) if self._peek() == "=" else ""
            if self._peek() == "\0":
                raise self._error("Unclosed start tag", begin)

    def _value(self, tag: str, begin: int) -> str:
        self._at += 1
        self._skip_spaces()
        quote = self._peek()
        if quote == "\0":
            raise self._unclosed(tag, begin)
        if quote not in "\"'":
            return self._name_token()
        self._at += 1
        value: list[str] = []
        while self._peek() != quote:
            if self._at >= len(self._source):
                raise self._error("Unclosed start tag", begin)
            if self._peek() == "&":
                value.append(self._reference())
            else:
                value.append(self._peek())
                self._at += 1
        self._at += 1
        return "".join(value)

    def _name_token(self) -> str:
        begin = self._at
        found = _NAME_TOKEN.match(self._source, begin)
        self._at = found.end() if found else begin
        if self._peek() not in _SPACES and self._peek() != ">":
            raise self._error("Unexpected end of name token", begin)
        return self._source[begin : self._at].lower()

    def _end_tag(self, begin: int) -> None:
        if not self._open:
            raise self._error("Unexpected end tag", begin)
        self._at += 1
        name = self._until(">").lower()
        self._skip_spaces()
        if self._peek() != ">":
            raise self._error("Unclosed end tag", begin)
        tag = self._open.pop()
        if name and name != tag.name:
            raise MarkupError(
                f'Unmatched end tag at byte offset {self._byte(begin)}, expected "</{tag.name}>", found "</{name}>"'
            )
        if self._units > tag.offset:
            self._close(tag)

    def _close(self, tag: _OpenTag) -> None:
        """Add the entity of a tag that has come to its end."""
        kind = _TYPES[tag.name]
        entity = Entity(kind, tag.offset, self._units - tag.offset)
        if kind == "text_link":
            link = tag.attributes.get("href") or "".join(self._out[tag.out_at :])
            self._entities += _link_entity(entity, link)
        elif kind == "custom_emoji":
            emoji = tag.attributes.get("emoji-id", "")
            if not emoji.isdecimal() or not int(emoji):
                raise MarkupError("Invalid custom emoji identifier specified")
            self._add(entity, custom_emoji_id=emoji)
        elif kind == "date_time":
            self._time(entity, tag)
        elif kind in ("code", "pre"):
            self._verbatim(entity, tag)
        elif kind == "blockquote" and "expandable" in tag.attributes:
            self._entities.append(Entity("expandable_blockquote", entity.offset, entity.length))
        else:
            self._entities.append(entity)

    def _verbatim(self, entity: Entity, tag: _OpenTag) -> None:
        """Add code or pre; code with a language right inside or around pre makes a pre with that language."""
        css = tag.attributes.get("class", "") if tag.name == "code" else ""
        language = css.removeprefix("language-") if css.startswith("language-") else ""
        inner = self._entities[-1] if self._entities else None
        if inner is not None and (inner.offset, inner.length) == (entity.offset, entity.length):
            if (entity.type, inner.type) == ("pre", "code"):
                language = str(inner.data.get("language", ""))
            if {entity.type, inner.type} == {"pre", "code"} and language:
                self._entities.pop()
                self._entities.append(Entity("pre", entity.offset, entity.length, {"language": language}))
                return
        self._entities.append(
            Entity(entity.type, entity.offset, entity.length, {"language": language} if language else {})
        )

    def _time(self, entity: Entity, tag: _OpenTag) -> None:
        shape = tag.attributes.get("format", "")
        if not is_time_format(shape):
            raise MarkupError("Invalid date format used")
        digits = _DIGITS.match(tag.attributes.get("unix", ""))
        if digits is not None and int(digits[0]) > 0:
            self._add(entity, unix_time=int(digits[0]), **({"date_time_format": shape} if shape else {}))

    def _add(self, entity: Entity, **data: object) -> None:
        self._entities.append(Entity(entity.type, entity.offset, entity.length, data))

    def _until(self, stops: str) -> str:
        begin = self._at
        while self._peek() not in _SPACES and self._peek() not in stops:
            self._at += 1
        return self._source[begin : self._at]

    def _skip_spaces(self) -> None:
        while self._at < len(self._source) and self._source[self._at] in _SPACES:
            self._at += 1

    def _byte(self, at: int) -> int:
        return len(self._source[:at].encode())

    def _unclosed(self, tag: str, begin: int) -> MarkupError:
        return self._error(f'Unclosed start tag "{tag}"', begin)

    def _error(self, what: str, at: int) -> MarkupError:
        return MarkupError(f"{what} at byte offset {self._byte(at)}")


def _decoded(found: re.Match[str]) -> str:
    digits_hex, digits, name = found.groups()
    if name:
        return _NAMED.get(name, "")
    code = int(digits_hex, 16) if digits_hex else int(digits)
    if code == 0 or code >= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return ""
    return chr(code)


def _link_entity(entity: Entity, link: str) -> list[Entity]:
    """Return the entity of a link; a link that is not valid gives none, without an error."""
    user_id = linked_user(link)
    if user_id is not None:
        return [Entity("text_mention", entity.offset, entity.length, {"user": {"id": user_id}})]
    url = checked_link(link)
    return [Entity("text_link", entity.offset, entity.length, {"url": url})] if url else []
