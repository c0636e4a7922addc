"""What owners are told in private while the alert chat cannot be written to."""

from collections.abc import Sequence
from datetime import datetime

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import moment
from bot.transport.api_errors import Failure
from bot.ui.blocks import block
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import together_note
from bot.views.news.backlog import entry_line
from strategy.model import EventRow

_WIDTH = 200  # characters of a line


def barred(since: datetime, why: Failure, ui: ViewContext) -> Screen:
    """Tell that nothing gets into the alert chat, why, and what to do."""
    t = ui.t
    reasons = {
        Failure.FLOOD: t("Telegram says: too many messages. It works again by itself."),
        Failure.BARRED: t("The bot was removed, blocked or has no access there."),
        Failure.REFUSED: t("Telegram refuses messages there: a closed topic, or the bot may not write."),
    }
    help_ = t("Open the alert chat, make the bot a member again and let it write.")
    return ui.screen(
        block(
            ui.title("🔕 ", t("The alert chat cannot be written to")),
            t("Since {time}.", time=moment(since, ui.real_now or ui.now)),
            reasons.get(why),
            None if why is Failure.FLOOD else help_,
        ),
        block(t("Critical alerts come here meanwhile. Nothing is lost: everything waits and is told there later.")),
    )


def many(news: Sequence[Sequence[EventRow]], ui: ViewContext) -> Screen:
    """Tell many alerts a line each; what says the same is one line with how often it came."""
    lines = [entry_line(same[-1].event, len(same), _WIDTH, ui) for same in news]
    return ui.screen(block(together_note(sum(map(len, news)), ui)), block(*lines))


def works_again(ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(ui.title("✅ ", t("The alert chat works again")), t("What waited is told there now, marked late."))
    )


def elsewhere_note(ui: ViewContext) -> Text:
    """Return the line over an alert that is told in private."""
    return Bold(ui.t("🔕 Told here because the alert chat cannot be written to."))
