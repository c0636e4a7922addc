"""The local chat is a server written from the protocol: it knows nothing of the bot that talks to it."""

import ast
from pathlib import Path

import bot.localchat


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, path
            names.add(node.module or "")
    return names


def test_it_imports_nothing_of_the_other_rooms() -> None:
    ours = {"main", "bot", "kis", "strategy", "storage", "aiogram"}
    for path in Path(bot.localchat.__file__).parent.rglob("*.py"):
        for name in imported(path):
            if name.split(".")[0] in ours:
                assert name.startswith("bot.localchat"), f"{path.name} imports {name}"


def test_the_page_loads_nothing_from_elsewhere() -> None:
    for path in (Path(bot.localchat.__file__).parent / "page").iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, path.name
        assert "https://" not in text, path.name


def test_both_languages_of_the_page_have_every_word() -> None:
    source = (Path(bot.localchat.__file__).parent / "page" / "words.js").read_text(encoding="utf-8")
    korean, english = source.split("  en: {")
    keys = [_keys(korean), _keys(english.split("\n  },")[0])]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 70


def _keys(part: str) -> set[str]:
    return {line.strip().split(":")[0] for line in part.splitlines() if line.startswith("    ") and ': "' in line}
