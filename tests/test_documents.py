"""The documents say what the code does (rows S18, S19, S114-S118)."""

import re
import tomllib
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


def test_s18_every_duty_names_modules_that_exist() -> None:
    named = re.findall(r"`((?:kis|strategy|bot|storage|tests)/[\w/.]*)`", read("docs/modules.md"))
    assert len(named) > 40
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_s115_every_direct_dependency_has_its_reason() -> None:
    table = read("docs/dependencies.md")
    for dependency in PROJECT["dependencies"]:
        name = re.split(r"[<>=]", dependency)[0]
        assert re.search(rf"^\| .*\b{re.escape(name)}\b.* \|", table, re.MULTILINE), name


def test_s115_the_needs_first_named_have_a_counterpart() -> None:
    table = read("docs/dependencies.md")
    for named_first in ("requests", "websockets", "pandas", "ta", "python-dotenv", "pytz", "holidays"):
        assert re.search(rf"^\| [\w ,]+ \| .*{named_first}.* \|", table, re.MULTILINE), named_first


@pytest.mark.parametrize("readme", READMES)
def test_s114_the_stated_floor_is_the_locks(readme: str) -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert 'requires-python = ">=3.11"' in read("uv.lock")
    assert "Python 3.11" in read(readme)


def test_s114_ci_runs_the_floor_and_the_newest() -> None:
    """The first half is the README's command; of the second, that it looks for a newer one and runs the tests on it."""
    floor, newest = read(".ci/run").split("for version in ")
    assert commands("README.md")[1] in floor
    assert newest.split(";")[0].split()[-1] == "3.12"  # the oldest it would take
    assert "-m pytest" in newest


def test_s116_the_licence_is_explicit() -> None:
    assert PROJECT["license"] == "MIT"
    assert read("LICENSE").startswith("MIT License")
    assert "개인 학습과 연구" in read("README.md")
    assert "personal study and research" in read("README.en.md")


@pytest.mark.parametrize(
    ("readme", "words"), [("README.md", "원금을 모두 잃게"), ("README.en.md", "lose all of your money")]
)
def test_s117_the_risk_is_told_before_anything_else(readme: str, words: str) -> None:
    text = read(readme)
    assert text.index(words) < text.index("```sh")


@pytest.mark.parametrize("readme", READMES)
def test_s118_the_references_are_named(readme: str) -> None:
    assert "https://apiportal.koreainvestment.com" in read(readme)
    assert "github.com/koreainvestment/open-trading-api" in read(readme)


@pytest.mark.parametrize("readme", READMES)
def test_links_within_the_repository_lead_somewhere(readme: str) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", read(readme)):
        assert (ROOT / target).exists(), target


def test_the_version_is_one() -> None:
    assert PROJECT["version"] == main.VERSION


def test_no_registry_but_the_public_one_is_locked() -> None:
    assert set(re.findall(r'registry = "([^"]+)"', read("uv.lock"))) == {"https://pypi.org/simple"}
