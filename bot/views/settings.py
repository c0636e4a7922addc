"""Settings: the menu by group, one setting with its steppers, the preview of a change, the history."""

from collections.abc import Sequence

from bot.buttons import Button, ChooseSetting, Keyboard, Open, ResetSetting, StepSetting, TypeSetting, Undo, rows_of
from bot.figures import UNKNOWN, plain
from bot.message import Block, Line, block, bold, code, line
from bot.screen import Frame, Screen
from bot.views.confirm import confirm_row
from bot.words import group as group_name
from bot.words import source
from strategy.changes import SettingChange
from strategy.views import SettingPreview, SettingSource, SettingView


def menu(views: Sequence[SettingView], frame: Frame) -> Screen:
    """List the groups, and what was changed in the chat."""
    t = frame.t
    groups = list(dict.fromkeys(view.group for view in views))
    picks = [Button(group_name(each, t), Open(screen="group", ref=each)) for each in groups]
    changed = [line(f"{view.name} = ", bold(view.value)) for view in views if view.source is SettingSource.CHAT]
    return frame.screen(
        block(
            frame.title("⚙️ ", t("Settings")),
            t("Chat wins over .env, .env over the default. Every change can be undone."),
        ),
        block(bold(t("Set in chat")), *changed) if changed else None,
        frame.stamp(),
        keyboard=(
            *rows_of(picks, 3),
            (Button(t("📜 History"), Open(screen="history")), Button(t("↩️ Undo"), Undo())),
            (frame.refresh("settings"), frame.home()),
        ),
    )


def group(name: str, views: Sequence[SettingView], frame: Frame) -> Screen:
    t = frame.t
    shown = [view for view in views if view.group == name]
    picks = [Button(f"{view.name} = {view.value or UNKNOWN}", Open(screen="setting", ref=view.name)) for view in shown]
    return frame.screen(
        block(frame.title("⚙️ ", group_name(name, t))),
        block(*(_menu_line(view, frame) for view in shown)),
        frame.stamp(),
        keyboard=(*rows_of(picks, 1), (Button(t("⬅️ Back"), Open(screen="settings")), frame.home())),
    )


def setting(view: SettingView, frame: Frame) -> Screen:
    """Show one setting with its range, where it comes from, and the buttons that propose another value."""
    t = frame.t
    overrides = [line(f"{symbol.ticker}: ", bold(value)) for symbol, value in view.per_ticker]
    return frame.screen(
        _about(view, frame),
        block(bold(t("Per ticker")), *overrides) if overrides else None,
        None if view.changeable else block(t("Read at the start only: change it in .env and start again.")),
        frame.stamp(),
        keyboard=(
            *(_proposals(view, frame) if view.changeable else ()),
            (Button(t("⬅️ Back"), Open(screen="group", ref=view.group)), frame.home()),
        ),
    )


def preview(view: SettingPreview, about: SettingView | None, frame: Frame) -> Screen:
    """Show old and new value, the range, and what changes now; the buttons may move on from the new value."""
    t = frame.t
    where = t("all tickers") if view.symbol is None else view.symbol.ticker
    steps = _proposals(about, frame) if about is not None and view.symbol is None else ()
    head = block(
        frame.title("⚙️ ", view.name),
        line(view.old or UNKNOWN, " → ", bold(view.new or UNKNOWN)),
        t("Allowed: {allowed}", allowed=t.of(view.allowed)),
        t("Applies to {where}", where=where),
        None if view.until is None else t("until {time}", time=frame.when(view.until)),
    )
    if view.ticket is None:
        back = (Button(t("⚙️ Settings"), Open(screen="setting", ref=view.name)), frame.home())
        return frame.screen(head, block(t("Nothing would change.")), keyboard=(*steps, back))
    return frame.screen(
        head,
        block(bold(t("What changes now")), *(f"• {t.of(text)}" for text in view.effects)) if view.effects else None,
        block(t("Not in force before you confirm.")),
        keyboard=(*confirm_row(view.ticket, t("✅ Set {value}", value=(view.new or UNKNOWN)[:30]), frame), *steps),
    )


def ask_value(view: SettingView, frame: Frame) -> Screen:
    """Ask for a typed value."""
    t = frame.t
    return frame.screen(
        _about(view, frame),
        block(bold(t("Type the new value.")), t("/cancel leaves it as it is.")),
        keyboard=((Button(t("⬅️ Back"), Open(screen="setting", ref=view.name)),),),
    )


def history(rows: Sequence[SettingChange], frame: Frame) -> Screen:
    t = frame.t
    return frame.screen(
        block(frame.title("📜 ", t("Changes of settings"))),
        block(*(_change(row, frame) for row in rows)) if rows else block(t("Nothing was changed in the chat yet.")),
        frame.stamp(),
        keyboard=(
            (Button(t("↩️ Undo"), Undo()),) if rows else (),
            (Button(t("⬅️ Back"), Open(screen="settings")), frame.home()),
        ),
    )


def _about(view: SettingView, frame: Frame) -> Block:
    t = frame.t
    return block(
        frame.title("⚙️ ", view.name),
        t.of(view.meaning),
        t.line("Now {value} ({source})", value=bold(view.value or UNKNOWN), source=source(view.source, t)),
        None if view.until is None else t("until {time}", time=frame.when(view.until)),
        t("Allowed: {allowed}", allowed=t.of(view.allowed)),
        line(code(f"/set {view.name} {view.value or t('VALUE')}")),
    )


def _proposals(view: SettingView, frame: Frame) -> Keyboard:
    t = frame.t
    rows: list[tuple[Button, ...]] = []
    if view.choices:
        picks = [
            Button(choice, ChooseSetting(name=view.name, index=index)) for index, choice in enumerate(view.choices)
        ]
        rows += rows_of(picks, 4)
    elif view.step is not None:
        step = plain(view.step)
        rows.append(
            (
                Button(f"➖ {step}", StepSetting(name=view.name, way="down")),
                Button(f"➕ {step}", StepSetting(name=view.name, way="up")),
            )
        )
    last = [Button(t("⌨️ Type a value"), TypeSetting(name=view.name))]
    if view.source is SettingSource.CHAT:
        last.append(Button(t("♻️ Reset"), ResetSetting(name=view.name)))
    return (*rows, tuple(last))


def _menu_line(view: SettingView, frame: Frame) -> Line:
    t = frame.t
    until = "" if view.until is None else " " + t("until {time}", time=frame.when(view.until))
    return line(
        bold(f"{view.name} = {view.value or UNKNOWN}"), f" ({source(view.source, t)}{until}) {t.of(view.meaning)}"
    )


def _change(row: SettingChange, frame: Frame) -> Line:
    t = frame.t
    where = f" ({row.symbol.ticker})" if row.symbol else ""
    new = t("back to .env or the default") if row.new is None else row.new
    who = t("program") if row.set_by is None else t("user {user}", user=row.set_by)
    until = "" if row.until is None else " " + t("until {time}", time=frame.when(row.until))
    taken_back = "" if row.undoes is None else " ↩️"
    return line(
        f"{frame.when(row.set_at)} ", bold(row.name), f"{where} {row.old or UNKNOWN} → {new}{until} · {who}{taken_back}"
    )
