"""A message as structure: blocks of lines of spans. What Telegram gets is made of it in `bot.ui.html`."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    PLAIN = "plain"
    BOLD = "bold"
    ITALIC = "italic"
    CODE = "code"
    STRUCK = "struck"


class Form(StrEnum):
    PLAIN = "plain"
    QUOTE = "quote"
    FOLDED = "folded"  # a quote that opens with a tap
    TABLE = "table"  # fixed-width


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together; blocks stand apart by an empty line."""

    lines: tuple[Line, ...]
    form: Form = Form.PLAIN


Words = str | Span | Line


@dataclass(frozen=True, slots=True)
class Message:
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The words without any form."""
        return "\n\n".join("\n".join(line.text for line in block.lines) for block in self.blocks)

    def plus(self, *blocks: Block | None) -> "Message":
        """Return the message with blocks added at the end."""
        return Message(self.blocks + tuple(block for block in blocks if block is not None and block.lines))


def bold(text: object) -> Span:
    return Span(str(text), Style.BOLD)


def italic(text: object) -> Span:
    return Span(str(text), Style.ITALIC)


def code(text: object) -> Span:
    return Span(str(text), Style.CODE)


def struck(text: object) -> Span:
    return Span(str(text), Style.STRUCK)


def line(*words: Words) -> Line:
    """Join words into a line; a newline in them stays inside the line."""
    spans: list[Span] = []
    for word in words:
        if isinstance(word, Line):
            spans.extend(word.spans)
        else:
            spans.append(Span(word) if isinstance(word, str) else word)
    return Line(tuple(span for span in spans if span.text))


def block(*lines: Words | None, form: Form = Form.PLAIN) -> Block:
    """Make a block of lines, leaving out those that are None or empty."""
    made = (line(each) for each in lines if each is not None)
    return Block(tuple(each for each in made if each.spans), form)


def quote(*lines: Words | None, folded: bool = False) -> Block:
    return block(*lines, form=Form.FOLDED if folded else Form.QUOTE)


def table(rows: Iterable[str]) -> Block:
    return block(*rows, form=Form.TABLE)


def message(*blocks: Block | None) -> Message:
    """Make a message, leaving out blocks that are None or empty."""
    return Message(tuple(each for each in blocks if each is not None and each.lines))


def say(*lines: Words | None) -> Message:
    """Make a message of one plain block."""
    return message(block(*lines))
