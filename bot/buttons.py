"""What buttons carry: ids of things, never a price or a decision (the service checks again at the press)."""

from dataclasses import dataclass, replace
from typing import Literal

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from strategy.modes import Mode
from strategy.orders import Side
from strategy.views import HandChoice

Preset = Literal["default", "1", "10", "10%", "25%", "50%", "all"]
Span = Literal["30m", "2h", "close", ""]

_SEP = "|"  # a symbol carries a colon


class Open(CallbackData, prefix="o", sep=_SEP):
    """Show a screen in place of this one; `ref` is an order number, symbol, group or setting name.

    With `aside` it is shown in a new message: an alert must not be overwritten.
    """

    screen: str
    ref: str = ""
    aside: bool = False


class Confirm(CallbackData, prefix="y", sep=_SEP):
    ticket: str


class Dismiss(CallbackData, prefix="n", sep=_SEP):
    ticket: str


class CancelOrder(CallbackData, prefix="x", sep=_SEP):
    """Preview canceling one order, or all of them with `no` 0."""

    no: int


class CheckOrder(CallbackData, prefix="k", sep=_SEP):
    """Look an order of unknown outcome up at the broker."""

    no: int


class TradeAmount(CallbackData, prefix="t", sep=_SEP):
    """Preview an order of a preset size: an id of `bot.routers.trade.PRESETS`."""

    side: Side
    symbol: str
    preset: Preset


class SetMode(CallbackData, prefix="m", sep=_SEP):
    """Set or preview a mode; `span` is an id of `bot.routers.modes.SPANS`."""

    mode: Mode
    span: Span = ""
    symbol: str = ""


class Release(CallbackData, prefix="r", sep=_SEP):
    symbol: str


class StepSetting(CallbackData, prefix="s", sep=_SEP):
    """Move the proposed value of a setting one step up or down."""

    name: str
    way: Literal["up", "down"]


class ChooseSetting(CallbackData, prefix="c", sep=_SEP):
    """Propose one of the values a setting offers, by its place in the list."""

    name: str
    index: int


class TypeSetting(CallbackData, prefix="w", sep=_SEP):
    name: str


class ResetSetting(CallbackData, prefix="z", sep=_SEP):
    name: str


class Undo(CallbackData, prefix="u", sep=_SEP):
    """Preview taking back the newest change."""


class Speak(CallbackData, prefix="l", sep=_SEP):
    language: Literal["ko", "en"]


class Seen(CallbackData, prefix="v", sep=_SEP):
    """Note that the critical alerts told so far, up to this row of the outbox, have been seen."""

    row: int


class HandOrderChoice(CallbackData, prefix="h", sep=_SEP):
    """Decide about an order that somebody placed by hand."""

    no: int
    choice: HandChoice


class AcceptRisk(CallbackData, prefix="a", sep=_SEP):
    """Accept the notice about the risk of loss (S104)."""


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    data: CallbackData
    style: Literal["danger", "success", "primary"] | None = None


Row = tuple[Button, ...]
Keyboard = tuple[Row, ...]


def markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """Return aiogram's keyboard; None for an empty one."""
    rows = [[_button(button) for button in row] for row in keyboard if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=button.text, callback_data=button.data.pack(), style=button.style)


def opening_aside(keyboard: Keyboard) -> Keyboard:
    """Return the keyboard of an alert: its screens open in new messages."""
    return tuple(tuple(_aside(button) for button in row) for row in keyboard)


def opens_aside(data: str | None) -> bool:
    """Return whether a press asks for a new message."""
    try:
        return Open.unpack(data or "").aside
    except (TypeError, ValueError):
        return False


def _aside(button: Button) -> Button:
    if isinstance(button.data, Open):
        return replace(button, data=Open(screen=button.data.screen, ref=button.data.ref, aside=True))
    return button


def rows_of(buttons: list[Button], width: int) -> Keyboard:
    """Lay buttons out in rows of `width`."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))
