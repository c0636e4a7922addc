"""The preview of a panic: what would be canceled and sold, and for which of the positions."""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import price, shares, usd
from bot.ui.blocks import block
from bot.ui.buttons import Button, Confirm, Dismiss, Keyboard, Open
from bot.ui.screen import Screen, ViewContext
from bot.views.trading.orders import short
from strategy.model import PanicLine, PanicPreview


def preview(view: PanicPreview, ui: ViewContext) -> Screen:
    """Show what a panic would do; nothing happens before one of its buttons is pressed."""
    t = ui.t
    positions = [_position(each, ui) for each in view.lines]
    return ui.screen(
        block(
            ui.title("🚨 ", t("Panic: cancel everything, sell everything")),
            t("Nothing is done before you press a red button."),
            t("Then the mode becomes Protect only, so that nothing is bought back before /run."),
        ),
        block(Bold(t("Canceled ({n})", n=len(view.orders))), *(short(each, ui) for each in view.orders))
        if view.orders
        else block(t("No open orders.")),
        block(Bold(t("Sold ({n})", n=len(positions))), *positions) if positions else block(t("No shares are held.")),
        None if view.value is None else block(t("Worth about {amount}", amount=usd(view.value))),
        _market(view, ui),
        block(Bold(t("This cannot be done")), *(f"⛔ {t.of(text)}" for text in view.refusals))
        if view.refusals
        else None,
        ui.stamp(),
        keyboard=_keyboard(view, ui),
    )


def _market(view: PanicPreview, ui: ViewContext) -> Text:
    t = ui.t
    if view.market_open:
        return block(t("Sells go out as limits below the bid, lowered until everything is sold."))
    return block(
        t("⚠️ The market is closed: orders can be canceled, but nothing can be sold now."),
        t("Next open {time}", time=ui.when(view.next_open)),
    )


def _position(each: PanicLine, ui: ViewContext) -> Text:
    t = ui.t
    value = "" if each.last is None else f" × {price(each.last)} = {usd(each.last * each.qty)}"
    unwatched = "" if each.watched else t(" (not traded by rule)")
    return Text(Bold(each.symbol.ticker), " ", t("{qty} sh.", qty=shares(each.qty)), value, unwatched)


def _keyboard(view: PanicPreview, ui: ViewContext) -> Keyboard:
    t = ui.t
    if view.ticket_all is None:
        return ((Button(t("📦 Positions"), Open(screen="positions")), ui.home()),)
    both = view.ticket_watched is not None
    label = t("🚨 Cancel and sell everything in the account") if both else t("🚨 Cancel and sell everything")
    rows: list[tuple[Button, ...]] = [(Button(label, Confirm(ticket=view.ticket_all), style="danger"),)]
    if view.ticket_watched is not None:
        only = t("🚨 Only the watched tickers")
        rows.append((Button(only, Confirm(ticket=view.ticket_watched), style="danger"),))
    return (*rows, (Button(t("No"), Dismiss(ticket=view.ticket_all)),))
