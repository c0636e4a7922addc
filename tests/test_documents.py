"""The documents say what the code does (rows S18, S19, S114-S118). Rows S115, S116, S117."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

import main

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
READMES = ("README.md", "README.en.md")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def commands(name: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)\n```", read(name), re.DOTALL)


def test_both_readmes_give_the_same_two_commands() -> None:
    demo, tests = commands("README.md")
    assert commands("README.en.md") == [demo, tests]
    assert demo.endswith("main.py --demo")
    assert tests.endswith("python -m tests")


def test_ci_runs_the_readmes_test_command_word_for_word() -> None:
    assert commands("README.md")[1] in read(".ci/run")


def paths_of(name: str) -> list[str]:
    """Return the paths of this repository that a document names in backquotes."""
    return re.findall(r"`((?:kis|strategy|bot|storage|tests|bench|docs)/[\w/.*-]*)`", read(name))


def test_every_path_of_the_architecture_exists_s18() -> None:
    named = paths_of("docs/architecture.md")
    assert len(named) > 100
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_duty_has_a_module_and_tests_s18() -> None:
    duties = re.findall(
        r"^\| ([^|]+) \| (`\w+`|–) \| ([^|]+) \| ([^|]+) \|$", read("docs/architecture.md"), re.MULTILINE
    )
    assert len(duties) > 20
    assert {first.strip("`") for _, first, _, _ in duties} > {"kis_base", "kis_order", "kis_websocket", "trading_bot"}
    for duty, _, here, tests in duties:
        assert "`" in here, duty
        assert "`tests/" in tests or tests == "the same", duty


def test_every_room_is_in_the_architecture() -> None:
    rooms = {
        f"{folder.relative_to(ROOT)}/"
        for root in ("bot", "kis", "strategy", "storage")
        for folder in (ROOT / root).iterdir()
        if folder.is_dir() and any(folder.glob("*.py")) and "__pycache__" not in folder.name
    }
    assert len(rooms) > 25
    assert rooms - set(re.findall(r"^\| `([\w/]+/)` \|", read("docs/architecture.md"), re.MULTILINE)) == set()


def test_the_floors_are_told_in_the_order_the_contract_holds() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    floors = [floor for each in contracts if each.get("containers") == ["strategy"] for floor in each["layers"]]
    told = re.findall(r"^\| `strategy/([\w.]+)/?` \|", read("docs/architecture.md"), re.MULTILINE)
    assert len(floors) > 10
    position = {name.removesuffix(".py"): place for place, name in enumerate(told)}
    for above, below in pairwise(floors):
        assert max(position[each] for each in above.split(" | ")) < min(position[each] for each in below.split(" | "))


def test_every_direct_dependency_has_its_reason_s115() -> None:
    table = read("docs/dependencies.md")
    for dependency in PROJECT["dependencies"]:
        name = re.split(r"[<>=]", dependency)[0]
        assert re.search(rf"^\| .*\b{re.escape(name)}\b.* \|", table, re.MULTILINE), name


def test_the_needs_first_named_have_a_counterpart_s115() -> None:
    table = read("docs/dependencies.md")
    for named_first in ("requests", "websockets", "pandas", "ta", "python-dotenv", "pytz", "holidays"):
        assert re.search(rf"^\| [\w ,]+ \| .*{named_first}.* \|", table, re.MULTILINE), named_first


@pytest.mark.parametrize("readme", READMES)
def test_the_stated_floor_is_the_locks_s114(readme: str) -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert 'requires-python = ">=3.11"' in read("uv.lock")
    assert "Python 3.11" in read(readme)


def test_ci_runs_the_floor_and_the_newest_s114() -> None:
    """The first half is the README's command; of the second, that it looks for a newer one and runs the tests on it."""
    floor, newest = read(".ci/run").split("for version in ")
    assert commands("README.md")[1] in floor
    assert newest.split(";")[0].split()[-1] == "3.12"  # the oldest it would take
    assert "-m pytest" in newest


def test_the_licence_is_explicit_s116() -> None:
    assert PROJECT["license"] == "MIT"
    assert read("LICENSE").startswith("MIT License")
    assert "개인 학습과 연구" in read("README.md")
    assert "personal study and research" in read("README.en.md")


@pytest.mark.parametrize(
    ("readme", "words"), [("README.md", "원금을 모두 잃게"), ("README.en.md", "lose all of your money")]
)
def test_the_risk_is_told_before_anything_else_s117(readme: str, words: str) -> None:
    text = read(readme)
    assert text.index(words) < text.index("```sh")


@pytest.mark.parametrize("readme", READMES)
def test_the_references_are_named_s118(readme: str) -> None:
    assert "https://apiportal.koreainvestment.com" in read(readme)
    assert "github.com/koreainvestment/open-trading-api" in read(readme)


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md"))
)


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", re.sub(r"(`+).+?\1", "", read(page))):
        assert (ROOT / page).parent.joinpath(target).exists(), target


def test_what_the_page_on_speed_names_is_there() -> None:
    remedies = re.findall(r"\| `([\w/]+\.py)`(?: \(`([\w-]+)`)?", read("docs/performance.md"))
    assert len(remedies) > 10
    for path, name in remedies:
        assert name in read(path), f"{name} is not in {path}"


def test_the_version_is_one() -> None:
    assert PROJECT["version"] == main.VERSION


def test_no_registry_but_the_public_one_is_locked() -> None:
    assert set(re.findall(r'registry = "([^"]+)"', read("uv.lock"))) == {"https://pypi.org/simple"}
