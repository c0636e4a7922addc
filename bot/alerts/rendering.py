"""Puts an event into words and buttons; a fault in a view must not hold up what comes after."""

import logging
import secrets

from bot.alerts.acknowledgement import with_seen_button
from bot.ui.buttons import opening_aside
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import alert, unshown
from strategy.model import Event, EventRow

log = logging.getLogger(__name__)


def alert_screen(row: EventRow, ui: ViewContext, event: Event | None = None) -> Screen:
    """Return a row's message: its screens open in new messages. `event` is what it tells where more is known of it."""
    screen = shown(event or row.event, ui, row.id)
    return Screen(screen.blocks, with_seen_button(opening_aside(screen.keyboard), row, ui))


def shown(event: Event, ui: ViewContext, row_id: int) -> Screen:
    """Return the view of an event, or that it has none."""
    try:
        return alert(event, ui)
    except Exception:  # a door: whatever a view trips over, the row is told
        reference = secrets.token_hex(3)
        log.exception("alert not shown", extra={"row": row_id, "kind": event.kind, "reference": reference})
        return unshown(event.kind, reference, ui)
