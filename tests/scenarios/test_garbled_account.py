"""Garbage in any single row or field of the account's lists: the others' stops work, and the program starts again.

Real parsers over the broker's rows, the real core, real SQLite, and a new core on the same file.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kis.calls.account import parse_positions
from kis.calls.executions import parse_rows
from kis.calls.order_folding import fold
from kis.errors import KisData
from kis.symbols import TRADING_CODE, SymbolBook
from strategy.model import BrokerOrder, Holdings, OrderList, OrderStatus, Side, Symbol, new_york, seoul
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock, trading_settings
from tests.fakes.market import FakeMarket
from tests.support.engine_bench import OPEN, TQQQ, XLF, O, World, running

Row = dict[str, Any]
List = Literal["holdings", "orders"]
WATCHED = (TQQQ, O)
SETTINGS = trading_settings(trading_tickers="NASDAQ:TQQQ,NYSE:O", rsi_oversold="1", rsi_overbought="99")


@dataclass(frozen=True)
class Garble:
    """What becomes of the rows of one ticker in one list: one field is replaced, or (None) the row as a whole."""

    of: List
    victim: Symbol
    field: str | None
    garbage: Any

    @property
    def names_another(self) -> bool:
        """Return whether the garbage may name another order or stock: that one is missed afterwards, and asked for."""
        return self.field in ("pdno", "ovrs_pdno", "ovrs_excg_cd", "odno", "ord_dt", "sll_buy_dvsn_cd")

    def applied(self, of: List, rows: Iterable[tuple[Symbol, Row]]) -> list[Any]:
        return [self._row(row) if (of, symbol) == (self.of, self.victim) else row for symbol, row in rows]

    def _row(self, row: Row) -> Any:
        return self.garbage if self.field is None else {**row, self.field: self.garbage}


class RawBroker(FakeBroker):
    """Answers in the broker's own rows (kis-protocol 3.9, 3.10), read by the parsers of the client."""

    garble: Garble | None = None

    async def holdings(self) -> Holdings:
        told = await super().holdings()
        rows = [(one.symbol, _holding(one)) for one in told.positions]
        held = parse_positions([{"output1": self._garbled("holdings", rows)}], SymbolBook(WATCHED))
        return Holdings(
            positions=tuple(held.positions.values()),
            cash=None,
            fx_rate=None,
            taken_at=told.taken_at,
            unread=tuple(held.unread),
        )

    async def orders(self, since: date, until: date) -> OrderList:
        return self._read(await super().orders(since, until))

    async def open_orders(self) -> OrderList:
        return OrderList(one for one in self._read(await super().open_orders()) if one.open_qty)

    def _read(self, orders: OrderList) -> OrderList:
        rows = self._garbled("orders", [(one.symbol, _order(one)) for one in orders])
        listed = parse_rows([{"output": rows}], SymbolBook(WATCHED))
        return OrderList(fold(listed.rows), listed.unread)

    def _garbled(self, of: List, rows: list[tuple[Symbol, Row]]) -> list[Any]:
        return [row for _, row in rows] if self.garble is None else self.garble.applied(of, rows)


def _holding(position: Any) -> Row:
    return {
        "ovrs_pdno": position.symbol.ticker,
        "ovrs_item_name": "이름",
        "ovrs_cblc_qty": str(position.qty),
        "ord_psbl_qty": str(position.sellable_qty),
        "pchs_avg_pric": f"{position.average_cost:.4f}",
        "now_pric2": f"{position.last:.6f}",
        "evlu_pfls_rt": f"{position.profit_rate:.2f}",
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": TRADING_CODE[position.symbol.market],
    }


def _order(order: BrokerOrder) -> Row:
    at = seoul(order.ordered_at)
    filled = order.status is OrderStatus.FILLED
    return {
        "ord_dt": f"{new_york(order.ordered_at):%Y%m%d}",
        "odno": order.venue_no.zfill(10),
        "orgn_odno": "",
        "sll_buy_dvsn_cd": "02" if order.side is Side.BUY else "01",
        "rvse_cncl_dvsn": "00",
        "pdno": order.symbol.ticker,
        "ft_ord_qty": str(order.qty),
        "ft_ord_unpr3": f"{order.limit_price:.8f}",
        "ft_ccld_qty": str(order.filled_qty),
        "ft_ccld_unpr3": f"{order.limit_price:.8f}" if order.filled_qty else "0.00000000",
        "ft_ccld_amt3": f"{order.filled_amount:.5f}",
        "nccs_qty": str(order.open_qty),
        "prcs_stat_name": "완료" if filled else "전송",
        "rjct_rson": "",
        "rjct_rson_name": "",
        "ord_tmd": f"{at:%H%M%S}",
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": TRADING_CODE[order.symbol.market],
        "dmst_ord_dt": f"{at:%Y%m%d}",
        "mdia_dvsn_name": "OpenAPI",
    }


