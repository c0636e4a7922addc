"""Why the program did or did not trade: /why, blocked signals, and the reason lines of orders."""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import UNKNOWN, number, price, rate, shares, usd
from bot.i18n.gates import bounds, cross, said
from bot.i18n.terms import STOP_ICON, conclusion, gate, side
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
    StopGate,
    Symbol,
    name_of,
)

_MARKS = {True: "✅", False: "❌", None: "❓"}


def why(decision: Decision | None, symbol: Symbol, ui: ViewContext) -> Screen:
    """Show the newest decision about a ticker, every gate with its value and threshold."""
    t = ui.t
    ref = str(symbol)
    keyboard = (
        (ui.refresh("why", ref), Button(t("📈 {ticker}", ticker=symbol.ticker), Open(screen="ticker", ref=ref))),
        (ui.home(),),
    )
    if decision is None:
        return ui.screen(
            block(ui.title("🔎 ", t("Why {ticker}?", ticker=symbol.ticker))),
            block(t("No check of {ticker} is recorded for that time yet.", ticker=symbol.ticker)),
            ui.stamp(),
            keyboard=keyboard,
        )
    sections = [_gates(decision, name, ui) for name in ("stop", "buy", "sell")]
    return ui.screen(
        block(
            ui.title("🔎 ", t("Why {ticker}?", ticker=symbol.ticker)),
            t.line("Conclusion: {what}", what=Bold(conclusion(decision, t))),
            t("Checked {time}", time=ui.when(decision.decided_at)),
        ),
        _facts(decision, ui),
        *sections,
        ui.stamp(),
        keyboard=keyboard,
    )


def signal_blocked(event: SignalBlocked, ui: ViewContext) -> Screen:
    """Tell that a signal was there and which guard stopped it (S8)."""
    t, decision = ui.t, event.decision
    symbol = decision.symbol
    by_key = {each.key: each for each in decision.gates if each.side == event.side.value}
    return ui.screen(
        block(
            ui.title(
                "🚧 ",
                t("{side} signal not carried out: {ticker}", side=side(event.side, t), ticker=symbol.ticker),
            ),
            t("Blocked by: {guards}", guards=", ".join(gate(key, t) for key in event.guards) or UNKNOWN),
        ),
        block(*(_gate_line(by_key[key], ui) for key in event.guards if key in by_key)),
        block(*signal_lines(decision, ui, only=event.side), t("Price {price}", price=price(decision.last))),
        block(ui.when(event.at)),
        keyboard=((_why_button(symbol, ui),),),
    )


def both_signals(event: BothSignals, ui: ViewContext) -> Screen:
    t, symbol = ui.t, event.decision.symbol
    return ui.screen(
        block(
            ui.title("⚖️ ", t("No trade in {ticker}: both signals at once", ticker=symbol.ticker)),
            t("Buy and sell conditions hold together. Check RSI_OVERSOLD and RSI_OVERBOUGHT in /settings."),
        ),
        block(*signal_lines(event.decision, ui)),
        block(ui.when(event.at)),
        keyboard=((_why_button(symbol, ui),),),
    )


def signal_lines(decision: Decision, ui: ViewContext, *, only: Side | None = None) -> list[Text]:
    """Return the indicator values with their thresholds: RSI always, MACD where a sell was weighed (S91, S92)."""
    found = decision.indicators
    if found is None:
        return []
    lines = [_rsi_line(decision, found, only, ui)]
    if only is not Side.BUY:
        lines.append(_macd_line(found, ui))
        lines.append(_cross_line(found, ui))
    return lines


def _rsi_line(decision: Decision, found: Indicators, only: Side | None, ui: ViewContext) -> Text:
    gates = [each for each in decision.gates if isinstance(each, RsiGate) and only in (None, each.side.value)]
    shown = " / ".join(bounds(each, ui.t) for each in gates)
    text = ui.t("RSI({interval}) {value}", interval=_interval(found.rsi_interval, ui), value=number(found.rsi))
    return Text(Bold(text), f" ({shown})" if shown else "", _live(found, ui))


def _macd_line(found: Indicators, ui: ViewContext) -> Text:
    return Text(
        ui.t(
            "MACD({interval}) {macd} · signal {signal}",
            interval=_interval(found.macd_interval, ui),
            macd=number(found.macd, 4),
            signal=number(found.macd_signal, 4),
        )
    )


def _cross_line(found: Indicators, ui: ViewContext) -> Text:
    t = ui.t
    return Text(
        t("golden cross: {cross}", cross=cross(found.golden_cross, t)),
        " · ",
        t("dead cross: {cross}", cross=cross(found.dead_cross, t)),
    )


def _interval(name: str, ui: ViewContext) -> str:
    return ui.t("day") if name == "day" else ui.t("{n} min", n=name)


def _live(found: Indicators, ui: ViewContext) -> str:
    return " · " + ui.t("live bar") if found.bars_used == "live" else ""


def _facts(decision: Decision, ui: ViewContext) -> Text:
    t = ui.t
    age = "" if decision.quote_age_s is None else t(" ({age} s old)", age=f"{decision.quote_age_s:.1f}")
    held = decision.position_qty
    bars = decision.indicators.newest_bar_at if decision.indicators else None
    return block(
        t("Price {price}", price=price(decision.last)) + age,
        *signal_lines(decision, ui),
        None if bars is None else t("Newest bar {time}", time=ui.when(bars)),
        None
        if held is None
        else t("Held {qty} sh. at {average}", qty=shares(held), average=price(decision.average_cost))
        if held
        else t("Nothing held"),
        None if decision.return_percent is None else t("Return {rate}", rate=rate(decision.return_percent)),
        None if decision.cash is None else t("Cash {amount}", amount=usd(decision.cash)),
        _intent(decision, ui),
    )


def _intent(decision: Decision, ui: ViewContext) -> str | None:
    if decision.action is DecisionAction.NONE or not decision.qty:
        return None
    return ui.t("Order: {qty} sh. at {price}", qty=shares(decision.qty), price=price(decision.limit_price))


def _gates(decision: Decision, name: str, ui: ViewContext) -> Text | None:
    t = ui.t
    gates = [each for each in decision.gates if each.side == name]
    if not gates:
        return None
    heading = {"buy": t("🟥 Buy needs all of these"), "sell": t("🟦 Sell needs all of these")}
    return quote(
        Bold(heading.get(name, t("🟧 Stop"))),
        *(_gate_line(each, ui) for each in gates),
        folded=len(gates) > 6,
    )


def _gate_line(each: Gate, ui: ViewContext) -> Text:
    t = ui.t
    words = said(each, t)
    needs = f" ({words.needs})" if words.needs else ""
    detail = f" · {words.detail}" if words.detail else ""
    return Text(f"{_mark(each)} {gate(name_of(each), t)}: {words.observed}{needs}{detail}")


def _mark(each: Gate) -> str:
    """Return ✅ for a condition that is met; a stop is well while it has not fired."""
    if not isinstance(each, StopGate) or each.passed is None:
        return _MARKS[each.passed]
    if each.passed:
        return STOP_ICON
    return "➖" if each.threshold is None else "✅"


def _why_button(symbol: Symbol, ui: ViewContext) -> Button:
    return Button(ui.t("🔎 Why?"), Open(screen="why", ref=str(symbol)))
