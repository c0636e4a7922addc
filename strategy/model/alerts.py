"""How alerts are to sound: per group of events, and quiet hours in Korean time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

from strategy.model.clock import seoul
from strategy.model.instruments import Symbol


class Loudness(StrEnum):
    ON = "on"
    SILENT = "silent"  # delivered without a sound
    OFF = "off"  # not delivered; kept for the digest and the records


class AlertGroup(StrEnum):
    """What a NOTIFY_ setting governs; fills are told beside their order."""

    ORDERS = "orders"
    FILLS = "fills"
    SIGNALS = "signals"
    SESSION = "session"
    STREAM = "stream"
    CHANGES = "changes"
    NOTES = "notes"


class Topic(StrEnum):
    """Where an alert belongs in a chat that has topics."""

    ORDERS = "orders"
    CRITICAL = "critical"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of the Korean day in which nothing but critical alerts sounds; it may cross midnight."""

    begins: time
    ends: time

    def hold(self, at: datetime) -> bool:
        """Return whether an instant lies within."""
        clock = seoul(at).time()
        if self.begins <= self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRules:
    """What the settings NOTIFY_*, QUIET_HOURS and DASHBOARD say now. Critical events pass all of it."""

    levels: Mapping[str, Loudness]  # by AlertGroup
    quiet: QuietHours | None
    dashboard: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceAlert:
    """Tell when the last price is above (or below) a price. `id` is 0 until stored."""

    symbol: Symbol
    above: bool
    price: Decimal  # dollars
    set_by: int
    set_at: datetime
    id: int = 0

    def hit(self, last: Decimal) -> bool:
        """Return whether a last price is at or beyond the one waited for. Dollars."""
        return last >= self.price if self.above else last <= self.price
