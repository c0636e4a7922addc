"""An order a person asks for, as it would be placed now, with all that speaks for and against it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from strategy.execution.interface import OrderDesk
from strategy.market import MarketData, next_open
from strategy.model import (
    Amount,
    AmountKind,
    BrokerError,
    BuyingPower,
    CapsUsed,
    Clock,
    DataUnavailable,
    Holdings,
    InvalidInput,
    Order,
    Position,
    Quote,
    Refusal,
    Said,
    Side,
    Symbol,
    Why,
    cents,
    limit_for,
    percent,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.ports import Broker
from strategy.risk.exposure import ExposureMeter
from strategy.risk.limits import Exposure
from strategy.risk.limits import check as check_limits
from strategy.risk.mode_store import ModeStore
from strategy.risk.permissions import Permissions
from strategy.risk.sizing import buy_cost, buy_size, sell_size
from strategy.settings.schema import SettingsInForce, TradingSettings


class CheckedNote(StrEnum):
    CLOSED = "checked.closed"
    ACCOUNT_UNSEEN = "checked.account_unseen"
    NO_QTY = "checked.no_qty"
    NO_PERCENT = "checked.no_percent"
    FAR_ABOVE = "checked.far_above"
    FAR_BELOW = "checked.far_below"
    NOTHING_TO_SELL = "checked.nothing_to_sell"
    ZERO_SHARES = "checked.zero_shares"
    NO_STOP = "checked.no_stop"
    LOCKED = "checked.locked"
    OPEN_ORDERS = "checked.open_orders"
    HALTED = "checked.halted"
    WIDE_SPREAD = "checked.wide_spread"
    ONLY_SELLABLE = "checked.only_sellable"
    SHORT_OF_CASH = "checked.short_of_cash"


MAX_DRIFT = Decimal("0.01")  # a price that moved more than this share since the preview voids it
_ACCOUNT_AGE_S = 10
_FAR_PCT = 5  # a typed price worse than the market by more than this is pointed out
_HUNDRED = Decimal(100)


@dataclass(slots=True, kw_only=True)
class CheckedOrder:
    """One order under examination; `refusals` forbid it, `caps` ask for a second press. The quantity is in whole
    shares, the limit in dollars."""

    symbol: Symbol
    side: Side
    settings: TradingSettings
    limit_price: Decimal = Decimal(0)
    price_source: str = "typed"
    qty: int = 0
    quote: Quote | None = None
    position: Position | None = None
    power: BuyingPower | None = None
    cash: Decimal | None = None  # dollars, as of the look before the order
    open_orders: tuple[Order, ...] = ()
    mode: str = ""
    watched: bool = True  # its stop is watched over
    caps: tuple[Refusal, ...] = ()
    used: CapsUsed | None = None
    fx_rate: Decimal | None = None  # won per dollar
    warnings: list[Said] = field(default_factory=list)
    refusals: list[Said] = field(default_factory=list)

    def refuse(self, said: Said) -> None:
        self.refusals.append(said)

    def warn(self, said: Said) -> None:
        self.warnings.append(said)

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Return the state a person is shown, as JSON can hold it."""
        return {
            "last": str(self.quote.last) if self.quote else None,
            "position": self.position.qty if self.position else 0,
            "open": [int(order.no) for order in self.open_orders],
            "mode": self.mode,
            "watched": self.watched,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenCaps:
    """The caps an order would break."""

    refusals: tuple[Said, ...]  # what cannot be known is refused outright
    overridable: tuple[Refusal, ...]  # by a second press
    used: CapsUsed | None = None  # what a new buy takes up of them


class LossLimit(Protocol):
    async def apply(self, holdings: Holdings) -> object:
        """Pause buys for the day where it has lost more than MAX_DAILY_LOSS allows."""


class OrderMeans:
    """What the account has for an order of a person: asked of the broker, and held against the caps."""

    def __init__(
        self,
        *,
        broker: Broker,
        desk: OrderDesk,
        account_sync: AccountSync,
        exposure_meter: ExposureMeter,
        day_loss: LossLimit,
        settings: SettingsInForce,
    ) -> None:
        self._broker = broker
        self._desk = desk
        self._account_sync = account_sync
        self._exposure_meter = exposure_meter
        self._day_loss = day_loss
        self._settings = settings

    async def sync(self, side: Side) -> None:
        """Look at the account, and for a buy at what the day has lost; raise BrokerError."""
        holdings = await self._account_sync.take("asked", max_age_s=_ACCOUNT_AGE_S)
        if side is Side.BUY:
            await self._day_loss.apply(holdings)

    @property
    def cash(self) -> Decimal | None:
        """Return the cash of the last look and the fills since, in dollars; None while it is not known."""
        return None if self._account_sync.now is None else self._account_sync.now.cash

    async def power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        """Ask what can be bought at a price in dollars; raise BrokerError."""
        return await self._broker.buying_power(symbol, price)

    async def broken_by(self, symbol: Symbol, side: Side, qty: int, price: Decimal) -> BrokenCaps:
        """Return the caps a new order would break: whole shares at a price in dollars."""
        exposure = await self._exposure_meter.exposure(symbol, self._account_sync.last, self._desk.open)
        settings = self._settings.of(symbol)
        found = _sorted_out(
            check_limits(symbol=symbol, side=side, qty=qty, price=price, exposure=exposure, settings=settings)
        )
        return replace(found, used=_used(exposure, price * qty, settings)) if side is Side.BUY else found

    @property
    def fx_rate(self) -> Decimal | None:
        """Return the won per dollar of the last look at the account."""
        return None if self._account_sync.last is None else self._account_sync.last.fx_rate

    async def broken_by_change(self, order: Order, qty: int, price: Decimal) -> BrokenCaps:
        """Return the caps an open order would break with another open quantity and price in dollars. Whole shares."""
        last, others = self._account_sync.last, self._desk.open
        return _sorted_out(await self._exposure_meter.broken_by_change(order, qty, price, last, others))


def _used(exposure: Exposure, value: Decimal, settings: TradingSettings) -> CapsUsed:
    held, equity = exposure.position_value, exposure.equity
    known = held is not None and equity is not None and equity > 0
    return CapsUsed(
        position_pct=percent((held + value) / equity * _HUNDRED) if known and held is not None and equity else None,
        max_position_pct=settings.max_position_rate * _HUNDRED,
        orders_today=None if exposure.orders_today is None else exposure.orders_today + 1,
        max_orders=settings.max_orders_per_day,
    )


def _sorted_out(found: Sequence[Refusal]) -> BrokenCaps:
    return BrokenCaps(
        refusals=tuple(refusal.said for refusal in found if not refusal.known),
        overridable=tuple(refusal for refusal in found if refusal.known),
    )


class OrderChecks:
    """Examines orders; asks the broker, changes nothing."""

    def __init__(
        self,
        *,
        means: OrderMeans,
        desk: OrderDesk,
        watch: MarketData,
        positions: Positions,
        modes: ModeStore,
        permissions: Permissions,
        settings: SettingsInForce,
        clock: Clock,
    ) -> None:
        self._means = means
        self._desk = desk
        self._watch = watch
        self._positions = positions
        self._modes = modes
        self._permissions = permissions
        self._settings = settings
        self._clock = clock

    async def plan(self, side: Side, symbol: Symbol, amount: Amount, price: Decimal | None) -> CheckedOrder:
        """Examine an order; raise InvalidInput for an amount that cannot be. The price is in dollars; None: the ask or
        the bid."""
        plan = CheckedOrder(symbol=symbol, side=side, settings=self._settings.of(symbol))
        if self._permissions.session():  # a closed venue takes nothing: nobody is asked what it would cost
            _priced(plan, price, self._watch.latest(symbol))
            plan.position = self._positions.of(symbol)
            plan.qty = quantity(plan, amount) if plan.limit_price else 0
            self._as_it_stands(plan)
            return plan
        await self._price(plan, price)
        await self._account(plan)
        if plan.limit_price:
            await self._power(plan)
            plan.qty = quantity(plan, amount)
            if plan.qty <= 0:
                if side is Side.SELL and (plan.position is None or not plan.position.qty):
                    plan.refuse(Said(CheckedNote.NOTHING_TO_SELL))
                else:
                    plan.refuse(Said(CheckedNote.ZERO_SHARES))
        if plan.qty > 0:
            await self._caps(plan)
        # nothing is waited for any more: what a stop or a person did meanwhile counts
        self._as_it_stands(plan)
        self._ticker(plan)
        self._market(plan)
        if plan.qty > 0:
            self._affordable(plan)
        return plan

    async def _price(self, plan: CheckedOrder, typed: Decimal | None) -> None:
        quote = None
        try:
            quote = await self._watch.quote(plan.symbol)
        except BrokerError:
            plan.refusals.append(DataUnavailable.user_message)
        _priced(plan, typed, quote)

    async def _account(self, plan: CheckedOrder) -> None:
        try:
            await self._means.sync(plan.side)
        except BrokerError as error:
            plan.refusals.append(_not_asked(error))
        plan.fx_rate = self._means.fx_rate
        plan.position = self._positions.of(plan.symbol)
        plan.open_orders = tuple(await self._desk.open_in(plan.symbol))

    async def _power(self, plan: CheckedOrder) -> None:
        if plan.side is Side.SELL:
            return
        try:
            plan.power = await self._means.power(plan.symbol, plan.limit_price)
            plan.cash = self._means.cash
        except BrokerError as error:
            plan.refusals.append(_not_asked(error))

    def _as_it_stands(self, plan: CheckedOrder) -> None:
        plan.mode = self._modes.of(plan.symbol).mode.value
        plan.watched = plan.symbol in self._settings.tickers
        self._permitted(plan)

    def _permitted(self, plan: CheckedOrder) -> None:
        """Add all that the desk would refuse it for (row S113 among them)."""
        for forbidden in self._permissions.person(plan.symbol, plan.side):
            plan.refusals.append(self._when_open() if forbidden.why is Why.SESSION else forbidden.text)

    def _when_open(self) -> Said:
        return Said(CheckedNote.CLOSED, at=next_open(self._clock.now()))

    def _ticker(self, plan: CheckedOrder) -> None:
        """Add what orders and locks of the ticker say."""
        blocked = self._desk.blocked(plan.symbol)
        if blocked is not None:
            plan.refusals.append(blocked)
        if plan.side is Side.BUY and not plan.watched:
            ticker = plan.symbol.ticker
            plan.warn(
                Said(CheckedNote.NO_STOP, ticker=ticker),
            )
        lock = self._modes.lock(plan.symbol)
        if lock is not None:
            plan.warn(
                Said(CheckedNote.LOCKED),
            )
        if plan.open_orders:
            numbers = ", ".join(f"#{order.no}" for order in plan.open_orders)
            plan.warn(Said(CheckedNote.OPEN_ORDERS, numbers=numbers))

    def _market(self, plan: CheckedOrder) -> None:
        """Add what the quote says."""
        quote = plan.quote
        if quote is None:
            return
        if quote.halted:
            plan.refuse(Said(CheckedNote.HALTED))
        spread = quote.spread_percent
        if spread is not None and spread > plan.settings.max_spread_pct:
            plan.warn(Said(CheckedNote.WIDE_SPREAD, spread=spread))
        worse = plan.limit_price / quote.last - 1 if plan.side is Side.BUY else 1 - plan.limit_price / quote.last
        if worse * _HUNDRED > _FAR_PCT:  # a slip of the thumb: it fills at once
            note = CheckedNote.FAR_ABOVE if plan.side is Side.BUY else CheckedNote.FAR_BELOW
            plan.warn(Said(note, rate=worse * _HUNDRED))

    def _affordable(self, plan: CheckedOrder) -> None:
        """Add what cash or shares say (rows S53, S112)."""
        if plan.side is Side.SELL:
            sellable = _sellable(plan)
            if plan.qty > sellable:
                plan.refuse(Said(CheckedNote.ONLY_SELLABLE, sellable=sellable))
            return
        power = plan.power
        if power is None:
            return
        need = cents(buy_cost(plan.limit_price, plan.qty, plan.settings.commission_pct))
        if need > power.cash or plan.qty > power.max_qty:
            plan.refuse(
                Said(CheckedNote.SHORT_OF_CASH, needed=need, available=cents(power.cash), max_qty=power.max_qty),
            )

    async def _caps(self, plan: CheckedOrder) -> None:
        """Keep the caps a second press may override; what cannot be known is refused outright."""
        broken = await self._means.broken_by(plan.symbol, plan.side, plan.qty, plan.limit_price)
        plan.refusals.extend(broken.refusals)
        plan.caps, plan.used = broken.overridable, broken.used


def _not_asked(error: BrokerError) -> Said:
    """Say what it means for an order that the account cannot be asked: nobody tries again but the person."""
    why = error.user_message
    return Said(CheckedNote.ACCOUNT_UNSEEN, why=why)


def _sellable(plan: CheckedOrder) -> int:
    """Return the shares nobody offers yet: the broker's figure may be older than our own open sells."""
    if plan.position is None:
        return 0
    offered = sum(order.open_qty for order in plan.open_orders if order.request.side is Side.SELL)
    return max(0, min(plan.position.sellable_qty, plan.position.qty - offered))


def _priced(plan: CheckedOrder, typed: Decimal | None, quote: Quote | None) -> None:
    plan.quote = quote
    if typed is not None:
        plan.limit_price = typed
    elif quote is not None:
        plan.limit_price = limit_for(quote, plan.side)
        book = quote.ask if plan.side is Side.BUY else quote.bid
        plan.price_source = ("ask" if plan.side is Side.BUY else "bid") if book else "last"


def quantity(plan: CheckedOrder, amount: Amount) -> int:
    """Return the shares meant; dollars and percents are rounded down, and what is not known gives none. Raises
    InvalidInput for no whole number of shares and for a percentage that cannot be."""
    value = amount.value or Decimal(0)
    settings, price = plan.settings, plan.limit_price
    if amount.kind is AmountKind.SHARES:
        if value != int(value) or value <= 0:
            raise InvalidInput(
                "not whole shares",
                user_message=Said(CheckedNote.NO_QTY),
            )
        return int(value)
    if amount.kind is AmountKind.DOLLARS:
        share = buy_cost(price, 1, settings.commission_pct) if plan.side is Side.BUY else price
        return int(value / share)
    typed = {AmountKind.PERCENT: value / _HUNDRED, AmountKind.ALL: Decimal(1)}.get(amount.kind)
    if typed is not None and not 0 < typed <= 1:
        raise InvalidInput(
            "percent out of range",
            user_message=Said(CheckedNote.NO_PERCENT),
        )
    if plan.side is Side.BUY:
        if plan.power is None:
            return 0
        return buy_size(
            cash=plan.power.cash,
            rate=typed or settings.buy_rate,
            price=price,
            commission_pct=settings.commission_pct,
            max_qty=plan.power.max_qty,
        ).qty
    if plan.position is None:
        return 0
    return sell_size(
        held=plan.position.qty,
        sellable=_sellable(plan),
        rate=typed or settings.sell_rate,
        price=price,
    ).qty


def same(shown: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Return whether what was shown still holds: all of it exactly, but for the price, which may drift a little."""
    if any(shown.get(key) != now[key] for key in ("position", "open", "mode", "watched")):
        return False
    if shown["last"] is None or now["last"] is None:
        return shown["last"] is now["last"]
    before = Decimal(shown["last"])
    drift = abs(Decimal(now["last"]) - before)
    return drift <= before * MAX_DRIFT
