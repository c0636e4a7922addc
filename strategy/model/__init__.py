"""The words of the core: values that check themselves, without I/O. Other rooms take them from here."""

from strategy.model.account import BuyingPower, Holdings, PanicLine, Position, return_percent, total
from strategy.model.alerts import AlertGroup, AlertRules, Loudness, PriceAlert, QuietHours, Topic
from strategy.model.clock import SMALL, Clock, Disturbance, Moment, SettableClock, SystemClock
from strategy.model.confirm_tickets import Ticket
from strategy.model.decisions import CrossView, Decision, DecisionAction, Gate, Indicators, Proposal, agreed
from strategy.model.errors import (
    BrokerError,
    BrokerFault,
    DataUnavailable,
    Forbidden,
    InstanceLocked,
    InvalidInput,
    InvalidOrder,
    NotOffered,
    NotPermitted,
    OrderDenied,
    OrderRejected,
    OutcomeUnknown,
    StorageDamaged,
    StorageError,
    TradingError,
    TryLater,
    Why,
)
from strategy.model.events import (
    BothSignals,
    CalendarNotice,
    Event,
    EventRow,
    HandOrder,
    ModeChanged,
    Notable,
    OrderChanged,
    Outcome,
    OutcomeKind,
    PanicProgress,
    PriceAlertHit,
    ProposalClosed,
    Proposed,
    Protection,
    ReadyCheck,
    Recovered,
    SessionClosed,
    SessionOpened,
    SettingChanged,
    SignalBlocked,
    Started,
    StopFinished,
    StopTriggered,
    StreamState,
    TickerLocked,
    Trouble,
)
from strategy.model.health import (
    HealthLine,
    HealthView,
    LogLine,
    OutboxState,
    Service,
    ServiceGroup,
    StorageState,
    TaskHealth,
    TaskState,
)
from strategy.model.instruments import Market, Side, Symbol, UnreadRow, spelled
from strategy.model.modes import Mode, ModeState, TickerLock
from strategy.model.money import (
    ONE,
    SUB_DOLLAR_TICK,
    cents,
    on_tick,
    percent,
    price_text,
    tick_down,
    tick_size,
    tick_up,
    won,
)
from strategy.model.order_state_machine import MOVES, may_move
from strategy.model.orders import (
    Acceptance,
    BrokerOrder,
    Fill,
    Notice,
    Order,
    OrderList,
    OrderNo,
    OrderRequest,
    OrderStatus,
    OrderType,
    Origin,
    UnreadOrder,
    VenueNo,
)
from strategy.model.prices import Bar, Interval, Price, Quote, Tick, limit_for
from strategy.model.results import (
    CalendarDay,
    ExportFile,
    PerformanceView,
    Period,
    QuoteView,
    ReportView,
    ResultRow,
    ResultsView,
    StatisticsView,
    TickerResult,
    Totals,
    Trade,
)
from strategy.model.said import Kept, Said, Value
from strategy.model.setting_changes import SettingChange
from strategy.model.stop_state import NOT_SEEN, WHY, StopState, StopTrigger, alarm, late_ticks, lost_of, no_cost
from strategy.model.text import Language, Text, span
from strategy.model.timezones import from_new_york, from_seoul, new_york, seoul
from strategy.model.views import (
    AmendPreview,
    Amount,
    AmountKind,
    CancelPreview,
    Environment,
    HandChoice,
    HoldingsView,
    ModePreview,
    OrderPreview,
    OrdersView,
    OrderView,
    PanicPreview,
    SessionPhase,
    SessionView,
    SettingPreview,
    SettingSource,
    SettingView,
    SettleChoice,
    SettlePreview,
    StatusView,
    TickerView,
    WatchPreview,
)
