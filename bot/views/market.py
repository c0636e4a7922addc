"""Prices, tickers and market days."""

from collections.abc import Sequence
from datetime import datetime

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import gain_icon, low_price, price, rate, shares, span, typed_price
from bot.i18n.terms import conclusion, weekday
from bot.ui.blocks import block
from bot.ui.buttons import Button, Copy, Observe, Open, TypeTicker, Watch
from bot.ui.screen import Screen, ViewContext
from bot.views.decisions import signal_lines
from strategy.model import CalendarDay, QuoteView, Symbol, new_york, seoul


def quote(view: QuoteView, ui: ViewContext) -> Screen:
    """Show a fresh price with what it means to the owner, and what can be done."""
    t, found = ui.t, view.quote
    ref = str(found.symbol)
    age = span(found.age(ui.now).total_seconds(), t)
    spread = "" if view.spread_percent is None else t(" · spread {rate}%", rate=f"{view.spread_percent:.2f}")
    book = t("Bid {bid} · ask {ask}", bid=price(found.bid), ask=price(found.ask)) + spread
    return ui.screen(
        block(
            ui.title("💲 ", found.symbol.ticker),
            str(found.symbol),
            Text(Bold(price(found.last)), f" {gain_icon(view.change_percent)} {rate(view.change_percent)}"),
            t("Close before {price}", price=price(view.previous_close)),
            t("No bid and ask here.") if found.bid is None and found.ask is None else book,
            t("⚠️ Trading in it is halted.") if found.halted else None,
            t("Asked {age} ago", age=age),
        ),
        _mine(view, ui),
        None if view.watched else block(t("It is not among the traded tickers: no rule trades it.")),
        ui.stamp(),
        keyboard=(
            *ticker_actions(found.symbol, ui, held=bool(view.position_qty), watched=view.watched, here="quote"),
            (Button(f"📋 {price(found.last)}", Copy(typed_price(found.last))),),
            (ui.refresh("quote", ref), ui.home()),
        ),
    )


def ticker_actions(
    symbol: Symbol, ui: ViewContext, *, held: bool, watched: bool, here: str
) -> tuple[tuple[Button, ...], ...]:
    """Return what can be done about a ticker; `here` is the screen that is shown already.

    One that is neither traded nor held can be added and waited for; orders and decisions are of the others.
    """
    t, ref = ui.t, str(symbol)
    buy = Button(t("🟥 Buy"), Open(screen="buy", ref=ref))
    further = [
        Button(t("💲 Price"), Open(screen="quote", ref=ref)),
        Button(t("🔎 Why?"), Open(screen="why", ref=ref)),
        Button(t("📈 {ticker}", ticker=symbol.ticker), Open(screen="ticker", ref=ref)),
    ]
    ways = (
        Button(t("⏰ Price alert"), Open(screen="alert", ref=ref)),
        Button(t("⏸ Pause buys"), Open(screen="pause", ref=ref))
        if watched
        else Button(t("➕ Trade…"), Watch(symbol=ref, adds=True)),
        *(() if watched else (Button(t("👀 Watch list"), Observe(symbol=ref, adds=True)),)),
    )
    if not watched and not held:
        return (ways,)
    return (
        (buy, Button(t("🟦 Sell"), Open(screen="sell", ref=ref))) if held else (buy,),
        tuple(each for each in further if not (isinstance(each.data, Open) and each.data.screen == here)),
        ways,
    )


def tickers(watched: Sequence[Symbol], ui: ViewContext) -> Screen:
    """List the watched tickers, each leading to its card."""
    t = ui.t
    picks = [Button(symbol.ticker, Open(screen="ticker", ref=str(symbol))) for symbol in watched]
    return ui.screen(
        block(ui.title("📈 ", t("Tickers")), t("Traded by rule. Press one to see it.")),
        keyboard=(
            *ui.picks(picks, 3, Open(screen="tickers")),
            (
                Button(t("➕ Add to trading"), Open(screen="watch")),
                Button(t("➖ Take one off"), Open(screen="unwatch")),
            ),
            (
                Button(t("👀 Watch list"), Open(screen="watch_only")),
                Button(t("⏰ Price alerts"), Open(screen="alerts")),
            ),
            (ui.home(),),
        ),
    )


