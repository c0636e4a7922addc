"""Prices now: price, detail, book, several prices, ticks (kis-protocol 3.18 to 3.21, 3.24)."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from kis.simulator.market.bars import DayBar
from kis.simulator.market.calendar import business_date, session_before, sessions_between
from kis.simulator.market.chance import mix
from kis.simulator.market.listings import DAY_CODES, Listing
from kis.simulator.market.shape import prints_of, tick_of
from kis.simulator.market.tape import Tape, TapePrint
from kis.simulator.rest.calls import Request, RestReply, Row
from kis.simulator.rest.refusals import field_wrong
from kis.simulator.text import dollars, fixed, kst_hms, kst_ymd, price4, rate, sign_of, won, ymd

TRADABLE = "매매 가능"
_PRICE_FIELDS = ("rsym", "zdiv", "base", "pvol", "last", "sign", "diff", "rate", "tvol", "tamt", "ordy")
_DETAIL_FIELDS = (
    "rsym", "zdiv", "curr", "vnit", "open", "high", "low", "last", "base", "pvol", "pamt", "uplp", "dnlp", "h52p",
    "h52d", "l52p", "l52d", "perx", "pbrx", "epsx", "bpsx", "shar", "mcap", "tomv", "t_xprc", "t_xdif", "t_xrat",
    "p_xprc", "p_xdif", "p_xrat", "t_rate", "p_rate", "t_xsgn", "p_xsng", "e_ordyn", "e_hogau", "e_icod", "e_parp",
    "tvol", "tamt", "etyp_nm",
)  # fmt: skip


def quoted(request: Request) -> tuple[Tape | None, str]:
    """Return the tape of EXCD and SYMB with its stream key; no tape for a ticker not listed there (quirk 18)."""
    request.need("EXCD", "SYMB")  # clients in use leave AUTH out
    return find(request, request.get("EXCD"), request.get("SYMB"))


def find(request: Request, exchange: str, symbol: str) -> tuple[Tape | None, str]:
    listing = request.world.market.listings.quoted(exchange, symbol)
    key = f"{'R' if exchange in DAY_CODES else 'D'}{exchange}{symbol}"
    tape = request.world.market.tape(symbol) if listing is not None else None
    return (tape if tape is not None and tape.known else None), key


def price(request: Request) -> RestReply:
    """Tell the last price; no open, high, low and no time (quirk 20)."""
    tape, key = quoted(request)
    if tape is None:
        return RestReply({"output": dict.fromkeys(_PRICE_FIELDS, "")})
    today = tape.today
    output = {
        "rsym": key,
        "zdiv": "4",
        "base": price4(today.base),
        "pvol": str(today.base_volume),
        "last": price4(tape.last),
        "sign": trade_sign(tape),
        "diff": price4(abs(tape.last - today.base)),
        "rate": rate(tape.last, today.base),
        "tvol": str(today.volume),
        "tamt": str(today.amount),
        "ordy": "매수불가" if tape.halt_told else TRADABLE,
    }
    return RestReply({"output": output})


def detail(request: Request) -> RestReply:
    """Tell a ticker's price with its day, its year and its figures; no limits for US stocks (quirk 21)."""
    tape, key = quoted(request)
    if tape is None:
        return RestReply({"output": dict.fromkeys(_DETAIL_FIELDS, "")})
    today, listing = tape.today, tape.listing
    opened, high, low = tape.day_prices()
    won_rate = request.world.options.krw_rate
    high52, low52 = _year(tape, request)
    earnings = _earnings(listing)
    last = dollars(tape.last)
    output = {
        "rsym": key,
        "zdiv": "4",
        "curr": "USD",
        "vnit": "1",
        "open": price4(opened),
        "high": price4(high),
        "low": price4(low),
        "last": price4(tape.last),
        "base": price4(today.base),
        "pvol": str(today.base_volume),
        "pamt": str(today.base_amount),
        "uplp": "0.0000",
        "dnlp": "0.0000",
        "h52p": price4(high52.high),
        "h52d": ymd(high52.day),
        "l52p": price4(low52.low),
        "l52d": ymd(low52.day),
        "perx": fixed(last / earnings, 2),
        "pbrx": fixed(last / (earnings * 8), 2),
        "epsx": fixed(earnings, 2),
        "bpsx": fixed(earnings * 8, 2),
        "shar": str(listing.shares),
        "mcap": str(listing.shares // 80_000),
        "tomv": won(last * listing.shares),
        "t_xprc": won(last * won_rate),
        "t_xdif": won(abs(last - dollars(today.base)) * won_rate),
        "t_xrat": rate(tape.last, today.base),
        "p_xprc": "0",
        "p_xdif": "0",
        "p_xrat": " 0.00",
        "t_rate": fixed(won_rate, 2),
        "p_rate": "",
        "t_xsgn": sign_of(tape.last, today.base),
        "p_xsng": "3",
        "e_ordyn": "매매 불가" if tape.halt_told else TRADABLE,
        "e_hogau": price4(tick_of(tape.last)),
        "e_icod": listing.sector,
        "e_parp": "0.0000",
        "tvol": str(today.volume),
        "tamt": str(today.amount),
        "etyp_nm": "ETF" if listing.is_etf else "",
    }
    return RestReply({"output": output})


def book(request: Request) -> RestReply:
    """Tell ten levels of the book."""
    tape, key = quoted(request)
    blanks = dict.fromkeys(("vstm", "vetm", "csbp", "cshi", "cslo", "iep", "iev"), "")
    if tape is None:
        return RestReply({"output1": {"rsym": ""}, "output2": {}, "output3": blanks})
    opened, high, low = tape.day_prices()
    base = tape.today.base
    levels = tape.levels()
    output1 = {
        "rsym": key,
        "zdiv": "4",
        "curr": "USD",
        "base": price4(base),
        "open": price4(opened),
        "high": price4(high),
        "low": price4(low),
        "last": price4(tape.last),
        "dymd": kst_ymd(tape.last_at_ms or request.now_ms),
        "dhms": kst_hms(tape.last_at_ms or request.now_ms),
        "bvol": str(sum(level.bid_size for level in levels)),
        "avol": str(sum(level.ask_size for level in levels)),
        "bdvl": "0",
        "advl": "0",
        "code": tape.listing.symbol,
        "ropen": rate(opened or base, base),
        "rhigh": rate(high or base, base),
        "rlow": rate(low or base, base),
        "rclose": rate(tape.last, base),
    }
    output2: Row = {}
    for n, level in enumerate(levels, start=1):
        output2 |= {
            f"pbid{n}": price4(level.bid),
            f"pask{n}": price4(level.ask),
            f"vbid{n}": str(level.bid_size),
            f"vask{n}": str(level.ask_size),
            f"dbid{n}": "0",
            f"dask{n}": "0",
        }
    return RestReply({"output1": output1, "output2": output2, "output3": blanks})


def several(request: Request) -> RestReply:
    """Tell the prices of up to ten tickers in one call."""
    count = request.qty("NREC")
    if not 1 <= count <= 10:
        raise field_wrong("NREC")
    rows: list[Row] = []
    for n in range(1, count + 1):
        exchange, symbol = request.need(f"EXCD_{n:02d}", f"SYMB_{n:02d}")
        tape, key = find(request, exchange, symbol)
        rows.append(_several_row(request, tape, key, exchange, symbol))
    return RestReply({"output": {"nrec": str(len(rows))}, "output2": rows})


def ticks(request: Request) -> RestReply:
    """Tell recent prints, newest first: in output1 as published and in output2 as laid out (kis-protocol 3.24)."""
    tape, key = quoted(request)
    (which,) = request.need("TDAY")
    rows: list[Row] = []
    if tape is not None:
        rows = _yesterday(tape) if which == "0" else [_tick_row(t) for t in reversed(tape.recent) if t.day == tape.day]
    rows = rows[:120]
    where = request.world.options.ticks_rows
    head: Any = {"rsym": key, "ZDIV": "4", "NREC": str(len(rows))}
    if where == "output1":
        return RestReply({"output1": rows})
    return RestReply({"output1": rows if where == "both" else head, "output2": rows})


def trade_sign(tape: Tape) -> str:
    """Return the sign of the change; 0 before any trade of the day."""
    return sign_of(tape.last, tape.today.base) if tape.today.volume else "0"


def change_fields(last: int, base: int) -> Row:
    """Return sign, difference and rate of a price against its base, both in ten-thousandths of a dollar."""
    return {"sign": sign_of(last, base), "diff": price4(abs(last - base)), "rate": rate(last, base)}


def _year(tape: Tape, request: Request) -> tuple[DayBar, DayBar]:
    today = business_date(request.now_ms)
    bars = [
        request.world.market.splits.adjusted(tape.listing.symbol, bar, today)
        for day in sessions_between(today - timedelta(days=365), today)
        if (bar := tape.daily(day, corrected=True)) is not None
    ]
    if not bars:
        last = DayBar(today, tape.last, tape.last, tape.last, tape.last, 0)
        return last, last
    return max(bars, key=lambda b: b.high), min(bars, key=lambda b: b.low)


def _earnings(listing: Listing) -> Decimal:
    return (Decimal(listing.level) / (12 + mix(7, listing.shares) % 25)).quantize(Decimal("0.01")) or Decimal("0.01")


def _several_row(request: Request, tape: Tape | None, key: str, exchange: str, symbol: str) -> Row:
    names = [
        "rsym",
        "excd",
        "symb",
        "knam",
        "exnm",
        "nnam",
        "stat1",
        "stat2",
        "zdiv",
        "last",
        "sign",
        "diff",
        "rate",
        "open",
        "high",
        "low",
        "pbid",
        "pask",
        "vbid",
        "vask",
        "bvol",
        "avol",
        "evol",
        "tvol",
        "tamt",
        "powx",
        "xhms",
        "khms",
        "curr",
        "base",
        "pvol",
        "pamt",
        "popen",
        "phigh",
        "plow",
        "shar",
        "mcap",
        "tomv",
        "h52p",
        "l52p",
        "h52d",
        "l52d",
        "hanp",
        "lanp",
        "hand",
        "land",
        "bnit",
        "t_xprc",
    ]
    row = dict.fromkeys(names, "")
    if tape is None:
        return row | {"excd": exchange, "symb": symbol}
    today, listing = tape.today, tape.listing
    opened, high, low = tape.day_prices()
    high52, low52 = _year(tape, request)
    trade = tape.recent[-1] if tape.recent else None
    row |= {
        "rsym": key,
        "excd": exchange,
        "symb": symbol,
        "knam": listing.korean_name,
        "exnm": listing.exchange.korean,
        "nnam": "미국",
        "stat1": "거래정지" if tape.halt_told else "실시간",
        "stat2": "정지" if tape.halt_told else "실",
        "zdiv": "4",
        "last": price4(tape.last),
        **change_fields(tape.last, today.base),
        "open": price4(opened),
        "high": price4(high),
        "low": price4(low),
        "pbid": price4(tape.bid),
        "pask": price4(tape.ask),
        "vbid": str(tape.bid_size),
        "vask": str(tape.ask_size),
        "bvol": str(sum(level.bid_size for level in tape.levels())),
        "avol": str(sum(level.ask_size for level in tape.levels())),
        "evol": str(trade.size) if trade is not None else "0",
        "tvol": str(today.volume),
        "tamt": str(today.amount),
        "powx": _strength(today.bought, today.sold),
        "xhms": _exchange_time(tape),
        "khms": kst_hms(tape.last_at_ms) if tape.last_at_ms else "",
        "curr": "USD",
        "base": price4(today.base),
        "pvol": str(today.base_volume),
        "pamt": str(today.base_amount),
        "popen": price4(opened),
        "phigh": price4(high),
        "plow": price4(low),
        "shar": str(listing.shares),
        "mcap": str(listing.shares // 80_000),
        "tomv": won(dollars(tape.last) * listing.shares),
        "h52p": price4(high52.high),
        "l52p": price4(low52.low),
        "h52d": ymd(high52.day),
        "l52d": ymd(low52.day),
        "hanp": price4(high52.high),
        "lanp": price4(low52.low),
        "hand": ymd(high52.day),
        "land": ymd(low52.day),
        "bnit": "1",
        "t_xprc": won(dollars(tape.last) * request.world.options.krw_rate),
    }
    return row


def _exchange_time(tape: Tape) -> str:
    if not tape.last_at_ms:
        return ""
    seconds = (tape.last_at_ms + tape.today.session.offset_ms) // 1000 % 86_400
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def _strength(bought: int, sold: int) -> str:
    return fixed(Decimal(bought) * 100 / sold, 2) if sold else "0.00"


def _tick_row(trade: TapePrint) -> Row:
    return {
        "khms": kst_hms(trade.at_ms),
        "last": price4(trade.price),
        **change_fields(trade.price, trade.base),
        "evol": str(trade.size),
        "tvol": str(trade.volume),
        "mtyp": "",
        "pbid": price4(trade.bid),
        "pask": price4(trade.ask),
        "vpow": _strength(trade.bought, trade.sold),
    }


def _yesterday(tape: Tape) -> list[Row]:
    """Return the last prints of the day before, made again from its bars."""
    day = session_before(tape.day)
    bars = tape.minute_bars(day)
    known = tape.daily(session_before(day), corrected=True)
    base = known.close if known is not None else bars[0].open if bars else 0
    total = sum(bar.volume for bar in bars)
    rows: list[Row] = []
    for bar in reversed(bars[-20:]):
        for at_ms, value, size in reversed(prints_of(bar, 6, day.toordinal())):
            tick = tick_of(value)
            rows.append({
                "khms": kst_hms(at_ms),
                "last": price4(value),
                **change_fields(value, base),
                "evol": str(size),
                "tvol": str(total),
                "mtyp": "",
                "pbid": price4(value - tick),
                "pask": price4(value + tick),
                "vpow": "100.00",
            })  # fmt: skip
            total -= size
    return rows
