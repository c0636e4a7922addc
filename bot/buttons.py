"""What buttons carry: ids of things, never a price or a decision (the service checks again at the press)."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from aiogram.filters.callback_data import CallbackData
from aiogram.types import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from strategy.modes import Mode
from strategy.orders import Side
from strategy.views import HandChoice

Preset = Literal["default", "1", "10", "10%", "25%", "50%", "all"]
Span = Literal["30m", "2h", "close", ""]
Past = Literal["7d", "30d", "365d", "all"]
Quiet = Literal["off", "night", "late", "long"]

_SEP = "|"  # a symbol carries a colon


class Data(CallbackData, prefix="-", sep=_SEP):
    """What a button carries. New fields go to the end and have a default: buttons of older builds stay pressable."""

    @classmethod
    def unpack(cls, value: str) -> Self:
        """Read a button, also one that lacks the newest fields; raise TypeError or ValueError for anything else."""
        prefix, *parts = value.split(_SEP)
        newer = list(cls.model_fields.values())[len(parts) :]
        if prefix == cls.__prefix__ and not any(field.is_required() for field in newer):
            value = _SEP.join((prefix, *parts, *(_packed(field.default) for field in newer)))
        return super().unpack(value)


class Open(Data, prefix="o", sep=_SEP):
    """Show a screen in place of this one; `ref` is an order number, symbol, group or setting name.

    With `aside` it is shown in a new message: an alert must not be overwritten.
    """

    screen: str
    ref: str = ""
    aside: bool = False


class Turn(Data, prefix="pg", sep=_SEP):
    """Show another page of a screen: an `Open` of it, which the door makes of this."""

    screen: str
    ref: str = ""
    page: int = 0


class Confirm(Data, prefix="y", sep=_SEP):
    ticket: str


class Dismiss(Data, prefix="n", sep=_SEP):
    ticket: str


class CancelOrder(Data, prefix="x", sep=_SEP):
    """Preview canceling one order, or all of them with `no` 0."""

    no: int


class CheckOrder(Data, prefix="k", sep=_SEP):
    """Look an order of unknown outcome up at the broker."""

    no: int


class Unhook(Data, prefix="wh", sep=_SEP):
    """Remove the webhook that keeps what people write from the bot."""


class AmendOrder(Data, prefix="e", sep=_SEP):
    """Offer to change an open order."""

    no: int


class StepAmend(Data, prefix="ea", sep=_SEP):
    """Move the quantity (shares) or the price (ticks) of an amend that is being put together."""

    draft: str
    what: Literal["qty", "price"]
    by: int


class TypeAmend(Data, prefix="ew", sep=_SEP):
    no: int


class SettleOrder(Data, prefix="g", sep=_SEP):
    """Ask what an order of unknown outcome may have become, for a person to say."""

    no: int


class TradeAmount(Data, prefix="t", sep=_SEP):
    """Preview an order of a preset size: an id of `bot.routers.trade.PRESETS`."""

    side: Side
    symbol: str
    preset: Preset


class EditTrade(Data, prefix="te", sep=_SEP):
    """Show the steppers of an order that is being put together."""

    draft: str


class StepTrade(Data, prefix="ts", sep=_SEP):
    """Move the quantity (shares) or the price (ticks) of an order that is being put together."""

    draft: str
    what: Literal["qty", "price"]
    by: int


class TypeTrade(Data, prefix="tw", sep=_SEP):
    side: Side
    symbol: str


class AlertAt(Data, prefix="p", sep=_SEP):
    """Set a price alert so many percent from the price at the press."""

    symbol: str
    percent: int


class TypeAlert(Data, prefix="pw", sep=_SEP):
    symbol: str


class RemoveAlert(Data, prefix="px", sep=_SEP):
    alert: int


class Watch(Data, prefix="f", sep=_SEP):
    """Preview watching a ticker, or no longer watching it."""

    symbol: str
    adds: bool


class TypeTicker(Data, prefix="fw", sep=_SEP):
    """Ask for a ticker to watch."""


class SetQuiet(Data, prefix="q", sep=_SEP):
    """Propose quiet hours: an id of `bot.routers.notify.HOURS`."""

    hours: Quiet


class Export(Data, prefix="b", sep=_SEP):
    """Send the files of a span: an id of `bot.routers.system.SPANS`."""

    past: Past


class SetMode(Data, prefix="m", sep=_SEP):
    """Set or preview a mode; `span` is an id of `bot.routers.modes.SPANS`."""

    mode: Mode
    span: Span = ""
    symbol: str = ""


class Release(Data, prefix="r", sep=_SEP):
    symbol: str


class StepSetting(Data, prefix="s", sep=_SEP):
    """Propose the value one step up or down from the one in force."""

    name: str
    way: Literal["up", "down"]
    symbol: str = ""


class StepDraft(Data, prefix="sd", sep=_SEP):
    """Move a proposed value one step further."""

    draft: str
    way: Literal["up", "down"]


class SpanDraft(Data, prefix="su", sep=_SEP):
    """Let a proposed value hold for a while only: an id of `bot.routers.modes.SPANS`."""

    draft: str
    span: Span


class ChooseSetting(Data, prefix="c", sep=_SEP):
    """Propose one of the values a setting offers, by its place in the list."""

    name: str
    index: int
    symbol: str = ""


class TypeSetting(Data, prefix="w", sep=_SEP):
    name: str
    symbol: str = ""


class ResetSetting(Data, prefix="z", sep=_SEP):
    name: str
    symbol: str = ""


class Undo(Data, prefix="u", sep=_SEP):
    """Preview taking back the newest change."""


class Speak(Data, prefix="l", sep=_SEP):
    language: Literal["ko", "en"]


class Seen(Data, prefix="v", sep=_SEP):
    """Note that the critical alerts told so far, up to this row of the outbox, have been seen."""

    row: int


class HandOrderChoice(Data, prefix="h", sep=_SEP):
    """Decide about an order that somebody placed by hand."""

    no: int
    choice: HandChoice


class AcceptRisk(Data, prefix="a", sep=_SEP):
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


def turned(data: str | None) -> Turn | None:
    """Return what a press turns, None where it does something else."""
    try:
        return Turn.unpack(data or "")
    except (TypeError, ValueError):
        return None


def _packed(default: object) -> str:
    """Return a default as `pack` would write it."""
    if default is None:
        return ""
    return str(int(default)) if isinstance(default, bool) else str(default)


def rows_of(buttons: list[Button], width: int) -> Keyboard:
    """Lay buttons out in rows of `width`."""
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))
