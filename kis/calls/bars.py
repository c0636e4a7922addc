"""Daily and minute bars (kis-protocol 3.22, 3.23): paged back, regular session only, ascending, unique.

A minute row's time is taken as its start. The 16:00:00 row (13:00:00 on half days) holds the closing auction and
belongs to no regular minute: it is left out, as are rows before 09:30, which some answers mix in. The daily bar
carries the official close.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from kis.calls.paging import rows
from kis.calls.prices import quote_params
from kis.client import KisHttp
from kis.environment import Endpoint, Lane
from kis.errors import FieldFault, KisData
from kis.rest.fields import (
    Row,
    clock_time,
    day,
    maybe_day,
    maybe_decimal,
    maybe_integer,
    maybe_text,
    parse_date,
    positive,
)
from strategy.market import CLOSE_TIME, OPEN_TIME, session_on
from strategy.model import Bar, Interval, MinutePage, Symbol, from_new_york, new_york

DAILY_PAGE = 100
MINUTE_PAGE = 120
_MAX_DAILY_PAGES = 40  # more than ten years
_MAX_MINUTE_PAGES = 400  # more than KIS's month, extended hours included
_DAY = timedelta(days=1)


def daily_params(symbol: Symbol, until: date | None, *, adjusted: bool = True) -> dict[str, str]:
    """Return the parameters of a page of days ending at `until` inclusive; split-adjusted unless asked raw. `until` is
    a New York date."""
    return {
        **quote_params(symbol),
        "GUBN": "0",
        "BYMD": "" if until is None else f"{until:%Y%m%d}",
        "MODP": "1" if adjusted else "0",
    }


def _session_times(on: date) -> tuple[datetime, datetime]:
    """Return the regular open and close of a date, UTC; a date our calendar closes still has its usual hours."""
    session = session_on(on)
    if session is not None:
        return session.opens_at, session.closes_at
    return from_new_york(on, OPEN_TIME), from_new_york(on, CLOSE_TIME)


def _bar(row: Row, start: datetime, end: datetime, now: datetime, *, close: str, volume: str) -> Bar:
    """Return a row as a bar; `close` and `volume` name its fields. One without trades is flat."""
    closing = positive(row, close)
    values = [maybe_decimal(row, field) or closing for field in ("open", "high", "low")]
    if min(values) < 0:
        raise FieldFault("low", "is below zero")
    opened, high, low = values
    if not low <= min(opened, closing) or not max(opened, closing) <= high:
        # the partial feed can leave the day's last outside its own range (6.4): widen rather than invent
        high, low = max(*values, closing), min(*values, closing)
    return Bar(
        start=start,
        end=end,
        open=opened,
        high=high,
        low=low,
        close=closing,
        volume=maybe_integer(row, volume) or 0,
        closed=now >= end,
    )


def parse_days(body: Mapping[str, Any], now: datetime) -> list[Bar]:
    """Return the bars of one page, newest first as KIS sends them; today's is flagged as forming until the close.

    Filler rows are dropped, and so is a row for today before the open: it repeats yesterday. A blank volume counts as
    none, as it decides nothing; a blank price raises FieldFault.
    """
    found = []
    for row in rows(body, "output2", "xymd"):
        if not maybe_text(row, "clos"):
            continue
        opens_at, closes_at = _session_times(day(row, "xymd"))
        if opens_at > now:
            continue
        found.append(_bar(row, opens_at, closes_at, now, close="clos", volume="tvol"))
    return found


def oldest_day(body: Mapping[str, Any]) -> date | None:
    """Return the oldest date of a page, None for an empty one. New York dates."""
    dates = [on for row in rows(body, "output2", "xymd") if (on := parse_date(maybe_text(row, "xymd"))) is not None]
    return min(dates, default=None)


async def daily(
    http: KisHttp, symbol: Symbol, count: int, now: datetime, *, adjusted: bool = True, lane: Lane | None = None
) -> list[Bar]:
    """Return the newest `count` days, ascending; fewer when the listing is younger. Raise KisData for none."""
    found: dict[datetime, Bar] = {}
    until: date | None = None
    for _ in range(_MAX_DAILY_PAGES):
        answer = await http.get(Endpoint.DAILY_BARS, daily_params(symbol, until, adjusted=adjusted), lane=lane)
        for bar in parse_days(answer.body, now):
            found.setdefault(bar.start, bar)
        oldest = oldest_day(answer.body)
        if oldest is None or len(found) >= count or len(rows(answer.body, "output2", "xymd")) < DAILY_PAGE:
            break
        if until is not None and oldest > until:  # the cursor was ignored
            raise KisData(f"daily bars of {symbol} do not page back")
        until = oldest - _DAY
    if not found:
        raise KisData(f"no daily bars for {symbol}")
    return [found[start] for start in sorted(found)][-count:]


def minute_params(symbol: Symbol, minutes: int, before: datetime | None) -> dict[str, str]:
    """Return the parameters of a page of minute bars; `before` is a New York wall time."""
    return {
        **quote_params(symbol),
        "NMIN": str(minutes),
        "PINC": "1",
        "NEXT": "" if before is None else "1",
        "NREC": str(MINUTE_PAGE),
        "FILL": "",
        "KEYB": "" if before is None else f"{before:%Y%m%d%H%M%S}",
    }


def _local(row: Row) -> datetime:
    """Return a row's New York wall time, naive: paging counts on the wall clock as KIS does."""
    on = maybe_day(row, "xymd") or day(row, "tymd")
    return datetime.combine(on, clock_time(row, "xhms"))


