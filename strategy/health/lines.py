"""The lines of /health: facts in, one judged line out. Each says what it means when it is not fine."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from strategy.health.trading_state import StreamStanding
from strategy.model import (
    BarsStanding,
    HealthLine,
    Kept,
    OutboxState,
    Said,
    SessionView,
    StopState,
    StorageState,
    Symbol,
    lost_of,
)
from strategy.runtime.probes import LoopLag, TelegramState


class HealthName(StrEnum):
    MARKET = "health_name.market"
    ORDERS = "health_name.orders"
    RECONCILED = "health_name.reconciled"
    STREAM = "health_name.stream"
    NOTICES = "health_name.notices"
    STOPS = "health_name.stops"
    QUOTES = "health_name.quotes"
    BARS = "health_name.bars"
    STORAGE = "health_name.storage"
    OUTBOX = "health_name.outbox"
    TELEGRAM = "health_name.telegram"
    CLOCK = "health_name.clock"
    TOKEN = "health_name.token"
    CALLS = "health_name.calls"
    LAG = "health_name.lag"
    MEMORY = "health_name.memory"
    PROGRAM = "health_name.program"
    INCOMING = "health_name.incoming"
    BARS_KEPT = "health_name.bars_kept"


class HealthNote(StrEnum):
    CLOSED = "health.closed"
    OPEN = "health.open"
    ORDERS_UNKNOWN = "health.orders_unknown"
    ORDERS_KNOWN = "health.orders_known"
    AGREED = "health.agreed"
    NOT_AGREED = "health.not_agreed"
    DOWN = "health.down"
    NOTICES_NEED_STREAM = "health.notices_need_stream"
    UP = "health.up"
    NOTICES_UP = "health.notices_up"
    NOTICES_DOWN = "health.notices_down"
    STOPS_LOST = "health.stops_lost"
    NOTHING_HELD = "health.nothing_held"
    STOPS_WAIT = "health.stops_wait"
    STOPS_WORK = "health.stops_work"
    NO_PRICE = "health.no_price"
    NO_TICKERS = "health.no_tickers"
    OLDEST = "health.oldest"
    BARS_FEW = "health.bars_few"
    BARS_ENOUGH = "health.bars_enough"
    STORAGE_STUCK = "health.storage_stuck"
    DISK_FULL = "health.disk_full"
    STORAGE_FINE = "health.storage_fine"
    OUTBOX_EMPTY = "health.outbox_empty"
    OUTBOX_WAITING = "health.outbox_waiting"
    TELEGRAM_NEVER = "health.telegram_never"
    TELEGRAM_ANSWERED = "health.telegram_answered"
    TELEGRAM_CLOCK = "health.telegram_clock"
    TOKEN_NONE = "health.token_none"
    TOKEN_OVER = "health.token_over"
    TOKEN_VALID = "health.token_valid"
    CALLS = "health.calls"
    LAG = "health.lag"
    CLOCK_FINE = "health.clock_fine"
    CLOCK_OFF = "health.clock_off"
    MEMORY_MUCH = "health.memory_much"
    MEMORY = "health.memory"
    AT = "health.at"
    AGO = "health.ago"
    NEVER = "health.never"
    GIVEN_UP = "health.given_up"
    SLOW = "health.slow"
    DEAF = "health.deaf"
    NOT_LISTENED = "health.not_listened"
    ASKED = "health.asked"
    UP_FOR = "health.up_for"
    UP_FOR_NO_VERSION = "health.up_for_no_version"
    NO_MINUTES_HERE = "health.no_minutes_here"
    BARS_NOT_KEPT = "health.bars_not_kept"
    BARS_FETCHED = "health.bars_fetched"
    BARS_BEGIN = "health.bars_begin"
    BARS_KEPT = "health.bars_kept"
    BARS_NEVER = "health.bars_never"
    NIGHTS = "health.nights"
    NIGHT = "health.night"
    LISTED = "health.listed"


_MINUTE = 60
_MEGABYTE = 1024 * 1024
_FEW_NIGHTS = 3
LEAST_FREE = 500 * _MEGABYTE
MOST_MEMORY = 1024 * _MEGABYTE
LONG_WAIT = timedelta(minutes=5)
TELEGRAM_SILENCE = timedelta(minutes=3)  # polling asks at least once in half a minute
SLOW_P99_MS, SLOW_LONGEST_MS = 100.0, 1000.0  # S13
MOST_SKEW = timedelta(seconds=3)
MOST_TELEGRAM_SKEW = timedelta(seconds=10)  # known to a second, and an answer may take some


def market(session: SessionView) -> HealthLine:
    """Say whether orders are taken now, and when next, in both zones (row S113)."""
    opens = _both_zones(session.next_open)
    if session.phase.shut:
        return _line(None, HealthName.MARKET, Said(HealthNote.CLOSED, opens=opens))
    closes = _both_zones(session.closes_at) if session.closes_at else Said(Kept.WORDS, words="?")
    return _line(None, HealthName.MARKET, Said(HealthNote.OPEN, closes=closes))


def order_desk(open_orders: int, unknown: int) -> HealthLine:
    if unknown:
        return _line(False, HealthName.ORDERS, Said(HealthNote.ORDERS_UNKNOWN, unknown=unknown))
    return _line(True, HealthName.ORDERS, Said(HealthNote.ORDERS_KNOWN, open_orders=open_orders))


def reconciled(agreed: bool, at: datetime | None, now: datetime) -> HealthLine:
    if agreed and at is not None:
        when = ago(now - at)
        return _line(True, HealthName.RECONCILED, Said(HealthNote.AGREED, when=when))
    last = ago(now - at) if at is not None else Said(HealthNote.NEVER)
    return _line(False, HealthName.RECONCILED, Said(HealthNote.NOT_AGREED, last=last))


def stream(inbox: StreamStanding) -> tuple[HealthLine, HealthLine]:
    """Return the socket and the order notices apart: the first may be fine without the second."""
    why = inbox.reason
    if not inbox.up:
        down = _line(False, HealthName.STREAM, Said(HealthNote.DOWN, why=why))
        return down, _line(None, HealthName.NOTICES, Said(HealthNote.NOTICES_NEED_STREAM))
    up = _line(True, HealthName.STREAM, Said(HealthNote.UP))
    if inbox.notices:
        return up, _line(True, HealthName.NOTICES, Said(HealthNote.NOTICES_UP))
    return up, _line(False, HealthName.NOTICES, Said(HealthNote.NOTICES_DOWN, why=why))


def stops(states: Mapping[Symbol, StopState]) -> HealthLine:
    """Tell whether the stop of everything held, and watched or not, would fire."""
    concerned = [state for state in states.values() if state.concerns]
    if (lost := lost_of(states)) is not None:
        return _line(False, HealthName.STOPS, Said(HealthNote.STOPS_LOST, stops=lost))
    if not concerned:
        return _line(None, HealthName.STOPS, Said(HealthNote.NOTHING_HELD))
    count = len(concerned)
    if StopState.CLOSED in concerned:
        return _line(None, HealthName.STOPS, Said(HealthNote.STOPS_WAIT, count=count))
    ticks, polled = concerned.count(StopState.TICKS), concerned.count(StopState.POLLING)
    return _line(True, HealthName.STOPS, Said(HealthNote.STOPS_WORK, count=count, ticks=ticks, polled=polled))


def quotes(ages: Mapping[Symbol, tuple[float | None, int]], *, in_session: bool) -> HealthLine:
    """Judge the age of each ticker's price in seconds against its QUOTE_MAX_AGE_S; a check asks for fresh ones."""
    missing = sorted(symbol.ticker for symbol, (age, _) in ages.items() if age is None)
    known = {symbol: age for symbol, (age, _) in ages.items() if age is not None}
    if missing:
        names = ", ".join(missing)
        return _line(False, HealthName.QUOTES, Said(HealthNote.NO_PRICE, names=names))
    if not known:
        return _line(None, HealthName.QUOTES, Said(HealthNote.NO_TICKERS))
    oldest = max(known, key=lambda symbol: known[symbol])
    when = ago(timedelta(seconds=known[oldest]))
    late = [symbol for symbol, (age, most) in ages.items() if age is not None and age > most]
    state = None if not in_session else not late
    return _line(state, HealthName.QUOTES, Said(HealthNote.OLDEST, ticker=oldest.ticker, when=when))


