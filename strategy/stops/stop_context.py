"""Reads what stands around a stop: what is in force for its ticker, what is held of it, its price."""

from collections.abc import Sequence
from typing import Protocol

from strategy.market import MarketData, current
from strategy.model import Clock, Forbidden, ModeState, Symbol, TickerLock
from strategy.portfolio.interface import AccountSync, Positions
from strategy.risk.stop_permission import against_stop, outside_stop_hours
from strategy.settings.schema import SettingsInForce
from strategy.stops.firing import Standing, StopContext
from strategy.stops.stop_lines import StopLine


class ModesInForce(Protocol):
    """The modes and locks as a stop needs them."""

    def of(self, symbol: Symbol) -> ModeState: ...

    def lock(self, symbol: Symbol) -> TickerLock | None: ...


class StopContexts:
    """Reads them, each fact once."""

    def __init__(
        self,
        *,
        modes: ModesInForce,
        settings: SettingsInForce,
        positions: Positions,
        watch: MarketData,
        account_sync: AccountSync,
        clock: Clock,
    ) -> None:
        self._modes = modes
        self._settings = settings
        self._positions = positions
        self._watch = watch
        self._account_sync = account_sync
        self._clock = clock

    def standing(self, symbol: Symbol) -> Standing:
        """Return what is in force for a ticker now."""
        at = self._clock.now()
        return Standing(
            at=at,
            session=current(at),
            settings=self._settings.of(symbol),
            mode=self._modes.of(symbol).mode,
            lock=self._modes.lock(symbol),
        )

    @staticmethod
    def forbidden(standing: Standing) -> Sequence[Forbidden]:
        """Return what stands against selling; the desk asks once more at its door."""
        hours = outside_stop_hours(standing.session, standing.settings, standing.at)
        return [*against_stop(standing.mode, standing.lock), *hours]

    def read(self, symbol: Symbol, standing: Standing, line: StopLine) -> StopContext:
        """Return the whole of it, on top of what was asked already."""
        account = self._account_sync.last
        return StopContext(
            symbol=symbol,
            standing=standing,
            line=line,
            position=self._positions.scoped(symbol, standing.settings.position_scope),
            quote=self._watch.latest(symbol),
            cash=account.cash if account else None,
        )

    def left(self, symbol: Symbol) -> int:
        """Return the whole shares a stop of the ticker may sell."""
        return self._positions.in_scope(symbol, self._settings.of(symbol).position_scope)[0]

    def allowed(self, symbol: Symbol) -> bool:
        """Return whether mode and locks let a stop of the ticker sell."""
        return not self.against(symbol)

    def against(self, symbol: Symbol) -> Sequence[Forbidden]:
        """Return what keeps a stop of the ticker from selling at any hour."""
        return against_stop(self._modes.of(symbol).mode, self._modes.lock(symbol))

    def in_session(self) -> bool:
        """Return whether stops may sell now: from MARKET_START_TIME or the open, to the venue's close."""
        now = self._clock.now()
        return not outside_stop_hours(current(now), self._settings.account, now)
