"""The glossary: every name it gives is there, and its Korean is the chat's own."""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.i18n.sentences import word
from bot.input.commands import BY_NAME
from strategy.model import Mode

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


DIFFERENT = {
    "day": "bars of a day, results by day",
    "trade": "a heading over commands, what a ticker is added for",
}
"""English that names two things; each has its own Korean."""


def terms() -> dict[str, set[str]]:
    """Return the short English texts of both files, one case and no icon, with all their Korean."""
    found: dict[str, set[str]] = defaultdict(set)
    for english, korean in messages().items():
        name = bare(english).casefold()
        if len(name.split()) <= 3 and "{" not in name and not name.endswith((".", ":", "?", "…")):
            found[name] |= korean
    return found


def test_a_term_has_one_korean_word_in_both_files() -> None:
    assert {name: korean for name, korean in terms().items() if len(korean) > 1 and name not in DIFFERENT} == {}
    assert len(terms()) > 200


def test_the_exceptions_are_still_two_things() -> None:
    assert {name for name in DIFFERENT if len(terms()[name]) == 1} == set()


MODES = {
    Mode.RUN: ("run", "▶️ Run"),
    Mode.PAUSE_BUYS: ("pause", "⏸ Pause buys"),
    Mode.PROTECT_ONLY: ("stop", "🛡 Protect only"),
    Mode.HALTED: ("halt", "⛔ Halt"),
}


@pytest.mark.parametrize("mode", Mode)
def test_a_mode_has_one_name_on_screens_buttons_and_as_a_word(mode: Mode) -> None:
    command, button = MODES[mode]
    (label,) = messages()[button]
    (glossary,) = [each.korean for each in WORDS if each.name == f"Mode.{mode.name}"]
    spoken = {bare(word(family, mode, "ko")) for family in ("mode", "mode_name")}
    assert spoken | {label, glossary} == {glossary}
    korean = [each for each in BY_NAME[command].words if not each.isascii()]
    assert korean[0] == glossary.replace(" ", "")


def unused() -> dict[str, str]:
    """Return the Korean words the glossary gives up, each with what stands instead."""
    table = GLOSSARY[GLOSSARY.index("### 채팅에서") :]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE)[1:]
    return {each: instead for given, instead in rows for each in given.split(", ")}


def test_no_screen_and_no_page_for_the_owner_uses_a_word_that_was_given_up() -> None:
    texts = {path: (ROOT / path).read_text("utf-8") for path in ("README.md", "docs/operation.md")}
    texts |= {korean: korean for several in messages().values() for korean in several}
    commands = r"`[^`]*`\([^)]*\)"  # an alias may be shorter than the name: /quiet(방해금지)
    found = {
        (given, where[:60])
        for where, text in texts.items()
        for given in unused()
        if given in re.sub(commands, "", text)
    }
    assert found == set()
    assert len(unused()) > 10


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
