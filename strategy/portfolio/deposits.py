"""The account's cash: the deposit the broker tells, and the fills it does not show yet.

An account without the after-market extension shows tonight's trades in its deposit only half an hour after the close,
and any account a moment late (kis-protocol 3.11), while its list of positions has them at once. So the deposit is
compared with what it was and with every fill since: it shows the first few of them, and the others are added.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from strategy.model import (
    BrokerError,
    BuyingPower,
    CashBasis,
    Clock,
    Deposit,
    Fill,
    Holdings,
    KnownDeposit,
    Order,
    OrderNo,
    OrderStatus,
    Side,
    Symbol,
    cents,
    new_york_date,
)
from strategy.ports import Broker, Deposits, ExchangeRates, OrderJournal

log = logging.getLogger(__name__)

CashProbe = Callable[[Holdings], Awaitable[tuple[Symbol, Decimal] | None]]

_WINDOW = timedelta(days=2)  # a fill found later is stored with the time it was found
_LONGEST = timedelta(days=5)  # over a weekend with holidays: older fills are in any deposit
_CENTS = Decimal("0.02")  # dollars: what rounding leaves
_FEES = Decimal("0.005")  # of what was traded: how far an estimate of the fees may be off
_NOTHING = Decimal(0)  # dollars


@dataclass(frozen=True, slots=True)
class Cash:
    """What there is, what that figure is, and what each order asked for since then had filled by it. Dollars."""

    amount: Decimal
    basis: CashBasis
    since: datetime
    filled: Mapping[OrderNo, Decimal]


@dataclass(frozen=True, slots=True)
class _Flow:
    """What some fills, the first so many of a window, came to. Dollars."""

    net: Decimal = _NOTHING  # sold less bought and less the fees
    gross: Decimal = _NOTHING

    def after(self, fill: Fill) -> "_Flow":
        amount = fill.price * fill.qty
        signed = amount if fill.side is Side.SELL else -amount
        return _Flow(self.net + signed - fill.fees, self.gross + amount)


@dataclass(frozen=True, slots=True)
class _Told:
    """A deposit no fill explains, and since when it has been told unchanged beside the same fills."""

    cash: Decimal
    net: Decimal
    since: datetime


class DepositTracker:
    """Says what the account's cash is, look after look. What it knows outlives a restart."""

    def __init__(self, *, orders: OrderJournal, deposits: Deposits, clock: Clock, lag: timedelta) -> None:
        """`lag` is how late, in market time, the broker may show a fill that it does show tonight."""
        self._orders = orders
        self._deposits = deposits
        self._clock = clock
        self._lag = lag
        self._base: KnownDeposit | None = None
        self._told: _Told | None = None
        self._unshown = _NOTHING  # dollars of the fills the last deposit that could be explained did not show

    async def cash(self, told: Decimal, basis: CashBasis, *, quiet: bool) -> Cash:
        """Return the cash by a deposit just told, in dollars; raise StorageError.

        `quiet` says that no order is open, so that no fill can have come that we have not heard of.
        """
        base = self._base or await self._deposits.last()
        if base is not None and (base.basis is not basis or self._clock.now() - base.since > _LONGEST + _WINDOW):
            base = None  # another figure, or one too old to say which fills are in it
        now = self._clock.now()
        since = now - _WINDOW if base is None else base.since
        fills = sorted(await self._orders.fills(since=since), key=lambda fill: (fill.filled_at, fill.order_no))
        flows = _flows(fills)
        amount, basis_now = told, basis
        if base is None:
            still = quiet and all(now - fill.filled_at >= self._lag for fill in fills)
            if still or self._stood(told, flows[-1].net, now):
                net, gross = flows[-1].net, flows[-1].gross
                base = KnownDeposit(basis=basis, cash=told, flow=net, gross=gross, since=since, at=now)
        else:
            base = self._follow(base, told, flows, now)
            missing = flows[-1].net - base.flow
            amount = base.cash + missing
            basis_now = CashBasis.MOVED_ON if missing else basis
        if base is not None:
            await self._keep(base, fills, now)
        return Cash(amount, basis_now, since, _amounts(fills))

    def _follow(self, base: KnownDeposit, told: Decimal, flows: Sequence[_Flow], now: datetime) -> KnownDeposit:
        """Return what is known now: the deposit with the fills it shows; the one before where nothing explains it."""
        shown = _shown(base, told, flows)
        if shown is not None:
            self._told, self._unshown = None, flows[-1].net - shown.net
            return replace(base, cash=told, flow=shown.net, gross=shown.gross, at=now)
        if not self._stood(told, flows[-1].net, now):
            return base
        unshown = flows[-1].net - base.flow if self._unshown else _NOTHING  # money came in, or went
        return replace(base, cash=told, flow=flows[-1].net - unshown, gross=flows[-1].gross, at=now)

    def _stood(self, told: Decimal, net: Decimal, now: datetime) -> bool:
        """Return whether the same was told for longer than the broker is late: what still moves is no beginning."""
        if self._told is None or (self._told.cash, self._told.net) != (told, net):
            self._told = _Told(told, net, now)
        if now - self._told.since < self._lag:
            return False
        self._told = None
        return True

    async def _keep(self, base: KnownDeposit, fills: Sequence[Fill], now: datetime) -> None:
        """Store what has changed; once all of a window's fills are shown, a younger window will do."""
        flows = _flows(fills)
        if base.flow == flows[-1].net and now - base.since > _WINDOW * 2:
            young = _flows([fill for fill in fills if fill.filled_at >= now - _WINDOW])[-1]
            base = replace(base, flow=young.net, gross=young.gross, since=now - _WINDOW)
        known, self._base = self._base, base
        if known is None or replace(base, at=known.at) != known:
            await self._deposits.keep(base)


