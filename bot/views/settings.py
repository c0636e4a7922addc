"""Settings: the menu by group, one setting with its steppers, the preview of a change, the history."""

from collections.abc import Sequence
from typing import Literal

from aiogram.utils.formatting import Bold, Code, Text

from bot.i18n.formats import UNKNOWN, plain
from bot.i18n.terms import group as group_name
from bot.i18n.terms import source
from bot.ui.blocks import block
from bot.ui.buttons import (
    Button,
    ChooseSetting,
    Keyboard,
    Open,
    ResetSetting,
    SpanDraft,
    StepDraft,
    StepSetting,
    TypeSetting,
    Undo,
    rows_of,
)
from bot.ui.screen import Screen, ViewContext
from bot.views.confirm import at_once, confirm_row
from bot.views.stops_off import leave_row, stops_off_block, words_to_type
from strategy.model import SettingChange, SettingPreview, SettingSource, SettingView, Symbol


def menu(views: Sequence[SettingView], ui: ViewContext) -> Screen:
    """List the groups, and what was changed in the chat."""
    t = ui.t
    groups = list(dict.fromkeys(view.group for view in views))
    picks = [Button(group_name(each, t), Open(screen="group", ref=each)) for each in groups]
    changed = [
        Text(f"{view.name} = ", Bold(view.value or UNKNOWN)) for view in views if view.source is SettingSource.CHAT
    ]
    return ui.screen(
        block(
            ui.title("⚙️ ", t("Settings")),
            t("Chat wins over .env, .env over the default. Every change can be undone."),
        ),
        block(Bold(t("Set in chat")), *changed) if changed else None,
        ui.stamp(),
        keyboard=(
            *rows_of(picks, 3),
            (Button(t("📜 History"), Open(screen="history")), Button(t("↩️ Undo"), Undo())),
            (Button(t("🧭 First settings, step by step"), Open(screen="setup")),),
            (ui.refresh("settings"), ui.home()),
        ),
    )


def group(name: str, views: Sequence[SettingView], ui: ViewContext) -> Screen:
    t = ui.t
    shown = [view for view in views if view.group == name]
    picks = [Button(f"{view.name} = {view.value or UNKNOWN}", Open(screen="setting", ref=view.name)) for view in shown]
    return ui.screen(
        block(ui.title("⚙️ ", group_name(name, t))),
        block(*(_menu_line(view, ui) for view in shown)),
        ui.stamp(),
        keyboard=(
            *ui.picks(picks, 1, Open(screen="group", ref=name), 60),
            (Button(t("⬅️ Back"), Open(screen="settings")), ui.home()),
        ),
        place=Open(screen="group", ref=name),
    )


def setting(view: SettingView, ui: ViewContext) -> Screen:
    """Show one setting with its range, where it comes from, and the buttons that propose another value."""
    t = ui.t
    overrides = [Text(f"{symbol.ticker}: ", Bold(value)) for symbol, value in view.per_ticker]
    return ui.screen(
        _about(view, ui),
        block(Bold(t("Per ticker")), *overrides) if overrides else None,
        None if view.changeable else _at_start(view.name, ui),
        ui.stamp(),
        keyboard=(
            *(_proposals(view, None, ui) if view.changeable else _elsewhere(view, ui)),
            (Button(t("⬅️ Back"), Open(screen="group", ref=view.group)), ui.home()),
        ),
        place=Open(screen="setting", ref=view.name),
    )


def pick_ticker(view: SettingView, symbols: Sequence[Symbol], ui: ViewContext) -> Screen:
    """Ask for which ticker a setting should differ."""
    t = ui.t
    own = dict(view.per_ticker)
    picks = [
        Button(
            f"{symbol.ticker} = {own[symbol]}" if symbol in own else symbol.ticker,
            Open(screen="setting_of", ref=f"{view.name} {symbol}"),
        )
        for symbol in symbols
    ]
    return ui.screen(
        block(
            ui.title("⚙️ ", view.name),
            t.word("meaning", view.name),
            t("For all tickers: {value}", value=view.value or UNKNOWN),
            t("Which ticker should have a value of its own?"),
        ),
        keyboard=(
            *ui.picks(picks, 2, Open(screen="setting_tickers", ref=view.name), 40),
            (Button(t("⬅️ Back"), Open(screen="setting", ref=view.name)), ui.home()),
        ),
    )


