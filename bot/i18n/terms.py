"""The words for domain states, one place for every view."""

from datetime import date

from bot.i18n.translator import Tongue
from bot.role import Role
from strategy.model import (
    Decision,
    DecisionReason,
    Environment,
    Loudness,
    Mode,
    Order,
    OrderStatus,
    Origin,
    Period,
    SaleEnd,
    Service,
    SessionPhase,
    SettingSource,
    Side,
    StopState,
    TaskState,
)

SIDE_ICONS = {Side.BUY: "🟥", Side.SELL: "🟦"}
STOP_ICON = "🟧"
STOPS = (Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP)


def side(value: Side, t: Tongue) -> str:
    return t("Buy") if value is Side.BUY else t("Sell")


def icon(order: Order) -> str:
    """Return 🟧 for a stop, else 🟥 for a buy and 🟦 for a sell."""
    return STOP_ICON if order.request.origin in STOPS else SIDE_ICONS[order.request.side]


def origin(value: Origin, t: Tongue) -> str:
    return {
        Origin.SIGNAL: t("by signal"),
        Origin.MANUAL: t("by you"),
        Origin.STOP_LOSS: t("stop-loss"),
        Origin.TAKE_PROFIT: t("take-profit"),
        Origin.TRAILING_STOP: t("trailing stop"),
        Origin.PANIC: t("panic"),
        Origin.EXTERNAL: t("by hand in the broker's app"),
    }[value]


def trigger(value: str, t: Tongue) -> str:
    return {
        "stop_loss": t("Stop-loss"),
        "take_profit": t("Take-profit"),
        "trailing_stop": t("Trailing stop"),
    }.get(value, value)


def status(value: OrderStatus, t: Tongue) -> str:
    return {
        OrderStatus.INTENDED: t("about to be sent"),
        OrderStatus.SENT: t("sent, no answer yet"),
        OrderStatus.ACCEPTED: t("accepted, waiting for a fill"),
        OrderStatus.PARTIALLY_FILLED: t("partly filled"),
        OrderStatus.FILLED: t("filled"),
        OrderStatus.CANCEL_SENT: t("cancel sent, not confirmed"),
        OrderStatus.CANCELED: t("canceled"),
        OrderStatus.REJECTED: t("rejected by the broker"),
        OrderStatus.DENIED: t("stopped by our own limits"),
        OrderStatus.EXPIRED: t("expired"),
        OrderStatus.UNKNOWN: t("unknown"),
    }[value]


STATUS_ICONS = {
    OrderStatus.INTENDED: "📝",
    OrderStatus.SENT: "📤",
    OrderStatus.ACCEPTED: "⏳",
    OrderStatus.PARTIALLY_FILLED: "◔",
    OrderStatus.FILLED: "✅",
    OrderStatus.CANCEL_SENT: "⏳",
    OrderStatus.CANCELED: "✖️",
    OrderStatus.REJECTED: "⛔",
    OrderStatus.DENIED: "⛔",
    OrderStatus.EXPIRED: "⌛",
    OrderStatus.UNKNOWN: "❓",
}


def order_status(order: Order, t: Tongue) -> str:
    """Return the state with its progress: `partly filled 3/10`."""
    text = f"{STATUS_ICONS[order.status]} {status(order.status, t)}"
    filled = order.filled_qty
    return f"{text} {filled:,}/{order.request.qty:,}" if filled and order.status is not OrderStatus.FILLED else text


def mode(value: Mode, t: Tongue) -> str:
    return {
        Mode.RUN: t("▶️ Run"),
        Mode.PAUSE_BUYS: t("⏸ Buys paused"),
        Mode.PROTECT_ONLY: t("🛡 Protect only"),
        Mode.HALTED: t("⛔ Halted"),
    }[value]


def mode_meaning(value: Mode, t: Tongue) -> str:
    return {
        Mode.RUN: t("Buys, sells and stop-loss all run."),
        Mode.PAUSE_BUYS: t("No new buys. Sells and stop-loss go on."),
        Mode.PROTECT_ONLY: t("No buys and no rule sells. Only the stop-loss runs."),
        Mode.HALTED: t("Nothing runs, not even the stop-loss. Holdings are unprotected."),
    }[value]


