"""Finds every sentence that core and client make, `Said(<codes>.<MEMBER>, name=value, ...)`, and all their codes."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from strategy.model import Kept

ROOT = Path(__file__).parents[2]
ROOMS = ("strategy", "kis", "storage", "bot", "main.py")


@dataclass(frozen=True, slots=True)
class Made:
    """One place that makes a sentence."""

    path: Path
    line: int
    code: str | None  # `Note.HALTED`; None where it is chosen while the program runs
    fields: frozenset[str]

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line}"


def sources() -> Iterator[Path]:
    for room in ROOMS:
        top = ROOT / room
        found = [top] if top.is_file() else sorted(top.rglob("*.py"))
        yield from (path for path in found if not {"localchat", "simulator"} & set(path.parts))


def made() -> Iterator[Made]:
    """Return every call that makes a sentence; raise TypeError for one whose fields cannot be read here."""
    for path in sources():
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Said":
                names = [each.arg for each in call.keywords]
                if None in names:
                    raise TypeError(f"{path.name}:{call.lineno} hides the fields of a sentence")
                fields = frozenset(name for name in names if name is not None)
                yield Made(path, call.lineno, _code(call.args[0]), fields)


def _code(given: ast.expr) -> str | None:
    fixed = isinstance(given, ast.Attribute) and isinstance(given.value, ast.Name) and given.attr.isupper()
    return ast.unparse(given) if fixed else None


def codes() -> dict[str, tuple[str, Path]]:
    """Return the codes of all sentences: value to `Note.HALTED` and the file that declares it."""
    found: dict[str, tuple[str, Path]] = {}
    for path in sources():
        for name, members in _declared(path).items():
            for member, value in members.items():
                if value in found:
                    raise TypeError(f"{value} stands for {found[value][0]} and for {name}.{member}")
                found[value] = f"{name}.{member}", path
    return found


def _declared(path: Path) -> dict[str, dict[str, str]]:
    """Return the StrEnums of a file whose values are codes: `room.key`."""
    if "(StrEnum)" not in path.read_text():
        return {}
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    return {
        name: {member.name: member.value for member in each}
        for name, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, StrEnum) and each.__module__ == module.__name__ and _of_codes(each)
    }


def _of_codes(each: type[StrEnum]) -> bool:
    return bool(list(each)) and all("." in member.value for member in each) and each is not Kept
