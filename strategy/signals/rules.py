"""The rule of spec section 4, exactly: facts in, one gate per condition out. Nothing here asks anybody.

A gate passes only on a known yes: None (unknown, or not asked) blocks like False.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from strategy.model import DecisionAction, Gate, Indicators, Mode
from strategy.risk.limits import Refusal
from strategy.risk.sizing import Size
from strategy.settings.schema import TradingSettings

BUY_SIGNAL = ("rsi_oversold",)
SELL_SIGNAL = ("rsi_overbought", "macd_confirm")

_RSI_DIGITS = 9  # the boundary counts, and smoothing leaves residues of some 1e-14


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
    reason: str  # "buy", "sell", "both_signals", "no_signal" or "blocked:<first gate>"
    side: Literal["buy", "sell"] | None  # the side whose signal was given; None for none or both
    blocked_by: tuple[str, ...]  # gate names of that side that did not pass


def buy_signal(indicators: Indicators | None, settings: TradingSettings) -> bool | None:
    """Return whether RSI is at or below RSI_OVERSOLD; None while it is unknown."""
    return _rsi_oversold(indicators, settings).passed


def sell_signal(indicators: Indicators | None, settings: TradingSettings) -> bool | None:
    """Return whether RSI is at or above RSI_OVERBOUGHT and the confirmation is there; None while unknown."""
    given = (_rsi_overbought(indicators, settings).passed, _macd_confirm(indicators, settings).passed)
    if False in given:
        return False
    return None if None in given else True


def buy_gates(facts: Facts, settings: TradingSettings) -> tuple[Gate, ...]:
    """Return the gates of a buy, the signal's first; all must pass."""
    return (
        _rsi_oversold(facts.indicators, settings),
        _mode("buy", facts, allowed=facts.mode.buys),
        *_guards("buy", facts, settings),
        Gate(name="reconciled", side="buy", passed=facts.reconciled, value=_yes(facts.reconciled), threshold="yes"),
        _delay("buy", facts, facts.last_buy_at, settings.buy_delay_min),
        _no_open_order("buy", facts),
        _cash(facts, settings),
        _caps("buy", facts),
    )


def sell_gates(facts: Facts, settings: TradingSettings) -> tuple[Gate, ...]:
    """Return the gates of a rule sell, the signal's first; all must pass."""
    return (
        _rsi_overbought(facts.indicators, settings),
        _macd_confirm(facts.indicators, settings),
        _mode("sell", facts, allowed=facts.mode.rule_sells),
        *_guards("sell", facts, settings),
        _delay("sell", facts, facts.last_sell_at, settings.sell_delay_min),
        _holding(facts),
        _no_open_order("sell", facts),
        _caps("sell", facts),
    )


def judge(buy: tuple[Gate, ...], sell: tuple[Gate, ...]) -> Verdict:
    """Conclude from both sides' gates; with both signals at once there is no trade (D11)."""
    wants_buy, wants_sell = _signal(buy, BUY_SIGNAL), _signal(sell, SELL_SIGNAL)
    if wants_buy and wants_sell:
        return Verdict(action=DecisionAction.NONE, reason="both_signals", side=None, blocked_by=())
    if not wants_buy and not wants_sell:
        return Verdict(action=DecisionAction.NONE, reason="no_signal", side=None, blocked_by=())
    side: Literal["buy", "sell"] = "buy" if wants_buy else "sell"
    blocked = tuple(gate.name for gate in (buy if wants_buy else sell) if gate.passed is not True)
    if blocked:
        return Verdict(action=DecisionAction.NONE, reason=f"blocked:{blocked[0]}", side=side, blocked_by=blocked)
    return Verdict(
        action=DecisionAction.BUY if wants_buy else DecisionAction.SELL, reason=side, side=side, blocked_by=()
    )


def _signal(gates: tuple[Gate, ...], names: tuple[str, ...]) -> bool:
    return all(gate.passed is True for gate in gates if gate.name in names)


def _rsi_oversold(indicators: Indicators | None, settings: TradingSettings) -> Gate:
    value = indicators.rsi if indicators else None
    return Gate(
        name="rsi_oversold",
        side="buy",
        passed=None if value is None else round(value, _RSI_DIGITS) <= float(settings.rsi_oversold),
        value=_rsi_text(value),
        threshold=f"<= {settings.rsi_oversold}",
        detail=_rsi_detail(indicators),
    )


def _rsi_overbought(indicators: Indicators | None, settings: TradingSettings) -> Gate:
    value = indicators.rsi if indicators else None
    return Gate(
        name="rsi_overbought",
        side="sell",
        passed=None if value is None else round(value, _RSI_DIGITS) >= float(settings.rsi_overbought),
        value=_rsi_text(value),
        threshold=f">= {settings.rsi_overbought}",
        detail=_rsi_detail(indicators),
    )


