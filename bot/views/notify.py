"""How alerts sound: per group of events, and the quiet hours."""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.terms import alert_group, loudness
from bot.ui.blocks import block
from bot.ui.buttons import Button, ChooseSetting, Open, Quiet, SetQuiet, TypeSetting, rows_of
from bot.ui.screen import Screen, ViewContext
from strategy.model import AlertRules, Loudness

_ICONS = {Loudness.ON: "🔔", Loudness.SILENT: "🔕", Loudness.OFF: "🚫"}


def notify(rules: AlertRules, ui: ViewContext) -> Screen:
    """Show how each group of alerts sounds; each row of buttons sets one group."""
    t = ui.t
    lines = [Text(Bold(alert_group(name, t)), f": {loudness(level, t)}") for name, level in rules.levels.items()]
    rows = tuple(
        tuple(
            Button(_label(name, each, level, ui), ChooseSetting(name=f"NOTIFY_{name.upper()}", index=index))
            for index, each in enumerate(Loudness)
        )
        for name, level in rules.levels.items()
    )
    return ui.screen(
        block(
            ui.title("🔔 ", t("Which alerts sound")),
            t("Stop-losses, trouble and whatever is critical always sound."),
        ),
        block(*lines),
        block(_quiet_line(rules, ui)),
        ui.stamp(),
        keyboard=(
            *rows,
            (Button(t("🌙 Quiet hours"), Open(screen="quiet")), Button(t("⏰ Price alerts"), Open(screen="alerts"))),
            (ui.refresh("notify"), ui.home()),
        ),
    )


def quiet(rules: AlertRules, hours: list[tuple[Quiet, str]], ui: ViewContext) -> Screen:
    """Show the quiet hours and offer others."""
    t = ui.t
    picks = [Button(t("No quiet hours") if value == "off" else value, SetQuiet(hours=key)) for key, value in hours]
    return ui.screen(
        block(
            ui.title("🌙 ", t("Quiet hours")),
            _quiet_line(rules, ui),
            t("In them alerts come without a sound and are summed up in the morning; critical ones still sound."),
        ),
        ui.stamp(),
        keyboard=(
            *rows_of(picks, 2),
            (Button(t("⌨️ Type a value"), TypeSetting(name="QUIET_HOURS")),),
            (Button(t("🔔 Alerts"), Open(screen="notify")), ui.home()),
        ),
    )


def _quiet_line(rules: AlertRules, ui: ViewContext) -> str:
    t = ui.t
    if rules.quiet is None:
        return t("🌙 Quiet hours: none")
    return t("🌙 Quiet hours: {span} Korean time", span=rules.quiet)


def _label(name: str, each: Loudness, level: Loudness, ui: ViewContext) -> str:
    mark = "✅ " if each is level else ""
    return f"{mark}{_short(name, ui)} {_ICONS[each]}"


def _short(name: str, ui: ViewContext) -> str:
    """Return a group's name in a word, since three buttons share a row."""
    return ui.t.word("alert_button", name)
