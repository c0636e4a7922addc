"""What the owner lets the program do."""

from enum import StrEnum


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


class TradeMode(StrEnum):
    """Who has the last word on a signal's order."""

    AUTO = "auto"
    APPROVE = "approve"  # a person is asked
    SIGNAL = "signal"  # it is told only


class PositionScope(StrEnum):
    """Which shares rules and stops speak of."""

    ACCOUNT = "account"
    BOT = "bot"  # those it bought itself
