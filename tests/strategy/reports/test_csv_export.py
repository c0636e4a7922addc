"""CSV files: readable by spreadsheets, harmless in them, and never too large. Row S99."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from strategy.model import (
    Bound,
    CashGate,
    ExportFile,
    GateKey,
    GateSide,
    RsiGate,
    SettingChange,
    Side,
    Trade,
    WrittenGate,
)
from strategy.reports.csv_export import (
    BYTE_ORDER_MARK,
    DECISION_COLUMNS,
    SETTING_COLUMNS,
    TRADE_COLUMNS,
    Sheets,
    decision_row,
    file_name,
    lines,
    setting_row,
    text,
    trade_row,
    written,
)
from tests.fakes.stored_samples import decision
from tests.support.trades import TQQQ, trade


def table(file: ExportFile) -> list[list[str]]:
    assert file.content.startswith(BYTE_ORDER_MARK)
    return list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))


def test_a_trade_has_a_cell_for_every_column() -> None:
    at = datetime(2026, 3, 10, 15, 30, 1, tzinfo=UTC)
    row = dict(
        zip(
            TRADE_COLUMNS,
            trade_row(trade(7, Side.SELL, 3, price="61.15", realized="-1.5", buy_fees="0.45", at=at)),
            strict=True,
        )
    )
    assert row["거래일(뉴욕) trade_date"] == "2026-03-10"
    assert row["체결시각(한국) filled_at_kst"] == "2026-03-11 00:30:01"
    assert row["체결시각(뉴욕) filled_at_et"] == "2026-03-10 11:30:01"
    assert row["체결금액(USD) amount"] == Decimal("183.45")
    assert row["정산금액(USD) net_cash"] == Decimal("183.20")
    assert row["모든 수수료 뺀 손익(USD) result_after_all_fees"] == Decimal("-1.95")
    assert row["증권사 표시 손익(USD) realized_as_broker"] == Decimal("-1.5")
    assert row["주문 경로 origin"] == "signal"


def test_a_buy_costs_its_amount_and_fees() -> None:
    row = dict(zip(TRADE_COLUMNS, trade_row(trade(7, Side.BUY, 2, price="10", fees="0.05")), strict=True))
    assert row["정산금액(USD) net_cash"] == Decimal("-20.05")
    assert row["모든 수수료 뺀 손익(USD) result_after_all_fees"] is None
    assert row["증권사 표시 손익(USD) realized_as_broker"] is None


def test_a_decision_shows_inputs_gates_and_outcome_s99() -> None:
    gates = (
        RsiGate(
            key=GateKey.RSI_OVERSOLD,
            side=GateSide.BUY,
            passed=True,
            observed=48.2,
            threshold=Decimal(50),
            bars=None,
        ),
        CashGate(
            side=GateSide.BUY,
            passed=False,
            observed=0,
            threshold=Decimal("0.3"),
            asked=True,
            bound=Bound.CASH,
            wanted=0,
        ),
        WrittenGate(side=GateSide.SELL, passed=False, name="brand_new", observed="1", threshold="2", detail=""),
    )
    row = dict(zip(DECISION_COLUMNS, decision_row(decision(gates=gates)), strict=True))
    assert row["buy.rsi_oversold"] == "yes: 48.20 (<= 50)"
    assert row["buy.cash"] == "no: 0 shares (>= 1 share by 0.3 of cash, fees included) [bound by cash, wanted 0]"
    assert row["sell.caps"] == ""
    assert row["그 밖의 조건 other_gates"] == "sell.brand_new no: 1 (2)"
    assert row["rsi"] == 48.25
    assert row["설정 settings"] == "RSI_OVERSOLD=50"
    assert row["이유 reason"] == "blocked:cash"


def test_a_decision_without_indicators_keeps_its_columns() -> None:
    assert len(decision_row(decision(indicators=None))) == len(DECISION_COLUMNS)


def test_a_setting_change_shows_who_and_until_when() -> None:
    at = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
    change = SettingChange(
        id=3, name="STOP_LOSS_RATE", symbol=TQQQ, old="-5", new=None, set_by=7, set_at=at, until=at, undoes=2
    )
    row = dict(zip(SETTING_COLUMNS, setting_row(change), strict=True))
    assert row["이전 값 old"] == "-5"  # a number is no formula
    assert row["새 값 new"] == ""
    assert (row["바꾼 사람 user_id"], row["되돌린 변경 undoes"]) == (7, 2)


def test_formulas_are_disarmed_and_numbers_left_alone() -> None:
    for dangerous in ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "-", "=-5"):
        assert text(dangerous) == f"'{dangerous}"
    for harmless in ("-5", "+5", "-5.25", "-5%", "off", "", "a=b", "NASDAQ:TQQQ"):
        assert text(harmless) == harmless


@given(st.text(max_size=20))
def test_no_text_begins_like_a_formula_unless_it_is_a_number(value: str) -> None:
    shown = text(value)
    assert shown in (value, f"'{value}")
    if shown[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        Decimal(shown.removesuffix("%"))


@given(st.lists(st.lists(st.text(max_size=8).filter(lambda s: "\x00" not in s), min_size=2, max_size=2), max_size=5))
def test_any_text_survives_the_file(rows: list[list[str]]) -> None:
    written = lines(rows).decode()
    assert list(csv.reader(io.StringIO(written, newline=""))) == rows


def test_decimals_are_written_plainly() -> None:
    assert lines([[Decimal("1E-7"), Decimal("1E+3"), None, True]]) == b"0.0000001,1000,,True\r\n"


async def pages(*found: Sequence[Trade]) -> AsyncIterator[Sequence[Trade]]:
    for page in found:
        yield page


async def test_a_file_holds_every_row_newest_first() -> None:
    found = pages([trade(3, Side.BUY), trade(2, Side.BUY)], [trade(1, Side.BUY)])
    [file] = [each async for each in written(Sheets("trades", TRADE_COLUMNS), found, trade_row)]
    assert (file.name, file.rows) == ("trades.csv", 3)
    header, *rows = table(file)
    assert header == list(TRADE_COLUMNS)
    assert [row[13] for row in rows] == ["3", "2", "1"]


async def test_a_table_of_any_size_is_given_in_files_as_it_is_read() -> None:
    """Nothing is left out, every file has its header, and none waits for the ones after it."""
    asked: list[int] = []

    async def many() -> AsyncIterator[Sequence[Trade]]:
        for n in range(100, 0, -1):
            asked.append(n)
            yield [trade(n, Side.BUY)]

    files: list[ExportFile] = []
    async for file in written(Sheets("trades", TRADE_COLUMNS, most_bytes=3000), many(), trade_row):
        if not files:
            assert len(asked) == file.rows + 1
        files.append(file)
    assert all(len(file.content) <= 3000 for file in files)
    assert [file.name for file in files[:3]] == ["trades.csv", "trades-part2.csv", "trades-part3.csv"]
    assert [row[13] for file in files for row in table(file)[1:]] == [str(n) for n in range(100, 0, -1)]
    assert all(table(file)[0] == list(TRADE_COLUMNS) for file in files)


async def test_a_row_longer_than_a_file_is_written_all_the_same() -> None:
    sheets = Sheets("trades", TRADE_COLUMNS, most_bytes=10)
    files = [each async for each in written(sheets, pages([trade(2, Side.BUY), trade(1, Side.BUY)]), trade_row)]
    assert [file.rows for file in files] == [1, 1]


def test_names_say_the_span() -> None:
    today = date(2026, 3, 10)
    assert file_name("trades", None, today) == "trades-2026-03-10"
    assert file_name("trades", date(2026, 1, 1), today) == "trades-2026-01-01-2026-03-10"
