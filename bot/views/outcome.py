"""What a press of a confirm button did."""

from aiogram.utils.formatting import Bold

from bot.ui.blocks import block
from bot.ui.buttons import Again, Button, Keyboard, Open, Undo
from bot.ui.screen import Screen, ViewContext
from bot.views.changes import answer_story
from bot.views.confirm import confirm_row
from bot.views.stops_off import stops_off_block, way_back
from bot.views.trading.orders import actions, short
from strategy.model import Outcome, OutcomeKind, SettingChanged


def outcome(result: Outcome, ui: ViewContext) -> Screen:
    """Tell what a press of a confirm button did; unknown is said as unknown (promise 3)."""
    if result.kind is OutcomeKind.SECOND_CONFIRM and result.next_ticket:
        return _second_confirm(result, ui)
    t = ui.t
    order = result.order
    placed = None
    if order is not None:
        placed = block(t.line("Order {order}", order=Bold(f"#{order.no}")), short(order, ui))
    elif result.order_nos:
        placed = block(t("Orders {numbers}", numbers=", ".join(f"#{no}" for no in result.order_nos)))
    traded = order is not None or bool(result.order_nos)
    onward = Button(t("🧾 Orders"), Open(screen="orders")) if traded else Button(t("📊 Status"), Open(screen="status"))
    keyboard: Keyboard = ((onward, ui.home()),)
    if order is not None:
        keyboard = (*actions(order, ui), *keyboard)
    off = result.stops_off
    return ui.screen(
        block(
            ui.title(_headline(result.kind, ui) if off is None else t("⛔ The stop-loss is off")),
            t.of(result.text) or None,
            _advice(result, ui),
        ),
        None if off is None else stops_off_block(off, ui),
        placed,
        *(block(*answer_story(event, ui)) for event in result.news),
        ui.stamp(),
        keyboard=(*_again(result, ui), *(_undo(result, ui) if off is None else way_back(result, ui)), *keyboard),
    )


_AGAIN = frozenset({"order", "amend", "cancel", "setting", "mode", "release", "watch"})


def _again(result: Outcome, ui: ViewContext) -> Keyboard:
    """Return the button that previews the same terms once more, where nothing was done with them."""
    if result.again is None or result.again[0] not in _AGAIN:
        return ()
    action, ticket = result.again
    return ((Button(ui.t("🔁 Again with the same terms"), Again(action=action, ticket=ticket), style="primary"),),)


def _undo(result: Outcome, ui: ViewContext) -> Keyboard:
    """Return the buttons that take back what was set, each its own change and no other."""
    changes = [event.change.id for event in result.news if isinstance(event, SettingChanged)]
    return tuple((Button(ui.t("↩️ Undo"), Undo(change=change)),) for change in changes[-1:] if change)


def _headline(kind: OutcomeKind, ui: ViewContext) -> str:
    return ui.t.word("outcome", kind)


def _advice(result: Outcome, ui: ViewContext) -> str | None:
    t = ui.t
    return {
        OutcomeKind.UNKNOWN: t("Do not send it again: it may already be placed. I keep looking and will tell you."),
        OutcomeKind.CHANGED: t("Ask for a new preview."),
        OutcomeKind.EXPIRED: t("Ask for a new preview."),
    }.get(result.kind)


def _second_confirm(outcome: Outcome, ui: ViewContext) -> Screen:
    """Ask again for an order over a cap."""
    t = ui.t
    return ui.screen(
        block(ui.title("⚠️ ", t("Over a limit: confirm once more")), t.of(outcome.text)),
        keyboard=confirm_row(outcome.next_ticket, t("⚠️ Place it anyway"), ui, danger=True),
    )
