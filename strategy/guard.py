"""The stop guard: every tick against the stops, polls where ticks are silent, and word when neither is possible.

A tick costs one lookup and one comparison. What it touches is queued, stored and carried out by the ladder; the
ticker is locked before anything is sent.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from strategy.account import Position, return_percent
from strategy.activity import Activity
from strategy.book import SettingsBook
from strategy.calendar import current, next_open
from strategy.clock import Clock
from strategy.decisions import Action, Decision, Gate
from strategy.desk import OrderDesk
from strategy.errors import StorageError, TradingError
from strategy.events import Notable, Protection, StopFinished, StopTriggered, Trouble
from strategy.instruments import Symbol
from strategy.ladder import Descent, Ladder
from strategy.look import AccountLook
from strategy.modebook import ModeBook
from strategy.modes import TickerLock
from strategy.money import percent
from strategy.orders import Origin, Side
from strategy.overnight import Overnight
from strategy.ports import DecisionJournal, Notes, Notifier, OrderJournal
from strategy.positions import Positions
from strategy.quotes import Quote, Tick
from strategy.shelter import first_of
from strategy.stops import StopLine, Trigger, stop_line
from strategy.text import Text
from strategy.watch import MarketWatch
from strategy.workqueue import WorkQueue
from strategy.zones import from_new_york

log = logging.getLogger(__name__)

SPLIT_GUARD = "split_guard"
_ORIGINS: dict[str, Origin] = {
    "stop_loss": Origin.STOP_LOSS,
    "take_profit": Origin.TAKE_PROFIT,
    "trailing_stop": Origin.TRAILING_STOP,
}
STOP_ORIGINS = frozenset(_ORIGINS.values())
_SILENT_S = 20  # a held ticker without any price this long has no stop; the owner hears within 30 s
_POLL_SLACK_S = 15  # an answer may take that long
_MONITOR_S = 5
_AGAIN_AFTER = timedelta(seconds=60)  # a ladder that ended with shares left is tried again

Source = Literal["tick", "poll", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A stop that must be carried out."""

    symbol: Symbol
    trigger: Trigger
    price: Decimal
    source: Source
    at: datetime
    resumed: bool = False  # an order of an earlier run was found working after a restart


