"""A setting changed in the chat: who, when, from what to what, until when."""

from dataclasses import dataclass
from datetime import datetime

from strategy.model.instruments import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One row of the settings' history; insert only. Names are those of `.env`, values their text."""

    name: str
    symbol: Symbol | None  # None for every ticker
    old: str
    new: str | None  # None: back to `.env` or the default
    set_by: int | None
    set_at: datetime
    until: datetime | None  # None: until changed
    undoes: int | None = None  # the change this one takes back
    id: int = 0
