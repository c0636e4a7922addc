"""From a snapshot to a decision: the gates of both sides, what the order may use, and the record of it all."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from strategy.execution.interface import OrderDesk
from strategy.market.calendar import current
from strategy.market.trading_window import window_of
from strategy.model import BrokerError, BuyingPower, Decision, DecisionAction, Gate, Side, limit_for
from strategy.ports import Broker
from strategy.risk.exposure import ExposureMeter
from strategy.risk.limits import check as check_limits
from strategy.risk.limits import room
from strategy.risk.mode_store import ModeStore
from strategy.risk.sizing import Cap, Size, buy_size, sell_size
from strategy.settings.store import SettingsStore
from strategy.signals.rules import Facts, Verdict, buy_gates, judge, sell_gates
from strategy.signals.snapshot import Snapshot
from strategy.stops.stop_reports import stop_gate

log = logging.getLogger(__name__)

NOT_ASKED = "not asked"
_ASKED_LAST = frozenset({"cash", "caps"})  # they cost a request, so they are asked only when all else says yes

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
    "MAX_POSITION_RATE",
    "POSITION_SCOPE",
    "QUOTE_MAX_AGE_S",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A decision not yet stored, with what led to it."""

    decision: Decision
    verdict: Verdict

    @property
    def guards(self) -> tuple[str, ...]:
        """Return the gates that truly stopped the side with a signal; those nobody asked are none."""
        gates = {(gate.side, gate.name): gate for gate in self.decision.gates}
        return tuple(
            name for name in self.verdict.blocked_by if gates[(str(self.verdict.side), name)].value != NOT_ASKED
        )


class SignalEvaluator:
    """Applies the rule to snapshots."""

    def __init__(
        self,
        *,
        broker: Broker,
        desk: OrderDesk,
        modes: ModeStore,
        exposure_meter: ExposureMeter,
        settings: SettingsStore,
    ) -> None:
        self._broker = broker
        self._desk = desk
        self._modes = modes
        self._exposure_meter = exposure_meter
        self._settings = settings

    def weigh(self, snapshot: Snapshot) -> tuple[Evaluation, Side | None]:
        """Conclude without asking anybody; the side is given when only cash and caps are left to be asked."""
        facts = self._facts(snapshot)
        gates = (buy_gates(facts, snapshot.settings), sell_gates(facts, snapshot.settings))
        verdict = judge(*gates)
        weighed = Evaluation(decision=self._record(snapshot, gates[0] + gates[1], verdict), verdict=verdict)
        ready = verdict.side is not None and set(verdict.blocked_by) <= _ASKED_LAST
        return weighed, Side(verdict.side) if ready and verdict.side else None

    async def size(self, snapshot: Snapshot, side: Side) -> Evaluation:
        """Ask what the order may use and conclude for good."""
        settings = snapshot.settings
        facts = replace(self._facts(snapshot), asked=True)
        power: BuyingPower | None = None
        size: Size | None = None
        price: Decimal | None = None
        if snapshot.quote is not None:
            price = limit_for(snapshot.quote, side)
            exposure = await self._exposure_meter.exposure(snapshot.symbol, snapshot.holdings, self._desk.open)
            caps = room(side, exposure, settings)
            if side is Side.BUY:
                power = await self._power(snapshot, price)
                size = _buy_size(snapshot, price, power, caps)
                facts = replace(facts, buy_size=size)
            else:
                size = _sell_size(snapshot, price, caps)
                facts = replace(facts, sell_size=size)
            refusals = check_limits(
                symbol=snapshot.symbol,
                side=side,
                qty=max(1, size.qty) if size else 1,
                price=price,
                exposure=exposure,
                settings=settings,
            )
            facts = replace(facts, caps=refusals)
        gates = (buy_gates(facts, settings), sell_gates(facts, settings))
        verdict = judge(*gates)
        decision = self._record(snapshot, gates[0] + gates[1], verdict)
        if power is not None:
            decision = replace(decision, cash=power.cash)
        if decision.action is not DecisionAction.NONE and size is not None:
            decision = replace(decision, qty=size.qty, limit_price=price)
        elif size is not None and size.qty == 0 and verdict.reason in ("blocked:cash", "blocked:holding"):
            decision = replace(decision, reason="qty_zero")
        return Evaluation(decision=decision, verdict=verdict)

    async def _power(self, snapshot: Snapshot, price: Decimal) -> BuyingPower | None:
        try:
            return await self._broker.buying_power(snapshot.symbol, price)
        except BrokerError as error:
            log.warning("no buying power", extra={"symbol": str(snapshot.symbol), "error": str(error)})
            return None

    def _facts(self, snapshot: Snapshot) -> Facts:
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
            asked=False,
        )

    def _record(self, snapshot: Snapshot, gates: tuple[Gate, ...], verdict: Verdict) -> Decision:
        quote, position = snapshot.quote, snapshot.position
        return Decision(
            symbol=snapshot.symbol,
            decided_at=snapshot.at,
            action=verdict.action,
            reason=verdict.reason,
            gates=(*_stop_gates(snapshot), *gates),
            indicators=snapshot.indicators,
            last=snapshot.price,
            bid=quote.bid if quote else None,
            ask=quote.ask if quote else None,
            quote_age_s=snapshot.quote_age_s,
            position_qty=None if snapshot.held_qty is None else (position.qty if position else 0),
            average_cost=position.average_cost if position else None,
            return_percent=snapshot.return_percent,
            cash=snapshot.holdings.cash if snapshot.holdings else None,
            settings={name: self._settings.value(name, snapshot.symbol) for name in SHOWN_SETTINGS},
        )


def _buy_size(snapshot: Snapshot, price: Decimal, power: BuyingPower | None, caps: Sequence[Cap]) -> Size | None:
    if power is None:
        return None
    return buy_size(
        cash=power.cash,
        rate=snapshot.settings.buy_rate,
        price=price,
        commission_pct=snapshot.settings.commission_pct,
        max_qty=power.max_qty,
        caps=caps,
    )


def _sell_size(snapshot: Snapshot, price: Decimal, caps: Sequence[Cap]) -> Size | None:
    if snapshot.held_qty is None or snapshot.sellable_qty is None:
        return None
    return sell_size(
        held=snapshot.held_qty,
        sellable=snapshot.sellable_qty,
        rate=snapshot.settings.sell_rate,
        price=price,
        caps=caps,
    )


def _stop_gates(snapshot: Snapshot) -> tuple[Gate, ...]:
    """Return the stops that are on, as they stand: they are decided before the rule."""
    if snapshot.position is None:
        return ()
    settings, rate = snapshot.settings, snapshot.return_percent
    gates = [
        stop_gate(
            "stop_loss",
            rate,
            settings.stop_loss_rate,
            f"broker {snapshot.position.profit_rate}%",
            fired=_reached(rate, settings.stop_loss_rate, above=False),
        )
    ]
    if settings.take_profit_rate is not None:
        reached = _reached(rate, settings.take_profit_rate, above=True)
        gates.append(stop_gate("take_profit", rate, settings.take_profit_rate, "", fired=reached))
    return tuple(gates)


def _reached(rate: Decimal | None, threshold: Decimal | None, *, above: bool) -> bool | None:
    if threshold is None:
        return False
    if rate is None:
        return None
    return rate >= threshold if above else rate <= threshold
