"""CSV files an accountant and a spreadsheet can read: trades, setting changes, decisions.

UTF-8 with a byte order mark, so that Excel shows Korean; text that a spreadsheet would take for a formula is disarmed.
Rows come newest first, in as many files as it takes: each is given as soon as it is full, none is held back for others.
See decision 0155.
"""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from strategy.model import Decision, ExportFile, SettingChange, Side, Trade, name_of, new_york, seoul
from strategy.reports.gate_cells import cell
from strategy.reports.profit_and_loss import trading_date

PIECE_BYTES = 16_000_000  # Telegram takes 50 MB; a piece is packed to a tenth, and arrives over a slow line
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_FORMULA = re.compile(r"[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?%?")
_Item = TypeVar("_Item")
_Cell = str | int | float | Decimal | bool | None

_GATES = (
    *(("buy", name) for name in ("rsi_oversold", "mode", "hours", "lock", "data_fresh", "quote_usable", "reconciled")),
    *(("buy", name) for name in ("buy_delay", "no_open_order", "cash", "caps")),
    *(("sell", name) for name in ("rsi_overbought", "macd_confirm", "mode", "hours", "lock", "data_fresh")),
    *(("sell", name) for name in ("quote_usable", "sell_delay", "holding", "no_open_order", "caps")),
    *(("stop", name) for name in ("stop_loss", "take_profit", "trailing_stop")),
)

TRADE_COLUMNS = (
    "거래일(뉴욕) trade_date",
    "체결시각(한국) filled_at_kst",
    "체결시각(뉴욕) filled_at_et",
    "시장 market",
    "종목 ticker",
    "구분 side",
    "수량 qty",
    "체결가(USD) price",
    "체결금액(USD) amount",
    "수수료·세금 추정(USD) fees_estimated",
    "정산금액(USD) net_cash",
    "모든 수수료 뺀 손익(USD) result_after_all_fees",
    "증권사 표시 손익(USD) realized_as_broker",
    "주문번호 order",
    "증권사 주문번호 broker_order",
    "주문 경로 origin",
    "주문 유형 order_type",
    "주문수량 order_qty",
    "지정가(USD) limit_price",
    "주문시각(한국) ordered_at_kst",
    "주문시각(뉴욕) ordered_at_et",
    "주문 상태 order_status",
    "확인 경로 source",
    "체결 키 fill_key",
)
SETTING_COLUMNS = (
    "번호 id",
    "시각(한국) set_at_kst",
    "시각(뉴욕) set_at_et",
    "설정 name",
    "종목 symbol",
    "이전 값 old",
    "새 값 new",
    "바꾼 사람 user_id",
    "기한(한국) until_kst",
    "되돌린 변경 undoes",
)
DECISION_COLUMNS = (
    "번호 id",
    "시각(한국) decided_at_kst",
    "시각(뉴욕) decided_at_et",
    "종목 symbol",
    "결과 action",
    "이유 reason",
    "수량 qty",
    "지정가(USD) limit_price",
    "현재가(USD) last",
    "매수호가(USD) bid",
    "매도호가(USD) ask",
    "시세 나이(초) quote_age_s",
    "보유수량 position_qty",
    "평균단가(USD) average_cost",
    "수익률(%) return_percent",
    "예수금(USD) cash",
    "rsi",
    "rsi_interval",
    "rsi_bars",
    "macd",
    "macd_signal",
    "macd_histogram",
    "macd_interval",
    "macd_bars",
    "golden_cross",
    "dead_cross",
    "bars_used",
    "newest_bar_at_et",
    *(f"{side}.{name}" for side, name in _GATES),
    "그 밖의 조건 other_gates",
    "설정 settings",
)


def trade_row(trade: Trade) -> list[_Cell]:
    """Return a fill with its order; money in dollars, unrounded."""
    fill, order = trade.fill, trade.order
    amount = fill.price * fill.qty
    return [
        trading_date(trade).isoformat(),
        kst(fill.filled_at),
        et(fill.filled_at),
        fill.symbol.market.value,
        text(fill.symbol.ticker),
        fill.side.value,
        fill.qty,
        fill.price,
        amount,
        fill.fees,
        (amount if fill.side is Side.SELL else -amount) - fill.fees,
        fill.result,
        fill.realized,
        fill.order_no,
        text(fill.venue_no),
        order.request.origin.value if order else "",
        order.request.order_type.value if order else "",
        order.request.qty if order else "",
        order.limit_price if order else "",
        kst(order.request.created_at) if order else "",
        et(order.request.created_at) if order else "",
        order.status.value if order else "",
        text(fill.source),
        text(fill.key),
    ]


def setting_row(change: SettingChange) -> list[_Cell]:
    return [
        change.id,
        kst(change.set_at),
        et(change.set_at),
        text(change.name),
        str(change.symbol) if change.symbol else "",
        text(change.old),
        text(change.new) if change.new is not None else "",
        change.set_by,
        kst(change.until) if change.until else "",
        change.undoes,
    ]


