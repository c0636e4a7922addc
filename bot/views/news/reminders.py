"""What nobody has seen yet, and the answer to a press that somebody has."""

from collections.abc import Sequence

from aiogram.utils.formatting import Bold, Text

from bot.ui.blocks import block, lines_of
from bot.ui.buttons import Button, MarkSeen, Open
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import alert
from strategy.model import Event, EventRow

_MOST = 10


def reminder(rows: Sequence[EventRow], ui: ViewContext) -> Screen:
    """List critical alerts nobody has seen, newest last, with the button that ends the reminding."""
    t = ui.t
    more = len(rows) - _MOST
    return ui.screen(
        block(ui.title("🔔 ", t("Not seen yet: {n} critical alerts", n=len(rows)))),
        block(
            t("and {n} earlier ones", n=more) if more > 0 else None,
            *(Text(ui.when(row.event.at), " · ", headline(row.event, ui)) for row in rows[-_MOST:]),
        ),
        block(t("This comes again until you press the button.")),
        keyboard=(
            (Button(t("👁 Seen"), MarkSeen(row=rows[-1].id), style="primary"),),
            (Button(t("📊 Status"), Open(screen="status", aside=True)),),
        ),
    )


def headline(event: Event, ui: ViewContext) -> str:
    """Return the first line of an alert without the environment, which the list has told already."""
    blocks = alert(event, ui).blocks
    text = lines_of(blocks[0])[0] if blocks else event.kind
    return text.removeprefix(f"[{ui.badge}] ")


def seen_note(count: int, left: int, ui: ViewContext) -> Screen:
    """Say what a press of the button has come to."""
    t = ui.t
    noted: Text | str = t.line("👁 Seen: {n} alerts. They are not told again.", n=Bold(count))
    return ui.screen(
        block(
            noted if count else t("Seen already: nothing of this is told again."),
            t("{n} newer ones wait for their own button.", n=left) if left else None,
        )
    )