def pick_watch(held: Sequence[Symbol], ui: ViewContext) -> Screen:
    """Ask which ticker to watch: what is held can be picked, anything else is typed."""
    t = ui.t
    picks = [Button(symbol.ticker, Watch(symbol=str(symbol), adds=True)) for symbol in held]
    return ui.screen(
        block(
            ui.title("➕ ", t("Add a ticker to automatic trading")),
            t("These are held but not traded by rule:") if picks else None,
            t("It trades by rule once its bars are there. First you see what it is and confirm."),
        ),
        keyboard=(
            *ui.picks(picks, 3, Open(screen="watch")),
            (Button(t("⌨️ Type a ticker"), TypeTicker()),),
            (ui.home(),),
        ),
    )


def pick_unwatch(watched: Sequence[Symbol], ui: ViewContext) -> Screen:
    t = ui.t
    picks = [Button(symbol.ticker, Watch(symbol=str(symbol), adds=False)) for symbol in watched]
    return ui.screen(
        block(ui.title("➖ ", t("Take a ticker off automatic trading")), t("Which ticker?")),
        keyboard=(
            *ui.picks(picks, 3, Open(screen="unwatch")),
            (Button(t("📈 Tickers"), Open(screen="tickers")), ui.home()),
        ),
    )


def ask_ticker(ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(
            Bold(t("Type the ticker to add.")),
            t("For example TQQQ, or NASDAQ:TQQQ where the exchange matters."),
            t("/cancel leaves it as it is."),
        )
    )


def calendar(days: Sequence[CalendarDay], ui: ViewContext) -> Screen:
    """List the coming market days; what differs from an ordinary day is marked."""
    t = ui.t
    return ui.screen(
        block(
            ui.title("🗓 ", t("Market days")),
            t("The dates are New York's; in Korea the close is on the next morning."),
        ),
        block(*(_day(each, ui) for each in days)),
        ui.stamp(),
        keyboard=((ui.refresh("calendar"), ui.home()),),
    )


def _mine(view: QuoteView, ui: ViewContext) -> Text | None:
    """Return what is held of it, where its stop is, and what the rules think."""
    t, decision = ui.t, view.decision
    held = None
    if view.position_qty:
        held = Text(
            t("{qty} sh.", qty=shares(view.position_qty)),
            f" · {gain_icon(view.return_percent)} ",
            Bold(rate(view.return_percent)),
        )
    lines = [
        held,
        None if view.stop_price is None else t("Stop fires at {price}", price=low_price(view.stop_price)),
        *([] if decision is None else signal_lines(decision, ui)),
        None if decision is None else t("Conclusion: {what}", what=conclusion(decision, t)),
    ]
    return block(*lines) if any(lines) else None


def _day(each: CalendarDay, ui: ViewContext) -> Text:
    t = ui.t
    name = f"{each.on:%m-%d} {weekday(each.on, t)}"
    note = "" if each.note is None else f" · {t.of(each.note)}"
    if each.opens_at is None or each.closes_at is None:
        return Text("🚫 ", Bold(name), " " + t("closed"), note)
    return Text("🌗 " if each.half_day else "🟢 ", Bold(name), f" {_hours(each.opens_at, each.closes_at)}", note)


def _hours(opens: datetime, closes: datetime) -> str:
    """Return `KST 23:30~06:00 (ET 09:30~16:00)`; the evening is that of the date in Korea, too."""
    spans = [f"{zone(opens):%H:%M}~{zone(closes):%H:%M}" for zone in (seoul, new_york)]
    return f"KST {spans[0]} (ET {spans[1]})"
