"""`python -m tests.kill --times 200`: kill the program so many times, print what was found, exit 1 on any fault."""

import argparse
import asyncio
import sys
from pathlib import Path
from tempfile import mkdtemp

from tests.kill.campaign import Figures, run
from tests.kill.steps import NUMBERS, STEPS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="how often to kill (200)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other moments and other trouble (1)")
    parser.add_argument("--directory", type=Path, help="where databases and logs are kept (a temporary one)")
    arguments = parser.parse_args()
    directory = arguments.directory or Path(mkdtemp(prefix="kill-"))
    figures = asyncio.run(run(directory, times=arguments.times, seed=arguments.seed, say=_say))
    print(table(figures))
    if figures.faults:
        print(f"databases and logs: {directory}")
    return 1 if figures.faults else 0


def _say(text: str) -> None:
    print(text, flush=True)


def table(figures: Figures) -> str:
    """Return the figures of a run, the numbered steps first."""
    lines = [f"{'no.':>4} {'step':<20} {'passed':>7} {'killed':>7}  what"]
    for name, about in STEPS.items():
        lines.append(f"{NUMBERS[name]:>4} {name:<20} {figures.passed[name]:>7} {figures.by_step[name]:>7}  {about}")
    rows: list[tuple[str, object]] = [
        ("seed", figures.seed),
        ("kills", figures.kills),
        ("  at numbered steps", figures.by_step.total()),
        ("  at random moments", figures.by_moment),
        ("steps killed at", f"{len(figures.by_step)} of {len(STEPS)}"),
        ("days (databases)", figures.groups),
        ("orders at the broker", figures.orders),
        ("  and by hand", figures.by_hand),
        ("fills stored", figures.fills),
        ("duplicate orders", figures.duplicates),
        ("unowned orders", figures.unowned),
        ("lost fills (shares)", figures.lost),
        ("stops fired", figures.stops),
        ("  and their ends told", figures.ends),
        ("position and cash equal", f"{figures.equal} of {figures.groups} days"),
        ("alerts delivered", f"{figures.delivered} of {figures.alerts}"),
        ("  said again, and marked so", figures.repeated),
        ("wall time", f"{figures.seconds:.0f} s"),
        ("faults", len(figures.faults)),
    ]
    lines += ["", *(f"{name:<28} {value}" for name, value in rows)]
    return "\n".join([*lines, *(f"! {fault}" for fault in figures.faults)])


if __name__ == "__main__":
    sys.exit(main())
