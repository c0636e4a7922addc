"""The chat that alerts go to, and what it takes to write there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiogram import Bot

from bot.barrier import Barrier
from bot.screen import Frame
from bot.sending import Speaker
from bot.topics import Topics
from strategy.alert_rules import AlertRules
from strategy.clock import Clock
from strategy.ports import Notes, Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChat:
    """Shared by the deliverer and by whatever else writes there unasked."""

    id: int
    bot: Bot
    speaker: Speaker
    topics: Topics
    barrier: Barrier  # holds everything that is written to this chat
    orders_first: Callable[[], Awaitable[None]]  # returns when no order is on its way out
    frame: Callable[[], Awaitable[Frame]]  # in the chat's language, at the moment of sending
    rules: Callable[[], AlertRules]
    outbox: Outbox
    notes: Notes
    wall: Clock
