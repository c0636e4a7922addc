"""What /health is told about the ground the program stands on: disk, outbox, Telegram, the event loop, memory."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from strategy.model import BarsStanding, HealthLine, Said
from strategy.ports import LogReader, Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramState:
    """When the chat's server last answered, and last did not; wall time, aware UTC."""

    answered_at: datetime | None
    failed_at: datetime | None
    error: str  # type of the last failure
    heard_at: datetime | None = None  # when a request for what people wrote was last answered
    deaf_since: datetime | None = None  # since when these requests fail
    deaf: Said | None = None  # and why
    ahead: timedelta | None = None  # its clock less this machine's

    @property
    def reachable(self) -> bool | None:
        """Return whether the newest word was an answer; None before the first."""
        if self.answered_at is None:
            return None if self.failed_at is None else False
        return self.failed_at is None or self.failed_at <= self.answered_at


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopLag:
    """How late the event loop was over the last minutes, in milliseconds."""

    p99_ms: float
    longest_ms: float
    over: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What only the composition root can tell the core. Everything may be missing: then its line is left out."""

    version: str = ""
    calls_used: Callable[[], str] = lambda: ""  # "3/s of 18"; empty where nobody counts
    vitals: Vitals | None = None
    log_reader: LogReader | None = None
    token_until: Callable[[], datetime | None] | None = None  # market time
    clock_skew: Callable[[], timedelta | None] | None = None  # the broker's clock less this machine's
    telegram: Callable[[], TelegramState | None] | None = None
    loop_lag: Callable[[], LoopLag | None] | None = None
    memory: Callable[[], int | None] | None = None  # bytes resident
    bars_kept: Callable[[], BarsStanding] | None = None  # where bars are kept
    check_broker: Callable[[], Awaitable[Sequence[HealthLine]]] | None = None
    check_telegram: Callable[[], Awaitable[str]] | None = None  # getMe; raises TradingError