def bars(warmup: Sequence[tuple[Symbol, str, int, int]]) -> HealthLine:
    """Name the tickers whose bars are too few for a signal: rows of ticker, interval, bars there, bars needed."""
    cold = [f"{symbol.ticker} {interval} {there}/{least}" for symbol, interval, there, least in warmup if there < least]
    if cold:
        names = ", ".join(cold)
        return _line(False, HealthName.BARS, Said(HealthNote.BARS_FEW, names=names))
    return _line(True, HealthName.BARS, Said(HealthNote.BARS_ENOUGH))


def storage(state: StorageState) -> HealthLine:
    if not state.writable:
        return _line(False, HealthName.STORAGE, Said(HealthNote.STORAGE_STUCK, free=state.free))
    if state.free < LEAST_FREE:
        return _line(False, HealthName.STORAGE, Said(HealthNote.DISK_FULL, free=state.free, size=state.size))
    return _line(True, HealthName.STORAGE, Said(HealthNote.STORAGE_FINE, size=state.size, free=state.free))


def bars_kept(state: BarsStanding) -> HealthLine:
    """Say whether every night's bars are kept, and which are not and why."""
    if not state.offered:
        return _line(None, HealthName.BARS_KEPT, Said(HealthNote.NO_MINUTES_HERE))
    never = Said(HealthNote.BARS_NEVER, nights=_nights(state.never)) if state.never else _NONE
    if state.why is not None and state.again_at is not None:
        nights = _nights(state.missing) if state.missing else _NONE
        at = _both_zones(state.again_at)
        said = Said(HealthNote.BARS_NOT_KEPT, nights=nights, why=state.why, at=at, never=never)
        return _line(False, HealthName.BARS_KEPT, said)
    if state.missing:
        return _line(None, HealthName.BARS_KEPT, Said(HealthNote.BARS_FETCHED, nights=_nights(state.missing)))
    if state.totals is None or state.totals.newest is None:
        return _line(None, HealthName.BARS_KEPT, Said(HealthNote.BARS_BEGIN))
    sessions, tickers, newest, size = (
        state.totals.sessions,
        state.totals.tickers,
        state.totals.newest,
        state.totals.size,
    )
    said = Said(HealthNote.BARS_KEPT, sessions=sessions, tickers=tickers, newest=newest, size=size, never=never)
    return _line(True, HealthName.BARS_KEPT, said)


