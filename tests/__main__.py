"""All checks in one command: `python -m tests`. Stops at the first that fails; extra arguments go to pytest."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOOLS = Path(sys.executable).parent

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lint", ("ruff", "check", ".")),
    ("format", ("ruff", "format", "--check", ".")),
    ("types", ("mypy",)),
    ("import contracts", ("lint-imports",)),
    ("tests", ("pytest", "-n", "2", "--dist", "worksteal")),
)


def main(arguments: list[str]) -> int:
    for name, (tool, *options) in CHECKS:
        print(f"== {name} ==", flush=True)
        started = time.monotonic()
        command = [str(TOOLS / tool), *options, *(arguments if tool == "pytest" else [])]
        result = subprocess.run(command, cwd=ROOT, check=False)
        if result.returncode:
            print(f"{name}: failed", flush=True)
            return result.returncode
        print(f"{name}: fine, {time.monotonic() - started:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
