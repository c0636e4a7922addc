"""Changing a working order from the chat: previewed, then one confirmed press (kis-protocol 3.2). See decision 0045."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from strategy.control.order_checks import OrderMeans
from strategy.control.order_queries import joined
from strategy.execution.interface import OrderDesk
from strategy.market import MarketData
from strategy.model import (
    AmendPreview,
    BrokerError,
    InvalidInput,
    InvalidOrder,
    NotPermitted,
    Order,
    OrderNo,
    OrderStatus,
    Origin,
    Outcome,
    OutcomeKind,
    Refusal,
    Said,
    Side,
    cents,
    on_tick,
)
from strategy.risk.permissions import Permissions
from strategy.risk.sizing import buy_cost
from strategy.runtime.confirmations import Confirmations, Confirmed, changed
from strategy.settings.schema import SettingsInForce


class AmendNote(StrEnum):
    NOT_CHANGED = "amend.not_changed"
    NOT_OPEN = "amend.not_open"
    NOTHING_GIVEN = "amend.nothing_given"
    ONLY_FEWER = "amend.only_fewer"
    OFF_TICK = "amend.off_tick"
    QUESTION = "amend.question"
    ENDED = "amend.ended"
    NO_ANSWER = "amend.no_answer"
    DONE = "amend.done"
    BEING_LOOKED_UP = "amend.being_looked_up"
    BEING_CANCELED = "amend.being_canceled"
    NOT_ACCEPTED = "amend.not_accepted"
    BY_HAND = "amend.by_hand"
    BY_THE_BOT = "amend.by_the_bot"
    NOTHING_CHANGES = "amend.nothing_changes"
    SHORT_OF_CASH = "amend.short_of_cash"


AMEND = "amend"
_WORKING = frozenset({OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED})


@dataclass(slots=True, kw_only=True)
class _Change:
    """One change under examination."""

    order: Order
    qty: int
    limit_price: Decimal
    last: Decimal | None = None
    caps: tuple[Refusal, ...] = ()
    warnings: list[Said] = field(default_factory=list)
    refusals: list[Said] = field(default_factory=list)

    @property
    def extra(self) -> Decimal:
        """Return the dollars it ties up beyond what the order does now; below zero when it frees some."""
        return self.limit_price * self.qty - self.order.limit_price * self.order.open_qty

    @property
    def fingerprint(self) -> dict[str, Any]:
        order = self.order
        return {"status": order.status.value, "open": order.open_qty, "price": str(order.limit_price)}

    def refuse(self, said: Said) -> None:
        self.refusals.append(said)


class Amends:
    """Changes orders of a person: placed from the chat, or by hand and adopted. The bot's own it changes by itself."""

    def __init__(
        self,
        *,
        means: OrderMeans,
        desk: OrderDesk,
        watch: MarketData,
        permissions: Permissions,
        settings: SettingsInForce,
        sizing_lock: asyncio.Lock,
        presses: Confirmations,
    ) -> None:
        """`sizing_lock` is held while an order is judged and sent, so that no two count on the same means."""
        self._means = means
        self._desk = desk
        self._watch = watch
        self._permissions = permissions
        self._sizing_lock = sizing_lock
        self._settings = settings
        self._confirmations = presses
        presses.register(AMEND, self)

    async def preview(self, user_id: int, no: OrderNo, *, qty: int | None, price: Decimal | None) -> AmendPreview:
        """Show what a change would do; raise InvalidInput for an order, quantity or price that cannot be. The quantity
        is in whole shares, the price in dollars."""
        order = self._order(no)
        _check_typed(order, qty, price)
        change = await self._examine(order, order.open_qty if qty is None else qty, price or order.limit_price)
        ticket = None
        if not change.refusals:
            payload = {
                "order": int(no),
                "qty": change.qty,
                "price": str(change.limit_price),
                "confirmed": [],
            }
            ticket = await self._confirmations.issue(AMEND, user_id, payload, change.fingerprint)
        return AmendPreview(
            order=order,
            qty=change.qty,
            limit_price=change.limit_price,
            last=change.last,
            cost=change.limit_price * change.qty,
            warnings=(*change.warnings, *(refusal.said for refusal in change.caps)),
            refusals=tuple(change.refusals),
            needs_second_confirm=bool(change.caps),
            ticket=ticket.id if ticket else None,
            expires_at=ticket.expires_at if ticket else None,
        )

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Check everything again and ask the broker once, or ask the person again where it breaks a cap."""
        payload = press.payload
        no, qty, price = OrderNo(payload["order"]), int(payload["qty"]), Decimal(payload["price"])
        async with self._sizing_lock:
            order = next((one for one in self._desk.open if one.no == no), None)
            if order is None:
                return changed()
            change = await self._examine(order, qty, price)
            if dict(press.fingerprint) != change.fingerprint:
                return changed()
            if change.refusals:
                return Outcome(kind=OutcomeKind.DENIED, text=joined(change.refusals), order=order)
            broken = [refusal.cap for refusal in change.caps]
            if not set(broken) <= set(payload["confirmed"]):
                again = {**payload, "confirmed": broken}
                ticket = await self._confirmations.issue(AMEND, press.user_id, again, change.fingerprint)
                return Outcome(
                    kind=OutcomeKind.SECOND_CONFIRM,
                    text=joined([_named(change), *(refusal.said for refusal in change.caps)]),
                    next_ticket=ticket.id,
                )
            return await self._amend(change)

    async def _amend(self, change: _Change) -> Outcome:
        order = change.order
        fewer = None if change.qty == order.open_qty else change.qty
        dearer = None if change.limit_price == order.limit_price else change.limit_price
        try:
            after = await self._desk.amend(order.no, qty=fewer, limit_price=dearer)
        except InvalidOrder:
            return changed()
        except NotPermitted as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message, order=order, order_nos=(order.no,))
        except BrokerError as error:
            said = error.user_message
            text = Said(AmendNote.NOT_CHANGED, order=order.no, why=said)
            return Outcome(kind=OutcomeKind.REJECTED, text=text, order=order, order_nos=(order.no,))
        return _outcome(after, change)

    def _order(self, no: OrderNo) -> Order:
        order = next((one for one in self._desk.open if one.no == no), None)
        if order is None:
            raise InvalidInput(
                f"order {no} is not open",
                user_message=Said(AmendNote.NOT_OPEN, order=no),
            )
        return order

    async def _examine(self, order: Order, qty: int, price: Decimal) -> _Change:
        change = _Change(order=order, qty=qty, limit_price=price)
        quote = self._watch.latest(order.request.symbol)
        change.last = quote.last if quote else None
        self._may(change)
        if order.request.side is Side.BUY and change.extra > 0 and not change.refusals:
            await self._affordable(change)
            await self._caps(change)
            if not change.refusals:
                self._may(change)  # a stop or a person may have been faster than the broker's answers
        return change

    def _may(self, change: _Change) -> None:
        """Add what the order's state and owner, and the permissions of a person, say."""
        order, symbol = change.order, change.order.request.symbol
        if order.status is OrderStatus.UNKNOWN:
            change.refuse(
                Said(AmendNote.BEING_LOOKED_UP),
            )
        elif order.status is OrderStatus.CANCEL_SENT:
            change.refuse(Said(AmendNote.BEING_CANCELED))
        elif order.status not in _WORKING:
            change.refuse(Said(AmendNote.NOT_ACCEPTED))
        if not order.ours:
            change.refuse(
                Said(AmendNote.BY_HAND),
            )
        elif order.request.origin not in (Origin.MANUAL, Origin.EXTERNAL):
            change.refuse(
                Said(AmendNote.BY_THE_BOT),
            )
        found = self._permissions.person(symbol, order.request.side, more=change.extra > 0)
        change.refusals.extend(forbidden.text for forbidden in found)
        if change.qty == order.open_qty and change.limit_price == order.limit_price:
            change.refuse(Said(AmendNote.NOTHING_CHANGES))

    async def _affordable(self, change: _Change) -> None:
        symbol = change.order.request.symbol
        try:
            await self._means.sync(Side.BUY)
            power = await self._means.power(symbol, change.limit_price)
        except BrokerError as error:
            change.refusals.append(error.user_message)
            return
        need = cents(buy_cost(change.extra, 1, self._settings.of(symbol).commission_pct))
        if need > power.cash:
            change.refuse(
                Said(AmendNote.SHORT_OF_CASH, needed=need, available=cents(power.cash)),
            )

    async def _caps(self, change: _Change) -> None:
        """Keep the caps that a second press may override."""
        broken = await self._means.broken_by_change(change.order, change.qty, change.limit_price)
        change.refusals.extend(broken.refusals)
        change.caps = broken.overridable


