"""The rankings, computed over the tickers this market knows (kis-protocol 3.24)."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from kis.simulator.market.bars import DayBar
from kis.simulator.market.calendar import session_before
from kis.simulator.market.tape import Tape
from kis.simulator.rest.calls import Request, RestReply, Row
from kis.simulator.rest.quotes import change_fields, find
from kis.simulator.rest.refusals import field_wrong
from kis.simulator.text import dollars, percent, price4, rate

ROWS: Final = 100
NDAY: Final = {"0": 1, "1": 2, "2": 3, "3": 5, "4": 10, "5": 20, "6": 30, "7": 60, "8": 120, "9": 250}
MINX: Final = {str(n): minutes for n, minutes in enumerate((1, 2, 3, 5, 10, 15, 20, 30, 60, 120))}
VOLUMES: Final = {"0": 0, "1": 100, "2": 1_000, "3": 10_000, "4": 100_000, "5": 1_000_000, "6": 10_000_000}

Extra = Callable[[Request, Tape], tuple[Decimal, Row]]


def ranking(extra: Extra, *needed: str) -> Callable[[Request], RestReply]:
    """Return a handler that ranks an exchange's tickers by what `extra` computes, highest first."""

    def handler(request: Request) -> RestReply:
        exchange, volume = request.need("EXCD", "VOL_RANG")
        request.need(*needed)
        ranked: list[tuple[Decimal, Row]] = []
        for listing in request.world.market.listings:
            tape, key = find(request, exchange, listing.symbol)
            if tape is None or tape.today.volume < VOLUMES.get(volume, 0):
                continue
            if not _price_fits(request, tape):
                continue
            weight, columns = extra(request, tape)
            ranked.append((weight, _row(tape, key) | columns))
        ranked.sort(key=lambda pair: -pair[0])
        rows = [row | {"rank": str(n)} for n, (_, row) in enumerate(ranked[:ROWS], start=1)]
        count = str(len(rows))
        head = {"zdiv": "4", "stat": "무료실시간", "crec": count, "trec": count, "nrec": count}
        return RestReply({"output1": head, "output2": rows}, tr_cont="D")

    return handler


def _price_fits(request: Request, tape: Tape) -> bool:
    try:
        low, high = Decimal(request.get("PRC1") or "0"), Decimal(request.get("PRC2") or "0")
    except ArithmeticError:
        raise field_wrong("PRC1") from None
    last = dollars(tape.last)
    return last >= low and (high == 0 or last <= high)


def _row(tape: Tape, key: str) -> Row:
    return {
        "rsym": key,
        "excd": key[1:4],
        "symb": tape.listing.symbol,
        "name": tape.listing.korean_name,
        "last": price4(tape.last),
        **change_fields(tape.last, tape.today.base),
        "tvol": str(tape.today.volume),
        "pask": price4(tape.ask),
        "pbid": price4(tape.bid),
        "rank": "",
        "ename": tape.listing.english_name,
        "e_ordyn": "" if tape.halt_told else "○",
    }


def _days(tape: Tape, request: Request) -> Sequence[DayBar]:
    """Return the bars before today that NDAY reaches back to, newest first."""
    wanted = NDAY.get(request.get("NDAY") or "0", 1)
    bars: list[DayBar] = []
    day = tape.day
    for _ in range(wanted):
        day = session_before(day)
        bar = tape.daily(day, corrected=True)
        if bar is not None:
            bars.append(bar)
    return bars


def _price_before(tape: Tape, request: Request) -> int:
    wanted = MINX.get(request.get("MINX") or "0", 1)
    bars = tape.minute_bars(tape.day)
    return bars[-min(wanted + 1, len(bars))].close if bars else tape.today.base


def _recent_volume(tape: Tape, request: Request) -> int:
    wanted = MINX.get(request.get("MINX") or "0", 1)
    return sum(bar.volume for bar in tape.minute_bars(tape.day)[-wanted:])


def _volume(request: Request, tape: Tape) -> tuple[Decimal, Row]:
    bars = _days(tape, request)
    average = sum(bar.volume for bar in bars) // len(bars) if bars else 0
    return Decimal(tape.today.volume), {"tamt": str(tape.today.amount), "a_tvol": str(average)}


