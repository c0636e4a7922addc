"""Bars: days, weeks, months, minutes, and the index charts (kis-protocol 3.22, 3.23)."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from kis.simulator.clock import to_ms
from kis.simulator.market.bars import DayBar, TapeBar, merge, merge_days
from kis.simulator.market.calendar import (
    MINUTE_MS,
    NEW_YORK,
    business_date,
    is_session,
    seoul,
    session_before,
    session_of,
    session_on_or_after,
)
from kis.simulator.market.chance import mix
from kis.simulator.market.listings import DAY_CODES, INDEX
from kis.simulator.market.shape import tick_of
from kis.simulator.market.tape import Tape
from kis.simulator.rest.calls import Request, RestReply, Row
from kis.simulator.rest.quotes import change_fields, quoted
from kis.simulator.rest.refusals import field_wrong
from kis.simulator.text import dollars, et_hms, et_ymd, fixed, kst_hms, kst_ymd, parse_ymd, percent, price4, ymd

DAILY_ROWS = 100
MINUTE_ROWS = 120
INDEX_ROWS = 102
REACH = timedelta(days=31)
_PERIODS: dict[str, Callable[[date], tuple[int, ...]]] = {
    "0": lambda day: (day.toordinal(),),
    "1": lambda day: tuple(day.isocalendar()[:2]),
    "2": lambda day: (day.year, day.month),
}


def daily(request: Request) -> RestReply:
    """Tell up to 100 bars, newest first, today's unfinished one included (quirk 22)."""
    tape, key = quoted(request)
    gubn, until_text, modp = request.need("GUBN", "BYMD", "MODP")
    if gubn not in _PERIODS:
        raise field_wrong("GUBN")
    if tape is None:
        return RestReply({"output1": {"rsym": "", "zdiv": "", "nrec": ""}, "output2": []})
    until = parse_ymd(until_text) if until_text else tape.day
    if until is None:
        raise field_wrong("BYMD")
    bars = _periods(_days_back(request, tape, until, adjusted=modp == "1"), gubn, DAILY_ROWS + 1)
    rows = [_daily_row(request, tape, bar, bars[n + 1] if n + 1 < len(bars) else None) for n, bar in enumerate(bars)]
    rows = rows[:DAILY_ROWS]
    return RestReply({"output1": {"rsym": key, "zdiv": "4", "nrec": str(len(rows))}, "output2": rows})


def minutes(request: Request) -> RestReply:
    """Tell up to 120 bars of NMIN minutes, newest first, the unfinished one included (quirk 23)."""
    tape, key = quoted(request)
    length, previous = request.need("NMIN", "PINC")
    cursor = request.get("KEYB")
    if not length.isdigit() or not 1 <= int(length) <= 1440:
        raise field_wrong("NMIN")
    empty = dict.fromkeys(("rsym", "zdiv", "stim", "etim", "sktm", "ektm", "next", "more", "nrec"), "")
    if tape is None:
        return RestReply({"output1": empty, "output2": []})
    until = _cursor_ms(cursor) if cursor else request.now_ms
    day_market = request.get("EXCD") in DAY_CODES
    wanted = int(request.get("NREC")) if request.get("NREC").isdigit() else MINUTE_ROWS
    wanted = max(1, min(wanted, MINUTE_ROWS))
    found: list[tuple[date, TapeBar]] = []
    for pair in _minutes_back(request, tape, until, int(length), today_only=previous != "1", day_market=day_market):
        found.append(pair)
        if len(found) > wanted:
            break
    more = len(found) > wanted
    rows = [_minute_row(day, bar) for day, bar in found[:wanted]]
    if not rows:
        return RestReply({"output1": empty | {"rsym": key, "zdiv": "4"}, "output2": []})
    session = session_of(tape.day)
    head = {
        "rsym": key,
        "zdiv": "4",
        "stim": et_hms(session.open_ms),
        "etim": et_hms(session.close_ms),
        "sktm": kst_hms(session.open_ms),
        "ektm": kst_hms(session.close_ms),
        "next": "1" if more else "0",
        "more": "0",
        "nrec": str(len(rows)),
    }
    return RestReply({"output1": head, "output2": rows})


