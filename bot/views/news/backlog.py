"""An alert on one line, and the messages that are made of many of them."""

from collections.abc import Sequence

from aiogram.utils.formatting import Bold, Text

from bot.ui.blocks import block, lines_of
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from bot.views.news.alerts import alert
from bot.views.profit import result_brief
from bot.views.trading.orders import short
from strategy.model import Event, OrderChanged, seoul


def entry_line(event: Event, count: int, width: int, ui: ViewContext) -> Text:
    """Return when and what, at most that long; how often where it came more than once."""
    if isinstance(event, OrderChanged):
        known = event.result is not None or event.realized is not None
        return (
            Text(short(event.order, ui), " · ", result_brief(event.result, event.realized, ui))
            if known
            else short(event.order, ui)
        )
    often = f" ×{count}" if count > 1 else ""
    return Text(f"{seoul(event.at):%m-%d %H:%M} ", _cut(_said(event, ui), width), Bold(often) if often else "")


def backlog(lines: Sequence[Text], alerts: int, ui: ViewContext) -> Screen:
    """Show what came while Telegram could not be reached, newest state each."""
    t = ui.t
    return ui.screen(
        block(ui.title("📦 ", t("{n} alerts of the outage", n=alerts))),
        block(*lines),
        keyboard=(
            (
                Button(t("🧾 Orders"), Open(screen="orders", aside=True)),
                Button(t("📊 Status"), Open(screen="status", aside=True)),
            ),
        ),
    )


def _said(event: Event, ui: ViewContext) -> str:
    """Return the alert's headline and what it says about it, without the environment that the title has told."""
    blocks = alert(event, ui).blocks
    words = lines_of(blocks[0]) if blocks else [event.kind]
    return " · ".join(words).removeprefix(f"[{ui.badge}] ")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