def account() -> World:
    """Two watched tickers and one that is not are held, and a hand order of each watched one rests."""
    clock = FakeClock(OPEN + timedelta(minutes=10))
    world = World(clock, RawBroker(clock, cash=Decimal(10_000)), FakeMarket(clock))
    for symbol in (TQQQ, O, XLF):
        world.ready(symbol)
        world.broker.hold(symbol, 10, Decimal(100))
    for symbol in WATCHED:
        world.broker.hand_order(symbol, Side.BUY, 1, Decimal(50))
    return world


async def live_through(garble: Garble, path: Path) -> None:
    world = account()
    broker = world.broker
    assert isinstance(broker, RawBroker)
    broker.garble = garble
    other = next(symbol for symbol in WATCHED if symbol != garble.victim)
    async with running(path, world, settings=SETTINGS) as bench:
        await bench.pass_time(70)
        bench.price(other, "90")
        await bench.pass_time(15)
        assert broker.qty_held(other) == 0, "the other's stop"
    async with running(path, world, settings=SETTINGS) as bench:
        await bench.pass_time(130)
        broker.garble = None
        await bench.pass_time(250)
        assert bench.core.trading.account_sync.reconciled or garble.names_another
        bench.price(garble.victim, "80")
        await bench.pass_time(15)
        assert broker.qty_held(garble.victim) == 0, "its own stop, once it can be read"
        assert broker.qty_held(XLF) == 10


_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", " ", "0", "-5", "NaN", "1e9", "9" * 20, "0.847972", "\ud800", "\x00", "US91282CJL54"]),
    st.lists(st.none(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)
_FIELDS: dict[List, list[str]] = {
    "holdings": ["ovrs_pdno", "ovrs_excg_cd", "ovrs_cblc_qty", "ord_psbl_qty", "pchs_avg_pric", "now_pric2"],
    "orders": ["odno", "pdno", "ord_dt", "ft_ord_qty", "ft_ccld_qty", "nccs_qty", "ft_ord_unpr3", "ord_tmd"],
}
_FIELDS["holdings"] += ["evlu_pfls_rt", "ovrs_item_name"]
_FIELDS["orders"] += ["ovrs_excg_cd", "sll_buy_dvsn_cd", "rvse_cncl_dvsn", "orgn_odno", "rjct_rson_name", "dmst_ord_dt"]
_GARBLES = st.one_of(
    [
        st.builds(
            Garble,
            of=st.just(of),
            victim=st.sampled_from(WATCHED),
            field=st.one_of(st.none(), st.sampled_from(fields)),
            garbage=_JUNK,
        )
        for of, fields in _FIELDS.items()
    ]
)


@settings(max_examples=30, deadline=None)
@given(garble=_GARBLES)
@example(Garble("holdings", O, "ovrs_cblc_qty", "0.847972"))
@example(Garble("holdings", O, "ovrs_pdno", "US91282CJL54"))
@example(Garble("holdings", TQQQ, None, None))
@example(Garble("holdings", TQQQ, "ord_psbl_qty", ""))
@example(Garble("orders", O, "ft_ord_qty", ""))
@example(Garble("orders", TQQQ, "odno", "\ud800"))
@example(Garble("orders", TQQQ, None, []))
def test_garbage_in_one_row_takes_no_other_tickers_stop_and_no_later_start(garble: Garble) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live_through(garble, Path(folder)))


@pytest.mark.parametrize("body", [{"output": "x"}, {"output": 5}])
@pytest.mark.parametrize("parse", [parse_rows, parse_positions])
def test_an_answer_that_is_no_list_at_all_is_no_empty_one(
    parse: Callable[[list[Row], SymbolBook], object], body: Row
) -> None:
    with pytest.raises(KisData):
        parse([{**body, "output1": body["output"]}], SymbolBook())
