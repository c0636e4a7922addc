"""What people change in the chat, and the buttons they do it by: who, when, why, until when."""

from dataclasses import dataclass
from datetime import datetime

from strategy.model.instruments import Symbol
from strategy.model.modes import Mode


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeState:
    """A mode and its story. `symbol` is None for the whole account, else the mode of one ticker."""

    mode: Mode
    symbol: Symbol | None
    set_by: int | None  # Telegram user id; None when the program set it
    set_at: datetime
    reason: str
    until: datetime | None  # falls back to RUN then; None means until changed


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerLock:
    """After a stop a ticker neither buys nor sells by rule until the next session or until released."""

    symbol: Symbol
    reason: str
    locked_at: datetime
    until: datetime | None  # the next session's open, or None until released
    blocks_stop: bool = False  # True only for the split guard (D13): a stop would sell on a wrong price


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a confirm button stands for. The button carries only `id`; the rest stays in the database."""

    id: str  # random, at most 22 characters, safe in callback data
    action: str  # "order", "cancel", "cancel_all", "setting", "mode", "panic", "undo", ...
    payload: str  # JSON, read only by the service that made it
    fingerprint: str  # the state the person was shown; the service compares it again at the press
    user_id: int
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
