"""`python -m tests.stop_times`: how long a stop takes to sell under each fault, in market seconds.

Every scene runs the whole program beside the simulated broker and takes the time from the broker's own books, from the
first price at or below the stop that may count until all is sold. `--against` plays the same with another checkout,
or with a revision that is checked out for it. The exit code is 1 when a scene of this tree is over its limit.
"""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from tests.stop_times.run import Took, play
from tests.stop_times.scenes import SCENES, Scene

ROOT = Path(__file__).parents[2]
Played = dict[str, dict[str, Took]]  # by build, then by scene


def main() -> int:
    arguments = _arguments()
    scenes = [scene for scene in SCENES if _wanted(scene, arguments.only)]
    directory = arguments.directory or Path(mkdtemp(prefix="stop-times-"))
    with TemporaryDirectory(prefix="checkout-") as scratch:
        builds = {"this build": ROOT}
        if arguments.against:
            builds = {arguments.against: _checkout(arguments.against, Path(scratch))} | builds
        played = asyncio.run(_play_all(scenes, builds, directory, jobs=arguments.jobs))
    text = table(scenes, played)
    speeds = sorted({scene.speed for scene in scenes})
    print(f"market seconds; measured at {', '.join(f'{speed:g}' for speed in speeds)} market seconds a real second")
    print(text)
    if arguments.output is not None:
        arguments.output.write_text(text + "\n", encoding="utf-8")
    over = [scene.key for scene in scenes if not played["this build"][scene.key].within(scene.limit_s)]
    if over:
        print(f"over the limit: {len(over)}; databases and logs: {directory}")
    return 1 if over else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stop_times", description=__doc__)
    parser.add_argument("--against", metavar="DIR_OR_REV", help="another checkout, or a revision to check out")
    parser.add_argument("--only", nargs="*", metavar="FAULT", help="numbers of faults, or parts of a scene's name")
    parser.add_argument("--jobs", type=int, default=2, help="scenes at a time (2)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table there, too")
    parser.add_argument("--directory", type=Path, help="where databases and logs are kept (a temporary one)")
    return parser.parse_args()


def _wanted(scene: Scene, only: Sequence[str] | None) -> bool:
    return not only or any(word == scene.fault or (not word.isdigit() and word in scene.name) for word in only)


def _checkout(what: str, scratch: Path) -> Path:
    """Return the folder of another build: one that is there, or a revision put there."""
    if (Path(what) / "main.py").exists():
        return Path(what).resolve()
    archive = subprocess.run(["git", "-C", str(ROOT), "archive", what], check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(scratch)], input=archive.stdout, check=True)
    return scratch


async def _play_all(scenes: Sequence[Scene], builds: dict[str, Path], directory: Path, *, jobs: int) -> Played:
    played: Played = {build: {} for build in builds}
    places = asyncio.Semaphore(jobs)

    async def one(number: int, scene: Scene, build: str, checkout: Path) -> None:
        async with places:
            own = directory / f"{number:02d}-{'this' if checkout == ROOT else 'other'}"
            played[build][scene.key] = took = await play(scene, checkout, own)
            print(f"{build}: {scene.key}: {took}", file=sys.stderr, flush=True)

    async with asyncio.TaskGroup() as group:
        for number, scene in enumerate(scenes, start=1):
            for build, checkout in builds.items():
                group.create_task(one(number, scene, build, checkout))
    return played


def table(scenes: Sequence[Scene], played: Played) -> str:
    """Return what each build took, in market seconds, beside the limit."""
    head = ("fault", "scene", *played, "limit", "")
    rows: list[tuple[str, ...]] = [head]
    for scene in scenes:
        tooks = [played[build][scene.key] for build in played]
        kept = "" if tooks[-1].within(scene.limit_s) else "OVER"
        rows.append((scene.fault, scene.name, *(str(took) for took in tooks), f"{scene.limit_s:g}", kept))
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
