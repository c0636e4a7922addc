"""Puts an event into words; a fault in a view must not hold up what comes after."""

import logging
import secrets

from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import alert, unshown
from strategy.model import Event

log = logging.getLogger(__name__)


def shown(event: Event, frame: ViewContext, row_id: int) -> Screen:
    """Return the view of an event, or that it has none."""
    try:
        return alert(event, frame)
    except Exception:  # a door: whatever a view trips over, the row is told
        reference = secrets.token_hex(3)
        log.exception("alert not shown", extra={"row": row_id, "kind": event.kind, "reference": reference})
        return unshown(event.kind, reference, frame)