def setting_of(view: SettingView, symbol: Symbol, ui: ViewContext) -> Screen:
    """Show one setting as it is for one ticker."""
    t = ui.t
    own = dict(view.per_ticker).get(symbol)
    value = t("No value of its own: {value} as for all tickers.", value=view.value or UNKNOWN)
    return ui.screen(
        block(
            ui.title("⚙️ ", f"{view.name} · {symbol.ticker}"),
            t.word("meaning", view.name),
            value if own is None else t.line("Its own value: {value}", value=Bold(own)),
            t("Allowed: {allowed}", allowed=t.of(view.allowed)),
            Code(f"/set {view.name} {own or view.value or t('VALUE')} {symbol.ticker}"),
        ),
        ui.stamp(),
        keyboard=(
            *_proposals(view, symbol, ui),
            (Button(t("⬅️ Back"), Open(screen="setting_tickers", ref=view.name)), ui.home()),
        ),
    )


def preview(view: SettingPreview, about: SettingView | None, draft: str, ui: ViewContext) -> Screen:
    """Show old and new value, the range, and what changes now; the buttons may move on from the new value.

    Without `about` (a reset, an undo) there is nothing to move on to, and no draft.
    """
    t = ui.t
    where = t("all tickers") if view.symbol is None else view.symbol.ticker
    steps = () if about is None else _proposals(about, view.symbol, ui, draft=draft)
    head = block(
        ui.title("⚙️ ", view.name),
        Text(view.old or UNKNOWN, " → ", Bold(view.new or UNKNOWN)),
        t("Allowed: {allowed}", allowed=t.of(view.allowed)),
        t("Applies to {where}", where=where),
        None
        if view.until is None
        else t("until {time}, then back to {value}", time=ui.when(view.until), value=view.old),
    )
    if view.ticket is None:
        back = (Button(t("⚙️ Settings"), Open(screen="setting", ref=view.name)), ui.home())
        return ui.screen(head, block(t("Nothing would change.")), keyboard=(*steps, back))
    label = t("✅ Set {value}", value=(view.new or UNKNOWN)[:30])
    typed = view.typed_words
    return ui.screen(
        head,
        at_once(view.effects, ui),
        None if view.stops_off is None else stops_off_block(view.stops_off, ui),
        block(t("Not in force before you confirm.")),
        words_to_type(typed, ui) if typed else None,
        keyboard=(
            *((leave_row(view.ticket, ui),) if typed else confirm_row(view.ticket, label, ui)),
            *(() if about is None else (_spans(view, draft, ui),)),
            *steps,
        ),
    )


def _spans(view: SettingPreview, draft: str, ui: ViewContext) -> tuple[Button, ...]:
    """Return the buttons that let a value hold for a while only, or for good."""
    t = ui.t
    close = Button(t("🌙 Tonight only"), SpanDraft(draft=draft, span="close"))
    hours = Button(t("⏳ 2 hours"), SpanDraft(draft=draft, span="2h"))
    if view.until is None:
        return (close, hours)
    return (close, hours, Button(t("♾ For good"), SpanDraft(draft=draft, span="")))


def ask_value(view: SettingView, symbol: Symbol | None, ui: ViewContext) -> Screen:
    """Ask for a typed value."""
    t = ui.t
    where = None if symbol is None else t("Applies to {where}", where=symbol.ticker)
    return ui.screen(
        _about(view, ui),
        block(Bold(t("Type the new value.")), where, t("/cancel leaves it as it is.")),
        keyboard=((Button(t("⬅️ Back"), Open(screen="setting", ref=view.name)),),),
    )


