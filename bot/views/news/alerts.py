"""What each event of the core looks like in the chat. Every kind has a view; a new kind fails the type check here."""

from collections.abc import Sequence
from typing import assert_never

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import price, rate, shares, span, usd
from bot.i18n.terms import finish, mode, not_armed, trigger, why_so
from bot.ui.blocks import block
from bot.ui.buttons import Button, Open, Release, Unhook
from bot.ui.screen import Screen, ViewContext
from bot.views.changes import mode_story, setting_story
from bot.views.decisions import both_signals, signal_blocked
from bot.views.holdings import holdings_block, today_lines
from bot.views.news.bars_progress import bars_progress
from bot.views.news.day_cards import calendar_notice, price_alert, ready_check
from bot.views.profit import result_lines
from bot.views.trading.orders import hand_order, living, short
from bot.views.trading.panic_progress import panic_progress
from bot.views.trading.proposals import proposal_closed, proposed
from bot.views.trading.refused_stop import refused_stop
from strategy.model import (
    BarsProgress,
    BothSignals,
    CalendarNotice,
    Environment,
    Event,
    FiredBy,
    HandOrder,
    ModeChanged,
    ModeState,
    Notable,
    OrderChanged,
    PanicProgress,
    PriceAlertHit,
    ProposalClosed,
    Proposed,
    Protection,
    ReadyCheck,
    Recovered,
    SaleEnd,
    SessionClosed,
    SessionOpened,
    SettingChanged,
    SignalBlocked,
    Started,
    StopFinished,
    StopPriceSource,
    StopTriggered,
    StreamState,
    Symbol,
    TickerLocked,
    Trouble,
)


def alert(event: Event, ui: ViewContext) -> Screen:
    """Return the message that tells an event."""
    match event:
        case Started():
            return _started(event, ui)
        case Recovered():
            return _recovered(event, ui)
        case SessionOpened():
            return _session_opened(event, ui)
        case SessionClosed():
            return _session_closed(event, ui)
        case OrderChanged():
            return living(event, ui)
        case SignalBlocked():
            return signal_blocked(event, ui)
        case BothSignals():
            return both_signals(event, ui)
        case StopTriggered(attempt=attempt) if attempt > 1:
            return refused_stop(event, ui)
        case StopTriggered():
            return _stop_triggered(event, ui)
        case StopFinished(reason=SaleEnd.REJECTED, sold=0):
            return refused_stop(event, ui)
        case StopFinished():
            return _stop_finished(event, ui)
        case Protection():
            return _protection(event, ui)
        case StreamState():
            return _stream(event, ui)
        case Trouble():
            return _trouble(event, ui)
        case Notable():
            return _notable(event, ui)
        case ModeChanged():
            return _mode_changed(event, ui)
        case TickerLocked():
            return _ticker_locked(event, ui)
        case SettingChanged():
            return _setting_changed(event, ui)
        case HandOrder():
            return hand_order(event, ui)
        case PanicProgress():
            return panic_progress(event, ui)
        case Proposed():
            return proposed(event, ui)
        case ProposalClosed():
            return proposal_closed(event, ui)
        case ReadyCheck():
            return ready_check(event, ui)
        case CalendarNotice():
            return calendar_notice(event, ui)
        case BarsProgress():
            return bars_progress(event, ui)
        case PriceAlertHit():
            return price_alert(event, ui)
        case _:
            assert_never(event)


def _started(event: Started, ui: ViewContext) -> Screen:
    t = ui.t
    tickers = [Text(Bold(symbol.ticker), f" {symbol.market} · {price(last)}") for symbol, last in event.tickers]
    warm = [
        t("{ticker} {interval}: {have} of {need} bars", ticker=s.ticker, interval=_interval(i, ui), have=h, need=n)
        for s, i, h, n in event.warmup
    ]
    missing = [text for text, (_, _, have, need) in zip(warm, event.warmup, strict=True) if have < need]
    demo = t("Everything here is simulated: market, account and money.")
    return ui.screen(
        block(
            ui.title("🟢 ", t("Started")),
            t("Account {account}", account=ui.account),
            demo if ui.environment is Environment.DEMO else None,
        ),
        block(Bold(t("Tickers")), *tickers),
        block(Bold(t("Bars")), *(missing or [t("Warm-up done for every ticker.")])),
        block(
            t("Live stream: {state}", state=t.of(event.stream)),
            t("Session: {state}", state=t.of(event.session)),
            t("Mode: {mode}", mode=_mode_line(event.mode, ui)),
        ),
        holdings_block(event.holdings, ui),
        block(*(t("⚠️ {reason}", reason=t.of(note)) for note in event.notes)),
        block(ui.when(event.at)),
        keyboard=((Button(t("📊 Status"), Open(screen="status")), ui.home()),),
    )


