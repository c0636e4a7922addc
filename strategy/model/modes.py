"""What the owner lets the program do."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from strategy.model.instruments import Symbol


class Mode(StrEnum):
    """Trading modes, from most to least; each persists across restarts."""

    RUN = "run"
    PAUSE_BUYS = "pause_buys"
    PROTECT_ONLY = "protect_only"
    HALTED = "halted"

    @property
    def buys(self) -> bool:
        return self is Mode.RUN

    @property
    def rule_sells(self) -> bool:
        return self in (Mode.RUN, Mode.PAUSE_BUYS)

    @property
    def stops(self) -> bool:
        return self is not Mode.HALTED


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