def _nights(by_ticker: Mapping[str, Sequence[date]]) -> Said:
    """Return which nights of which tickers, New York dates; many of one are counted."""
    named: list[Said] = []
    for ticker, days in sorted(by_ticker.items()):
        if len(days) > _FEW_NIGHTS:
            named.append(Said(HealthNote.NIGHTS, ticker=ticker, count=len(days), first=min(days), last=max(days)))
        else:
            named.extend(Said(HealthNote.NIGHT, ticker=ticker, on=on) for on in days)
    return Said(Kept.WORDS, words="") if not named else Said(HealthNote.LISTED, nights=tuple(named))


def outbox(state: OutboxState, now: datetime) -> HealthLine:
    given_up = Said(HealthNote.GIVEN_UP, count=state.given_up) if state.given_up else _NONE
    if state.oldest_at is None:
        return _line(not state.given_up, HealthName.OUTBOX, Said(HealthNote.OUTBOX_EMPTY, given_up=given_up))
    age = now - state.oldest_at
    when = ago(age)
    return _line(
        age < LONG_WAIT and (not state.given_up),
        HealthName.OUTBOX,
        Said(HealthNote.OUTBOX_WAITING, waiting=state.waiting, when=when, given_up=given_up),
    )


def telegram(state: TelegramState, now: datetime) -> HealthLine:
    """Judge by the newest answer of the chat's server; `now` is wall time."""
    if state.answered_at is None:
        error = f" ({state.error})" if state.error else ""
        return _line(state.reachable, HealthName.TELEGRAM, Said(HealthNote.TELEGRAM_NEVER, error=error))
    age = now - state.answered_at
    when = ago(age)
    error = f", {state.error}" if not state.reachable else ""
    fine = bool(state.reachable) and age <= TELEGRAM_SILENCE
    return _line(fine, HealthName.TELEGRAM, Said(HealthNote.TELEGRAM_ANSWERED, when=when, error=error))


