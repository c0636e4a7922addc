"""The pages of decisions: one a number, dated, with a status that leads on where one no longer holds."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/decisions"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
SECTIONS = ("Context", "Options rejected", "Decision", "Consequence")
IN_FORCE = "in force"


@dataclass(frozen=True)
class Page:
    number: str
    title: str
    date: date
    status: str
    supersedes: tuple[str, ...]  # names of files
    sections: dict[str, str]

    @property
    def superseded_by(self) -> str | None:
        found = re.fullmatch(r"superseded by \[\d{4}\]\((.+)\)", self.status)
        return found[1] if found else None


def read(path: Path) -> Page:
    text = path.read_text("utf-8")
    head, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    title = re.match(r"# (\d{4})\. (.+)\n", head)
    told = dict(re.findall(r"^- (\w+): (.+)$", head, re.MULTILINE))
    assert title is not None, path
    return Page(
        number=title[1],
        title=title[2],
        date=date.fromisoformat(told["Date"]),
        status=told["Status"],
        supersedes=tuple(re.findall(r"\]\((.+?)\)", told.get("Supersedes", ""))),
        sections={name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)},
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_when_why_what_else_and_what_follows(path: Path) -> None:
    page = read(path)
    assert path.name.startswith(f"{page.number}-")
    assert tuple(page.sections) == SECTIONS
    assert all(len(text) > 10 for text in page.sections.values())
    assert page.status == IN_FORCE or page.superseded_by is not None
    assert max(len(line) for line in path.read_text("utf-8").splitlines()) <= 170, "a short page has short lines"


def test_the_numbers_have_no_gap_and_no_double() -> None:
    assert [path.name[:4] for path in PAGES] == [f"{number:04}" for number in range(1, len(PAGES) + 1)]


def test_what_no_longer_holds_leads_to_what_does() -> None:
    pages = {path.name: read(path) for path in PAGES}
    gone = {(name, page.superseded_by) for name, page in pages.items() if page.superseded_by is not None}
    taken = {(older, name) for name, page in pages.items() for older in page.supersedes}
    assert gone == taken
    assert len(gone) > 5
    for older, newer in gone:
        assert pages[older].date <= pages[newer or ""].date


def test_the_index_lists_every_page_as_it_is() -> None:
    listed = re.findall(r"^\| \[(\d{4})\]\((.+?)\) \| (.+?) \| (\S+) \| (.+?) \|$", index := _index(), re.MULTILINE)
    assert len(listed) == index.count("\n| [")
    pages = [read(path) for path in PAGES]
    assert sorted(listed) == sorted(
        (page.number, path.name, page.title, str(page.date), page.status)
        for path, page in zip(PAGES, pages, strict=True)
    )


def test_the_program_cites_decisions_that_hold() -> None:
    status = {path.name[:4]: read(path).status for path in PAGES}
    cited = {
        (path.relative_to(ROOT).as_posix(), number)
        for room in ("bot", "kis", "storage", "strategy")
        for path in (ROOT / room).rglob("*.py")
        for numbers in re.findall(r"[Dd]ecisions? (\d{4})(?: and (\d{4}))?", path.read_text("utf-8"))
        for number in numbers
        if number
    }
    assert len(cited) > 50
    assert [(path, number) for path, number in sorted(cited) if status.get(number) != IN_FORCE] == []


def _index() -> str:
    return (FOLDER / "README.md").read_text("utf-8")
