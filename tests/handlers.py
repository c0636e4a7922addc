"""How much of the chat's handlers the tests reach, branches included: `python -m tests.handlers`.

Prints the figure of every router and of the middlewares, and fails below the floor. Arguments go to pytest and take the
place of the whole of `tests/bot`.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
FLOOR = 95
MEASURED = "bot/routers/*,bot/middlewares.py"


def main(arguments: list[str]) -> int:
    with TemporaryDirectory() as scratch:
        environment = {**os.environ, "COVERAGE_FILE": str(Path(scratch) / "coverage")}
        coverage = [sys.executable, "-m", "coverage"]
        run = [*coverage, "run", "--branch", "--source", "bot.routers,bot.middlewares", "-m", "pytest", "-q"]
        what = arguments or ["tests/bot", "--ignore", "tests/bot/localchat"]
        tests = subprocess.run([*run, *what], cwd=ROOT, env=environment, check=False)
        if tests.returncode:
            return tests.returncode
        report = [*coverage, "report", "--include", MEASURED, "--show-missing", "--fail-under", str(FLOOR)]
        return subprocess.run(report, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
