"""The trading day: start-up, sessions by the calendar, checks on an exact grid, the summary, and on to the next."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from strategy.execution.interface import OrderDesk
from strategy.market.calendar import Session, current, latest, next_session
from strategy.market.capacity import Pace, from_ticks
from strategy.market.interface import MarketData
from strategy.market.trading_window import missed, next_check, session_view, window_of
from strategy.model import (
    BrokerError,
    Clock,
    Holdings,
    Notable,
    SessionOpened,
    SessionPhase,
    SessionView,
    SettingSource,
    Started,
    Symbol,
    Text,
    TradingError,
    Trouble,
    lost_of,
)
from strategy.panic.panic import Panic
from strategy.portfolio.account_sync import AccountSync
from strategy.portfolio.positions import Positions
from strategy.ports import Notes, Notifier, OrderJournal
from strategy.risk.mode_store import ModeStore
from strategy.runtime.backoff import Backoff
from strategy.runtime.in_flight import Activity
from strategy.runtime.shielding import wait_until_or
from strategy.session.closing_summary import closing_card
from strategy.session.stream_inbox import StreamInbox
from strategy.settings.store import SettingsStore
from strategy.signals.approval import Approval
from strategy.signals.signal_check import SignalCheck
from strategy.stops.safe_mode import Fallback
from strategy.stops.stop_monitor import StopMonitor

log = logging.getLogger(__name__)

_STREAM_WAIT_S = 10  # real time the start waits for the stream's own word before telling how it stands
_TIDY_S = 5  # market time between rounds of housekeeping
_RETRIES = Backoff.growing(_TIDY_S, 120.0)  # of polls of the account that did not end in agreement
_BETWEEN_POLLS = timedelta(seconds=1)
_IDLE = timedelta(minutes=15)  # the longest pause of housekeeping
_BEFORE_OPEN = timedelta(seconds=60)  # the account is looked at this long before the open
_MANY_AT_ONCE = 4  # warm-up requests in flight; the broker's client paces them anyway


class Engine:
    """Runs sessions until cancelled. Survives whatever a check raises; only its own storage can stop it."""

    def __init__(
        self,
        *,
        cycle: SignalCheck,
        approval: Approval,
        watch: MarketData,
        desk: OrderDesk,
        orders: OrderJournal,
        guard: StopMonitor,
        panic: Panic,
        fallback: Fallback,
        inbox: StreamInbox,
        account_sync: AccountSync,
        positions: Positions,
        modes: ModeStore,
        settings: SettingsStore,
        notes: Notes,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
        wall: Clock,
        pace: Pace,
        remarks: Sequence[Text] = (),
    ) -> None:
        """`remarks` are warnings of the start that belong on the start card; `wall` is a person's clock."""
        self._cycle = cycle
        self._approval = approval
        self._watch = watch
        self._desk = desk
        self._orders = orders
        self._guard = guard
        self._panic = panic
        self._fallback = fallback
        self._inbox = inbox
        self._account_sync = account_sync
        self._positions = positions
        self._modes = modes
        self._settings = settings
        self._notes = notes
        self._notifier = notifier
        self._clock = clock
        self._activity = activity
        self._wall = wall
        self._pace = pace
        self._remarks = list(remarks)
        self._cold: set[Symbol] = set()  # tickers without enough bars for a signal yet
        self.begun = asyncio.Event()  # start-up is over and has been told
        self._resettled = asyncio.Event()  # settings changed: the next check may be due at another time
        self._disturbed = asyncio.Event()  # the clock was: another session may be on or next
        self._last_check: datetime | None = None
        self._grid: timedelta | None = None  # the interval of the last check
        self._fruitless = 0  # looks in a row after which broker and bot did not agree
        self._tidied_at = clock.now()
        self._counted_on: date | None = None  # the session the counts below belong to
        self.started_at = clock.now()
        self.next_check_at: datetime | None = None
        self.cycles = 0
        self.overruns = 0
        self._session_checks = 0
        self._session_overruns = 0
        settings.on_change(self._resettled.set)

    async def load(self) -> None:
        """Read what was stored: settings, modes, open orders, positions' fills. Call once, before any task runs."""
        with self._activity():
            self._remarks += await self._settings.load()
            await self._modes.load()
            await self._desk.load()
            await self._positions.load()
            await self._guard.load()
            await self._approval.load()

    def disturbed(self) -> None:
        """Think again about the session and the next check: the clock was set, or stood still."""
        self._disturbed.set()
        self._resettled.set()

    async def run(self) -> None:
        """Start, then go from session to session until cancelled; a second run starts more quietly."""
        if self.begun.is_set():
            await self._start_again()
        else:
            await self.start()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_house(), name="engine: housekeeping")
            while True:
                await self._session()

    # start

    async def start(self) -> None:
        """Prices, bars, a look at the account, subscriptions, and the start card (rows S46-S49)."""
        with self._activity():
            self._watch.subscribe(())
            prices = await self._verify()
            notes = [*self._remarks, *self._about_tickers(), *await self._warm_up()]
            holdings = await self._first_look(notes)
            self._watch.subscribe(self._guard.lines)
            await self._guard.resume()
            await self._panic.resume()
        await wait_until_or(self._wall, self._wall.now() + timedelta(seconds=_STREAM_WAIT_S), self._inbox.settled)
        with self._activity():
            now = self._clock.now()
            warmup = [row for symbol in self._settings.tickers for row in self._watch.warmup(symbol)]
            self._cold = {symbol for symbol in self._settings.tickers if not self._watch.warm(symbol)}
            await self._notifier.tell(
                Started(
                    at=now,
                    tickers=tuple(prices.items()),
                    warmup=tuple(warmup),
                    stream=self._inbox.state(),
                    mode=self._modes.account,
                    session=session_text(session_view(now, self._settings.account)),
                    holdings=holdings,
                    notes=tuple(notes),
                )
            )
        self.begun.set()

    def _about_tickers(self) -> list[Text]:
        """Say what the owner should know of the list: too many, bars from ticks only, not the list of `.env`."""
        tickers = self._settings.tickers
        found = self._pace.too_many(self._settings, tickers)
        found += self._pace.too_many_ticks(len(tickers), self._settings.account.stop_poll_s)
        names = ", ".join(symbol.ticker for symbol in tickers if self._watch.needs_ticks(symbol))
        if names:
            found.append(from_ticks(names))
        if self._settings.source("TRADING_TICKERS") is SettingSource.CHAT:
            found.append(_CHOSEN_IN_CHAT)
        return found

    async def _start_again(self) -> None:
        """Pick up after a fault of this service: the start was told, so only what may have been missed is seen to."""
        with self._activity():
            self._watch.subscribe(self._guard.lines)
            await self._try_look()
            await self._guard.resume()
            await self._panic.resume()

    async def _verify(self) -> dict[Symbol, Decimal | None]:
        """Ask each ticker's price; one that has none is told and not traded, since no rule acts without a price."""
        prices: dict[Symbol, Decimal | None] = dict.fromkeys(self._settings.tickers)
        gate = asyncio.Semaphore(_MANY_AT_ONCE)

        async def ask(symbol: Symbol) -> None:
            async with gate:
                try:
                    prices[symbol] = (await self._watch.fresh_quote(symbol)).last
                except BrokerError as error:
                    await self._trouble(f"ticker:{symbol}", _no_price(symbol, error), symbol)

        async with asyncio.TaskGroup() as group:
            for symbol in self._settings.tickers:
                group.create_task(ask(symbol))
        return prices

    async def _warm_up(self) -> list[Text]:
        """Fetch the bars of every ticker; return what is missing (row S47)."""
        failed: list[Text] = []
        gate = asyncio.Semaphore(_MANY_AT_ONCE)

        async def fetch(symbol: Symbol) -> None:
            async with gate:
                try:
                    await self._watch.bring_up(symbol)
                except BrokerError as error:
                    said = error.user_message
                    failed.append(Text(f"{symbol} 봉을 받지 못했습니다: {said.ko}", f"No bars of {symbol}: {said.en}"))

        async with asyncio.TaskGroup() as group:
            for symbol in self._settings.tickers:
                group.create_task(fetch(symbol))
        return failed

    async def _first_look(self, notes: list[Text]) -> Holdings | None:
        try:
            holdings = await self._account_sync.take("start")
        except BrokerError as error:
            said = error.user_message
            if self._account_sync.last is not None:
                notes.append(
                    Text(
                        f"주문을 확인하지 못해 매수를 막았습니다. 보유 종목의 손절은 작동합니다: {said.ko}",
                        "The orders could not be looked at, so buying is blocked; stops of what is held work:"
                        f" {said.en}",
                    )
                )
                self._about_held(self._account_sync.last, notes)
                return self._account_sync.last
            notes.append(
                Text(
                    f"계좌를 확인하지 못해 매수를 막았습니다. 무엇을 보유했는지 몰라 손절도 아직 없습니다: {said.ko}",
                    "The account could not be looked at, so buying is blocked, and without knowing what is held no stop"
                    f" works yet: {said.en}",
                )
            )
            return None
        self._about_held(holdings, notes)
        return holdings

    def _about_held(self, holdings: Holdings, notes: list[Text]) -> None:
        unwatched = sorted({one.symbol for one in holdings.positions if one.qty > 0} - set(self._settings.tickers))
        if unwatched:
            names = ", ".join(symbol.ticker for symbol in unwatched)
            notes.append(
                Text(
                    f"{names}: 보유하고 있지만 거래하는 종목이 아니어서 손절이 없습니다. 더하려면 /watch.",
                    f"{names}: held, but not on the watch list, so no stop protects it. /watch adds a ticker.",
                )
            )
        notes += self._about_stops()

    def _about_stops(self) -> list[Text]:
        """Name what is held and watched and has no stop whatever its price does."""
        states = {
            symbol: self._guard.bare(symbol) or self._guard.forbidden(symbol) for symbol in self._settings.tickers
        }
        held = {symbol: state for symbol, state in states.items() if state is not None}
        lost = lost_of(held)
        return [] if lost is None else [Text(f"손절이 작동하지 않음: {lost.ko}", f"Stops that do not work: {lost.en}")]

    # a trading day

    async def _session(self) -> None:
        """Wait for the session that is on or next, run it, and return when its day has ended.

        A clock that was set ends it early: which session is on or next is asked again.
        """
        self._disturbed.clear()
        session = self._due(self._clock.now())
        await self._before_open(session)
        if self._disturbed.is_set():
            return
        await self._open(session)
        if self._counted_on != session.on:
            self._counted_on = session.on
            self._session_checks = self._session_overruns = 0
        await self._checks(session)
        self.next_check_at = None
        if self._clock.now() < self._ends_at(session) and self._disturbed.is_set():
            return
        await self._end_proposals()
        await self._until(lambda: self._ends_at(session))
        if self._clock.now() >= self._ends_at(session):
            await self._close(session)

    def _due(self, now: datetime) -> Session:
        """Return the session whose day has not ended yet."""
        newest = latest(now)
        return newest if now < self._ends_at(newest) else next_session(now)

    def _ends_at(self, session: Session) -> datetime:
        return window_of(session, self._settings.account).shutdown_at

    async def _before_open(self, session: Session) -> None:
        """Look at the account shortly before the open, so that the open itself waits for nobody."""
        ready_at = session.opens_at - _BEFORE_OPEN
        if self._clock.now() < ready_at:
            await wait_until_or(self._clock, ready_at, self._disturbed)
            if self._disturbed.is_set():
                return
            with self._activity():
                await self._try_look()
                await self._warm_up()
        await wait_until_or(self._clock, session.opens_at, self._disturbed)

    async def _open(self, session: Session) -> None:
        """Tell the open once per session, also when the program starts inside of it (row S49)."""
        now = self._clock.now()
        key = "session_opened"
        with self._activity():
            if now >= session.closes_at or await self._notes.get(key) == session.on.isoformat():
                return
            opened = SessionOpened(
                at=now,
                session_on=session.on.isoformat(),
                closes_at=session.closes_at,
                half_day=session.half_day,
                holdings=self._account_sync.now,
                open_orders=len(self._desk.open),
                mode=self._modes.account,
            )
            await self._notes.put(key, session.on.isoformat(), [opened])

    async def _checks(self, session: Session) -> None:
        """Check on the grid until the window ends; its settings may change on the way."""
        self._last_check = None
        while not self._disturbed.is_set():
            self._resettled.clear()
            window = window_of(session, self._settings.account)
            interval = self._interval()
            due = self.next_check_at = next_check(window, self._last_check, interval, self._clock.now())
            if due is None and self._clock.now() >= window.ends_at:
                return
            await wait_until_or(self._clock, due or window.ends_at, self._resettled)
            if due is not None and not self._resettled.is_set():
                await self._check(due, interval)

    async def _check(self, due: datetime, interval: timedelta) -> None:
        skipped = missed(self._last_check, due, interval) if self._last_check and self._grid == interval else 0
        self._grid = interval
        self._last_check = due
        if skipped:
            await self._count_overrun(skipped)
        with self._activity():
            try:
                await self._cycle.run()
            except Exception:
                log.exception("a cycle failed")
                what = Text(
                    "신호 점검이 실패했습니다. 다음 점검은 계속됩니다.", "A check failed. The next one goes on."
                )
                await self._trouble("cycle", what, None)
            await self._tell_warm()
        self.cycles += 1
        self._session_checks += 1

    async def welcome(self, symbol: Symbol) -> None:
        """Fetch the bars of a ticker just added; tell when there are enough, or what is missing until then."""
        self._cold.add(symbol)
        with self._activity():
            try:
                await self._watch.bring_up(symbol)
            except BrokerError as error:
                said = error.user_message
                what = Text(
                    f"{symbol.ticker} 봉을 받지 못했습니다 ({said.ko}) 점검 때마다 다시 받습니다.",
                    f"No bars of {symbol.ticker} yet ({said.en}) They are asked for again at each check.",
                )
                await self._tell_safely(Notable(at=self._clock.now(), key=f"cold:{symbol}", what=what, symbol=symbol))
            await self._tell_warm()

    async def _tell_warm(self) -> None:
        """Tell each ticker once whose bars were too few at the start and are enough now (row S47)."""
        self._cold.intersection_update(self._settings.tickers)
        for symbol in sorted(symbol for symbol in self._cold if self._watch.warm(symbol)):
            self._cold.discard(symbol)
            what = Text(
                f"{symbol.ticker}: 봉이 충분히 모여 이제 신호를 봅니다.",
                f"{symbol.ticker}: there are enough bars now; signals count from here on.",
            )
            await self._tell_safely(Notable(at=self._clock.now(), key=f"warm:{symbol}", what=what, symbol=symbol))

    async def _count_overrun(self, skipped: int) -> None:
        self.overruns += skipped
        self._session_overruns += skipped
        what = Text(
            f"점검이 간격보다 오래 걸려 {skipped}회를 건너뛰었습니다. 증권사 답이 늦었거나 종목이 많습니다."
            " 자주 보이면 종목을 줄이거나 CHECK_INTERVAL_MINUTES 를 늘리세요.",
            f"Checks took longer than their interval: {skipped} left out. The broker answered slowly, or there are many"
            " tickers. If this comes often, fewer tickers or a longer CHECK_INTERVAL_MINUTES helps.",
        )
        with self._activity():
            await self._tell_safely(Notable(at=self._clock.now(), key="overrun", what=what))

    async def _end_proposals(self) -> None:
        with self._activity():
            try:
                await self._approval.end_session()
            except TradingError:
                log.exception("proposals could not be closed; they run out by themselves")

    async def _close(self, session: Session) -> None:
        """Tell the summary once (D6)."""
        key = "session_closed"
        with self._activity():
            if await self._notes.get(key) == session.on.isoformat():
                return
            await self._try_look()
            closed = await closing_card(
                session,
                self._clock.now(),
                orders=self._orders,
                desk=self._desk,
                holdings=self._account_sync.now,
                checks=self._session_checks,
                overruns=self._session_overruns,
            )
            await self._notes.put(key, session.on.isoformat(), [closed])

    async def _until(self, when: Callable[[], datetime]) -> None:
        """Wait for an instant that settings may move, unless the clock is disturbed."""
        while self._clock.now() < when() and not self._disturbed.is_set():
            self._resettled.clear()
            await wait_until_or(self._clock, when(), self._resettled)

    def _interval(self) -> timedelta:
        return timedelta(minutes=self._settings.account.check_interval_minutes)

    # housekeeping

    async def _keep_house(self) -> None:
        """Let expired modes and settings go, and look at the account when it is time."""
        while True:
            await self._until_work()
            with self._activity():
                try:
                    await self._tidy()
                except TradingError:
                    log.exception("housekeeping failed; it is tried again")

    async def _until_work(self) -> None:
        """Wait for the next thing to expire or to look at; a spoiled look is taken after a short pause."""
        now = self._clock.now()
        if self._account_sync.stale or not self._account_sync.reconciled:
            await self._clock.sleep(_RETRIES.pause(self._fruitless))
            return
        in_session = current(now) is not None
        pause = timedelta(seconds=self._settings.account.reconcile_interval_s) if in_session else _IDLE
        ends = [at for at in (self._modes.next_expiry, self._settings.next_expiry) if at is not None]
        await wait_until_or(self._clock, min([now + pause, *ends]), self._account_sync.spoiled)
        if self._account_sync.last is not None:  # whatever spoils it a hundred times a second
            await self._clock.sleep_until(self._account_sync.last.taken_at + _BETWEEN_POLLS)

    async def _tidy(self) -> None:
        now = self._clock.now()
        await self._fallback.store()
        await self._modes.expire()
        for change in self._settings.take_expired(self._tidied_at):
            value = self._settings.value(change.name, change.symbol)
            of = f" ({change.symbol})" if change.symbol else ""
            what = Text(
                f"{change.name}{of}={change.new} 의 기한이 끝나 {value} (으)로 돌아갔습니다.",
                f"{change.name}{of}={change.new} has expired; {value} holds again.",
            )
            await self._notifier.tell(Notable(at=now, key=f"expired:{change.name}", what=what, symbol=change.symbol))
        self._tidied_at = now
        if self._look_due(now):
            await self._try_look()

    def _look_due(self, now: datetime) -> bool:
        """Return whether the account should be looked at: after a fill or a gap soon, in a session on a timer."""
        last = self._account_sync.last.taken_at if self._account_sync.last else None
        if self._account_sync.stale or not self._account_sync.reconciled:
            return True
        if current(now) is None or last is None:
            return False
        return (now - last).total_seconds() >= self._settings.account.reconcile_interval_s - _TIDY_S

    async def _try_look(self) -> None:
        try:
            await self._account_sync.take("timer")
        except BrokerError as error:
            log.warning("account could not be asked", extra={"error": str(error)})
        self._fruitless = 0 if self._account_sync.reconciled else min(self._fruitless + 1, 10)

    async def _trouble(self, key: str, what: Text, symbol: Symbol | None) -> None:
        await self._tell_safely(Trouble(at=self._clock.now(), key=key, what=what, symbol=symbol))

    async def _tell_safely(self, event: Trouble | Notable) -> None:
        try:
            await self._notifier.tell(event)
        except TradingError:
            log.exception("could not be told", extra={"key": event.key})


