"""Public docstrings say what a name cannot: units, zones, errors, and where a fact of a protocol comes from."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.docstrings import counted, debts

ROOT = Path(__file__).parent.parent
MODULES = sorted(path for room in ("bot", "kis", "storage", "strategy") for path in (ROOT / room).rglob("*.py"))
SPEAK_A_PROTOCOL = (
    ("kis-protocol", "kis/auth kis/calls kis/rest kis/stream kis/simulator/rest kis/simulator/push"),
    ("telegram-bot-api", "bot/localchat/api"),
)
SOURCE = re.compile(r"(?:kis-protocol|telegram-bot-api|quirks?) \d|\((?:quirk )?\d+\.\d+", re.IGNORECASE)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_units_zones_and_errors_are_named(path: Path) -> None:
    assert [str(debt) for debt in debts(path, path.relative_to(ROOT).as_posix())] == []


def test_there_is_much_to_name() -> None:
    assert sum(map(counted, MODULES)) > 450, "has the measure gone blind?"


@pytest.mark.parametrize(
    "path",
    [
        path
        for _, folders in SPEAK_A_PROTOCOL
        for folder in folders.split()
        for path in sorted((ROOT / folder).glob("*.py"))
        if path.read_text("utf-8").strip()
    ],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_what_is_known_of_a_protocol_names_its_section(path: Path) -> None:
    texts = [
        ast.get_docstring(node) or ""
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert any(SOURCE.search(text) for text in texts)


# the measure itself


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("def pay(price: Decimal) -> None: ...", "no unit of price (money)"),
        ("def sell(qty: int) -> None:\n    '''Sell so many for dollars.'''", "no unit of qty (shares)"),
        ("def wait(pause: float) -> None:\n    '''Wait a while.'''", "no unit of pause (duration)"),
        ("def worth() -> Decimal | None:\n    '''Return it.'''", "no unit of the return value (money)"),
        ("def cut(rate: Decimal) -> None:\n    '''Cut at that rate in dollars.'''", "no unit of rate (rate)"),
        ("def of(since: date) -> None:\n    '''Ask for a date.'''", "no unit of since (date)"),
        ("class Order:\n    '''An order.'''\n    qty: int\n    at_s: float", "no unit of qty (shares)"),
        ("MOST = Decimal(5)  # at most", "no unit of MOST (any)"),
        ("def ask() -> None:\n    '''Ask.'''\n    raise BadAnswer('no')", "raises BadAnswer"),
    ],
)
def test_what_is_not_said_is_found(tmp_path: Path, source: str, missing: str) -> None:
    (tmp_path / "module.py").write_text(source)
    assert [debt.what for debt in debts(tmp_path / "module.py", "module.py")] == [missing]


@pytest.mark.parametrize(
    "source",
    [
        "def pay(price: Decimal) -> None:\n    '''Pay so many dollars.'''",
        "def pay(price_usd: Decimal, wait_s: float, drop_pct: Decimal) -> None: ...",
        "def wait(pause: timedelta, until: datetime, traded_on: date) -> None: ...",
        "class Order:\n    '''An order.'''\n    qty: int  # whole shares\n    last: Decimal  # dollars",
        "class Order:\n    '''An order of whole shares, in dollars.'''\n    qty: int\n    last: Decimal",
        "def _pay(price: Decimal) -> None: ...",
        "MOST = Decimal(5)  # dollars",
        "MOST_S = 5.0",
        "def ask() -> None:\n    '''Ask; raise BadAnswer for none.'''\n    raise BadAnswer('no')",
        "def ask() -> None:\n    def inner() -> None:\n        raise BadAnswer('no')",
        "def count(rows: int, message_id: int) -> None: ...",
        (
            "class Port(Protocol):\n    def pay(self, price: Decimal) -> None:\n        '''Pay dollars.'''\n"
            "class Desk(Port):\n    def pay(self, price: Decimal) -> None: ..."
        ),
    ],
)
def test_what_is_said_or_needs_no_saying_passes(tmp_path: Path, source: str) -> None:
    (tmp_path / "module.py").write_text(source)
    assert debts(tmp_path / "module.py", "module.py") == []


def test_a_base_that_says_nothing_is_no_excuse(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("class Desk(Exception):\n    def pay(self, price: Decimal) -> None: ...")
    assert [debt.what for debt in debts(tmp_path / "module.py", "module.py")] == ["no unit of price (money)"]