def _recovered(event: Recovered, ui: ViewContext) -> Screen:
    t = ui.t
    found = [Text("• ", t.of(text)) for text in event.lines]
    conclusion = (
        t("Bot and broker agree. Buying may go on.")
        if event.clean
        else t("Something is still unexplained. No buys until it is. Look at /orders.")
    )
    return ui.screen(
        block(ui.title("🧭 ", t("Checked against the broker")), _trigger(event.trigger, ui)),
        block(*(found or [Text(t("No differences."))])),
        block(("✅ " if event.clean else "⚠️ ") + conclusion),
        block(ui.when(event.at)),
        keyboard=((Button(t("🧾 Orders"), Open(screen="orders")), Button(t("📊 Status"), Open(screen="status"))),),
    )


def _trigger(name: str, ui: ViewContext) -> str:
    t = ui.t
    return {
        "start": t("after the start"),
        "reconnect": t("after the connection came back"),
        "timer": t("regular check"),
        "before_buy": t("before a buy"),
        "asked": t("on request"),
    }.get(name, name)


def _session_opened(event: SessionOpened, ui: ViewContext) -> Screen:
    t = ui.t
    half = t("Half day: the market closes early.") if event.half_day else None
    return ui.screen(
        block(
            ui.title("🔔 ", t("Market open ({date} New York)", date=event.session_on)),
            t("Account {account}", account=ui.account),
            t("Closes {time}", time=ui.when(event.closes_at)),
            half,
            t("Mode: {mode}", mode=_mode_line(event.mode, ui)),
            t("Open orders: {n}", n=event.open_orders),
        ),
        holdings_block(event.holdings, ui),
        block(ui.when(event.at)),
        keyboard=(
            (Button(t("📊 Status"), Open(screen="status")), Button(t("📦 Positions"), Open(screen="positions"))),
        ),
    )


def _session_closed(event: SessionClosed, ui: ViewContext) -> Screen:
    t = ui.t
    left = [short(order, ui) for order in event.open_orders]
    return ui.screen(
        block(
            ui.title("🌙 ", t("Trading day over ({date} New York)", date=event.session_on)),
            *today_lines(event.today, event.holdings, ui),
        ),
        block(
            *result_lines(event.result, event.realized, ui),
            t("Orders {orders} · fills {fills}", orders=event.orders, fills=event.fills),
            t(
                "Bought {bought} · sold {sold} · fees {fees}",
                bought=usd(event.bought),
                sold=usd(event.sold),
                fees=usd(event.fees),
            ),
            t("Checks {n} · late {late}", n=event.checks, late=event.overruns),
        ),
        block(Bold(t("Still open")), *left) if left else None,
        holdings_block(event.holdings, ui),
        block(t("Next open {time}", time=ui.when(event.next_open)), ui.when(event.at)),
    )


def _stop_triggered(event: StopTriggered, ui: ViewContext) -> Screen:
    t = ui.t
    broker = "" if event.broker_rate is None else t(" · broker's last figure {rate}", rate=rate(event.broker_rate))
    return ui.screen(
        block(
            ui.title("🟧 ", t("{stop}: {ticker}", stop=trigger(event.trigger, t), ticker=event.symbol.ticker)),
            Text(
                t.line("Return {rate}", rate=Bold(rate(event.rate))),
                t(" (threshold {threshold})", threshold=rate(event.threshold)),
                broker,
            ),
            t("Average {average} → now {last}", average=price(event.average_cost), last=price(event.price)),
        ),
        block(
            t("Selling all {qty} shares now. Open sells are canceled first.", qty=shares(event.qty)),
            t("KIS has no market order here: a limit below the bid, lowered until everything is sold."),
            _seen_by(event.source, ui),
        ),
        block(ui.when(event.at)),
        keyboard=((Button(t("🧾 Orders"), Open(screen="orders")),),),
    )


