"""Where data and logs are kept. Row S97."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from storage.settings import StorageSettings


def test_defaults_without_any_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA_DIR", "LOG_DIR", "LOG_LEVEL", "LOG_RETENTION_DAYS"):
        monkeypatch.delenv(name, raising=False)
    settings = StorageSettings()
    assert (settings.data_dir, settings.log_dir) == (Path("data"), Path("logs"))
    assert (settings.log_level, settings.log_retention_days) == ("INFO", 30)


def test_levels_in_any_case_s97(monkeypatch: pytest.MonkeyPatch) -> None:
    for level in ("debug", "Info", " WARNING ", "ERROR"):
        monkeypatch.setenv("LOG_LEVEL", level)
        assert StorageSettings().log_level == level.strip().upper()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "TRACE"),
        ("LOG_LEVEL", ""),
        ("LOG_RETENTION_DAYS", "0"),
        ("LOG_RETENTION_DAYS", "soon"),
        ("LOG_RETENTION_DAYS", ""),
        ("DATA_DIR", " "),
        ("LOG_DIR", ""),
    ],
)
def test_empty_malformed_and_out_of_range_values_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as raised:
        StorageSettings()
    assert raised.value.errors()[0]["loc"] == (name.lower(),)
