"""Turns a message into Telegram's HTML, escaped by construction, in pieces that fit (telegram-bot-api 4.3, 5)."""

import re
from collections.abc import Iterator
from itertools import groupby

from bot.ui.message import Block, Form, Line, Message, Span, Style

LIMIT = 4096  # code points after the tags are read

_TAGS = {Style.BOLD: "b", Style.ITALIC: "i", Style.CODE: "code", Style.STRUCK: "s"}
_FORMS = {
    Form.QUOTE: ("<blockquote>", "</blockquote>"),
    Form.FOLDED: ("<blockquote expandable>", "</blockquote>"),
    Form.TABLE: ("<pre>", "</pre>"),
}
# control characters and half surrogates: no server accepts them, and none of them says anything
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return the text without what cannot be shown (controls, direction marks, half surrogates)."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def escape(text: str) -> str:
    return clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_html(message: Message) -> str:
    """Return one HTML text; the caller has split the message before."""
    return "\n\n".join(_block(block) for block in message.blocks)


def to_plain(message: Message) -> str:
    """Return the words alone, for a server that refuses the markup."""
    return clean(message.text)


def split(message: Message, limit: int = LIMIT) -> list[Message]:
    """Cut a message into messages of at most `limit` code points: between blocks, else lines, else words."""
    pieces: list[Message] = []
    blocks: list[Block] = []
    used = 0
    for block in _fitting_blocks(message, limit):
        size = _size(block) + (2 if blocks else 0)
        if used + size > limit:
            pieces.append(Message(tuple(blocks)))
            blocks, used, size = [], 0, _size(block)
        blocks.append(block)
        used += size
    if blocks:
        pieces.append(Message(tuple(blocks)))
    return [piece for piece in pieces if piece.text.strip()]


def _fitting_blocks(message: Message, limit: int) -> Iterator[Block]:
    for block in message.blocks:
        if _size(block) <= limit:
            yield block
            continue
        lines: list[Line] = []
        used = 0
        for line in (part for whole in block.lines for part in _fitting_lines(whole, limit)):
            size = len(line.text) + (1 if lines else 0)
            if used + size > limit:
                yield Block(tuple(lines), block.form)
                lines, used, size = [], 0, len(line.text)
            lines.append(line)
            used += size
        yield Block(tuple(lines), block.form)


def _fitting_lines(line: Line, limit: int) -> Iterator[Line]:
    """Cut a line that alone is too long, at a newline or space where one is near."""
    rest = [(char, span.style) for span in line.spans for char in span.text]
    while len(rest) > limit:
        cut = _cut("".join(char for char, _ in rest[:limit]))
        yield _line(rest[:cut])
        rest = rest[cut:]
    yield _line(rest)


def _cut(head: str) -> int:
    """Return where to cut: after the last newline, else the last space, of the second half; else at the very end."""
    for mark in ("\n", " "):
        place = head.rfind(mark) + 1
        if place > len(head) // 2:
            return place
    return len(head)


def _line(chars: list[tuple[str, Style]]) -> Line:
    runs = groupby(chars, key=lambda pair: pair[1])
    return Line(tuple(Span("".join(char for char, _ in run), style) for style, run in runs))


def _size(block: Block) -> int:
    return sum(len(line.text) for line in block.lines) + max(len(block.lines) - 1, 0)


def _block(block: Block) -> str:
    if block.form is Form.TABLE:  # pre holds no other tags
        inner = "\n".join(escape(line.text) for line in block.lines)
    else:
        inner = "\n".join("".join(_span(span) for span in line.spans) for line in block.lines)
    before, after = _FORMS.get(block.form, ("", ""))
    return f"{before}{inner}{after}"


def _span(span: Span) -> str:
    text = escape(span.text)
    tag = _TAGS.get(span.style)
    return f"<{tag}>{text}</{tag}>" if tag and text.strip() else text