def environment(value: Environment, t: Tongue) -> str:
    return {
        Environment.REAL: t("real account, real money"),
        Environment.VIRTUAL: t("KIS paper account (모의투자), no real money"),
        Environment.DEMO: t("simulated market, play money"),
    }[value]


def phase(value: SessionPhase, t: Tongue) -> str:
    return {
        SessionPhase.CLOSED: t("market closed"),
        SessionPhase.BEFORE_START: t("market open, trading window not started"),
        SessionPhase.OPEN: t("market open, trading"),
        SessionPhase.AFTER_END: t("trading window over, no new entries"),
    }[value]


def role(value: Role, t: Tongue) -> str:
    return {Role.VIEWER: t("viewer"), Role.OPERATOR: t("operator"), Role.OWNER: t("owner")}[value]


def source(value: SettingSource, t: Tongue) -> str:
    return {
        SettingSource.DEFAULT: t("default"),
        SettingSource.ENV: t(".env"),
        SettingSource.CHAT: t("set in chat"),
    }[value]


def group(value: str, t: Tongue) -> str:
    """Return the name of a settings group."""
    return {
        "hours": t("Hours"),
        "pace": t("Pace"),
        "size": t("Order size"),
        "rsi": t("RSI"),
        "macd": t("MACD"),
        "stop": t("Stop-loss"),
        "orders": t("Orders"),
        "limits": t("Limits"),
        "alerts": t("Alerts"),
        "other": t("Other"),
    }.get(value, value)


def gate(name: str, t: Tongue) -> str:
    """Return a gate's name for a person; an unknown key is shown as it is."""
    return {
        "rsi_oversold": t("RSI oversold"),
        "rsi_overbought": t("RSI overbought"),
        "macd_confirm": t("MACD cross"),
        "mode": t("Mode"),
        "hours": t("Trading hours"),
        "lock": t("Ticker lock"),
        "data_fresh": t("Fresh data"),
        "quote_usable": t("Usable quote"),
        "reconciled": t("Agreed with the broker"),
        "buy_delay": t("Wait after a buy"),
        "sell_delay": t("Wait after a sell"),
        "no_open_order": t("No open order"),
        "cash": t("Cash"),
        "holding": t("Holding"),
        "caps": t("Limits"),
        "warmup": t("Warm-up"),
        "stop_loss": t("Stop-loss"),
        "take_profit": t("Take-profit"),
        "trailing_stop": t("Trailing stop"),
        "max_order_usd": t("Largest order"),
        "max_position_rate": t("Largest position"),
    }.get(name, name)


def why_so(reason: str, t: Tongue) -> str:
    """Return the reason of a lock or a mode: a key of the core, or words as they were given."""
    return {
        "stop_loss": t("a stop-loss fired"),
        "take_profit": t("a take-profit fired"),
        "trailing_stop": t("a trailing stop fired"),
        "split_guard": t("the price jumped overnight: a split?"),
        "daily_loss_limit": t("the daily loss limit was reached"),
        "not_armed": t("real trading is not armed yet: /arm"),
        "panic": t("a panic was asked for"),
        "hand_order": t("an order was placed by hand"),
        "order_desk_failed": t("the order desk failed"),
        "storage_failed": t("a record could not be stored"),
        "stop_watch_failed": t("the stop watcher keeps failing"),
        "stop_watch_down": t("the stop watcher is being started again"),
        "chat": "",
        "default": "",
    }.get(reason, reason)


def conclusion(decision: Decision, t: Tongue) -> str:
    """Return what a check concluded, in a few words."""
    blocking = decision.reason.gate
    if blocking is not None:
        return t("signal given, blocked by: {gate}", gate=gate(blocking, t))
    return {
        DecisionReason.BUY: t("buy"),
        DecisionReason.SELL: t("sell"),
        DecisionReason.STOP_LOSS: t("stop-loss"),
        DecisionReason.TAKE_PROFIT: t("take-profit"),
        DecisionReason.TRAILING_STOP: t("trailing stop"),
        DecisionReason.BOTH_SIGNALS: t("buy and sell signals at once: no trade"),
        DecisionReason.NO_SIGNAL: t("no signal"),
        DecisionReason.QTY_ZERO: t("the amount gives 0 shares: no order"),
        DecisionReason.PROPOSED: t("proposed: a person is asked"),
        DecisionReason.WAITING: t("signal stands, waiting for a tap"),
        DecisionReason.DISMISSED: t("signal stands, dismissed by a person"),
        DecisionReason.UNANSWERED: t("signal stands, the proposal went unanswered"),
        DecisionReason.TOLD: t("signal told only (TRADE_MODE=signal)"),
    }[decision.reason]


