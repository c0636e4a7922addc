"""The figures of the house: `python -m tests.structure` prints them, with what stands behind each.

A module is a Python file of the product; an empty `__init__` is none. An import counts wherever it stands, also under
TYPE_CHECKING and inside a function, and once however many names it brings. A constructor is an `__init__` written by
hand: a dataclass is a value, whose fields are what it is about.
"""

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "kis", "storage", "strategy")
MOST_ARGUMENTS = 9
SHOWN = 12  # lines of detail a figure


@dataclass(frozen=True)
class House:
    """The product's source as it stands under `root`, read once."""

    root: Path

    @cached_property
    def trees(self) -> Mapping[str, ast.Module]:
        """Return the syntax tree of every module by its dotted name."""
        found: dict[str, ast.Module] = {}
        for path in sorted([*(path for one in PACKAGES for path in (self.root / one).rglob("*.py"))]):
            text = path.read_text(encoding="utf-8")
            if path.name != "__init__.py" or text.strip():
                parts = path.relative_to(self.root).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(text)
        if (main := self.root / "main.py").exists():
            found["main"] = ast.parse(main.read_text(encoding="utf-8"))
        return found

    @cached_property
    def imports(self) -> Mapping[str, frozenset[str]]:
        """Return the product's own modules each module imports."""
        return {name: frozenset(self._imported(tree)) - {name} for name, tree in self.trees.items()}

    def _imported(self, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names if alias.name in self.trees)
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    found = whole if whole in self.trees else node.module
                    if found in self.trees:
                        yield found

    def within(self, package: str) -> Mapping[str, frozenset[str]]:
        """Return the imports of one package's modules among themselves."""
        names = {name for name in self.trees if f"{name}.".startswith(f"{package}.")}
        return {name: self.imports[name] & names for name in sorted(names)}

    # the figures

    def files_per_folder(self) -> dict[str, int]:
        """Return how many files lie in each folder of the product and its tests, the fullest first."""
        found: defaultdict[str, int] = defaultdict(int)
        for top in (*PACKAGES, "tests"):
            for path in (self.root / top).rglob("*"):
                if path.is_file() and path.suffix != ".pyc" and not path.name.startswith("."):
                    found[path.parent.relative_to(self.root).as_posix()] += 1
        return _ranked(found)

    def imports_per_module(self, package: str | None = None) -> float:
        """Return the average over the modules of a package, or over the whole product."""
        rows = self.imports.values() if package is None else self.within(package).values()
        return sum(map(len, rows)) / max(1, len(rows))

    def most_imports(self) -> dict[str, int]:
        """Return how many modules each module imports, the highest first."""
        return _ranked({name: len(found) for name, found in self.imports.items()})

    def longest_chain(self, package: str) -> list[str]:
        """Return the modules of the longest chain of imports; raise CycleError where one bites its tail."""
        graph = self.within(package)
        chains: dict[str, list[str]] = {}
        for name in TopologicalSorter(graph).static_order():
            chains[name] = [name, *max((chains[one] for one in sorted(graph[name])), key=len, default=[])]
        return max(chains.values(), key=len, default=[])

    def long_constructors(self) -> dict[str, int]:
        """Return the constructors of more than nine arguments besides `self`."""
        found: dict[str, int] = {}
        for module, tree in self.trees.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    found |= {f"{module}.{node.name}": _arguments(one) for one in node.body if _is_constructor(one)}
        return {name: count for name, count in _ranked(found).items() if count > MOST_ARGUMENTS}

    def names_of_two(self) -> dict[str, list[str]]:
        """Return the public class names that more than one module of the product defines."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for module, tree in self.trees.items():
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(module)
        return {name: where for name, where in sorted(found.items()) if len(where) > 1}

    def against_the_floors(self) -> list[str]:
        """Return the imports in the core that run up, or across to a room on the same floor."""
        floor = {room: level for level, rooms in enumerate(self._floors()) for room in rooms}
        found: list[str] = []
        for module, imported in self.within("strategy").items():
            for other in sorted(imported):
                here, there = module.split(".")[1], other.split(".")[1]
                if here != there and floor[there] <= floor[here]:
                    found.append(f"{module} > {other}")
        return found

    def _floors(self) -> list[list[str]]:
        """Return the rooms of the core, the top floor first, as import-linter has them."""
        table = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        contracts = table["tool"]["importlinter"]["contracts"]
        layers = next(one["layers"] for one in contracts if one.get("containers") == ["strategy"])
        return [[room.strip() for room in floor.split("|")] for floor in layers]


def _arguments(node: ast.stmt) -> int:
    assert isinstance(node, ast.FunctionDef)
    args = node.args
    return len([*args.posonlyargs, *args.args, *args.kwonlyargs]) - 1


def _is_constructor(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "__init__"


def _ranked(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def main(root: Path = ROOT) -> int:
    house = House(root)
    files, busiest = house.files_per_folder(), house.most_imports()
    chain, constructors = house.longest_chain("strategy"), house.long_constructors()
    names, upwards = house.names_of_two(), house.against_the_floors()
    _show("files in the fullest folder", max(files.values()), _lines(files))
    _show("imports per module in strategy/", f"{house.imports_per_module('strategy'):.2f}", [])
    _show("imports per module in the product", f"{house.imports_per_module():.2f}", _lines(busiest))
    _show("longest chain of imports in strategy/", len(chain), [" > ".join(chain)])
    _show(
        f"constructors over {MOST_ARGUMENTS} arguments", len(constructors), _lines(constructors, most=len(constructors))
    )
    _show("class names with two meanings", len(names), [f"{name}: {', '.join(where)}" for name, where in names.items()])
    _show("imports against the floors", len(upwards), upwards)
    return 0


def _lines(counts: Mapping[str, int], most: int = SHOWN) -> list[str]:
    return [f"{count:>4} {name}" for name, count in list(counts.items())[:most]]


def _show(name: str, value: object, details: list[str]) -> None:
    print(f"{name}: {value}")
    for line in details:
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
