"""What the rule would do this very moment if something else held: asked before a person lets it.

The same snapshot, conditions and sizes as a check's, with nothing stored, told or ordered.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal, Protocol

from strategy.model import (
    BrokerError,
    BuyingPower,
    CashGate,
    Decision,
    DecisionAction,
    GateKey,
    GateSide,
    HoldingGate,
    Holdings,
    Mode,
    ModeState,
    RsiGate,
    Said,
    Side,
    StopGate,
    Symbol,
    TickerLock,
    TradeMode,
    limit_for,
    percent,
)
from strategy.risk.mode_store import ModeStore, stricter
from strategy.settings.schema import SettingsInForce
from strategy.signals.evaluation import ModesAndLocks, PowerSource, SignalEvaluator
from strategy.signals.foresight import Forecast, ForecastNote, Foresight, Supposed, together, whole
from strategy.signals.rules import Verdict
from strategy.signals.snapshot import Snapshot, SnapshotReader

log = logging.getLogger(__name__)

_ACCOUNT_AGE_S = 10
_PATIENCE_S = 15.0  # real time a person waits for what one ticker would do: bars of a new one take many calls
_ALL_PATIENCE_S = 5.0  # ... and for all that are watched, whose bars are there


_HOW: Mapping[TradeMode, Said] = {
    TradeMode.AUTO: Said(ForecastNote.AT_ONCE),
    TradeMode.APPROVE: Said(ForecastNote.ASKS),
    TradeMode.SIGNAL: Said(ForecastNote.TELLS),
}


class AccountQuery(Protocol):
    """Who takes a look at the account, or gives a young one."""

    async def take(self, trigger: Literal["asked"], *, max_age_s: float = 0) -> Holdings: ...


class BarKeeper(Protocol):
    """Who keeps bars."""

    def forget_bars(self, symbol: Symbol) -> None: ...


class Forecaster(Foresight):
    """Evaluates tickers as a check does, under suppositions."""

    def __init__(
        self,
        *,
        snapshots: SnapshotReader,
        power: PowerSource,
        evaluator: Callable[[PowerSource, ModesAndLocks], SignalEvaluator],
        modes: ModeStore,
        account_sync: AccountQuery,
        watch: BarKeeper,
        settings: SettingsInForce,
    ) -> None:
        """`evaluator` makes one of the live kind that goes by the modes it is given."""
        self._snapshots = snapshots
        self._power = power
        self._evaluator = evaluator
        self._modes = modes
        self._account_sync = account_sync
        self._watch = watch
        self._settings = settings

    async def of(self, symbol: Symbol, supposed: Supposed) -> Forecast:
        """Return what would happen to a ticker now; what cannot be known is said to be unknown."""
        [found] = await self.compared(symbol, (supposed,))
        return found

    async def compared(self, symbol: Symbol, supposed: Sequence[Supposed]) -> Sequence[Forecast]:
        """Return what would happen under each of several suppositions, at one and the same instant.

        It is unknown where the broker lets a person wait for too long.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._compared(symbol, supposed)
        except TimeoutError:
            return [_unknown(symbol) for _ in supposed]

    async def _compared(self, symbol: Symbol, supposed: Sequence[Supposed]) -> Sequence[Forecast]:
        holdings = await self._holdings()
        quote = await self._snapshots.quote(symbol)
        snapshot = await self._snapshots.take(symbol, quote, holdings)
        if symbol not in self._settings.tickers:
            self._watch.forget_bars(symbol)  # nobody keeps them up to date
        power = _AskedOnce(self._power)
        return [await self._under(snapshot, one, power) for one in supposed]

    async def lines(self, found: Mapping[Symbol, Supposed]) -> tuple[Said, ...]:
        """Return a sentence a ticker, and what all their buys come to together."""
        told: list[Forecast] = []
        until = asyncio.get_running_loop().time() + _ALL_PATIENCE_S
        for symbol, supposed in found.items():
            try:
                async with asyncio.timeout_at(until):
                    told.append(await self.of(symbol, supposed))
            except TimeoutError:
                told.append(_unknown(symbol))
        return (*(line for one in told for line in _said(one)), *together(told))

    async def after_mode(self, mode: Mode, symbol: Symbol | None) -> tuple[Said, ...]:
        """Return what would happen at once if that mode were chosen for a ticker, or with None for the account."""
        account = self._modes.account.mode if symbol is not None else mode
        watched = self._settings.tickers if symbol is None else (symbol,)
        own = {one: self._modes.chosen(one).mode if symbol is None else mode for one in watched}
        return await self.lines({one: Supposed(mode=stricter(account, own[one])) for one in watched})

    async def _holdings(self) -> Holdings | None:
        try:
            return await self._account_sync.take("asked", max_age_s=_ACCOUNT_AGE_S)
        except BrokerError as error:
            log.info("no account for a forecast", extra={"error": str(error)})
            return None

    async def _under(self, snapshot: Snapshot, supposed: Supposed, power: PowerSource) -> Forecast:
        if supposed.settings is not None:
            snapshot = replace(snapshot, settings=supposed.settings)
        evaluator = self._evaluator(power, _SupposedModes(self._modes, supposed))
        weighed, _ = evaluator.weigh(snapshot)
        side = weighed.verdict.side
        sized = weighed if side is None else await evaluator.size(snapshot, side)
        lock = None if supposed.released else self._modes.lock(snapshot.symbol)
        stop = None if lock is not None and lock.blocks_stop else _stop(snapshot, sized.decision)
        return _told(snapshot, sized.decision, sized.verdict, stop)