def session_text(view: SessionView) -> Text:
    """Return the session in a few words; the bot adds the times."""
    words = {
        SessionPhase.OPEN: Text("거래 시간입니다", "the session is on"),
        SessionPhase.BEFORE_START: Text(
            "개장했고 MARKET_START_TIME 을 기다립니다", "open; waiting for MARKET_START_TIME"
        ),
        SessionPhase.AFTER_END: Text("오늘의 신호 점검은 끝났습니다", "today's checks are over"),
        SessionPhase.CLOSED: Text("장이 닫혀 있습니다", "the exchanges are closed"),
    }
    return words[view.phase]


def _no_price(symbol: Symbol, error: BrokerError) -> Text:
    said = error.user_message
    return Text(
        f"{symbol} 가격을 확인하지 못했습니다 ({said.ko}) 확인될 때까지 거래하지 않습니다."
        " 시장과 티커가 맞는지 보세요.",
        f"{symbol} could not be verified by a price ({said.en}) It is not traded until it can."
        " Check market and ticker.",
    )


_CHOSEN_IN_CHAT = Text(
    "종목은 채팅에서 바꾼 목록입니다 (.env 의 TRADING_TICKERS 가 아님). 되돌리려면 /reset TRADING_TICKERS.",
    "The tickers are those chosen in the chat, not TRADING_TICKERS of .env; /reset TRADING_TICKERS goes back.",
)
