"""How fast a bot may send (telegram-bot-api 4.10, 4.11)."""

import math
from dataclasses import dataclass

from bot.localchat.clock import ChatClock
from bot.localchat.params import too_many

_PAID = 1  # the key of the bucket for paid messages; no chat has it


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second that are refilled, and how many may go at once.

    The guide values of Telegram with generous bursts: one a second in a chat, 20 a minute in a group, 30 a second
    over all chats, or 1000 where the bot pays for it (telegram-bot-api 4.12).
    """

    chat_per_s: float = 1.0
    chat_burst: int = 30
    group_per_s: float = 20 / 60
    group_burst: int = 20
    all_per_s: float = 30.0
    all_burst: int = 60
    paid_per_s: float = 1000.0


class SendLimits:
    """Buckets of tokens, one per chat and one for all; None as rates switches them off."""

    def __init__(self, clock: ChatClock, rates: Rates | None) -> None:
        self._clock = clock
        self.rates = rates
        self._buckets: dict[int, tuple[float, float]] = {}

    def spend(self, chat_id: int, *, is_group: bool, count: int = 1, paid: bool = False) -> None:
        """Take tokens for a send or an edit. Raises ApiError 429 and takes none when there are not enough."""
        if self.rates is None:
            return
        rates = self.rates
        per_s, burst = (rates.group_per_s, rates.group_burst) if is_group else (rates.chat_per_s, rates.chat_burst)
        everywhere = (_PAID, rates.paid_per_s, int(rates.paid_per_s)) if paid else (0, rates.all_per_s, rates.all_burst)
        wait = max(self._wait(chat_id, per_s, burst, count), self._wait(*everywhere, count))
        if wait > 0:
            raise too_many(max(1, math.ceil(wait)))
        self._take(chat_id, per_s, burst, count)
        self._take(*everywhere, count)

    def reset(self) -> None:
        self._buckets.clear()

    def _level(self, key: int, per_s: float, burst: int) -> float:
        level, at = self._buckets.get(key, (float(burst), self._clock.now()))
        return min(float(burst), level + (self._clock.now() - at) * per_s)

    def _wait(self, key: int, per_s: float, burst: int, count: int) -> float:
        missing = min(count, burst) - self._level(key, per_s, burst)
        return missing / per_s if missing > 1e-9 else 0.0

    def _take(self, key: int, per_s: float, burst: int, count: int) -> None:
        self._buckets[key] = (self._level(key, per_s, burst) - count, self._clock.now())
