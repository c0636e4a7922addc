"""Blocks of a message: lines that belong together, of aiogram's formatting. Blocks stand apart by an empty line.

What is sent is the words with their entities and no parse mode, so there is nothing to escape (telegram-bot-api 5).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from aiogram.utils.formatting import BlockQuote, ExpandableBlockQuote, Text, as_list, sizeof

LIMIT = 4096  # the server counts code points, of which there are never more than UTF-16 units (telegram-bot-api 4.3)

Words = str | Text
Blocks = tuple[Text, ...]

# control characters and half surrogates: no server accepts them, and none of them says anything
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BEYOND_THE_BASIC_PLANE = re.compile("([\U00010000-\U0010ffff])")


def clean(text: str) -> str:
    """Return the text without what cannot be shown (controls, direction marks, half surrogates)."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def block(*lines: Words | None) -> Text:
    """Make a block of lines, leaving out those that are None or empty; a newline in a line stays inside of it."""
    return _of_lines([_clean(line) for line in lines if line is not None])


def quote(*lines: Words | None, folded: bool = False) -> Text:
    """Make a quote of lines; a folded one opens with a tap."""
    return (ExpandableBlockQuote if folded else BlockQuote)(*block(*lines))


def together(*blocks: Text | None) -> Blocks:
    """Return the blocks of one message, leaving out those that are None or empty."""
    return tuple(each for each in blocks if each is not None and len(each))


def joined(blocks: Sequence[Text]) -> Text:
    """Return the whole message; its length is in UTF-16 units."""
    return as_list(*blocks, sep="\n\n") if blocks else Text()


def words_of(blocks: Sequence[Text]) -> str:
    """Return the words without any form."""
    return joined(blocks).render()[0]


def lines_of(block: Text) -> list[str]:
    """Return the words of each line."""
    return [line.render()[0] for line in _lines(block)]


def split(blocks: Sequence[Text], limit: int = LIMIT) -> list[Blocks]:
    """Cut into messages of at most `limit` UTF-16 units: between blocks, else lines, else words."""
    parts = (part for block in blocks for part in _fitting(block, limit))
    pieces = (tuple(piece) for piece in _packed(parts, limit, gap=2))
    return [piece for piece in pieces if words_of(piece).strip()]


def _clean(words: Words) -> Text:
    if isinstance(words, str):
        return Text(clean(words))
    return words.replace(*(_clean(each) if isinstance(each, Text) else clean(str(each)) for each in words))


def _of_lines(lines: Sequence[Text]) -> Text:
    """Return a block whose body is line, newline, line and so on."""
    kept = [line for line in lines if len(line)]
    return as_list(*kept) if kept else Text()


def _lines(block: Text) -> list[Text]:
    return list(block)[::2]


def _fitting(block: Text, limit: int) -> Iterator[Text]:
    if len(block) <= limit:
        yield block
        return
    lines = (part for line in _lines(block) for part in _fitting_line(line, limit))
    for packed in _packed(lines, limit, gap=1):
        yield block.replace(*_of_lines(packed))


def _fitting_line(line: Text, limit: int) -> Iterator[Text]:
    """Cut a line that alone is too long, at a newline or space where one is near."""
    rest = _sliceable(line) if len(line) > limit else line
    while len(rest) > limit:
        cut = _cut(rest.render()[0], limit)
        yield rest[:cut]
        rest = rest[cut:]
    yield rest


def _sliceable(node: Text) -> Text:
    """Return the same with each character of two units in a node of its own.

    The library slices by UTF-16 units but cuts a string by code points: with such characters inside of it, anywhere
    but where it was told to.
    """
    nodes: list[Text] = []
    for each in node:
        if isinstance(each, Text):
            nodes.append(_sliceable(each))
        else:
            nodes += [Text(part) for part in _BEYOND_THE_BASIC_PLANE.split(str(each)) if part]
    return node.replace(*nodes)


def _cut(text: str, limit: int) -> int:
    """Return the unit to cut at: after the last newline, else the last space, of the second half; else at the end."""
    head = text.encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore")  # half a pair is left to the rest
    for mark in ("\n", " "):
        place = head.rfind(mark) + 1
        if place > len(head) // 2:
            return sizeof(head[:place])
    return sizeof(head)


def _packed(parts: Iterable[Text], limit: int, gap: int) -> Iterator[list[Text]]:
    """Put as many parts together as fit, with gaps between them."""
    packed: list[Text] = []
    used = 0
    for part in parts:
        size = len(part) + (gap if packed else 0)
        if packed and used + size > limit:
            yield packed
            packed, used, size = [], 0, len(part)
        packed.append(part)
        used += size
    if packed:
        yield packed
