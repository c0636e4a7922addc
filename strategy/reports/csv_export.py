"""CSV files an accountant and a spreadsheet can read: trades, setting changes, decisions.

UTF-8 with a byte order mark, so that Excel shows Korean; text that a spreadsheet would take for a formula is disarmed.
Rows come newest first, in as many files as it takes: each is given as soon as it is full, none is held back for others.
See decision 0155.
"""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from strategy.model import (
    Decision,
    ExportFile,
    Indicators,
    Order,
    SettingChange,
    Side,
    Trade,
    name_of,
    new_york,
    seoul,
)
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

# each column with what stands in it; money is dollars, unrounded


def _of_order(value: Callable[[Order], _Cell]) -> Callable[[Trade], _Cell]:
    return lambda trade: "" if trade.order is None else value(trade.order)


def _of_indicators(value: Callable[[Indicators], _Cell]) -> Callable[[Decision], _Cell]:
    return lambda decision: None if decision.indicators is None else value(decision.indicators)


def _amount(trade: Trade) -> Decimal:
    return trade.fill.price * trade.fill.qty


_TRADE: Mapping[str, Callable[[Trade], _Cell]] = {
    "거래일(뉴욕) trade_date": lambda trade: trading_date(trade).isoformat(),
    "체결시각(한국) filled_at_kst": lambda trade: kst(trade.fill.filled_at),
    "체결시각(뉴욕) filled_at_et": lambda trade: et(trade.fill.filled_at),
    "시장 market": lambda trade: trade.fill.symbol.market.value,
    "종목 ticker": lambda trade: text(trade.fill.symbol.ticker),
    "구분 side": lambda trade: trade.fill.side.value,
    "수량 qty": lambda trade: trade.fill.qty,
    "체결가(USD) price": lambda trade: trade.fill.price,
    "체결금액(USD) amount": _amount,
    "수수료·세금 추정(USD) fees_estimated": lambda trade: trade.fill.fees,
    "정산금액(USD) net_cash": lambda trade: (
        (_amount(trade) if trade.fill.side is Side.SELL else -_amount(trade)) - trade.fill.fees
    ),
    "모든 수수료 뺀 손익(USD) result_after_all_fees": lambda trade: trade.fill.result,
    "증권사 표시 손익(USD) realized_as_broker": lambda trade: trade.fill.realized,
    "주문번호 order": lambda trade: trade.fill.order_no,
    "증권사 주문번호 broker_order": lambda trade: text(trade.fill.venue_no),
    "주문 경로 origin": _of_order(lambda order: order.request.origin.value),
    "주문 유형 order_type": _of_order(lambda order: order.request.order_type.value),
    "주문수량 order_qty": _of_order(lambda order: order.request.qty),
    "지정가(USD) limit_price": _of_order(lambda order: order.limit_price),
    "주문시각(한국) ordered_at_kst": _of_order(lambda order: kst(order.request.created_at)),
    "주문시각(뉴욕) ordered_at_et": _of_order(lambda order: et(order.request.created_at)),
    "주문 상태 order_status": _of_order(lambda order: order.status.value),
    "확인 경로 source": lambda trade: text(trade.fill.source),
    "체결 키 fill_key": lambda trade: text(trade.fill.key),
}
_SETTING: Mapping[str, Callable[[SettingChange], _Cell]] = {
    "번호 id": lambda change: change.id,
    "시각(한국) set_at_kst": lambda change: kst(change.set_at),
    "시각(뉴욕) set_at_et": lambda change: et(change.set_at),
    "설정 name": lambda change: text(change.name),
    "종목 symbol": lambda change: str(change.symbol) if change.symbol else "",
    "이전 값 old": lambda change: text(change.old),
    "새 값 new": lambda change: text(change.new) if change.new is not None else "",
    "바꾼 사람 user_id": lambda change: change.set_by,
    "기한(한국) until_kst": lambda change: kst(change.until) if change.until else "",
    "되돌린 변경 undoes": lambda change: change.undoes,
}
_DECISION: Mapping[str, Callable[[Decision], _Cell]] = {
    "번호 id": lambda decision: decision.id,
    "시각(한국) decided_at_kst": lambda decision: kst(decision.decided_at),
    "시각(뉴욕) decided_at_et": lambda decision: et(decision.decided_at),
    "종목 symbol": lambda decision: str(decision.symbol),
    "결과 action": lambda decision: decision.action.value,
    "이유 reason": lambda decision: text(decision.reason),
    "수량 qty": lambda decision: decision.qty,
    "지정가(USD) limit_price": lambda decision: decision.limit_price,
    "현재가(USD) last": lambda decision: decision.last,
    "매수호가(USD) bid": lambda decision: decision.bid,
    "매도호가(USD) ask": lambda decision: decision.ask,
    "시세 나이(초) quote_age_s": lambda decision: decision.quote_age_s,
    "보유수량 position_qty": lambda decision: decision.position_qty,
    "평균단가(USD) average_cost": lambda decision: decision.average_cost,
    "수익률(%) return_percent": lambda decision: decision.return_percent,
    "예수금(USD) cash": lambda decision: decision.cash,
    "rsi": _of_indicators(lambda seen: seen.rsi),
    "rsi_interval": _of_indicators(lambda seen: seen.rsi_interval),
    "rsi_bars": _of_indicators(lambda seen: seen.rsi_bars),
    "macd": _of_indicators(lambda seen: seen.macd),
    "macd_signal": _of_indicators(lambda seen: seen.macd_signal),
    "macd_histogram": _of_indicators(lambda seen: seen.macd_histogram),
    "macd_interval": _of_indicators(lambda seen: seen.macd_interval),
    "macd_bars": _of_indicators(lambda seen: seen.macd_bars),
    "golden_cross": _of_indicators(lambda seen: None if seen.golden_cross is None else seen.golden_cross.age),
    "dead_cross": _of_indicators(lambda seen: None if seen.dead_cross is None else seen.dead_cross.age),
    "bars_used": _of_indicators(lambda seen: text(seen.bars_used)),
    "newest_bar_at_et": _of_indicators(lambda seen: et(seen.newest_bar_at) if seen.newest_bar_at else ""),
}
TRADE_COLUMNS = tuple(_TRADE)
SETTING_COLUMNS = tuple(_SETTING)
DECISION_COLUMNS = (
    *_DECISION,
    *(f"{side}.{name}" for side, name in _GATES),
    "그 밖의 조건 other_gates",
    "설정 settings",
)


def trade_row(trade: Trade) -> list[_Cell]:
    """Return a fill with its order; money in dollars, unrounded."""
    return [value(trade) for value in _TRADE.values()]


def setting_row(change: SettingChange) -> list[_Cell]:
    return [value(change) for value in _SETTING.values()]


def decision_row(decision: Decision) -> list[_Cell]:
    """Return inputs, every gate and the outcome of one check (row S99)."""
    gates = {(gate.side.value, name_of(gate)): gate for gate in decision.gates}
    return [
        *(value(decision) for value in _DECISION.values()),
        *(text(cell(gates.pop(key))) if key in gates else "" for key in _GATES),
        text("; ".join(f"{side}.{name} {cell(gate)}" for (side, name), gate in gates.items())),
        text("; ".join(f"{name}={value}" for name, value in decision.settings.items())),
    ]


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
