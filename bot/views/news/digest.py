"""The morning digest."""

from collections import Counter
from datetime import datetime

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import usd
from bot.i18n.terms import STATUS_ICONS, mode, side, status
from bot.ui.blocks import block
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from bot.views.news.digest_counts import Night
from bot.views.news.reminders import headline
from bot.views.profit import result_lines
from strategy.model import Side, seoul

_MOST = 8  # lines of one kind


def digest(night: Night, begin: datetime, end: datetime, ui: ViewContext) -> Screen:
    """Tell what happened in a quiet span."""
    t = ui.t
    hours = f"KST {seoul(begin):%m-%d %H:%M} – {seoul(end):%m-%d %H:%M}"
    return ui.screen(
        block(ui.title("☀️ ", t("While it was quiet")), hours),
        _trading(night, ui),
        _list(t("Stops and panics"), _alarms(night, ui), ui),
        _troubles(night, ui),
        _list(t("Signals not carried out"), _blocked(night, ui), ui),
        _list(t("Changes"), _changes(night, ui), ui),
        block(t("Not delivered because switched off: {n}", n=night.kept_back)) if night.kept_back else None,
        block(ui.when(ui.now)),
        keyboard=(
            (Button(t("📊 Status"), Open(screen="status", aside=True)),),
            (
                Button(t("🧾 Orders"), Open(screen="orders", aside=True)),
                Button(t("📦 Positions"), Open(screen="positions", aside=True)),
            ),
        ),
    )


def _alarms(night: Night, ui: ViewContext) -> list[str]:
    return [headline(stop, ui) for stop in night.stops] + [headline(panic, ui) for panic in night.panics]


def _trading(night: Night, ui: ViewContext) -> Text:
    t = ui.t
    if not night.orders:
        return block(t("No orders."))
    states = Counter(order.status for order in night.orders.values())
    bought, sold = night.amount(Side.BUY), night.amount(Side.SELL)
    return block(
        t("Orders {orders} · fills {fills}", orders=len(night.orders), fills=len(night.fills)),
        " · ".join(f"{STATUS_ICONS[state]} {status(state, t)} {count}" for state, count in states.items()),
        t("Bought {bought} · sold {sold}", bought=usd(bought), sold=usd(sold)) if night.fills else None,
        *result_lines(night.result, night.realized, ui),
    )


def _troubles(night: Night, ui: ViewContext) -> Text | None:
    t = ui.t
    lines: list[Text | str] = [
        Text(t.of(trouble.what), f" × {count}" if count > 1 else "") for trouble, count in night.troubles.values()
    ]
    if night.unprotected:
        lines.append(t("Stop-loss not armed: {n} times", n=night.unprotected))
    if night.drops:
        lines.append(t("Live stream down: {n} times", n=night.drops))
    return _list(t("Troubles"), lines, ui)


def _blocked(night: Night, ui: ViewContext) -> list[Text | str]:
    t = ui.t
    names = {"buy": side(Side.BUY, t), "sell": side(Side.SELL, t), "both": t("both at once")}
    return [
        t("{ticker} {side}: {n} times", ticker=symbol.ticker, side=names[of], n=count)
        for (symbol, of), count in night.blocked.most_common()
    ]


def _changes(night: Night, ui: ViewContext) -> list[Text | str]:
    t = ui.t
    lines: list[Text | str] = []
    for each in night.modes:
        scope = f" {each.state.symbol.ticker}" if each.state.symbol else ""
        lines.append(Text(ui.when(each.at), " · ", t("Mode"), scope, f": {mode(each.state.mode, t)}"))
    for change in (each.change for each in night.settings):
        where = f" ({change.symbol.ticker})" if change.symbol else ""
        new = t("back to .env or the default") if change.new is None else change.new
        lines.append(Text(ui.when(change.set_at), f" · {change.name}{where} {change.old} → {new}"))
    return lines


def _list(title: str, lines: list[Text | str] | list[str], ui: ViewContext) -> Text | None:
    if not lines:
        return None
    more = len(lines) - _MOST
    rest = ui.t("and {n} more", n=more) if more > 0 else None
    return block(Bold(title), *(Text("• ", each) for each in lines[:_MOST]), rest)
