"""Modes: the menu, the preview of running or halting, and what was set."""

from aiogram.utils.formatting import Bold

from bot.i18n.terms import environment, mode, mode_meaning
from bot.ui.blocks import block
from bot.ui.buttons import Button, Keyboard, Open, Release, SetMode, Span, rows_of
from bot.ui.screen import Screen, ViewContext
from bot.views.changes import mode_story
from bot.views.confirm import at_once, confirm_row
from bot.views.status import mode_text
from bot.views.stops_off import leave_row, stops_off_block, words_to_type
from strategy.model import Mode, ModeChanged, ModePreview, ModeState, ReleasePreview, Symbol, TickerLock


def menu(current: ModeState, locks: list[TickerLock], ui: ViewContext) -> Screen:
    """Show the mode with what each of the others would mean."""
    t = ui.t
    return ui.screen(
        block(ui.title("🎛 ", t("Mode")), Bold(mode_text(current, ui)), mode_meaning(current.mode, t)),
        block(*(f"{mode(each, t)}: {mode_meaning(each, t)}" for each in Mode if each is not current.mode)),
        ui.stamp(),
        keyboard=(
            (
                Button(t("▶️ Run"), SetMode(mode=Mode.RUN), style="success"),
                Button(t("⏸ Pause buys"), Open(screen="pause")),
            ),
            (
                Button(t("🛡 Protect only"), SetMode(mode=Mode.PROTECT_ONLY)),
                Button(t("⛔ Halt"), SetMode(mode=Mode.HALTED), style="danger"),
            ),
            (Button(t("🚨 Panic: sell everything…"), Open(screen="panic"), style="danger"),),
            *ui.picks([_release_button(lock.symbol, ui) for lock in locks], 2, Open(screen="mode"), 40),
            (ui.refresh("mode"), ui.home()),
        ),
    )


def pick_pause(symbol: Symbol | None, spans: list[tuple[Span, str]], ui: ViewContext) -> Screen:
    """Ask for how long buys should pause."""
    t = ui.t
    ref = "" if symbol is None else str(symbol)
    picks = [Button(label, SetMode(mode=Mode.PAUSE_BUYS, span=key, symbol=ref)) for key, label in spans]
    who = t("all tickers") if symbol is None else symbol.ticker
    return ui.screen(
        block(
            ui.title("⏸ ", t("Pause buys: {who}", who=who)),
            mode_meaning(Mode.PAUSE_BUYS, t),
            t("For how long?"),
        ),
        keyboard=(*rows_of(picks, 2), (Button(t("🎛 Mode"), Open(screen="mode")), ui.home())),
    )


def preview(view: ModePreview, ui: ViewContext) -> Screen:
    """Show what running or halting would mean; halting wants a word typed."""
    t = ui.t
    scope = "" if view.symbol is None else f" {view.symbol.ticker}"
    head = block(ui.title(f"{mode(view.target, t)}{scope}"), mode_meaning(view.target, t))
    off = None if view.stops_off is None else stops_off_block(view.stops_off, ui)
    if view.ticket is None:
        refusals = [f"⛔ {t.of(text)}" for text in view.refusals] or [t("Nothing would change.")]
        return ui.screen(head, off, block(*refusals), keyboard=((ui.home(),),))
    if view.typed_words:
        typed = words_to_type(view.typed_words, ui)
        return ui.screen(head, off, typed, keyboard=(leave_row(view.ticket, ui),))
    ask = block(t("Not in force before you confirm."))
    label = t("✅ Yes: {mode}", mode=mode(view.target, t))
    return ui.screen(head, at_once(view.effects, ui), ask, keyboard=confirm_row(view.ticket, label, ui))


def was_set(event: ModeChanged, in_force: Mode, ui: ViewContext) -> Screen:
    """Tell what was set and, where something stricter holds over it, what is in force."""
    t, state = ui.t, event.state
    over = None
    if in_force is not state.mode:
        over = block(
            t.line("⚠️ In force now: {mode}, which is stricter.", mode=Bold(mode(in_force, t))),
            mode_meaning(in_force, t),
            t("What you set holds from when that ends."),
        )
    scope = "" if state.symbol is None else f" {state.symbol.ticker}"
    keyboard: Keyboard = (
        (Button(t("▶️ Run"), Open(screen="run", ref="" if state.symbol is None else str(state.symbol))),),
        (Button(t("🎛 Mode"), Open(screen="mode")), ui.home()),
    )
    return ui.screen(
        block(ui.title(t("Mode"), f"{scope}: {mode(state.mode, t)}"), *mode_story(event, ui)),
        over,
        ui.stamp(),
        keyboard=keyboard,
    )


def arming_not_needed(ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(
            ui.title("🛡 ", t("Arming is not needed here")),
            environment(ui.environment, t),
            t("Only the real account is armed by /arm. Here /run is enough."),
        ),
        keyboard=((Button(t("🎛 Mode"), Open(screen="mode")), ui.home()),),
    )


def release_preview(view: ReleasePreview, ui: ViewContext) -> Screen:
    """Show what a ticker that is released would do at once, with a single-use button."""
    t, ticker = ui.t, view.symbol.ticker
    if view.lock is None or view.ticket is None:
        return ui.screen(
            block(ui.title(t("{ticker} was not locked.", ticker=ticker))), ui.stamp(), keyboard=((ui.home(),),)
        )
    reason = t.word("why", view.lock.reason)
    return ui.screen(
        block(
            ui.title("🔓 ", t("Release {ticker}?", ticker=ticker)),
            t("Reason: {reason}", reason=reason) if reason else None,
            t("The rules trade it again where the mode allows it."),
            t("Its stop-loss works again from then on.") if view.lock.blocks_stop else None,
        ),
        at_once(view.effects, ui),
        block(t("Not in force before you confirm.")),
        keyboard=confirm_row(view.ticket, t("🔓 Release {ticker}", ticker=ticker), ui),
    )


def pick_release(locks: list[TickerLock], ui: ViewContext) -> Screen:
    t = ui.t
    picks = [_release_button(lock.symbol, ui) for lock in locks]
    return ui.screen(
        block(
            ui.title("🔓 ", t("Release")),
            t("Which ticker should the rules trade again?") if picks else t("No ticker is locked."),
        ),
        keyboard=(*ui.picks(picks, 2, Open(screen="release"), 40), (ui.home(),)),
    )


def _release_button(symbol: Symbol, ui: ViewContext) -> Button:
    return Button(ui.t("🔓 Release {ticker}", ticker=symbol.ticker), Release(symbol=str(symbol)))
