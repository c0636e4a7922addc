"""How the program is: lines a person can read, each fine, not fine, or unknown."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Self

from strategy.model.said import Said


class ServiceGroup(Enum):
    """What a failing service takes with it, and so what is done about it (`strategy.stops.safe_mode`)."""

    DESK = auto()  # orders
    STOPS = auto()  # protection
    RULES = auto()
    PANIC = auto()
    TALK = auto()  # commands and alerts: what fails there fails no order
    OTHER = auto()


class Service(StrEnum):
    """What runs all the time, each kept running by the supervisor. The value is its name in logs and stored alerts."""

    group: ServiceGroup

    def __new__(cls, key: str, group: ServiceGroup = ServiceGroup.OTHER) -> Self:
        made = str.__new__(cls, key)
        made._value_ = key
        made.group = group
        return made

    DESK = "desk", ServiceGroup.DESK
    STOPS = "stops", ServiceGroup.STOPS
    PRICE_WATCHDOG = "price watchdog", ServiceGroup.STOPS
    PANIC = "panic", ServiceGroup.PANIC
    ENGINE = "engine", ServiceGroup.RULES
    PROPOSALS = "proposals"
    WATCH_LIST = "watch list"
    MOVED_LISTINGS = "moved listings"
    PRICE_ALERTS = "price alerts"
    SESSION_CARDS = "cards"
    STORAGE_ALARM = "storage alarm"
    STREAM_NEWS = "stream news"
    STREAM = "stream"
    UPKEEP = "upkeep"
    BARS = "bars"
    CLOCK = "clock"
    LAG = "lag"
    MEMORY = "memory"
    CHAT = "chat", ServiceGroup.TALK
    ALERTS = "alerts", ServiceGroup.TALK
    REMINDERS = "reminders"
    DIGESTS = "digests"
    DASHBOARD = "dashboard"
    LATE_ANSWERS = "late answers"
    IN_PRIVATE = "in_private"

    @property
    def begins_orders(self) -> bool:
        """Return whether it asks for orders by itself: at a stop of the program it ends before all others."""
        return self in (Service.ENGINE, Service.STOPS, Service.PANIC)


class TaskState(StrEnum):
    RUNNING = "running"
    RESTARTING = "restarting"  # crashed, waiting to be started again
    GIVEN_UP = "given_up"  # crashed too often; somebody must look
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHealth:
    """One supervised service."""

    service: Service
    state: TaskState
    restarts: int
    crashed_at: datetime | None
    error: str  # type of the last crash, never its message


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthLine:
    """One thing looked at. `ok` None: not known or not applicable."""

    name: Said
    ok: bool | None
    detail: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView:
    lines: tuple[HealthLine, ...]
    tasks: tuple[TaskHealth, ...]
    started_at: datetime
    now: datetime

    @property
    def ok(self) -> bool:
        return all(line.ok is not False for line in self.lines) and all(
            task.state is TaskState.RUNNING for task in self.tasks
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of the log, redacted already."""

    at: datetime
    level: str
    logger: str
    event: str
    details: str  # `key=value` pairs, shortened


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageState:
    """The data directory; sizes in bytes."""

    writable: bool
    size: int  # of the database with its journal
    free: int  # on its disk


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxState:
    """Alerts not delivered. Instants are those of the events (market time)."""

    waiting: int
    oldest_at: datetime | None
    given_up: int  # refused for good within the last day
