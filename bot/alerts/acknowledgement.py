"""Which critical alerts somebody must have seen, and what settles one without a person.

All of them, but for good news: a stop-loss that is armed (again), a stop that ended flat, a panic under way or ended
flat, and a lock that leaves the stop-loss alone, which always comes with the stop that made it. A retry of
a refused stop starts no reminders of its own: those of the first run go on until that is seen or the shares are sold.
See decision 0055.
"""

from collections.abc import Sequence

from bot.ui.buttons import Button, Keyboard, MarkSeen
from bot.ui.screen import ViewContext
from strategy.model import (
    Event,
    EventRow,
    Notable,
    OrderChanged,
    OrderStatus,
    PanicProgress,
    Protection,
    StopFinished,
    StopTriggered,
    TickerLocked,
    Trouble,
)


def with_seen_button(keyboard: Keyboard, row: EventRow, ui: ViewContext) -> Keyboard:
    """Return an alert's buttons, with the one that ends its reminders where it has some."""
    if not row.event.needs_ack and not row.event.is_retry:
        return keyboard
    return (*keyboard, (Button(ui.t("👁 Seen"), MarkSeen(row=row.id), style="primary"),))


def outstanding(critical: Sequence[EventRow], told: Sequence[EventRow]) -> list[EventRow]:
    """Return the critical rows that still need a look; `told` is what was told since the oldest of them."""
    return [
        row
        for row in critical
        if row.event.needs_ack
        and not any(each.id > row.id and settles(each.event, row.event) for each in (*critical, *told))
    ]


def settles(later: Event, event: Event) -> bool:
    """Return whether a later event says that what an earlier one told of is over."""
    match event, later:
        case Protection(), Protection():
            every = not later.symbols
            return later.armed and (every or (bool(event.symbols) and set(event.symbols) <= set(later.symbols)))
        case StopTriggered(), StopFinished():
            return event.symbol == later.symbol
        case StopFinished(), StopFinished():
            return event.symbol == later.symbol and later.left == 0
        case PanicProgress(), PanicProgress():
            return later.done and bool(later.flat)
        case Trouble(), StopFinished():
            return event.key.startswith("stop:") and event.symbol == later.symbol and later.left == 0
        case Trouble(), OrderChanged():
            return event.key == f"unknown:{later.order.no}" and later.order.status is not OrderStatus.UNKNOWN
        case Trouble(), Notable():
            return later.key == event.key or _over(later, event.key)
        case TickerLocked(), Notable():
            return later.key == f"released:{event.lock.symbol}" or _over(later, f"split_guard:{event.lock.symbol}")
        case _:
            return False


def _over(later: Notable, key: str) -> bool:
    """Return whether a note says that the trouble of a key is over (the core's own pairs of keys)."""
    name, _, rest = key.partition(":")
    match name:
        case "split_guard":
            return later.key == f"split_over:{rest}"
        case "task":
            return later.key == f"task:{rest.partition(':')[0]}:again"
        case "deaf":  # the bot hears again, whatever it was
            return later.key.startswith("deaf:")
        case _:
            return False
