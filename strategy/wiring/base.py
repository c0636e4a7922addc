"""What every part of the core stands on: the repositories, the broker, the clocks, settings, modes and presses."""

from strategy.market.capacity import Pace
from strategy.model import Clock, Environment, SettableClock
from strategy.ports import (
    Broker,
)
from strategy.risk.mode_store import ModeStore
from strategy.runtime.confirmations import Confirmations
from strategy.runtime.in_flight import Activity
from strategy.runtime.storage_alarm import SendNow, StorageAlarm
from strategy.runtime.telling import Telling
from strategy.settings.schema import TradingSettings
from strategy.settings.store import SettingsStore
from strategy.wiring.parts import BaseParts, Journals


def build_base(
    *,
    base: TradingSettings,
    env_names: frozenset[str],
    environment: Environment,
    journals: Journals,
    broker: Broker,
    clock: SettableClock,
    wall: Clock,
    pace: Pace,
    cry: SendNow | None,
) -> BaseParts:
    """Return the base. `env_names` are the settings that came from the environment, `cry` tells past the disk."""
    activity = Activity()
    notifier = StorageAlarm(journals.notifier, cry=cry, wall=wall)
    return BaseParts(
        journals=journals,
        broker=broker,
        clock=clock,
        wall=wall,
        pace=pace,
        activity=activity,
        notifier=notifier,
        telling=Telling(notifier, clock),
        book=SettingsStore(base=base, env_names=env_names, journal=journals.settings, clock=clock),
        modes=ModeStore(journal=journals.modes, notes=journals.notes, clock=clock, environment=environment),
        presses=Confirmations(tickets=journals.tickets, orders=journals.orders, wall=wall, activity=activity),
    )
