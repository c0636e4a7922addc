"""One update as handlers see it: who asks, whom to ask, and where and how to answer."""

from dataclasses import dataclass, replace

from bot.i18n.translator import Tongue
from bot.reply import Stage
from bot.role import Role
from bot.ui.screen import Frame
from strategy.control.interface import Control


@dataclass(frozen=True, slots=True)
class Visit:
    user_id: int
    role: Role
    control: Control
    frame: Frame
    stage: Stage

    def speaking(self, t: Tongue) -> "Visit":
        """Return the same visit in another language."""
        return replace(self, frame=replace(self.frame, t=t))