def _seen_by(source: FiredBy, ui: ViewContext) -> str:
    t = ui.t
    return {
        FiredBy.TICK: t("Seen on a live trade."),
        FiredBy.POLL: t("Seen by asking for the price (live trades are silent)."),
        FiredBy.CHECK: t("Seen at the regular check."),
    }[source]


def _stop_finished(event: StopFinished, ui: ViewContext) -> Screen:
    t, ticker = ui.t, event.symbol.ticker
    flat = event.left == 0
    again = t("If the price still calls for it, another try follows in a minute.")
    left = t("⚠️ {left} shares are left and need you. Look at /positions and /orders.", left=shares(event.left))
    return ui.screen(
        block(
            ui.title(
                "🟧 ",
                t("{stop} finished: {ticker}", stop=trigger(event.trigger, t), ticker=ticker),
                "" if flat else " ⚠️",
            ),
            t("Sold {qty} sh. at {price} on average", qty=shares(event.sold), price=price(event.average_price))
            if event.sold
            else t("Nothing could be sold."),
            *result_lines(event.result, event.realized, ui),
            None if event.fees is None else t("Fees {fees}", fees=usd(event.fees)),
            t("Ended: {reason}", reason=finish(event.reason, t)),
            t("Tries before that were refused: {n}", n=event.orders_refused or event.attempt - 1)
            if event.attempt > 1
            else None,
        ),
        block(None if flat else left, None if flat or event.reason is SaleEnd.SESSION_END else again),
        block(t("{ticker} is not traded by rule until the next session or /release {ticker}.", ticker=ticker)),
        block(ui.when(event.at)),
        keyboard=(
            (Button(t("📦 Positions"), Open(screen="positions")), Button(t("🧾 Orders"), Open(screen="orders"))),
        ),
    )


def _protection(event: Protection, ui: ViewContext) -> Screen:
    t = ui.t
    who = _tickers(event.symbols) or t("all tickers")
    reason = t.of(event.reason)
    if event.armed:
        how = t("live trades") if event.source is StopPriceSource.TICKS else t("asking for the price every few seconds")
        return ui.screen(
            block(
                ui.title("🛡 ", t("Stop-loss armed: {tickers}", tickers=who)),
                t("Watching by {how}.", how=how),
                reason or None,
            ),
            block(ui.when(event.at)),
        )
    return ui.screen(
        block(
            ui.title("🚨 ", t("Stop-loss NOT armed: {tickers}", tickers=who)),
            reason or None,
            t("These holdings are unprotected now. Look at /status, or sell with /sell."),
        ),
        block(ui.when(event.at)),
        keyboard=(
            (Button(t("📊 Status"), Open(screen="status")), Button(t("📦 Positions"), Open(screen="positions"))),
        ),
    )


def _stream(event: StreamState, ui: ViewContext) -> Screen:
    t = ui.t
    often = None
    if event.drops > 1:
        often = t(
            "It has dropped {count} times in a row, each soon after the last. This message is kept up to date; there"
            " will be no other until it holds.",
            count=event.drops,
        )
    if event.up:
        gone = None
        if event.since is not None:
            gone = t("It was down for {span}.", span=span((event.at - event.since).total_seconds(), t))
        return ui.screen(
            block(
                ui.title("🟢 ", t("Live stream connected")),
                gone,
                t.of(event.reason) or None,
                often,
            ),
            block(ui.when(event.at)),
        )
    return ui.screen(
        block(
            ui.title("🟡 ", t("Live stream down")),
            t.of(event.reason) or None,
            often,
            t("Reconnecting by itself. Until then prices and fills are asked for, a few seconds later."),
        ),
        block(ui.when(event.at)),
    )


