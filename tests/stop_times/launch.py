"""Runs another checkout's `main.py`, with one of its parts broken first: `launch.py CHECKOUT PART ARGUMENT...`.

Nothing of the project is imported before the checkout leads the way, so that all of it comes from there.
"""

import sys
from importlib import import_module
from typing import Any

BREAKS = {"bars": ("strategy.bars", "BarStore", "add_tick")}  # what hears every tick and may fail


def main() -> int:
    checkout, part, *arguments = sys.argv[1:]
    sys.path[0] = checkout
    if part != "-":
        _break(*BREAKS[part])
    program = import_module("main")
    code: int = program.main(arguments)
    return code


def _break(module: str, owner: str, method: str) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken by the test")

    setattr(getattr(import_module(module), owner), method, broken)


if __name__ == "__main__":
    sys.exit(main())
