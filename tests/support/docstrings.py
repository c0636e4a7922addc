"""What a public docstring owes its reader: the unit of a quantity, the zone of a date, the errors that are raised.

By the syntax tree alone. A quantity is a `Decimal`, or a number whose name speaks of one: money, shares, a rate or a
duration. A `timedelta` carries its unit and an aware `datetime` its zone. A unit may stand in the docstring, in the
name (`_s`, `_pct`, `usd`), and for a field in the comment beside it or in the docstring of its class.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


class Kind(Enum):
    """What a quantity is of, with the words that name its unit."""

    MONEY = r"dollars?|ten-thousandths|cents?|won|usd|krw|\$"
    SHARES = r"shares?"
    RATE = r"percent(?:age)?s?|%|fractions?|factors?|ratio|share of|times|won per dollar|between 0 and 1"
    DURATION = r"bars?|(?:milli|micro)?seconds?|minutes?|hours?|days?|ms"
    ANY = f"{MONEY}|{SHARES}|{RATE}|{DURATION}|closes|points"  # a Decimal whose name does not tell
    DATE = r"New York|Seoul|Korea|Korean|KST|ET|UTC|exchange-local|any zone"


_KINDS = {  # the last word of a name decides, so `price_age` is a duration and `max_order_usd` money
    Kind.MONEY: "price prices cost costs cash amount fee fees worth profit realized realised deposit equity usd krw"
    " bid ask last notional margin turnover paid proceeds",
    Kind.SHARES: "qty quantity shares lots held sellable orderable",
    Kind.RATE: "rate percent pct factor ratio share leverage fraction",
    Kind.DURATION: "s ms min minutes seconds hours days delay timeout wait pause span age lag late interval life",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_CARRIED = {  # units a name carries by itself
    Kind.MONEY: {"usd", "krw", "cents", "won"},
    Kind.SHARES: {"shares"},
    Kind.RATE: {"pct", "percent", "fraction", "ratio", "factor"},
    Kind.DURATION: {"s", "ms", "min", "minutes", "seconds", "hours", "days"},
    Kind.DATE: {"on", "day"},  # a `day` is a trading day
}
_NOT_TOLD = {"AssertionError", "NotImplementedError", "SystemExit", "StopAsyncIteration", "StopIteration"}


@dataclass(frozen=True, slots=True)
class Debt:
    """One thing a docstring does not say."""

    place: str  # path:line
    name: str
    what: str

    def __str__(self) -> str:
        return f"{self.place} {self.name}: {self.what}"


def debts(path: Path, shown: str) -> list[Debt]:
    """Return what the public docstrings of a module leave out, in the order of the file."""
    text = path.read_text("utf-8")
    return list(_Module(text, shown).debts())


def counted(path: Path) -> int:
    """Return how many public functions, classes and constants of a module speak of a quantity or a date."""
    module = _Module(path.read_text("utf-8"), path.name)
    list(module.debts())
    return module.speaking


class _Module:
    def __init__(self, text: str, shown: str) -> None:
        self._tree = ast.parse(text)
        self._lines = text.splitlines()
        self._shown = shown
        self.speaking = 0

    def debts(self) -> Iterator[Debt]:
        yield from self._body(self._tree.body, None)
        for node in self._tree.body:
            yield from self._constant(node)

    def _body(self, body: list[ast.stmt], owner: ast.ClassDef | None) -> Iterator[Debt]:
        for node in body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield from self._fields(node)
                yield from self._body(node.body, node)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _public(node.name):
                yield from self._function(node, owner)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: ast.ClassDef | None) -> Iterator[Debt]:
        said = ast.get_docstring(node) or ""
        if not said and owner is not None and self._inherits(owner, node.name):
            return
        if node.name.startswith("__") and owner is not None:
            said += ast.get_docstring(owner) or ""
        name = node.name if owner is None else f"{owner.name}.{node.name}"
        args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        asked = [(arg.arg, arg.annotation) for arg in args]
        if not _overload(node):
            quantities = {each: kind for each, note in asked if (kind := _kind(each, note)) is not None}
            if (returned := _kind(node.name, node.returns)) is not None:
                quantities["the return value"] = returned
                if _carries(node.name, returned):
                    del quantities["the return value"]
            yield from self._units(node, name, quantities, said)
        raised = sorted(_raised(node) - _NOT_TOLD)
        missing = [error for error in raised if error not in said]
        if missing and not re.search(r"\b[Rr]aises?\b|\brefuses?\b", said):
            yield Debt(f"{self._shown}:{node.lineno}", name, f"raises {', '.join(missing)}")

    def _inherits(self, owner: ast.ClassDef, method: str) -> bool:
        """Return whether a base of the class, here or among the ports, says what the method does."""
        said = {**_told(), **_methods(self._tree)}
        return any(method in said.get(ast.unparse(base), frozenset()) for base in owner.bases)

    def _fields(self, node: ast.ClassDef) -> Iterator[Debt]:
        said = ast.get_docstring(node) or ""
        quantities: dict[str, Kind] = {}
        for field in node.body:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _public(field.target.id):
                kind = _kind(field.target.id, field.annotation)
                if kind is not None:
                    beside = " ".join(self._lines[field.lineno - 1 : field.end_lineno])
                    quantities[field.target.id] = kind
                    if _names_unit(_comment(beside), kind):
                        quantities.pop(field.target.id)
        yield from self._units(node, node.name, quantities, said)

    def _constant(self, node: ast.stmt) -> Iterator[Debt]:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            return
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if not isinstance(target, ast.Name) or not target.id.isupper() or target.id.startswith("_"):
            return
        value = ast.unparse(node.value)
        number = isinstance(node.value, ast.Constant) and type(node.value.value) in (int, float)
        if value.startswith("timedelta(") or not (number or value.startswith("Decimal(")):
            return
        kind = _KIND_OF.get(_words(target.id)[-1]) or (None if number else Kind.ANY)
        if kind is None:
            return
        around = self._lines[max(0, node.lineno - 2) : node.end_lineno]
        said = " ".join(_comment(line) for line in around) + self._string_below(node)
        yield from self._units(node, target.id, {target.id: kind}, said)

    def _string_below(self, node: ast.stmt) -> str:
        at = self._tree.body.index(node) + 1
        after = self._tree.body[at] if at < len(self._tree.body) else None
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            return str(after.value.value)
        return ""

    def _units(self, node: ast.stmt, name: str, quantities: dict[str, Kind], said: str) -> Iterator[Debt]:
        self.speaking += bool(quantities)
        for each, kind in quantities.items():
            if not _carries(each, kind) and not _names_unit(said, kind):
                yield Debt(f"{self._shown}:{node.lineno}", name, f"no unit of {each} ({kind.name.lower()})")


def _methods(tree: ast.Module) -> dict[str, frozenset[str]]:
    """Return the methods that have a docstring, by class."""
    return {
        node.name: frozenset(
            each.name
            for each in node.body
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(each)
        )
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }


@cache
def _told() -> dict[str, frozenset[str]]:
    """Return the same of the pages on which the core says what it needs and offers."""
    found: dict[str, frozenset[str]] = {}
    for path in (*ROOT.glob("strategy/*/interface.py"), ROOT / "strategy/ports.py"):
        found |= _methods(ast.parse(path.read_text("utf-8")))
    return found


def _public(name: str) -> bool:
    return not name.startswith("_") or name in ("__init__", "__post_init__", "__call__")


def _overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(each) in ("overload", "typing.overload") for each in node.decorator_list)


def _words(name: str) -> list[str]:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower().strip("_").split("_") or [name]


def _kind(name: str, annotation: ast.expr | None) -> Kind | None:
    """Return what kind of quantity something of that name and type is; None for none, or one whose type tells all."""
    note = ast.unparse(annotation) if annotation is not None else ""
    named = _KIND_OF.get(_words(name)[-1])
    if _words(name)[-1] in ("sold", "bought", "traded") and note == "int":
        return Kind.SHARES
    if re.search(r"\bDecimal\b", note) and "Callable" not in note:
        return named or Kind.ANY
    if re.search(r"\b(?:int|float)\b", note) and "Callable" not in note and not re.search(r"\bLiteral\b", note):
        return named
    if re.search(r"(?<![\w.])(?:date|time)\b", note):
        return Kind.DATE
    return None


def _carries(name: str, kind: Kind) -> bool:
    return bool(set(_words(name)) & _CARRIED.get(kind, set()))


def _names_unit(text: str, kind: Kind) -> bool:
    words = f"{kind.value}|units?"  # "in units of that currency", "a number of any unit"
    ignored = re.IGNORECASE if kind is not Kind.DATE else 0
    return re.search(rf"(?<![\w])(?:{words})(?![\w])", " ".join(text.split()), ignored) is not None


def _comment(line: str) -> str:
    _, mark, comment = line.partition("#")
    return comment if mark else ""


def _raised(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Return the errors a function raises by itself; what a function inside of it raises is not its own."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(node.body)
    while waiting:
        each = waiting.pop()
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(each, ast.Raise) and isinstance(each.exc, ast.Call):
            found.add(ast.unparse(each.exc.func).rpartition(".")[2])
        waiting.extend(ast.iter_child_nodes(each))
    return {name for name in found if name[:1].isupper()}
