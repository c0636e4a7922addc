"""The lines of /health about trading itself: session, orders, agreement, stream, stops, prices, bars."""

from collections.abc import Sequence
from typing import Protocol

from strategy.health import lines
from strategy.health.trading_state import StopStates, TradingState
from strategy.market import MarketData
from strategy.market.trading_window import session_view
from strategy.model import Clock, HealthLine, Symbol
from strategy.settings.schema import SettingsInForce


class StopHours(Protocol):
    @property
    def held(self) -> Sequence[Symbol]: ...
    def in_session(self) -> bool:
        """Return whether stops may sell now."""


class TradingLines:
    """Judges trading by what is known here; nobody outside is asked."""

    def __init__(
        self,
        *,
        state: TradingState,
        watch: MarketData,
        stops: StopHours,
        stop_states: StopStates,
        settings: SettingsInForce,
        clock: Clock,
    ) -> None:
        self._state = state
        self._watch = watch
        self._stops = stops
        self._stop_states = stop_states
        self._settings = settings
        self._clock = clock

    def all(self) -> list[HealthLine]:
        now, state, tickers = self._clock.now(), self._state, self._settings.tickers
        concerned = (*tickers, *self._stops.held)
        return [
            lines.market(session_view(now, self._settings.account)),
            lines.order_desk(len(state.orders.open), len(state.orders.unknown)),
            lines.reconciled(state.agreement.reconciled, state.agreement.reconciled_at, now),
            *lines.stream(state.stream),
            lines.stops({symbol: self._stop_states.state(symbol) for symbol in concerned}),
            lines.quotes({symbol: self._age(symbol) for symbol in tickers}, in_session=self._stops.in_session()),
            lines.bars([row for symbol in tickers for row in self._watch.warmup(symbol)]),
        ]

    def _age(self, symbol: Symbol) -> tuple[float | None, int]:
        """Return the age of the newest price in seconds, and the most it may have."""
        quote = self._watch.latest(symbol)
        age = quote.age(self._clock.now()).total_seconds() if quote is not None else None
        return age, self._settings.of(symbol).quote_max_age_s