def finish(reason: SaleEnd, t: Tongue) -> str:
    """Return why the selling of a stop or a panic is over."""
    return {
        SaleEnd.GOING_ON: "",
        SaleEnd.FLAT: t("everything is sold"),
        SaleEnd.SESSION_END: t("the session ended first"),
        SaleEnd.CLOSED: t("the market is closed"),
        SaleEnd.NOT_ORDERABLE: t("the broker did not let the rest be ordered (another order, a loan, settlement)"),
        SaleEnd.REJECTED: t("the broker refused the order"),
        SaleEnd.HALTED: t("stops of the ticker are switched off (⛔ Halted, or a price that looks like a split)"),
        SaleEnd.UNKNOWN: t("the outcome is unknown and being looked up"),
        SaleEnd.INTERRUPTED: t("the program was restarted meanwhile"),
    }[reason]


def stop_state(state: StopState, t: Tongue) -> str:
    """Return whether and how the stop watches, and what is in its way."""
    if state is StopState.CLOSED:
        return t("stop works once the market opens")
    if not state.works:
        return f"{t('⚠️ stop not armed')}: {t.word('stop_state', state)}"
    known = {StopState.TICKS: t("stop armed (live)"), StopState.POLLING: t("stop armed (polling)")}
    return known.get(state, t("stop armed"))


def period(value: Period, t: Tongue) -> str:
    return {Period.DAY: t("Day"), Period.WEEK: t("Week"), Period.MONTH: t("Month")}[value]


def weekday(on: date, t: Tongue) -> str:
    """Return the short name of a weekday."""
    return (t("Mon"), t("Tue"), t("Wed"), t("Thu"), t("Fri"), t("Sat"), t("Sun"))[on.weekday()]


def loudness(value: Loudness, t: Tongue) -> str:
    return {Loudness.ON: t("🔔 sound"), Loudness.SILENT: t("🔕 silent"), Loudness.OFF: t("🚫 off")}[value]


def alert_group(name: str, t: Tongue) -> str:
    """Return what a group of alerts is about; a new group is shown by its key."""
    return {
        "orders": t("Orders"),
        "fills": t("Fills"),
        "signals": t("Blocked signals"),
        "session": t("Open, close, ready check"),
        "stream": t("Live connection"),
        "changes": t("Modes and settings"),
        "notes": t("Everything else"),
    }.get(name, name)


def task_state(value: TaskState, t: Tongue) -> str:
    return {
        TaskState.RUNNING: t("running"),
        TaskState.RESTARTING: t("crashed, being started again"),
        TaskState.GIVEN_UP: t("crashed too often: somebody must look"),
        TaskState.STOPPED: t("stopped"),
    }[value]


def task_name(service: Service, t: Tongue) -> str:
    """Return what a task of the program does; others go by the name their trouble is told with."""
    return {
        Service.ENGINE: t("Trading rules"),
        Service.DESK: t("Order desk"),
        Service.PANIC: t("Panic"),
        Service.PROPOSALS: t("Proposals"),
        Service.WATCH_LIST: t("Watch list"),
        Service.PRICE_ALERTS: t("Price alerts"),
        Service.SESSION_CARDS: t("Session cards"),
        Service.STREAM_NEWS: t("Connection news"),
        Service.UPKEEP: t("Housekeeping"),
        Service.STREAM: t("Live prices and notices"),
        Service.STOPS: t("Stop-loss watch"),
        Service.ALERTS: t("Alert delivery"),
        Service.CHAT: t("Chat"),
        Service.LAG: t("Measuring of delays"),
        Service.MEMORY: t("Tidying of memory"),
        Service.STORAGE_ALARM: t("Disk alarm"),
        Service.REMINDERS: t("Reminders of critical alerts"),
        Service.DIGESTS: t("Morning digest"),
        Service.DASHBOARD: t("Pinned dashboard"),
        Service.LATE_ANSWERS: t("Answers that Telegram takes later"),
        Service.IN_PRIVATE: t("Alerts in private while the chat is barred"),
    }.get(service) or t.word("service", service)
