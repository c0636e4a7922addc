"""The numbered steps between an intent and its stored fill, and the hook that lets a real process die at one of them.

Everything here but the table runs inside the victim, installed before the program is built; the program itself knows
nothing of it. Dying is a real SIGKILL: nothing after the step is run, written or sent.
"""

import functools
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

# name: what has just happened, or is about to
STEPS: dict[str, str] = {
    "decision.stored": "the rule's decision is on disk, its order is not",
    "press.taken": "a person's button is used up, its order is not on disk",
    "intent.before": "about to store an intent, with a stop's decision and lock",
    "intent.stored": "the intent is on disk, its rows are not, nothing is sent yet",
    "rows.open": "the rows that follow from an intent are written, not committed",
    "submit.before": "about to ask the broker",
    "submit.wire": "the order has left, its reply is not here",
    "submit.answered": "the reply is here, not on disk",
    "accepted.before": "about to store the broker's number",
    "accepted.stored": "the broker's number is on disk",
    "rejected.before": "about to store a refusal",
    "rejected.stored": "a refusal is on disk",
    "unknown.before": "about to store that nobody knows",
    "unknown.stored": "on disk as unknown",
    "notice.heard": "a notice has come in, nothing of it is on disk",
    "fill.before": "about to store a fill",
    "fill.stored": "the fill is on disk",
    "commit.open": "facts and their alerts are written, not committed",
    "amend.before": "about to ask for another price",
    "change.wire": "an amend or a cancel has left, its reply is not here",
    "amend.answered": "the amend's new number is here, not on disk",
    "amended.before": "about to store the new number",
    "amended.stored": "the new number is on disk",
    "cancel.before": "about to ask for a cancel",
    "cancel.answered": "the cancel is acknowledged, not on disk",
    "cancel_sent.before": "about to store that a cancel is on its way",
    "cancel_sent.stored": "on disk as being canceled",
    "canceled.before": "about to store the end by cancel",
    "canceled.stored": "the end by cancel is on disk",
    "inquiry.answered": "the broker's list is here, not applied",
    "external.before": "about to store an order made by hand",
    "external.stored": "an order made by hand is on disk",
    "lock.before": "a stop must clear the way first, its lock is not on disk",
    "lock.stored": "the lock of a stop is on disk, its order is not",
    "agreed.before": "about to store what broker and bot agree on",
    "agreed.stored": "broker and bot agree on disk",
    "alert.marked": "an alert is marked as being sent",
    "alert.wire": "an alert has left, its answer is not here",
    "alert.answered": "an alert is in the chat, not yet marked as done",
    "alert.done": "an alert is marked as done",
    "message.noted": "an order's living message is on disk, its alert is not marked as done",
}
NUMBERS = {name: number for number, name in enumerate(STEPS, start=1)}

TAG = "‹{row}›"
_row: ContextVar[int | None] = ContextVar("row", default=None)


