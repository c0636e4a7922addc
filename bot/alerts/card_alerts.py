"""What is told in one message that is kept up to date: an order, its fills, a stop, a panic, a proposal, a protection
that comes and goes. See decision 0169."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.alerts.alert_channel import AlertChat
from bot.alerts.alert_sender import AlertSender
from bot.alerts.grouping import Repeats
from bot.alerts.live_messages import LiveMessages
from bot.alerts.message_edits import MessageEdits
from bot.alerts.notification_level import Manner, fill_manner
from bot.alerts.order_context import OrderContext
from bot.alerts.rendering import alert_screen
from bot.alerts.stop_cards import StopCards
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import folded_note
from bot.views.trading.orders import fill_reply
from strategy.model import (
    BarsProgress,
    EventRow,
    Fill,
    OrderChanged,
    OrderStatus,
    Origin,
    PanicProgress,
    ProposalClosed,
    Proposed,
    Protection,
    Side,
    StopFinished,
    StopTriggered,
    Symbol,
    TickerLocked,
)

_STREAK = timedelta(hours=1)  # market time; of the rule's orders of one ticker and side that follow sooner, one sounds
_FLAPPING = timedelta(minutes=10)  # market time
_SOUNDS = 2  # of a protection that comes and goes, in that time


class _Comings:
    """How often something came and went of late, how many of these have sounded, and where the newest stands."""

    def __init__(self) -> None:
        self.sounds = 0
        self.chat_id = 0
        self.message_id = 0
        self._rows: set[int] = set()
        self._first_at: datetime | None = None

    @property
    def count(self) -> int:
        return len(self._rows)

    def told(self, row: EventRow, chat_id: int) -> bool:
        """Count one more; return whether it comes soon after the first of them, in the same chat."""
        first_at = self._first_at if chat_id == self.chat_id else None
        soon = first_at is not None and row.event.at - first_at < _FLAPPING
        self._rows = self._rows | {row.id} if soon else {row.id}
        return soon

    def sounded(self, at: datetime, chat_id: int, message_id: int, *, anew: bool) -> None:
        """Note that one was told with sound, by that message; `anew`: the first of them."""
        self.sounds = 1 if anew else self.sounds + 1
        self._first_at = at if anew else self._first_at
        self.chat_id, self.message_id = chat_id, message_id


class CardAlerts:
    """One chat's."""

    def __init__(
        self, chat: AlertChat, live: LiveMessages, alert_sender: AlertSender, edits: MessageEdits, repeats: Repeats
    ) -> None:
        self._chat = chat
        self._alert_sender = alert_sender
        self._edits = edits
        self._repeats = repeats
        self._live_messages = live
        self._order_context = OrderContext(chat.outbox)
        self._stops = StopCards(chat, alert_sender, edits, self._live_messages)
        self._replied: set[int] = set()  # rows whose reply is told, while their order's message is not yet edited
        self._shown: dict[str, int] = {}  # newest row a living message shows, or is about to
        self._filled: dict[tuple[Symbol, Side], datetime] = {}  # when an order of the rule last began to
        self._protection: defaultdict[str, _Comings] = defaultdict(_Comings)
        alert_sender.on_done(self._replied.discard)

    async def tell(self, row: EventRow, rows: Sequence[EventRow], how: Manner, ui: ViewContext) -> bool:
        """Tell what has one message, or a part of one; return whether this was such."""
        match row.event:
            case PanicProgress() as event:
                await self.tell_panic(row, event, ui)
            case BarsProgress() as event:
                await self.tell_progress(row, event, ui)
            case Proposed() | ProposalClosed() as event:
                await self.tell_proposal(row, event, rows, how, ui)
            case StopTriggered(is_retry=False) as event:
                await self._stops.begin(row, event, rows, ui)
            case StopFinished() as event:
                return await self._stops.end(row, event, ui)
            case TickerLocked() as event:
                return await self._stops.told_lock(row, event)
            case Protection() as event:
                await self._tell_protection(row, event, ui)
            case _:
                return False
        return True

    async def tell_order(
        self, row: EventRow, event: OrderChanged, rows: Sequence[EventRow], how: Manner, ui: ViewContext
    ) -> None:
        """Reply to the order's living message for a fill, and have that message brought up to date."""
        no = event.order.no
        key = event.story
        whole = await self._order_context.complete(event)
        message_id = await self._live_messages.of(key)
        if message_id is not None and key not in self._shown:
            self._shown[key] = await self._order_context.shown_by(message_id, no)
        if message_id is None and not how.kept_back and await self._stops.took_order(row, whole):
            return
        if message_id is None and not how.kept_back:
            newest = [each for each in rows if isinstance(each.event, OrderChanged) and each.event.order.no == no][-1]
            if (folded := await self._folded_order(newest)) is not None:
                await self._alert_sender.done([row], folded)
                if whole.order.status.closed:
                    self._order_context.forget(no)
                return
            message_id = await self._alert_sender.send(
                [row], await self._order_screen(newest, ui), ui, silent=how.silent
            )
            self._shown[key] = 0 if self._alert_sender.only_found(message_id) else newest.id
            await self._live_messages.remember(key, message_id)
        if event.order.status is OrderStatus.REJECTED:
            message_id = await self._tell_refused(row, key, message_id, how, ui)
        if event.last_fill is not None and row.id not in self._replied:
            await self._tell_fill(row, whole, event.last_fill, message_id, ui)
            self._replied.add(row.id)
        if message_id is None or self._shown.get(key, 0) >= row.id:
            await self._alert_sender.done([row], message_id)
        else:
            screen = await self._order_screen(row, ui)
            await self._bring_up_to_date(key, message_id, lambda _: screen, row)
        if whole.order.status.closed:
            await self._end_cancel(row, ui)
        if whole.order.status.closed and self._shown.get(key, 0) <= row.id:
            self._order_context.forget(no)

    async def _end_cancel(self, row: EventRow, ui: ViewContext) -> None:
        """Show the end of an order in the card of the cancel that was asked for, where there is one."""
        if not isinstance(row.event, OrderChanged):
            return
        key = f"order:cancel:{row.event.order.no}"
        message_id = await self._live_messages.of(key)
        if message_id is None:
            return
        screen = await self._order_screen(row, ui)
        self._live_messages.over(key)
        self._edits.want(key, message_id, lambda _: screen, gone=_nothing)

    async def _tell_fill(
        self, row: EventRow, whole: OrderChanged, fill: Fill, order_message: int | None, ui: ViewContext
    ) -> None:
        """Reply to an order's message once, with sound; what fills later is told in that reply."""
        told = fill_manner(self._chat.rules(), self._chat.wall.now())
        if told.kept_back:
            return
        key = f"order:fill:{whole.order.no}"
        reply = fill_reply(whole, fill, ui)
        message_id = await self._live_messages.of(key)
        if message_id is None:
            silent = told.silent or not self._sounds(whole)
            sent = await self._alert_sender.send([row], reply, ui, silent=silent, reply_to=order_message)
            await self._live_messages.remember(key, sent)
            return

        async def gone() -> None:
            self._live_messages.lost(key)

        self._edits.want(key, message_id, lambda _: reply, gone=gone)

    def _sounds(self, whole: OrderChanged) -> bool:
        """Return whether a fill sounds: a panic tells its own, and of the rule one step of a streak is enough."""
        request = whole.order.request
        if request.origin is not Origin.SIGNAL:
            return request.origin is not Origin.PANIC
        streak = (request.symbol, request.side)
        before = self._filled.get(streak)
        self._filled[streak] = whole.at
        return before is None or whole.at - before >= _STREAK

    async def _folded_order(self, newest: EventRow) -> int | None:
        """Return the message within which a retry's order is told for as long as the broker has not taken it."""
        if not isinstance(newest.event, OrderChanged):
            return None
        key = (await self._order_context.complete(newest.event)).told_within
        return None if key is None else self._repeats.message_of(key)

    async def _tell_refused(
        self, row: EventRow, key: str, message_id: int | None, how: Manner, ui: ViewContext
    ) -> int | None:
        """Say that the broker refused an order in a new living message, for an edit makes no sound; return its id.

        The one before is taken away, so that one card is left. A message that shows it already is enough.
        """
        if message_id is None or self._shown.get(key, 0) >= row.id or how.kept_back:
            return message_id
        chat_id = self._chat.id
        screen = await self._order_screen(row, ui)
        sent = await self._alert_sender.send([row], screen, ui, silent=how.silent)
        self._shown[key] = row.id
        if chat_id == self._chat.id:  # else the number means another message by now
            await self._edits.take_away(f"{key}:former", message_id, screen)
        await self._live_messages.remember(key, sent)
        return sent

    async def _order_screen(self, row: EventRow, ui: ViewContext) -> Screen:
        """Return the living message at a row's state, with what only earlier ones told."""
        event = row.event
        if isinstance(event, OrderChanged):
            event = await self._order_context.complete(event)
        return alert_screen(row, ui, event)

    async def _bring_up_to_date(
        self, key: str, message_id: int, show: Callable[[ViewContext], Screen], row: EventRow
    ) -> None:
        """Edit a living message; the row is done with it, or told in a new message where the old one is gone."""
        if await self._live_messages.of(key) != message_id:
            return  # the chat moved while another part was told: next time anew

        async def gone() -> None:
            if await self._live_messages.of(key) == message_id:  # else a newer one has taken its place
                self._live_messages.lost(key)
                self._shown.pop(key, None)

        self._shown[key] = row.id
        self._edits.want(key, message_id, show, gone=gone, rows=[row])

    async def _tell_protection(self, row: EventRow, event: Protection, ui: ViewContext) -> None:
        """Tell that stops are armed or not; where that comes and goes, in one message after the second sound.

        One that stays lost is told again like every critical alert nobody has seen (`scheduled/reminders.py`).
        """
        seen = self._protection[event.pair]
        flapping = seen.told(row, self._chat.id)
        if flapping and (event.armed or seen.sounds >= _SOUNDS):
            self._show_flapping(row, event, seen)
            return
        screen = alert_screen(row, ui)
        sent = await self._alert_sender.send([row], screen, ui, silent=False)
        if flapping and seen.chat_id == self._chat.id:
            await self._edits.take_away(f"{event.pair}:former", seen.message_id, screen)
        seen.sounded(event.at, self._chat.id, sent, anew=not flapping)
        await self._alert_sender.done([row], sent)

    def _show_flapping(self, row: EventRow, event: Protection, seen: _Comings) -> None:
        def show(ui: ViewContext) -> Screen:
            return alert_screen(row, ui).under(folded_note(seen.count, ui.when(event.at), ui))

        async def gone() -> None:
            self._protection.pop(event.pair, None)  # the next one sounds

        self._edits.want(event.pair, seen.message_id, show, gone=gone, rows=[row])

    async def tell_panic(self, row: EventRow, event: PanicProgress, ui: ViewContext) -> None:
        """Keep one message up to date while a panic goes on, and tell its end in a new one, with sound."""
        key = event.story
        screen = alert_screen(row, ui)
        message_id = await self._live_messages.of(key)
        if message_id is None and row.id in self._replied:
            await self._alert_sender.done([row], None)
            return
        if message_id is None or (event.done and row.id not in self._replied):
            sent = await self._alert_sender.send([row], screen, ui, silent=False)
            self._replied.add(row.id)
            if message_id is None:
                await self._live_messages.remember(key, sent)
                self._shown[key] = row.id
                await self._alert_sender.done([row], sent)
                return
        await self._bring_up_to_date(key, message_id, lambda _: screen, row)

    async def tell_progress(self, row: EventRow, event: BarsProgress, ui: ViewContext) -> None:
        """Keep one message up to date, without a sound at any time."""
        screen = alert_screen(row, ui)
        message_id = await self._live_messages.of(event.story)
        if message_id is not None:
            await self._bring_up_to_date(event.story, message_id, lambda _: screen, row)
            return
        sent = await self._alert_sender.send([row], screen, ui, silent=True)
        await self._live_messages.remember(event.story, sent)
        self._shown[event.story] = row.id
        await self._alert_sender.done([row], sent)

    async def tell_proposal(
        self, row: EventRow, event: Proposed | ProposalClosed, rows: Sequence[EventRow], how: Manner, ui: ViewContext
    ) -> None:
        """Send a card, or say in it how it ended; one that is over before it was told is told once."""
        key = event.story
        if isinstance(event, ProposalClosed):
            screen = alert_screen(row, ui)
            message_id = await self._live_messages.of(key)
            if message_id is not None:
                await self._bring_up_to_date(key, message_id, lambda _: screen, row)
            else:
                await self._alert_sender.done([row], await self._alert_sender.send([row], screen, ui, silent=True))
            return
        ends = [
            each
            for each in rows
            if isinstance(each.event, ProposalClosed) and each.event.proposal.id == event.proposal.id
        ]
        both = [row, *ends]
        screen = alert_screen(both[-1], ui)
        message_id = await self._alert_sender.send(both, screen, ui, silent=how.silent or bool(ends))
        if event.proposal.ticket is not None:
            await self._live_messages.remember(key, message_id)
        if ends and self._alert_sender.only_found(message_id):
            self._edits.want(f"{key}:end", message_id, lambda _: screen, gone=_nothing, rows=both)
            return
        await self._alert_sender.done(both, message_id)

    async def follow_up(self, rows: Sequence[EventRow], told_in: int) -> list[EventRow]:
        """Bring the messages that orders had before an outage up to date as well, where one message told many rows.

        Return the rows that are done only with that: after a crash they are told in their own messages once more.
        """
        newest = {row.event.story: row for row in rows if isinstance(row.event, OrderChanged)}
        followed = []
        for key, row in newest.items():
            if (message_id := await self._live_messages.of(key)) is not None:
                await self._follow(key, message_id, row, told_in)
                followed.append(row)
        return followed

    async def _follow(self, key: str, message_id: int, row: EventRow, told_in: int) -> None:
        screen = await self._order_screen(row, await self._chat.ui())

        async def gone() -> None:
            if await self._live_messages.of(key) == message_id:
                self._live_messages.lost(key)
            await self._alert_sender.done([row], told_in)  # which has told it

        self._shown[key] = row.id
        self._edits.want(key, message_id, lambda _: screen, gone=gone, rows=[row])


async def _nothing() -> None:
    """Do nothing where there is nothing left to show."""