def _shown(base: KnownDeposit, told: Decimal, flows: Sequence[_Flow]) -> _Flow | None:
    """Return the fills a deposit shows, the first so many of all: those that explain it best, if any do."""
    best: tuple[Decimal, int] | None = None
    for n, flow in enumerate(flows):
        off = abs(told - base.cash - (flow.net - base.flow))
        if off <= _CENTS + _FEES * abs(flow.gross - base.gross) and (best is None or (off, -n) <= best):
            best = off, -n
    return None if best is None else flows[-best[1]]


def _flows(fills: Sequence[Fill]) -> list[_Flow]:
    """Return what the first 0, 1, 2, ... of some fills came to."""
    flows = [_Flow()]
    for fill in fills:
        flows.append(flows[-1].after(fill))
    return flows


def _amounts(fills: Sequence[Fill]) -> Mapping[OrderNo, Decimal]:
    """Return what each order has filled by these fills, in dollars."""
    amounts: dict[OrderNo, Decimal] = {}
    for fill in fills:
        amounts[fill.order_no] = amounts.get(fill.order_no, _NOTHING) + fill.price * fill.qty
    return amounts


class AccountCash:
    """Asks the broker for the money of a look at the account, and says what of it is cash."""

    def __init__(
        self,
        *,
        broker: Broker,
        tracker: DepositTracker,
        rates: ExchangeRates,
        probe: CashProbe,
        open_orders: Callable[[], Iterable[Order]],
        fees: Callable[[Symbol, Decimal], Decimal],
    ) -> None:
        """`probe` names a symbol and a price to ask the buying power by (3.12), `fees` what a buy for so many dollars
        costs besides."""
        self._broker = broker
        self._tracker = tracker
        self._rates = rates
        self._rate_of: date | None = None
        self._probe = probe
        self._open_orders = open_orders
        self._fees = fees

    async def ask(self, holdings: Holdings, *, buyable: bool) -> Holdings:
        """Return a look with its money as the broker tells it; what can be bought only if wanted or needed."""
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(self._deposit(), name="deposit")
            power = await self._power(holdings) if buyable else None
        told, deposit = asked.result()
        if told and deposit is None and power is None:
            power = await self._power(holdings)
        with_money = replace(holdings, buyable=power.cash if power else None, fx_rate=power.fx_rate if power else None)
        if deposit is not None:
            return replace(with_money, cash=deposit.cash, fx_rate=deposit.fx_rate or with_money.fx_rate)
        if not told or power is None or power.free is None:
            return with_money  # not known: no reckoning stands in for an answer that failed
        return replace(with_money, cash=power.free + self.resting(), basis=CashBasis.RECKONED)

    async def settled(self, holdings: Holdings) -> tuple[Holdings, Cash | None]:
        """Return a look with the fills its deposit does not show yet; raise StorageError."""
        on = new_york_date(holdings.taken_at)
        if holdings.fx_rate is not None and on != self._rate_of:
            await self._rates.keep(on, holdings.fx_rate)
            self._rate_of = on
        if holdings.cash is None:
            return holdings, None
        quiet = not any(True for _ in self._open_orders())
        cash = await self._tracker.cash(holdings.cash, holdings.basis, quiet=quiet)
        return replace(holdings, cash=cash.amount, basis=cash.basis), cash

    def resting(self) -> Decimal:
        """Return the dollars open buys hold of the cash, with the fees they would cost."""
        return resting_buys(self._open_orders(), self._fees)

    async def _deposit(self) -> tuple[bool, Deposit | None]:
        """Return whether the broker answered, and its deposit if it tells any."""
        try:
            return True, await self._broker.deposit()
        except BrokerError as error:
            log.warning("the deposit could not be asked", extra={"error": str(error)})
            return False, None

    async def _power(self, holdings: Holdings) -> BuyingPower | None:
        probe = await self._probe(holdings)
        if probe is None:
            return None
        try:
            return await self._broker.buying_power(*probe)
        except BrokerError as error:
            log.warning("the buying power could not be asked", extra={"error": str(error)})
            return None


def resting_buys(orders: Iterable[Order], fees: Callable[[Symbol, Decimal], Decimal]) -> Decimal:
    """Return the dollars that open buys hold, with the fees they would cost; those nobody has heard of hold none."""
    held = _NOTHING
    for order in orders:
        if order.request.side is Side.BUY and order.status is not OrderStatus.UNKNOWN:
            amount = order.limit_price * order.open_qty
            held += amount + cents(fees(order.request.symbol, amount))
    return held
