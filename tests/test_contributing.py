"""What the guide for contributors quotes is there: files, commands, and its example, line by line."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PATHS = re.findall(r"`((?:kis|strategy|bot|storage|tests|bench|docs|main)[\w/]*(?:\.\w+|/))`", GUIDE)
BLOCKS = re.findall(r"^`([\w/.]+)`\n\n```python\n(.*?)\n```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_every_path_exists() -> None:
    assert len(PATHS) > 40
    assert [path for path in PATHS if not (ROOT / path).exists()] == []


def test_every_command_can_be_run() -> None:
    modules = re.findall(r"`python -m ([\w.]+)", GUIDE)
    assert len(modules) > 6
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    files = re.findall(r"pytest (?:-\w+ )?([\w/.]+)", GUIDE)
    assert len(files) > 2
    assert [path for path in files if not (ROOT / path).exists()] == []


def test_the_example_walks_from_the_value_to_the_test() -> None:
    assert GUIDE.count("```python") == len(BLOCKS)
    rooms = [path.split("/")[0] for path, _ in BLOCKS]
    assert rooms.index("strategy") < rooms.index("bot") < rooms.index("tests")
    assert [path for path, _ in BLOCKS if "routers" in path or "views" in path]


@pytest.mark.parametrize(("path", "block"), BLOCKS, ids=[path for path, _ in BLOCKS])
def test_a_block_of_the_example_stands_in_its_file_as_it_is(path: str, block: str) -> None:
    quoted = [line.strip().rstrip(",") for line in block.splitlines()]
    real = [line.strip().rstrip(",") for line in (ROOT / path).read_text("utf-8").splitlines()]
    starts = [at for at, line in enumerate(real) if line == quoted[0]]
    assert any(real[at : at + len(quoted)] == quoted for at in starts), f"not in {path}:\n{block}"
