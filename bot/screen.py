"""What a person gets to see: a message and the buttons under it, made in one person's language at one moment."""

from dataclasses import dataclass
from datetime import datetime

from bot.buttons import Button, Keyboard, Open
from bot.figures import moment
from bot.message import Block, Line, Message, Words, bold, italic, line, message
from bot.speech import Tongue
from strategy.views import Environment


@dataclass(frozen=True, slots=True)
class Screen:
    message: Message
    keyboard: Keyboard = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What every view needs besides its facts."""

    t: Tongue
    now: datetime  # market clock
    environment: Environment
    account: str  # masked
    real_now: datetime | None = None  # of the world, where the market has a clock of its own

    @property
    def badge(self) -> str:
        """Return whose money it is: 모의, 실전 or 데모; on every message that speaks of money."""
        t = self.t
        return {
            Environment.REAL: t("REAL"),
            Environment.VIRTUAL: t("PAPER"),
            Environment.DEMO: t("DEMO"),
        }[self.environment]

    def title(self, *words: Words) -> Line:
        """Return a headline that begins with the environment."""
        bolded = (bold(word) if isinstance(word, str) else word for word in words)
        return line(bold(f"[{self.badge}] "), *bolded)

    def stamp(self) -> Block:
        """Return the time of this look, which also makes every refresh a change that Telegram accepts."""
        return Block((line(italic(self.t("as of {time}", time=moment(self.now, self.now, seconds=True)))),))

    def when(self, instant: datetime) -> str:
        return moment(instant, self.now)

    def home(self) -> Button:
        return Button(self.t("🏠 Home"), Open(screen="home"))

    def refresh(self, screen: str, ref: str = "") -> Button:
        return Button(self.t("🔄 Refresh"), Open(screen=screen, ref=ref))

    def screen(self, *blocks: Block | None, keyboard: Keyboard = ()) -> Screen:
        return Screen(message(*blocks), keyboard)
