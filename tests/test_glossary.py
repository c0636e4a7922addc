"""The glossary: every name it gives is there, and its Korean is the chat's own."""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")
LOCALES = ROOT / "bot/locales/ko/LC_MESSAGES"
ICONS = re.compile(r"[^\w(]*")


@dataclass(frozen=True)
class Word:
    word: str
    korean: str
    shown: str  # the message of the chat it stands for; a dash where the chat does not say it by itself
    path: str
    name: str


def words(text: str) -> list[Word]:
    row = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]+ \| `([\w/.]+)`(?: `([\w.]+)`)? \|$", re.MULTILINE)
    return [Word(*found) for found in row.findall(text)]


@cache
def defined(path: str) -> frozenset[str]:
    """Return what a module defines or assigns, members of its classes as `Class.member`."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        found |= _names(node)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{name}" for each in node.body for name in _names(each)}
    return frozenset(found)


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


@cache
def messages() -> dict[str, set[str]]:
    """Return every English text of the chat with its Korean ones, without the icons before them."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(LOCALES.glob("*.po")):
        with path.open("rb") as file:
            for each in read_po(file):
                found[str(each.id)].add(bare(str(each.string)))
    return found


def bare(text: str) -> str:
    """Return a message without the icon before it."""
    return ICONS.sub("", text, count=1)


WORDS = words(GLOSSARY)


def test_every_row_is_read() -> None:
    tables = GLOSSARY[: GLOSSARY.index("/ Words that are not used")]
    assert len(WORDS) == len(re.findall(r"^\| ", tables, re.MULTILINE)) - tables.count("| word |")
    assert len(WORDS) > 60


def test_one_word_stands_once() -> None:
    assert len({each.word for each in WORDS}) == len(WORDS)


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.word)
def test_the_name_of_a_word_is_where_it_says(word: Word) -> None:
    assert (ROOT / word.path).exists(), word.path
    assert not word.name or word.name in defined(word.path), f"{word.name} is not in {word.path}"


@pytest.mark.parametrize("word", [word for word in WORDS if word.shown != "–"], ids=lambda word: word.word)
def test_the_chat_uses_the_korean_of_the_glossary(word: Word) -> None:
    assert word.shown in messages(), f"the chat has no {word.shown!r}"
    assert word.korean in messages()[word.shown]


def test_a_word_that_is_wrong_is_found() -> None:
    row = "| fill | 체결 | Fills | a fact | `strategy/model/orders.py` `Filling` |"
    (word,) = words(row)
    assert word.name not in defined(word.path)
    assert "OrderStatus.UNKNOWN" in defined(word.path)


GONE = {"purse", "vigil", "outcry", "lead", "ground", "engine_room", "visit", "stage", "look", "looking"}
"""Words of a private language; `looks_closed` and the like say what something looks like, and stay."""


def _spoken(path: Path) -> set[str]:
    """Return the names a module gives to classes, functions, arguments, variables and itself."""
    found = {path.stem}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return found


def _gone(name: str) -> bool:
    snake = re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower().strip("_")
    return bool(GONE & {*snake.split("_"), snake}) or snake == "looks"


def test_nothing_is_named_by_a_word_that_is_not_used() -> None:
    product = [path for room in ("bot", "kis", "storage", "strategy") for path in (ROOT / room).rglob("*.py")]
    assert [f"{path.relative_to(ROOT)}: {name}" for path in product for name in _spoken(path) if _gone(name)] == []


@pytest.mark.parametrize("name", ["_look", "Vigil", "engine_room", "look_at", "looks", "daily_look"])
def test_such_a_name_is_found(name: str) -> None:
    assert _gone(name)
    assert not _gone("looks_closed")
    assert not _gone("background")
