"""The console never decides how a program ends: what it cannot show is shown as well as it can be, or left out."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO


def steady() -> None:
    """Let everything printed from now on be escaped where the console cannot show it; nothing printed raises for it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def speak(text: str, stream: TextIO | None = None) -> None:
    """Print lines in both languages, on standard output by default; those a console can hardly show are left out.

    Never raises: the console may be gone, or know no Korean.
    """
    stream = stream or sys.stdout
    if stream is None:  # there may be none at all  # type: ignore[unreachable]
        return
    try:
        stream.write(_shown(text, getattr(stream, "encoding", None) or "utf-8") + "\n")
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # what is still buffered has no reader either
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _shown(text: str, encoding: str) -> str:
    lines = text.splitlines()
    readable = [line for line in lines if line.isascii() or _mostly(line, encoding)]
    return "\n".join(line.encode(encoding, "replace").decode(encoding) for line in readable or lines)


def _mostly(line: str, encoding: str) -> bool:
    """Return whether an encoding has at least half of a line's letters."""
    letters = [letter for letter in line if letter.isalpha()]
    lost = sum(letter.encode(encoding, "ignore") == b"" for letter in letters)
    return 2 * lost <= len(letters)
