"""A stop is one message: what fired, its orders as they go, and at last its result.

It sounds when it fires. An end that comes soon, with everything sold, is told in that message; one that comes late, or
leaves shares, sounds once more, in a new message that takes the place of the first. An order nobody knows about has
its own message all the same: it asks somebody to do something. See decision 0169.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.alerts.alert_channel import AlertChat
from bot.alerts.alert_sender import AlertSender
from bot.alerts.live_messages import LiveMessages
from bot.alerts.message_edits import MessageEdits
from bot.alerts.rendering import alert_screen
from bot.ui.screen import Screen, ViewContext
from bot.views.trading.stop_story import stop_story
from strategy.model import (
    EventRow,
    Order,
    OrderChanged,
    OrderNo,
    OrderStatus,
    StopFinished,
    StopTriggered,
    Symbol,
    TickerLocked,
)

_SOON = timedelta(minutes=5)  # market time; the message has just sounded
_REMEMBERED = timedelta(hours=12)  # how far back a stop under way is looked for at the start


@dataclass(slots=True)
class StopStory:
    """What one message tells of one stop."""

    message_id: int
    fired: EventRow
    orders: dict[OrderNo, OrderChanged] = field(default_factory=dict)
    ended: EventRow | None = None

    def owns(self, order: Order) -> bool:
        """Return whether an order of a stop of that ticker is one of this stop."""
        since, until = self.fired.event.at, None if self.ended is None else self.ended.event.at
        return since <= order.request.created_at and (until is None or order.request.created_at <= until)

    def screen(self, ui: ViewContext) -> Screen:
        """Return the message as the stop stands."""
        ended = None if self.ended is None else alert_screen(self.ended, ui)
        orders = [event.order for _, event in sorted(self.orders.items())]
        return stop_story(alert_screen(self.fired, ui), orders, ended, ui)


def key_of(symbol: Symbol) -> str:
    """Return under which name the message of a ticker's newest stop is kept."""
    return f"order:stop:{symbol}"


class StopCards:
    """One chat's."""

    def __init__(
        self, chat: AlertChat, alert_sender: AlertSender, edits: MessageEdits, live_messages: LiveMessages
    ) -> None:
        self._chat = chat
        self._alert_sender = alert_sender
        self._edits = edits
        self._live_messages = live_messages
        self._stories: dict[Symbol, StopStory | None] = {}
        chat.address.on_move(self._moved)

    async def begin(self, row: EventRow, event: StopTriggered, rows: Sequence[EventRow], ui: ViewContext) -> None:
        """Tell that a stop has fired, with sound; what belongs to it goes on in this message.

        One that is over before it could be told is told once.
        """
        story = StopStory(0, row, ended=_waiting_end(row, rows))
        both = [row] if story.ended is None else [row, story.ended]
        story.message_id = await self._alert_sender.send(both, story.screen(ui), ui, silent=False)
        await self._live_messages.remember(key_of(event.symbol), story.message_id)
        self._stories[event.symbol] = story
        if story.ended is not None and self._alert_sender.only_found(story.message_id):
            self._edits.want(key_of(event.symbol), story.message_id, story.screen, gone=_nothing, rows=both)
            return
        await self._alert_sender.done(both, story.message_id)

    async def told_lock(self, row: EventRow, event: TickerLocked) -> bool:
        """Return whether a lock is told by the stop that made it; its message says what it means."""
        story = await self._story(event.lock.symbol)
        if story is None or event.lock.locked_at != story.fired.event.at or event.lock.blocks_stop:
            return False
        await self._alert_sender.done([row], story.message_id)
        return True

    async def took_order(self, row: EventRow, whole: OrderChanged) -> bool:
        """Return whether an order is told within the message of its stop, which is brought up to date then."""
        order = whole.order
        retried = whole.decision is not None and whole.decision.attempt > 1  # told by what folds a refused stop
        if not order.request.origin.is_stop or order.status is OrderStatus.UNKNOWN or retried:
            return False
        story = await self._story(order.request.symbol)
        if story is None or not story.owns(order):
            return False
        story.orders[order.no] = whole
        self._bring_up_to_date(order.request.symbol, story, row)
        return True

    async def end(self, row: EventRow, event: StopFinished, ui: ViewContext) -> bool:
        """Tell the end of a stop in its message, or in a new one in its place; False where there is none."""
        story = await self._story(event.symbol)
        if story is None or story.ended is not None or event.fold_key is not None or event.at < story.fired.event.at:
            return False
        story.ended = row
        if event.left == 0 and event.attempt == 1 and event.at - story.fired.event.at <= _SOON:
            self._bring_up_to_date(event.symbol, story, row)
            return True
        former, chat_id = story.message_id, self._chat.id
        try:
            story.message_id = await self._alert_sender.send([row], story.screen(ui), ui, silent=False)
        except BaseException:
            story.ended = None  # told at the next try
            raise
        if chat_id == self._chat.id and former != story.message_id:  # else the number means another message by now
            await self._edits.take_away(f"{key_of(event.symbol)}:former", former, story.screen(ui))
        await self._live_messages.remember(key_of(event.symbol), story.message_id)
        await self._alert_sender.done([row], story.message_id)
        return True

    def _bring_up_to_date(self, symbol: Symbol, story: StopStory, row: EventRow) -> None:
        key = key_of(symbol)

        async def gone() -> None:
            """Have what is still to be told told by itself."""
            if self._stories.get(symbol) is story:
                self._stories[symbol] = None
                self._live_messages.lost(key)

        self._edits.want(key, story.message_id, story.screen, gone=gone, rows=[row])

    async def _story(self, symbol: Symbol) -> StopStory | None:
        """Return the newest stop of a ticker that has a message, also one of before a restart."""
        if symbol not in self._stories:
            self._stories[symbol] = await self._recalled(symbol)
        return self._stories[symbol]

    async def _recalled(self, symbol: Symbol) -> StopStory | None:
        message_id = await self._live_messages.of(key_of(symbol))
        if message_id is None:
            return None
        now = self._chat.wall.now()
        rows = await self._chat.outbox.told_between(now - _REMEMBERED, now + timedelta(seconds=1))
        told = [row for row in rows if row.message_id == message_id]
        fired = [row for row in told if isinstance(row.event, StopTriggered)]
        if not fired:
            return None
        ended = [row for row in told if isinstance(row.event, StopFinished)]
        orders = {row.event.order.no: row.event for row in told if isinstance(row.event, OrderChanged)}
        return StopStory(message_id, fired[-1], orders, ended[-1] if ended else None)

    async def _moved(self, _old: int, _new: int) -> None:
        """Go on in none of the old chat's messages."""
        self._stories.clear()


def _waiting_end(fired: EventRow, rows: Sequence[EventRow]) -> EventRow | None:
    """Return the end of a stop that waits to be told as well, where that sold everything."""
    follow = [row for row in rows if row.id > fired.id and row.event.story == fired.event.story]
    of_runs = [row for row in follow if isinstance(row.event, (StopTriggered, StopFinished))]
    first = min(of_runs, key=lambda row: row.id, default=None)
    over = first is not None and isinstance(first.event, StopFinished) and first.event.left == 0
    return first if over else None


async def _nothing() -> None:
    """Do nothing where there is nothing left to show."""
