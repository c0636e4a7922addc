"""A sentence is its code and values, in memory and after it was stored."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import pytest
from pydantic import TypeAdapter, ValidationError

from strategy.model import Kept, Said


class Note(StrEnum):
    OUTER = "test.outer"
    INNER = "test.inner"


SAID = Said(
    Note.OUTER,
    why=Said(Note.INNER, names=("TQQQ", "O")),
    price=Decimal("12.340"),
    qty=3,
    at=datetime(2026, 9, 15, 13, 30, tzinfo=UTC),
    on=date(2026, 9, 15),
    length=timedelta(minutes=1, microseconds=5),
)


def test_what_is_stored_comes_back_as_it_was() -> None:
    assert Said.read(SAID.stored()) == SAID
    assert str(Said.read(SAID.stored()).values["price"]) == "12.340"
    adapter = TypeAdapter(Said)
    assert adapter.validate_json(adapter.dump_json(SAID)) == SAID


def test_equal_ones_are_one() -> None:
    assert Said(Note.INNER, a=1, b=2) == Said("test.inner", b=2, a=1)
    assert len({Said(Note.INNER, a=1), Said(Note.INNER, a=1), Said(Note.INNER, a=2), Said(Note.OUTER, a=1)}) == 3


def test_the_log_shows_code_and_values() -> None:
    assert str(Said(Note.OUTER, why=Said(Note.INNER, names=("a", "b")), qty=3)) == (
        "test.outer qty=3 why=(test.inner names=[a, b])"
    )


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("한글 / English", Said(Kept.BOTH, ko="한글", en="English")),
        ("the broker's words", Said(Kept.WORDS, words="the broker's words")),
        ("a / b / c", Said(Kept.WORDS, words="a / b / c")),
        ('{"ko": "한글", "en": "English"}', Said(Kept.BOTH, ko="한글", en="English")),
    ],
)
def test_rows_of_earlier_builds_are_read(stored: str, said: Said) -> None:
    assert Said.read(stored) == said


@pytest.mark.parametrize("raw", ["[]", "3", '{"code": "a"}', '{"code": "a", "values": {"x": {"decimal": "no"}}}'])
def test_what_is_no_sentence_is_refused(raw: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Said).validate_json(raw)
