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
from strategy.settings.messages import FaultyValue, plain_faults
from strategy.settings.schema import TradingSettings
from tests.support.words import bilingual, korean

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


FILLED_IN = {
    "HTS_ID": "mine",
    "APP_KEY": "K" * 36,
    "APP_SECRET": "S" * 180,
    "ACCOUNT_NO": "12345678-01",
    "TELEGRAM_BOT_TOKEN": "987654321:" + "T" * 35,
    "TELEGRAM_CHAT_ID": "987654321",
    "TELEGRAM_CHAT_TEST_ID": "987654321",
}


def filled(**values: str) -> dict[str, str]:
    given = {name: value for name, (optional, value) in sample().items() if not optional}
    return {**given, **FILLED_IN, **values}


def told(room: type[BaseSettings], env: Path) -> list[FaultyValue]:
    try:
        room(_env_file=env)
    except ValidationError as error:
        return plain_faults(error, room)
    return []


@pytest.fixture
def only_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in sample():
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("only_the_file")
def test_the_raw_sample_names_everything_that_is_to_be_filled_in_at_once_s45() -> None:
    faults = [fault for room in ROOMS for fault in told(room, ROOT / ".env.sample")]
    assert [fault.name for fault in faults] == list(FILLED_IN)
    assert [fault.value for fault in faults if fault.name in ("APP_KEY", "APP_SECRET", "TELEGRAM_BOT_TOKEN")] == [
        "****"
    ] * 3


@pytest.mark.usefixtures("only_the_file")
@pytest.mark.parametrize("name", FILLED_IN)
def test_each_value_left_as_in_the_sample_is_told_alone_s45(name: str, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    left = filled(**{name: sample()[name][1]})
    env.write_text("\n".join(f"{each}={value}" for each, value in left.items()), encoding="utf-8")
    assert [fault.name for room in ROOMS for fault in told(room, env)] == [name]


def test_servers_on_this_machine_take_the_samples_values(only_the_file: None, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    here = {"REST_URL_BASE": "http://127.0.0.1:1", "TELEGRAM_API_URL": "http://127.0.0.1:2"}
    raw = {name: value for name, (optional, value) in sample().items() if not optional} | here
    env.write_text("\n".join(f"{each}={value}" for each, value in raw.items()), encoding="utf-8")
    assert [fault.name for room in ROOMS for fault in told(room, env)] == []


@pytest.mark.usefixtures("only_the_file")
def test_disagreements_and_single_faults_are_told_together_s45(tmp_path: Path) -> None:
    """A fault of one field hides no other: not one of the same field, nor two fields that disagree."""
    wrong = filled(
        TRADING_TICKERS="TQQQ,,NASDAQ:QQQ,nasdaq:qqq",
        RSI_OVERSOLD="70",
        MARKET_START_TIME="17:00",
        MACD_FAST="30",
        BUY_RATE="3",
        APP_KEY="short",
        APP_SECRET="short",
        QUOTE_APP_KEY="K" * 36,
        TELEGRAM_CHAT_ID="-100123",
        TELEGRAM_OPERATOR_USER_IDS="7,8",
        TELEGRAM_VIEWER_USER_IDS="8,7",
    )
    env = tmp_path / ".env"
    env.write_text("\n".join(f"{each}={value}" for each, value in wrong.items()), encoding="utf-8")
    said = [bilingual(fault.said()) for room in ROOMS for fault in told(room, env)]
    for words in (
        "APP_KEY=****",
        "APP_SECRET=****",
        "QUOTE_APP_SECRET go together",
        "8 stands in TELEGRAM_OPERATOR_USER_IDS",
        "7 stands in TELEGRAM_OPERATOR_USER_IDS",
        "item 1 (TQQQ)",
        "item 2 is empty",
        "item 4 (NASDAQ:QQQ)",
        "MARKET_START_TIME must be before",
        "BUY_RATE=3",
        "RSI_OVERSOLD must be below",
        "MACD_FAST must be below",
    ):
        assert len([each for each in said if words in each]) == 1, words
    assert len(said) == 12


NASTY = (
    *("", " ", "abc", "1e3", "1e999", "nan", "inf", "-inf", "-1", "0", "9" * 400),
    *("1.5", "99:99", "24:00", "[1]", "{}"),
)
OURS = {"Bot", "Base32", "KIS", "HH", "MM", "BotFather", "base32", "off", "day", "true", "false", "host", "port"}
OURS |= {"http", "https", "ws", "wss", "api", "telegram", "org"}  # of an address that may be copied


@pytest.mark.usefixtures("only_the_file")
@pytest.mark.parametrize("name", sorted(sample()))
def test_no_fault_is_told_in_a_librarys_words(name: str, tmp_path: Path) -> None:
    """Where Korean is read, no English but names, examples and what was written; libraries speak nothing else."""
    env = tmp_path / ".env"
    for value in NASTY:
        wrong = filled(**{name: value})
        env.write_text("\n".join(f"{each}={given}" for each, given in wrong.items()), encoding="utf-8")
        for fault in (fault for room in ROOMS for fault in told(room, env)):
            text = korean(fault.problem).replace(value or " ", " ")
            words = set(re.findall(r"(?<!\w)[A-Za-z][A-Za-z0-9]+", text))
            assert {word for word in words if not word.isupper()} <= OURS


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
    shown = "\n".join(bilingual(fault.said()) for fault in plain_faults(caught.value, KisSettings))
    assert "ACCOUNT_NO=98***" in shown
    assert account not in shown


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
