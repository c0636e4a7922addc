"""Both languages are complete: no key is missing, placeholders agree, nothing is left over."""

from string import Formatter

import pytest
from babel.messages.pofile import read_po

from bot.i18n.catalog import LOCALES
from bot.i18n.translator import Catalogs
from tests.support.catalog import sentences


def _korean() -> dict[str, str]:
    with (LOCALES / "ko" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return {str(each.id): str(each.string) for each in read_po(source) if each.id and not each.fuzzy}


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_sentence_has_a_korean_text() -> None:
    korean = _korean()
    assert {msgid for msgid in sentences() if not korean.get(msgid)} == set()


def test_no_korean_text_is_left_over() -> None:
    assert set(_korean()) - set(sentences()) == set()


def test_placeholders_agree() -> None:
    differing = {msgid for msgid, text in _korean().items() if _placeholders(msgid) != _placeholders(text)}
    assert differing == set()


def test_edges_of_joined_sentences_agree() -> None:
    """A sentence that is glued to another keeps its blank at the same end."""
    assert [msgid for msgid, text in _korean().items() if msgid.startswith(" ") != text.startswith(" ")] == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_catalogs_load_without_a_compiled_file(catalogs: Catalogs, language: str) -> None:
    assert catalogs.gettext("Status", locale=language) == {"ko": "상태", "en": "Status"}[language]
