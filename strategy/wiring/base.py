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
from strategy.risk.mode_store import ModeBook
from strategy.runtime.confirmations import Presses
from strategy.runtime.in_flight import Activity
from strategy.runtime.storage_alarm import Cry, Outcry
from strategy.settings.schema import TradingSettings
from strategy.settings.store import SettingsBook


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
class Ground:
    """What nearly every part is given."""

    journals: Journals
    broker: Broker
    clock: Clock  # the market's
    wall: Clock  # a person's
    pace: Pace
    activity: Activity
    notifier: Outcry
    book: SettingsBook
    modes: ModeBook
    presses: Presses


def build_ground(
    *,
    base: TradingSettings,
    env_names: frozenset[str],
    environment: Environment,
    journals: Journals,
    broker: Broker,
    clock: Clock,
    wall: Clock,
    pace: Pace,
    cry: Cry | None,
) -> Ground:
    """Return the ground. `env_names` are the settings that came from the environment, `cry` tells past the disk."""
    activity = Activity()
    return Ground(
        journals=journals,
        broker=broker,
        clock=clock,
        wall=wall,
        pace=pace,
        activity=activity,
        notifier=Outcry(journals.notifier, cry=cry, wall=wall),
        book=SettingsBook(base=base, env_names=env_names, journal=journals.settings, clock=clock),
        modes=ModeBook(journal=journals.modes, notes=journals.notes, clock=clock, environment=environment),
        presses=Presses(tickets=journals.tickets, orders=journals.orders, wall=wall, activity=activity),
    )