def decision_row(decision: Decision) -> list[_Cell]:
    """Return inputs, every gate and the outcome of one check (row S99)."""
    seen = decision.indicators
    gates = {(gate.side.value, name_of(gate)): gate for gate in decision.gates}
    values: list[_Cell] = [
        decision.id,
        kst(decision.decided_at),
        et(decision.decided_at),
        str(decision.symbol),
        decision.action.value,
        text(decision.reason),
        decision.qty,
        decision.limit_price,
        decision.last,
        decision.bid,
        decision.ask,
        decision.quote_age_s,
        decision.position_qty,
        decision.average_cost,
        decision.return_percent,
        decision.cash,
    ]
    if seen is None:
        values += [None] * 12
    else:
        values += [
            seen.rsi,
            seen.rsi_interval,
            seen.rsi_bars,
            seen.macd,
            seen.macd_signal,
            seen.macd_histogram,
            seen.macd_interval,
            seen.macd_bars,
            None if seen.golden_cross is None else seen.golden_cross.age,
            None if seen.dead_cross is None else seen.dead_cross.age,
            text(seen.bars_used),
            et(seen.newest_bar_at) if seen.newest_bar_at else "",
        ]
    values += [text(cell(gates.pop(key))) if key in gates else "" for key in _GATES]
    values.append(text("; ".join(f"{side}.{name} {cell(gate)}" for (side, name), gate in gates.items())))
    values.append(text("; ".join(f"{name}={value}" for name, value in decision.settings.items())))
    return values


def text(value: str) -> str:
    """Disarm text that a spreadsheet would run as a formula; plain numbers stay as they are."""
    if _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def kst(instant: datetime) -> str:
    """Return an instant on Seoul's clock; a spreadsheet reads it as a time, so the zone stands in the column's name."""
    return f"{seoul(instant):%Y-%m-%d %H:%M:%S}"


def et(instant: datetime) -> str:
    """Return an instant on New York's clock."""
    return f"{new_york(instant):%Y-%m-%d %H:%M:%S}"


def lines(rows: Iterable[Sequence[_Cell]]) -> bytes:
    """Write rows as CSV lines; what is not known is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode()


class Sheet:
    """One file being written, up to a size; the row that does not fit any more begins the next one."""

    def __init__(self, name: str, columns: Sequence[str], *, most_bytes: int = PIECE_BYTES) -> None:
        self._name = name
        self._parts = [BYTE_ORDER_MARK + lines([columns])]
        self._room = most_bytes - len(self._parts[0])
        self.rows = 0

    def add(self, row: Sequence[_Cell]) -> bool:
        """Write a row; return False where it does not fit. A file takes at least one."""
        line = lines([row])
        if len(line) > self._room and self.rows:
            return False
        self._parts.append(line)
        self._room -= len(line)
        self.rows += 1
        return True

    def file(self) -> ExportFile:
        return ExportFile(name=f"{self._name}.csv", content=b"".join(self._parts), rows=self.rows)


class Sheets:
    """A table in as many files as it takes: `decisions-2026-03-10.csv`, `decisions-2026-03-10-part2.csv`, ..."""

    def __init__(self, name: str, columns: Sequence[str], *, most_bytes: int = PIECE_BYTES) -> None:
        self._name = name
        self._columns = columns
        self._most_bytes = most_bytes
        self._number = 1
        self._sheet = self._next()

    def add(self, rows: Iterable[Sequence[_Cell]]) -> list[ExportFile]:
        """Write rows; return the files that are full."""
        full: list[ExportFile] = []
        for row in rows:
            if not self._sheet.add(row):
                full.append(self._sheet.file())
                self._number += 1
                self._sheet = self._next()
                self._sheet.add(row)
        return full

    def last(self) -> ExportFile:
        return self._sheet.file()

    def _next(self) -> Sheet:
        part = "" if self._number == 1 else f"-part{self._number}"
        return Sheet(f"{self._name}{part}", self._columns, most_bytes=self._most_bytes)


async def written(
    sheets: Sheets, pages: AsyncIterable[Sequence[_Item]], row: Callable[[_Item], list[_Cell]]
) -> AsyncIterator[ExportFile]:
    """Write pages of items and give each file as soon as it is full; each page in a worker thread."""
    async for page in pages:
        for file in await asyncio.to_thread(_write, sheets, page, row):
            yield file
    yield sheets.last()


def _write(sheets: Sheets, page: Sequence[_Item], row: Callable[[_Item], list[_Cell]]) -> list[ExportFile]:
    return sheets.add(row(item) for item in page)


def file_name(what: str, since: date | None, today: date) -> str:
    """Return `trades-2026-01-01-2026-03-10` or, for all there is, `trades-2026-03-10`. New York dates."""
    return f"{what}-{since}-{today}" if since is not None else f"{what}-{today}"


def _cell(value: _Cell) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
