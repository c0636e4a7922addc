"""Answers made worse on request: a part emptied, a field left out. Their code still says that all is well."""

from collections.abc import Callable
from typing import Any, Final

import orjson

_FRAME: Final = frozenset(("rt_cd", "msg_cd", "msg1"))  # what every business answer carries, and not its contents


def without_output(raw: bytes) -> bytes:
    """Return an answer whose outputs are there and empty: lists without rows, objects without fields."""
    body = orjson.loads(raw)
    return orjson.dumps({name: _emptied(value) for name, value in body.items() if name in _FRAME or _holds(value)})


def without_field(raw: bytes, name: str) -> bytes:
    """Return an answer without one field, wherever in its outputs it stands; without a name, the first of each."""
    body = orjson.loads(raw)
    if name:
        body.pop(name, None)
    return orjson.dumps({key: _reduced(value, name) for key, value in body.items()})


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)


def _emptied(value: Any) -> Any:
    return type(value)() if _holds(value) else value


def _reduced(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_reduced(row, name) for row in value]
    if not isinstance(value, dict):
        return value
    lost = name or next(iter(value), "")
    return {key: field for key, field in value.items() if key != lost}


SPOILERS: Final[dict[str, Callable[[bytes, dict[str, Any]], bytes]]] = {
    "empty_output": lambda raw, _details: without_output(raw),
    "missing_field": lambda raw, details: without_field(raw, str(details.get("field", ""))),
}
