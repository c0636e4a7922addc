"""The guided set-up: a question a step, with what is set now and a button for each usual answer."""

from collections.abc import Sequence
from decimal import Decimal

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import rate, usd
from bot.ui.blocks import block
from bot.ui.buttons import Button, Open, Row, SetUp, TypeSetting, rows_of
from bot.ui.screen import Screen, ViewContext
from strategy.model import Outcome, OutcomeKind, SettingChange, SettingView, TradeMode

_HUNDRED = Decimal(100)


def language(steps: int, ui: ViewContext) -> Screen:
    """Ask for the language; its buttons say themselves which is which."""
    return ui.screen(
        _head(0, steps, ui),
        block(ui.t("Which language should I speak to you?")),
        keyboard=(
            (Button("한국어", SetUp(step=0, pick=0)), Button("English", SetUp(step=0, pick=1))),
            _ways(0, ui),
        ),
    )


def question(
    about: SettingView, values: Sequence[str], at: tuple[int, int], equity: Decimal | None, ui: ViewContext
) -> Screen:
    """Ask for one setting; `equity` is dollars, for what is a share of it. `at` is the step and how many there are."""
    t, (step, steps) = ui.t, at
    picks = [
        Button(("✅ " if _same(value, about.value) else "") + _label(about.name, value, equity, ui), _pick(step, n))
        for n, value in enumerate(values)
    ]
    now = Bold(_label(about.name, about.value or "off", equity, ui))
    return ui.screen(
        _head(step, steps, ui),
        block(*_asked(about.name, ui)),
        block(Text(t.line("Now: {value}", value=now), f" ({about.name})")),
        keyboard=(
            *rows_of(picks, 1 if about.name == "TRADE_MODE" else 2),
            (Button(t("⌨️ Type a value"), TypeSetting(name=about.name)),),
            _ways(step, ui),
        ),
    )


def taken(result: Outcome, changes: Sequence[SettingChange], after: Screen, ui: ViewContext) -> Screen:
    """Return the next question under what a press has set, or why it has not."""
    t = ui.t
    done = [f"✅ {change.name}: {change.old} → {change.new}" for change in changes]
    head = "✅ " if result.kind is OutcomeKind.DONE else t.word("outcome", "denied") + ": "
    return after.under(*(done or [head + t.of(result.text)]))


def finished(views: Sequence[SettingView], ui: ViewContext) -> Screen:
    """Say what is set and how to come back."""
    t = ui.t
    lines = [Text(f"{view.name} = ", Bold(view.value or "off")) for view in views]
    return ui.screen(
        block(ui.title("🧭 ", t("Set up"))),
        block(*lines),
        block(t("Everything can be changed and undone in /settings. /setup asks again.")),
        keyboard=(
            (Button(t("⚙️ Settings"), Open(screen="settings")), Button(t("📈 Tickers"), Open(screen="tickers"))),
            (ui.home(),),
        ),
    )


def _head(step: int, steps: int, ui: ViewContext) -> Text:
    return block(ui.title("🧭 ", ui.t("First settings {step}/{steps}", step=step + 1, steps=steps)))


def _pick(step: int, number: int) -> SetUp:
    return SetUp(step=step, pick=number)


def _ways(step: int, ui: ViewContext) -> Row:
    t = ui.t
    later = SetUp(step=_END)
    return (Button(t("⏭ Leave as it is"), SetUp(step=step + 1)), Button(t("🏁 The rest later"), later))


_END = 99


def _same(value: str, now: str) -> bool:
    """Return whether two texts of a setting mean the same."""
    try:
        return Decimal(value) == Decimal(now)
    except ArithmeticError:
        return value == (now or "off")


def _asked(name: str, ui: ViewContext) -> tuple[str, ...]:
    t = ui.t
    return {
        "QUIET_HOURS": (
            t("When should nothing but critical alerts make a sound?"),
            t("The US market trades in the Korean night. What came meanwhile is summed up in the morning."),
        ),
        "COMMISSION_PCT": (
            t("What does your broker charge per trade, in percent of its amount?"),
            t("Results and order sizes are reckoned with it. The paper account takes about 1 %."),
        ),
        "MIN_ORDER_USD": (
            t("How small may an order of the rules be?"),
            t("Nothing is bought below it, and a smaller rest is sold with the last step."),
        ),
        "MAX_ORDER_USD": (
            t("How large may one order be at most?"),
            t("The rules make theirs smaller; one of yours that is larger is asked about twice."),
        ),
        "MAX_POSITION_RATE": (
            t("How much of the account may be in one ticker at most?"),
            t("In dollars of what the account is worth now."),
        ),
        "TRADE_MODE": (t("What should happen on a signal?"), t("The stop-loss acts by itself in each of them.")),
    }[name]


def _label(name: str, value: str, equity: Decimal | None, ui: ViewContext) -> str:
    """Return a value as a person says it: dollars, percent, or what happens."""
    t = ui.t
    if name == "TRADE_MODE":
        return {
            TradeMode.AUTO.value: t("Trade by itself"),
            TradeMode.APPROVE.value: t("Ask me first"),
            TradeMode.SIGNAL.value: t("Only tell me"),
        }.get(value, value)
    if value == "off":
        return t("No quiet hours") if name == "QUIET_HOURS" else t("no limit")
    if name == "COMMISSION_PCT":
        return f"{value}%"
    if name == "MAX_POSITION_RATE":
        share = Decimal(value)
        return rate(share * _HUNDRED).lstrip("+") + ("" if equity is None else f" ({usd(equity * share)})")
    return usd(Decimal(value)) if name.endswith("_USD") else value
