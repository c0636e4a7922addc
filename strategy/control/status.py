"""The whole state at a glance, for /status and the dashboard: from memory, nobody outside is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from strategy.control.tickers import Tickers
from strategy.health.trading_state import TradingState
from strategy.market import latest
from strategy.market.trading_window import session_view
from strategy.model import Clock, Environment, Holdings, StatusView
from strategy.ports import Outbox
from strategy.risk.exposure import ExposureMeter
from strategy.risk.mode_store import ModeStore
from strategy.settings.schema import SettingsInForce

_WAITING_SHOWN = 1_000


class Progress(Protocol):
    """How the checks of the rule go."""

    @property
    def started_at(self) -> datetime: ...
    @property
    def next_check_at(self) -> datetime | None: ...
    @property
    def cycles(self) -> int: ...
    @property
    def overruns(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose money it is, and how much of the broker's call limit is used."""

    environment: Environment
    masked: str
    holdings: Callable[[], Holdings | None]  # the last look and the fills since
    calls_used: Callable[[], str]  # "3/s of 18"


class StatusQueries:
    """Puts the parts' own words together."""

    def __init__(
        self,
        *,
        account: Account,
        state: TradingState,
        tickers: Tickers,
        modes: ModeStore,
        exposure_meter: ExposureMeter,
        progress: Progress,
        outbox: Outbox,
        settings: SettingsInForce,
        clock: Clock,
    ) -> None:
        self._account = account
        self._state = state
        self._tickers = tickers
        self._modes = modes
        self._exposure_meter = exposure_meter
        self._progress = progress
        self._outbox = outbox
        self._settings = settings
        self._clock = clock

    async def now(self) -> StatusView:
        """Return the whole state from memory."""
        now = self._clock.now()
        settings, state, progress = self._settings.account, self._state, self._progress
        holdings = self._account.holdings()
        return StatusView(
            environment=self._account.environment,
            armed=self._modes.armed,
            account=self._account.masked,
            mode=self._modes.account,
            session=session_view(now, settings),
            holdings=holdings,
            today=await self._exposure_meter.today(latest(now).on, holdings),
            tickers=tuple([await self._tickers.view(symbol, now) for symbol in self._tickers.known()]),
            open_orders=len(state.orders.open),
            unknown_orders=len(state.orders.unknown),
            reconciled=state.agreement.reconciled,
            reconciled_at=state.agreement.reconciled_at,
            stream_up=state.stream.up,
            stream_reason=state.stream.reason,
            calls_used=self._account.calls_used(),
            orders_today=await self._exposure_meter.orders_today(),
            max_orders_per_day=settings.max_orders_per_day,
            cycles=progress.cycles,
            overruns=progress.overruns,
            next_check_at=progress.next_check_at,
            outbox_waiting=len(await self._outbox.pending(_WAITING_SHOWN)),
            started_at=progress.started_at,
            now=now,
        )
