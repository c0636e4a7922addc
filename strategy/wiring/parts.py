"""What has been built, in the order it is built: each group stands on those above it."""

from dataclasses import dataclass

from strategy.execution.order_desk import LiveOrderDesk
from strategy.health.surroundings_lines import SurroundingsLines
from strategy.health.trading_state import TradingState
from strategy.market.capacity import Pace
from strategy.market.market_data import LiveMarketData
from strategy.market.price_confirmation import PriceConfirmation
from strategy.model import Clock, SettableClock
from strategy.panic.panic import Panic
from strategy.portfolio.account_sync import LiveAccountSync
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.portfolio.positions import LivePositions
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
from strategy.reports.session_cards import SessionCards
from strategy.risk.daily_loss import DayLoss
from strategy.risk.exposure import ExposureMeter
from strategy.risk.mode_store import ModeStore
from strategy.risk.permissions import Permissions
from strategy.risk.split_guard import SplitGuard
from strategy.runtime.confirmations import Confirmations
from strategy.runtime.in_flight import Activity
from strategy.runtime.storage_alarm import StorageAlarm
from strategy.runtime.telling import Telling
from strategy.session.bar_warm_up import BarWarmUp
from strategy.session.clock_resync import Resync
from strategy.session.engine import Engine
from strategy.session.listing_moves import VenueMoves
from strategy.session.price_alert_monitor import PriceWatch
from strategy.session.start_card import StartCard
from strategy.session.stream_inbox import StreamInbox
from strategy.session.trading_day import TradingDay
from strategy.session.watchlist_changes import Roster
from strategy.settings.store import SettingsStore
from strategy.signals.approval import Approval
from strategy.signals.signal_trade import SignalTrader
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.safe_mode import Fallback
from strategy.stops.stop_monitor import StopMonitor


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
    clock: SettableClock  # the market's
    wall: Clock  # a person's
    pace: Pace
    activity: Activity
    notifier: StorageAlarm
    telling: Telling
    book: SettingsStore
    modes: ModeStore
    presses: Confirmations


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingParts:
    """Prices, orders, and the account as the broker has it."""

    watch: LiveMarketData
    prices: PriceConfirmation
    positions: LivePositions
    exposure_meter: ExposureMeter
    permissions: Permissions
    desk: LiveOrderDesk
    recon: Reconciler
    account_sync: LiveAccountSync
    day_loss: DayLoss


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionParts:
    """The parts that sell, or forbid, whatever the rules say."""

    splits: SplitGuard
    guard: StopMonitor
    watchdog: PriceWatchdog
    fallback: Fallback
    panic: Panic


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionParts:
    """The engine and what works beside it all session long; `state` and `around` are what health is judged by."""

    approval: Approval
    trader: SignalTrader
    inbox: StreamInbox
    engine: Engine
    day: TradingDay
    card: StartCard
    bars: BarWarmUp
    price_watch: PriceWatch
    moves: VenueMoves
    resync: Resync
    roster: Roster
    cards: SessionCards
    state: TradingState
    around: SurroundingsLines
