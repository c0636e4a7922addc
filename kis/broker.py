"""The account at KIS as the core's `Broker`."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from kis.auth.account_number import AccountNumber
from kis.calls import account as accounts_api
from kis.calls import executions as executions_api
from kis.calls import orders as orders_api
from kis.calls.order_folding import fold
from kis.calls.orders import Acknowledgement
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import FieldFault, KisData, KisError, KisInput, KisRefused
from kis.rest.causes import Cause
from kis.rest.codes import CODES, cause_of
from kis.symbols import SymbolBook
from strategy.model import (
    Acceptance,
    BuyingPower,
    Clock,
    Deposit,
    Holdings,
    InvalidInput,
    OrderList,
    OrderRejected,
    OrderRequest,
    Said,
    Side,
    Symbol,
    VenueNo,
    cents,
    new_york,
)

log = logging.getLogger("kis.broker")


class AccountNote(StrEnum):
    SHORT_OF_CASH = "account.short_of_cash"
    UNREADABLE = "account.unreadable"
    ORDERS = "account.orders"
    HOLDINGS = "account.holdings"
    BUYING_POWER = "account.buying_power"
    DEPOSIT = "account.deposit"


_EXPLAIN_S = 5.0
_DAY = timedelta(days=1)
_ASK_AGAIN = timedelta(hours=1)
BuyingPowerMode = Literal["foreign", "integrated"]


class KisBroker:
    """Submits, amends and cancels once; reads are repeated by the layers below. Implements `strategy.ports.Broker`."""

    def __init__(
        self,
        http: KisHttp,
        account: AccountNumber,
        clock: Clock,
        book: SymbolBook,
        buying_power: BuyingPowerMode = "foreign",
    ) -> None:
        self._http = http
        self._account = account
        self._clock = clock
        self._book = book
        self._mode = buying_power
        self._no_deposit_before: datetime | None = None

    @property
    def clock_ahead(self) -> timedelta | None:
        """How far KIS's clock is ahead of this machine's; a simulator's market time is its own on both sides."""
        return self._http.transport.clock_skew

    async def submit(self, request: OrderRequest) -> Acceptance:
        """Send an order once.

        Raise OrderRejected, OutcomeUnknown (look it up, never resend), TryLater (certainly not placed) or BrokerFault.
        """
        self._book.learn(request.symbol)
        try:
            taken = await orders_api.place(
                self._http,
                self._account,
                request.symbol,
                request.side,
                qty=request.qty,
                price=request.limit_price,
                order_type=request.order_type,
            )
        except KisInput as error:
            raise _denied(error) from error
        except KisRefused as error:
            await self._explain(error, request)
            raise
        return self._acceptance(taken)

    async def amend(self, symbol: Symbol, venue_no: VenueNo, qty: int, limit_price: Decimal) -> Acceptance:
        """Change the open quantity and price, once; the acceptance carries a new number. Raises as `submit` does. Whole
        shares, dollars on the tick."""
        self._book.learn(symbol)
        try:
            taken = await orders_api.amend(self._http, self._account, symbol, venue_no, qty=qty, price=limit_price)
        except KisInput as error:
            raise _denied(error) from error
        return self._acceptance(taken)

    async def cancel(self, symbol: Symbol, venue_no: VenueNo, qty: int) -> Acceptance:
        """Ask once to cancel the open quantity. Raises as `submit` does. Whole shares."""
        self._book.learn(symbol)
        return self._acceptance(await orders_api.cancel(self._http, self._account, symbol, venue_no, qty=qty))

    async def orders(self, since: date, until: date) -> OrderList:
        """Return every order of those New York dates, siblings folded, oldest first. Raise TryLater or BrokerFault."""
        with _account_answer(_ORDERS):
            listed = await executions_api.executions(self._http, self._account, self._book, since, until)
        return OrderList(fold(listed.rows), listed.unread)

    async def open_orders(self) -> OrderList:
        """Return the working orders.

        Virtual has no list of open orders (quirk 6); there, and where an order was amended, the list of orders and
        fills answers, so that both environments tell the same of the same orders.
        """
        if self._http.environment.offers(Endpoint.OPEN_ORDERS):
            with _account_answer(_ORDERS):
                listed = await executions_api.open_rows(self._http, self._account, self._book)
            if all(row.original_no is None for row in listed.rows):
                return _working(OrderList(fold(listed.rows), listed.unread))
        today = new_york(self._clock.now()).date()
        # an evening in New York already belongs to the next trading date's day market (8.2)
        return _working(await self.orders(today - _DAY, today + _DAY))

    async def deposit(self) -> Deposit | None:
        """Return the account's dollars (3.11); None where the answer has no row of dollars, as virtual may (quirk 11).

        Once it had none, virtual is not asked again for an hour: it has one call a second.
        """
        now = self._clock.now()
        if self._no_deposit_before is not None and now < self._no_deposit_before:
            return None
        with _account_answer(_DEPOSIT):
            found = await accounts_api.deposit(self._http, self._account)
        if found is None:
            self._no_deposit_before = now + _ASK_AGAIN if self._http.environment.exchanges_apart else None
            return None
        return Deposit(cash=found.deposit, fx_rate=found.first_rate)

    async def holdings(self) -> Holdings:
        """Return the positions of all three exchanges; cash comes from `deposit` (quirk 11)."""
        with _account_answer(_HOLDINGS):
            held = await accounts_api.positions(self._http, self._account, self._book)
        return Holdings(
            positions=tuple(held.positions.values()),
            cash=None,
            fx_rate=None,
            taken_at=self._clock.now(),
            unread=tuple(held.unread),
        )

    async def buying_power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        """Return what can be bought at that price by KIS's own rule (3.12). The price is in dollars."""
        self._book.learn(symbol)
        with _account_answer(_BUYING_POWER):
            buyable = await accounts_api.buyable(self._http, self._account, symbol, price)
        integrated = self._mode == "integrated"
        return BuyingPower(
            symbol=symbol,
            price=price,
            cash=buyable.integrated_amount if integrated else buyable.foreign_amount,
            max_qty=buyable.integrated_qty if integrated else buyable.foreign_qty,
            fx_rate=buyable.fx_rate,
            free=buyable.foreign_cash,
        )

    def _acceptance(self, taken: Acknowledgement) -> Acceptance:
        return Acceptance(venue_no=taken.venue_no, accepted_at=self._clock.now())

    async def _explain(self, error: KisRefused, request: OrderRequest) -> None:
        """Add needed and available amounts to a refusal for lack of cash (row S112), if KIS tells them in time."""
        known = CODES.get(error.code)
        if known is None or request.side is not Side.BUY or request.limit_price <= 0:
            return
        if cause_of(error.code, known.cause, str(error)) is not Cause.CASH:
            return
        with suppress(KisError, TimeoutError):
            async with asyncio.timeout(_EXPLAIN_S):
                power = await self.buying_power(request.symbol, request.limit_price)
            needed, there = cents(request.limit_price * request.qty), cents(power.cash)
            error.user_message = Said(
                AccountNote.SHORT_OF_CASH,
                refusal=error.user_message,
                needed=needed,
                available=there,
                max_qty=power.max_qty,
            )


def _working(orders: OrderList) -> OrderList:
    return OrderList((order for order in orders if order.open_qty > 0), orders.unread)


@contextmanager
def _account_answer(what: Said) -> Iterator[None]:
    """Say of an answer about the account that cannot be read which one it was; a price is no part of it."""
    try:
        yield
    except KisData as error:
        field = f" ({error.field})" if isinstance(error, FieldFault) else ""
        error.user_message = Said(AccountNote.UNREADABLE, what=what, field=field)
        raise


_ORDERS = Said(AccountNote.ORDERS)
_HOLDINGS = Said(AccountNote.HOLDINGS)
_BUYING_POWER = Said(AccountNote.BUYING_POWER)
_DEPOSIT = Said(AccountNote.DEPOSIT)


def _denied(error: InvalidInput) -> OrderRejected:
    """Return the refusal of an order that was never sent because it cannot be right."""
    return KisRefused(str(error), user_message=error.user_message)
