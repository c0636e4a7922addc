"""What is left without a stop: named with shares and dollars before and after it is done, with the way back."""

from collections.abc import Mapping
from decimal import Decimal

from aiogram.utils.formatting import Bold, Code, Text

from bot.i18n.formats import low_price, shares, usd
from bot.ui.blocks import block
from bot.ui.buttons import Button, Dismiss, Keyboard, Row, SetMode, Undo
from bot.ui.screen import ViewContext
from strategy.model import Event, Language, Mode, ModeChanged, Outcome, SettingChanged, StopsOff, UnprotectedShares


def stops_off_block(off: StopsOff, ui: ViewContext) -> Text:
    """Name the shares no stop would sell any more, with what they are worth."""
    t = ui.t
    named = ", ".join(each.symbol.ticker for each in off.shares)
    nothing = t("Nothing is held now. What is bought from then on has no stop-loss either.")
    values = [each.value for each in off.shares if each.value is not None]
    whole = len(off.shares) > 1 and len(values) == len(off.shares)
    return block(
        t.line("⚠️ Without a stop-loss: {tickers}", tickers=Bold(named)) if named else None,
        *(_line(each, ui) for each in off.shares),
        t("Together {amount}", amount=usd(sum(values, Decimal(0)))) if whole else None,
        None if off.known else t("⚠️ What is held could not be read, so there may be more."),
        nothing if off.known and not off.shares else None,
    )


def _line(each: UnprotectedShares, ui: ViewContext) -> str:
    t = ui.t
    held = t("{ticker} {qty} sh., {amount}", ticker=each.symbol.ticker, qty=shares(each.qty), amount=usd(each.value))
    stop = "" if each.stop_price is None else " · " + t("its stop is at {price} now", price=low_price(each.stop_price))
    return f"• {held}{stop}"


def words_to_type(words: Mapping[Language, str], ui: ViewContext) -> Text:
    t = ui.t
    return block(
        t.line("To confirm, type: {word}", word=Code(words[t.language])),
        t("/cancel leaves it as it is."),
    )


def leave_row(ticket: str, ui: ViewContext) -> Row:
    """Return what stands in place of a confirm button where words must be typed."""
    return (Button(ui.t("No"), Dismiss(ticket=ticket)),)


def way_back(result: Outcome, ui: ViewContext) -> Keyboard:
    """Return the button that brings the stops back that a press has taken off."""
    return tuple((button,) for event in result.news if (button := _back(event, ui)) is not None)


def _back(event: Event, ui: ViewContext) -> Button | None:
    label = ui.t("🛡 Stop-loss on again")
    match event:
        case ModeChanged():
            before = Mode.RUN if event.previous is None else event.previous.mode
            mode = Mode.RUN if before is Mode.HALTED else before
            symbol = event.state.symbol
            return Button(label, SetMode(mode=mode, symbol="" if symbol is None else str(symbol)), style="success")
        case SettingChanged():
            return Button(label, Undo(change=event.change.id), style="success")
        case _:
            return None
