"""The lines of /health and of the ready check about what lies around trading: disk, outbox, chat, token, machine."""

from collections.abc import Sequence
from datetime import datetime

from strategy.health import lines
from strategy.model import Clock, HealthLine, LogLine, TradingError
from strategy.runtime.probes import Surroundings


class SurroundingsLines:
    """Judges what the composition root could tell of; what it could not has no line."""

    def __init__(self, *, surroundings: Surroundings, clock: Clock, wall: Clock) -> None:
        self._around = surroundings
        self._clock = clock
        self._wall = wall
        self._started_at: datetime = wall.now()

    async def stored(self) -> list[HealthLine]:
        """Judge disk, outbox and the bars kept."""
        return [*await self._written(), *self._bars()]

    def _bars(self) -> list[HealthLine]:
        standing = self._around.bars_kept
        return [] if standing is None else [lines.bars_kept(standing())]

    async def _written(self) -> list[HealthLine]:
        vitals = self._around.vitals
        if vitals is None:
            return []
        try:
            return [
                lines.storage(await vitals.storage()),
                lines.outbox(await vitals.outbox(), self._clock.now()),
            ]
        except TradingError as error:
            return [lines.failed(lines.HealthName.STORAGE, error.user_message)]

    def outside(self) -> list[HealthLine]:
        """Judge the chat's server and the broker's token."""
        around = self._around
        found: list[HealthLine] = []
        if around.telegram is not None and (state := around.telegram()) is not None:
            found.append(lines.telegram(state, self._wall.now()))
            found.append(lines.incoming(state, self._wall.now()))
            if state.ahead is not None and abs(state.ahead) > lines.MOST_TELEGRAM_SKEW:
                found.append(lines.telegram_clock(state.ahead))
        if around.token_until is not None:
            found.append(lines.token(around.token_until(), self._clock.now()))
        return found

    def calls(self) -> list[HealthLine]:
        """Say how much of the broker's call limit is used."""
        used = self._around.calls_used()
        return [lines.calls(used)] if used else []

    def loop(self) -> list[HealthLine]:
        """Judge how late the event loop is."""
        lag = self._around.loop_lag() if self._around.loop_lag is not None else None
        return [] if lag is None else [lines.loop_lag(lag)]

    def time(self) -> list[HealthLine]:
        """Judge this machine's clock by the broker's."""
        skew = self._around.clock_skew() if self._around.clock_skew is not None else None
        return [] if skew is None else [lines.clock_skew(skew)]

    def program(self) -> list[HealthLine]:
        """Judge the memory, and name the version and how long it has run."""
        around = self._around
        resident = around.memory() if around.memory is not None else None
        found = [] if resident is None else [lines.memory(resident)]
        return [*found, lines.program(around.version, self._wall.now() - self._started_at)]

    async def logs(self, most: int) -> Sequence[LogLine]:
        """Return the newest warnings and errors, newest last; none where no log is kept."""
        reader = self._around.log_reader
        return await reader.newest(most) if reader is not None else ()
