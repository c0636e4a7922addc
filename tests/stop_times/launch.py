"""Runs another checkout's `main.py`, with something broken first: `launch.py CHECKOUT PART ARGUMENT...`.

A part may be `clock=SECONDS`: the machine's clock shows so much more; SIGUSR1 puts it back an hour, SIGUSR2 forward.

Nothing of the project is imported before the checkout leads the way, so that all of it comes from there.
"""

import signal
import sys
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from typing import Any

BREAKS = {"bars": ("strategy.market.bars", "BarStore", "add_tick")}  # what hears every tick and may fail


def main() -> int:
    checkout, part, *arguments = sys.argv[1:]
    sys.path[0] = checkout
    if part.startswith("clock="):
        _shift_clock(float(part.removeprefix("clock=")))
    elif part != "-":
        _break(*BREAKS[part])
    program = import_module("main")
    code: int = program.main(arguments)
    return code


def _break(module: str, owner: str, method: str) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken by the test")

    setattr(getattr(import_module(module), owner), method, broken)


def _shift_clock(seconds: float) -> None:
    shift = timedelta(seconds=seconds)

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + shift  # noqa: TID251 - the machine's clock is what is shifted here

    def put(number: int, _: object) -> None:
        nonlocal shift
        shift += timedelta(hours=1 if number == signal.SIGUSR2 else -1)

    signal.signal(signal.SIGUSR1, put)
    signal.signal(signal.SIGUSR2, put)
    import_module("strategy.model.clock").datetime = Shifted  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
