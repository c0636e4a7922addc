"""Looking, never changing: what the chat shows of the core."""

import difflib
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from strategy.execution.interface import OrderDesk
from strategy.market.interface import MarketData
from strategy.market.trading_window import session_view
from strategy.model import (
    BrokerError,
    Clock,
    Decision,
    Environment,
    HoldingsView,
    InvalidInput,
    Market,
    OrderNo,
    OrdersView,
    OrderView,
    StatusView,
    Symbol,
    Text,
    TickerView,
    spelled,
)
from strategy.portfolio.account_sync import AccountSync
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.portfolio.positions import Positions
from strategy.ports import DecisionJournal, OrderJournal, Outbox
from strategy.risk.exposure import ExposureMeter, day_start
from strategy.risk.mode_store import ModeStore
from strategy.session.stream_inbox import StreamInbox
from strategy.session.trading_day import Engine
from strategy.settings.store import SettingsStore
from strategy.signals.signal_check import SignalCheck
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.stop_monitor import StopMonitor

_WAITING_SHOWN = 1_000
_FRESH_S = 2


class StatusQueries:
    """Implements `strategy.control.interface.Overview`."""

    def __init__(
        self,
        *,
        engine: Engine,
        cycle: SignalCheck,
        desk: OrderDesk,
        recon: Reconciler,
        orders: OrderJournal,
        decisions: DecisionJournal,
        outbox: Outbox,
        watch: MarketData,
        account_sync: AccountSync,
        positions: Positions,
        guard: StopMonitor,
        watchdog: PriceWatchdog,
        inbox: StreamInbox,
        modes: ModeStore,
        exposure_meter: ExposureMeter,
        settings: SettingsStore,
        clock: Clock,
        environment: Environment,
        account_masked: str,
        calls_used: Callable[[], str],
    ) -> None:
        self._engine = engine
        self._cycle = cycle
        self._desk = desk
        self._recon = recon
        self._orders = orders
        self._decisions = decisions
        self._outbox = outbox
        self._watch = watch
        self._account_sync = account_sync
        self._positions = positions
        self._guard = guard
        self._watchdog = watchdog
        self._inbox = inbox
        self._modes = modes
        self._exposure_meter = exposure_meter
        self._settings = settings
        self._clock = clock
        self._environment = environment
        self._account = account_masked
        self._calls_used = calls_used

    async def status(self) -> StatusView:
        """Return the whole state from memory; the broker is not asked."""
        now = self._clock.now()
        settings = self._settings.account
        return StatusView(
            environment=self._environment,
            armed=self._modes.armed,
            account=self._account,
            mode=self._modes.account,
            session=session_view(now, settings),
            tickers=tuple([await self._ticker(symbol, now) for symbol in self._shown()]),
            open_orders=len(self._desk.open),
            unknown_orders=len(self._desk.unknown),
            reconciled=self._recon.reconciled,
            reconciled_at=self._recon.reconciled_at,
            stream_up=self._inbox.up,
            stream_reason=self._inbox.reason,
            calls_used=self._calls_used(),
            orders_today=await self._exposure_meter.orders_today(),
            max_orders_per_day=settings.max_orders_per_day,
            cycles=self._engine.cycles,
            overruns=self._engine.overruns,
            next_check_at=self._engine.next_check_at,
            outbox_waiting=len(await self._outbox.pending(_WAITING_SHOWN)),
            started_at=self._engine.started_at,
            now=now,
        )

    async def holdings(self, *, fresh: bool) -> HoldingsView:
        """Return the account; a failure to ask is told in the view beside the last look."""
        problem: Text | None = None
        if fresh:
            asked_at = self._clock.now()
            try:
                await self._account_sync.take("asked", max_age_s=_FRESH_S)
            except BrokerError as error:
                last = self._account_sync.last
                if last is None or last.taken_at < asked_at:  # else only the orders could not be asked
                    problem = error.user_message
        holdings = self._account_sync.now
        fills = await self._orders.fills(since=day_start(self._clock.now()))
        gains = [fill.realized for fill in fills if fill.realized is not None]
        return HoldingsView(
            holdings=None if problem is not None else holdings,
            problem=problem,
            buying_power=holdings.cash if holdings else None,
            realized_today=sum(gains, Decimal(0)),
            locks=self._modes.locks(),
            stop_prices=tuple(
                (symbol, line.low) for symbol, line in sorted(self._guard.lines.items()) if line.low.is_finite()
            ),
            scoped=tuple(
                (symbol, self._positions.scoped(symbol, "bot"))
                for symbol in self._positions.held()
                if self._settings.of(symbol).position_scope == "bot"
            ),
        )

    async def orders(self, *, recent: int) -> OrdersView:
        newest = await self._orders.recent(recent + len(self._desk.open))
        return OrdersView(
            open=tuple(self._desk.open),
            recent=tuple(order for order in newest if order.status.closed)[:recent],
        )

    async def order(self, no: OrderNo) -> OrderView:
        """Return one order with its story; raise InvalidInput for a number that does not exist."""
        order = await self._orders.get(no)
        if order is None:
            raise InvalidInput(
                f"no order {no}",
                user_message=Text(
                    f"#{no} 주문은 없습니다. /orders 를 보세요.", f"There is no order #{no}. See /orders."
                ),
            )
        decision_id = order.request.decision_id
        return OrderView(
            order=order,
            history=tuple(await self._orders.history(no)),
            fills=tuple(await self._orders.fills(order=no)),
            decision=await self._decisions.get(decision_id) if decision_id is not None else None,
        )

    async def check_now(self, no: OrderNo) -> OrderView:
        """Ask the broker about all orders at once, then show this one."""
        await self.order(no)
        await self._desk.poll_orders()
        return await self.order(no)

    async def why(self, symbol: Symbol, *, at: datetime | None) -> Decision | None:
        return await self._decisions.latest(symbol, before=at)

    def symbols(self) -> Sequence[Symbol]:
        return self._settings.tickers

    def symbol(self, text: str) -> Symbol:
        """Find a watched or held ticker; raise InvalidInput that names the nearest."""
        wanted = spelled(text.strip().upper())
        known = {str(symbol): symbol for symbol in self._shown()}
        tickers = {symbol.ticker: symbol for symbol in reversed(self._shown())}
        found = known.get(wanted.replace(" ", "")) or tickers.get(wanted)
        if found is not None:
            return found
        market, colon, ticker = wanted.partition(":")
        if colon and market.strip() not in Market.__members__:
            Symbol.parse(text)  # its own words about markets
        near = difflib.get_close_matches(ticker.strip() or wanted, tickers, n=1, cutoff=0.3)
        hint_ko = f" 혹시 {near[0]} 입니까?" if near else ""
        hint_en = f" Did you mean {near[0]}?" if near else ""
        names = ", ".join(symbol.ticker for symbol in self._shown())
        raise InvalidInput(
            f"not watched or held: {wanted[:40]!r}",
            user_message=Text(
                f"거래하거나 보유한 종목이 아닙니다: {wanted[:40]}.{hint_ko} 종목: {names}",
                f"Not a watched or held ticker: {wanted[:40]}.{hint_en} Tickers: {names}",
            ),
        )

    def _shown(self) -> tuple[Symbol, ...]:
        """Return the watch list, then what else is held."""
        return tuple(dict.fromkeys([*self._settings.tickers, *self._positions.held()]))

    async def _ticker(self, symbol: Symbol, now: datetime) -> TickerView:
        quote = self._watch.latest(symbol)
        position = self._positions.scoped(symbol, self._settings.of(symbol).position_scope)
        decision = self._cycle.newest.get(symbol) or await self._decisions.latest(symbol)
        watched = symbol in self._settings.tickers
        indicators = await self._watch.indicators_in_turn(symbol, quote.last if quote else None) if watched else None
        rate = None
        if position is not None and quote is not None and position.average_cost > 0:
            rate = (quote.last - position.average_cost) / position.average_cost * 100
        return TickerView(
            symbol=symbol,
            last=quote.last if quote else None,
            price_age_s=quote.age(now).total_seconds() if quote else None,
            rsi=indicators.rsi if indicators else None,
            position_qty=(position.qty if position else 0) if self._positions.knows(symbol) else None,
            return_percent=rate,
            mode=self._modes.of(symbol),
            lock=self._modes.lock(symbol),
            stop=self._watchdog.state(symbol),
            warm=watched and self._watch.warm(symbol),
            last_decision=decision,
        )
