"""Manual orders: pickers and previews."""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import UNKNOWN, gain_icon, krw, plain, price, shares, usd, usd_change
from bot.i18n.terms import SIDE_ICONS, side
from bot.ui.blocks import block
from bot.ui.buttons import (
    Button,
    CancelOrder,
    EditTrade,
    Keyboard,
    Open,
    Preset,
    StepTrade,
    TradeAmount,
    TypeTrade,
    rows_of,
)
from bot.ui.screen import Screen, ViewContext
from bot.views.confirm import confirm_row
from bot.views.trading.orders import short
from bot.views.trading.steps import price_steps, qty_steps
from strategy.model import CancelPreview, OrderPreview, Side, Symbol, cents


def pick_amount(of: Side, symbol: Symbol, presets: list[tuple[Preset, str]], ui: ViewContext) -> Screen:
    """Ask how much; every answer leads to a preview first."""
    t = ui.t
    picks = [Button(label, TradeAmount(side=of, symbol=str(symbol), preset=key)) for key, label in presets]
    return ui.screen(
        block(
            ui.title(f"{SIDE_ICONS[of]} {side(of, t)} {symbol.ticker}"),
            t("How much? Nothing is ordered before you confirm."),
            t("Or type it: /{side} {ticker} 3 @61.20", side=of.value, ticker=symbol.ticker),
        ),
        keyboard=(
            *rows_of(picks, 3),
            (Button(t("⌨️ Type it"), TypeTrade(side=of, symbol=str(symbol))),),
            (Button(t("⬅️ Back"), Open(screen=of.value)), ui.home()),
        ),
    )


def ask_terms(of: Side, symbol: Symbol, ui: ViewContext, *, again: bool = False) -> Screen:
    """Ask for a typed amount and price; `again` after words that did not fit."""
    t = ui.t
    buys = t("Type how much, and the price if you want one: 3 @61.20, $500, 25%")
    sells = t("Type how much, and the price if you want one: 3 @61.20, 50%, all")
    return ui.screen(
        block(
            ui.title(f"{SIDE_ICONS[of]} {side(of, t)} {symbol.ticker}"),
            t("That could not be read.") if again else None,
            Bold(buys if of is Side.BUY else sells),
            t("/cancel leaves it as it is."),
        )
    )


def order_preview(view: OrderPreview, draft: str, ui: ViewContext, *, editing: bool = False, note: str = "") -> Screen:
    """Show what an order would do, with a single-use button (or why it cannot be placed).

    `note` says how the amount was reckoned. With `editing` the steppers of quantity and price stand under it.
    """
    t = ui.t
    cannot = block(Bold(t("This order cannot be placed")), *(f"⛔ {t.of(text)}" for text in view.refusals))
    return ui.screen(
        block(
            ui.title(f"{SIDE_ICONS[view.side]} ", t("Preview: {side} {ticker}", **_names(view, ui))),
            t.line(
                "{qty} sh. × {price} = {amount}",
                qty=Bold(shares(view.qty)),
                price=Bold(price(view.limit_price)),
                amount=Bold(usd(view.cost)),
            ),
            t(
                "Limit from {source} · last {last}",
                source=_source(view.price_source, ui),
                last=price(view.last),
            ),
            note or None,
            _in_won(view, ui),
            t("Estimated fees {fees}", fees=usd(view.fees)),
            _missing(view, ui) or _afterwards(view, ui),
            _profit(view, ui),
            _caps(view, ui),
        ),
        block(*(f"⚠️ {t.of(text)}" for text in view.warnings)) if view.warnings else None,
        cannot if view.ticket is None else _deadline(view, ui),
        keyboard=(
            *(() if view.ticket is None and editing else confirm_row(view.ticket, _confirm_label(view, ui), ui)),
            *(_steps(view, draft, ui) if editing else ((Button(t("✏️ Quantity, price"), EditTrade(draft=draft)),),)),
        ),
    )


def _steps(view: OrderPreview, draft: str, ui: ViewContext) -> Keyboard:
    t = ui.t
    ways = (
        Button(t("⌨️ Type it"), TypeTrade(side=view.side, symbol=str(view.symbol))),
        Button(t("💲 Price"), Open(screen="quote", ref=str(view.symbol))),
        ui.home(),
    )
    return (
        *qty_steps(lambda by: StepTrade(draft=draft, what="qty", by=by), (-10, -1, 1, 10), ui),
        *price_steps(lambda by: StepTrade(draft=draft, what="price", by=by), view.limit_price),
        ways,
    )


