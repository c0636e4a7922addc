"""Safe HTML of a message for the chat page, made from text and entities, never from the sender's markup."""

import re
from html import escape
from typing import Any

from bot.localchat.formatting.entity import AUTOMATIC, Utf16Index
from bot.localchat.formatting.links import checked_link

_SIMPLE = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "blockquote": "blockquote",
}


# A line end next to a block would show as an empty line: the block is a line of its own already.
_BLOCK_END = re.compile(r"\n?(</blockquote>|</code></pre>)\n?")
_BLOCK_START = re.compile(r"\n(<blockquote[ >]|<pre[ >])")


def render(text: str, entities: list[dict[str, Any]]) -> str:
    """Return HTML in which every character of the text is escaped and tags come from entities alone."""
    index = Utf16Index(text)
    opening: dict[int, list[tuple[str, str]]] = {}
    closing: dict[int, list[str]] = {}
    spans = _nested([e for e in entities if index.point(e["offset"]) is not None])
    borders = {0, index.length}
    for entity in spans:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        open_tag, close_tag = _tags(entity, _slice(text, index, begin, end))
        opening.setdefault(begin, []).append((open_tag, close_tag))
        closing.setdefault(end, []).insert(0, close_tag)
        borders |= {begin, end}
    out: list[str] = []
    places = sorted(borders)
    for place, following in zip(places, [*places[1:], index.length], strict=True):
        out += closing.get(place, [])
        out += [open_tag for open_tag, _ in opening.get(place, [])]
        out.append(escape(_slice(text, index, place, following), quote=False))
    return _BLOCK_END.sub(r"\1", _BLOCK_START.sub(r"\1", "".join(out)))


def _nested(entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return entities outer first; one that crosses an earlier one is left out, so that tags always nest."""
    kept: list[dict[str, Any]] = []
    stack: list[int] = []
    for entity in sorted(entities, key=lambda e: (e["offset"], -e["length"])):
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        while stack and stack[-1] <= begin:
            stack.pop()
        if stack and end > stack[-1]:
            continue
        stack.append(end)
        kept.append(entity)
    return kept


def _slice(text: str, index: Utf16Index, begin: int, end: int) -> str:
    first, last = index.point(begin), index.point(end)
    return text[first:last] if first is not None and last is not None else ""


def _tags(entity: dict[str, Any], inside: str) -> tuple[str, str]:
    kind = entity["type"]
    if kind in _SIMPLE:
        return f"<{_SIMPLE[kind]}>", f"</{_SIMPLE[kind]}>"
    if kind == "expandable_blockquote":
        return '<blockquote class="expandable" tabindex="0">', "</blockquote>"
    if kind == "spoiler":
        return '<span class="spoiler" tabindex="0" role="button" aria-expanded="false">', "</span>"
    if kind == "pre":
        language = entity.get("language", "")
        label = f' data-language="{escape(language)}"' if language else ""
        return f"<pre{label}><code>", "</code></pre>"
    if kind in ("text_link", "url", "email"):
        return _link_tags(kind, entity, inside)
    if kind == "bot_command":
        return f'<button type="button" class="command" data-command="{escape(inside)}">', "</button>"
    if kind in AUTOMATIC or kind == "text_mention":
        return f'<span class="{kind}">', "</span>"
    return "<span>", "</span>"


def _link_tags(kind: str, entity: dict[str, Any], inside: str) -> tuple[str, str]:
    target = f"mailto:{inside}" if kind == "email" else checked_link(entity.get("url", inside))
    if not target.startswith(("http://", "https://", "mailto:", "ftp://")):
        return '<span class="link">', "</span>"
    return f'<a href="{escape(target)}" target="_blank" rel="noopener noreferrer">', "</a>"
