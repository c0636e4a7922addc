"""What code and documents cite is there: sections, rows, decisions, promises and quirks of the pages in `docs/`."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SPEC = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
KIS = (ROOT / "docs/kis-protocol.md").read_text(encoding="utf-8")
TELEGRAM = (ROOT / "docs/telegram-bot-api.md").read_text(encoding="utf-8")


def _sections(text: str) -> set[str]:
    return set(re.findall(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", text, re.MULTILINE))


def _rows(text: str, pattern: str) -> set[str]:
    return set(re.findall(rf"^\| ({pattern}) \|", text, re.MULTILINE))


QUIRKS = _rows(KIS[KIS.index("## 10. ") : KIS.index("### 10.1")], r"\d+")
THERE = {
    "kis-protocol": _sections(KIS),
    "telegram-bot-api": _sections(TELEGRAM) | _rows(TELEGRAM, r"\d+\.\d+"),
    "spec section": _sections(SPEC),
    "decision": _rows(SPEC, r"D\d+"),
    "row": _rows(SPEC, r"S\d+"),
    "promise": set(re.findall(r"^(\d)\. ", SPEC[SPEC.index("## 8. ") : SPEC.index("## 9. ")], re.MULTILINE)),
    "quirk": QUIRKS,
    "page": {path.name[:4] for path in (ROOT / "docs/decisions").glob("[0-9]*.md")},
}
CITED = {
    "kis-protocol": r"kis-protocol[ ,]+(\d+(?:\.\d+)?)(?:(?:,| and) (\d+(?:\.\d+)?)\b(?! (?:to|rows?|s\b)))*",
    "telegram-bot-api": r"telegram-bot-api[ ,]+(\d+(?:\.\d+)?)",
    "spec section": r"spec,? section (\d+)",
    "decision": r"\b(?:D|d)(\d{1,2})(?=_|\b)(?!\.)",
    "row": r"\b[Ss](\d{1,3})(?=_|\b)(?![\d.])",
    "promise": r"[Pp]romises? ?_?(\d)\b",
    "quirk": r"[Qq]uirks?[ _](\d+)",
    "page": r"[Dd]ecisions? (\d{4})(?: and (\d{4}))?",
}
PREFIX = {"decision": "D", "row": "S"}
PLACES = {  # where a letter and a number mean a decision or a row, and not a variable or a code of somebody's
    "decision": r"(?:\(|, |; |: |`|_(?=(?:[sd]\d+_)*[sd]\d+\()|\band )",
    "row": r"(?:[Rr]ows? |rows |\(|, |; |_|\band |to )",
}


def _texts() -> Iterator[tuple[str, str]]:
    for folder in ("bot", "kis", "strategy", "storage", "tests", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path != Path(__file__):
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for path in (ROOT / "main.py", *sorted((ROOT / "docs").rglob("*.md"))):
        if path.name not in ("kis-protocol.md", "telegram-bot-api.md"):
            yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def _cited(kind: str, text: str) -> list[str]:
    """Return the names a text cites of a kind, as the tables have them."""
    pattern = CITED[kind]
    if kind in PLACES:
        pattern = PLACES[kind] + pattern.removeprefix(r"\b")
    found = re.findall(pattern, text)
    flat = [each for number in found for each in ([number] if isinstance(number, str) else number) if each]
    return [PREFIX.get(kind, "") + number for number in flat]


@pytest.mark.parametrize("kind", THERE)
def test_every_cited_place_exists(kind: str) -> None:
    cited = [(place, name) for place, text in _texts() for name in _cited(kind, text)]
    assert len(cited) > 2, "nothing cited: has the wording changed?"
    assert sorted({(place, name) for place, name in cited if name not in THERE[kind]}) == []


@pytest.mark.parametrize(
    ("kind", "text", "name"),
    [
        ("kis-protocol", "rows of nothing (kis-protocol 3.99, paging)", "3.99"),
        ("telegram-bot-api", "see telegram-bot-api 4.77", "4.77"),
        ("spec section", "the rule of spec section 12", "12"),
        ("decision", "asked, not sold (D77)", "D77"),
        ("row", "said once (row S200)", "S200"),
        ("row", "def test_nothing_s119() -> None:", "S119"),
        ("decision", "async def test_nothing_s1_d77(start: Starter) -> None:", "D77"),
        ("promise", "that is promise 9", "9"),
        ("quirk", "a blank row (quirk 99)", "99"),
        ("page", "why it waits: see decision 9999.", "9999"),
    ],
)
def test_a_place_that_is_not_there_is_found(kind: str, text: str, name: str) -> None:
    assert _cited(kind, text) == [name]
    assert name not in THERE[kind]


def test_the_documents_are_the_ones_the_tables_are_read_from() -> None:
    assert len(THERE["row"]) == 118
    assert len(THERE["promise"]) == 8
    assert {f"D{number}" for number in range(1, 17)} == THERE["decision"]
    assert len(QUIRKS) > 50