def cancel_preview(view: CancelPreview, ui: ViewContext) -> Screen:
    t = ui.t
    if view.ticket is None:
        reasons = [t.of(text) for text in view.refusals] or [t("No open orders.")]
        return ui.screen(block(ui.title("✖️ ", t("Nothing to cancel")), *reasons), keyboard=((ui.home(),),))
    return ui.screen(
        block(ui.title("✖️ ", t("Cancel these orders?"))),
        block(*(short(order, ui) for order in view.orders)),
        block(t("They may still be filled until the cancel is confirmed.")),
        keyboard=confirm_row(view.ticket, t("✖️ Yes, cancel"), ui, danger=True),
    )


def pick_order(ui: ViewContext, orders: list[tuple[int, str]]) -> Screen:
    """Ask which open order to cancel."""
    t = ui.t
    picks = [Button(label, CancelOrder(no=no)) for no, label in orders]
    every = (Button(t("✖️ Cancel all open"), CancelOrder(no=0), style="danger"),) if len(orders) > 1 else ()
    return ui.screen(
        block(ui.title("✖️ ", t("Cancel")), t("Which order do you want to cancel?") if picks else t("No open orders.")),
        keyboard=(*ui.picks(picks, 2, Open(screen="cancel"), 40), every, (ui.home(),)),
    )


def _names(view: OrderPreview, ui: ViewContext) -> dict[str, str]:
    return {"side": side(view.side, ui.t), "ticker": view.symbol.ticker}


def _source(key: str, ui: ViewContext) -> str:
    return ui.t.word("price_source", key)


def _in_won(view: OrderPreview, ui: ViewContext) -> str | None:
    amount = krw(view.cost, view.fx_rate)
    return None if amount is None else ui.t("about {amount}", amount=amount)


def _caps(view: OrderPreview, ui: ViewContext) -> str | None:
    """Return what a buy takes up of the limits; a sell takes up none worth telling."""
    t, caps = ui.t, view.caps
    if caps is None:
        return None
    share = UNKNOWN if caps.position_pct is None else f"{plain(caps.position_pct)}%"
    count = UNKNOWN if caps.orders_today is None else str(caps.orders_today)
    return t(
        "Limits: {share} of {most} in {ticker}, {count} of {orders} orders today",
        share=share,
        most=f"{plain(caps.max_position_pct)}%",
        ticker=view.symbol.ticker,
        count=count,
        orders=caps.max_orders,
    )


def _missing(view: OrderPreview, ui: ViewContext) -> Text | None:
    """Return how much is missing; what would be left after an order that cannot be paid or delivered means nothing."""
    t = ui.t
    parts = []
    if view.cash_after is not None and cents(view.cash_after) < 0:
        parts.append(t("Short of cash by {amount}", amount=usd(-view.cash_after)))
    if view.position_after is not None and view.position_after < 0:
        parts.append(t("Short of shares by {qty} sh.", qty=shares(-view.position_after)))
    return Bold(" · ".join(parts)) if parts else None


def _afterwards(view: OrderPreview, ui: ViewContext) -> str | None:
    t = ui.t
    parts = []
    if view.cash_after is not None:
        parts.append(t("can buy for {amount}", amount=usd(view.cash_after)))
    if view.position_after is not None:
        parts.append(t("holding {qty} sh.", qty=shares(view.position_after)))
    return t("Afterwards: {what}", what=" · ".join(parts)) if parts else None


def _profit(view: OrderPreview, ui: ViewContext) -> str | None:
    amount = view.expected_profit
    if amount is None:
        return None
    return ui.t("Expected result {icon} {amount} after fees", icon=gain_icon(amount), amount=usd_change(amount))


def _deadline(view: OrderPreview, ui: ViewContext) -> Text:
    t = ui.t
    again = t("A limit is exceeded: a second confirmation will follow.") if view.needs_second_confirm else None
    return block(again, t("The button works once, within a minute."))


def _confirm_label(view: OrderPreview, ui: ViewContext) -> str:
    t = ui.t
    template = t("✅ Buy {qty} {ticker}") if view.side is Side.BUY else t("✅ Sell {qty} {ticker}")
    return template.format(qty=shares(view.qty), ticker=view.symbol.ticker)
