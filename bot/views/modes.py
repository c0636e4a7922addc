"""Modes: the menu, the preview of running or halting, and what was set."""

from aiogram.utils.formatting import Bold, Code

from bot.i18n.terms import environment, mode, mode_meaning
from bot.ui.blocks import block
from bot.ui.buttons import Button, Dismiss, Keyboard, Open, Release, SetMode, Span, rows_of
from bot.ui.screen import Screen, ViewContext
from bot.views.changes import mode_story
from bot.views.confirm import confirm_row
from bot.views.status import mode_text
from strategy.model import Mode, ModeChanged, ModePreview, ModeState, Symbol, TickerLock


def menu(current: ModeState, locks: list[TickerLock], frame: ViewContext) -> Screen:
    """Show the mode with what each of the others would mean."""
    t = frame.t
    return frame.screen(
        block(frame.title("🎛 ", t("Mode")), Bold(mode_text(current, frame)), mode_meaning(current.mode, t)),
        block(*(f"{mode(each, t)}: {mode_meaning(each, t)}" for each in Mode if each is not current.mode)),
        frame.stamp(),
        keyboard=(
            (
                Button(t("▶️ Run"), SetMode(mode=Mode.RUN), style="success"),
                Button(t("⏸ Pause"), Open(screen="pause")),
            ),
            (
                Button(t("🛡 Protect only"), SetMode(mode=Mode.PROTECT_ONLY)),
                Button(t("⛔ Halt"), SetMode(mode=Mode.HALTED), style="danger"),
            ),
            (Button(t("🚨 Panic: sell everything…"), Open(screen="panic"), style="danger"),),
            *frame.picks([_release_button(lock.symbol, frame) for lock in locks], 2, Open(screen="mode"), 40),
            (frame.refresh("mode"), frame.home()),
        ),
    )


def pick_pause(symbol: Symbol | None, spans: list[tuple[Span, str]], frame: ViewContext) -> Screen:
    """Ask for how long buys should pause."""
    t = frame.t
    ref = "" if symbol is None else str(symbol)
    picks = [Button(label, SetMode(mode=Mode.PAUSE_BUYS, span=key, symbol=ref)) for key, label in spans]
    who = t("all tickers") if symbol is None else symbol.ticker
    return frame.screen(
        block(
            frame.title("⏸ ", t("Pause buys: {who}", who=who)),
            mode_meaning(Mode.PAUSE_BUYS, t),
            t("For how long?"),
        ),
        keyboard=(*rows_of(picks, 2), (Button(t("🎛 Mode"), Open(screen="mode")), frame.home())),
    )


def preview(view: ModePreview, frame: ViewContext) -> Screen:
    """Show what running or halting would mean; halting wants a word typed."""
    t = frame.t
    scope = "" if view.symbol is None else f" {view.symbol.ticker}"
    naked = ", ".join(symbol.ticker for symbol in view.unprotected)
    head = block(
        frame.title(f"{mode(view.target, t)}{scope}"),
        mode_meaning(view.target, t),
        t.line("⚠️ Without a stop-loss: {tickers}", tickers=Bold(naked)) if naked else None,
    )
    if view.ticket is None:
        refusals = [f"⛔ {t.of(text)}" for text in view.refusals] or [t("Nothing would change.")]
        return frame.screen(head, block(*refusals), keyboard=((frame.home(),),))
    if view.typed_words:
        return frame.screen(
            head,
            block(
                t.line("To confirm, type: {word}", word=Code(view.typed_words[t.language])),
                t("/cancel leaves it as it is."),
            ),
            keyboard=((Button(t("No"), Dismiss(ticket=view.ticket)),),),
        )
    ask = block(t("Not in force before you confirm."))
    return frame.screen(
        head, ask, keyboard=confirm_row(view.ticket, t("✅ Yes: {mode}", mode=mode(view.target, t)), frame)
    )


def was_set(event: ModeChanged, frame: ViewContext) -> Screen:
    t, state = frame.t, event.state
    scope = "" if state.symbol is None else f" {state.symbol.ticker}"
    keyboard: Keyboard = (
        (Button(t("▶️ Run"), Open(screen="run", ref="" if state.symbol is None else str(state.symbol))),),
        (Button(t("🎛 Mode"), Open(screen="mode")), frame.home()),
    )
    return frame.screen(
        block(frame.title(t("Mode"), f"{scope}: {mode(state.mode, t)}"), *mode_story(event, frame)),
        frame.stamp(),
        keyboard=keyboard,
    )


def arming_not_needed(frame: ViewContext) -> Screen:
    t = frame.t
    return frame.screen(
        block(
            frame.title("🛡 ", t("Arming is not needed here")),
            environment(frame.environment, t),
            t("Only the real account is armed by /arm. Here /run is enough."),
        ),
        keyboard=((Button(t("🎛 Mode"), Open(screen="mode")), frame.home()),),
    )


def released(symbol: Symbol, was_locked: bool, frame: ViewContext) -> Screen:
    t = frame.t
    done = t("🔓 {ticker} is released. The rules trade it again where the mode allows it.", ticker=symbol.ticker)
    nothing = t("{ticker} was not locked.", ticker=symbol.ticker)
    return frame.screen(block(frame.title(done if was_locked else nothing)), frame.stamp(), keyboard=((frame.home(),),))


def pick_release(locks: list[TickerLock], frame: ViewContext) -> Screen:
    t = frame.t
    picks = [_release_button(lock.symbol, frame) for lock in locks]
    return frame.screen(
        block(
            frame.title("🔓 ", t("Release")),
            t("Which ticker should the rules trade again?") if picks else t("No ticker is locked."),
        ),
        keyboard=(*frame.picks(picks, 2, Open(screen="release"), 40), (frame.home(),)),
    )


def _release_button(symbol: Symbol, frame: ViewContext) -> Button:
    return Button(frame.t("🔓 Release {ticker}", ticker=symbol.ticker), Release(symbol=str(symbol)))
