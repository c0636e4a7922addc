"""Data records of the public streams and the JSON around them (kis-protocol 7.3 to 7.7)."""

import json
from typing import Any

from kis.simulator.clock import from_ms
from kis.simulator.market.calendar import DAY_MS, KST_OFFSET_MS
from kis.simulator.market.tape import Tape, TapePrint
from kis.simulator.options import SimulatorOptions
from kis.simulator.text import price4, sign_of, ymd

TRADES, BOOK = "HDFSCNT0", "HDFSASP0"


class Dates:
    """Dates and times of a trading instant as record fields, remembered by the second."""

    def __init__(self) -> None:
        self._second = -1
        self._offset = 0
        self._fields = ("", "", "", "")

    def fields(self, ms: int, offset_ms: int) -> tuple[str, str, str, str]:
        """Return New York date and time, Seoul date and time."""
        second = ms // 1000
        if second != self._second or offset_ms != self._offset:
            self._second, self._offset = second, offset_ms
            local, korean = ms + offset_ms, ms + KST_OFFSET_MS
            self._fields = (_day(local), _time(local), _day(korean), _time(korean))
        return self._fields


def trade_record(key: str, tape: Tape, trade: TapePrint, dates: Dates, options: SimulatorOptions) -> str:
    """Return the 26 fields of HDFSCNT0."""
    session = tape.days[trade.day].session
    xymd, xhms, kymd, khms = dates.fields(trade.at_ms, session.offset_ms)
    change = trade.price - trade.base
    percent = change * 100 / trade.base if trade.base else 0.0
    strength = trade.bought * 100 / trade.sold if trade.sold else 0.0
    return "^".join((
        key, tape.listing.symbol, "4", ymd(trade.day), xymd, xhms, kymd, khms,
        price4(trade.open), price4(trade.high), price4(trade.low), price4(trade.price),
        sign_of(trade.price, trade.base), price4(abs(change)), f"{percent:.2f}",
        price4(trade.bid), price4(trade.ask), str(trade.bid_size), str(trade.ask_size),
        str(trade.size), str(trade.volume), str(trade.amount), str(trade.sold), str(trade.bought),
        f"{strength:.2f}", _mtyp(trade, session.open_ms, options),
    ))  # fmt: skip


def book_record(key: str, tape: Tape, at_ms: int, dates: Dates, options: SimulatorOptions) -> str:
    """Return HDFSASP0: 71 fields with ten levels, 17 with one; the variants of the sources are options."""
    xymd, xhms, kymd, khms = dates.fields(at_ms, tape.today.session.offset_ms)
    levels = tape.levels()
    total_bid, total_ask = sum(x.bid_size for x in levels), sum(x.ask_size for x in levels)
    fields = [key] if options.book_with_key else []
    fields += [tape.listing.symbol, "4", xymd, xhms, kymd, khms, str(total_bid), str(total_ask), "0", "0"]
    for n, level in enumerate(levels[: options.book_levels], start=1):
        row = [price4(level.bid), price4(level.ask), str(level.bid_size), str(level.ask_size), "0", "0"]
        fields += row
        if n == 3 and options.book_level3_twice:
            fields += row
    return "^".join(fields)


def data_frame(tr_id: str, records: list[str]) -> str:
    return f"0|{tr_id}|{len(records):03d}|{'^'.join(records)}"


def notice_frame(tr_id: str, count: int, encrypted: str) -> str:
    """Return the frame of private records, encrypted as one text."""
    return f"1|{tr_id}|{count:03d}|{encrypted}"


def answer_frame(
    tr_id: str, tr_key: str, code: tuple[str, str, str], *, encrypt: str = "N", output: dict[str, str] | None = None
) -> str:
    """Return the JSON answer to a registration; code is rt_cd, msg_cd, msg1."""
    body: dict[str, Any] = {"rt_cd": code[0], "msg_cd": code[1], "msg1": code[2]}
    if output is not None:
        body["output"] = output
    header = {"tr_id": tr_id, "tr_key": tr_key, "encrypt": encrypt}
    return json.dumps({"header": header, "body": body}, ensure_ascii=False)


def ping_frame(ms: int) -> str:
    korean = from_ms(ms + KST_OFFSET_MS)
    return json.dumps({"header": {"tr_id": "PINGPONG", "datetime": korean.strftime("%Y%m%d%H%M%S")}})


def _mtyp(trade: TapePrint, open_ms: int, options: SimulatorOptions) -> str:
    if trade.regular or options.mtyp == "always_1":
        return "1"
    return "2" if trade.at_ms < open_ms else "3"


def _day(local_ms: int) -> str:
    return from_ms(local_ms // DAY_MS * DAY_MS).strftime("%Y%m%d")


def _time(local_ms: int) -> str:
    seconds = local_ms % DAY_MS // 1000
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"