def history(rows: Sequence[SettingChange], ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(ui.title("📜 ", t("Changes of settings"))),
        block(*(_change(row, ui) for row in rows)) if rows else block(t("Nothing was changed in the chat yet.")),
        ui.stamp(),
        keyboard=(
            (Button(t("↩️ Undo"), Undo()),) if rows else (),
            (Button(t("⬅️ Back"), Open(screen="settings")), ui.home()),
        ),
        place=Open(screen="history"),
    )


def _about(view: SettingView, ui: ViewContext) -> Text:
    t = ui.t
    return block(
        ui.title("⚙️ ", view.name),
        t.word("meaning", view.name),
        t.line("Now {value} ({source})", value=Bold(view.value or UNKNOWN), source=source(view.source, t)),
        None if view.until is None else t("until {time}", time=ui.when(view.until)),
        t("Allowed: {allowed}", allowed=t.of(view.allowed)),
        Code(f"/set {view.name} {view.value or t('VALUE')}") if view.changeable else None,
    )


def _at_start(name: str, ui: ViewContext) -> Text:
    t = ui.t
    if name == "TRADING_TICKERS":
        return block(t("Tickers are changed by /add and /unwatch."))
    return block(t("Read at the start only: change it in .env and start again."))


def _elsewhere(view: SettingView, ui: ViewContext) -> Keyboard:
    t = ui.t
    if view.name != "TRADING_TICKERS":
        return ()
    reset = (Button(t("♻️ Reset"), ResetSetting(name=view.name)),) if view.source is SettingSource.CHAT else ()
    return (
        (Button(t("➕ Add to trading"), Open(screen="watch")), Button(t("➖ Take one off"), Open(screen="unwatch"))),
        reset,
    )


def _proposals(view: SettingView, symbol: Symbol | None, ui: ViewContext, *, draft: str = "") -> Keyboard:
    """Return the buttons that propose a value; with a draft the steps go on from the value it holds."""
    t = ui.t
    ref = "" if symbol is None else str(symbol)
    rows: list[tuple[Button, ...]] = []
    if view.choices:
        picks = [
            Button(choice, ChooseSetting(name=view.name, index=index, symbol=ref))
            for index, choice in enumerate(view.choices)
        ]
        rows += rows_of(picks, 4)
    elif view.step is not None:
        size = plain(view.step)
        ways: tuple[Literal["down", "up"], ...] = ("down", "up")
        steps = [
            StepDraft(draft=draft, way=way) if draft else StepSetting(name=view.name, way=way, symbol=ref)
            for way in ways
        ]
        rows.append((Button(f"➖ {size}", steps[0]), Button(f"➕ {size}", steps[1])))
    last = [Button(t("⌨️ Type a value"), TypeSetting(name=view.name, symbol=ref))]
    if view.source is SettingSource.CHAT if symbol is None else symbol in dict(view.per_ticker):
        last.append(Button(t("♻️ Reset"), ResetSetting(name=view.name, symbol=ref)))
    rows.append(tuple(last))
    if symbol is None and view.of_ticker:
        rows.append((Button(t("🎯 For one ticker only"), Open(screen="setting_tickers", ref=view.name)),))
    return tuple(rows)


def _menu_line(view: SettingView, ui: ViewContext) -> Text:
    t = ui.t
    until = "" if view.until is None else " " + t("until {time}", time=ui.when(view.until))
    return Text(
        Bold(f"{view.name} = {view.value or UNKNOWN}"),
        f" ({source(view.source, t)}{until}) {t.word('meaning', view.name)}",
    )


def _change(row: SettingChange, ui: ViewContext) -> Text:
    t = ui.t
    where = f" ({row.symbol.ticker})" if row.symbol else ""
    new = t("back to .env or the default") if row.new is None else row.new
    who = t("program") if row.set_by is None else t("user {user}", user=row.set_by)
    until = "" if row.until is None else " " + t("until {time}", time=ui.when(row.until))
    taken_back = "" if row.undoes is None else " ↩️"
    return Text(
        f"{ui.when(row.set_at)} ", Bold(row.name), f"{where} {row.old or UNKNOWN} → {new}{until} · {who}{taken_back}"
    )
