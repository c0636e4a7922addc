"""Confirm buttons."""

from bot.ui.buttons import Button, Confirm, Dismiss, Keyboard
from bot.ui.screen import ViewContext


def confirm_row(ticket: str | None, label: str, ui: ViewContext, *, danger: bool = False) -> Keyboard:
    """Return the yes and no of a ticket, or the way home where there is none."""
    if ticket is None:
        return ((ui.home(),),)
    yes = Button(label, Confirm(ticket=ticket), style="danger" if danger else "success")
    return ((yes, Button(ui.t("No"), Dismiss(ticket=ticket))),)
