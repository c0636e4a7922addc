"""Sibling rows folded into one order (kis-protocol 3.2, 3.9; rows S9, S75)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.calls.executions import parse_row, parse_rows
from kis.calls.order_folding import fold
from kis.errors import FieldFault, KisError
from kis.symbols import SymbolBook
from strategy.model import BrokerOrder, Market, OrderStatus, Symbol
from tests.kis.calls.test_broker_calls import ccnl

OPEN = {"ft_ccld_qty": "0", "ft_ccld_unpr3": "0.00000000", "ft_ccld_amt3": "0.00000", "prcs_stat_name": "전송"}


def folded(*rows: dict[str, str]) -> list[BrokerOrder]:
    return fold(parse_rows([{"output": list(rows)}], SymbolBook()).rows)


def order(no: str, **changes: str) -> dict[str, str]:
    return ccnl(odno=no, **{**OPEN, "nccs_qty": "12", **changes})


def sibling(no: str, of: str, kind: str, **changes: str) -> dict[str, str]:
    values = {"orgn_odno": of, "rvse_cncl_dvsn": kind, "nccs_qty": "0", "ord_tmd": "021500", "thco_ord_tmd": "021500"}
    return ccnl(odno=no, **{**OPEN, **values, **changes})


@pytest.mark.parametrize(
    ("row", "status", "open_qty"),
    [
        (order("1"), OrderStatus.ACCEPTED, 12),
        (order("1", ft_ccld_qty="2", ft_ccld_amt3="136.40000", nccs_qty="10"), OrderStatus.PARTIALLY_FILLED, 10),
        (ccnl(odno="1"), OrderStatus.FILLED, 0),
        (order("1", nccs_qty="0", prcs_stat_name="거부", rjct_rson_name="잔고부족"), OrderStatus.REJECTED, 0),
        (order("1", nccs_qty="0", prcs_stat_name="", rjct_rson_name="잔고부족"), OrderStatus.REJECTED, 0),
        (order("1", nccs_qty="0", prcs_stat_name="완료", rjct_rson_name="DFD 장종료로 취소"), OrderStatus.EXPIRED, 0),
        (order("1", nccs_qty="0", prcs_stat_name=""), OrderStatus.UNKNOWN, 0),
    ],
)
def test_the_states_of_one_row(row: dict[str, str], status: OrderStatus, open_qty: int) -> None:
    (found,) = folded(row)
    assert (found.status, found.open_qty) == (status, open_qty)


def test_orders_of_two_branches_under_one_number_are_two_orders() -> None:
    """Numbers are unique per branch and day only; an amendment names the order of its own ticker and side."""
    found = folded(
        order("1", pdno="TQQQ", ovrs_excg_cd="NASD", ord_gno_brno="01790"),
        order("1", pdno="KO", ovrs_excg_cd="NYSE", sll_buy_dvsn_cd="01", ord_gno_brno="00950"),
        sibling("2", "1", "01", pdno="KO", ovrs_excg_cd="NYSE", sll_buy_dvsn_cd="01", nccs_qty="12"),
    )
    assert {(one.symbol.ticker, one.venue_no, one.replaced) for one in found} == {
        ("TQQQ", "1", ()),
        ("KO", "2", ("1",)),
    }


def test_done_alone_does_not_mean_filled_quirk_10() -> None:
    (found,) = folded(order("1", nccs_qty="0", prcs_stat_name="완료"))
    assert found.status is OrderStatus.UNKNOWN


def test_a_cancel_is_known_by_its_sibling_quirk_3() -> None:
    (found,) = folded(order("1", nccs_qty="0"), sibling("2", "1", "02", ft_ord_unpr3="0.00000000"))
    assert (found.venue_no, found.status, found.limit_price) == ("1", OrderStatus.CANCELED, Decimal("68.2"))


def test_a_cancel_that_has_not_taken_effect_leaves_the_order_working() -> None:
    (found,) = folded(order("1"), sibling("2", "1", "02"))
    assert found.status is OrderStatus.ACCEPTED


def test_a_rejected_cancel_changes_nothing() -> None:
    (found,) = folded(ccnl(odno="1"), sibling("2", "1", "02", prcs_stat_name="거부"))
    assert found.status is OrderStatus.FILLED
    (unknown,) = folded(order("1", nccs_qty="0"), sibling("2", "1", "02", prcs_stat_name="거부"))
    assert unknown.status is OrderStatus.UNKNOWN


def test_a_cancel_after_a_partial_fill_keeps_the_fill() -> None:
    partly = {"ft_ccld_qty": "5", "ft_ccld_amt3": "341.00000", "nccs_qty": "0"}
    (found,) = folded(order("1", **partly), sibling("2", "1", "02"))
    assert (found.status, found.filled_qty, found.filled_amount) == (OrderStatus.CANCELED, 5, Decimal(341))


def test_an_amendment_carries_the_rest_under_its_new_number_quirk_4() -> None:
    partly = {"ft_ccld_qty": "5", "ft_ccld_amt3": "341.00000", "nccs_qty": "0"}
    amended = sibling("2", "1", "01", ft_ord_qty="7", nccs_qty="7", ft_ord_unpr3="68.10000000")
    (found,) = folded(order("1", **partly), amended)
    assert (found.venue_no, found.replaced) == ("2", ("1",))
    assert (found.qty, found.filled_qty, found.open_qty) == (12, 5, 7)
    assert (found.status, found.limit_price) == (OrderStatus.PARTIALLY_FILLED, Decimal("68.1"))


def test_a_chain_of_amendments_and_a_cancel_is_one_order() -> None:
    (found,) = folded(
        order("1", nccs_qty="0"),
        sibling("2", "1", "01", ft_ord_qty="12"),
        sibling("3", "2", "01", ft_ord_qty="12", ord_tmd="021600", ft_ord_unpr3="68.00000000"),
        sibling("4", "3", "02", ord_tmd="021700"),
    )
    assert (found.venue_no, found.replaced, found.status) == ("3", ("1", "2"), OrderStatus.CANCELED)


def test_an_amendment_that_came_too_late_carries_nothing() -> None:
    (found,) = folded(ccnl(odno="1"), sibling("2", "1", "01", ft_ord_qty="12", prcs_stat_name="거부"))
    assert (found.venue_no, found.qty, found.status) == ("1", 12, OrderStatus.FILLED)


def test_virtual_rows_without_padding_join_their_siblings_quirk_2() -> None:
    (found,) = folded(order("0000051877", nccs_qty="0"), sibling("51880", "51877", "02"))
    assert (found.venue_no, found.status) == ("51877", OrderStatus.CANCELED)


def test_the_same_number_on_two_days_is_two_orders() -> None:
    assert len(folded(order("1"), order("1", ord_dt="20260914", dmst_ord_dt="20260915"))) == 2


def test_rows_repeated_over_pages_count_once() -> None:
    assert len(folded(order("1"), order("1"))) == 1


def test_an_empty_exchange_code_is_found_by_known_symbols_or_by_name() -> None:
    book = SymbolBook([Symbol(Market.AMEX, "XLF")])
    row = parse_row(ccnl(pdno="XLF", ovrs_excg_cd="", tr_mket_name=""), book)
    assert row is not None
    assert row.symbol == Symbol(Market.AMEX, "XLF")
    named = parse_row(ccnl(ovrs_excg_cd=""), SymbolBook())
    assert named is not None
    assert named.symbol == Symbol(Market.NYSE, "KO")


def test_orders_of_other_countries_are_left_out() -> None:
    assert folded(ccnl(ovrs_excg_cd="TKSE", pdno="7203", tr_mket_name="도쿄")) == []


@pytest.mark.parametrize(
    "field",
    ["odno", "pdno", "ft_ord_qty", "ft_ccld_qty", "nccs_qty", "ft_ord_unpr3", "ord_dt", "ord_tmd", "sll_buy_dvsn_cd"],
)
def test_a_missing_field_is_named(field: str) -> None:
    row = ccnl()
    del row[field]
    with pytest.raises(FieldFault) as fault:
        parse_row(row, SymbolBook())
    assert field in str(fault.value)


@given(st.dictionaries(st.sampled_from(sorted(ccnl())), st.text(max_size=12), max_size=6))
def test_garbled_rows_are_parsed_or_refused_never_guessed(changes: dict[str, str]) -> None:
    try:
        found = folded(ccnl(**changes))
    except KisError:
        return
    for one in found:
        assert one.qty >= 0
        assert one.filled_qty == 0 or one.filled_amount > 0
