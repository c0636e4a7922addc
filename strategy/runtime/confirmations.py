"""Confirm buttons: issued with what they stand for, pressed at most once ever.

A person's time runs on the wall clock, whatever the market's clock does. The ticket is taken before anything is
checked again, so that of any number of presses one acts and the others are told so. See decision 0044.
"""

import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol

from strategy.model import SMALL, Clock, Outcome, OutcomeKind, Said, Ticket
from strategy.ports import OrderJournal, Tickets
from strategy.runtime.in_flight import Activity

log = logging.getLogger(__name__)


class ButtonNote(StrEnum):
    DISMISSED = "button.dismissed"
    NOT_YOURS = "button.not_yours"
    USED = "button.used"
    USED_FOR_ORDER = "button.used_for_order"
    EXPIRED = "button.expired"
    CHANGED = "button.changed"


LIFETIME = timedelta(seconds=60)
ANYBODY = 0  # a ticket of this user may be pressed by anybody; who may trade is checked where presses come in


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A press that won: what the button stood for."""

    ticket_id: str
    user_id: int
    payload: Mapping[str, Any]
    fingerprint: Mapping[str, Any]


class ConfirmHandler(Protocol):
    """What one kind of button does."""

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Check again against the fingerprint, then act."""

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:
        """Return why this press does not count yet (a word that must be typed), or None."""


LetGo = Callable[[Confirmed], Awaitable[Outcome]]
OfOwners = Callable[[Mapping[str, Any]], bool]  # asked with the payload of a ticket


def every(_: Mapping[str, Any]) -> bool:
    """Return that each button of an action is for owners only."""
    return True


class Confirmations:
    """Issues tickets and lets each act once."""

    def __init__(self, *, tickets: Tickets, orders: OrderJournal, wall: Clock, activity: Activity) -> None:
        self._tickets = tickets
        self._orders = orders
        self._wall = wall
        self._activity = activity
        self._actions: dict[str, ConfirmHandler] = {}
        self._let_go: dict[str, LetGo] = {}
        self._of_owners: dict[str, OfOwners] = {}

    def register(
        self, name: str, action: ConfirmHandler, *, let_go: LetGo | None = None, of_owners: OfOwners | None = None
    ) -> None:
        """Say what buttons of that name do, what to do when one is dismissed (by default nothing), and which only an
        owner may press (by default none)."""
        self._actions[name] = action
        if of_owners is not None:
            self._of_owners[name] = of_owners
        if let_go is not None:
            self._let_go[name] = let_go

    async def issue(
        self,
        name: str,
        user_id: int,
        payload: Mapping[str, Any],
        fingerprint: Mapping[str, Any],
        *,
        lifetime: timedelta = LIFETIME,
    ) -> Ticket:
        """Store a ticket for that long in real time; payload and fingerprint hold what JSON can."""
        now = self._wall.now()
        ticket = Ticket(
            id=secrets.token_urlsafe(12),
            action=name,
            payload=json.dumps(payload),
            fingerprint=json.dumps(fingerprint),
            user_id=user_id,
            created_at=now,
            expires_at=now + lifetime,
        )
        await self._tickets.add(ticket)
        return ticket

    async def waiting(self, ticket_id: str) -> bool:
        """Return whether a button can still be pressed."""
        ticket = await self._tickets.get(ticket_id)
        return ticket is not None and ticket.used_at is None and not self._expired(ticket)

    async def for_owners(self, ticket_id: str) -> bool:
        """Return whether only an owner may press a button: its asker may have become less since it was shown."""
        ticket = await self._tickets.get(ticket_id)
        of_owners = None if ticket is None else self._of_owners.get(ticket.action)
        return ticket is not None and of_owners is not None and of_owners(json.loads(ticket.payload))

    async def terms(self, ticket_id: str, user_id: int) -> Mapping[str, Any] | None:
        """Return what a button of this person stood for, to be previewed anew; None for one that is not known."""
        ticket = await self._tickets.get(ticket_id)
        return None if ticket is None or ticket.user_id != user_id else json.loads(ticket.payload)

    async def confirm(self, ticket_id: str, user_id: int, *, typed: str = "") -> Outcome:
        """Carry out what a button stands for, at most once ever."""
        ticket = await self._tickets.get(ticket_id)
        refused = await self._stands(ticket, user_id)
        if refused is not None or ticket is None:
            return refused or _expired()
        action = self._actions.get(ticket.action)
        if action is None:
            return _expired()
        payload = json.loads(ticket.payload)
        word = action.refuse(payload, typed)
        if word is not None:
            return Outcome(kind=OutcomeKind.DENIED, text=word)
        with self._activity():
            if not await self._tickets.take(ticket_id, self._wall.now()):
                return await self._used(ticket)
            done = await action.carry_out(_press(ticket, user_id))
        return replace(done, again=(ticket.action, ticket.id)) if done.kind is OutcomeKind.CHANGED else done

    async def dismiss(self, ticket_id: str, user_id: int) -> Outcome:
        """Use a ticket up without doing anything."""
        ticket = await self._tickets.get(ticket_id)
        refused = await self._stands(ticket, user_id)
        if refused is not None or ticket is None:
            return refused or _expired()
        with self._activity():
            if not await self._tickets.take(ticket_id, self._wall.now()):
                return await self._used(ticket)
            let_go = self._let_go.get(ticket.action)
            if let_go is not None:
                return await let_go(_press(ticket, user_id))
        return Outcome(kind=OutcomeKind.LEFT, text=Said(ButtonNote.DISMISSED))

    async def _stands(self, ticket: Ticket | None, user_id: int) -> Outcome | None:
        """Return why a press does not count, or None."""
        if ticket is None:
            return _expired()
        if ticket.user_id not in (user_id, ANYBODY):
            log.warning("a button was pressed by someone else", extra={"user": user_id, "action": ticket.action})
            return Outcome(
                kind=OutcomeKind.NOT_YOURS,
                text=Said(ButtonNote.NOT_YOURS),
            )
        if ticket.used_at is not None:
            return await self._used(ticket)
        return _expired(ticket) if self._expired(ticket) else None

    def _expired(self, ticket: Ticket) -> bool:
        """Return whether a button's time is over; one from the future is from before the clock was put back."""
        return not ticket.created_at - SMALL <= self._wall.now() < ticket.expires_at

    async def _used(self, ticket: Ticket) -> Outcome:
        root = json.loads(ticket.payload).get("root", ticket.id)
        order = await self._orders.by_ticket(root)
        if order is None:
            return Outcome(
                kind=OutcomeKind.USED,
                text=Said(ButtonNote.USED),
            )
        return Outcome(
            kind=OutcomeKind.USED,
            text=Said(ButtonNote.USED_FOR_ORDER, order=order.no),
            order=order,
            order_nos=(order.no,),
        )


def _press(ticket: Ticket, user_id: int) -> Confirmed:
    return Confirmed(
        ticket_id=ticket.id,
        user_id=user_id,
        payload=json.loads(ticket.payload),
        fingerprint=json.loads(ticket.fingerprint),
    )


def _expired(ticket: Ticket | None = None) -> Outcome:
    return Outcome(
        kind=OutcomeKind.EXPIRED,
        text=Said(ButtonNote.EXPIRED),
        again=None if ticket is None else (ticket.action, ticket.id),
    )


def changed() -> Outcome:
    """Return the answer to a press whose preview no longer holds."""
    return Outcome(
        kind=OutcomeKind.CHANGED,
        text=Said(ButtonNote.CHANGED),
    )
