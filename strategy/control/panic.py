"""The panic as a person asks for it: what it would do, then one confirmed press (spec section 6)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from strategy.execution.interface import OrderDesk
from strategy.market import MarketData, current, next_open
from strategy.model import (
    BrokerError,
    Clock,
    ModeChanged,
    Outcome,
    OutcomeKind,
    PanicLine,
    PanicPreview,
    Position,
    Said,
    SaleEnd,
    Symbol,
    Ticket,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.risk.mode_store import ModeStore
from strategy.runtime.confirmations import Confirmations, Confirmed, changed
from strategy.settings.schema import SettingsInForce


class PanicNote(StrEnum):
    NEVER_ARMED = "panic.never_armed"
    NOTHING_THERE = "panic.nothing_there"
    BEGUN = "panic.begun"
    UNDER_WAY = "panic.under_way"


PANIC = "panic"
_ACCOUNT_AGE_S = 5


class PanicStart(Protocol):
    @property
    def job(self) -> object | None:
        """Return the panic at work."""

    async def start(self, *, asked_by: int, everything: bool, shares: Mapping[Symbol, int]) -> bool:
        """Set it off; False when one is at work already. Raises StorageError, with nothing begun."""


class PanicPress:
    """Shows what would be canceled and sold, and sets the panic off."""

    def __init__(
        self,
        *,
        panic: PanicStart,
        desk: OrderDesk,
        watch: MarketData,
        account_sync: AccountSync,
        positions: Positions,
        modes: ModeStore,
        settings: SettingsInForce,
        presses: Confirmations,
        clock: Clock,
    ) -> None:
        self._panic = panic
        self._desk = desk
        self._watch = watch
        self._account_sync = account_sync
        self._positions = positions
        self._modes = modes
        self._settings = settings
        self._confirmations = presses
        self._clock = clock
        presses.register(PANIC, self)

    async def preview(self, user_id: int) -> PanicPreview:
        """Show every open order and position of the account, whatever POSITION_SCOPE says of the rules."""
        refusals: list[Said] = []
        try:
            await self._account_sync.take("asked", max_age_s=_ACCOUNT_AGE_S)
        except BrokerError as error:
            if not self._positions.known:
                refusals.append(error.user_message)
        held = self._held()
        orders = tuple(self._desk.open)
        market_open = current(self._clock.now()) is not None
        if not self._modes.may_protect:
            refusals.append(Said(PanicNote.NEVER_ARMED))
        if not held and not orders and not refusals:
            refusals.append(Said(PanicNote.NOTHING_THERE))
        everything = watched = None
        if not refusals:
            everything = await self._ticket(user_id, held, everything=True)
            ours = self._chosen(held, everything=False)
            if ours and len(ours) < len(held):
                watched = await self._ticket(user_id, held, everything=False)
        prices = [self._last(position) for position in held]
        values = [price * position.qty for price, position in zip(prices, held, strict=True) if price is not None]
        return PanicPreview(
            orders=orders,
            lines=tuple(self._line(position, market_open=market_open) for position in held),
            value=sum(values, Decimal(0)) if len(values) == len(held) else None,
            market_open=market_open,
            next_open=next_open(self._clock.now()),
            refusals=tuple(refusals),
            ticket_all=everything.id if everything else None,
            ticket_watched=watched.id if watched else None,
            expires_at=everything.expires_at if everything else None,
        )

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Set it off, unless it would sell more than was shown; one at work already is joined."""
        if self._panic.job is not None:
            return _joined()
        everything = bool(press.payload["everything"])
        shares = self._chosen(self._held(), everything=everything)
        shown = press.fingerprint["shares"]
        if any(qty > shown.get(str(symbol), 0) for symbol, qty in shares.items()):
            return changed()
        before = self._modes.chosen()
        if not await self._panic.start(asked_by=press.user_id, everything=everything, shares=shares):
            return _joined()
        after = self._modes.chosen()
        told = (
            ()
            if after == before or after.reason != "panic"
            else (ModeChanged(at=after.set_at, state=after, previous=before),)
        )
        return Outcome(
            kind=OutcomeKind.DONE,
            text=Said(PanicNote.BEGUN),
            news=told,
        )

    async def _ticket(self, user_id: int, held: Sequence[Position], *, everything: bool) -> Ticket:
        shares = self._chosen(held, everything=everything)
        return await self._confirmations.issue(
            PANIC,
            user_id,
            {"everything": everything},
            {"shares": {str(symbol): qty for symbol, qty in shares.items()}},
        )

    def _held(self) -> list[Position]:
        return [position for symbol in self._positions.held() if (position := self._positions.of(symbol))]

    def _chosen(self, held: Sequence[Position], *, everything: bool) -> dict[Symbol, int]:
        watched = set(self._settings.tickers)
        return {one.symbol: one.qty for one in held if everything or one.symbol in watched}

    def _line(self, position: Position, *, market_open: bool) -> PanicLine:
        return PanicLine(
            symbol=position.symbol,
            watched=position.symbol in self._settings.tickers,
            qty=position.qty,
            last=self._last(position),
            reason=SaleEnd.GOING_ON if market_open else SaleEnd.CLOSED,
        )

    def _last(self, position: Position) -> Decimal | None:
        quote = self._watch.latest(position.symbol)
        return quote.last if quote else position.last


def _joined() -> Outcome:
    return Outcome(
        kind=OutcomeKind.DONE,
        text=Said(PanicNote.UNDER_WAY),
    )
