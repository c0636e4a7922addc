"""What a change would leave without a stop: which shares, what they are worth, and where their stop fires today."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Protocol

from strategy.model import Language, Quote, Said, StopsOff, Symbol, UnprotectedShares
from strategy.portfolio.interface import Positions
from strategy.settings.schema import SettingsInForce, TradingSettings
from strategy.stops.stop_lines import StopLines


class UnprotectedNote(StrEnum):
    TYPE_THE_WORD = "unprotected.type_the_word"


# no command begins with them: whoever sends a command word twice has confirmed nothing
CONFIRMING_WORDS: Mapping[Language, str] = {"ko": "손절 끄기", "en": "STOPS OFF"}


def is_confirmed(typed: str) -> bool:
    """Return whether these are the words that take stops off, in either language, however they are spaced."""
    return " ".join(typed.split()).upper() in CONFIRMING_WORDS.values()


def type_the_word() -> Said:
    return Said(UnprotectedNote.TYPE_THE_WORD, ko=CONFIRMING_WORDS["ko"], en=CONFIRMING_WORDS["en"])


class NewestPrices(Protocol):
    """Who knows the newest price, of any age."""

    def latest(self, symbol: Symbol) -> Quote | None: ...


class Unprotected:
    """Compares what stops guard now with what they would guard."""

    def __init__(
        self, *, settings: SettingsInForce, positions: Positions, watch: NewestPrices, stops: StopLines
    ) -> None:
        self._settings = settings
        self._positions = positions
        self._watch = watch
        self._stops = stops

    def by_halt(self, symbol: Symbol | None) -> StopsOff:
        """Return what no stop would guard any more if a ticker, or with None all of them, were halted."""
        watched = self._settings.tickers if symbol is None else (symbol,)
        return self._off((one, self._guarded(one, self._settings.of(one))) for one in watched)

    def by_settings(self, then: Callable[[Symbol], TradingSettings]) -> StopsOff | None:
        """Return what no stop would guard any more under those settings; None where each keeps the stops it has."""
        watched = self._settings.tickers
        lost = [(one, self._lost(one, then(one))) for one in watched]
        weaker = any(_takes_off(self._settings.of(one), then(one)) for one in watched)
        return self._off(lost) if weaker or any(qty for _, qty in lost) else None

    def fingerprint(self, off: StopsOff | None) -> dict[str, Any]:
        """Return what a person was shown of it, to be compared at the press: the tickers, not what they are worth."""
        return {} if off is None else {"unprotected": [str(one.symbol) for one in off.shares]}

    def _guarded(self, symbol: Symbol, settings: TradingSettings) -> int:
        """Return the shares a loss would sell."""
        if settings.stop_loss_rate is None and settings.trailing_stop_pct is None:
            return 0
        held, _ = self._positions.in_scope(symbol, settings.position_scope)
        return held

    def _lost(self, symbol: Symbol, then: TradingSettings) -> int:
        return max(0, self._guarded(symbol, self._settings.of(symbol)) - self._guarded(symbol, then))

    def _off(self, lost: Iterable[tuple[Symbol, int]]) -> StopsOff:
        return StopsOff(
            shares=tuple(self._shares(symbol, qty) for symbol, qty in lost if qty), known=self._positions.known
        )

    def _shares(self, symbol: Symbol, qty: int) -> UnprotectedShares:
        quote, line = self._watch.latest(symbol), self._stops.lines.get(symbol)
        return UnprotectedShares(
            symbol=symbol,
            qty=qty,
            value=None if quote is None else quote.last * qty,
            stop_price=line.low if line is not None and line.low.is_finite() else None,
        )


def _takes_off(now: TradingSettings, then: TradingSettings) -> bool:
    """Return whether the stop-loss, or the last stop there is, would be switched off: also where nothing is held."""
    if now.stop_loss_rate is not None and then.stop_loss_rate is None:
        return True
    return now.trailing_stop_pct is not None and then.trailing_stop_pct is None and then.stop_loss_rate is None
