"""Starts the real program again and again without paying for its imports each time.

One clean interpreter imports everything once, with no thread and no event loop of its own, and forks a child for each
life. The child installs the numbered steps, enters the directory with its `.env`, and is `python main.py` from there.
"""

import asyncio
import ctypes
import gc
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_START_S = 120.0  # a loaded machine imports slowly
_END_S = 60.0
_SLOWEST = 3.0
_PR_SET_PDEATHSIG = 1
_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(slots=True)
class Life:
    """One start of the program."""

    pid: int
    directory: Path
    _ended: asyncio.Future[int]

    @property
    def over(self) -> bool:
        return self._ended.done()

    def kill(self) -> None:
        """Send a real SIGKILL; a life that is over already stays as it is."""
        if not self.over:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def ask_to_stop(self) -> None:
        if not self.over:
            os.kill(self.pid, signal.SIGTERM)

    async def ended(self, within_s: float = _END_S) -> int:
        """Return the exit code, negative for a signal; raise TimeoutError when it goes on."""
        async with asyncio.timeout(within_s):
            return await asyncio.shield(self._ended)

    def said(self) -> str:
        """Return what it printed."""
        return (self.directory / "output").read_text(encoding="utf-8", errors="replace")


class Forks:
    """The interpreter that forks; one life at a time."""

    def __init__(self, process: asyncio.subprocess.Process, slowness: float) -> None:
        self._process = process
        self.slowness = slowness  # real seconds a second of work takes on this machine now, from 1 on

    async def begin(
        self, directory: Path, arguments: list[str], *, step: str | None = None, occurrence: int = 1
    ) -> Life:
        """Start the program in a directory that holds its `.env`; it dies at the occurrence of a step, if told one."""
        assert self._process.stdin is not None
        order = {"directory": str(directory), "arguments": arguments, "step": step, "occurrence": occurrence}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        born = await self._line()
        ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        life = Life(int(born["pid"]), directory, ended)
        self._watch = asyncio.create_task(self._await_end(life))  # noqa: TID251 - ends with the life, awaited by it
        return life

    async def _await_end(self, life: Life) -> None:
        code = int((await self._line())["code"])
        life._ended.set_result(code)

    async def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the forking interpreter has ended")
        told: dict[str, Any] = json.loads(line)
        return told


@asynccontextmanager
async def forking() -> AsyncIterator[Forks]:
    """Have an interpreter ready to fork; it and its child are gone at the end of the block."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.kill.forks",
        cwd=ROOT,
        env=clean_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_START_S):
            ready = json.loads(await process.stdout.readline())
        slowness = (time.monotonic() - began) / ready["cpu_s"]
        yield Forks(process, min(max(slowness, 1.0), _SLOWEST))
    finally:
        if process.returncode is None:
            process.kill()  # its child dies with it
        await process.wait()


def clean_environment() -> dict[str, str]:
    """Return just what an interpreter needs: no setting of this machine reaches the program."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | _ONE_THREAD | {"PYTHONUTF8": "1"}


# the interpreter that forks


def serve() -> None:
    """Import, then fork a child for each line on standard input and tell its number and its end."""
    for room in ("bot.app", "kis.connect", "kis.simclock", "main", "storage.database", "storage.logs.files"):
        import_module(room)  # loaded here once for all lives
    import_module("strategy.wiring.core")
    from strategy.market import current  # noqa: PLC0415
    from strategy.model import SystemClock  # noqa: PLC0415

    current(SystemClock().now())  # reads the holidays of many years
    gc.collect()
    gc.freeze()  # pages shared with the children stay shared
    _tell({"cpu_s": time.process_time()})
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(order)
        _tell({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _tell({"code": os.waitstatus_to_exitcode(status)})


def _tell(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _live(order: dict[str, Any]) -> None:
    """Be the program; never returns."""
    code = 1
    try:
        _die_with_parent()
        directory = Path(order["directory"])
        os.chdir(directory)
        output = os.open(directory / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)

        import main  # noqa: PLC0415
        from tests.kill.steps import Victim  # noqa: PLC0415

        Victim(directory / "steps", order["step"], order["occurrence"]).install()
        code = main.main(order["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        if (error := sys.exc_info()[1]) is not None:
            sys.excepthook(type(error), error, error.__traceback__)
            sys.stderr.flush()
        os._exit(code)


def _die_with_parent() -> None:
    """Ask Linux to end this process with the one that forked it, should that be killed."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    serve()
