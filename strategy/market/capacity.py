"""Whether the broker lets so many tickers be watched at that pace (row S3; kis-protocol 1.4, 6.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from strategy.model import Said, Symbol
from strategy.settings.schema import SettingsInForce, intervals_of


class CapacityNote(StrEnum):
    CHECK_TOO_LONG = "capacity.check_too_long"
    TICK_PLACES = "capacity.tick_places"
    BARS_FROM_TRADES = "capacity.bars_from_trades"


_SYNC_CALLS = 8  # requests of one look at the account, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The broker's limits; None is not known."""

    calls_per_second: float | None = None
    tick_places: int | None = None  # tickers whose trades can be streamed at once

    def check_s(self, settings: SettingsInForce, tickers: Sequence[Symbol]) -> float:
        """Return how many seconds one check of those tickers takes at least, by the broker's call limit."""
        if self.calls_per_second is None:
            return 0.0
        calls = sum(1 + len(intervals_of(settings.of(symbol))) for symbol in tickers) + _SYNC_CALLS
        return calls / self.calls_per_second

    def too_many(self, settings: SettingsInForce, tickers: Sequence[Symbol]) -> list[Said]:
        """Say so when those tickers cannot be checked within one interval."""
        needed_s = self.check_s(settings, tickers)
        if needed_s <= settings.account.check_interval_minutes * 60:
            return []
        return [Said(CapacityNote.CHECK_TOO_LONG, seconds=round(needed_s))]

    def too_many_ticks(self, streamed: int, poll_s: int) -> list[Said]:
        """Say so when the trades of so many tickers cannot all be streamed."""
        if self.tick_places is None or streamed <= self.tick_places:
            return []
        return [Said(CapacityNote.TICK_PLACES, places=self.tick_places, seconds=poll_s)]


def from_ticks(names: str) -> Said:
    """Say that minute bars of those tickers can only be built from live trades, and the ways out (D9)."""
    return Said(CapacityNote.BARS_FROM_TRADES, names=names)
