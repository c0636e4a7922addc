"""The words for domain states, one place for every view."""

from datetime import date

from bot.i18n.translator import Tongue
from bot.role import Role
from strategy.model import (
    CapsGate,
    Decision,
    Environment,
    GateKey,
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
    return t.word("origin", value)


def trigger(value: str, t: Tongue) -> str:
    return t.word("trigger", value)


def status(value: OrderStatus, t: Tongue) -> str:
    return t.word("order_state", value)


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
    return t.word("mode_name", value)


def mode_meaning(value: Mode, t: Tongue) -> str:
    return t.word("mode_meaning", value)


def not_armed(value: Mode, t: Tongue) -> str:
    """Return what leaves while real trading is not armed: once it ever was, stops work on (spec section 7)."""
    if value is Mode.HALTED:
        return t("Not armed (/arm): no order leaves, not even the stop-loss.")
    return t("Not armed (/arm): orders of the rules and by hand do not leave; the stop-loss does.")


def environment(value: Environment, t: Tongue) -> str:
    return t.word("whose_money", value)


def phase(value: SessionPhase, t: Tongue) -> str:
    return t.word("phase", value)


def role(value: Role, t: Tongue) -> str:
    return t.word("role", value.name.lower())


def source(value: SettingSource, t: Tongue) -> str:
    return t.word("setting_source", value)


def group(value: str, t: Tongue) -> str:
    """Return the name of a settings group."""
    return t.word("setting_group", value)


def gate(name: str, t: Tongue) -> str:
    """Return a gate's name for a person; an unknown key is shown as it is."""
    return t.word("gate", name)


def why_so(reason: str, t: Tongue) -> str:
    """Return the reason of a lock or a mode: a key of the core, or words as they were given."""
    return "" if reason in ("chat", "default") else t.word("why", reason)


def conclusion(decision: Decision, t: Tongue) -> str:
    """Return what a check concluded, in a few words."""
    blocking = decision.reason.gate
    if blocking is not None:
        capped = next((each.broken for each in decision.gates if isinstance(each, CapsGate) and not each.passed), ())
        names = ", ".join(cap.upper() for cap in capped) if blocking is GateKey.CAPS else ""
        what = f"{gate(blocking, t)} ({names})" if names else gate(blocking, t)
        return t("signal given, blocked by: {gate}", gate=what)
    return t.word("conclusion", decision.reason)


def finish(reason: SaleEnd, t: Tongue) -> str:
    """Return why the selling of a stop or a panic is over."""
    return "" if reason is SaleEnd.GOING_ON else t.word("sale_end", reason)


def stop_state(state: StopState, t: Tongue) -> str:
    """Return whether and how the stop watches, and what is in its way."""
    if state is StopState.CLOSED:
        return t("stop works once the market opens")
    if not state.works:
        return f"{t('⚠️ stop not armed')}: {t.word('stop_state', state)}"
    known = {StopState.TICKS: t("stop armed (live)"), StopState.POLLING: t("stop armed (polling)")}
    return known.get(state, t("stop armed"))


def period(value: Period, t: Tongue) -> str:
    return t.word("period", value)


def weekday(on: date, t: Tongue) -> str:
    """Return the short name of a weekday."""
    return (t("Mon"), t("Tue"), t("Wed"), t("Thu"), t("Fri"), t("Sat"), t("Sun"))[on.weekday()]


def loudness(value: Loudness, t: Tongue) -> str:
    return t.word("loudness", value)


def alert_group(name: str, t: Tongue) -> str:
    """Return what a group of alerts is about; a new group is shown by its key."""
    return t.word("alert_group", name)


def task_state(value: TaskState, t: Tongue) -> str:
    return t.word("task_state", value)


def task_name(service: Service, t: Tongue) -> str:
    """Return what a task of the program does."""
    return t.word("task", service)
