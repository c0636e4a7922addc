"""The renderer: escaped by construction, split so that it fits."""

from hypothesis import given
from hypothesis import strategies as st

from bot.localchat.formatting.html import parse_html
from bot.ui.html import LIMIT, clean, split, to_html, to_plain
from bot.ui.message import Block, Form, Line, Message, Span, Style, block, bold, line, message, table

texts = st.text(max_size=200)
spans = st.builds(Span, texts, st.sampled_from(Style))
lines = st.builds(lambda parts: Line(tuple(parts)), st.lists(spans, max_size=4))
blocks = st.builds(lambda parts, form: Block(tuple(parts), form), st.lists(lines, max_size=6), st.sampled_from(Form))
messages = st.builds(lambda parts: Message(tuple(parts)), st.lists(blocks, max_size=5))


@given(messages)
def test_markup_is_never_broken(made: Message) -> None:
    """The local Telegram, as strict as the real one, reads exactly the words that were meant."""
    text, _ = parse_html(to_html(made))
    assert text == clean(made.text)


@given(messages, st.integers(10, 300))
def test_pieces_fit_and_nothing_is_lost(made: Message, limit: int) -> None:
    pieces = split(made, limit)
    assert all(len(to_plain(piece)) <= limit for piece in pieces)
    assert all(to_plain(piece).strip() for piece in pieces)
    together = "".join("".join(piece.text.split()) for piece in pieces)
    assert together == "".join(made.text.split())


def test_the_local_telegram_reads_the_markup() -> None:
    made = message(block(line(bold("a<b> & c"), " 1 < 2")), table(["x  y", "1 & 2"]))
    text, entities = parse_html(to_html(made))
    assert text == "a<b> & c 1 < 2\n\nx  y\n1 & 2"
    assert [each.type for each in entities] == ["bold", "pre"]


def test_a_long_message_is_cut_between_lines() -> None:
    made = message(block(*(f"line {number}" for number in range(1000))))
    pieces = split(made)
    assert len(pieces) > 1
    assert all(len(piece.text) <= LIMIT for piece in pieces)
    assert all(text.startswith("line ") for piece in pieces for text in piece.text.splitlines())


def test_half_surrogates_and_controls_never_reach_the_wire() -> None:
    assert to_html(message(block("a\ud800b\x00c"))).encode() == "a�b�c".encode()
