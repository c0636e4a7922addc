"""What buttons carry: ids of things, never a price or a decision (the service checks again at the press).
See decision 0132."""

from dataclasses import dataclass, replace
from typing import Literal

from aiogram.filters.callback_data import CallbackData
from aiogram.types import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.ui import callback_data as pressable
from strategy.model import HandChoice, Mode, Side

Preset = Literal["default", "1", "10", "10%", "25%", "50%", "all"]
Span = Literal["30m", "2h", "close", ""]
Past = Literal["7d", "30d", "365d", "all"]
Quiet = Literal["off", "night", "late", "long"]


class Open(pressable.Data, prefix="o", sep=pressable.SEP):
    """Show a screen in place of this one; `ref` is an order number, symbol, group or setting name.

    With `aside` it is shown in a new message: an alert must not be overwritten.
    """

    screen: str
    ref: str = ""
    aside: bool = False


class TurnPage(pressable.Data, prefix="pg", sep=pressable.SEP):
    """Show another page of a screen: an `Open` of it, which the door makes of this."""

    screen: str
    ref: str = ""
    page: int = 0


class Confirm(pressable.Data, prefix="y", sep=pressable.SEP):
    ticket: str


class Again(pressable.Data, prefix="ya", sep=pressable.SEP):
    """Preview the terms of a button that has expired, or that things have overtaken, once more."""

    action: str
    ticket: str


class Dismiss(pressable.Data, prefix="n", sep=pressable.SEP):
    ticket: str


class CancelOrder(pressable.Data, prefix="x", sep=pressable.SEP):
    """Preview canceling one order, or all of them with `no` 0."""

    no: int


class CheckOrder(pressable.Data, prefix="k", sep=pressable.SEP):
    """Look an order of unknown outcome up at the broker."""

    no: int


class Unhook(pressable.Data, prefix="wh", sep=pressable.SEP):
    """Remove the webhook that keeps what people write from the bot."""


class AmendOrder(pressable.Data, prefix="e", sep=pressable.SEP):
    """Offer to change an open order."""

    no: int


class StepAmend(pressable.Data, prefix="ea", sep=pressable.SEP):
    """Move the quantity (shares) or the price (ticks) of an amend that is being put together."""

    draft: str
    what: Literal["qty", "price"]
    by: int


class TypeAmend(pressable.Data, prefix="ew", sep=pressable.SEP):
    no: int


class SettleOrder(pressable.Data, prefix="g", sep=pressable.SEP):
    """Ask what an order of unknown outcome may have become, for a person to say."""

    no: int


class TradeAmount(pressable.Data, prefix="t", sep=pressable.SEP):
    """Preview an order of a preset size: an id of `bot.routers.trade.PRESETS`."""

    side: Side
    symbol: str
    preset: Preset


class EditTrade(pressable.Data, prefix="te", sep=pressable.SEP):
    """Show the steppers of an order that is being put together."""

    draft: str


class StepTrade(pressable.Data, prefix="ts", sep=pressable.SEP):
    """Move the quantity (shares) or the price (ticks) of an order that is being put together."""

    draft: str
    what: Literal["qty", "price"]
    by: int


class TypeTrade(pressable.Data, prefix="tw", sep=pressable.SEP):
    side: Side
    symbol: str


class AlertAt(pressable.Data, prefix="p", sep=pressable.SEP):
    """Set a price alert so many percent from the price at the press."""

    symbol: str
    percent: int


class TypeAlert(pressable.Data, prefix="pw", sep=pressable.SEP):
    symbol: str


class RemoveAlert(pressable.Data, prefix="px", sep=pressable.SEP):
    alert: int


class Watch(pressable.Data, prefix="f", sep=pressable.SEP):
    """Preview watching a ticker, or no longer watching it."""

    symbol: str
    adds: bool


class Observe(pressable.Data, prefix="fo", sep=pressable.SEP):
    """Put a ticker on the watch list, which trades nothing, or take it off."""

    symbol: str
    adds: bool


class TypeTicker(pressable.Data, prefix="fw", sep=pressable.SEP):
    """Ask for a ticker to watch."""


