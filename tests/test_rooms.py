"""The house: who may import whom, beyond what import-linter's layers say."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def imported(path: Path) -> set[str]:
    """Return the modules a file imports, names of `from` imports joined on."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            assert node.level == 0, f"{path}: imports are absolute"
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


@pytest.mark.parametrize(("room", "server"), [("kis", "kis.simulator"), ("bot", "bot.localchat")])
def test_the_servers_and_the_clients_are_written_apart(room: str, server: str) -> None:
    server_folder = ROOT / Path(*server.split("."))
    for path in sorted((ROOT / room).rglob("*.py")):
        in_server = path.is_relative_to(server_folder)
        for name in imported(path):
            if in_server:
                assert not within(name, room) or within(name, server), f"{path} imports {name} of the client"
                assert not within(name, "strategy"), f"{path} imports {name} of the core"
            else:
                assert not within(name, server), f"{path} imports {name} of the server"


@pytest.mark.parametrize("room", ["bot", "kis", "storage", "strategy"])
def test_nobody_imports_the_composition_root(room: str) -> None:
    for path in sorted((ROOT / room).rglob("*.py")):
        assert not any(within(name, "main") for name in imported(path)), path


@pytest.mark.parametrize("room", ["bot", "kis", "storage", "strategy"])
def test_importing_a_room_runs_nothing(room: str) -> None:
    assert (ROOT / room / "__init__.py").read_text().strip() == ""


def test_only_the_clock_modules_read_the_machine_clock() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for room in ("bot", "kis", "storage", "strategy")
        for path in (ROOT / room).rglob("*.py")
        if "datetime.now(" in path.read_text() or "time.time(" in path.read_text()
    }
    assert {name for name in readers if not name.endswith("clock.py")} == set()
