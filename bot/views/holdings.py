"""Money and shares: /balance, /positions, and the holdings inside session messages."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import gain_icon, krw, low_price, price, rate, shares, usd, usd_change
from bot.ui.blocks import block
from bot.ui.buttons import Button, Keyboard, Open, rows_of
from bot.ui.screen import Screen, ViewContext
from strategy.model import (
    CashBasis,
    DayResult,
    Holdings,
    HoldingsView,
    Position,
    Symbol,
    UnreadRow,
    new_york,
    total,
)

_CARDS = 9  # on a page


def balance(view: HoldingsView, ui: ViewContext) -> Screen:
    """Show cash, what can be bought, and what everything is worth."""
    t = ui.t
    title = block(ui.title("💰 ", t("Balance")), t("Account {account}", account=ui.account))
    keyboard = ((ui.refresh("balance"), Button(t("📦 Positions"), Open(screen="positions"))), (ui.home(),))
    if view.holdings is None:
        return ui.screen(title, _problem(view, ui), ui.stamp(), keyboard=keyboard)
    held = view.holdings
    profit = total(position.profit for position in held.positions)
    money = block(
        t.line("Cash {amount}", amount=Bold(_money(held.cash, held))),
        _basis(held, ui),
        t("↳ held by open buys {amount}", amount=usd(view.resting_buys)) if view.resting_buys else None,
        None if held.buyable is None else t("↳ can buy for {amount}", amount=usd(held.buyable)),
        t("Shares {amount}", amount=_money(held.value, held)),
        t.line("Total {amount}", amount=Bold(_money(held.equity, held))),
    )
    result = block(
        t("Unrealised {icon} {amount}", icon=gain_icon(profit), amount=usd_change(profit)),
        *today_lines(view.today, held, ui),
        None if held.fx_rate is None else t("Exchange rate {rate} won per dollar", rate=f"{held.fx_rate:,.2f}"),
    )
    return ui.screen(title, money, result, _unread(held, ui), ui.stamp(), keyboard=keyboard)


def equity_line(held: Holdings, ui: ViewContext) -> Text:
    """Return cash, shares and their sum on one line: the same figures on every screen."""
    return ui.t.line(
        "Cash {cash} + shares {shares} = total {total}",
        cash=usd(held.cash),
        shares=usd(held.value),
        total=Bold(usd(held.equity)),
    )


def today_lines(day: DayResult | None, held: Holdings | None, ui: ViewContext) -> tuple[Text, ...]:
    """Return what the day has come to, in dollars, percent of its start and won, and how far its loss limit is."""
    if day is None:
        return ()
    t = ui.t
    in_won = krw(day.amount, None if held is None else held.fx_rate)
    amount = Bold(usd_change(day.amount) + ("" if in_won is None else f" ({in_won})"))
    icon, percent = gain_icon(day.amount), rate(day.percent)
    if day.session_on == new_york(ui.now).date():
        said = t.line("Today {icon} {amount} · {rate} after fees", icon=icon, amount=amount, rate=percent)
    else:
        on = f"{day.session_on:%m-%d}"
        said = t.line(
            "Last session {date} {icon} {amount} · {rate} after fees", date=on, icon=icon, amount=amount, rate=percent
        )
    return (said, *(Text(line) for line in (_limit(day, ui), _left_out(day, ui)) if line is not None))


def _limit(day: DayResult, ui: ViewContext) -> str | None:
    if day.limit_pct is None or day.until_limit is None:
        return ui.t("↳ no loss limit for the day")
    limit, left = rate(-day.limit_pct), usd(day.until_limit)
    return ui.t("↳ loss limit {limit}: {left} away", limit=limit, left=left)


def _left_out(day: DayResult, ui: ViewContext) -> str | None:
    names = ", ".join(sorted(symbol.ticker for symbol in day.unvalued))
    return ui.t("↳ without {tickers}: nobody says what they are worth", tickers=names) if names else None


def _basis(held: Holdings, ui: ViewContext) -> str | None:
    """Say what the figure called cash is, where it is not the broker's deposit as it stands."""
    t = ui.t
    if held.cash is None or held.basis is CashBasis.DEPOSIT:
        return None
    if held.basis is CashBasis.MOVED_ON:
        return t("↳ the broker's deposit, with the fills it does not show yet")
    return t("↳ reckoned: the broker tells no deposit here, only what can be ordered for")


def positions(view: HoldingsView, ui: ViewContext, only: Symbol | None = None) -> Screen:
    """Show what is held, each with its result and where its stop would fire."""
    t = ui.t
    title = block(ui.title("📦 ", t("Positions")))
    ref = "" if only is None else str(only)
    if view.holdings is None:
        return ui.screen(
            title, _problem(view, ui), ui.stamp(), keyboard=((ui.refresh("positions", ref),), (ui.home(),))
        )
    held = view.holdings
    shown = [each for each in held.positions if only is None or each.symbol == only]
    unread = _unread(held, ui, only)
    stops = dict(view.stop_prices)
    locked = {lock.symbol for lock in view.locks}
    on_page, turns = ui.paged(shown, Open(screen="positions", ref=ref), _CARDS)
    scoped = dict(view.scoped)
    cards = [
        _card(each, stops.get(each.symbol), each.symbol in locked, _scope_line(each.symbol, scoped, ui), ui)
        for each in on_page
    ]
    nothing = t("No shares are held.") if only is None else t("No {ticker} shares are held.", ticker=only.ticker)
    return ui.screen(
        title,
        *(cards or ([] if unread else [block(nothing)])),
        unread,
        block(equity_line(held, ui)) if only is None else None,
        ui.stamp(),
        keyboard=_position_keyboard(on_page, turns, ui, ref),
    )


