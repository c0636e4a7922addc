"""How the program is: lines a person can read, each fine, not fine, or unknown."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from strategy.model.text import Text


class TaskState(StrEnum):
    RUNNING = "running"
    RESTARTING = "restarting"  # crashed, waiting to be started again
    GIVEN_UP = "given_up"  # crashed too often; somebody must look
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHealth:
    """One supervised service."""

    name: str
    state: TaskState
    restarts: int
    crashed_at: datetime | None
    error: str  # type of the last crash, never its message


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthLine:
    """One thing looked at. `ok` None: not known or not applicable."""

    name: Text
    ok: bool | None
    detail: Text


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
