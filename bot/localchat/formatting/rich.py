"""Rich messages: blocks checked and measured (telegram-bot-api 9.10)."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Media = Callable[[str, Any], Json]

BLOCK_LIMIT = 500
TEXT_LIMIT = 32_768
COLUMN_LIMIT = 20
_DEPTH_LIMIT = 16

# Kinds of text inside a block, with the fields each needs beside its own text.
_SPANS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("bold", "italic", "underline", "strikethrough", "spoiler", "code", "marked"), ()),
    **dict.fromkeys(("subscript", "superscript"), ()),
    "url": ("url",),
    "email_address": ("email_address",),
    "phone_number": ("phone_number",),
    "bank_card_number": ("bank_card_number",),
    "mention": ("username",),
    "hashtag": ("hashtag",),
    "cashtag": ("cashtag",),
    "bot_command": ("bot_command",),
    "anchor_link": ("anchor_name",),
    "reference": ("name",),
    "reference_link": ("reference_name",),
}
_BUTTON_ACTIONS = ("callback_data", "url", "web_app", "copy_text", "login_url", "switch_inline_query", "disabled")
_STYLES = ("primary", "success", "danger", "link")


class RichError(ValueError):
    """A block that cannot be; the text says which."""


class RichReader:
    """Checks one message; `media` keeps the file of a photo or a document and returns the field that names it."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._count = 0
        self._size = 0

    def message(self, raw: Any) -> Json:
        """Return the RichMessage of an InputRichMessage. Raises RichError."""
        if not isinstance(raw, dict):
            raise RichError("expected an Object")
        if raw.get("html") or raw.get("markdown"):
            raise RichError("the local chat reads blocks only")
        if not raw.get("blocks"):
            raise RichError("blocks must be non-empty")
        blocks = self._blocks(raw["blocks"], 0)
        return {"blocks": blocks, **_flags(raw, "is_rtl")}

    def _blocks(self, raw: Any, depth: int) -> list[Json]:
        if not isinstance(raw, list):
            raise RichError("expected an Array of blocks")
        if depth > _DEPTH_LIMIT:
            raise RichError("blocks are nested too deeply")
        return [self._block(item, depth) for item in raw]

    def _block(self, raw: Any, depth: int) -> Json:
        if not isinstance(raw, dict):
            raise RichError("expected a block to be an Object")
        self._count += 1
        if self._count > BLOCK_LIMIT:
            raise RichError("too many blocks")
        kind = str(raw.get("type", ""))
        block: Json = {"type": kind}
        if kind in ("paragraph", "footer", "thinking", "heading", "pre", "expandable_blockquote", "pullquote"):
            block["text"] = self._text(raw.get("text"))
        if kind == "heading":
            block["size"] = _between(raw.get("size"), 1, 6, "size of a heading")
        elif kind == "pre":
            block |= _texts(raw, "language")
        elif kind in ("blockquote", "details"):
            block["blocks"] = self._blocks(raw.get("blocks"), depth + 1)
        elif kind == "list":
            block["items"] = [self._item(item, place, depth) for place, item in enumerate(_list(raw, "items"), 1)]
        elif kind == "table":
            block |= self._table(raw)
        elif kind == "buttons":
            block["buttons"] = [self._button(item) for item in _list(raw, "buttons")]
            block |= _texts(raw, "align")
        elif kind in ("photo", "document"):
            block |= self._media(kind, raw.get(kind))
            block |= self._caption(raw)
        elif kind == "mathematical_expression":
            block["expression"] = self._text(raw.get("expression"))
        elif kind == "anchor":
            block["name"] = str(raw.get("name", ""))
        elif kind != "divider" and "text" not in block:
            raise RichError(f'unsupported block type "{kind}"')
        if kind == "details":
            block |= {"summary": self._text(raw.get("summary")), **_flags(raw, "is_open")}
        if raw.get("credit") and kind in ("blockquote", "expandable_blockquote", "pullquote"):
            block["credit"] = self._text(raw["credit"])
        return block

    def _item(self, raw: Any, place: int, depth: int) -> Json:
        if not isinstance(raw, dict):
            raise RichError("expected a list item to be an Object")
        value = raw.get("value")
        numbered = isinstance(value, int) or raw.get("type")
        label = f"{value if isinstance(value, int) else place}." if numbered else "•"
        flags = _flags(raw, "has_checkbox", "is_checked")
        more = {name: raw[name] for name in ("value", "type") if raw.get(name) is not None}
        return {"label": label, "blocks": self._blocks(raw.get("blocks"), depth + 1), **flags, **more}

    def _table(self, raw: Json) -> Json:
        rows = _list(raw, "cells")
        if not all(isinstance(row, list) for row in rows):
            raise RichError("cells must be an Array of Arrays")
        cells = [[self._cell(cell) for cell in row] for row in rows]
        if any(sum(int(cell.get("colspan", 1)) for cell in row) > COLUMN_LIMIT for row in cells):
            raise RichError("too many columns in a table")
        caption = {"caption": self._text(raw["caption"])} if raw.get("caption") else {}
        return {"cells": cells, **_flags(raw, "is_bordered", "is_striped", "is_compact"), **caption}

    def _cell(self, raw: Any) -> Json:
        if not isinstance(raw, dict):
            raise RichError("expected a table cell to be an Object")
        cell: Json = {"align": raw.get("align", "left"), "valign": raw.get("valign", "top")}
        if cell["align"] not in ("left", "center", "right") or cell["valign"] not in ("top", "middle", "bottom"):
            raise RichError("a table cell cannot be aligned like that")
        if "text" in raw:
            cell["text"] = self._text(raw["text"], may_be_empty=True)
        for span in ("colspan", "rowspan"):
            if raw.get(span) is not None:
                cell[span] = _between(raw[span], 1, COLUMN_LIMIT if span == "colspan" else BLOCK_LIMIT, span)
        return cell | _flags(raw, "is_header")

    def _button(self, raw: Any) -> Json:
        if not isinstance(raw, dict):
            raise RichError("expected a button to be an Object")
        actions = [name for name in _BUTTON_ACTIONS if raw.get(name)]
        if len(actions) != 1:
            raise RichError("a button must have exactly one action")
        if len(str(raw.get("callback_data", "")).encode()) > 64:
            raise RichError("BUTTON_DATA_INVALID")
        if raw.get("style") and raw["style"] not in _STYLES:
            raise RichError("invalid button style specified")
        return {"text": self._text(raw.get("text")), actions[0]: raw[actions[0]], **_texts(raw, "style")}

    def _caption(self, raw: Json) -> Json:
        caption = raw.get("caption")
        return {"caption": {"text": self._text(caption.get("text"))}} if isinstance(caption, dict) else {}

    def _text(self, raw: Any, *, may_be_empty: bool = False, depth: int = 0) -> Any:
        if isinstance(raw, str):
            self._size += len(raw)
            if self._size > TEXT_LIMIT:
                raise RichError("rich message is too long")
            if not raw and not may_be_empty:
                raise RichError("text must be non-empty")
            return raw
        if depth > _DEPTH_LIMIT:
            raise RichError("texts are nested too deeply")
        if isinstance(raw, list) and raw:
            return [self._text(part, may_be_empty=may_be_empty, depth=depth + 1) for part in raw]
        if not isinstance(raw, dict):
            raise RichError("expected a text")
        kind = str(raw.get("type", ""))
        if kind == "button":
            return {"type": kind, "button": self._button(raw.get("button"))}
        if kind not in _SPANS:
            raise RichError(f'unsupported text type "{kind}"')
        fields = {name: str(raw.get(name, "")) for name in _SPANS[kind]}
        if not all(fields.values()):
            raise RichError(f'text of type "{kind}" lacks a field')
        return {"type": kind, "text": self._text(raw.get("text"), depth=depth + 1), **fields}


def plain_rich(value: Any) -> str:
    """Return the words of a message, a block or a text, for previews."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(filter(None, (plain_rich(part) for part in value)))
    if not isinstance(value, dict):
        return ""
    names = ("text", "summary", "blocks", "items", "cells", "expression", "button", "buttons")
    return " ".join(filter(None, (plain_rich(value[name]) for name in names if name in value)))


def _list(raw: Json, name: str) -> list[Any]:
    value = raw.get(name)
    if not isinstance(value, list) or not value:
        raise RichError(f"{name} must be a non-empty Array")
    return value


def _flags(raw: Json, *names: str) -> Json:
    return {name: True for name in names if raw.get(name) is True}


def _texts(raw: Json, *names: str) -> Json:
    return {name: str(raw[name]) for name in names if raw.get(name)}


def _between(value: Any, low: int, high: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RichError(f"{what} must lie between {low} and {high}")
    return value
