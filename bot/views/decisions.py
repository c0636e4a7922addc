"""Why the program did or did not trade: /why, blocked signals, and the reason lines of orders."""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import UNKNOWN, number, price, rate, shares, usd
from bot.i18n.gates import cross, said
from bot.i18n.terms import conclusion, gate, side
from bot.ui.blocks import block, quote
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from strategy.model import (
    BothSignals,
    Decision,
    DecisionAction,
    Gate,
    Indicators,
    RsiGate,
    Side,
    SignalBlocked,
    Symbol,
    name_of,
)

_MARKS = {True: "✅", False: "❌", None: "❓"}


def why(decision: Decision | None, symbol: Symbol, frame: ViewContext) -> Screen:
    """Show the newest decision about a ticker, every gate with its value and threshold."""
    t = frame.t
    ref = str(symbol)
    keyboard = (
        (frame.refresh("why", ref), Button(t("📈 {ticker}", ticker=symbol.ticker), Open(screen="ticker", ref=ref))),
        (frame.home(),),
    )
    if decision is None:
        return frame.screen(
            block(frame.title("🔎 ", t("Why {ticker}?", ticker=symbol.ticker))),
            block(t("No check of {ticker} is recorded for that time yet.", ticker=symbol.ticker)),
            frame.stamp(),
            keyboard=keyboard,
        )
    sections = [_gates(decision, name, frame) for name in ("stop", "buy", "sell")]
    return frame.screen(
        block(
            frame.title("🔎 ", t("Why {ticker}?", ticker=symbol.ticker)),
            t.line("Conclusion: {what}", what=Bold(conclusion(decision, t))),
            t("Checked {time}", time=frame.when(decision.decided_at)),
        ),
        _facts(decision, frame),
        *sections,
        frame.stamp(),
        keyboard=keyboard,
    )


def signal_blocked(event: SignalBlocked, frame: ViewContext) -> Screen:
    """Tell that a signal was there and which guard stopped it (S8)."""
    t, decision = frame.t, event.decision
    symbol = decision.symbol
    by_key = {each.key: each for each in decision.gates if each.side == event.side.value}
    return frame.screen(
        block(
            frame.title(
                "🚧 ",
                t("{side} signal not carried out: {ticker}", side=side(event.side, t), ticker=symbol.ticker),
            ),
            t("Blocked by: {guards}", guards=", ".join(gate(key, t) for key in event.guards) or UNKNOWN),
        ),
        block(*(_gate_line(by_key[key], frame) for key in event.guards if key in by_key)),
        block(*signal_lines(decision, frame, only=event.side), t("Price {price}", price=price(decision.last))),
        block(frame.when(event.at)),
        keyboard=((_why_button(symbol, frame),),),
    )


def both_signals(event: BothSignals, frame: ViewContext) -> Screen:
    t, symbol = frame.t, event.decision.symbol
    return frame.screen(
        block(
            frame.title("⚖️ ", t("No trade in {ticker}: both signals at once", ticker=symbol.ticker)),
            t("Buy and sell conditions hold together. Check RSI_OVERSOLD and RSI_OVERBOUGHT in /settings."),
        ),
        block(*signal_lines(event.decision, frame)),
        block(frame.when(event.at)),
        keyboard=((_why_button(symbol, frame),),),
    )


def signal_lines(decision: Decision, frame: ViewContext, *, only: Side | None = None) -> list[Text]:
    """Return the indicator values with their thresholds: RSI always, MACD where a sell was weighed (S91, S92)."""
    found = decision.indicators
    if found is None:
        return []
    lines = [_rsi_line(decision, found, only, frame)]
    if only is not Side.BUY:
        lines.append(_macd_line(found, frame))
        lines.append(_cross_line(found, frame))
    return lines


def _rsi_line(decision: Decision, found: Indicators, only: Side | None, frame: ViewContext) -> Text:
    gates = [each for each in decision.gates if isinstance(each, RsiGate) and only in (None, each.side.value)]
    shown = " / ".join(f"{each.sign} {each.threshold}" for each in gates)
    text = frame.t("RSI({interval}) {value}", interval=_interval(found.rsi_interval, frame), value=number(found.rsi))
    return Text(Bold(text), f" {shown}" if shown else "", _live(found, frame))


def _macd_line(found: Indicators, frame: ViewContext) -> Text:
    return Text(
        frame.t(
            "MACD({interval}) {macd} · signal {signal}",
            interval=_interval(found.macd_interval, frame),
            macd=number(found.macd, 4),
            signal=number(found.macd_signal, 4),
        )
    )


def _cross_line(found: Indicators, frame: ViewContext) -> Text:
    t = frame.t
    return Text(
        t("golden cross: {cross}", cross=cross(found.golden_cross, t)),
        " · ",
        t("dead cross: {cross}", cross=cross(found.dead_cross, t)),
    )


def _interval(name: str, frame: ViewContext) -> str:
    return frame.t("day") if name == "day" else frame.t("{n} min", n=name)


def _live(found: Indicators, frame: ViewContext) -> str:
    return " · " + frame.t("live bar") if found.bars_used == "live" else ""


def _facts(decision: Decision, frame: ViewContext) -> Text:
    t = frame.t
    age = "" if decision.quote_age_s is None else t(" ({age} s old)", age=f"{decision.quote_age_s:.1f}")
    held = decision.position_qty
    bars = decision.indicators.newest_bar_at if decision.indicators else None
    return block(
        t("Price {price}", price=price(decision.last)) + age,
        *signal_lines(decision, frame),
        None if bars is None else t("Newest bar {time}", time=frame.when(bars)),
        None
        if held is None
        else t("Held {qty} sh. at {average}", qty=shares(held), average=price(decision.average_cost))
        if held
        else t("Nothing held"),
        None if decision.return_percent is None else t("Return {rate}", rate=rate(decision.return_percent)),
        None if decision.cash is None else t("Cash {amount}", amount=usd(decision.cash)),
        _intent(decision, frame),
    )


def _intent(decision: Decision, frame: ViewContext) -> str | None:
    if decision.action is DecisionAction.NONE or not decision.qty:
        return None
    return frame.t("Order: {qty} sh. at {price}", qty=shares(decision.qty), price=price(decision.limit_price))


def _gates(decision: Decision, name: str, frame: ViewContext) -> Text | None:
    t = frame.t
    gates = [each for each in decision.gates if each.side == name]
    if not gates:
        return None
    heading = {"buy": t("🟥 Buy needs all of these"), "sell": t("🟦 Sell needs all of these")}
    return quote(
        Bold(heading.get(name, t("🟧 Stop"))),
        *(_gate_line(each, frame) for each in gates),
        folded=len(gates) > 6,
    )


def _gate_line(each: Gate, frame: ViewContext) -> Text:
    t = frame.t
    words = said(each, t)
    needs = f" ({words.needs})" if words.needs else ""
    detail = f" · {words.detail}" if words.detail else ""
    return Text(f"{_MARKS[each.passed]} {gate(name_of(each), t)}: {words.observed}{needs}{detail}")


def _why_button(symbol: Symbol, frame: ViewContext) -> Button:
    return Button(frame.t("🔎 Why?"), Open(screen="why", ref=str(symbol)))
