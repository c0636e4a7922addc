"""Steppers of quantity and price, shared by new orders and changes of open ones."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from aiogram.filters.callback_data import CallbackData

from bot.ui.buttons import Button, Keyboard
from bot.ui.screen import ViewContext
from strategy.model import tick_size

TICKS = (1, 10, 100)


def qty_steps(step: Callable[[int], CallbackData], sizes: Sequence[int], ui: ViewContext) -> Keyboard:
    """Return a row of steps in shares; none where there are no sizes."""
    if not sizes:
        return ()
    return (tuple(Button(ui.t("{by} sh.", by=f"{by:+d}"), step(by)) for by in sizes),)


def price_steps(step: Callable[[int], CallbackData], at: Decimal) -> Keyboard:
    """Return two rows of steps in ticks: down, then up. `at` is dollars."""
    size = tick_size(at)
    down = tuple(Button(f"-${size * by}", step(-by)) for by in reversed(TICKS))
    up = tuple(Button(f"+${size * by}", step(by)) for by in TICKS)
    return down, up


def moved(at: Decimal, ticks: int) -> Decimal:
    """Return a price so many ticks away, never below one tick. Dollars."""
    size = tick_size(at)
    return max((at + size * ticks).quantize(size), size)
