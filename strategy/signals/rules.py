"""The rule of spec section 4, exactly: facts in, a conclusion and a gate per condition out. Nothing here asks anybody.

A condition is met only on a known yes: None (unknown, or not asked) blocks like False. `conclude` answers yes or no
and makes nothing for people to read; the gates carry what was seen beside it, for the record.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from strategy.model import (
    BarsSeen,
    CapKey,
    CapsGate,
    CashGate,
    CrossGate,
    Decision,
    DecisionAction,
    DecisionReason,
    DelayGate,
    FreshGate,
    Gate,
    GateKey,
    GateSide,
    HoldingGate,
    HoursGate,
    Indicators,
    Known,
    LockGate,
    Mode,
    ModeGate,
    OpenOrdersGate,
    QuoteGate,
    ReconciledGate,
    Refusal,
    RsiGate,
    SellConfirm,
    Side,
    was_asked,
)
from strategy.risk.sizing import Size
from strategy.settings.schema import TradingSettings

ASKED_LAST = frozenset({GateKey.CASH, GateKey.CAPS})  # they cost a request, so only when all else says yes
BUY_SIGNAL = (GateKey.RSI_OVERSOLD,)
SELL_SIGNAL = (GateKey.RSI_OVERBOUGHT, GateKey.MACD_CONFIRM)

# members an enum is asked for cost more than the conditions themselves, so they are looked up once
_OVERSOLD: Final = GateKey.RSI_OVERSOLD
_OVERBOUGHT: Final = GateKey.RSI_OVERBOUGHT
_BUY_DELAY: Final = GateKey.BUY_DELAY
_SELL_DELAY: Final = GateKey.SELL_DELAY
_GOLDEN: Final = SellConfirm.GOLDEN
_UNCONFIRMED: Final = SellConfirm.NONE

_RSI_DIGITS = 9  # the boundary counts, and smoothing leaves residues of some 1e-14
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One consistent look at everything the rule asks about one ticker. None is unknown. Quantities are whole
    shares."""

    now: datetime
    in_hours: bool  # within the trading window of today's session (S30, S31)
    mode: Mode  # of the ticker: the stricter of its own and the account's
    lock: str | None  # why the ticker is locked (a stop fired, split guard); None when it is not
    reconciled: bool | None  # broker and bot agree; asked of buys only (promise 2)
    indicators: Indicators | None
    quote_age_s: float | None
    quote_usable: bool | None  # not halted, spread within MAX_SPREAD_PCT, last price not against its book
    bars_fresh: bool | None  # every bar that should exist by now has been seen
    last_buy_at: datetime | None  # the broker's acceptance (D5); None: never, unless `delays_known` is False
    last_sell_at: datetime | None
    delays_known: bool = True
    open_orders: int | None  # working orders of the ticker, own or by hand, unknown ones counted
    held_qty: int | None  # within POSITION_SCOPE
    sellable_qty: int | None
    buy_size: Size | None = None  # None: the buyable amount is not known
    sell_size: Size | None = None
    caps: tuple[Refusal, ...] | None = None  # what the limits say to the order of the side that has a signal
    asked: bool = True  # False: no signal, so cash and caps were not asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rule concludes."""

    action: DecisionAction  # BUY, SELL or NONE
    reason: DecisionReason
    side: Side | None  # the side whose signal was given; None for none or both
    blocked_by: tuple[GateKey, ...]  # gates of that side that did not pass, those not asked among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A decision not yet stored, with what led to it."""

    decision: Decision
    verdict: Verdict

    @property
    def guards(self) -> tuple[GateKey, ...]:
        """Return the gates that truly stopped the side with a signal; those nobody asked are none."""
        unasked = {gate.key for gate in self.decision.gates if not was_asked(gate)}
        return tuple(key for key in self.verdict.blocked_by if key not in unasked)


Condition = Callable[[Facts, TradingSettings], bool | None]

_NEITHER = Verdict(action=DecisionAction.NONE, reason=DecisionReason.NO_SIGNAL, side=None, blocked_by=())
_BOTH = Verdict(action=DecisionAction.NONE, reason=DecisionReason.BOTH_SIGNALS, side=None, blocked_by=())
_GO = {
    Side.BUY: Verdict(action=DecisionAction.BUY, reason=DecisionReason.BUY, side=Side.BUY, blocked_by=()),
    Side.SELL: Verdict(action=DecisionAction.SELL, reason=DecisionReason.SELL, side=Side.SELL, blocked_by=()),
}


