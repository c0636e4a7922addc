"""The message that follows the fetching of past minute bars."""

from aiogram.utils.formatting import Bold, Text

from bot.ui.blocks import block
from bot.ui.screen import Screen, ViewContext
from strategy.model import BarsProgress


def bars_progress(event: BarsProgress, ui: ViewContext) -> Screen:
    """Say which tickers' past sessions are being kept, how far that is, and what came of it."""
    t = ui.t
    lines = [
        Text(
            Bold(each.symbol.ticker),
            " ",
            t("{kept} of {of} sessions kept", kept=each.kept, of=each.of),
            " ✓" if each.kept == each.of else "",
        )
        for each in event.tickers
    ]
    return ui.screen(
        block(ui.title("🗄 ", _headline(event, ui))),
        block(*lines),
        block(_conclusion(event, ui)),
        block(ui.when(event.at)),
    )


def _headline(event: BarsProgress, ui: ViewContext) -> str:
    t = ui.t
    if not event.done:
        return t("Fetching past minute bars")
    return t("Past minute bars: not all of them yet") if event.why is not None else t("Past minute bars are kept")


def _conclusion(event: BarsProgress, ui: ViewContext) -> str:
    t = ui.t
    if event.why is not None:
        return t("{reason} What is missing is tried again by itself.", reason=t.of(event.why))
    if not event.done:
        return t("About a month is there to fetch. Orders and prices go first; nothing needs you.")
    if any(each.kept < each.of for each in event.tickers):
        return t("KIS has no bars of the other sessions. From now on every night is kept.")
    return t("From now on every night is kept.")
