"""What trading has come to: fills, results per period and per ticker, statistics, the report."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import UNKNOWN, gain_icon, krw, plain, price, rate, shares, usd, usd_change
from bot.i18n.terms import SIDE_ICONS, gate, icon, period, side, weekday
from bot.ui.blocks import block, quote
from bot.ui.buttons import Button, Open
from bot.ui.screen import Screen, ViewContext
from bot.views.holdings import holdings_block, today_lines
from bot.views.profit import result_brief, result_lines
from strategy.model import (
    HoldingsView,
    PerformanceView,
    Period,
    ReportView,
    ResultRow,
    ResultsView,
    RoundTrip,
    SinceStartView,
    StatisticsView,
    TickerResult,
    Totals,
    Trade,
    cents,
    won,
)

SCREENS = {Period.DAY: "daily", Period.WEEK: "weekly", Period.MONTH: "monthly"}


def menu(ui: ViewContext) -> Screen:
    """Offer every way to look at what trading has come to."""
    t = ui.t
    return ui.screen(
        block(ui.title("📒 ", t("Results")), t("What do you want to see?")),
        keyboard=(
            (Button(t("🧾 Fills"), Open(screen="trades")), Button(t("💵 Profit"), Open(screen="profit"))),
            _periods(ui),
            (
                Button(t("🏆 Performance"), Open(screen="performance")),
                Button(t("📐 Statistics"), Open(screen="stats")),
            ),
            (Button(t("📰 Report"), Open(screen="report")), Button(t("🗓 Market days"), Open(screen="calendar"))),
            (ui.home(),),
        ),
    )


def trades(rows: Sequence[Trade], count: int, ui: ViewContext) -> Screen:
    """List the newest fills."""
    t = ui.t
    more = (Button(t("⬇️ More"), Open(screen="trades", ref=str(count * 2))),) if len(rows) >= count else ()
    return ui.screen(
        block(ui.title("🧾 ", t("Fills"))),
        *([_trade(row, ui) for row in rows] or [block(t("Nothing was filled yet."))]),
        ui.stamp(),
        keyboard=(
            (*more, Button(t("💵 Profit"), Open(screen="profit"))),
            (ui.refresh("trades", str(count)), *_back(ui)),
        ),
    )


def results(
    view: ResultsView,
    screen: str,
    count: int,
    ui: ViewContext,
    *,
    money: HoldingsView | None = None,
    since: SinceStartView | None = None,
) -> Screen:
    """List the results of days, weeks or months, newest first, and their sum; `money` tells of today."""
    t = ui.t
    today = () if money is None else today_lines(money.today, money.holdings, ui)
    rows = [_result_row(row, view.period, ui) for row in view.rows]
    return ui.screen(
        block(ui.title("📒 ", _heading(screen, ui))),
        block(*today) if today else None,
        block(*rows) if rows else block(t("Nothing was filled in that time.")),
        _totals(view.total, view.won, ui) if rows else None,
        _open_profit(view.profit_open, view.fx_rate, ui),
        None if since is None else _since_start(since, ui),
        ui.stamp(),
        keyboard=(
            _periods(ui),
            (Button(t("⬇️ More"), Open(screen=screen, ref=str(count * 2))),) if len(view.rows) >= count else (),
            (ui.refresh(screen, str(count)), *_back(ui)),
        ),
    )


def performance(view: PerformanceView, ui: ViewContext) -> Screen:
    """Show results per ticker, best first."""
    t = ui.t
    since = None if view.since is None else t("Since {date}", date=view.since)
    return ui.screen(
        block(ui.title("🏆 ", t("Performance")), since),
        *([_ticker(each, ui) for each in view.tickers] or [block(t("Nothing was filled yet."))]),
        _totals(view.total, view.won, ui) if view.tickers else None,
        ui.stamp(),
        keyboard=((Button(t("📐 Statistics"), Open(screen="stats")),), (ui.refresh("performance"), *_back(ui))),
    )


def statistics(view: StatisticsView, ui: ViewContext) -> Screen:
    """Show the figures over all positions from first buy to flat whose cost is known."""
    t = ui.t
    decided = view.wins + view.losses
    return ui.screen(
        block(
            ui.title("📐 ", t("Statistics")),
            None if view.since is None else t("Since {date}", date=view.since),
            t("Orders {orders} · fills {fills}", orders=view.orders, fills=view.fills),
        ),
        block(
            t.line(
                "Positions won {wins} of {n}: {rate}",
                wins=view.wins,
                n=decided,
                rate=Bold(UNKNOWN if view.win_rate is None else f"{cents(view.win_rate)}%"),
            ),
            t(
                "Average gain {gain} · average loss {loss}",
                gain=usd_change(view.average_win),
                loss=usd_change(view.average_loss),
            ),
            t("Profit factor {n} (gains over losses; above 1 is good)", n=_number(view.profit_factor)),
            t("Longest losing run {n}", n=view.longest_losing_run),
            t("Largest drawdown {amount}", amount=usd(view.largest_drawdown)),
            None if view.average_hold_hours is None else t("Held {n} h on average", n=_number(view.average_hold_hours)),
            t("Stops fired {n}", n=view.stops),
            t("A position counts from its first buy until nothing is held, after all fees."),
        )
        if decided
        else block(t("No position was closed yet: nothing to compute from.")),
        block(*result_lines(view.total.result, view.total.realized, ui)) if view.total.sells else None,
        block(_extreme(t("Best"), view.best, ui), _extreme(t("Worst"), view.worst, ui)),
        _blocked(view.decisions, view.blocked, ui),
        ui.stamp(),
        keyboard=((Button(t("🏆 Performance"), Open(screen="performance")),), (ui.refresh("stats"), *_back(ui))),
    )


def report(view: ReportView, ui: ViewContext, money: HoldingsView | None = None) -> Screen:
    """Show one period on one page, beside the period before; `money` tells of today."""
    t = ui.t
    today = () if money is None or view.period is not Period.DAY else today_lines(money.today, money.holdings, ui)
    span = str(view.since) if view.since == view.until else f"{view.since} ~ {view.until}"
    others = tuple(
        Button(_mark(each is view.period, period(each, t)), Open(screen="report", ref=each.value)) for each in Period
    )
    return ui.screen(
        block(ui.title("📰 ", t("Report: {period}", period=period(view.period, t))), t("{span} New York", span=span)),
        block(*today) if today else None,
        _totals(view.totals, view.won, ui),
        block(
            t.line("The period before: {result}", result=result_brief(view.before.result, view.before.realized, ui)),
            t(
                "Orders {orders} · rejected {rejected} · stops {stops}",
                orders=view.orders,
                rejected=view.rejected,
                stops=view.stops,
            ),
            t("Changes of settings {n}", n=view.setting_changes),
        ),
        *(_ticker(each, ui) for each in view.tickers),
        None if view.holdings is None else holdings_block(view.holdings, ui),
        _blocked(view.decisions, view.blocked, ui),
        ui.stamp(),
        keyboard=(others, (ui.refresh("report", view.period.value), *_back(ui))),
    )


def _heading(screen: str, ui: ViewContext) -> str:
    t = ui.t
    return {
        "profit": t("Profit by day"),
        "daily": t("Results by day"),
        "weekly": t("Results by week"),
        "monthly": t("Results by month"),
    }[screen]


def _periods(ui: ViewContext) -> tuple[Button, ...]:
    return tuple(Button(f"📅 {period(each, ui.t)}", Open(screen=screen)) for each, screen in SCREENS.items())


def _back(ui: ViewContext) -> tuple[Button, Button]:
    return Button(ui.t("📒 Results"), Open(screen="results")), ui.home()


def _trade(row: Trade, ui: ViewContext) -> Text:
    t, fill = ui.t, row.fill
    mark = SIDE_ICONS[fill.side] if row.order is None else icon(row.order)
    return block(
        Text(
            f"{mark} ",
            Bold(fill.symbol.ticker),
            f" {side(fill.side, t)} {shares(fill.qty)} × {price(fill.price)} = {usd(fill.price * fill.qty)}",
        ),
        *result_lines(fill.result, fill.realized, ui),
        f"#{fill.order_no} · {ui.when(fill.filled_at)}",
    )


def _result_row(row: ResultRow, of: Period, ui: ViewContext) -> Text:
    t, totals = ui.t, row.totals
    return Text(
        f"{_dates(row.since, row.until, of, ui)}  ",
        result_brief(totals.result, totals.realized, ui),
        "" if row.won is None else f" · {won(row.won):+,}원",
        t(" · {n} fills", n=totals.fills),
    )


def _dates(since: date, until: date, of: Period, ui: ViewContext) -> str:
    if of is Period.DAY:
        return f"{since:%m-%d} {weekday(since, ui.t)}"
    return f"{since:%Y-%m}" if of is Period.MONTH else f"{since:%m-%d} ~ {until:%m-%d}"


def _totals(totals: Totals, in_won: Decimal | None, ui: ViewContext) -> Text:
    t = ui.t
    unknown = t("{n} sells without a known cost are not counted.", n=totals.unknown_cost)
    return block(
        *result_lines(totals.result, totals.realized, ui, in_won),
        None if in_won is None else t("↳ in won at the rate of each day"),
        t(
            "Bought {bought} · sold {sold} · fees {fees}",
            bought=usd(totals.bought),
            sold=usd(totals.sold),
            fees=usd(totals.fees),
        ),
        t("Fills {n} (buys {buys}, sells {sells})", n=totals.fills, buys=totals.buys, sells=totals.sells),
        unknown if totals.unknown_cost else None,
    )


def _open_profit(profit: Decimal | None, fx_rate: Decimal | None, ui: ViewContext) -> Text | None:
    if profit is None:
        return None
    in_won = krw(profit, fx_rate)
    amount = usd_change(profit) + ("" if in_won is None else f" ({in_won})")
    return block(ui.t("Unrealised {icon} {amount}", icon=gain_icon(profit), amount=amount))


def _since_start(view: SinceStartView, ui: ViewContext) -> Text:
    """Return what the account has come to since the start, beside just holding the same tickers."""
    t = ui.t
    amount = usd_change(view.amount)
    if view.amount_krw is not None:
        amount += f" ({won(view.amount_krw):+,}원)"
    names = ", ".join(symbol.ticker for symbol in view.without)
    return block(
        t.line(
            "Since {date} {icon} {amount} · {rate} after fees",
            date=view.since,
            icon=gain_icon(view.amount),
            amount=Bold(amount),
            rate=rate(view.percent),
        ),
        None if view.amount_krw is None else t("↳ in won with the change of the exchange rate"),
        _holding(view, ui),
        t("↳ without {tickers}: nobody says what they are worth", tickers=names) if names else None,
    )


def _holding(view: SinceStartView, ui: ViewContext) -> str | None:
    if view.holding_percent is None:
        return None
    return ui.t(
        "Just holding the same tickers in equal parts: {icon} {amount} · {rate}",
        icon=gain_icon(view.holding),
        amount=usd_change(view.holding),
        rate=rate(view.holding_percent),
    )


def _ticker(each: TickerResult, ui: ViewContext) -> Text:
    t, totals = ui.t, each.totals
    held = None
    if each.open_qty:
        held = t(
            "Held {qty} sh. · unrealised {icon} {amount}",
            qty=shares(each.open_qty),
            icon=gain_icon(each.profit_open),
            amount=usd_change(each.profit_open),
        )
    return block(
        Text(Bold(each.symbol.ticker), "  ", result_brief(totals.result, totals.realized, ui)),
        t("Positions won {wins}, lost {losses} · {n} fills", wins=each.wins, losses=each.losses, n=totals.fills),
        held,
    )


def _extreme(name: str, trip: RoundTrip | None, ui: ViewContext) -> Text | None:
    if trip is None:
        return None
    figures = result_brief(trip.result, trip.realized, ui)
    return Text(f"{name}: ", figures, f" · {trip.symbol.ticker} · {ui.when(trip.closed_at)}")


def _blocked(decisions: int, blocked: tuple[tuple[str, int], ...], ui: ViewContext) -> Text:
    t = ui.t
    shown = [f"• {gate(name, t)}: {count}" for name, count in blocked]
    return quote(
        t("Checks {n}", n=decisions),
        Bold(t("What stopped signals")) if shown else None,
        *shown,
        folded=len(shown) > 5,
    )


def _number(value: Decimal | None) -> str:
    return UNKNOWN if value is None else plain(cents(value))


def _mark(chosen: bool, text: str) -> str:
    return f"• {text}" if chosen else text