def conclude(facts: Facts, settings: TradingSettings) -> Verdict:
    """Conclude from the conditions of both sides; with both signals at once there is no trade (D11)."""
    wants_buy = buy_signal(facts.indicators, settings)
    wants_sell = sell_signal(facts.indicators, settings)
    if wants_buy and wants_sell:
        return _BOTH
    if not wants_buy and not wants_sell:
        return _NEITHER
    side, conditions = (Side.BUY, BUY) if wants_buy else (Side.SELL, SELL)
    blocked = tuple(key for key, met in conditions.items() if met(facts, settings) is not True)
    if not blocked:
        return _GO[side]
    reason = DecisionReason.blocked_by(blocked[0])
    return Verdict(action=DecisionAction.NONE, reason=reason, side=side, blocked_by=blocked)


def buy_signal(indicators: Indicators | None, settings: TradingSettings) -> bool | None:
    """Return whether RSI is at or below RSI_OVERSOLD; None while it is unknown."""
    rsi = None if indicators is None else indicators.rsi
    return None if rsi is None else round(rsi, _RSI_DIGITS) <= float(settings.rsi_oversold)


def sell_signal(indicators: Indicators | None, settings: TradingSettings) -> bool | None:
    """Return whether RSI is at or above RSI_OVERBOUGHT and the confirmation is there; None while unknown."""
    return _all_known(_overbought(indicators, settings), _confirmed(indicators, settings))


def buy_gates(facts: Facts, settings: TradingSettings) -> tuple[Gate, ...]:
    """Return the gates of a buy, the signal's first; all must pass."""
    side, seen, size = GateSide.BUY, facts.indicators, facts.buy_size
    signal, *shared, reconciled, waited, nothing_open, cash, caps = (met(facts, settings) for met in BUY.values())
    return (
        RsiGate(
            key=_OVERSOLD,
            side=side,
            passed=signal,
            observed=seen.rsi if seen else None,
            threshold=settings.rsi_oversold,
            bars=_rsi_bars(seen),
        ),
        *_guards(side, shared, facts, settings),
        ReconciledGate(side=side, passed=reconciled, observed=facts.reconciled),
        DelayGate(
            key=_BUY_DELAY,
            side=side,
            passed=waited,
            observed=_since(facts.last_buy_at, facts),
            threshold=settings.buy_delay_min,
        ),
        OpenOrdersGate(side=side, passed=nothing_open, observed=facts.open_orders),
        CashGate(
            side=side,
            passed=cash,
            observed=None if size is None else size.qty,
            threshold=settings.buy_rate,
            asked=facts.asked,
            bound=None if size is None else size.bound,
            wanted=None if size is None else size.wanted,
        ),
        _caps_gate(side, caps, facts),
    )


def sell_gates(facts: Facts, settings: TradingSettings) -> tuple[Gate, ...]:
    """Return the gates of a rule sell, the signal's first; all must pass."""
    side, seen, size = GateSide.SELL, facts.indicators, facts.sell_size
    signal, cross, *shared, waited, held, nothing_open, caps = (met(facts, settings) for met in SELL.values())
    return (
        RsiGate(
            key=_OVERBOUGHT,
            side=side,
            passed=signal,
            observed=seen.rsi if seen else None,
            threshold=settings.rsi_overbought,
            bars=_rsi_bars(seen),
        ),
        _cross_gate(side, cross, seen, settings),
        *_guards(side, shared, facts, settings),
        DelayGate(
            key=_SELL_DELAY,
            side=side,
            passed=waited,
            observed=_since(facts.last_sell_at, facts),
            threshold=settings.sell_delay_min,
        ),
        HoldingGate(
            side=side,
            passed=held,
            observed=facts.sellable_qty,
            size=None if size is None else size.qty,
            bound=None if size is None else size.bound,
        ),
        OpenOrdersGate(side=side, passed=nothing_open, observed=facts.open_orders),
        _caps_gate(side, caps, facts),
    )


# the conditions


def _overbought(indicators: Indicators | None, settings: TradingSettings) -> bool | None:
    rsi = None if indicators is None else indicators.rsi
    return None if rsi is None else round(rsi, _RSI_DIGITS) >= float(settings.rsi_overbought)


def _confirmed(indicators: Indicators | None, settings: TradingSettings) -> bool | None:
    wanted = settings.sell_confirm
    if wanted is _UNCONFIRMED:
        return True
    if indicators is None or indicators.macd is None:
        return None
    return (indicators.golden_cross if wanted is _GOLDEN else indicators.dead_cross) is not None


def _fresh(facts: Facts, settings: TradingSettings) -> bool | None:
    age = facts.quote_age_s
    return _all_known(None if age is None else age <= settings.quote_max_age_s, facts.bars_fresh)


def _waited(last: datetime | None, minutes: int, facts: Facts) -> bool | None:
    """Count from the broker's acceptance of the last own order of that side (D5); exactly the delay is enough."""
    if minutes == 0:
        return True
    if not facts.delays_known:
        return None
    return last is None or facts.now - last >= minutes * _MINUTE


def _nothing_open(facts: Facts, _: TradingSettings) -> bool | None:
    return None if facts.open_orders is None else facts.open_orders == 0


