"""Blocks of aiogram's formatting: entities where they were meant, messages that fit (telegram-bot-api 4.3, 5)."""

from collections.abc import Sequence
from typing import Any

import pytest
from aiogram.types import MessageEntity
from aiogram.utils.formatting import (
    BlockQuote,
    Bold,
    Code,
    ExpandableBlockQuote,
    Italic,
    Strikethrough,
    Text,
    sizeof,
)
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.blocks import LIMIT, block, clean, joined, lines_of, quote, split, together, words_of
from tests.support.kept_text import TEXT_LIMIT, kept

Styled = list[tuple[str, frozenset[str]]]

words = st.text(max_size=80) | st.text(st.sampled_from("a한 \n📈🇰<&\x00\ud800\u202e"), max_size=80)
leaves = st.builds(lambda kind, text: kind(text), st.sampled_from([Text, Bold, Italic, Code, Strikethrough]), words)
lines = st.lists(leaves | words, max_size=4).map(lambda nodes: Text(*nodes)) | leaves | words
blocks = st.builds(
    lambda kind, of: block(*of) if kind is None else quote(*of, folded=kind),
    st.sampled_from([None, False, True]),
    st.lists(lines, max_size=6),
)
messages = st.lists(blocks, max_size=5).map(lambda made: together(*made))


def meant(node: Text, styles: frozenset[str] = frozenset()) -> Styled:
    """Return each visible character with the styles around it, straight from the nodes."""
    inner = styles | {node.type} if node.type else styles
    found: Styled = []
    for each in node:
        found += meant(each, inner) if isinstance(each, Text) else [(char, inner) for char in each]
    return [pair for pair in found if not pair[0].isspace()]


def shown(text: str, entities: Sequence[Any]) -> Styled:
    """Return each visible character with the styles that its entities give it."""
    found: Styled = []
    place = 0
    for char in text:
        styles = frozenset(str(each.type) for each in entities if each.offset <= place < each.offset + each.length)
        found.append((char, styles))
        place += sizeof(char)
    return [pair for pair in found if not pair[0].isspace()]


@given(messages)
def test_entities_stand_where_they_were_meant(made: tuple[Text, ...]) -> None:
    whole = joined(made)
    text, entities = whole.render()
    assert shown(text, entities) == meant(whole)
    assert len(whole) == sizeof(text)


@given(messages, st.integers(10, 300))
def test_pieces_fit_and_nothing_is_lost_or_changes_its_form(made: tuple[Text, ...], limit: int) -> None:
    pieces = [joined(piece).render() for piece in split(made, limit)]
    assert all(sizeof(text) <= limit for text, _ in pieces)
    assert all(text.strip() for text, _ in pieces)
    assert [pair for piece in pieces for pair in shown(*piece)] == meant(joined(made))


@given(messages)
def test_telegram_takes_every_piece_as_it_is(made: tuple[Text, ...]) -> None:
    """The local one refuses an entity that begins or ends outside of the words or within a character."""
    for piece in split(made, 100):
        text, entities = joined(piece).render()
        text.encode()
        kept(text, entities)


def test_what_is_sent_is_what_telegram_keeps() -> None:
    made = together(
        block(Text(Bold("a<b> & 📈"), " 1 < 2"), None, ""),
        quote(Code("/set X"), Text("한 ", Italic("글"))),
        quote("more", folded=True),
    )
    text, entities = kept(*joined(made).render())
    assert text == "a<b> & 📈 1 < 2\n\n/set X\n한 글\n\nmore"
    assert [(each.type, each.offset, each.length) for each in entities] == [
        ("bold", 0, 9),
        ("blockquote", 17, 10),
        ("code", 17, 6),
        ("italic", 26, 1),
        ("expandable_blockquote", 29, 4),
    ]


def test_a_long_message_is_cut_between_lines() -> None:
    pieces = split(together(block(*(f"line {number}" for number in range(1000)))))
    assert len(pieces) > 1
    assert all(len(words_of(piece)) <= TEXT_LIMIT for piece in pieces)
    assert all(text.startswith("line ") for piece in pieces for text in words_of(piece).splitlines())


def test_a_long_message_is_cut_between_blocks_where_it_can_be() -> None:
    pieces = split([block("a" * 30, "b" * 30), quote("c" * 30), block("d" * 5)], 70)
    assert [words_of(piece) for piece in pieces] == ["a" * 30 + "\n" + "b" * 30, "c" * 30 + "\n\n" + "d" * 5]


@pytest.mark.parametrize("kind", [BlockQuote, ExpandableBlockQuote])
def test_both_halves_of_a_quote_that_is_cut_are_quotes(kind: type[Text]) -> None:
    long = quote(Bold("📈" * 40), "b" * 50, folded=kind is ExpandableBlockQuote)
    ends = [joined(piece).render() for piece in split([long], 60)]
    assert [sizeof(text) for text, _ in ends] == [60, 20, 50]
    for text, entities in ends:
        assert MessageEntity(type=kind.type or "", offset=0, length=sizeof(text)) in entities


def test_a_line_that_is_too_long_is_cut_at_a_space_but_never_within_a_character() -> None:
    spaced = split([block("x" * 30 + " " + "y" * 30)], 40)
    assert [words_of(piece) for piece in spaced] == ["x" * 30 + " ", "y" * 30]
    charted = split([block("a" + "📈" * 20)], 10)
    assert [words_of(piece) for piece in charted] == ["a" + "📈" * 4, *["📈" * 5] * 3, "📈"]


def test_the_limit_is_telegrams_own() -> None:
    assert LIMIT == TEXT_LIMIT


def test_the_library_slices_strings_by_code_points() -> None:
    """Once this fails the library has been mended, and `_sliceable` can go."""
    assert len(Text("📈abc")[:2]) == 3
    assert len(Text(Text("📈"), Text("abc"))[:2]) == 2


def test_half_surrogates_and_controls_never_reach_the_wire() -> None:
    made = together(block(Text("a\ud800", Bold("b\x00")), "c"))
    assert words_of(made).encode() == "a�b�\nc".encode()
    assert clean("\u202eevil") == "�evil"


def test_lines_that_say_nothing_are_left_out() -> None:
    assert lines_of(block("a", None, "", Text(), Bold("b\nc"))) == ["a", "b\nc"]
    assert together(block(None, ""), None, block("a"))[0].render()[0] == "a"
    assert together(block(), quote("")) == ()
