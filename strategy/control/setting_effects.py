"""What a change of a setting would do right now, in sentences (spec section 6, settings)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.market import MarketData
from strategy.model import Said, Side, Symbol, cents, percent, return_percent
from strategy.portfolio.interface import Positions
from strategy.settings.schema import TradingSettings
from strategy.settings.store import Draft, SettingsStore
from strategy.signals.rules import buy_signal, sell_signal
from strategy.stops.stop_lines import threshold_price


class EffectNote(StrEnum):
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


class Effects:
    """Compares the settings in force with a draft, ticker by ticker."""

    def __init__(self, *, settings: SettingsStore, watch: MarketData, positions: Positions) -> None:
        self._settings = settings
        self._watch = watch
        self._positions = positions

    def of(self, draft: Draft) -> tuple[Said, ...]:
        """Return one sentence per thing that would be different now; empty when nothing visible would."""
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
        return tuple(lines)

    def _stop(self, name: str, symbol: Symbol, then: TradingSettings) -> Iterator[Said]:
        position, quote = self._positions.scoped(symbol, then.position_scope), self._watch.latest(symbol)
        rate: Decimal | None = then.stop_loss_rate if name == "STOP_LOSS_RATE" else then.take_profit_rate
        if position is None or position.average_cost <= 0:
            return
        if rate is None:
            yield Said(EffectNote.OFF, ticker=symbol.ticker)
            return
        price = cents(threshold_price(position.average_cost, rate))
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
