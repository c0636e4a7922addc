"""Finds every English sentence the chat's code can say: the first argument of `t(...)` and `t.line(...)`."""

import ast
from collections.abc import Iterator
from pathlib import Path

BOT = Path(__file__).parents[2] / "bot"


def sentences() -> dict[str, str]:
    """Return every msgid with the place of its first use; raise TypeError for one that is not a plain string."""
    found: dict[str, str] = {}
    for path in sorted(BOT.rglob("*.py")):
        if "localchat" in path.parts:
            continue
        for call in _calls(ast.parse(path.read_text())):
            first = call.args[0] if call.args else None
            if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
                raise TypeError(f"{path.name}:{call.lineno} says something that is not a plain string")
            found.setdefault(first.value, f"{path.relative_to(BOT.parent)}:{call.lineno}")
    return found


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_tongue(node.func):
            yield node


def _is_tongue(func: ast.expr) -> bool:
    if isinstance(func, ast.Attribute) and func.attr == "line":
        func = func.value
    return (isinstance(func, ast.Name) and func.id == "t") or (isinstance(func, ast.Attribute) and func.attr == "t")
