"""`.env.sample` and the settings classes agree (row S20), and the sample never holds a secret (row S101). Row S25."""

import re
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from bot.settings import TelegramSettings
from kis.settings import KisSettings
from storage.settings import StorageSettings
from strategy.control.one_time_codes import ArmingSettings
from strategy.settings.messages import plain_faults
from strategy.settings.schema import TradingSettings
from tests.support.words import bilingual

ROOT = Path(__file__).parent.parent
ROOMS: tuple[type[BaseSettings], ...] = (
    KisSettings,
    TelegramSettings,
    TradingSettings,
    StorageSettings,
    ArmingSettings,
)
LINE = re.compile(r"(?P<optional># )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


def sample() -> dict[str, tuple[bool, str]]:
    """Return every variable of the sample: whether it is optional, and its value."""
    found: dict[str, tuple[bool, str]] = {}
    for line in (ROOT / ".env.sample").read_text(encoding="utf-8").splitlines():
        if match := LINE.fullmatch(line):
            assert match["name"] not in found, f"{match['name']} stands twice"
            found[match["name"]] = (match["optional"] is not None, match["value"])
    return found


def read_variables() -> dict[str, bool]:
    """Return every variable the program reads, and whether it must be given."""
    return {name.upper(): field.is_required() for room in ROOMS for name, field in room.model_fields.items()}


def test_every_variable_read_is_in_the_sample_and_every_one_there_is_read_s20() -> None:
    assert set(sample()) == set(read_variables())


def test_optional_variables_are_those_with_a_default_s20() -> None:
    assert {name for name, (optional, _) in sample().items() if not optional} == {
        name for name, required in read_variables().items() if required
    }


def filled(**values: str) -> dict[str, str]:
    given = {name: value for name, (optional, value) in sample().items() if not optional}
    return {**given, "APP_KEY": "K" * 36, "APP_SECRET": "S" * 180, **values}


@pytest.mark.parametrize("virtual", ["true", "false"])
def test_the_filled_sample_passes_validation_s20(virtual: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in sample():
        monkeypatch.delenv(name, raising=False)
    env = tmp_path / ".env"
    env.write_text("\n".join(f"{name}={value}" for name, value in filled(IS_VIRTUAL=virtual).items()), encoding="utf-8")
    for room in ROOMS:
        room(_env_file=env)


def test_the_defaults_shown_are_the_defaults_in_force_s20(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in sample():
        monkeypatch.delenv(name, raising=False)
    required = filled()
    optional = {name: value for name, (optional, value) in sample().items() if optional}
    plain, spelled_out = tmp_path / "plain", tmp_path / "spelled-out"
    plain.write_text("\n".join(f"{name}={value}" for name, value in required.items()), encoding="utf-8")
    spelled_out.write_text(
        "\n".join(f"{name}={value}" for name, value in (required | optional).items()), encoding="utf-8"
    )
    for room in ROOMS:
        assert room(_env_file=plain).model_dump() == room(_env_file=spelled_out).model_dump()


@pytest.mark.parametrize("account", ["987654320", "98765432-012", "9876543210a"])
def test_a_wrong_account_number_is_not_repeated_s25(account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in sample():
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValidationError) as caught:
        KisSettings.model_validate({"account_no": account})
    told = "\n".join(bilingual(fault.said()) for fault in plain_faults(caught.value, KisSettings))
    assert "ACCOUNT_NO=98***" in told
    assert account not in told


def test_real_environment_variables_win_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = tmp_path / ".env"
    env.write_text("\n".join(f"{name}={value}" for name, value in filled().items()), encoding="utf-8")
    monkeypatch.setenv("BUY_RATE", "0.11")
    assert str(TradingSettings(_env_file=env).buy_rate) == "0.11"


def test_env_is_ignored_by_git_s101() -> None:
    ignored = subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=ROOT, check=False)
    assert ignored.returncode == 0


def test_no_setting_defaults_to_an_undefined_value() -> None:
    for room in ROOMS:
        for name, field in room.model_fields.items():
            assert field.is_required() or field.get_default(call_default_factory=True) is not PydanticUndefined, name
