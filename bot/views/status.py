"""/status: everything that matters on one screen."""

from collections.abc import Sequence

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import number, price, rate, shares, span
from bot.i18n.terms import environment, mode, mode_meaning, not_armed, phase, stop_state, why_so
from bot.ui.blocks import block, quote
from bot.ui.buttons import Button, Open, Release, SetMode, rows_of
from bot.ui.screen import Screen, ViewContext
from bot.views.holdings import equity_line, today_lines
from bot.views.market import ticker_actions
from strategy.model import Mode, ModeState, SessionView, StatusView, TickerView, lost_of

_TICKERS = 12  # on a page


def status(view: StatusView, ui: ViewContext) -> Screen:
    t = ui.t
    shown, turns = ui.paged(view.tickers, Open(screen="status"), _TICKERS)
    tickers = [Button(each.symbol.ticker, Open(screen="ticker", ref=str(each.symbol))) for each in shown]
    lost = lost_stops(view.tickers, ui)
    return ui.screen(
        block(
            ui.title("📊 ", t("Status")),
            environment(view.environment, t),
            t("Account {account}", account=view.account),
            None if view.armed else f"⚠️ {not_armed(view.mode.mode, t)}",
        ),
        block(
            Bold(mode_text(view.mode, ui)),
            mode_meaning(view.mode.mode, t) if lost is None or view.mode.mode is Mode.HALTED else None,
            None if lost is None else Bold(lost),
        ),
        _session(view.session, ui),
        _money(view, ui),
        *(ticker_block(each, ui) for each in shown),
        _health(view, ui),
        ui.stamp(),
        keyboard=(
            *rows_of(tickers, 3),
            *turns,
            (Button(t("📦 Positions"), Open(screen="positions")), Button(t("🧾 Orders"), Open(screen="orders"))),
            (ui.refresh("status"), ui.home()),
        ),
    )


def ticker(view: TickerView, ui: ViewContext) -> Screen:
    """Show one ticker with what can be done about it."""
    t, ref = ui.t, str(view.symbol)
    locked = (Button(t("🔓 Release {ticker}", ticker=view.symbol.ticker), Release(symbol=ref)),) if view.lock else ()
    stopped = view.mode.mode is not Mode.RUN
    run = (Button(t("▶️ Run"), SetMode(mode=Mode.RUN, symbol=ref)),) if stopped else ()
    return ui.screen(
        block(ui.title("📈 ", f"{view.symbol.ticker}"), str(view.symbol)),
        ticker_block(view, ui),
        ui.stamp(),
        keyboard=(
            *ticker_actions(view.symbol, ui, held=bool(view.position_qty), watched=True, here="ticker"),
            (*locked, *run),
            (ui.refresh("ticker", ref), Button(t("📈 Tickers"), Open(screen="tickers")), ui.home()),
        ),
    )


def ticker_block(view: TickerView, ui: ViewContext) -> Text:
    t = ui.t
    age = "" if view.price_age_s is None else t(" ({age} old)", age=span(view.price_age_s, t))
    return block(
        Text(Bold(view.symbol.ticker), f" {price(view.last)}{age}", f" · RSI {number(view.rsi)}"),
        _held(view, ui),
        None if view.mode.mode is Mode.RUN else mode_text(view.mode, ui),
        t("🔒 Locked: no trades by rule. /release {ticker}", ticker=view.symbol.ticker) if view.lock else None,
        None if view.warm else t("still collecting bars"),
    )


def _held(view: TickerView, ui: ViewContext) -> Text | str | None:
    t = ui.t
    if view.position_qty is None:
        return t("holding unknown")
    if not view.position_qty:
        return None
    stop = stop_state(view.stop, t)
    return Text(
        t("{qty} sh.", qty=shares(view.position_qty)),
        f" · {_icon(view)} ",
        Bold(rate(view.return_percent)),
        f" · {stop}",
    )


def lost_stops(tickers: Sequence[TickerView], ui: ViewContext) -> str | None:
    """Name what is held, or may be, and has no stop that works, with the reasons; None where all is well."""
    lost = lost_of({each.symbol: each.stop for each in tickers})
    return None if lost is None else ui.t("🚨 Stop-loss NOT armed: {tickers}", tickers=ui.t.of(lost))


def _icon(view: TickerView) -> str:
    value = view.return_percent
    return "⚪" if not value else "🔴" if value > 0 else "🔵"


def mode_text(state: ModeState, ui: ViewContext) -> str:
    """Return a mode with its end, maker and reason."""
    t = ui.t
    until = "" if state.until is None else " " + t("until {time}", time=ui.when(state.until))
    why = why_so(state.reason, t)
    reason = f" · {why}" if why else ""
    return f"{mode(state.mode, t)}{until}{reason}"


def _money(view: StatusView, ui: ViewContext) -> Text | None:
    if view.holdings is None:
        return None
    return block(equity_line(view.holdings, ui), *today_lines(view.today, view.holdings, ui))


def _session(session: SessionView, ui: ViewContext) -> Text:
    t = ui.t
    text = phase(session.phase, t)
    if session.phase.shut or session.closes_at is None:
        return block("🌙 " + text, t("Next open {time}", time=ui.when(session.next_open)))
    half = t("Half day: the market closes early.") if session.half_day else None
    return block("🔔 " + text, t("Closes {time}", time=ui.when(session.closes_at)), half)


def _health(view: StatusView, ui: ViewContext) -> Text:
    t = ui.t
    return quote(
        t("Open orders {open}, of unknown outcome {unknown}", open=view.open_orders, unknown=view.unknown_orders),
        _reconciled(view, ui),
        t("🟢 Live stream connected")
        if view.stream_up
        else t(
            "🟡 Live stream down: {reason}",
            reason=t("reconnecting") if view.stream_reason is None else t.of(view.stream_reason),
        ),
        t("Orders today {n} of {most}", n=view.orders_today, most=view.max_orders_per_day),
        t("Broker calls in the last second {used}", used=view.calls_used) if view.calls_used else None,
        t("Checks {n} · late {late}", n=view.cycles, late=view.overruns),
        None if view.next_check_at is None else t("Next check {time}", time=ui.when(view.next_check_at)),
        t("Alerts waiting {n}", n=view.outbox_waiting) if view.outbox_waiting else None,
        t("Running since {time}", time=ui.when(view.started_at)),
    )


def _reconciled(view: StatusView, ui: ViewContext) -> str:
    t = ui.t
    if not view.reconciled:
        return t("⚠️ Not yet checked against the broker: no buys")
    if view.reconciled_at is None:
        return t("✅ Agrees with the broker")
    return t("✅ Agrees with the broker, {time}", time=ui.when(view.reconciled_at))
