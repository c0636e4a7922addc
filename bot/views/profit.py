"""What sales have brought, always as two figures by name: after all fees, and as the broker shows it."""

from decimal import Decimal

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import gain_icon, usd_change
from bot.ui.screen import ViewContext
from strategy.model import won


def result_lines(
    result: Decimal | None, realized: Decimal | None, ui: ViewContext, in_won: Decimal | None = None
) -> tuple[Text, ...]:
    """Return a line for each figure that is known: after all fees first. Dollars, `in_won` won at past days' rates."""
    t = ui.t
    lines: list[Text] = []
    if result is not None:
        amount = Bold(usd_change(result) + ("" if in_won is None else f" ({won(in_won):,}원)"))
        lines.append(t.line("Result after all fees {icon} {amount}", icon=gain_icon(result), amount=amount))
    if realized is not None:
        lines.append(Text(t("As the broker shows it {amount}", amount=usd_change(realized))))
    return tuple(lines)


def result_brief(result: Decimal | None, realized: Decimal | None, ui: ViewContext) -> Text:
    """Return both figures for a line of a list. Dollars."""
    shown = Text() if result is None else Text(f"{gain_icon(result)} ", Bold(usd_change(result)))
    return shown if realized is None else Text(shown, ui.t(" · broker {amount}", amount=usd_change(realized)))
