"""The old Markdown mode: no nesting, escapes only outside of marks (telegram-bot-api 5)."""

import re

from bot.localchat.formatting.entity import Entity, utf16_len
from bot.localchat.formatting.html import MarkupError
from bot.localchat.formatting.links import checked_link, linked_user

_PLAIN = {"_": "italic", "*": "bold", "`": "code"}
_LANGUAGE = re.compile(r"[^\s`]+(?=\s)")
_LINE_END = re.compile(r"\r\n|\n\r|\r|\n")


def parse_markdown(source: str) -> tuple[str, list[Entity]]:
    """Return plain text and entities. Raises MarkupError for a mark without its end."""
    out: list[str] = []
    entities: list[Entity] = []
    units = at = 0
    while at < len(source):
        char = source[at]
        if char == "\\" and source[at + 1 : at + 2] in ("_", "*", "`", "["):
            piece, found, at = source[at + 1], None, at + 2
        elif char in "_*`[":
            piece, found, at = _marked(source, at)
        else:
            piece, found, at = char, None, at + 1
        length = utf16_len(piece)
        if found and length:
            entities.append(Entity(found[0], units, length, found[1]))
        out.append(piece)
        units += length
    return "".join(out), entities


def _marked(source: str, begin: int) -> tuple[str, tuple[str, dict[str, object]] | None, int]:
    """Read one marked stretch: its text, its entity and where reading goes on."""
    char = source[begin]
    if source.startswith("```", begin):
        return _pre(source, begin)
    end = source.find("]" if char == "[" else char, begin + 1)
    if end < 0:
        raise _unfinished(source, begin)
    text = source[begin + 1 : end]
    if char != "[":
        return text, (_PLAIN[char], {}), end + 1
    if source[end + 1 : end + 2] != "(":
        return text, _link(text), end + 1
    close = source.find(")", end + 2)
    close = len(source) if close < 0 else close
    return text, _link(source[end + 2 : close]), close + 1


def _pre(source: str, begin: int) -> tuple[str, tuple[str, dict[str, object]], int]:
    at = begin + 3
    language = _LANGUAGE.match(source, at)
    at = language.end() if language else at
    line_end = _LINE_END.match(source, at)
    at = line_end.end() if line_end else at
    end = source.find("```", at)
    if end < 0:
        raise _unfinished(source, begin)
    return source[at:end], ("pre", {"language": language[0]} if language else {}), end + 3


def _link(link: str) -> tuple[str, dict[str, object]] | None:
    user_id = linked_user(link)
    if user_id is not None:
        return "text_mention", {"user": {"id": user_id}}
    url = checked_link(link)
    return ("text_link", {"url": url}) if url else None


def _unfinished(source: str, begin: int) -> MarkupError:
    offset = len(source[:begin].encode())
    return MarkupError(f"Can't find end of the entity starting at byte offset {offset}")
