"""What every part of the core stands on: the repositories, the broker, the clocks, settings, modes and presses."""

from dataclasses import dataclass

from strategy.market.capacity import Pace
from strategy.model import Clock, Environment
from strategy.ports import (
    Broker,
    DecisionJournal,
    ModeJournal,
    Notes,
    Notifier,
    OrderJournal,
    Outbox,
    PriceAlerts,
    Records,
    SettingsJournal,
    Tickets,
)
from strategy.risk.mode_store import ModeStore
from strategy.runtime.confirmations import Confirmations
from strategy.runtime.in_flight import Activity
from strategy.runtime.storage_alarm import SendNow, StorageAlarm
from strategy.settings.schema import TradingSettings
from strategy.settings.store import SettingsStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """The repositories of the core; `outbox` also serves as the notifier."""

    orders: OrderJournal
    decisions: DecisionJournal
    settings: SettingsJournal
    modes: ModeJournal
    notes: Notes
    tickets: Tickets
    price_alerts: PriceAlerts
    outbox: Outbox
    notifier: Notifier
    records: Records


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseParts:
    """What nearly every part is given."""

    journals: Journals
    broker: Broker
    clock: Clock  # the market's
    wall: Clock  # a person's
    pace: Pace
    activity: Activity
    notifier: StorageAlarm
    book: SettingsStore
    modes: ModeStore
    presses: Confirmations


def build_base(
    *,
    base: TradingSettings,
    env_names: frozenset[str],
    environment: Environment,
    journals: Journals,
    broker: Broker,
    clock: Clock,
    wall: Clock,
    pace: Pace,
    cry: SendNow | None,
) -> BaseParts:
    """Return the ground. `env_names` are the settings that came from the environment, `cry` tells past the disk."""
    activity = Activity()
    return BaseParts(
        journals=journals,
        broker=broker,
        clock=clock,
        wall=wall,
        pace=pace,
        activity=activity,
        notifier=StorageAlarm(journals.notifier, cry=cry, wall=wall),
        book=SettingsStore(base=base, env_names=env_names, journal=journals.settings, clock=clock),
        modes=ModeStore(journal=journals.modes, notes=journals.notes, clock=clock, environment=environment),
        presses=Confirmations(tickets=journals.tickets, orders=journals.orders, wall=wall, activity=activity),
    )
