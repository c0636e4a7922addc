"""Numbers, dates and times as KIS writes them: blank is missing, never zero. Row S17."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.calls.paging import one, rows
from kis.errors import FieldFault, KisData
from kis.rest import fields

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=8)


@given(NUMBERS, st.sampled_from(["", " ", "+"]))
def test_a_number_survives_its_text(value: Decimal, lead: str) -> None:
    text = f"{value:f}"
    if value < 0 or text.startswith("-"):
        lead = lead.replace("+", "")
    assert fields.decimal({"x": f"{lead}{text} "}, "x") == value


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_a_named_fault(text: str) -> None:
    try:
        value = fields.decimal({"x": text}, "x")
    except FieldFault:
        return
    assert value.is_finite()
    assert text.strip().lstrip("+-").replace(".", "", 1).isascii()


@given(st.text(alphabet=" \t", max_size=5))
def test_blank_is_missing_and_never_zero(blank: str) -> None:
    row = {"x": blank}
    assert fields.maybe_decimal(row, "x") is None
    assert fields.maybe_integer(row, "x") is None
    assert fields.maybe_day(row, "x") is None
    for read in (fields.decimal, fields.integer, fields.positive, fields.day, fields.clock_time):
        with pytest.raises(FieldFault):
            read(row, "x")


@pytest.mark.parametrize("text", ["1,000", "1e5", "NaN", "Infinity", "1_000", "１２", "--1", ".", "0x1", "1.2.3"])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(FieldFault):
        fields.decimal({"x": text}, "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [("+1.27", "1.27"), ("-0.80", "-0.80"), (" 0.00", "0"), ("431.15000000", "431.15"), ("0000000005", "5")],
)
def test_the_documented_forms(text: str, value: str) -> None:
    assert fields.decimal({"x": text}, "x") == Decimal(value)


@pytest.mark.parametrize(("text", "value"), [("12", 12), ("12.00000000", 12), ("0", 0)])
def test_whole_numbers(text: str, value: int) -> None:
    assert fields.integer({"x": text}, "x") == value


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(FieldFault):
        fields.integer({"x": "1.5"}, "x")


@given(st.dates(min_value=date(1970, 1, 1), max_value=date(2199, 12, 31)))
def test_a_date_survives_its_text(value: date) -> None:
    assert fields.parse_date(f"{value:%Y%m%d}".rjust(8, "0")) == value


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_none(text: str) -> None:
    assert fields.parse_date(text) is None or len(text.strip()) == 8
    assert fields.parse_time(text) is None or len(text.strip()) == 6


@pytest.mark.parametrize("text", ["", "00000000", "20261301", "2026-09-15", "２０２６０９１５"])
def test_no_dates(text: str) -> None:
    assert fields.parse_date(text) is None


@pytest.mark.parametrize("text", ["", "240000", "996060", "12:30"])
def test_no_times(text: str) -> None:
    assert fields.parse_time(text) is None


@pytest.mark.parametrize(
    ("at", "seoul_date", "instant"),
    [
        (time(22, 41, 7), date(2026, 9, 15), datetime(2026, 9, 15, 13, 41, 7, tzinfo=UTC)),
        (time(2, 10, 33), date(2026, 9, 16), datetime(2026, 9, 15, 17, 10, 33, tzinfo=UTC)),
        (time(22, 41, 7), None, datetime(2026, 9, 15, 13, 41, 7, tzinfo=UTC)),
        (time(2, 10, 33), None, datetime(2026, 9, 15, 17, 10, 33, tzinfo=UTC)),
        (time(11, 0), None, datetime(2026, 9, 15, 2, 0, tzinfo=UTC)),
    ],
)
def test_an_order_of_the_korean_night_has_its_true_instant_s17(
    at: time, seoul_date: date | None, instant: datetime
) -> None:
    """`ord_dt` with `ord_tmd` alone is a day off after midnight in Seoul (quirk 5)."""
    assert fields.ordered_instant(date(2026, 9, 15), at, seoul_date) == instant


@pytest.mark.parametrize(
    ("price", "text"),
    [("431.15", "431.15"), ("200.0000", "200"), ("0.1234", "0.1234"), ("1E+2", "100"), ("0", "0"), ("66.50", "66.5")],
)
def test_prices_are_sent_plain(price: str, text: str) -> None:
    assert fields.price_text(Decimal(price)) == text


NO_ORDERS = {  # the workbook's own "no orders" answer (kis-protocol 3.9): blank identifiers, and yet not every field
    "ord_dt": "",
    "ord_gno_brno": "",
    "odno": "",
    "orgn_odno": "",
    "pdno": "",
    "ft_ord_qty": "0",
    "ft_ord_unpr3": "0.00000000",
    "ft_ccld_qty": "0",
    "nccs_qty": "0",
    "ord_tmd": "",
    "mdia_dvsn_name": "OpenAPI",
    "usa_amk_exts_rqst_yn": "N",
    "splt_buy_attr_name": "00:00~04:00",
}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"output": []},
        {"output": {}},
        {"output": None},
        {"output": ""},
        {"output": [[]]},
        {"output": NO_ORDERS},
        {"output": [NO_ORDERS]},
    ],
)
def test_empty_results_in_every_shape_are_no_rows_quirk_14(body: dict[str, Any]) -> None:
    assert rows(body, "output", "odno") == []


def test_what_is_no_list_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(KisData):
        rows({"output": "x"}, "output", "odno")


def test_a_row_is_known_by_its_key_and_single_rows_are_found_quirk_13() -> None:
    filler = {"pdno": " ", "qty": "0", "amt": "0.00000", "none": None, "medium": "OpenAPI"}
    assert rows({"output": [{"pdno": "KO", "qty": "1"}, filler]}, "output", "pdno") == [{"pdno": "KO", "qty": "1"}]
    assert rows({"output": {"pdno": "KO"}}, "output", "pdno") == [{"pdno": "KO"}]
    assert rows({"output": filler}, "output", "pdno") == []
    assert one({"output2": [{"a": "1"}]}, "output2") == {"a": "1"}


@given(st.text(st.characters(), max_size=20))
def test_any_text_can_be_stored_and_told(raw: str) -> None:
    """JSON may bring half a character or a control sign, and a database would refuse the whole row for it."""
    found = fields.maybe_text({"x": raw + "\ud800\x00"}, "x")
    assert found.encode()
    assert "\x00" not in found
