"""Cards around a trading day: the ready check, what the calendar brings, and a price somebody waited for."""

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import price
from bot.i18n.terms import SIDE_ICONS
from bot.ui.blocks import block
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from strategy.model import CalendarNotice, HealthLine, PriceAlertHit, ReadyCheck, Side

_MARKS = {True: "✅", False: "❌", None: "➖"}


def ready_check(event: ReadyCheck, ui: ViewContext) -> Screen:
    """Tell before the open what works: n of n."""
    t = ui.t
    judged = [each for each in event.lines if each.ok is not None]
    good = sum(1 for each in judged if each.ok)
    ready = good == len(judged)
    return ui.screen(
        block(
            ui.title("🧪 " if ready else "⚠️ ", t("Ready check {good}/{all}", good=good, all=len(judged))),
            t("Opens {time}", time=ui.when(event.opens_at)),
            t("Half day: the market closes early.") if event.half_day else None,
        ),
        block(*(_health(each, ui) for each in event.lines)),
        None if ready else block(t("Look at /health. What is not ready blocks trading by itself; nothing is guessed.")),
        block(ui.when(event.at)),
        keyboard=((Button(t("📊 Status"), Open(screen="status")),),),
    )


def _health(each: HealthLine, ui: ViewContext) -> Text:
    t = ui.t
    detail = t.of(each.detail)
    return Text(f"{_MARKS[each.ok]} ", Bold(t.of(each.name)), f" {detail}" if detail else "")


def calendar_notice(event: CalendarNotice, ui: ViewContext) -> Screen:
    """Tell in the evening that the market stays closed, or closes early."""
    t = ui.t
    closes = None if event.closes_at is None else t("Closes {time}", time=ui.when(event.closes_at))
    head = (
        t("US market closed on {date} (New York)", date=event.on)
        if event.closed
        else t("Half day on {date} (New York)", date=event.on)
    )
    return ui.screen(
        block(ui.title("📅 ", head), t.of(event.note) or None, None if event.closed else closes),
        block(t("Next open {time}", time=ui.when(event.next_open)), ui.when(event.at)),
    )


def price_alert(event: PriceAlertHit, ui: ViewContext) -> Screen:
    t, alert = ui.t, event.alert
    ref, ticker = str(alert.symbol), alert.symbol.ticker
    wanted = price(alert.price)
    reached = t("at or above {price}", price=wanted) if alert.above else t("at or below {price}", price=wanted)
    return ui.screen(
        block(
            ui.title("⏰ ", t("{ticker} is {where}", ticker=ticker, where=reached)),
            t.line("Now {price}", price=Bold(price(event.last))),
            t("This alert is done; set a new one with /alert."),
        ),
        block(ui.when(event.at)),
        keyboard=(
            (Button(t("📈 {ticker}", ticker=ticker), Open(screen="ticker", ref=ref)),),
            (
                Button(f"{SIDE_ICONS[Side.BUY]} " + t("Buy"), Open(screen="buy", ref=ref)),
                Button(f"{SIDE_ICONS[Side.SELL]} " + t("Sell"), Open(screen="sell", ref=ref)),
            ),
        ),
    )
