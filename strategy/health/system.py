"""How the program is, and how it is to be heard: the part of the chat's questions that is not about trading."""

from collections.abc import Callable, Sequence

from strategy.execution.interface import OrderDesk
from strategy.health import lines
from strategy.health.connection_test import Checkup
from strategy.market.interface import MarketData
from strategy.market.trading_window import session_view
from strategy.model import (
    AlertRules,
    Clock,
    HealthLine,
    HealthView,
    LogLine,
    Loudness,
    Symbol,
    TaskHealth,
    TradingError,
)
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.runtime.probes import Surroundings
from strategy.session.stream_inbox import StreamInbox
from strategy.settings.schema import TradingSettings
from strategy.settings.store import SettingsStore
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.stop_monitor import StopMonitor

_GROUPS = ("orders", "fills", "signals", "session", "stream", "changes", "notes")
_MOST_LINES = 200


class SystemService:
    """Implements `strategy.control.interface.System`."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        recon: Reconciler,
        inbox: StreamInbox,
        guard: StopMonitor,
        watchdog: PriceWatchdog,
        watch: MarketData,
        settings: SettingsStore,
        clock: Clock,
        wall: Clock,
        calls_used: Callable[[], str],
        tasks: Callable[[], Sequence[TaskHealth]],
        surroundings: Surroundings,
    ) -> None:
        """`tasks` tells how the supervised services are; `surroundings` what only the composition root knows."""
        self._desk = desk
        self._recon = recon
        self._inbox = inbox
        self._guard = guard
        self._watchdog = watchdog
        self._watch = watch
        self._settings = settings
        self._clock = clock
        self._wall = wall
        self._calls_used = calls_used
        self._tasks = tasks
        self._around = surroundings
        self._started_at = clock.now()
        self._started_wall = wall.now()
        self._checkup = Checkup(broker=surroundings.check_broker, telegram=surroundings.check_telegram)

    async def health(self) -> HealthView:
        """Judge everything by what is known here; nobody outside is asked."""
        return HealthView(
            lines=(*self._trading(), *await self._stored(), *self._outside(), *self._machine()),
            tasks=tuple(self._tasks()),
            started_at=self._started_at,
            now=self._clock.now(),
        )

    async def diagnose(self) -> Sequence[HealthLine]:
        """Test every connection by itself; who asks at the same time gets the same answer."""
        return await self._checkup.run()

    async def logs(self, count: int) -> Sequence[LogLine]:
        """Return the newest warnings and errors, newest last; none where no log is kept."""
        reader = self._around.log_reader
        return await reader.newest(max(0, min(count, _MOST_LINES))) if reader is not None else ()

    def alert_rules(self) -> AlertRules:
        """Return what holds now; a timed change that has run out holds no more."""
        return rules_in(self._settings.account)

    def _trading(self) -> list[HealthLine]:
        now = self._clock.now()
        tickers = self._settings.tickers
        in_session = self._guard.in_session()
        ages: dict[Symbol, tuple[float | None, int]] = {}
        for symbol in tickers:
            quote = self._watch.latest(symbol)
            age = quote.age(now).total_seconds() if quote is not None else None
            ages[symbol] = (age, self._settings.of(symbol).quote_max_age_s)
        return [
            lines.market(session_view(now, self._settings.account)),
            lines.order_desk(len(self._desk.open), len(self._desk.unknown)),
            lines.reconciled(self._recon.reconciled, self._recon.reconciled_at, now),
            *lines.stream(self._inbox),
            lines.stops({symbol: self._watchdog.state(symbol) for symbol in (*tickers, *self._guard.held)}),
            lines.quotes(ages, in_session=in_session),
            lines.bars([row for symbol in tickers for row in self._watch.warmup(symbol)]),
        ]

    async def _stored(self) -> list[HealthLine]:
        vitals = self._around.vitals
        if vitals is None:
            return []
        try:
            return [
                lines.storage(await vitals.storage()),
                lines.outbox(await vitals.outbox(), self._clock.now()),
            ]
        except TradingError as error:
            return [lines.failed("저장", "Storage", error.user_message)]

    def _outside(self) -> list[HealthLine]:
        around = self._around
        found: list[HealthLine] = []
        if around.telegram is not None and (state := around.telegram()) is not None:
            found.append(lines.telegram(state, self._wall.now()))
            found.append(lines.incoming(state, self._wall.now()))
            if state.ahead is not None and abs(state.ahead) > lines.MOST_TELEGRAM_SKEW:
                found.append(lines.telegram_clock(state.ahead))
        if around.token_until is not None:
            found.append(lines.token(around.token_until(), self._clock.now()))
        if used := self._calls_used():
            found.append(lines.calls(used))
        return found

    def _machine(self) -> list[HealthLine]:
        around = self._around
        found: list[HealthLine] = []
        if around.loop_lag is not None and (lag := around.loop_lag()) is not None:
            found.append(lines.loop_lag(lag))
        if around.clock_skew is not None and (skew := around.clock_skew()) is not None:
            found.append(lines.clock_skew(skew))
        if around.memory is not None and (resident := around.memory()) is not None:
            found.append(lines.memory(resident))
        found.append(lines.program(around.version, self._wall.now() - self._started_wall))
        return found


def rules_in(settings: TradingSettings) -> AlertRules:
    """Read NOTIFY_*, QUIET_HOURS and DASHBOARD."""
    return AlertRules(
        levels={group: Loudness(getattr(settings, f"notify_{group}")) for group in _GROUPS},
        quiet=settings.quiet_hours,
        dashboard=settings.dashboard == "on",
    )
