"""The figures of the house never get worse: whoever betters one writes the better figure down here."""

from graphlib import CycleError
from pathlib import Path

import pytest

from tests.structure import ROOT, House

HOUSE = House(ROOT)


def test_no_folder_is_too_full_to_read_at_a_glance() -> None:
    assert [f"{count} {folder}" for folder, count in HOUSE.files_per_folder().items() if count > 20] == []


def test_a_module_of_the_core_needs_few_others() -> None:
    assert HOUSE.imports_per_module("strategy") <= 5
    assert HOUSE.imports_per_module() <= 5


def test_the_way_from_the_top_of_the_core_to_its_ground_is_short() -> None:
    assert len(HOUSE.longest_chain("strategy")) <= 14


def test_no_constructor_takes_more_than_nine_arguments() -> None:
    assert HOUSE.long_constructors() == {}


def test_a_class_name_means_one_thing() -> None:
    assert HOUSE.names_of_two() == {}


def test_no_import_runs_against_the_floors() -> None:
    assert HOUSE.against_the_floors() == []


# the measure itself


def house(root: Path, **files: str) -> House:
    """Return a small house; a double underscore in a name stands for a slash."""
    (root / "pyproject.toml").write_text(
        '[[tool.importlinter.contracts]]\ncontainers = ["strategy"]\nlayers = ["control", "stops | signals", "model"]\n'
    )
    for name, text in files.items():
        path = root / "strategy" / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return House(root)


def test_imports_are_counted_wherever_they_stand(tmp_path: Path) -> None:
    found = house(
        tmp_path,
        control__one="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from strategy.model.two import A, B\n",
        model__two="def late() -> None:\n    import strategy.model.four\n",
        model__four="",
    )
    assert found.longest_chain("strategy") == ["strategy.control.one", "strategy.model.two", "strategy.model.four"]
    assert found.imports_per_module("strategy") == pytest.approx(2 / 3)


def test_a_ring_of_imports_has_no_length(tmp_path: Path) -> None:
    found = house(tmp_path, model__a="import strategy.model.b", model__b="import strategy.model.a")
    with pytest.raises(CycleError):
        found.longest_chain("strategy")


def test_an_import_up_or_across_is_found(tmp_path: Path) -> None:
    found = house(
        tmp_path,
        control__top="from strategy.stops import stop\nfrom strategy.model import value",
        stops__stop="from strategy.signals.rule import Rule\nfrom strategy.stops.other import Other",
        stops__other="",
        signals__rule="class Rule: ...",
        model__value="from strategy.control.top import stop",
    )
    assert found.against_the_floors() == [
        "strategy.model.value > strategy.control.top",
        "strategy.stops.stop > strategy.signals.rule",
    ]


def test_long_constructors_and_double_names_are_found(tmp_path: Path) -> None:
    arguments = ", ".join(f"a{number}" for number in range(5)), ", ".join(f"b{number}" for number in range(5))
    found = house(
        tmp_path,
        model__long=f"class Long:\n    def __init__(self, {arguments[0]}, *, {arguments[1]}): ...\nclass _Own: ...",
        stops__fine=f"class Long:\n    def __init__(self, {arguments[0]}): ...\nclass _Own: ...",
    )
    assert found.long_constructors() == {"strategy.model.long.Long": 10}
    assert found.names_of_two() == {"Long": ["strategy.model.long", "strategy.stops.fine"]}