def _turnover(request: Request, tape: Tape) -> tuple[Decimal, Row]:
    bars = _days(tape, request)
    average = sum(bar.amount for bar in bars) // len(bars) if bars else 0
    return Decimal(tape.today.amount), {"tamt": str(tape.today.amount), "a_tamt": str(average)}


def _growth(request: Request, tape: Tape) -> tuple[Decimal, Row]:
    bars = _days(tape, request)
    average = sum(bar.volume for bar in bars) // len(bars) if bars else 0
    grown = Decimal(tape.today.volume * 100) / average - 100 if average else Decimal(0)
    return grown, {"n_tvol": str(average), "n_diff": str(tape.today.volume - average), "n_rate": f"{grown:+.2f}"}


def _rotation(_: Request, tape: Tape) -> tuple[Decimal, Row]:
    turned = Decimal(tape.today.volume * 100) / tape.listing.shares
    return turned, {"shar": str(tape.listing.shares), "tover": f"{turned:.2f}", "tamt": str(tape.today.amount)}


def _capitalisation(_: Request, tape: Tape) -> tuple[Decimal, Row]:
    value = dollars(tape.last) * tape.listing.shares
    return value, {"shar": str(tape.listing.shares), "tomv": f"{value:.0f}", "grav": "0.00"}


def _updown(request: Request, tape: Tape) -> tuple[Decimal, Row]:
    bars = _days(tape, request)
    base = bars[-1].close if bars else tape.today.base
    change = percent(tape.last, base)
    columns = {"n_base": price4(base), "n_diff": price4(abs(tape.last - base)), "n_rate": rate(tape.last, base)}
    return (change if request.get("GUBN") == "1" else -change), columns


def _fluctuation(request: Request, tape: Tape) -> tuple[Decimal, Row]:
    base = _price_before(tape, request)
    change = percent(tape.last, base)
    columns = {"n_base": price4(base), "n_diff": price4(abs(tape.last - base)), "n_rate": rate(tape.last, base)}
    return (change if request.get("GUBN") == "1" else -change), columns


def _surge(request: Request, tape: Tape) -> tuple[Decimal, Row]:
    recent = _recent_volume(tape, request)
    return Decimal(recent), {"n_tvol": str(recent), "n_diff": str(recent), "n_rate": "+0.00"}


def _power(_: Request, tape: Tape) -> tuple[Decimal, Row]:
    strength = Decimal(tape.today.bought * 100) / tape.today.sold if tape.today.sold else Decimal(0)
    return strength, {"tpow": f"{strength:.2f}", "powx": f"{strength:.2f}"}


def _high_low(request: Request, tape: Tape) -> tuple[Decimal, Row]:
    bars = _days(tape, request)
    high = request.get("GUBN") == "1"
    edge = (max(b.high for b in bars) if high else min(b.low for b in bars)) if bars else tape.today.base
    change = percent(tape.last, edge)
    columns = {"n_base": price4(edge), "n_diff": price4(abs(tape.last - edge)), "n_rate": rate(tape.last, edge)}
    return (change if high else -change), columns


TABLE: Final = (
    ("trade-vol", "HHDFS76310010", ranking(_volume, "NDAY", "PRC1", "PRC2")),
    ("trade-pbmn", "HHDFS76320010", ranking(_turnover, "NDAY", "PRC1", "PRC2")),
    ("trade-growth", "HHDFS76330000", ranking(_growth, "NDAY")),
    ("trade-turnover", "HHDFS76340000", ranking(_rotation, "NDAY")),
    ("market-cap", "HHDFS76350100", ranking(_capitalisation)),
    ("updown-rate", "HHDFS76290000", ranking(_updown, "NDAY", "GUBN")),
    ("price-fluct", "HHDFS76260000", ranking(_fluctuation, "GUBN", "MINX")),
    ("volume-surge", "HHDFS76270000", ranking(_surge, "MINX")),
    ("volume-power", "HHDFS76280000", ranking(_power, "NDAY")),
    ("new-highlow", "HHDFS76300000", ranking(_high_low, "GUBN", "GUBN2", "MINX")),
)
