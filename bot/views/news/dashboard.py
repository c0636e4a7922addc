"""The pinned dashboard: what matters, on a few lines. No ages but its own, so that nothing changes by itself."""

from decimal import Decimal

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import gain_icon, low_price, price, rate, shares
from bot.i18n.terms import not_armed, phase
from bot.ui.blocks import block
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from bot.views.holdings import equity_line, today_lines
from bot.views.status import lost_stops, mode_text
from strategy.model import HoldingsView, Mode, StatusView, StopState, TickerView

_TICKERS = 30  # one message has no room for more


def dashboard(status: StatusView, holdings: HoldingsView, ui: ViewContext) -> Screen:
    """Show mode, session, tickers, money, orders and protection."""
    t = ui.t
    stops = dict(holdings.stop_prices)
    held_first = sorted(status.tickers, key=lambda each: not each.position_qty)
    shown = status.tickers if len(status.tickers) <= _TICKERS else held_first[:_TICKERS]
    more = len(status.tickers) - len(shown)
    return ui.screen(
        block(
            ui.title("📌 ", mode_text(status.mode, ui)),
            None if status.armed else f"⚠️ {not_armed(status.mode.mode, t)}",
            _session(status, ui),
        ),
        block(
            *(_ticker(each, stops.get(each.symbol), ui) for each in shown),
            t("and {n} more: /status", n=more) if more > 0 else None,
        ),
        _money(holdings, ui),
        _orders(status, ui),
        _protection(status, ui),
        ui.stamp(),
        keyboard=(
            (
                Button(t("📊 Status"), Open(screen="status", aside=True)),
                Button(t("🏠 Home"), Open(screen="home", aside=True)),
            ),
        ),
    )


def retired(ui: ViewContext) -> Screen:
    """Stand in for a dashboard that is switched off: old figures must not look like new ones."""
    return ui.screen(block(ui.t("📌 The dashboard is switched off (DASHBOARD). It is not kept up to date.")))


def _session(view: StatusView, ui: ViewContext) -> str:
    t, session = ui.t, view.session
    text = phase(session.phase, t)
    if session.phase.shut or session.closes_at is None:
        return "🌙 " + text + " · " + t("Next open {time}", time=ui.when(session.next_open))
    return "🔔 " + text + " · " + t("Closes {time}", time=ui.when(session.closes_at))


def _ticker(view: TickerView, stop: Decimal | None, ui: ViewContext) -> Text:
    t = ui.t
    marks = ("🔒" if view.lock else "") + ("⏸" if view.mode.mode is not Mode.RUN else "")
    held = ""
    if view.position_qty is None:
        held = " · " + t("holding unknown")
    elif view.position_qty:
        result = view.return_percent
        held = f" · {t('{qty} sh.', qty=shares(view.position_qty))} {gain_icon(result)} {rate(result)}"
        held += "" if stop is None else f" · {t('stop {price}', price=low_price(stop))}"
    return Text(Bold(view.symbol.ticker), f" {marks}" if marks else "", f" {price(view.last)}", held)


def _money(holdings: HoldingsView, ui: ViewContext) -> Text:
    t, held = ui.t, holdings.holdings
    if held is None:
        return block(t("Holdings: the broker could not be asked. Try /balance later."))
    return block(equity_line(held, ui), *today_lines(holdings.today, held, ui))


def _orders(view: StatusView, ui: ViewContext) -> Text:
    t = ui.t
    return block(
        t("Open orders {open}, of unknown outcome {unknown}", open=view.open_orders, unknown=view.unknown_orders),
        None if view.reconciled else t("⚠️ Not yet checked against the broker: no buys"),
        None if view.stream_up else t("🟡 Live stream down"),
    )


def _protection(view: StatusView, ui: ViewContext) -> Text | None:
    """Say whether what is held is protected."""
    if (lost := lost_stops(view.tickers, ui)) is not None:
        return block(Bold(lost))
    held = [each for each in view.tickers if each.position_qty]
    if not held:
        return None
    if any(each.stop is StopState.CLOSED for each in held):
        return block(ui.t("🛡 Stop-loss works once the market opens"))
    return block(ui.t("🛡 Stop-loss armed"))