def _trouble(event: Trouble, ui: ViewContext) -> Screen:
    t = ui.t
    name = f" {event.symbol.ticker}" if event.symbol else ""
    ways: tuple[Button, ...] = (Button(t("📊 Status"), Open(screen="status")),)
    if event.key == "deaf:webhook":
        ways = (Button(t("🔌 Remove the webhook"), Unhook()),)
    return ui.screen(
        block(ui.title("⚠️ ", t("Trouble"), name), t.of(event.what)), block(ui.when(event.at)), keyboard=(ways,)
    )


def _notable(event: Notable, ui: ViewContext) -> Screen:
    what = ui.t.of(event.what)
    ticker = "" if event.symbol is None else event.symbol.ticker
    name = "" if what.startswith((f"{ticker} ", f"{ticker}:")) or not ticker else f"{ticker} · "  # once is enough
    return ui.screen(block(Text(Bold(f"[{ui.badge}] "), "ℹ️ ", name, what), ui.when(event.at)))


def _mode_changed(event: ModeChanged, ui: ViewContext) -> Screen:
    t, state = ui.t, event.state
    scope = f" {state.symbol.ticker}" if state.symbol else ""
    return ui.screen(
        block(ui.title(t("Mode"), scope, f": {mode(state.mode, t)}"), *mode_story(event, ui)),
        block(ui.when(event.at)),
    )


def _ticker_locked(event: TickerLocked, ui: ViewContext) -> Screen:
    t, lock = ui.t, event.lock
    ticker = lock.symbol.ticker
    unprotected = t(
        "⚠️ Its stop-loss is held back too: the price may be wrong."
        " If the price is right, release it: the stop-loss then works again."
    )
    return ui.screen(
        block(
            ui.title("🔒 ", t("{ticker} locked", ticker=ticker)),
            t("Reason: {reason}", reason=why_so(lock.reason, t)) if lock.reason else None,
            t("The rules do not buy or sell it."),
            unprotected if lock.blocks_stop else None,
            t("Until you release it.") if lock.until is None else t("Until {time}.", time=ui.when(lock.until)),
        ),
        block(ui.when(event.at)),
        keyboard=((Button(t("🔓 Release {ticker}", ticker=ticker), Release(symbol=str(lock.symbol))),),),
    )


def _setting_changed(event: SettingChanged, ui: ViewContext) -> Screen:
    t, change = ui.t, event.change
    where = f" ({change.symbol.ticker})" if change.symbol else ""
    return ui.screen(
        block(ui.title("⚙️ ", f"{change.name}{where}"), *setting_story(change, ui)),
        block(ui.when(event.at)),
        keyboard=((Button(t("⚙️ Settings"), Open(screen="setting", ref=change.name)),),),
    )


def folded_note(count: int, last_at: str, ui: ViewContext) -> Text:
    """Return the line that says how often a repeated alert has come."""
    return Bold(ui.t("🔁 {n} times, last {time}", n=count, time=last_at))


def together_note(count: int, ui: ViewContext) -> Text:
    """Return the headline of several late alerts in one message."""
    return ui.title("📦 ", ui.t("{n} alerts together, oldest first", n=count))


def late_note(minutes: int, ui: ViewContext) -> Text:
    return Bold(ui.t("⏱ {n} min late", n=minutes))


def resent_note(ui: ViewContext) -> Text:
    return Bold(ui.t("♻️ Sent again: you may see this twice."))


def unshown(kind: str, reference: str, ui: ViewContext) -> Screen:
    """Tell that an event could not be put into words; better than silence."""
    t = ui.t
    return ui.screen(
        block(
            ui.title("⚠️ ", t("An alert could not be shown")),
            t("Kind {kind}, reference {reference}. See the log, and /status.", kind=kind, reference=reference),
        )
    )


def _mode_line(state: ModeState, ui: ViewContext) -> str:
    t = ui.t
    until = "" if state.until is None else " " + t("until {time}", time=ui.when(state.until))
    why = not_armed(state.mode, t) if state.reason == "not_armed" else ""
    return f"{mode(state.mode, t)}{until}{f' · {why}' if why else ''}"


def _interval(name: str, ui: ViewContext) -> str:
    return ui.t("day") if name == "day" else ui.t("{n} min", n=name)


def _tickers(symbols: Sequence[Symbol]) -> str:
    return ", ".join(symbol.ticker for symbol in symbols)
