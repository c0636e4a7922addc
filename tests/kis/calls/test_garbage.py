"""Answers full of garbage: every parser reads them or raises one of our errors; what is missing is never a zero.

Row S65.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kis.calls import account, bars, prices, products, profits, reserved
from kis.calls.paging import rows
from kis.errors import KisError
from kis.symbols import SymbolBook
from strategy.model import Market, Symbol
from tests.kis.calls.test_broker_calls import ccnl, holding
from tests.kis.calls.test_market_data import BOOK_HEAD, day, levels, minute

NOW = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)
MSFT = Symbol(Market.NASDAQ, "MSFT")
Body = Mapping[str, Any]

PARSERS: dict[str, Callable[[Body], object]] = {
    "price": lambda body: prices.parse_price(body, MSFT),
    "detail": lambda body: prices.parse_detail(body, MSFT),
    "book": lambda body: prices.parse_book(body, MSFT),
    "several": lambda body: prices.parse_several(body, [MSFT]),
    "trades": prices.parse_trades,
    "days": lambda body: bars.parse_days(body, NOW),
    "oldest day": bars.oldest_day,
    "minutes": lambda body: bars.parse_minutes(body, 1, NOW),
    "oldest minute": bars.oldest_minute,
    "positions": lambda body: list(account.parse_positions([body], SymbolBook()).positions.values()),
    "buyable": account.parse_buyable,
    "present": lambda body: account.parse_present(body, SymbolBook()),
    "margins": account.parse_margins,
    "profits": lambda body: [profits.parse_profit(row, SymbolBook()) for row in rows(body, "output1", "ovrs_pdno")],
    "transactions": lambda body: [profits.parse_transaction(row) for row in rows(body, "output1", "pdno")],
    "product": lambda body: products.parse_product(body, MSFT),
    "settlement dates": products.parse_settlement_dates,
    "reserved": lambda body: [
        reserved.parse_reserved(row, SymbolBook()) for row in rows(body, "output", "ovrs_rsvn_odno")
    ],
}
_FIELDS = sorted({*day("20260915"), *minute("20260915", "120000"), *holding("MSFT", "NASD"), *BOOK_HEAD, *ccnl()})
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12))
_ROWS = st.dictionaries(st.one_of(st.sampled_from(_FIELDS), st.text(max_size=6)), _SCALARS, max_size=8)
_OUTPUTS = st.one_of(_SCALARS, _ROWS, st.lists(st.one_of(_ROWS, _SCALARS, st.lists(_SCALARS, max_size=2)), max_size=3))
BODIES = st.dictionaries(st.sampled_from(["output", "output1", "output2", "output3"]), _OUTPUTS)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=40)
@given(body=BODIES)
def test_no_answer_crashes_a_parser(name: str, body: dict[str, Any]) -> None:
    try:
        PARSERS[name](body)
    except KisError:
        return


GARBLED = st.text(alphabet="0123456789.+-eNa ", max_size=8)
COMPLETE: dict[str, tuple[dict[str, Any], str]] = {
    "price": ({"output": {"rsym": "DNASMSFT", "last": "437.1500", "base": "431.7400", "tvol": "5"}}, "output"),
    "book": ({"output1": BOOK_HEAD, "output2": levels(pbid1="437.1400", vbid1="120")}, "output2"),
    "days": ({"output2": [day("20260914")]}, "output2"),
    "minutes": ({"output2": [minute("20260915", "100000")]}, "output2"),
    "positions": ({"output1": [holding("MSFT", "NASD")]}, "output1"),
}


@pytest.mark.parametrize("name", COMPLETE)
@given(at=st.integers(0, 60), text=st.one_of(GARBLED, st.none()))
def test_a_garbled_or_missing_field_never_makes_a_zero_price(name: str, at: int, text: str | None) -> None:
    complete, part = COMPLETE[name]
    body = json.loads(json.dumps(complete))
    row = body[part][0] if isinstance(body[part], list) else body[part]
    field = sorted(row)[at % len(row)]
    if text is None:
        del row[field]
    else:
        row[field] = text
    try:
        found = PARSERS[name](body)
    except KisError:
        return
    for one in found if isinstance(found, list) else [found]:
        for price in ("open", "high", "low", "close", "last"):
            value = getattr(one, price, Decimal(1))
            unknown = value is None and name == "positions"  # nobody values it: our own quotes do
            assert unknown or value > 0
