"""What trading has come to, as the chat asks for it: computed from stored facts each time, nothing is kept."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from strategy.market import MarketData, latest, previous
from strategy.market.coming_days import coming_days
from strategy.model import (
    CalendarDay,
    Clock,
    ExportFile,
    Holdings,
    Interval,
    OrderStatus,
    PerformanceView,
    Period,
    Quote,
    QuoteView,
    ReportView,
    ResultsView,
    StatisticsView,
    Symbol,
    Trade,
    new_york,
    return_percent,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.ports import DecisionJournal, Records, SettingsJournal
from strategy.reports.csv_export import (
    DECISION_COLUMNS,
    SETTING_COLUMNS,
    TRADE_COLUMNS,
    Sheets,
    decision_row,
    file_name,
    setting_row,
    trade_row,
    written,
)
from strategy.reports.profit_and_loss import (
    blocked_gates,
    by_period,
    by_ticker,
    in_won,
    midnight,
    open_profit,
    round_trips,
    span,
    stops_filled,
    totals,
    trading_date,
)
from strategy.reports.statistics import statistics
from strategy.settings.schema import SettingsInForce, intervals_of
from strategy.stops.stop_lines import StopLines

_EVERY_CHANGE = 1_000_000
_NEVER_SENT = (OrderStatus.INTENDED, OrderStatus.DENIED)
_DAY = timedelta(days=1)


class ResultService:
    """Sums up what is stored. Nothing here asks the broker, but for a quote."""

    def __init__(
        self,
        *,
        records: Records,
        decisions: DecisionJournal,
        changes: SettingsJournal,
        watch: MarketData,
        stops: StopLines,
        positions: Positions,
        account_sync: AccountSync,
        settings: SettingsInForce,
        clock: Clock,
    ) -> None:
        self._records = records
        self._decisions = decisions
        self._changes = changes
        self._watch = watch
        self._stops = stops
        self._positions = positions
        self._account_sync = account_sync
        self._settings = settings
        self._clock = clock

    # accounts

    async def trades(self, limit: int = 20, *, symbol: Symbol | None = None) -> Sequence[Trade]:
        """Return the newest fills, newest first."""
        return await self._records.newest_trades(limit, symbol=symbol)

    async def periods(self, period: Period, count: int) -> ResultsView:
        """Sum up the newest `count` days, weeks or months with fills; older ones are not even read."""
        found: list[Trade] = []
        seen: set[date] = set()
        async for page in self._records.trades():
            found += page
            seen |= {span(period, trading_date(trade))[0] for trade in page}
            if len(seen) > count:  # orders come newest first, so the periods before the oldest seen are complete
                break
        rows = (await asyncio.to_thread(by_period, period, found))[:count]
        begin = rows[-1].since if rows else None
        shown = [trade for trade in found if begin is not None and trading_date(trade) >= begin]
        rates = await self._rates()
        return ResultsView(
            period=period,
            rows=tuple(replace(row, won=in_won(_between(shown, row.since, row.until), rates)) for row in rows),
            total=totals(trade.fill for trade in shown),
            won=in_won(shown, rates),
            fx_rate=self._fx_rate,
            profit_open=open_profit(self._account_sync.now, self._prices()),
        )

    async def performance(self) -> PerformanceView:
        trades = await self._all()
        trips = await asyncio.to_thread(round_trips, trades)
        tickers = await asyncio.to_thread(by_ticker, trades, self._account_sync.now, self._prices(), trips)
        return PerformanceView(
            since=min((trading_date(trade) for trade in trades), default=None),
            tickers=tickers,
            total=totals(trade.fill for trade in trades),
            won=in_won(trades, await self._rates()),
        )

    async def statistics(self) -> StatisticsView:
        trades = await self._all()
        orders = await self._records.orders_by_status()
        reasons = await self._records.decisions_by_reason()
        return await asyncio.to_thread(statistics, trades, orders=_sent(orders), by_reason=reasons)

    async def report(self, period: Period) -> ReportView:
        """Report the day, week or month of the newest session, and the whole one before for comparison."""
        since, until = span(period, self._newest_day())
        earlier = previous(since).on if period is Period.DAY else since - _DAY
        everything = await self._all()
        trades = _between(everything, since, until)
        before = _between(everything, *span(period, earlier))
        trips = await asyncio.to_thread(round_trips, everything)
        ended = [trip for trip in trips if since <= new_york(trip.closed_at).date() <= until]
        orders = await self._records.orders_by_status(since=midnight(since), until=midnight(until + _DAY))
        reasons = await self._records.decisions_by_reason(since=since, until=until)
        changes = await self._changes.history(_EVERY_CHANGE)
        return ReportView(
            period=period,
            since=since,
            until=until,
            totals=totals(trade.fill for trade in trades),
            won=in_won(trades, await self._rates()),
            before=totals(trade.fill for trade in before),
            tickers=by_ticker(trades, self._account_sync.now, self._prices(), ended),
            stops=stops_filled(trades),
            orders=_sent(orders),
            rejected=orders.get(OrderStatus.REJECTED, 0),
            decisions=sum(reasons.values()),
            blocked=blocked_gates(reasons),
            setting_changes=sum(1 for change in changes if since <= new_york(change.set_at).date() <= until),
            holdings=self._account_sync.now,
        )

    # prices and days

    async def quote(self, symbol: Symbol) -> QuoteView:
        """Ask a fresh price; raise DataUnavailable, or what else the broker raised."""
        return await self._meaning(await self._watch.fresh_quote(symbol))

    async def quote_known(self, symbol: Symbol) -> QuoteView | None:
        """Return the newest price known, of any age, without asking for one; None where there is none."""
        known = self._watch.latest(symbol)
        return None if known is None else await self._meaning(known)

    async def _meaning(self, quote: Quote) -> QuoteView:
        symbol = quote.symbol
        position = self._positions.scoped(symbol, self._settings.of(symbol).position_scope)
        line = self._stops.lines.get(symbol)
        before = self._close_before(symbol, quote)
        held = position is not None and position.average_cost > 0
        return QuoteView(
            quote=quote,
            previous_close=before,
            change_percent=return_percent(before, quote.last) if before else None,
            spread_percent=quote.spread_percent,
            position_qty=(position.qty if position else 0) if self._positions.knows(symbol) else None,
            return_percent=return_percent(position.average_paid, quote.last) if position and held else None,
            stop_price=line.low if line is not None and line.low.is_finite() else None,
            decision=await self._decisions.latest(symbol),
            watched=symbol in self._settings.tickers,
        )

    def calendar(self, days: int = 14) -> Sequence[CalendarDay]:
        """Return the coming New York dates from today on, closed weekdays with their reason; weekends left out."""
        return coming_days(self._clock.now(), days)

    # files

    async def export(self, *, since: date | None = None) -> AsyncIterator[ExportFile]:
        """Give trades, setting changes and decisions from that New York date on, newest first, file by file."""
        begin = midnight(since) if since is not None else None
        today = new_york(self._clock.now()).date()
        trades = Sheets(file_name("trades", since, today), TRADE_COLUMNS)
        async for file in written(trades, self._records.trades(since=begin), trade_row):
            yield file
        changes = await self._changes.history(_EVERY_CHANGE)
        settings = Sheets(file_name("settings", since, today), SETTING_COLUMNS)
        for file in settings.add(setting_row(each) for each in changes if begin is None or each.set_at >= begin):
            yield file
        yield settings.last()
        decisions = Sheets(file_name("decisions", since, today), DECISION_COLUMNS)
        async for file in written(decisions, self._records.decisions(since=begin), decision_row):
            yield file

    # inside

    async def _all(self) -> list[Trade]:
        return [trade async for page in self._records.trades() for trade in page]

    def _newest_day(self) -> date:
        """Return the date of the session that is on or was the last: early on a Monday that is Friday."""
        return latest(self._clock.now()).on

    def _prices(self) -> Mapping[Symbol, Decimal]:
        """Return prices newer than the broker's valuation in the last look."""
        holdings: Holdings | None = self._account_sync.now
        quotes: dict[Symbol, Quote | None] = {}
        if holdings is not None:
            quotes = {position.symbol: self._watch.latest(position.symbol) for position in holdings.positions}
        return {
            symbol: quote.last
            for symbol, quote in quotes.items()
            if quote is not None and holdings is not None and quote.received_at >= holdings.taken_at
        }

    async def _rates(self) -> Mapping[date, Decimal]:
        """Return the won per dollar of each day, the newest one's as the account tells it where it is not stored."""
        stored, now = await self._records.exchange_rates(), self._fx_rate
        return stored if now is None else {new_york(self._clock.now()).date(): now, **stored}

    @property
    def _fx_rate(self) -> Decimal | None:
        return self._account_sync.last.fx_rate if self._account_sync.last is not None else None

    def _close_before(self, symbol: Symbol, quote: Quote) -> Decimal | None:
        """Return the close of the day before the newest session, from the daily bars where they are kept."""
        begun: datetime = latest(self._clock.now()).opens_at
        kept = symbol in self._settings.tickers and Interval.DAY in intervals_of(self._settings.of(symbol))
        close = self._watch.kept_close(symbol, begun) if kept else None
        return quote.previous_close if close is None else close


def _between(trades: Sequence[Trade], since: date, until: date) -> list[Trade]:
    return [trade for trade in trades if since <= trading_date(trade) <= until]


def _sent(orders: Mapping[OrderStatus, int]) -> int:
    return sum(count for status, count in orders.items() if status not in _NEVER_SENT)
