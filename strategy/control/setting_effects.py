"""What a change of a setting would do right now, in sentences (spec section 6, settings)."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategy.market import MarketData, current
from strategy.model import Clock, DayStart, Said, Side, Symbol, percent, return_percent, tick_down, tick_up
from strategy.portfolio.interface import Positions
from strategy.settings.schema import TradingSettings
from strategy.settings.store import Draft, SettingsStore
from strategy.signals.foresight import Forecast, Foresight, Supposed, together, whole
from strategy.signals.rules import buy_signal, sell_signal
from strategy.stops.stop_lines import threshold_price


class EffectNote(StrEnum):
    NO_ORDER_NOW = "effect.no_order_now"
    NO_LOSS_LIMIT = "effect.no_loss_limit"
    NO_LOSS_LIMIT_NOR_DOLLARS = "effect.no_loss_limit_nor_dollars"
    LOSS_LIMIT = "effect.loss_limit"
    SIGNAL = "effect.signal"
    NO_SIGNAL = "effect.no_signal"
    INDICATORS = "effect.indicators"
    INTERVAL = "effect.interval"
    OFF = "effect.off"
    PRICE = "effect.price"
    SELLS_NOW = "effect.sells_now"


_STOPS = frozenset({"STOP_LOSS_RATE", "TAKE_PROFIT_RATE"})
_SIGNALS = frozenset({"RSI_OVERSOLD", "RSI_OVERBOUGHT", "SELL_CONFIRM"})
_BARS = frozenset(
    {"RSI_INTERVAL", "MACD_INTERVAL", "RSI_PERIOD", "RSI_MIN_MOVES", "MACD_FAST", "MACD_SLOW", "MACD_SIGNAL"}
)
# what an order of the rule goes by, beside its hours and bars
_ORDERS = _SIGNALS | {
    "BUY_RATE",
    "SELL_RATE",
    "BUY_DELAY_MIN",
    "SELL_DELAY_MIN",
    "MAX_ORDER_USD",
    "MIN_ORDER_USD",
    "MAX_POSITION_RATE",
    "MAX_ORDERS_PER_DAY",
    "MAX_OPEN_TICKERS",
    "MAX_SPREAD_PCT",
    "QUOTE_MAX_AGE_S",
    "TRADE_MODE",
    "POSITION_SCOPE",
    "COMMISSION_PCT",
}


class DayBeginnings(Protocol):
    """Who knows what the account was worth as a day began."""

    async def of(self, session_on: date) -> DayStart | None: ...


class Effects:
    """Compares the settings in force with a draft, ticker by ticker."""

    def __init__(
        self,
        *,
        settings: SettingsStore,
        watch: MarketData,
        positions: Positions,
        forecaster: Foresight,
        day_starts: DayBeginnings,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._positions = positions
        self._forecaster = forecaster
        self._day_starts = day_starts
        self._clock = clock

    async def of(self, draft: Draft) -> tuple[Said, ...]:
        """Return one sentence per thing that would be different now; empty when nothing visible would."""
        lines = list(self._at_sight(draft))
        if draft.name in _ORDERS:
            lines += await self._orders(draft) or [Said(EffectNote.NO_ORDER_NOW)]
        if draft.name == "DAILY_LOSS_LIMIT_PCT":
            lines += await self._loss_limit(draft)
        return tuple(lines)

    async def _orders(self, draft: Draft) -> list[Said]:
        """Return what the rule would do at once, of each ticker of which it would do something else."""
        told: list[Forecast] = []
        for symbol in [draft.symbol] if draft.symbol else self._settings.tickers:
            now, then = self._settings.of(symbol), self._settings.trial(draft, symbol)
            if now == then or symbol not in self._settings.tickers:
                continue
            suppositions = (Supposed(settings=now), Supposed(settings=then))
            before, after = await self._forecaster.compared(symbol, suppositions)
            if before.line != after.line and not (before.idle and after.idle):
                told.append(after)
        return [*(one.line for one in told), *together(told)]

    async def _loss_limit(self, draft: Draft) -> list[Said]:
        """Return what the day may lose, in dollars of what the account was worth as it began where that is known."""
        now, then = (one.daily_loss_limit_pct for one in (self._settings.account, self._settings.trial(draft, None)))
        limit, session = then or now, current(self._clock.now())
        start = None if session is None else await self._day_starts.of(session.on)
        if limit is None:
            return []
        if start is None:
            return [] if then is not None else [Said(EffectNote.NO_LOSS_LIMIT, limit=limit)]
        amount = whole(start.equity * limit / 100)
        if then is None:
            return [Said(EffectNote.NO_LOSS_LIMIT_NOR_DOLLARS, limit=limit, amount=amount)]
        return [Said(EffectNote.LOSS_LIMIT, amount=amount, limit=limit, start=whole(start.equity))]

    def _at_sight(self, draft: Draft) -> list[Said]:
        symbols = [draft.symbol] if draft.symbol else list(self._settings.tickers)
        lines: list[Said] = []
        for symbol in symbols:
            now, then = self._settings.of(symbol), self._settings.trial(draft, symbol)
            if now == then:
                continue
            if draft.name in _STOPS:
                lines += self._stop(draft.name, symbol, then)
            elif draft.name in _SIGNALS:
                lines += self._signals(symbol, now, then)
        if draft.name in _BARS:
            lines.append(Said(EffectNote.INDICATORS))
        if draft.name == "CHECK_INTERVAL_MINUTES":
            minutes = timedelta(minutes=int(draft.result)).seconds // 60
            lines.append(Said(EffectNote.INTERVAL, minutes=minutes))
        return lines

    def _stop(self, name: str, symbol: Symbol, then: TradingSettings) -> Iterator[Said]:
        position, quote = self._positions.scoped(symbol, then.position_scope), self._watch.latest(symbol)
        rate: Decimal | None = then.stop_loss_rate if name == "STOP_LOSS_RATE" else then.take_profit_rate
        if position is None or position.average_cost <= 0:
            return
        if rate is None:
            yield Said(EffectNote.OFF, ticker=symbol.ticker)
            return
        line = threshold_price(position.average_cost, rate)
        price = tick_down(line) if name == "STOP_LOSS_RATE" else tick_up(line)  # the first price that reaches it
        yield Said(EffectNote.PRICE, ticker=symbol.ticker, price=price)
        if quote is None:
            return
        now = return_percent(position.average_cost, quote.last)
        if now <= rate if name == "STOP_LOSS_RATE" else now >= rate:
            yield Said(EffectNote.SELLS_NOW, ticker=symbol.ticker, rate=percent(now))

    def _signals(self, symbol: Symbol, now: TradingSettings, then: TradingSettings) -> Iterator[Said]:
        quote = self._watch.latest(symbol)
        indicators = self._watch.indicators(symbol, quote.last if quote else None)
        rsi = "-" if indicators.rsi is None else f"{indicators.rsi:.2f}"
        for side, before, after in (
            (Side.BUY, buy_signal(indicators, now), buy_signal(indicators, then)),
            (Side.SELL, sell_signal(indicators, now), sell_signal(indicators, then)),
        ):
            if before is after:
                continue
            if after:
                yield Said(EffectNote.SIGNAL, ticker=symbol.ticker, rsi=rsi, side=side)
            elif before:
                yield Said(EffectNote.NO_SIGNAL, ticker=symbol.ticker, rsi=rsi, side=side)
