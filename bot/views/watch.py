"""The watch list and price alerts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from aiogram.utils.formatting import Bold, Code, Text

from bot.i18n.formats import price
from bot.ui.blocks import block
from bot.ui.buttons import (
    AlertAt,
    Button,
    Confirm,
    Dismiss,
    Keyboard,
    Observe,
    Open,
    RemoveAlert,
    TypeAlert,
    Watch,
    rows_of,
)
from bot.ui.screen import Screen, ViewContext
from bot.views.confirm import at_once, confirm_row
from strategy.model import PriceAlert, Quote, Symbol, TradeMode, WatchPreview

PERCENTS = (-10, -5, -3, -1, 1, 3, 5, 10)


def watch_preview(view: WatchPreview, ui: ViewContext) -> Screen:
    """Show what would be traded from now on and what that does at once, with single-use buttons or why it cannot be."""
    t, ticker = ui.t, view.symbol.ticker
    add, remove = t("Add {ticker} to automatic trading?", ticker=ticker), t("Take {ticker} off?", ticker=ticker)
    return ui.screen(
        block(
            ui.title("📈 ", add if view.adds else remove),
            " · ".join(part for part in (str(view.symbol), view.name) if part),
            t("Price {price}", price=price(view.last)) if view.adds else None,
            t("The list would be: {tickers}", tickers=", ".join(each.ticker for each in view.tickers)),
        ),
        at_once(view.effects, ui),
        block(*(f"⚠️ {t.of(text)}" for text in view.warnings)) if view.warnings else None,
        block(Bold(t("This cannot be done")), *(f"⛔ {t.of(text)}" for text in view.refusals))
        if view.ticket is None
        else block(t("Not in force before you confirm.")),
        keyboard=_add_rows(view, ui)
        if view.tickets
        else confirm_row(view.ticket, t("➖ Take {ticker} off", ticker=ticker), ui),
    )


def watch_only(listed: Sequence[tuple[Symbol, Quote | None]], ui: ViewContext) -> Screen:
    """List the tickers that are only looked at, each with its price and what can be done with it."""
    t = ui.t
    lines = [
        Text(Bold(symbol.ticker), f" {symbol.market} · {price(None if found is None else found.last)}")
        for symbol, found in listed
    ]
    return ui.screen(
        block(
            ui.title("👀 ", t("Watch list")),
            t("Quotes and alerts only; nothing here is traded."),
            *(lines or [Text(t("No ticker is on it. Type /watch AAPL."))]),
        ),
        ui.stamp(),
        keyboard=(
            *(row for symbol, _ in listed for row in _observing(symbol, ui)),
            (Button(t("➕ Add to trading"), Open(screen="watch")), Button(t("⏰ Price alerts"), Open(screen="alerts"))),
            (ui.refresh("watch_only"), ui.home()),
        ),
    )


def _observing(symbol: Symbol, ui: ViewContext) -> Keyboard:
    ref = str(symbol)
    return (
        (
            Button(f"💲 {symbol.ticker}", Open(screen="quote", ref=ref)),
            Button("⏰", Open(screen="alert", ref=ref)),
            Button(ui.t("➕ Trade…"), Watch(symbol=ref, adds=True)),
            Button("🗑", Observe(symbol=ref, adds=False)),
        ),
    )


def observed(symbol: Symbol, traded: bool, ui: ViewContext) -> Screen:
    """Say that a ticker is watched from now on, and that this trades nothing; or that it is traded anyway."""
    t, ticker = ui.t, symbol.ticker
    there = t("{ticker} is traded already: it is quoted and guarded anyway.", ticker=ticker)
    done = t("{ticker} is on the watch list: quotes and alerts, no trading.", ticker=ticker)
    return ui.screen(
        block(ui.title("👀 ", there if traded else done)),
        ui.stamp(),
        keyboard=(
            *(() if traded else _observing(symbol, ui)),
            (Button(t("👀 Watch list"), Open(screen="watch_only")), ui.home()),
        ),
    )


def _add_rows(view: WatchPreview, ui: ViewContext) -> Keyboard:
    """Return a button for each way in which the signals of an added ticker may be traded."""
    t = ui.t
    labels = {
        TradeMode.SIGNAL: t("🔔 Alert only"),
        TradeMode.APPROVE: t("🙋 Ask me first"),
        TradeMode.AUTO: t("🤖 Trade"),
    }
    styles: dict[TradeMode, Literal["success"]] = {TradeMode.AUTO: "success"}
    ways = [
        Button(label, Confirm(ticket=view.tickets[mode]), style=styles.get(mode))
        for mode, label in labels.items()
        if mode in view.tickets
    ]
    return (*rows_of(ways, 3), (Button(t("No"), Dismiss(ticket=view.tickets[TradeMode.AUTO])),))


def pick_alert(symbol: Symbol, last: Decimal | None, ui: ViewContext) -> Screen:
    """Ask for the price to wait for, as percent from the price at the press. `last` is dollars."""
    t = ui.t
    ref = str(symbol)
    picks = [Button(f"{percent:+d}%", AlertAt(symbol=ref, percent=percent)) for percent in PERCENTS]
    return ui.screen(
        block(
            ui.title("⏰ ", t("Price alert: {ticker}", ticker=symbol.ticker)),
            t("Price {price}", price=price(last)),
            t("At how much from the price now should I tell you, once?"),
            Text(t("Or type it:"), " ", Code(f"/alert {symbol.ticker} < {_example(last)}")),
        ),
        keyboard=(
            *rows_of(picks, 4),
            (Button(t("⌨️ Type a price"), TypeAlert(symbol=ref)), Button(t("⏰ Price alerts"), Open(screen="alerts"))),
            (ui.home(),),
        ),
    )


def ask_alert(symbol: Symbol, ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(
            Bold(t("Type the price to wait for, for {ticker}.", ticker=symbol.ticker)),
            t("For example < 60 or > 70. A price alone is taken as the other side of the price now."),
            t("/cancel leaves it as it is."),
        )
    )


def alert_added(alert: PriceAlert, ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(ui.title("⏰ ", t("I tell you once: {what}", what=condition(alert, ui)))),
        ui.stamp(),
        keyboard=((_remove(alert, ui),), (Button(t("⏰ Price alerts"), Open(screen="alerts")), ui.home())),
    )


def alerts(waiting: Sequence[PriceAlert], watched: Sequence[Symbol], ui: ViewContext) -> Screen:
    """List the price alerts that wait, each with its way out, and offer new ones."""
    t = ui.t
    listed = [Text(f"#{each.id} ", Bold(condition(each, ui))) for each in waiting]
    adds = [Button(f"⏰ {symbol.ticker}", Open(screen="alert", ref=str(symbol))) for symbol in watched]
    return ui.screen(
        block(
            ui.title("⏰ ", t("Price alerts")),
            *(listed or [Text(t("No price is being waited for."))]),
            t("Each is told once and then gone."),
        ),
        ui.stamp(),
        keyboard=(
            *rows_of([_remove(each, ui) for each in waiting], 2),
            *ui.picks(adds, 3, Open(screen="alerts"), 30),
            (ui.refresh("alerts"), ui.home()),
        ),
    )


def condition(alert: PriceAlert, ui: ViewContext) -> str:
    """Return what an alert waits for: `TQQQ at or below $60.00`."""
    t = ui.t
    if alert.above:
        return t("{ticker} at or above {price}", ticker=alert.symbol.ticker, price=price(alert.price))
    return t("{ticker} at or below {price}", ticker=alert.symbol.ticker, price=price(alert.price))


def _remove(alert: PriceAlert, ui: ViewContext) -> Button:
    return Button(f"🗑 {condition(alert, ui)}", RemoveAlert(alert=alert.id))


def _example(last: Decimal | None) -> str:
    return "60" if last is None else f"{last * Decimal('0.97'):.2f}"