def _affordable(facts: Facts, _: TradingSettings) -> bool | None:
    """Return whether the cash pays for a share; where a cap that refuses has left none, that is the cap's to say."""
    size = facts.buy_size
    if size is None:
        return None
    return size.qty > 0 or (isinstance(size.bound, CapKey) and bool(facts.caps))


def _held(facts: Facts, _: TradingSettings) -> bool | None:
    """Return whether shares are orderable; with a size, when that is above zero too (a cap may leave none)."""
    qty, size = facts.sellable_qty, facts.sell_size
    return None if qty is None else qty > 0 and (size is None or size.qty > 0)


def _within_caps(facts: Facts, _: TradingSettings) -> bool | None:
    return None if facts.caps is None else not facts.caps


BUY: Mapping[GateKey, Condition] = {
    GateKey.RSI_OVERSOLD: lambda facts, settings: buy_signal(facts.indicators, settings),
    GateKey.MODE: lambda facts, _: facts.mode.buys,
    GateKey.HOURS: lambda facts, _: facts.in_hours,
    GateKey.LOCK: lambda facts, _: facts.lock is None,
    GateKey.DATA_FRESH: _fresh,
    GateKey.QUOTE_USABLE: lambda facts, _: facts.quote_usable,
    GateKey.RECONCILED: lambda facts, _: facts.reconciled,
    GateKey.BUY_DELAY: lambda facts, settings: _waited(facts.last_buy_at, settings.buy_delay_min, facts),
    GateKey.NO_OPEN_ORDER: _nothing_open,
    GateKey.CASH: _affordable,
    GateKey.CAPS: _within_caps,
}
SELL: Mapping[GateKey, Condition] = {
    GateKey.RSI_OVERBOUGHT: lambda facts, settings: _overbought(facts.indicators, settings),
    GateKey.MACD_CONFIRM: lambda facts, settings: _confirmed(facts.indicators, settings),
    GateKey.MODE: lambda facts, _: facts.mode.rule_sells,
    GateKey.HOURS: BUY[GateKey.HOURS],
    GateKey.LOCK: BUY[GateKey.LOCK],
    GateKey.DATA_FRESH: _fresh,
    GateKey.QUOTE_USABLE: BUY[GateKey.QUOTE_USABLE],
    GateKey.SELL_DELAY: lambda facts, settings: _waited(facts.last_sell_at, settings.sell_delay_min, facts),
    GateKey.HOLDING: _held,
    GateKey.NO_OPEN_ORDER: _nothing_open,
    GateKey.CAPS: _within_caps,
}


def _all_known(*answers: bool | None) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True


# what the record keeps beside the answers


def _guards(side: GateSide, passed: Sequence[bool | None], facts: Facts, settings: TradingSettings) -> tuple[Gate, ...]:
    """Return the gates that both sides share and that nobody has to be asked for."""
    mode, hours, lock, fresh, usable = passed
    return (
        ModeGate(side=side, passed=mode, observed=facts.mode),
        HoursGate(
            side=side,
            passed=hours,
            observed=facts.in_hours,
            begins=settings.market_start_time,
            ends=settings.market_end_time,
        ),
        LockGate(side=side, passed=lock, observed=facts.lock),
        FreshGate(
            side=side,
            passed=fresh,
            observed=facts.quote_age_s,
            threshold=settings.quote_max_age_s,
            bars_complete=facts.bars_fresh,
        ),
        QuoteGate(side=side, passed=usable, observed=facts.quote_usable, threshold=settings.max_spread_pct),
    )


def _cross_gate(side: GateSide, passed: bool | None, seen: Indicators | None, settings: TradingSettings) -> CrossGate:
    wanted = settings.sell_confirm
    known = seen is not None and seen.macd is not None and wanted is not _UNCONFIRMED
    return CrossGate(
        side=side,
        passed=passed,
        observed=Known(seen.golden_cross if wanted is _GOLDEN else seen.dead_cross) if seen and known else None,
        wanted=wanted,
        within=settings.cross_lookback,
        bars=BarsSeen(interval=seen.macd_interval, count=seen.macd_bars) if seen and known else None,
    )


def _caps_gate(side: GateSide, passed: bool | None, facts: Facts) -> CapsGate:
    found = facts.caps or ()
    return CapsGate(
        side=side,
        passed=passed,
        observed=found[0] if found else None,
        broken=tuple(refusal.cap for refusal in found),
        asked=facts.asked,
    )


def _rsi_bars(seen: Indicators | None) -> BarsSeen | None:
    if seen is None:
        return None
    moved = seen.rsi_moves if seen.rsi is None else None
    return BarsSeen(interval=seen.rsi_interval, count=seen.rsi_bars, moved=moved)


def _since(last: datetime | None, facts: Facts) -> Known[timedelta | None] | None:
    if not facts.delays_known:
        return None
    return Known(None if last is None else facts.now - last)