def parse_minutes(body: Mapping[str, Any], minutes: int, now: datetime) -> list[Bar]:
    """Return the regular-session bars of one page, newest first; the one in progress flagged as forming."""
    found = []
    for row in rows(body, "output2", "xhms"):
        local = _local(row)
        opens_at, closes_at = _session_times(local.date())
        start = from_new_york(local.date(), local.time())
        if not opens_at <= start < closes_at:
            continue
        end = min(start + timedelta(minutes=minutes), closes_at)
        found.append(_bar(row, start, end, now, close="last", volume="evol"))
    return found


def oldest_minute(body: Mapping[str, Any]) -> datetime | None:
    """Return the oldest New York wall time of a page, None for an empty one."""
    return min((_local(row) for row in rows(body, "output2", "xhms")), default=None)


async def minute_pages(
    http: KisHttp,
    symbol: Symbol,
    minutes: int,
    now: datetime,
    *,
    most: int = _MAX_MINUTE_PAGES,
    lane: Lane | None = None,
) -> AsyncGenerator[MinutePage]:
    """Give pages of minute bars from `now` backwards, until KIS has no older ones."""
    before: datetime | None = None
    for _ in range(most):
        answer = await http.get(Endpoint.MINUTE_BARS, minute_params(symbol, minutes, before), lane=lane)
        oldest = oldest_minute(answer.body)
        if oldest is None:
            return
        reaches = from_new_york(oldest.date(), oldest.time())
        yield MinutePage(bars=tuple(parse_minutes(answer.body, minutes, now)), reaches=reaches)
        cursor = oldest - timedelta(minutes=minutes)
        if before is not None and cursor >= before:
            return  # the cursor stands still: nothing older
        before = cursor


async def minute(http: KisHttp, symbol: Symbol, interval: Interval, count: int, now: datetime) -> list[Bar]:
    """Return the newest `count` bars, ascending; fewer at the end of KIS's reach, about a month. KisData for none.

    Sixty-minute bars are made of two half hours from the open on: whether KIS's own hours start at 09:00 or 09:30
    is not documented, and the shorter lengths fall on the same marks either way.
    """
    length = interval.minutes
    if length is None:
        raise KisData("a day is not a minute interval")
    asked = 30 if length == 60 else length
    wanted = count * (length // asked) + 1
    most = wanted * 3 // MINUTE_PAGE + 4  # up to two thirds of the rows may lie outside the session
    found: dict[datetime, Bar] = {}
    async with aclosing(minute_pages(http, symbol, asked, now, most=most)) as pages:
        async for page in pages:
            for bar in page.bars:
                found.setdefault(bar.start, bar)
            if len(found) >= wanted:
                break
    if not found:
        raise KisData(f"no minute bars for {symbol}")
    bars = [found[start] for start in sorted(found)]
    return (bars if asked == length else hours(bars, now))[-count:]


def hours(halves: Sequence[Bar], now: datetime) -> list[Bar]:
    """Return sixty-minute bars counted from the open; the last of a session may be shorter."""
    found: dict[datetime, Bar] = {}
    for half in halves:
        opens_at, closes_at = _session_times(new_york(half.start).date())
        start = opens_at + (half.start - opens_at) // timedelta(hours=1) * timedelta(hours=1)
        end = min(start + timedelta(hours=1), closes_at)
        known = found.get(start)
        if known is None:
            found[start] = replace(half, start=start, end=end, closed=now >= end)
        else:
            found[start] = replace(
                known,
                high=max(known.high, half.high),
                low=min(known.low, half.low),
                close=half.close,
                volume=known.volume + half.volume,
            )
    return list(found.values())
