"""`.env` as a file: whether it can be read, and names in it that nothing reads though something near them is read."""

import difflib
from collections.abc import Collection, Iterator
from enum import StrEnum
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from strategy.model import Said
from strategy.settings.messages import FaultyValue

ENCODING = "utf-8-sig"  # as editors write it, those that put a mark before the first letter, too
_NEAR = 0.81  # of `difflib`: TELEGRAM_TOKEN is near TELEGRAM_BOT_TOKEN, COMPOSE_PROJECT_NAME near nothing


class EnvFileNote(StrEnum):
    UNREADABLE = "env_file.unreadable"
    ENCODING = "env_file.encoding"
    LINE = "env_file.line"
    TWICE = "env_file.twice"
    NEAR = "env_file.near"


def unreadable(path: Path) -> FaultyValue | None:
    """Return why nothing of the file can be read; None where there is none, or one that can be."""
    try:
        path.read_text(ENCODING)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        return FaultyValue(str(path), None, Said(EnvFileNote.ENCODING), None)
    except OSError as error:
        return FaultyValue(str(path), None, Said(EnvFileNote.UNREADABLE, error=type(error).__name__), None)
    return None


def file_faults(path: Path, known: Collection[str]) -> list[FaultyValue]:
    """Return lines that cannot be read, names given twice, and names nothing reads that are near one of `known`.

    Other unknown names are left alone: the file may serve other programs. Values are never repeated, since a
    misspelt secret is one all the same.
    """
    if not path.is_file():
        return []
    lines = list(parse_stream(StringIO(path.read_text(ENCODING))))
    return [*_unread(path, lines), *_twice(lines), *_near(lines, known)]


def _unread(path: Path, lines: Collection[Binding]) -> Iterator[FaultyValue]:
    for one in lines:
        if one.error:
            yield FaultyValue(str(path), None, Said(EnvFileNote.LINE, line=_number(one)), None)


def _twice(lines: Collection[Binding]) -> Iterator[FaultyValue]:
    first: dict[str, Binding] = {}
    for one in lines:
        if one.key is None or one.value is None:
            continue
        name = one.key.upper()
        earlier = first.setdefault(name, one)
        if earlier.value != one.value:
            said = Said(EnvFileNote.TWICE, first=_number(earlier), second=_number(one))
            yield FaultyValue(name, None, said, None)


def _near(lines: Collection[Binding], known: Collection[str]) -> Iterator[FaultyValue]:
    names = dict.fromkeys(one.key.upper() for one in lines if one.key is not None)
    for name in names:
        if name not in known and (near := difflib.get_close_matches(name, known, n=1, cutoff=_NEAR)):
            yield FaultyValue(name, None, Said(EnvFileNote.NEAR, near=near[0]), None)


def _number(one: Binding) -> int:
    """Return the line a binding stands on; blank lines before it are a part of what was read."""
    text = one.original.string
    return one.original.line + text[: len(text) - len(text.lstrip())].count("\n")
