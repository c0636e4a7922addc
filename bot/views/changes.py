"""What was changed, from what to what, by whom and until when: the same words in an alert and in the answer to a press.

Either may stand for both, so neither says less than the other.
"""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import UNKNOWN
from bot.i18n.terms import mode, mode_meaning, why_so
from bot.ui.blocks import Words
from bot.ui.screen import ViewContext
from strategy.model import Event, ModeChanged, SettingChange, SettingChanged


def mode_story(event: ModeChanged, ui: ViewContext) -> tuple[Words | None, ...]:
    """Return what a mode means, until when it holds, which one it follows, who set it and why."""
    t, state = ui.t, event.state
    before = None if event.previous is None else t("before: {mode}", mode=mode(event.previous.mode, t))
    return (
        mode_meaning(state.mode, t),
        None if state.until is None else t("until {time}, then Run again", time=ui.when(state.until)),
        " · ".join(part for part in (before, _who(state.set_by, ui), why_so(state.reason, t)) if part),
    )


def setting_story(change: SettingChange, ui: ViewContext) -> tuple[Words | None, ...]:
    """Return old and new value of a setting, until when it holds, and who set it."""
    t = ui.t
    new = t("back to .env or the default") if change.new is None else change.new
    return (Text(change.old or UNKNOWN, " → ", Bold(new)), *_until_and_who(change, ui))


def answer_story(event: Event, ui: ViewContext) -> tuple[Words | None, ...]:
    """Return what the answer to a press adds, so that the alert of this event need not come."""
    match event:
        case ModeChanged():
            return mode_story(event, ui)
        case SettingChanged() if event.change.name == "TRADING_TICKERS":  # the answer has named only one of the list
            return (event.change.name, *setting_story(event.change, ui))
        case SettingChanged():
            return _until_and_who(event.change, ui)
        case _:
            return ()


def _until_and_who(change: SettingChange, ui: ViewContext) -> tuple[Words | None, ...]:
    t = ui.t
    until = None if change.until is None else t("until {time}", time=ui.when(change.until))
    return until, _who(change.set_by, ui)


def _who(user_id: int | None, ui: ViewContext) -> str:
    t = ui.t
    return t("set by the program") if user_id is None else t("set by user {user}", user=user_id)