def _check_typed(order: Order, qty: int | None, price: Decimal | None) -> None:
    if qty is None and price is None:
        said = Said(AmendNote.NOTHING_GIVEN, order=order.no)
        raise InvalidInput("nothing to change", user_message=said)
    if qty is not None and not 0 < qty <= order.open_qty:
        said = Said(AmendNote.ONLY_FEWER, open=order.open_qty)
        raise InvalidInput("quantity out of range", user_message=said)
    if price is not None and not on_tick(price):
        said = Said(AmendNote.OFF_TICK, price=price)
        raise InvalidInput("price is not on the tick", user_message=said)


def _named(change: _Change) -> Said:
    """Return which change is meant, since the question takes the place of its preview."""
    ticker, cost = change.order.request.symbol.ticker, change.limit_price * change.qty
    return Said(
        AmendNote.QUESTION, order=change.order.no, qty=change.qty, ticker=ticker, price=change.limit_price, cost=cost
    )


def _outcome(after: Order, change: _Change) -> Outcome:
    if after.status.closed:
        kind, text = (
            OutcomeKind.CHANGED,
            Said(AmendNote.ENDED, order=after.no),
        )
    elif after.status is OrderStatus.UNKNOWN:
        kind, text = (
            OutcomeKind.UNKNOWN,
            Said(AmendNote.NO_ANSWER, order=after.no),
        )
    else:
        kind, text = (
            OutcomeKind.DONE,
            Said(AmendNote.DONE, order=after.no, qty=after.open_qty, price=change.limit_price),
        )
    return Outcome(kind=kind, text=text, order=after, order_nos=(after.no,))