class StopGuard:
    """Keeps one line per held ticker and acts when a price touches it."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        orders: OrderJournal,
        decisions: DecisionJournal,
        watch: MarketWatch,
        modes: ModeBook,
        positions: Positions,
        look: AccountLook,
        ladder: Ladder,
        overnight: Overnight,
        settings: SettingsBook,
        notifier: Notifier,
        notes: Notes,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._desk = desk
        self._orders = orders
        self._decisions = decisions
        self._watch = watch
        self._modes = modes
        self._positions = positions
        self._look = look
        self._ladder = ladder
        self._overnight = overnight
        self._settings = settings
        self._notifier = notifier
        self._notes = notes
        self._clock = clock
        self._activity = activity
        self._lines: dict[Symbol, StopLine] = {}
        self._peaks: dict[Symbol, Decimal] = {}
        self._peaks_stored: dict[Symbol, Decimal] = {}
        self._running: set[Symbol] = set()
        self._not_before: dict[Symbol, datetime] = {}
        self._fired: WorkQueue[Firing] = WorkQueue(activity)
        self._splits: WorkQueue[Quote] = WorkQueue(activity)
        self._seen_at: dict[Symbol, datetime] = {}  # a price that was compared
        self._polled_at: dict[Symbol, datetime] = {}
        self._poll_bell = asyncio.Event()  # lines changed: whoever sleeps by them looks again
        self._monitor_bell = asyncio.Event()
        self._guarded_on: date | None = None
        self._unarmed: frozenset[Symbol] = frozenset()
        settings.on_change(self.rearm)
        look.on_look(self.rearm)

    async def load(self) -> None:
        """Read evenings and peaks of the watched tickers; ladders cut off by a restart go on. Call once."""
        for symbol in self._settings.tickers:
            await self._overnight.load(symbol)
            peak = await self._notes.get(f"peak:{symbol}")
            if peak is not None:
                self._peaks[symbol] = Decimal(peak)

    # what others ask

    @property
    def lines(self) -> dict[Symbol, StopLine]:
        """Return the stop prices in force."""
        return dict(self._lines)

    def running(self, symbol: Symbol) -> bool:
        """Return whether a stop of the ticker is being carried out."""
        return symbol in self._running

    def armed(self, symbol: Symbol) -> bool:
        """Return whether a stop of this ticker would fire now if its price were touched."""
        return symbol in self._lines and self.source(symbol) != "none"

    def source(self, symbol: Symbol) -> Literal["ticks", "polling", "none"]:
        """Return where the prices come from that the stop is compared with; "none" while there are none."""
        if not self._allowed(symbol) or symbol not in self._lines or not self._in_session():
            return "none"
        tick_at = self._watch.tick_at(symbol)
        quiet_s = self._settings.of(symbol).stop_poll_s
        now = self._clock.now()
        if self._watch.streams(symbol) and tick_at is not None and (now - tick_at).total_seconds() <= quiet_s:
            return "ticks"
        seen_at = self._newest(symbol)
        recent = seen_at is not None and (now - seen_at).total_seconds() <= self._patience_s(symbol)
        return "polling" if recent else "none"

    def rearm(self) -> None:
        """Compute the lines again from positions and settings."""
        lines: dict[Symbol, StopLine] = {}
        for symbol in self._positions.held():
            settings = self._settings.of(symbol)
            position = self._positions.of(symbol)
            held, _ = self._positions.in_scope(symbol, settings.position_scope)
            if position is None or held <= 0 or position.average_cost <= 0:
                continue
            line = stop_line(
                average_cost=position.average_cost,
                stop_loss_rate=settings.stop_loss_rate,
                take_profit_rate=settings.take_profit_rate,
                trailing_stop_pct=settings.trailing_stop_pct,
                peak=self._peaks.get(symbol),
            )
            if line.stop_loss is None and line.take_profit is None and line.trailing_pct is None:
                continue
            lines[symbol] = line
        for symbol in self._peaks.keys() - set(self._positions.held()):
            if self._positions.known:
                del self._peaks[symbol]
        self._lines = lines
        self._poll_bell.set()
        self._monitor_bell.set()

    # prices

    def on_tick(self, tick: Tick) -> None:
        """Compare a trade with its line; called from the stream's reader, so nothing here awaits."""
        line = self._lines.get(tick.symbol)
        if line is not None and line.touched(tick.last):
            quote = self._watch.latest(tick.symbol)
            if quote is not None:
                self._touched(tick.symbol, tick.last, quote, "tick")

    def check(self, symbol: Symbol, quote: Quote, source: Source) -> Trigger | None:
        """Compare a quote with its line; return the stop it fired, if any."""
        self._seen_at[symbol] = max(quote.received_at, self._seen_at.get(symbol, quote.received_at))
        line = self._lines.get(symbol)
        if line is None or not line.touched(quote.last):
            return None
        return self._touched(symbol, quote.last, quote, source)

    def _touched(self, symbol: Symbol, price: Decimal, quote: Quote, source: Source) -> Trigger | None:
        line = self._lines[symbol]
        trigger = line.trigger(price)
        if trigger is None:
            raised = line.at_peak(price)
            if raised is not line and raised.peak is not None and self._in_session():
                self._lines[symbol], self._peaks[symbol] = raised, raised.peak
            return None
        now = self._clock.now()
        if symbol in self._running or not self._allowed(symbol) or not self._in_session():
            return None
        if now < self._not_before.get(symbol, now):
            return None
        if self._suspicious(symbol, quote):
            self._splits.put(quote)
            return None
        self._running.add(symbol)
        self._fired.put(Firing(symbol=symbol, trigger=trigger, price=price, source=source, at=now))
        return trigger

    def suspicious(self, symbol: Symbol, quote: Quote) -> bool:
        """Return whether a ticker's price looks like a split; of a held one, that its cost has not followed (D13)."""
        return self._suspicious(symbol, quote)

    def _suspicious(self, symbol: Symbol, quote: Quote) -> bool:
        position = self._positions.of(symbol)
        guard_pct = self._settings.of(symbol).split_guard_pct
        return self._overnight.suspected(symbol, quote, position.average_cost if position else None, guard_pct)

    def _allowed(self, symbol: Symbol) -> bool:
        lock = self._modes.lock(symbol)
        return self._modes.of(symbol).mode.stops and not (lock is not None and lock.blocks_stop)

    def _in_session(self) -> bool:
        """Return whether stops may sell now: from MARKET_START_TIME or the open, to the venue's close."""
        now = self._clock.now()
        session = current(now)
        if session is None:
            return False
        start = self._settings.account.market_start_time
        return now >= from_new_york(session.on, start)

    # running

    async def run(self) -> None:
        """Carry out what fires, follow fills, poll what is silent and tell what is unprotected, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work_fired(group), name="stops: fired")
            group.create_task(self._work_splits(), name="stops: splits")
            group.create_task(self._follow_fills(), name="stops: fills")
            group.create_task(self._poll(), name="stops: poll")
            group.create_task(self._monitor(), name="stops: monitor")

    async def resume(self) -> None:
        """Go on with ladders a restart has cut off: nothing rests unattended. Call after the first look."""
        for order in await self._orders.open():
            symbol = order.request.symbol
            if order.request.origin in STOP_ORIGINS and symbol not in self._running and self._in_session():
                self._running.add(symbol)
                trigger: Trigger = (
                    "take_profit"
                    if order.request.origin is Origin.TAKE_PROFIT
                    else "trailing_stop"
                    if order.request.origin is Origin.TRAILING_STOP
                    else "stop_loss"
                )
                self._fired.put(
                    Firing(
                        symbol=symbol,
                        trigger=trigger,
                        price=order.limit_price,
                        source="check",
                        at=self._clock.now(),
                        resumed=True,
                    )
                )

    async def _work_fired(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._fired.wait()
            firing, handled = self._fired.pop()
            group.create_task(self._carry_out(firing, handled), name=f"stop {firing.symbol}")

    async def _carry_out(self, firing: Firing, handled: Callable[[], None]) -> None:
        symbol = firing.symbol
        descent: Descent | None = None
        try:
            decision = await self._begin(firing)
        except TradingError as error:
            self._running.discard(symbol)
            self._not_before[symbol] = self._clock.now() + timedelta(seconds=_MONITOR_S)
            await self._tell_trouble(symbol, error)
            return
        finally:
            handled()
        try:
            descent = await self._descend(firing, decision)
        except TradingError as error:
            await self._tell_trouble(symbol, error)
        finally:
            self._running.discard(symbol)
            left = descent is None or descent.left > 0
            pause = _AGAIN_AFTER if left else timedelta(0)
            self._not_before[symbol] = self._clock.now() + pause
        if descent is not None:
            await self._finish_safely(firing, descent)

    async def _finish_safely(self, firing: Firing, descent: Descent) -> None:
        with self._activity():
            try:
                await self._finish(firing, descent)
            except TradingError:
                log.exception("the end of a stop could not be told", extra={"symbol": str(firing.symbol)})

    async def _begin(self, firing: Firing) -> Decision | None:
        """Lock the ticker and store why, before anything is sent."""
        symbol = firing.symbol
        position = self._positions.of(symbol)
        line = self._lines.get(symbol)
        if position is None or firing.resumed or line is None:
            return None
        decision = await self._decisions.add(self._decision(firing, position, line))
        await self._modes.set_lock(
            TickerLock(symbol=symbol, reason=firing.trigger, locked_at=firing.at, until=next_open(firing.at)),
            [self._triggered(firing, position, line)],
        )
        return decision

    async def _descend(self, firing: Firing, decision: Decision | None) -> Descent:
        symbol = firing.symbol
        session = current(self._clock.now())
        qty, _ = self._positions.in_scope(symbol, self._settings.of(symbol).position_scope)
        return await self._ladder.descend(
            symbol,
            qty=qty,
            origin=_ORIGINS[firing.trigger],
            until=session.closes_at if session else self._clock.now(),
            may_go_on=lambda: self._allowed(symbol),
            decision=decision,
        )

    async def _finish(self, firing: Firing, descent: Descent) -> None:
        fills = [fill for no in descent.orders for fill in await self._orders.fills(order=no)]
        gains = [fill.realized for fill in fills if fill.realized is not None]
        self._look.spoil()
        await self._notifier.tell(
            StopFinished(
                at=self._clock.now(),
                symbol=firing.symbol,
                trigger=firing.trigger,
                sold=descent.sold,
                left=descent.left,
                average_price=descent.average_price,
                realized=sum(gains, Decimal(0)) if gains else None,
                fees=sum((fill.fees for fill in fills), Decimal(0)) if fills else None,
                reason=descent.reason,
            )
        )

    def _triggered(self, firing: Firing, position: Position, line: StopLine) -> StopTriggered:
        return StopTriggered(
            at=firing.at,
            symbol=firing.symbol,
            trigger=firing.trigger,
            rate=percent(return_percent(position.average_cost, firing.price)),
            broker_rate=position.profit_rate,
            threshold=self._threshold(firing, line),
            average_cost=position.average_cost,
            price=firing.price,
            qty=self._positions.in_scope(firing.symbol, self._settings.of(firing.symbol).position_scope)[0],
            source=firing.source,
        )

    def _threshold(self, firing: Firing, line: StopLine) -> Decimal:
        """Return the set rate in percent that was reached."""
        settings = self._settings.of(firing.symbol)
        rates = {
            "stop_loss": settings.stop_loss_rate,
            "take_profit": settings.take_profit_rate,
            "trailing_stop": None if line.trailing_pct is None else -line.trailing_pct,
        }
        rate = rates[firing.trigger]
        return rate if rate is not None else percent(return_percent(line.average_cost, line.threshold(firing.trigger)))

    def _decision(self, firing: Firing, position: Position, line: StopLine) -> Decision:
        symbol = firing.symbol
        quote = self._watch.latest(symbol)
        rate = return_percent(position.average_cost, firing.price)
        settings = self._settings.of(symbol)
        return Decision(
            symbol=symbol,
            decided_at=firing.at,
            action=Action.STOP,
            reason=firing.trigger,
            gates=(stop_gate(firing.trigger, rate, self._threshold(firing, line), firing.source, fired=True),),
            indicators=self._watch.indicators(symbol, firing.price),
            last=firing.price,
            bid=quote.bid if quote else None,
            ask=quote.ask if quote else None,
            quote_age_s=quote.age(firing.at).total_seconds() if quote else None,
            position_qty=position.qty,
            average_cost=position.average_cost,
            return_percent=rate,
            cash=self._look.last.cash if self._look.last else None,
            qty=self._positions.in_scope(symbol, settings.position_scope)[0],
            settings={
                name: self._settings.value(name, symbol)
                for name in ("STOP_LOSS_RATE", "TAKE_PROFIT_RATE", "TRAILING_STOP_PCT", "STOP_LOSS_COLLAR_PCT")
            },
        )

    # splits

    async def _work_splits(self) -> None:
        while True:
            await self._splits.wait()
            with self._splits.take() as quote:
                try:
                    await self.lock_split(quote.symbol, quote)
                except StorageError as error:
                    await self._tell_trouble(quote.symbol, error)

    async def lock_split(self, symbol: Symbol, quote: Quote) -> None:
        """Block stop and signals of a ticker whose price jumped overnight without its cost; tell and ask (D13)."""
        lock = self._modes.lock(symbol)
        if lock is not None and lock.blocks_stop:
            return
        now = self._clock.now()
        position = self._positions.of(symbol)
        cost = position.average_cost if position else None
        await self._modes.set_lock(
            TickerLock(symbol=symbol, reason=SPLIT_GUARD, locked_at=now, until=None, blocks_stop=True),
            [
                Trouble(
                    at=now,
                    key=f"{SPLIT_GUARD}:{symbol}",
                    symbol=symbol,
                    what=Text(
                        f"{symbol.ticker} 가격이 밤사이 크게 바뀌어 {quote.last} 달러입니다 (평균 단가 {cost})."
                        f" 주식 분할일 수 있어 손절과 매매를 멈췄습니다. 평균 단가가 따라 바뀌면 저절로 풀립니다."
                        f" 진짜 가격이면 /release {symbol.ticker} 로 푸세요. 그러면 손절도 바로 다시 작동합니다.",
                        f"{symbol.ticker} jumped overnight to ${quote.last} (average cost {cost}). This may be a split,"
                        f" so its stop and signals are blocked. They come back by themselves once the average cost"
                        f" follows. If the price is real, /release {symbol.ticker}; the stop works again at once then.",
                    ),
                )
            ],
        )

    async def unlock_split(self, symbol: Symbol, quote: Quote) -> bool:
        """Take the split lock off once the average cost has followed; return whether it was taken off.

        Of a ticker not held, once the source's bars have: the rule must not read a split as a crash.
        """
        lock = self._modes.lock(symbol)
        if lock is None or lock.reason != SPLIT_GUARD:
            return False
        if self._suspicious(symbol, quote) and (self._positions.of(symbol) or not await self._bars_follow(quote)):
            return False
        await self.accept_price(symbol)
        now = self._clock.now()
        told = Notable(
            at=now,
            key=f"split_over:{symbol}",
            symbol=symbol,
            what=Text(
                f"{symbol.ticker} 평균 단가와 시세가 새 가격을 따라와 손절과 매매를 다시 시작합니다.",
                f"{symbol.ticker}: cost and bars have followed the price; stop and signals work again.",
            ),
        )
        return await self._modes.release(symbol, None, [told])

    async def _bars_follow(self, quote: Quote) -> bool:
        """Return whether the source's last daily close is near the price: it has adjusted its bars for a split."""
        session = current(self._clock.now())
        if session is None:
            return False
        try:
            close = await self._watch.close_before(quote.symbol, session.opens_at)
        except TradingError:
            return False
        guard_pct = self._settings.of(quote.symbol).split_guard_pct
        return close is not None and abs(quote.last / close - 1) * 100 <= guard_pct

    async def accept_price(self, symbol: Symbol) -> None:
        """Take today's price of a ticker as real and start its bars anew, adjusted by the data's source."""
        position, quote = self._positions.of(symbol), self._watch.latest(symbol)
        if quote is not None:
            await self._overnight.accept(symbol, quote.last, position.average_cost if position else None)
        self._watch.forget_bars(symbol)
        self._peaks.pop(symbol, None)
        self.rearm()

    # fills

    async def _follow_fills(self) -> None:
        with self._desk.changed() as changes:
            while True:
                order = await changes.next()
                if self._positions.on_order(order):
                    self._look.spoil()
                    self.rearm()
                    if order.request.side is Side.BUY:
                        self._watch.subscribe(self._positions.held())

    # silence

    async def _poll(self) -> None:
        """Ask for the price of every held ticker whose ticks are silent, at the moment they have been long enough."""
        while True:
            self._poll_bell.clear()
            due = min((self._poll_due(symbol) for symbol in self._lines if self._pollable(symbol)), default=None)
            if due is None or not self._in_session():
                await first_of(self._clock, self._session_edge(), self._poll_bell)
                continue
            await first_of(self._clock, due, self._poll_bell)
            now = self._clock.now()
            silent = [symbol for symbol in self._lines if self._pollable(symbol) and self._poll_due(symbol) <= now]
            if not silent or not self._in_session():
                continue
            with self._activity():
                async with asyncio.TaskGroup() as group:
                    for symbol in silent:
                        group.create_task(self._poll_one(symbol))

    def _pollable(self, symbol: Symbol) -> bool:
        return self._allowed(symbol) and symbol not in self._running

    def _poll_due(self, symbol: Symbol) -> datetime:
        """Return when a ticker is to be asked for: STOP_POLL_S after its last tick, price or attempt."""
        known = (self._watch.tick_at(symbol), self._seen_at.get(symbol), self._polled_at.get(symbol))
        newest = max((at for at in known if at is not None), default=None)
        if newest is None:
            return self._clock.now()
        return newest + timedelta(seconds=self._settings.of(symbol).stop_poll_s)

    async def _poll_one(self, symbol: Symbol) -> None:
        self._polled_at[symbol] = self._clock.now()
        try:
            quote = await self._watch.fresh_quote(symbol)
        except TradingError as error:
            log.warning("stop poll failed", extra={"symbol": str(symbol), "error": str(error)})
            return
        self.check(symbol, quote, "poll")

    async def _monitor(self) -> None:
        """Say when a held ticker has had no price for too long, and when it has again; keep peaks."""
        while True:
            self._monitor_bell.clear()
            if not self._in_session() or not self._lines:
                await first_of(self._clock, self._session_edge(), self._monitor_bell)
            else:
                await self._clock.sleep_until(self._next_judgement())
            with self._activity():
                try:
                    await self._store_peaks()
                    await self._judge_silence()
                except StorageError:
                    log.exception("the state of protection could not be stored or told; tried again")

    def _session_edge(self) -> datetime:
        """Return when stops may next begin to work, or end to."""
        now = self._clock.now()
        session = current(now)
        if session is None:
            return next_open(now)
        start = from_new_york(session.on, self._settings.account.market_start_time)
        return start if now < start < session.closes_at else session.closes_at

    def _next_judgement(self) -> datetime:
        """Return when the first of the tickers may have been silent for too long."""
        now = self._clock.now()
        soon = now + timedelta(seconds=_MONITOR_S)
        if self._unarmed:
            return soon
        ends = [
            (self._newest(symbol) or now) + timedelta(seconds=self._patience_s(symbol) + 1) for symbol in self._lines
        ]
        return max(soon, min(ends, default=soon))

    def _patience_s(self, symbol: Symbol) -> int:
        """Return how long a ticker may go without any price before its stop counts as asleep."""
        return max(_SILENT_S, self._settings.of(symbol).stop_poll_s + _POLL_SLACK_S)

    async def _judge_silence(self) -> None:
        now = self._clock.now()
        session = current(now)
        if session is None or not self._in_session():
            self._guarded_on = None
            self._unarmed = frozenset()
            return
        if self._guarded_on != session.on:
            self._guarded_on = session.on
            self._seen_at = dict.fromkeys(self._lines, now)  # the clock of silence starts with the session
        for symbol in self._lines:
            self._seen_at.setdefault(symbol, now)
        unarmed = frozenset(symbol for symbol in self._lines if self._unprotected(symbol, now))
        if unarmed == self._unarmed:
            return
        lost, back = unarmed - self._unarmed, self._unarmed - unarmed
        self._unarmed = unarmed
        events = []
        if lost:
            events.append(self._protection(sorted(lost), armed=False))
        if back & self._lines.keys():
            events.append(self._protection(sorted(back & self._lines.keys()), armed=True))
        if events:
            await self._notifier.tell(*events)

    def _unprotected(self, symbol: Symbol, now: datetime) -> bool:
        if not self._allowed(symbol) or symbol in self._running:
            return False  # the owner halted it, or knows of the split, or it is being sold
        seen_at = self._newest(symbol)
        quote = self._watch.latest(symbol)
        halted = quote is not None and quote.halted
        return halted or seen_at is None or (now - seen_at).total_seconds() > self._patience_s(symbol)

    def _newest(self, symbol: Symbol) -> datetime | None:
        tick_at, seen_at = self._watch.tick_at(symbol), self._seen_at.get(symbol)
        return max((at for at in (tick_at, seen_at) if at is not None), default=None)

    def _protection(self, symbols: Sequence[Symbol], *, armed: bool) -> Protection:
        names = ", ".join(symbol.ticker for symbol in symbols)
        if armed:
            reason = Text(
                f"{names}: 시세가 돌아와 손절이 다시 작동합니다.", f"{names}: prices are back, stops work again."
            )
            return Protection(
                at=self._clock.now(),
                armed=True,
                source="ticks" if all(self.source(symbol) == "ticks" for symbol in symbols) else "polling",
                symbols=tuple(symbols),
                reason=reason,
            )
        return Protection(
            at=self._clock.now(),
            armed=False,
            source="none",
            symbols=tuple(symbols),
            reason=Text(
                f"{names}: 시세가 끊기거나 거래가 정지되어 손절을 할 수 없습니다. 증권사 앱을 확인하세요.",
                f"{names}: no prices, or trading is halted, so the stop cannot run. Check the broker's app.",
            ),
        )

    async def _store_peaks(self) -> None:
        for symbol, peak in list(self._peaks.items()):
            if self._peaks_stored.get(symbol) != peak:
                await self._notes.put(f"peak:{symbol}", str(peak))
                self._peaks_stored[symbol] = peak

    async def _tell_trouble(self, symbol: Symbol, error: TradingError) -> None:
        log.error("stop could not be carried out", extra={"symbol": str(symbol), "error": str(error)})
        said = error.user_message
        trouble = Trouble(
            at=self._clock.now(),
            key=f"stop:{symbol}",
            symbol=symbol,
            what=Text(
                f"{symbol.ticker} 손절을 하지 못했습니다: {said.ko} 증권사 앱에서 직접 확인하세요.",
                f"The stop of {symbol.ticker} could not be carried out: {said.en} Check the broker's app.",
            ),
        )
        try:
            await self._notifier.tell(trouble)
        except TradingError:
            log.exception("trouble with a stop could not be told", extra={"symbol": str(symbol)})


def stop_gate(
    trigger: str, rate: Decimal | None, threshold: Decimal | None, detail: str, *, fired: bool | None
) -> Gate:
    """Return the gate that shows a stop in a decision: it passes when the stop fires."""
    sign = ">=" if trigger == "take_profit" else "<="
    return Gate(
        name=trigger,
        side="stop",
        passed=fired,
        value="unknown" if rate is None else f"{percent(rate)}%",
        threshold="off" if threshold is None else f"{sign} {threshold}%",
        detail=detail,
    )