def incoming(state: TelegramState, now: datetime) -> HealthLine:
    """Judge whether commands and presses are heard; `now` is wall time."""
    if state.deaf is not None and state.deaf_since is not None:
        said = Said(HealthNote.DEAF, length=now - state.deaf_since, why=state.deaf)
        return _line(False, HealthName.INCOMING, said)
    if state.heard_at is None:
        return _line(None, HealthName.INCOMING, Said(HealthNote.NOT_LISTENED))
    fine = now - state.heard_at <= TELEGRAM_SILENCE
    return _line(fine, HealthName.INCOMING, Said(HealthNote.ASKED, when=ago(now - state.heard_at)))


def telegram_clock(ahead: timedelta) -> HealthLine:
    """Tell how far Telegram's clock is ahead of this machine's."""
    return _line(False, HealthName.CLOCK, Said(HealthNote.TELEGRAM_CLOCK, by=abs(ahead)))


def token(until: datetime | None, now: datetime) -> HealthLine:
    if until is None:
        return _line(None, HealthName.TOKEN, Said(HealthNote.TOKEN_NONE))
    when = _both_zones(until)
    if until <= now:
        return _line(False, HealthName.TOKEN, Said(HealthNote.TOKEN_OVER, when=when))
    return _line(True, HealthName.TOKEN, Said(HealthNote.TOKEN_VALID, when=when))


def calls(used: str) -> HealthLine:
    return _line(None, HealthName.CALLS, Said(HealthNote.CALLS, used=used))


def loop_lag(lag: LoopLag) -> HealthLine:
    minutes = max(1, round(lag.over.total_seconds() / _MINUTE))
    fine = lag.p99_ms < SLOW_P99_MS and lag.longest_ms < SLOW_LONGEST_MS
    slow = _NONE if fine else Said(HealthNote.SLOW)
    return _line(
        fine,
        HealthName.LAG,
        Said(HealthNote.LAG, minutes=minutes, p99=round(lag.p99_ms), longest=round(lag.longest_ms), slow=slow),
    )


def clock_skew(skew: timedelta) -> HealthLine:
    """Judge how far the broker's clock is ahead of this machine's."""
    seconds = skew.total_seconds()
    if abs(skew) <= MOST_SKEW:
        return _line(True, HealthName.CLOCK, Said(HealthNote.CLOCK_FINE, seconds=f"{abs(seconds):.1f}"))
    return _line(False, HealthName.CLOCK, Said(HealthNote.CLOCK_OFF, seconds=f"{abs(seconds):.1f}"))


def memory(resident: int) -> HealthLine:
    if resident > MOST_MEMORY:
        return _line(False, HealthName.MEMORY, Said(HealthNote.MEMORY_MUCH, size=resident))
    return _line(True, HealthName.MEMORY, Said(HealthNote.MEMORY, size=resident))


def program(version: str, up: timedelta) -> HealthLine:
    running = Said(HealthNote.UP_FOR_NO_VERSION, length=up)
    if version:
        running = Said(HealthNote.UP_FOR, version=version, length=up)
    return _line(True, HealthName.PROGRAM, running)


def failed(name: HealthName, why: Said) -> HealthLine:
    """Return a line for something that could not even be looked at."""
    return _line(False, name, why)


def ago(age: timedelta) -> Said:
    """Return an age in words; one in the future is now."""
    return Said(HealthNote.AGO, age=age)


_NONE = Said(Kept.WORDS, words="")


def _both_zones(instant: datetime) -> Said:
    return Said(HealthNote.AT, at=instant)


def _line(ok: bool | None, name: HealthName, detail: Said) -> HealthLine:
    return HealthLine(name=Said(name), ok=ok, detail=detail)
