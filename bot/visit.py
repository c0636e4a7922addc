"""One update as handlers see it: who asks, whom to ask, and where and how to answer."""

from dataclasses import dataclass, replace

from bot.role import Role
from bot.screen import Frame
from bot.speech import Tongue
from bot.stage import Stage
from strategy.services import Control


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
