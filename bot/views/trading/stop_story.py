"""One stop in one message: how it ended or goes on, what fired it, and its orders."""

from collections.abc import Sequence

from aiogram.utils.formatting import Bold

from bot.ui.blocks import block
from bot.ui.screen import Screen, ViewContext
from bot.views.trading.orders import short
from strategy.model import Order


def stop_story(fired: Screen, orders: Sequence[Order], ended: Screen | None, ui: ViewContext) -> Screen:
    """Return the message of a stop from that of its trigger and, where it is over, that of its end."""
    t = ui.t
    lines = (block(Bold(t("Orders of this stop")), *(short(order, ui) for order in orders)),) if orders else ()
    if ended is None:
        *words, when = fired.blocks
        return Screen((*words, *lines, when), fired.keyboard)
    *words, when = ended.blocks
    return Screen((*words, fired.blocks[0], *lines, when), ended.keyboard)
