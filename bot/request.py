"""One update as handlers see it: who asks, whom to ask, and where and how to answer."""

from dataclasses import dataclass, replace

from bot.i18n.translator import Tongue
from bot.reply import Reply
from bot.role import Role
from bot.ui.screen import ViewContext
from strategy.control.control import Control


@dataclass(frozen=True, slots=True)
class RequestContext:
    user_id: int
    role: Role
    control: Control
    ui: ViewContext
    reply: Reply

    def speaking(self, t: Tongue) -> "RequestContext":
        """Return the same request in another language."""
        return replace(self, ui=replace(self.ui, t=t))
