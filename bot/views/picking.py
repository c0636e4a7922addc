"""Pickers: what need not be typed."""

from collections.abc import Sequence

from bot.ui.blocks import block
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from strategy.model import Symbol


def pick_ticker(screen: str, title: str, question: str, symbols: Sequence[Symbol], ui: ViewContext) -> Screen:
    """Ask for a ticker; each button opens `screen` for it."""
    picks = [Button(symbol.ticker, Open(screen=screen, ref=str(symbol))) for symbol in symbols]
    return ui.screen(
        block(ui.title(title), question if picks else ui.t("There is nothing to pick.")),
        keyboard=(*ui.picks(picks, 3, Open(screen=screen)), (ui.home(),)),
    )
