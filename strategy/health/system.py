"""How the program is, and how it is to be heard: the part of the chat's questions that is not about trading.
See decision 0083."""

from collections.abc import Callable, Sequence

from strategy.health.connection_test import Checkup
from strategy.health.surroundings_lines import SurroundingsLines
from strategy.health.trading_lines import TradingLines
from strategy.model import AlertGroup, AlertRules, Clock, HealthLine, HealthView, LogLine, Loudness, TaskHealth
from strategy.settings.schema import SettingsInForce, TradingSettings

_MOST_LINES = 200


class SystemService:
    """Judges everything by what is known here; only `diagnose` asks somebody."""

    def __init__(
        self,
        *,
        trading: TradingLines,
        around: SurroundingsLines,
        checkup: Checkup,
        tasks: Callable[[], Sequence[TaskHealth]],
        settings: SettingsInForce,
        clock: Clock,
    ) -> None:
        """`tasks` tells how the supervised services are."""
        self._trading = trading
        self._around = around
        self._checkup = checkup
        self._tasks = tasks
        self._settings = settings
        self._clock = clock
        self._started_at = clock.now()

    async def health(self) -> HealthView:
        around = self._around
        return HealthView(
            lines=(
                *self._trading.all(),
                *await around.stored(),
                *around.outside(),
                *around.calls(),
                *around.loop(),
                *around.time(),
                *around.program(),
            ),
            tasks=tuple(self._tasks()),
            started_at=self._started_at,
            now=self._clock.now(),
        )

    async def diagnose(self) -> Sequence[HealthLine]:
        """Test every connection by itself: names, ports, tokens, calls, subscriptions (row S109); takes seconds.

        Who asks at the same time gets the same answer.
        """
        return await self._checkup.run()

    async def logs(self, count: int) -> Sequence[LogLine]:
        """Return the newest lines of WARNING and above, newest last."""
        return await self._around.logs(max(0, min(count, _MOST_LINES)))

    def alert_rules(self) -> AlertRules:
        """Return what holds now; a timed change that has run out holds no more."""
        return rules_in(self._settings.account)


def rules_in(settings: TradingSettings) -> AlertRules:
    """Read NOTIFY_*, QUIET_HOURS and DASHBOARD."""
    return AlertRules(
        levels={group: Loudness(getattr(settings, f"notify_{group}")) for group in AlertGroup},
        quiet=settings.quiet_hours,
        dashboard=settings.dashboard == "on",
    )