class SetQuiet(pressable.Data, prefix="q", sep=pressable.SEP):
    """Propose quiet hours: an id of `bot.routers.notify.HOURS`."""

    hours: Quiet


class Export(pressable.Data, prefix="b", sep=pressable.SEP):
    """Send the files of a span: an id of `bot.routers.system.SPANS`."""

    past: Past


class SetMode(pressable.Data, prefix="m", sep=pressable.SEP):
    """Set or preview a mode; `span` is an id of `bot.routers.modes.SPANS`."""

    mode: Mode
    span: Span = ""
    symbol: str = ""


class Release(pressable.Data, prefix="r", sep=pressable.SEP):
    symbol: str


class StepSetting(pressable.Data, prefix="s", sep=pressable.SEP):
    """Propose the value one step up or down from the one in force."""

    name: str
    way: Literal["up", "down"]
    symbol: str = ""


class StepDraft(pressable.Data, prefix="sd", sep=pressable.SEP):
    """Move a proposed value one step further."""

    draft: str
    way: Literal["up", "down"]


class SpanDraft(pressable.Data, prefix="su", sep=pressable.SEP):
    """Let a proposed value hold for a while only: an id of `bot.routers.modes.SPANS`."""

    draft: str
    span: Span


class ChooseSetting(pressable.Data, prefix="c", sep=pressable.SEP):
    """Propose one of the values a setting offers, by its place in the list."""

    name: str
    index: int
    symbol: str = ""


class TypeSetting(pressable.Data, prefix="w", sep=pressable.SEP):
    name: str
    symbol: str = ""


class ResetSetting(pressable.Data, prefix="z", sep=pressable.SEP):
    name: str
    symbol: str = ""


class Undo(pressable.Data, prefix="u", sep=pressable.SEP):
    """Preview taking back the newest change, or with an id that one."""

    change: int = 0


class SetUp(pressable.Data, prefix="gs", sep=pressable.SEP):
    """Show a step of the guided set-up, or with a `pick` take that of its answers: `bot.routers.setup.STEPS`."""

    step: int
    pick: int | None = None


class Speak(pressable.Data, prefix="l", sep=pressable.SEP):
    language: Literal["ko", "en"]


class MarkSeen(pressable.Data, prefix="v", sep=pressable.SEP):
    """Note that the critical alerts told so far, up to this row of the outbox, have been seen."""

    row: int


class HandOrderChoice(pressable.Data, prefix="h", sep=pressable.SEP):
    """Decide about an order that somebody placed by hand."""

    no: int
    choice: HandChoice


class AcceptRisk(pressable.Data, prefix="a", sep=pressable.SEP):
    """Accept the notice about the risk of loss (S104)."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a button puts on the clipboard of the phone; 1 to 256 characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Button:
    text: str
    data: CallbackData | Copy
    style: Literal["danger", "success", "primary"] | None = None


Row = tuple[Button, ...]
Keyboard = tuple[Row, ...]


def markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """Return aiogram's keyboard; None for an empty one."""
    rows = [[_button(button) for button in row] for row in keyboard if row]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    if isinstance(button.data, Copy):
        return InlineKeyboardButton(text=button.text, copy_text=CopyTextButton(text=button.data.text))
    return InlineKeyboardButton(text=button.text, callback_data=button.data.pack(), style=button.style)


def opening_aside(keyboard: Keyboard) -> Keyboard:
    """Return the keyboard of an alert: its screens open in new messages."""
    return tuple(tuple(_overtaken(button) for button in row) for row in keyboard)


def opens_aside(data: str | None) -> bool:
    """Return whether a press asks for a new message."""
    try:
        return Open.unpack(data or "").aside
    except (TypeError, ValueError):
        return False


def _overtaken(button: Button) -> Button:
    if isinstance(button.data, Open):
        return replace(button, data=Open(screen=button.data.screen, ref=button.data.ref, aside=True))
    return button


def turned(data: str | None) -> TurnPage | None:
    """Return what a press turns, None where it does something else."""
    try:
        return TurnPage.unpack(data or "")
    except (TypeError, ValueError):
        return None


def rows_of(buttons: list[Button], width: int) -> Keyboard:
    """Lay buttons out in rows of `width`."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))