def holdings_block(holdings: Holdings | None, ui: ViewContext) -> Text:
    """Return the holdings as a few lines, for start and session messages (S49)."""
    t = ui.t
    if holdings is None:
        return block(t("Holdings: the broker could not be asked. Try /balance later."))
    cash = equity_line(holdings, ui)
    if not holdings.positions and not holdings.unread:
        return block(cash, t("No shares are held."))
    rows = [_not_counted(row, ui) for row in holdings.unread]
    return block(cash, *(_short(each, holdings, ui) for each in holdings.positions), *rows)


def _unread(holdings: Holdings, ui: ViewContext, only: Symbol | None = None) -> Text | None:
    """Return what the broker's list holds besides and is not counted, or not known: never shown as none."""
    rows = [row for row in holdings.unread if only is None or row.symbol in (None, only)]
    return block(*(_not_counted(row, ui) for row in rows)) if rows else None


def _not_counted(row: UnreadRow, ui: ViewContext) -> str:
    t, name = ui.t, row.name or "?"
    if row.aside:
        return t("➖ Not counted: {name}. {why}", name=name, why=t.of(row.why))
    return t("⚠️ Not known: {name}. {why}. See the broker's app.", name=name, why=t.of(row.why))


def _short(position: Position, holdings: Holdings, ui: ViewContext) -> Text:
    result = position.rate
    return Text(
        Bold(position.symbol.ticker),
        " ",
        ui.t("{qty} sh. ({sellable} sellable)", qty=shares(position.qty), sellable=shares(position.sellable_qty)),
        f" · {_money(position.value, holdings)} · {gain_icon(result)} {rate(result)}",
    )


def _card(position: Position, stop: Decimal | None, locked: bool, scope: str | None, ui: ViewContext) -> Text:
    t = ui.t
    result = position.rate
    return block(
        Text(Bold(position.symbol.ticker), f" {position.name}" if position.name else "", " 🔒" if locked else ""),
        t("{qty} sh. ({sellable} sellable)", qty=shares(position.qty), sellable=shares(position.sellable_qty)),
        t("Average {average} → now {last}", average=price(position.average_cost), last=price(position.last)),
        t("With the fees of the buys {average}", average=price(position.average_paid)) if position.buy_fees else None,
        Text(f"{gain_icon(result)} ", Bold(rate(result)), f" · {usd_change(position.profit)} · {usd(position.value)}"),
        scope,
        t("No stop price set") if stop is None else t("Stop fires at {price}", price=low_price(stop)),
        t("🔒 Locked: no trades by rule. /release {ticker}", ticker=position.symbol.ticker) if locked else None,
    )


def _scope_line(symbol: Symbol, scoped: Mapping[Symbol, Position | None], ui: ViewContext) -> str | None:
    """Return what of a position is the bot's own, with its own result, where the rules go by that."""
    if symbol not in scoped:
        return None
    own = scoped[symbol]
    if own is None:
        return ui.t("The bot's own: none. Rules and stops leave these shares alone.")
    return ui.t(
        "The bot's own: {qty} sh. at {average} · {icon} {rate}",
        qty=shares(own.qty),
        average=price(own.average_cost),
        icon=gain_icon(own.rate),
        rate=rate(own.rate),
    )


def _position_keyboard(shown: Sequence[Position], turns: Keyboard, ui: ViewContext, ref: str) -> Keyboard:
    """Return a button for every position, or what can be done about the only one asked for."""
    t = ui.t
    if ref:
        sell = (Button(t("🟦 Sell"), Open(screen="sell", ref=ref)),) if shown else ()
        further = (
            Button(t("💲 Price"), Open(screen="quote", ref=ref)),
            Button(t("🔎 Why?"), Open(screen="why", ref=ref)),
        )
        return (
            (Button(t("🟥 Buy"), Open(screen="buy", ref=ref)), *sell),
            further,
            (ui.refresh("positions", ref), Button(t("📦 Positions"), Open(screen="positions")), ui.home()),
        )
    tickers = [Button(each.symbol.ticker, Open(screen="ticker", ref=str(each.symbol))) for each in shown]
    return (*rows_of(tickers, 3), *turns, (ui.refresh("positions", ref), ui.home()))


def _problem(view: HoldingsView, ui: ViewContext) -> Text:
    t = ui.t
    reason = t("The broker could not be asked.") if view.problem is None else t.of(view.problem)
    return block(t("⚠️ {reason}", reason=reason), t("Press refresh to try again."))


def _money(dollars: Decimal | None, holdings: Holdings) -> str:
    """Return dollars with won beside them where the rate is known."""
    in_won = krw(dollars, holdings.fx_rate)
    return usd(dollars) if in_won is None else f"{usd(dollars)} ({in_won})"
