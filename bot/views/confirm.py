"""Confirm buttons."""

from collections.abc import Sequence

from aiogram.utils.formatting import Bold, Text

from bot.ui.blocks import block
from bot.ui.buttons import Button, Confirm, Dismiss, Keyboard
from bot.ui.screen import ViewContext
from strategy.model import Said


def at_once(effects: Sequence[Said], ui: ViewContext) -> Text | None:
    """Return what a press would do now, a line each; None where that is nothing to speak of."""
    t = ui.t
    return block(Bold(t("What changes now")), *(f"• {t.of(text)}" for text in effects)) if effects else None


def confirm_row(ticket: str | None, label: str, ui: ViewContext, *, danger: bool = False) -> Keyboard:
    """Return the yes and no of a ticket, or the way home where there is none."""
    if ticket is None:
        return ((ui.home(),),)
    yes = Button(label, Confirm(ticket=ticket), style="danger" if danger else "success")
    return ((yes, Button(ui.t("No"), Dismiss(ticket=ticket))),)
