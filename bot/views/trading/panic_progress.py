"""How a panic goes: one message edited while it runs, and a new one at its end that says what is left."""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import price, shares, span
from bot.i18n.terms import finish
from bot.ui.blocks import block
from bot.ui.buttons import Button, Keyboard, Open
from bot.ui.screen import Screen, ViewContext
from strategy.model import PanicLine, PanicProgress

_LINES = 40  # one message has no room for many more


def panic_progress(event: PanicProgress, ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(ui.title("🆘 ", _headline(event, ui)), t("asked for by user {user}", user=event.asked_by)),
        _cancels(event, ui),
        _positions(event, ui) if event.lines else None,
        _conclusion(event, ui),
        block(
            t("After {span}", span=span((event.at - event.started_at).total_seconds(), t)) if event.done else None,
            ui.when(event.at),
        ),
        keyboard=_keyboard(event, ui),
    )


def _positions(event: PanicProgress, ui: ViewContext) -> Text:
    """List the positions; of very many those that are not sold first, and how many more there are."""
    t, lines = ui.t, event.lines
    shown = lines if len(lines) <= _LINES else sorted(lines, key=lambda each: each.sold >= each.qty)[:_LINES]
    sold = sum(each.sold >= each.qty for each in lines)
    more = None
    if len(shown) < len(lines):
        more = t("{sold} of {all} positions are sold. The rest: /positions", sold=sold, all=len(lines))
    return block(Bold(t("Positions")), *(_position(each, event, ui) for each in shown), more)


def _headline(event: PanicProgress, ui: ViewContext) -> str:
    t = ui.t
    if not event.done:
        return t("Panic under way: cancel all, sell all")
    return t("Panic over: everything is sold") if event.flat else t("Panic over: NOT everything is sold")


def _cancels(event: PanicProgress, ui: ViewContext) -> Text:
    t = ui.t
    left = t(" · {n} not confirmed yet", n=event.cancels_left) if event.cancels_left else ""
    return block(t("Orders canceled: {n}", n=event.canceled) + left)


def _position(each: PanicLine, event: PanicProgress, ui: ViewContext) -> Text:
    t, left = ui.t, each.qty - each.sold
    mark = "✅" if left == 0 else "⚠️" if event.done else "⏳"
    why = "" if left == 0 or not each.reason else f" · {finish(each.reason, t)}"
    return Text(
        f"{mark} ",
        Bold(each.symbol.ticker),
        t(" sold {sold}/{qty} sh.", sold=shares(each.sold), qty=shares(each.qty)),
        "" if left == 0 else t(" · left {left}", left=shares(left)),
        "" if left == 0 or each.last is None else f" × {price(each.last)}",
        why,
    )


def _conclusion(event: PanicProgress, ui: ViewContext) -> Text | None:
    t = ui.t
    note = None if event.note is None else t.of(event.note)
    if not event.done:
        return block(note, t("This message keeps itself up to date; the end is told in a new one."))
    if event.flat:
        return block(note or t("The broker confirms: no open orders, no shares."))
    return block(
        note,
        t("What is left is NOT sold. Look at /positions and /orders, sell with /sell, or use the broker's app."),
    )


def _keyboard(event: PanicProgress, ui: ViewContext) -> Keyboard:
    t = ui.t
    if not event.done:
        return ()
    return ((Button(t("📦 Positions"), Open(screen="positions")), Button(t("🧾 Orders"), Open(screen="orders"))),)
