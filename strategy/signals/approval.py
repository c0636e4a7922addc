"""Approval mode: one card per ticker while a person is asked, closed when it no longer holds (spec section 6).

What stands is kept in a note per ticker, stored in the transaction that tells it, so that after a restart a card is
still good or closed properly. A card lives on a person's clock; everything told carries market time. See decision 0040.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from strategy.market import latest
from strategy.model import (
    Clock,
    Decision,
    DecisionReason,
    Event,
    GateKey,
    OrderNo,
    Price,
    Proposal,
    ProposalClosed,
    Proposed,
    Side,
    Symbol,
    TradeMode,
    TradingError,
)
from strategy.ports import Notes, OrderJournal
from strategy.runtime import Activity, WorkQueue, wait_until_or
from strategy.runtime.confirmations import ANYBODY, Confirmations
from strategy.settings.schema import SettingsInForce
from strategy.signals.rules import BUY_SIGNAL, SELL_SIGNAL

log = logging.getLogger(__name__)

PROPOSAL = "proposal"
Ending = Literal["taken", "dismissed", "expired", "drifted", "changed"]
CardEnd = Literal["dismissed", "expired", "told"]
_QUIET: Mapping[CardEnd, DecisionReason] = {
    "dismissed": DecisionReason.DISMISSED,
    "expired": DecisionReason.UNANSWERED,
    "told": DecisionReason.TOLD,
}
_UNSTORED_PAUSE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSignal:
    """A signal the owner knows of: nothing more is said of it until it ends and comes anew."""

    side: Side
    how: CardEnd
    session_on: str  # New York date; a card nobody tapped is forgotten with its session


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerSignal:
    """What is remembered of one ticker. Prices are dollars."""

    card: Proposal | None = None
    last: Decimal | None = None  # the price the card was made at
    quiet: KnownSignal | None = None


_STANDING = TypeAdapter(TickerSignal)
_NOTHING = TickerSignal()


class Approval:
    """Knows the open cards and closes them; whether and what to order is not decided here."""

    def __init__(
        self,
        *,
        presses: Confirmations,
        orders: OrderJournal,
        settings: SettingsInForce,
        notes: Notes,
        clock: Clock,
        wall: Clock,
        activity: Activity,
    ) -> None:
        self._confirmations = presses
        self._orders = orders
        self._settings = settings
        self._notes = notes
        self._clock = clock
        self._wall = wall
        self._activity = activity
        self._standing: dict[Symbol, TickerSignal] = {}
        self._taking: set[str] = set()  # cards whose press is being carried out
        self._voided: set[str] = set()
        self._void: WorkQueue[Proposal] = WorkQueue(activity)
        self._bell = asyncio.Event()  # cards changed: the next expiry may be another
        self._turn = asyncio.Lock()

    async def load(self) -> None:
        """Read what stands, and close the cards that were answered or ran out meanwhile. Call once."""
        for symbol in self._settings.tickers:
            stored = await self._notes.get(_key(symbol))
            if stored:
                self._standing[symbol] = _read(stored)
        for card in self.open():
            if card.ticket is None or await self._confirmations.waiting(card.ticket):
                continue
            order = await self._orders.by_ticket(card.ticket)
            if order is not None:
                await self.close(card, "taken", order_no=order.no)
            else:
                await self.close(card, "expired" if self._ran_out(card) else "changed")

    # what others ask

    def open(self) -> Sequence[Proposal]:
        """Return the cards that wait for a tap."""
        return [one.card for _, one in sorted(self._standing.items()) if one.card is not None]

    def of(self, symbol: Symbol) -> Proposal | None:
        return self._standing.get(symbol, _NOTHING).card

    def holds(self, symbol: Symbol, side: Side) -> DecisionReason | None:
        """Return why nothing is to be done about a signal of that side, or None."""
        mode = self._settings.of(symbol).trade_mode
        standing = self._standing.get(symbol, _NOTHING)
        if mode is TradeMode.AUTO:
            return None
        if standing.card is not None:
            return DecisionReason.WAITING
        quiet = standing.quiet
        if quiet is None or quiet.side is not side or (quiet.how == "told" and mode is TradeMode.APPROVE):
            return None
        if quiet.how == "expired" and quiet.session_on != self._session_on():
            return None
        return _QUIET[quiet.how]

    def drifted(self, card: Proposal, last: Decimal) -> bool:
        """Return whether the price has moved further since the card was made than the card says it may. `last` is
        dollars."""
        made_at = self._standing.get(card.symbol, _NOTHING).last
        allowed = card.drift_pct or self._settings.of(card.symbol).approval_drift_pct
        return made_at is not None and abs(last - made_at) * 100 > made_at * allowed

    # what the checks tell

    async def propose(self, decision: Decision, side: Side) -> Proposal | None:
        """Ask a person about a stored decision, or (TRADE_MODE=signal) only tell it; None while a card is open."""
        symbol, price = decision.symbol, decision.limit_price
        settings = self._settings.of(symbol)
        if price is None or self.of(symbol) is not None:
            return None
        card = Proposal(
            id=secrets.token_urlsafe(12),
            symbol=symbol,
            side=side,
            qty=decision.qty,
            limit_price=price,
            decision=decision,
            ticket=None,
            expires_at=None,
            drift_pct=settings.approval_drift_pct,
        )
        if settings.trade_mode is TradeMode.SIGNAL:
            quiet = KnownSignal(side=side, how="told", session_on=self._session_on())
            await self._keep(symbol, TickerSignal(quiet=quiet), [Proposed(at=self._clock.now(), proposal=card)])
            return card
        lifetime = timedelta(minutes=settings.approval_min)
        payload = {"card": card.id, "symbol": str(symbol)}
        ticket = await self._confirmations.issue(PROPOSAL, ANYBODY, payload, {}, lifetime=lifetime)
        card = replace(card, ticket=ticket.id, expires_at=ticket.expires_at)
        standing = TickerSignal(card=card, last=decision.last or price)
        await self._keep(symbol, standing, [Proposed(at=self._clock.now(), proposal=card)])
        return card

    async def follow(self, decision: Decision) -> None:
        """Close the card of a ticker whose check says that its signal has gone or may not be traded any more."""
        symbol = decision.symbol
        standing = self._standing.get(symbol, _NOTHING)
        if standing.quiet is not None and _gone(decision, standing.quiet.side):
            await self._forget_quiet(symbol)
        card = standing.card
        if card is None:
            return
        asks = self._settings.of(symbol).trade_mode is TradeMode.APPROVE
        both = decision.reason is DecisionReason.BOTH_SIGNALS
        if not asks or both or _gone(decision, card.side) or _forbidden(decision, card):
            await self.close(card, "changed")
        elif decision.last is not None and self.drifted(card, decision.last):
            await self.close(card, "drifted")

    def on_price(self, price: Price) -> None:
        """Compare a price with the card of its ticker; called from the stream's reader, so nothing here awaits."""
        standing = self._standing.get(price.symbol)
        if standing is None or standing.card is None or standing.card.id in self._voided:
            return
        if self.drifted(standing.card, price.last):
            self._voided.add(standing.card.id)
            self._void.put(standing.card)

    async def end_session(self) -> None:
        """Close the cards of a session whose checks are over: they could not be carried out any more."""
        for card in self.open():
            await self.close(card, "expired")

    # presses

    @contextmanager
    def taking(self, card_id: str, symbol: Symbol) -> Iterator[Proposal | None]:
        """Hand out an open card to be carried out; nothing else closes it while the block runs."""
        card = self.of(symbol)
        if card is None or card.id != card_id:
            yield None
            return
        self._taking.add(card.id)
        try:
            yield card
        finally:
            self._taking.discard(card.id)
            self._bell.set()

    async def close(
        self, card: Proposal, how: Ending, *, order_no: OrderNo | None = None, by_press: bool = False
    ) -> bool:
        """Close a card and tell how; False when it is closed already or its press is being carried out."""
        async with self._turn:
            if self.of(card.symbol) != card or (card.id in self._taking and not by_press):
                return False
            quiet = None
            if how in ("dismissed", "expired"):
                answer: CardEnd = "dismissed" if how == "dismissed" else "expired"
                quiet = KnownSignal(side=card.side, how=answer, session_on=self._session_on())
            closed = ProposalClosed(at=self._clock.now(), proposal=card, how=how, order_no=order_no)
            await self._keep(card.symbol, TickerSignal(quiet=quiet), [closed])
            self._voided.discard(card.id)
            return True

    async def drop(self, symbol: Symbol) -> None:
        """Let go of a ticker that is not watched any more."""
        card = self.of(symbol)
        if card is not None:
            await self.close(card, "changed")
        await self._forget_quiet(symbol)

    # running

    async def run(self) -> None:
        """Close what runs out or drifts, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._expire(), name="proposals: expiry")
            group.create_task(self._void_drifted(), name="proposals: drift")

    async def _expire(self) -> None:
        while True:
            self._bell.clear()
            ends = [card.expires_at for card in self.open() if card.expires_at and card.id not in self._taking]
            await wait_until_or(self._wall, min(ends, default=None), self._bell)
            with self._activity():
                closed = [await self._close_safely(one, "expired") for one in self.open() if self._ran_out(one)]
            if not all(closed):
                await self._wall.sleep(_UNSTORED_PAUSE_S)

    async def _void_drifted(self) -> None:
        while True:
            await self._void.wait()
            with self._void.take() as card:
                await self._close_safely(card, "drifted")
                self._voided.discard(card.id)

    async def _close_safely(self, card: Proposal, how: Ending) -> bool:
        try:
            await self.close(card, how)
        except TradingError:
            log.exception("a proposal could not be closed; it is tried again", extra={"symbol": str(card.symbol)})
            return False
        return True

    # inside

    def _ran_out(self, card: Proposal) -> bool:
        return card.expires_at is not None and self._wall.now() >= card.expires_at

    def _session_on(self) -> str:
        return latest(self._clock.now()).on.isoformat()

    async def _forget_quiet(self, symbol: Symbol) -> None:
        async with self._turn:
            standing = self._standing.get(symbol, _NOTHING)
            if standing.quiet is not None:
                await self._keep(symbol, replace(standing, quiet=None), [])

    async def _keep(self, symbol: Symbol, standing: TickerSignal, events: Sequence[Event]) -> None:
        await self._notes.put(_key(symbol), _STANDING.dump_json(standing).decode(), events)
        self._standing[symbol] = standing
        self._bell.set()


def _read(stored: str) -> TickerSignal:
    """Read what stands; what another version wrote and this one cannot read stands no more."""
    try:
        return _STANDING.validate_json(stored)
    except ValidationError:
        log.exception("a stored proposal cannot be read; it is void")
        return _NOTHING


def _key(symbol: Symbol) -> str:
    return f"approval:{symbol}"


def _gone(decision: Decision, side: Side) -> bool:
    """Return whether the signal of that side has certainly ended; what is not known does not end it."""
    keys = BUY_SIGNAL if side is Side.BUY else SELL_SIGNAL
    return any(gate.passed is False for gate in decision.gates if gate.side == side.value and gate.key in keys)


def _forbidden(decision: Decision, card: Proposal) -> bool:
    """Return whether a person or a stop has forbidden what the card offers."""
    return any(
        gate.passed is False
        for gate in decision.gates
        if gate.side == card.side.value and gate.key in (GateKey.MODE, GateKey.LOCK)
    )
