"""What the account holds, for /balance and /positions."""

from collections.abc import Callable
from decimal import Decimal

from strategy.market import latest
from strategy.model import BrokerError, Clock, DayResult, Holdings, HoldingsView, PositionScope, Said
from strategy.portfolio.interface import AccountSync, Positions
from strategy.risk.exposure import ExposureMeter
from strategy.risk.mode_store import ModeStore
from strategy.settings.schema import SettingsInForce
from strategy.stops.stop_lines import StopLines

_FRESH_S = 2


class HoldingsQueries:
    """Shows the account as the broker has it, moved on by the fills since."""

    def __init__(
        self,
        *,
        account_sync: AccountSync,
        positions: Positions,
        exposure_meter: ExposureMeter,
        stops: StopLines,
        modes: ModeStore,
        settings: SettingsInForce,
        clock: Clock,
        resting: Callable[[], Decimal],
    ) -> None:
        """`resting` reckons the dollars open buys hold."""
        self._resting = resting
        self._account_sync = account_sync
        self._positions = positions
        self._exposure_meter = exposure_meter
        self._stops = stops
        self._modes = modes
        self._settings = settings
        self._clock = clock

    async def view(self, *, fresh: bool = True) -> HoldingsView:
        """Ask the broker unless `fresh` is False; a failure is told in the view beside the last look, not raised."""
        problem = await self._ask() if fresh else None
        holdings: Holdings | None = self._account_sync.now
        return HoldingsView(
            holdings=None if problem is not None else holdings,
            problem=problem,
            resting_buys=self._resting(),
            today=await self.today(),
            locks=self._modes.locks(),
            stop_prices=tuple(
                (symbol, line.low) for symbol, line in sorted(self._stops.lines.items()) if line.low.is_finite()
            ),
            scoped=tuple(
                (symbol, self._positions.scoped(symbol, PositionScope.BOT))
                for symbol in self._positions.held()
                if self._settings.of(symbol).position_scope is PositionScope.BOT
            ),
        )

    async def today(self) -> DayResult | None:
        """Return what the session that is on, or was the last, has come to; None while nobody can say."""
        return await self._exposure_meter.today(latest(self._clock.now()).on, self._account_sync.now)

    async def _ask(self) -> Said | None:
        """Look at the account; return why that could not be done."""
        asked_at = self._clock.now()
        try:
            await self._account_sync.take("asked", max_age_s=_FRESH_S)
        except BrokerError as error:
            last = self._account_sync.last
            if last is None or last.taken_at < asked_at:  # else only the orders could not be asked
                return error.user_message
        return None