def _unknown(symbol: Symbol) -> Forecast:
    return Forecast(symbol=symbol, line=Said(ForecastNote.UNKNOWN, ticker=symbol.ticker))


def _told(snapshot: Snapshot, decision: Decision, verdict: Verdict, stop: Said | None) -> Forecast:
    symbol, side = snapshot.symbol, verdict.side
    if side is None:
        return Forecast(symbol=symbol, line=_no_signal(snapshot, decision), stop=stop)
    if decision.action is DecisionAction.NONE or decision.limit_price is None:
        return Forecast(symbol=symbol, line=_held_up(snapshot, decision, side, verdict.blocked_by), stop=stop)
    dollars = decision.limit_price * decision.qty
    line = _order(snapshot, decision, side, dollars)
    if snapshot.settings.trade_mode is not TradeMode.AUTO:
        return Forecast(symbol=symbol, line=line, stop=stop)
    return Forecast(symbol=symbol, line=line, side=side, qty=decision.qty, dollars=dollars, stop=stop)


def _order(snapshot: Snapshot, decision: Decision, side: Side, dollars: Decimal) -> Said:
    ticker, how, rsi = snapshot.symbol.ticker, _HOW[snapshot.settings.trade_mode], _rsi(decision)
    if side is Side.BUY:
        return Said(
            ForecastNote.BUYS,
            ticker=ticker,
            rsi=rsi,
            threshold=snapshot.settings.rsi_oversold,
            how=how,
            qty=decision.qty,
            amount=whole(dollars),
            share=whole(dollars / decision.cash * 100) if decision.cash else 0,
        )
    return Said(
        ForecastNote.SELLS,
        ticker=ticker,
        rsi=rsi,
        threshold=snapshot.settings.rsi_overbought,
        how=how,
        qty=decision.qty,
        held=snapshot.held_qty or 0,
        amount=whole(dollars),
    )


def _held_up(snapshot: Snapshot, decision: Decision, side: Side, blocked: Sequence[GateKey]) -> Said:
    """Say what keeps a signal from being an order, and how large that would be once nothing does."""
    ticker, rsi, of_side = snapshot.symbol.ticker, _rsi(decision), GateSide(side.value)
    gates = [gate for gate in decision.gates if gate.side is of_side]
    first = next((gate for gate in gates if gate.key in blocked and gate.passed is not True), None)
    if first is None or first.passed is None:
        return Said(ForecastNote.UNKNOWN, ticker=ticker)
    qty = next((_size(gate) for gate in gates if isinstance(gate, CashGate | HoldingGate)), None)
    if not qty or snapshot.quote is None or not {GateKey.CASH, GateKey.HOLDING, GateKey.CAPS}.isdisjoint(blocked):
        return Said(ForecastNote.HELD_UP, ticker=ticker, rsi=rsi, side=side, gate=first.key)
    amount = whole(limit_for(snapshot.quote, side) * qty)
    return Said(ForecastNote.HELD_UP_SIZED, ticker=ticker, rsi=rsi, side=side, gate=first.key, qty=qty, amount=amount)


def _size(gate: CashGate | HoldingGate) -> int | None:
    return gate.observed if isinstance(gate, CashGate) else gate.size


def _no_signal(snapshot: Snapshot, decision: Decision) -> Said:
    ticker, settings = snapshot.symbol.ticker, snapshot.settings
    signals = {gate.key: gate.passed for gate in decision.gates if isinstance(gate, RsiGate)}
    if None in signals.values() or not signals:
        return Said(ForecastNote.UNKNOWN, ticker=ticker)
    if all(signals.values()):
        return Said(ForecastNote.BOTH, ticker=ticker, rsi=_rsi(decision))
    return Said(
        ForecastNote.QUIET,
        ticker=ticker,
        rsi=_rsi(decision),
        oversold=settings.rsi_oversold,
        overbought=settings.rsi_overbought,
    )


def _stop(snapshot: Snapshot, decision: Decision) -> Said | None:
    """Return what a stop that is reached would sell: it comes before the rule."""
    fired = any(gate.passed for gate in decision.gates if isinstance(gate, StopGate))
    rate, price, qty = snapshot.return_percent, snapshot.price, snapshot.held_qty
    if not fired or rate is None or price is None or not qty:
        return None
    return Said(
        ForecastNote.STOP_SELLS,
        ticker=snapshot.symbol.ticker,
        rate=percent(rate),
        qty=qty,
        amount=whole(price * qty),
    )


def _said(one: Forecast) -> Iterable[Said]:
    return (one.line,) if one.stop is None else (one.stop, one.line)


def _rsi(decision: Decision) -> str:
    value = None if decision.indicators is None else decision.indicators.rsi
    return "-" if value is None else f"{value:.2f}"


class _AskedOnce:
    """Asks what can be bought once for all suppositions."""

    def __init__(self, source: PowerSource) -> None:
        self._source = source
        self._known: dict[tuple[Symbol, Decimal], BuyingPower] = {}

    async def buying_power(self, symbol: Symbol, price: Decimal) -> BuyingPower:
        key = (symbol, price)
        if key not in self._known:
            self._known[key] = await self._source.buying_power(symbol, price)
        return self._known[key]


class _SupposedModes:
    """The modes and locks as they would be."""

    def __init__(self, modes: ModeStore, supposed: Supposed) -> None:
        self._modes = modes
        self._supposed = supposed

    def of(self, symbol: Symbol) -> ModeState:
        state, mode = self._modes.of(symbol), self._supposed.mode
        return state if mode is None else replace(state, mode=mode)

    def lock(self, symbol: Symbol) -> TickerLock | None:
        return None if self._supposed.released else self._modes.lock(symbol)
