"""Changing an open order, and settling one whose outcome nobody knows."""

from aiogram.utils.formatting import Bold

from bot.i18n.formats import price, shares, typed_price, usd
from bot.i18n.terms import icon
from bot.ui.blocks import block
from bot.ui.buttons import AmendOrder, Button, Confirm, Copy, Keyboard, Open, StepAmend, TypeAmend
from bot.ui.screen import Screen, ViewContext
from bot.views.confirm import confirm_row
from bot.views.trading.orders import short
from bot.views.trading.steps import price_steps, qty_steps
from strategy.model import AmendPreview, Order, SettlePreview


def pick(orders: list[Order], ui: ViewContext) -> Screen:
    """Ask which open order to change."""
    t = ui.t
    picks = [Button(f"{icon(each)} #{each.no} {each.request.symbol.ticker}", AmendOrder(no=each.no)) for each in orders]
    return ui.screen(
        block(
            ui.title("✏️ ", t("Change an order")),
            t("Which one?") if picks else t("No open order of yours."),
            t("What the rules ordered is re-priced by the bot itself; it can be canceled."),
        ),
        keyboard=(
            *ui.picks(picks, 2, Open(screen="amend"), 40),
            (Button(t("🧾 Orders"), Open(screen="orders")), ui.home()),
        ),
    )


def start(order: Order, draft: str, ui: ViewContext) -> Screen:
    """Show an order as it is, with the steppers that propose other terms."""
    t = ui.t
    if order.status.closed:
        return ui.screen(
            block(ui.title("✏️ ", t("Change order #{no}", no=order.no)), short(order, ui)),
            block(t("It is not open any more: nothing can be changed.")),
            keyboard=((Button(t("🧾 Orders"), Open(screen="orders")), ui.home()),),
        )
    return ui.screen(
        block(ui.title("✏️ ", t("Change order #{no}", no=order.no)), short(order, ui)),
        block(t("Press a step to propose another price, or fewer shares. Nothing is sent before you confirm.")),
        ui.stamp(),
        keyboard=(*_steps(order, draft, ui), *_ways(order, ui)),
    )


def preview(view: AmendPreview, draft: str, ui: ViewContext) -> Screen:
    """Show old and new terms, with a single-use button or why it cannot be changed."""
    t, order = ui.t, view.order
    label = t("✅ Change to {qty} sh. at {price}", qty=shares(view.qty), price=price(view.limit_price))
    cannot = block(Bold(t("This cannot be done")), *(f"⛔ {t.of(text)}" for text in view.refusals))
    again = t("A limit is exceeded: a second confirmation will follow.") if view.needs_second_confirm else None
    return ui.screen(
        block(
            ui.title("✏️ ", t("Change order #{no}", no=order.no)),
            short(order, ui),
            t.line("Open shares {old} → {new}", old=shares(order.open_qty), new=Bold(shares(view.qty))),
            t.line("Limit {old} → {new}", old=price(order.limit_price), new=Bold(price(view.limit_price))),
            t("Last price {last} · amount {amount}", last=price(view.last), amount=usd(view.cost)),
        ),
        block(*(f"⚠️ {t.of(text)}" for text in view.warnings)) if view.warnings else None,
        cannot if view.ticket is None else block(again, t("The button works once, within a minute.")),
        keyboard=(
            *(() if view.ticket is None else confirm_row(view.ticket, label, ui)),
            *_steps(order, draft, ui),
            *_ways(order, ui),
        ),
    )


def ask(order: Order, ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(
            ui.title("✏️ ", t("Change order #{no}", no=order.no)),
            short(order, ui),
            Bold(t("Type the new open shares, the price, or both: 5 @61.10")),
            t("/cancel leaves it as it is."),
        )
    )


def settling(view: SettlePreview, ui: ViewContext) -> Screen:
    """Show what an order of unknown outcome may be at the broker; nothing is sent by an answer."""
    t = ui.t
    choices = tuple((Button(t.of(each.label)[:60], Confirm(ticket=each.ticket)),) for each in view.choices)
    found = [f"• {t.of(each.label)}" for each in view.choices]
    return ui.screen(
        block(ui.title("⚖️ ", t("What became of order #{no}?", no=view.order.no)), short(view.order, ui)),
        block(
            t("Look into the broker's app first. Your answer sends nothing; it tells the bot what is true."),
            *found,
        )
        if choices
        else block(*(f"⛔ {t.of(text)}" for text in view.refusals)),
        ui.stamp(),
        keyboard=(*choices, (Button(t("🧾 Orders"), Open(screen="orders")), ui.home())),
    )


def _steps(order: Order, draft: str, ui: ViewContext) -> Keyboard:
    """Return the steppers; the open quantity of an order can only go down."""
    downwards = [by for by in (-10, -1) if order.open_qty + by >= 1]
    return (
        *qty_steps(lambda by: StepAmend(draft=draft, what="qty", by=by), downwards, ui),
        *price_steps(lambda by: StepAmend(draft=draft, what="price", by=by), order.limit_price),
    )


def _ways(order: Order, ui: ViewContext) -> Keyboard:
    t = ui.t
    copy = (Button(f"📋 {price(order.limit_price)}", Copy(typed_price(order.limit_price))),)
    return (
        (Button(t("⌨️ Type it"), TypeAmend(no=order.no)), *copy),
        (Button(t("🔍 Details"), Open(screen="order", ref=str(order.no))), ui.home()),
    )
