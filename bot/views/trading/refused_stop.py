"""A stop that the broker refuses again and again: one message that says what it means and what to do."""

from aiogram.utils.formatting import Bold

from bot.i18n.formats import shares
from bot.i18n.terms import trigger
from bot.ui.blocks import block
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from strategy.model import StopFinished, StopTriggered


def refused_stop(event: StopTriggered | StopFinished, ui: ViewContext) -> Screen:
    """Show how often the stop was refused by now; a firing tells of the runs before it."""
    t, ticker = ui.t, event.symbol.ticker
    runs, left = (event.attempt - 1, event.qty) if isinstance(event, StopTriggered) else (event.attempt, event.left)
    tries = event.orders_refused or runs
    name = t("{stop} refused by the broker: {ticker}", stop=trigger(event.trigger, t), ticker=ticker)
    again = t(
        "While the price calls for it, the bot tries again each minute. /halt {ticker} stops that.", ticker=ticker
    )
    said = None if event.refusal is None else t("Broker's newest reason: {reason}", reason=t.of(event.refusal))
    return ui.screen(
        block(
            ui.title("🚨 ", name),
            Bold(t("{left} shares are still held, unprotected.", left=shares(left))),
            t("Tried so far: {n}. The broker refused every order.", n=tries),
            said,
        ),
        block(
            Bold(t("Sell in the broker's app or by phone.")),
            again,
        ),
        block(ui.when(event.at)),
        keyboard=(
            (Button(t("📦 Positions"), Open(screen="positions")), Button(t("🧾 Orders"), Open(screen="orders"))),
        ),
    )