def index_daily(request: Request) -> RestReply:
    """Tell daily, weekly, monthly or yearly bars of an index, a currency or a large stock."""
    _, symbol, first_text, last_text, period = request.need(
        "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "FID_INPUT_DATE_1", "FID_INPUT_DATE_2", "FID_PERIOD_DIV_CODE"
    )
    tape = request.world.market.tape(symbol)
    first, last = parse_ymd(first_text), parse_ymd(last_text)
    if tape is None or first is None or last is None:
        return RestReply({"output1": {}, "output2": []})
    gubn = {"D": "0", "W": "1", "M": "2"}.get(period, "2")
    bars = _periods(_days_back(request, tape, last, adjusted=True, first=first), gubn, 100)
    output2 = [
        {
            "stck_bsop_date": ymd(bar.day),
            "ovrs_nmix_prpr": _two(bar.close),
            "ovrs_nmix_oprc": _two(bar.open),
            "ovrs_nmix_hgpr": _two(bar.high),
            "ovrs_nmix_lwpr": _two(bar.low),
            "acml_vol": str(bar.volume),
            "mod_yn": "N",
        }
        for bar in bars
    ]
    return RestReply({"output1": _index_head(tape), "output2": output2})


def index_minutes(request: Request) -> RestReply:
    """Tell the last 102 minutes of an index."""
    _, symbol, _, previous = request.need(
        "FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD", "FID_HOUR_CLS_CODE", "FID_PW_DATA_INCU_YN"
    )
    tape = request.world.market.tape(symbol)
    if tape is None:
        return RestReply({"output1": {}, "output2": []})
    rows: list[Row] = []
    for _, bar in _minutes_back(request, tape, request.now_ms, 1, today_only=previous != "Y", day_market=False):
        rows.append({
            "stck_bsop_date": et_ymd(bar.start_ms),
            "stck_cntg_hour": et_hms(bar.start_ms),
            "optn_prpr": _two(bar.close),
            "optn_oprc": _two(bar.open),
            "optn_hgpr": _two(bar.high),
            "optn_lwpr": _two(bar.low),
            "cntg_vol": str(bar.volume),
        })  # fmt: skip
        if len(rows) == INDEX_ROWS:
            break
    return RestReply({"output1": _index_head(tape), "output2": rows})


# -- days ------------------------------------------------------------------------------------------------------------


def _days_back(
    request: Request, tape: Tape, until: date, *, adjusted: bool, first: date | None = None
) -> Iterator[DayBar]:
    """Yield daily bars from a day backwards, until the history ends."""
    today = tape.day
    splits = request.world.market.splits
    day = session_on_or_after(until)
    day = min(day if day == until else session_before(day), today)
    missing = 0
    while missing < 40 and (first is None or day >= first):
        corrected = not request.world.options.corrected_after_noon or request.now_ms >= _noon_after(day)
        bar = tape.daily(day, corrected=corrected)
        if bar is None:
            missing += 1
        else:
            missing = 0
            yield splits.adjusted(tape.listing.symbol, bar, today) if adjusted else bar
        day = session_before(day)


def _noon_after(day: date) -> int:
    return to_ms(seoul(day + timedelta(days=1), time(12, 0)))


def _periods(days: Iterator[DayBar], gubn: str, count: int) -> list[DayBar]:
    """Return the newest so many days, weeks or months, newest first."""
    bars: list[DayBar] = []
    for _, group in groupby(days, key=lambda bar: _PERIODS[gubn](bar.day)):
        bars.append(merge_days(list(reversed(list(group)))))
        if len(bars) == count:
            break
    return bars


