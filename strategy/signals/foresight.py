"""What may be asked about this very moment under suppositions, and what is answered; `forecast` answers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Protocol

from strategy.model import Mode, Said, Side, Symbol
from strategy.settings.schema import TradingSettings


class ForecastNote(StrEnum):
    BUYS = "forecast.buys"
    SELLS = "forecast.sells"
    AT_ONCE = "forecast.at_once"
    ASKS = "forecast.asks"
    TELLS = "forecast.tells"
    HELD_UP = "forecast.held_up"
    HELD_UP_SIZED = "forecast.held_up_sized"
    QUIET = "forecast.quiet"
    BOTH = "forecast.both"
    UNKNOWN = "forecast.unknown"
    STOP_SELLS = "forecast.stop_sells"
    TOGETHER = "forecast.together"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """What would hold that does not hold now; None as it is."""

    settings: TradingSettings | None = None
    mode: Mode | None = None  # of the account and the ticker together
    released: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would happen to one ticker now: an order of so many shares and dollars, or with no side none by itself."""

    symbol: Symbol
    line: Said
    side: Side | None = None
    qty: int = 0
    dollars: Decimal | None = None
    stop: Said | None = None  # a stop that would sell at once

    @property
    def idle(self) -> bool:
        """Return whether nothing is asked for, whatever the reason."""
        return self.line.code in (ForecastNote.QUIET, ForecastNote.BOTH, ForecastNote.UNKNOWN)


class Foresight(Protocol):
    """Who tells what the rule would do at once."""

    async def of(self, symbol: Symbol, supposed: Supposed) -> Forecast:
        """Return what would happen to a ticker now; what cannot be known is said to be unknown."""

    async def compared(self, symbol: Symbol, supposed: Sequence[Supposed]) -> Sequence[Forecast]:
        """Return what would happen under each of several suppositions, at one and the same instant."""

    async def lines(self, found: Mapping[Symbol, Supposed]) -> tuple[Said, ...]:
        """Return a sentence a ticker, and what all their buys come to together."""

    async def after_mode(self, mode: Mode, symbol: Symbol | None) -> tuple[Said, ...]:
        """Return what would happen at once if that mode were chosen for a ticker, or with None for the account."""


def together(told: Iterable[Forecast]) -> tuple[Said, ...]:
    """Return what several buys come to at most: each is reckoned as if it came first."""
    buys = [one.dollars for one in told if one.side is Side.BUY and one.dollars is not None]
    if len(buys) < 2:
        return ()
    return (Said(ForecastNote.TOGETHER, amount=whole(sum(buys, Decimal(0)))),)


def whole(amount: Decimal) -> int:
    """Return dollars (or percent) without cents: about as exact as a forecast is."""
    return int(amount.to_integral_value(ROUND_HALF_UP))
