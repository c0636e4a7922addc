"""`.env` as a file: misspelt names, names given twice, lines and letters that cannot be read. Rows S20, S45."""

from pathlib import Path

import pytest

from strategy.settings.env_file import file_faults, unreadable
from strategy.settings.messages import FaultyValue
from tests.support.words import english, korean

KNOWN = ("APP_KEY", "APP_SECRET", "BUY_RATE", "DATA_DIR", "LOG_LEVEL", "STOP_LOSS_RATE", "TELEGRAM_BOT_TOKEN")


def found(tmp_path: Path, text: str) -> list[FaultyValue]:
    file = tmp_path / ".env"
    file.write_text(text, encoding="utf-8")
    return file_faults(file, KNOWN)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("BUY_RATES", "BUY_RATE"),
        ("STOPLOSS_RATE", "STOP_LOSS_RATE"),
        ("TELEGRAM_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("app_secrett", "APP_SECRET"),
    ],
)
def test_a_name_nothing_reads_is_told_with_the_one_that_was_meant_and_without_its_value(
    tmp_path: Path, written: str, meant: str
) -> None:
    [fault] = found(tmp_path, f"{written}=hunter2\n")
    for told in (english(fault.said()), korean(fault.said())):
        assert told.startswith(f"{written.upper()}: ")
        assert meant in told
        assert "hunter2" not in told


def test_names_of_other_programs_and_known_ones_in_any_case_are_left_alone(tmp_path: Path) -> None:
    text = "COMPOSE_PROJECT_NAME=x\nTZ=Asia/Seoul\nPATH=/bin\nbuy_rate=0.3\nexport LOG_LEVEL=INFO\n# BUY_RATES=1\n"
    assert found(tmp_path, text) == []


def test_a_name_given_twice_with_two_values_is_told_with_both_lines(tmp_path: Path) -> None:
    [fault] = found(tmp_path, "BUY_RATE=0.3\n\n# a remark\n\nAPP_KEY=a\nbuy_rate=0.9\nAPP_KEY=a\n")
    assert fault.name == "BUY_RATE"
    assert "1" in english(fault.said())
    assert "6" in english(fault.said())
    assert "0.9" not in english(fault.said())


def test_a_line_that_is_no_setting_is_told_by_its_number_and_not_repeated(tmp_path: Path) -> None:
    faults = found(tmp_path, "BUY_RATE=0.3\n\nAPP_SECRET='hunter2\nLOG_LEVEL=INFO\n")
    assert len(faults) == 1
    assert "line 3" in english(faults[0].said())
    assert "hunter2" not in english(faults[0].said())


def test_a_file_that_cannot_be_read_is_one_fault_and_none_is_none(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    assert unreadable(file) is None
    assert file_faults(file, KNOWN) == []
    file.write_bytes("# 설정\nBUY_RATE=0.3".encode("cp949"))
    fault = unreadable(file)
    assert fault is not None
    assert "UTF-8" in korean(fault.said())
    file.unlink()
    file.mkdir()
    assert unreadable(file) is not None