def _daily_row(request: Request, tape: Tape, bar: DayBar, before: DayBar | None) -> Row:
    base = before.close if before is not None else bar.open
    tick, seed = tick_of(bar.close), mix(bar.day.toordinal(), bar.close)
    quiet = request.virtual  # virtual quotes leave bid and ask empty
    current = bar.day == tape.day
    bid, ask = (tape.bid, tape.ask) if current else (bar.close - tick * (seed & 1), bar.close + tick * (1 - (seed & 1)))
    bid_size, ask_size = (tape.bid_size, tape.ask_size) if current else (100 + seed % 900, 100 + seed // 7 % 900)
    return {
        "xymd": ymd(bar.day),
        "clos": price4(bar.close),
        **change_fields(bar.close, base),
        "open": price4(bar.open),
        "high": price4(bar.high),
        "low": price4(bar.low),
        "tvol": str(bar.volume),
        "tamt": str(bar.amount),
        "pbid": "" if quiet else price4(bid),
        "vbid": "" if quiet else str(bid_size),
        "pask": "" if quiet else price4(ask),
        "vask": "" if quiet else str(ask_size),
    }


# -- minutes ---------------------------------------------------------------------------------------------------------


def _cursor_ms(text: str) -> int:
    try:
        moment = datetime.strptime(text.ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - New York comes next
    except ValueError:
        raise field_wrong("KEYB") from None
    return to_ms(NEW_YORK.localize(moment).astimezone(UTC))


def _minutes_back(
    request: Request, tape: Tape, until_ms: int, length: int, *, today_only: bool, day_market: bool
) -> Iterator[tuple[date, TapeBar]]:
    """Yield bars with their trading date from an instant backwards, as far as the server keeps them."""
    until_ms = min(until_ms, request.now_ms)
    day = business_date(until_ms)
    oldest = tape.day if today_only or day_market else tape.day - REACH
    while day >= oldest:
        for bar in reversed(_minutes_of(request, tape, day, length, day_market=day_market)):
            if bar.start_ms <= until_ms:
                yield day, bar
        day = session_before(day)


def _minutes_of(request: Request, tape: Tape, day: date, length: int, *, day_market: bool) -> list[TapeBar]:
    if not is_session(day):
        return []
    session = session_of(day)
    low, high = session.pre_open_ms, session.after_close_ms
    if not request.world.options.extended_minute_bars or tape.listing.exchange is INDEX:
        low, high = session.open_ms, session.close_ms + MINUTE_MS
    inside = [bar for bar in tape.minute_bars(day) if (low <= bar.start_ms < high) is not day_market]
    return merge(inside, session, length * MINUTE_MS)


def _minute_row(day: date, bar: TapeBar) -> Row:
    return {
        "tymd": ymd(day),
        "xymd": et_ymd(bar.start_ms),
        "xhms": et_hms(bar.start_ms),
        "kymd": kst_ymd(bar.start_ms),
        "khms": kst_hms(bar.start_ms),
        "open": price4(bar.open),
        "high": price4(bar.high),
        "low": price4(bar.low),
        "last": price4(bar.close),
        "evol": str(bar.volume),
        "eamt": str(bar.amount),
    }


# -- indices ---------------------------------------------------------------------------------------------------------


def _two(price: int) -> str:
    return fixed(dollars(price), 2)


def _index_head(tape: Tape) -> Row:
    today = tape.today
    opened, high, low = tape.day_prices()
    return {
        "ovrs_nmix_prdy_vrss": _two(tape.last - today.base),
        "prdy_vrss_sign": change_fields(tape.last, today.base)["sign"],
        "prdy_ctrt": f"{percent(tape.last, today.base):.2f}",
        "ovrs_nmix_prdy_clpr": _two(today.base),
        "acml_vol": str(today.volume),
        "hts_kor_isnm": tape.listing.korean_name,
        "ovrs_nmix_prpr": _two(tape.last),
        "stck_shrn_iscd": tape.listing.symbol,
        "prdy_vol": str(today.base_volume),
        "ovrs_prod_oprc": _two(opened or today.base),
        "ovrs_prod_hgpr": _two(high or today.base),
        "ovrs_prod_lwpr": _two(low or today.base),
    }