def _macd_confirm(indicators: Indicators | None, settings: TradingSettings) -> Gate:
    wanted = settings.sell_confirm
    if wanted == "none":
        return Gate(name="macd_confirm", side="sell", passed=True, value="off", threshold="off")
    threshold = f"{wanted} cross within {settings.cross_lookback} bars"
    if indicators is None or indicators.macd is None:
        return Gate(name="macd_confirm", side="sell", passed=None, value="unknown", threshold=threshold)
    cross = indicators.golden_cross if wanted == "golden" else indicators.dead_cross
    return Gate(
        name="macd_confirm",
        side="sell",
        passed=cross is not None,
        value="none" if cross is None else f"{cross.age} bars ago, {'holds' if cross.holds else 'reversed'}",
        threshold=threshold,
        detail=f"{indicators.macd_interval}, {indicators.macd_bars} bars",
    )


def _mode(side: str, facts: Facts, *, allowed: bool) -> Gate:
    return Gate(name="mode", side=side, passed=allowed, value=facts.mode.value, threshold=f"allows {side}s")


def _guards(side: str, facts: Facts, settings: TradingSettings) -> tuple[Gate, ...]:
    """Return the gates that both sides share."""
    age = facts.quote_age_s
    fresh = _all_known(None if age is None else age <= settings.quote_max_age_s, facts.bars_fresh)
    return (
        Gate(
            name="hours",
            side=side,
            passed=facts.in_hours,
            value="open" if facts.in_hours else "closed",
            threshold=f"{settings.market_start_time:%H:%M}-{settings.market_end_time:%H:%M} ET, venue open",
        ),
        Gate(name="lock", side=side, passed=facts.lock is None, value=facts.lock or "free", threshold="free"),
        Gate(
            name="data_fresh",
            side=side,
            passed=fresh,
            value="unknown" if age is None else f"{age:.1f} s",
            threshold=f"<= {settings.quote_max_age_s} s",
            detail={True: "bars complete", False: "bars missing", None: "bars unknown"}[facts.bars_fresh],
        ),
        Gate(
            name="quote_usable",
            side=side,
            passed=facts.quote_usable,
            value=_yes(facts.quote_usable),
            threshold=f"not halted, spread <= {settings.max_spread_pct}%, last at its book",
        ),
    )


def _delay(side: str, facts: Facts, last: datetime | None, minutes: int) -> Gate:
    """Count from the broker's acceptance of the last own order of that side (D5); exactly the delay is enough."""
    name, threshold = f"{side}_delay", f">= {minutes} min"
    if minutes == 0:
        return Gate(name=name, side=side, passed=True, value="off", threshold=threshold)
    if not facts.delays_known:
        return Gate(name=name, side=side, passed=None, value="unknown", threshold=threshold)
    if last is None:
        return Gate(name=name, side=side, passed=True, value="none yet", threshold=threshold)
    waited = facts.now - last
    whole, seconds = divmod(int(waited.total_seconds()), 60)
    passed = waited >= timedelta(minutes=minutes)
    return Gate(name=name, side=side, passed=passed, value=f"{whole}:{seconds:02d}", threshold=threshold)


def _no_open_order(side: str, facts: Facts) -> Gate:
    count = facts.open_orders
    return Gate(
        name="no_open_order",
        side=side,
        passed=None if count is None else count == 0,
        value="unknown" if count is None else str(count),
        threshold="0",
    )


def _cash(facts: Facts, settings: TradingSettings) -> Gate:
    threshold = f">= 1 share by {settings.buy_rate} of cash, fees included"
    size = facts.buy_size
    if size is None:
        return Gate(
            name="cash",
            side="buy",
            passed=None,
            value="unknown" if facts.asked else "not asked",
            threshold=threshold,
        )
    return Gate(
        name="cash",
        side="buy",
        passed=size.qty > 0,
        value=f"{size.qty} shares",
        threshold=threshold,
        detail=f"bound by {size.bound}, wanted {size.wanted}",
    )


def _holding(facts: Facts) -> Gate:
    """Pass when shares are orderable; with a size, when that is above zero too (a cap may leave none)."""
    qty = facts.sellable_qty
    return Gate(
        name="holding",
        side="sell",
        passed=None if qty is None else qty > 0 and (facts.sell_size is None or facts.sell_size.qty > 0),
        value="unknown" if qty is None else str(qty),
        threshold="> 0",
        detail="" if facts.sell_size is None else f"sell {facts.sell_size.qty}, bound by {facts.sell_size.bound}",
    )


def _caps(side: str, facts: Facts) -> Gate:
    if facts.caps is None:
        return Gate(
            name="caps",
            side=side,
            passed=None,
            value="unknown" if facts.asked else "not asked",
            threshold="within the limits",
        )
    first = facts.caps[0] if facts.caps else None
    return Gate(
        name="caps",
        side=side,
        passed=first is None,
        value="within" if first is None else first.value,
        threshold="within the limits" if first is None else first.limit,
        detail=", ".join(refusal.cap for refusal in facts.caps),
    )


def _rsi_text(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _rsi_detail(indicators: Indicators | None) -> str:
    if indicators is None:
        return ""
    seen = f"{indicators.rsi_interval}, {indicators.rsi_bars} bars"
    still = indicators.rsi is None and indicators.rsi_moves is not None
    return f"{seen}, {indicators.rsi_moves} moved" if still else seen


def _yes(known: bool | None) -> str:
    return {True: "yes", False: "no", None: "unknown"}[known]


def _all_known(*answers: bool | None) -> bool | None:
    if False in answers:
        return False
    return None if None in answers else True
