"""From a snapshot to a decision: what the rule concludes, what the order may use, and the record of it all."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from strategy.execution.interface import OrderDesk
from strategy.market import current
from strategy.market.trading_window import window_of
from strategy.model import (
    Bound,
    BrokerError,
    BuyingPower,
    Decision,
    DecisionAction,
    DecisionReason,
    Gate,
    GateKey,
    Known,
    ModeState,
    Side,
    StopGate,
    Symbol,
    TickerLock,
    limit_for,
    percent,
)
from strategy.risk.exposure import ExposureMeter
from strategy.risk.sizing import Size
from strategy.settings.schema import SettingsInForce, TradingSettings, setting_text
from strategy.signals.order_size import sized
from strategy.signals.rules import ASKED_LAST, Evaluation, Facts, Verdict, buy_gates, conclude, sell_gates
from strategy.signals.snapshot import Snapshot

log = logging.getLogger(__name__)

SHOWN_SETTINGS = (
    "RSI_OVERSOLD",
    "RSI_OVERBOUGHT",
    "RSI_INTERVAL",
    "RSI_PERIOD",
    "MACD_INTERVAL",
    "SELL_CONFIRM",
    "CROSS_LOOKBACK",
    "SIGNAL_BARS",
    "BUY_RATE",
    "SELL_RATE",
    "BUY_DELAY_MIN",
    "SELL_DELAY_MIN",
    "STOP_LOSS_RATE",
    "MIN_ORDER_USD",
    "MAX_POSITION_RATE",
    "POSITION_SCOPE",
    "QUOTE_MAX_AGE_S",
)


class PowerSource(Protocol):
    """Who tells what can be bought."""

    async def buying_power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        """Return it at a price in dollars; raise BrokerError when it cannot be asked."""


class ModesAndLocks(Protocol):
    """What may trade, as it is or as it is supposed to be."""

    def of(self, symbol: Symbol) -> ModeState: ...

    def lock(self, symbol: Symbol) -> TickerLock | None: ...


class SignalEvaluator:
    """Applies the rule to snapshots."""

    def __init__(
        self,
        *,
        broker: PowerSource,
        desk: OrderDesk,
        modes: ModesAndLocks,
        exposure_meter: ExposureMeter,
        settings: SettingsInForce,
    ) -> None:
        self._broker = broker
        self._desk = desk
        self._modes = modes
        self._exposure_meter = exposure_meter
        self._settings = settings
        self._shown: dict[Symbol, tuple[TradingSettings, Mapping[str, str]]] = {}

    @property
    def turn(self) -> asyncio.Lock:
        """Return what whoever sizes and places an order holds, so that the caps hold together."""
        return self._exposure_meter.turn

    def weigh(self, snapshot: Snapshot) -> tuple[Evaluation, Side | None]:
        """Conclude without asking anybody; the side is given when only cash and caps are left to be asked."""
        facts = self._facts(snapshot, asked=False)
        verdict = conclude(facts, snapshot.settings)
        ready = verdict.side is not None and ASKED_LAST.issuperset(verdict.blocked_by)
        evaluation = Evaluation(decision=self._record(snapshot, facts, verdict), verdict=verdict)
        return evaluation, verdict.side if ready else None

    async def size(self, snapshot: Snapshot, side: Side) -> Evaluation:
        """Ask what the order may use and conclude for good."""
        facts = self._facts(snapshot, asked=True)
        power: BuyingPower | None = None
        price: Decimal | None = None
        size: Size | None = None
        if snapshot.quote is not None:
            price = limit_for(snapshot.quote, side)
            exposure = await self._exposure_meter.exposure(snapshot.symbol, snapshot.holdings, self._desk.open)
            if side is Side.BUY:
                power = await self._power(snapshot, price)
            size, caps = sized(
                symbol=snapshot.symbol,
                side=side,
                price=price,
                power=power,
                held=snapshot.held_qty,
                sellable=snapshot.sellable_qty,
                exposure=exposure,
                settings=snapshot.settings,
            )
            buys = side is Side.BUY
            facts = replace(facts, caps=caps, buy_size=size if buys else None, sell_size=None if buys else size)
        verdict = conclude(facts, snapshot.settings)
        decision = self._record(snapshot, facts, verdict)
        if decision.action is not DecisionAction.NONE and size is not None:
            decision = replace(decision, qty=size.qty, limit_price=price)
        elif size is not None and size.qty == 0 and verdict.reason.gate in (GateKey.CASH, GateKey.HOLDING):
            small = size.bound is Bound.MIN_ORDER
            decision = replace(decision, reason=DecisionReason.BELOW_MINIMUM if small else DecisionReason.QTY_ZERO)
        return Evaluation(decision=decision, verdict=verdict)

    async def _power(self, snapshot: Snapshot, price: Decimal) -> BuyingPower | None:
        try:
            return await self._broker.buying_power(snapshot.symbol, price)
        except BrokerError as error:
            log.warning("no buying power", extra={"symbol": str(snapshot.symbol), "error": str(error)})
            return None

    def _facts(self, snapshot: Snapshot, *, asked: bool) -> Facts:
        now = snapshot.at
        lock = self._modes.lock(snapshot.symbol)
        session = current(now)
        return Facts(
            now=now,
            in_hours=session is not None and window_of(session, self._settings.account).contains(now),
            mode=self._modes.of(snapshot.symbol).mode,
            lock=lock.reason if lock else None,
            reconciled=snapshot.reconciled,
            indicators=snapshot.indicators,
            quote_age_s=snapshot.quote_age_s,
            quote_usable=snapshot.quote_usable,
            bars_fresh=snapshot.bars_fresh,
            last_buy_at=snapshot.last_buy_at,
            last_sell_at=snapshot.last_sell_at,
            open_orders=None if snapshot.open_orders is None else len(snapshot.open_orders),
            held_qty=snapshot.held_qty,
            sellable_qty=snapshot.sellable_qty,
            asked=asked,
        )

    def _record(self, snapshot: Snapshot, facts: Facts, verdict: Verdict) -> Decision:
        quote, position, settings = snapshot.quote, snapshot.position, snapshot.settings
        return Decision(
            symbol=snapshot.symbol,
            decided_at=snapshot.at,
            action=verdict.action,
            reason=verdict.reason,
            gates=(*_stop_gates(snapshot), *buy_gates(facts, settings), *sell_gates(facts, settings)),
            indicators=snapshot.indicators,
            last=snapshot.price,
            bid=quote.bid if quote else None,
            ask=quote.ask if quote else None,
            quote_age_s=snapshot.quote_age_s,
            position_qty=None if snapshot.held_qty is None else (position.qty if position else 0),
            average_cost=position.average_cost if position else None,
            return_percent=snapshot.return_percent,
            cash=snapshot.holdings.cash if snapshot.holdings else None,
            settings=self._in_words(snapshot.symbol, settings),
        )

    def _in_words(self, symbol: Symbol, settings: TradingSettings) -> Mapping[str, str]:
        """Return the settings the record names, written anew only when they have changed."""
        known = self._shown.get(symbol)
        if known is None or known[0] is not settings:
            words = {name: setting_text(getattr(settings, name.lower())) for name in SHOWN_SETTINGS}
            known = self._shown[symbol] = (settings, words)
        return known[1]


def _stop_gates(snapshot: Snapshot) -> tuple[Gate, ...]:
    """Return the stops that are on, as they stand: they are decided before the rule."""
    if snapshot.position is None:
        return ()
    settings, rate = snapshot.settings, snapshot.return_percent
    observed = None if rate is None else percent(rate)
    loss = StopGate(
        key=GateKey.STOP_LOSS,
        passed=_reached(rate, settings.stop_loss_rate, above=False),
        observed=observed,
        threshold=settings.stop_loss_rate,
        broker_rate=Known(snapshot.position.profit_rate),
    )
    if settings.take_profit_rate is None:
        return (loss,)
    profit = StopGate(
        key=GateKey.TAKE_PROFIT,
        passed=_reached(rate, settings.take_profit_rate, above=True),
        observed=observed,
        threshold=settings.take_profit_rate,
    )
    return (loss, profit)


def _reached(rate: Decimal | None, threshold: Decimal | None, *, above: bool) -> bool | None:
    if threshold is None:
        return False
    if rate is None:
        return None
    return rate >= threshold if above else rate <= threshold