class Victim:
    """Counts the steps of one life in a file that outlives it, and ends the life at the planned one."""

    def __init__(self, counts: Path, step: str | None, occurrence: int) -> None:
        self._file = os.open(counts, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._step = step
        self._occurrence = occurrence
        self._passed: Counter[str] = Counter()

    def reach(self, step: str) -> None:
        self._passed[step] += 1
        os.write(self._file, f"{NUMBERS[step]}\n".encode())
        if step == self._step and self._passed[step] == self._occurrence:
            os.kill(os.getpid(), signal.SIGKILL)

    def install(self) -> None:
        """Put a step before and after everything that outlives a process."""
        from aiogram import Bot  # noqa: PLC0415 - seconds to import, and needed in the victim only
        from aiohttp import ClientRequest  # noqa: PLC0415

        from kis.broker import KisBroker  # noqa: PLC0415
        from storage.orders.orders import OrderRepository  # noqa: PLC0415
        from storage.tables.agreements import AgreementRepository  # noqa: PLC0415
        from storage.tables.chat_messages import ChatMessageRepository  # noqa: PLC0415
        from storage.tables.decisions import DecisionRepository  # noqa: PLC0415
        from storage.tables.outbox import OutboxRepository  # noqa: PLC0415
        from storage.tables.tickets import TicketRepository  # noqa: PLC0415
        from strategy.execution.order_desk import LiveOrderDesk  # noqa: PLC0415

        self._around(OrderRepository, "send", "intent")
        self._around(OrderRepository, "add_external", "external")
        self._wrap(OrderRepository, "change", _change, _change)
        self._wrap(KisBroker, "submit", _named("submit.before"), _named("submit.answered"))
        self._wrap(KisBroker, "amend", _named("amend.before"), _named("amend.answered"))
        self._wrap(KisBroker, "cancel", _named("cancel.before"), _named("cancel.answered"))
        self._wrap(KisBroker, "orders", _nothing, _named("inquiry.answered"))
        self._wrap(DecisionRepository, "add", _decided, _decided)
        self._wrap(TicketRepository, "take", _nothing, _named("press.taken"))
        self._around(AgreementRepository, "keep", "agreed")
        self._open(OutboxRepository)
        self._follow()
        self._wrap(OutboxRepository, "mark_done", _named("alert.answered"), _named("alert.done"))
        self._wrap(ChatMessageRepository, "keep", _nothing, _order_message)
        self._wrap(ClientRequest, "write_bytes", _nothing, _left)
        self._hear(LiveOrderDesk)
        self._tag_alerts(OutboxRepository, Bot)

    def _around(self, owner: type[Any], method: str, name: str) -> None:
        self._wrap(owner, method, _named(f"{name}.before"), _named(f"{name}.stored"))

    def _wrap(self, owner: type[Any], method: str, before: "Namer", after: "Namer") -> None:
        """Reach a step before the method and one after it; a step is None where none is meant."""
        original: Callable[..., Awaitable[Any]] = getattr(owner, method)

        @functools.wraps(original)
        async def stepping(this: Any, *args: Any, **kwargs: Any) -> Any:
            if (step := before("before", this, args, kwargs)) is not None:
                self.reach(step)
            result = await original(this, *args, **kwargs)
            if (step := after("stored", this, args, kwargs)) is not None:
                self.reach(step)
            return result

        setattr(owner, method, stepping)

    def _open(self, outbox: type[Any]) -> None:
        """Reach a step in the database's thread: everything of a transaction is written, nothing is committed."""
        original = outbox.append

        def appending(this: Any, *args: Any) -> None:
            original(this, *args)
            self.reach("commit.open")

        outbox.append = appending

    def _follow(self) -> None:
        """Reach a step in the database's thread: the rows of an intent are written, not committed."""
        from storage.orders import order_intents  # noqa: PLC0415

        original = order_intents.follow

        def following(*args: Any) -> None:
            original(*args)
            self.reach("rows.open")

        order_intents.follow = following  # type: ignore[assignment]

    def _hear(self, desk: type[Any]) -> None:
        original = desk.on_notice

        def hearing(this: Any, notice: Any) -> None:
            original(this, notice)
            self.reach("notice.heard")

        desk.on_notice = hearing

    def _tag_alerts(self, outbox: type[Any], bot: type[Any]) -> None:
        """Write an alert's row number under its text, so that each message in the chat can be told from all others."""
        from aiogram.methods import SendMessage  # noqa: PLC0415

        mark, call = outbox.mark_sending, bot.__call__

        async def marking(this: Any, row_id: int, *args: Any, **kwargs: Any) -> None:
            await mark(this, row_id, *args, **kwargs)
            _row.set(row_id)
            self.reach("alert.marked")

        async def calling(this: Any, method: Any, *args: Any, **kwargs: Any) -> Any:
            row = _row.get()
            if row is not None and isinstance(method, SendMessage):
                method = method.model_copy(update={"text": f"{method.text}\n{TAG.format(row=row)}"})
            return await call(this, method, *args, **kwargs)

        outbox.mark_sending, bot.__call__ = marking, calling


Namer = Callable[[str, Any, tuple[Any, ...], dict[str, Any]], str | None]
_CHANGES = frozenset(name.partition(".")[0] for name in STEPS)


def _named(step: str) -> Namer:
    return lambda *_: step


def _nothing(*_: Any) -> None:
    return None


def _change(when: str, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Name a change of an order by what is new: a fill, a number from an amend, else the state."""
    if kwargs.get("fills"):
        return f"fill.{when}"
    if kwargs.get("venue_no") is not None and kwargs.get("limit_price") is not None:
        return f"amended.{when}"
    state = str(args[1].value)
    return f"{state}.{when}" if state in _CHANGES else None


def _decided(when: str, _: Any, __: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Name a decision stored by itself: a rule's, or a stop's with its lock."""
    if kwargs.get("lock") is not None:
        return f"lock.{when}"
    return "decision.stored" if when == "stored" else None


def _order_message(_: str, __: Any, args: tuple[Any, ...], ___: dict[str, Any]) -> str | None:
    return "message.noted" if args[1].startswith("order:") else None


def _left(_: str, request: Any, __: tuple[Any, ...], ___: dict[str, Any]) -> str | None:
    """Name a request whose last byte is on the wire."""
    path = str(request.url.path)
    ends = {
        "/trading/order": "submit.wire",
        "/trading/order-rvsecncl": "change.wire",
        "/sendMessage": "alert.wire" if _row.get() is not None else None,
    }
    return next((step for end, step in ends.items() if path.endswith(end)), None)
