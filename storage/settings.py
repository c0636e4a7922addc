"""Where data and logs are kept."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from strategy.model import Said
from strategy.settings.messages import SettingFault


class StorageSettingFault(StrEnum):
    NAME_A_FOLDER = "storage_setting.name_a_folder"


LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _named(value: object) -> object:
    if isinstance(value, str) and not value.strip():
        raise SettingFault(Said(StorageSettingFault.NAME_A_FOLDER))
    return value


Directory = Annotated[Path, BeforeValidator(_named)]


class StorageSettings(BaseSettings):
    """Directories and the log; relative paths count from the working directory."""

    model_config = SettingsConfigDict(
        env_file=None, frozen=True, extra="ignore", validate_default=True, env_ignore_empty=False
    )

    data_dir: Directory = Path("data")
    keep_bars: Literal["on", "off"] = "on"
    log_dir: Directory = Path("logs")
    log_level: Annotated[LogLevel, BeforeValidator(_upper)] = "INFO"
    log_retention_days: int = Field(30, ge=1, le=3650)
