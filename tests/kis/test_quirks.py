"""Every quirk of the document (section 10) has a test of the client that names it; the missing ones are here.

Rows S3, S75.
"""

import importlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kis.auth.account_number import AccountNumber
from kis.calls import account as accounts_api
from kis.calls import daymarket, products, profits, reserved
from kis.calls.executions import executions_params
from kis.calls.orders import change_body, order_body
from kis.calls.prices import price_detail, quote_params, signed_change
from kis.environment import Endpoint
from kis.symbols import SymbolBook, stream_key
from strategy.model import Interval, Market, NotOffered, OrderStatus, OrderType, Side, Symbol, VenueNo
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import APP_KEY, APP_SECRET, OK, FakeKis, Say, client
from tests.kis.calls.test_broker_calls import ACK, ccnl, holding, pages, request
from tests.kis.calls.test_market_data import day
from tests.kis.calls.test_order_folding import folded, order
from tests.kis.stream.test_client import TRADE
from tests.kis.stream.test_frames import NOW, decoder
from tests.support.words import english

ACCOUNT = AccountNumber("50123456", "01")
MSFT = Symbol(Market.NASDAQ, "MSFT")
KO = Symbol(Market.NYSE, "KO")
XLF = Symbol(Market.AMEX, "XLF")

# quirk -> the tests that hold it; those without a module stand in this file
HELD: dict[int, str] = {
    1: "calls.test_broker_calls.test_order_body_and_id_are_the_published_ones_s68_s69",
    2: "calls.test_order_folding.test_virtual_rows_without_padding_join_their_siblings_quirk_2",
    3: "calls.test_order_folding.test_a_cancel_is_known_by_its_sibling_quirk_3",
    4: "calls.test_order_folding.test_an_amendment_carries_the_rest_under_its_new_number_quirk_4",
    5: "rest.test_fields.test_an_order_of_the_korean_night_has_its_true_instant_s17",
    6: "calls.test_broker_calls.test_open_orders_are_the_same_in_both_environments_s74",
    7: "calls.test_broker_calls.test_orders_are_asked_by_new_york_dates_s75",
    8: "test_orders_are_not_searched_by_number_quirk_8",
    9: "test_a_fill_that_lags_is_unknown_not_nothing_quirk_9",
    10: "calls.test_order_folding.test_done_alone_does_not_mean_filled_quirk_10",
    11: "test_holdings_carry_no_cash_quirk_11",
    12: "calls.test_broker_calls.test_real_balance_is_one_paged_inquiry_and_drops_filler_s73",
    13: "rest.test_fields.test_a_row_is_known_by_its_key_and_single_rows_are_found_quirk_13",
    14: "rest.test_fields.test_empty_results_in_every_shape_are_no_rows_quirk_14",
    15: "calls.test_broker_calls.test_an_order_is_sent_once_whatever_comes_back",
    16: "calls.test_broker_calls.test_an_order_is_sent_once_whatever_comes_back",
    17: "calls.test_broker_calls.test_real_balance_is_one_paged_inquiry_and_drops_filler_s73",
    18: "calls.test_market_data.test_a_missing_or_zero_price_is_refused_s77",
    19: "test_the_change_takes_its_sign_from_the_code_quirk_19",
    20: "calls.test_market_data.test_a_virtual_quote_has_no_book_s77",
    21: "test_no_price_is_made_of_the_daily_limits_quirk_21",
    22: "calls.test_market_data.test_daily_bars_are_ascending_and_the_forming_day_is_flagged_s78",
    23: "calls.test_market_data.test_minute_bars_are_regular_hours_only_and_page_back_in_new_york_time_s78",
    24: "test_a_partial_feeds_bar_is_widened_not_refused_quirk_24",
    25: "test_the_session_code_of_a_trade_is_not_read_quirk_25",
    26: "stream.test_frames.test_a_record_without_its_key_in_front_reads_the_same_quirk_26",
    27: "stream.test_frames.test_any_length_from_19_fields_is_read_quirk_27",
    28: "stream.test_frames.test_prices_of_notices_quirk_28",
    29: "stream.test_client.test_an_app_key_in_use_is_named_and_asked_for_again",
    30: "stream.test_client.test_encrypted_notices_of_order_and_fill_s86",
    31: "stream.test_client.test_an_app_key_in_use_is_named_and_asked_for_again",
    32: "stream.test_client.test_past_41_registrations_symbols_are_refused_clearly",
    33: "auth.test_tokens.test_the_dead_token_trap_is_escaped_by_revoke_and_issue",
    34: "test_the_approval_call_names_the_secret_otherwise_quirk_34",
    35: "rest.test_pacing.test_under_load_the_limit_is_kept_and_used_s15",
    36: "rest.test_pacing.test_account_calls_keep_their_own_slower_distance_and_hold_up_no_quote",
    37: "calls.test_broker_calls.test_order_types_an_environment_lacks_are_refused_before_sending",
    38: "rest.test_codes.test_a_fault_of_ours_is_told_as_one",
    39: "test_the_buyable_quantity_is_the_brokers_not_ours_quirk_39",
    40: "test_won_and_dollars_swap_their_codes_quirk_40",
    41: "test_environment.test_each_id_and_path_is_the_published_one_s72",
    42: "test_the_ticker_has_four_names_quirk_42",
    43: "test_the_doubtful_total_is_not_read_quirk_43",
    44: "test_the_valuation_price_is_not_taken_for_a_quote_quirk_44",
    45: "auth.test_tokens.test_the_expiry_is_seouls_time_whatever_the_host_thinks_s14",
    46: "test_korean_names_come_through_quirk_46",
    47: "test_the_reservation_date_is_spelled_as_the_examples_do_quirk_47",
    48: "calls.test_broker_calls.test_amend_and_cancel_name_their_code_and_the_padded_number_s70_s71",
    49: "test_contract.test_notice_faults_reach_the_sink_as_they_are_s86",
    50: "calls.test_broker_calls.test_an_order_is_sent_once_whatever_comes_back",
    51: "test_a_large_order_is_sent_as_it_is_quirk_51",
    52: "calls.test_reads.test_a_read_survives_three_failures_s16",
}


@pytest.mark.parametrize("quirk", range(1, 53))
def test_every_quirk_is_held_by_a_test(quirk: int) -> None:
    module, _, name = HELD[quirk].rpartition(".")
    assert callable(getattr(importlib.import_module(f"tests.kis.{module or 'test_quirks'}"), name))


def test_orders_are_not_searched_by_number_quirk_8() -> None:
    params = executions_params(ACCOUNT, date(2026, 9, 14), date(2026, 9, 15), wildcards=True)
    assert (params["ODNO"], params["ORD_DT"], params["ORD_GNO_BRNO"]) == ("", "", "")


def test_a_fill_that_lags_is_unknown_not_nothing_quirk_9() -> None:
    (found,) = folded(order("1", nccs_qty="0", prcs_stat_name=""))
    assert found.status is OrderStatus.UNKNOWN
    assert not found.status.closed


async def test_holdings_carry_no_cash_quirk_11(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("TTTS3012R", Say({**OK, "output1": [holding("KO", "NYSE")], "output2": {"frcr_pchs_amt1": "1.0"}}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        assert (await kis.broker.holdings()).cash is None


@pytest.mark.parametrize(
    ("sign", "change"), [("2", "5.41"), ("1", "5.41"), ("5", "-5.41"), ("4", "-5.41"), ("3", "5.41")]
)
def test_the_change_takes_its_sign_from_the_code_quirk_19(sign: str, change: str) -> None:
    assert signed_change({"diff": "5.4100", "sign": sign}) == Decimal(change)
    assert signed_change({"diff": "", "sign": sign}) is None


async def test_no_price_is_made_of_the_daily_limits_quirk_21(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on(
        "HHDFS76200200", Say({**OK, "output": {"rsym": "DNASMSFT", "last": "1.5", "uplp": "0.0000", "dnlp": "0.0000"}})
    )
    async with client(fake, JumpClock(), tmp_path) as kis:
        detail = await price_detail(kis.http, MSFT)
    assert "0.0000" not in repr(detail)


async def test_a_partial_feeds_bar_is_widened_not_refused_quirk_24(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS76240000", Say({**OK, "output2": [day("20260914", close="450.0000")]}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        (bar,) = await kis.market.bars(MSFT, Interval.DAY, 1)
    assert (bar.high, bar.close, bar.low) == (Decimal(450), Decimal(450), Decimal(430))


def test_the_session_code_of_a_trade_is_not_read_quirk_25() -> None:
    assert decoder().decode(TRADE[:-1] + "9", 1, NOW) == decoder().decode(TRADE, 1, NOW)


async def test_the_approval_call_names_the_secret_otherwise_quirk_34(tmp_path: Path) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path) as kis:
        assert await kis.account_stream._approvals.issue() == "approval"
    (asked,) = fake.of("/oauth2/Approval")
    assert asked.body == {"grant_type": "client_credentials", "appkey": APP_KEY, "secretkey": APP_SECRET}
    assert "authorization" not in asked.headers


def test_the_buyable_quantity_is_the_brokers_not_ours_quirk_39() -> None:
    """Virtual reserves about one percent a side: cash divided by price would be too many."""
    body = {"output": {"ord_psbl_frcr_amt": "1000.00", "max_ord_psbl_qty": "9", "ord_psbl_qty": "9"}}
    assert accounts_api.parse_buyable(body).foreign_qty == 9


def test_won_and_dollars_swap_their_codes_quirk_40() -> None:
    assert accounts_api.present_params(ACCOUNT)["WCRC_FRCR_DVSN_CD"] == "02"
    assert profits.profit_params(ACCOUNT, date(2026, 9, 1), date(2026, 9, 2))["WCRC_FRCR_DVSN_CD"] == "01"


def test_the_ticker_has_four_names_quirk_42() -> None:
    assert accounts_api.buyable_params(ACCOUNT, MSFT, Decimal(1))["ITEM_CD"] == "MSFT"
    assert quote_params(MSFT)["SYMB"] == "MSFT"
    body = order_body(ACCOUNT, MSFT, Side.BUY, qty=1, price=Decimal(1), order_type=OrderType.LIMIT)
    assert body["PDNO"] == "MSFT"
    held = accounts_api.parse_positions([{"output1": [holding("KO", "NYSE")]}], SymbolBook())
    assert list(held.positions) == [KO]


def test_the_doubtful_total_is_not_read_quirk_43() -> None:
    body = {"output1": [], "output2": [], "output3": {"frcr_evlu_tota": "99", "tot_asst_amt": "1"}}
    assert "99" not in repr(accounts_api.parse_present(body, SymbolBook()))


async def test_the_valuation_price_is_not_taken_for_a_quote_quirk_44(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("TTTS3012R", Say({**OK, "output1": [holding("MSFT", "NASD")], "output2": {}}))
    head = {"rsym": "DNASMSFT", "last": "400.0000", "base": ""}
    fake.on("HHDFS76200100", Say({**OK, "output1": head, "output2": {}}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        (position,) = (await kis.broker.holdings()).positions
        quote = await kis.market.quote(MSFT)
    assert (position.last, quote.last) == (Decimal("437.15"), Decimal(400))


def test_korean_names_come_through_quirk_46() -> None:
    row = {**holding("KO", "NYSE"), "ovrs_item_name": "가" * 60}
    (position,) = accounts_api.parse_positions([{"output1": [row]}], SymbolBook()).positions.values()
    assert position.name == "가" * 60


async def test_the_reservation_date_is_spelled_as_the_examples_do_quirk_47(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("VTTT3017U", Say({"rt_cd": "0", "msg_cd": "APBK1711", "output": {"OVRS_RSVN_ODNO": "0030500118"}}))
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        await reserved.cancel(kis.http, kis.account, date(2026, 9, 15), VenueNo("30500118"))
    (asked,) = fake.of("VTTT3017U")
    assert asked.path.endswith("/order-resv-ccnl")
    assert asked.body == {**ACCOUNT.params(), "RSVN_ORD_RCIT_DT": "20260915", "OVRS_RSVN_ODNO": "0030500118"}


async def test_a_large_order_is_sent_as_it_is_quirk_51(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("TTTT1002U", ACK)
    async with client(fake, JumpClock(), tmp_path) as kis:
        await kis.broker.submit(request(qty=1_000_000))
    assert fake.of("TTTT1002U")[0].body["ORD_QTY"] == "1000000"


@pytest.mark.parametrize(("side", "tr_id"), [(Side.BUY, "TTTS6036U"), (Side.SELL, "TTTS6037U")])
async def test_day_market_orders_have_no_sell_type(tmp_path: Path, side: Side, tr_id: str) -> None:
    fake = FakeKis()
    fake.on(tr_id, ACK)
    fake.on("TTTS6038U", ACK)
    async with client(fake, JumpClock(), tmp_path) as kis:
        await daymarket.place(kis.http, kis.account, MSFT, side, qty=3, price=Decimal("431.15"))
        await daymarket.amend(kis.http, kis.account, MSFT, VenueNo("14"), qty=3, price=Decimal("431.10"))
        await daymarket.cancel(kis.http, kis.account, MSFT, VenueNo("14"), qty=3)
    (placed,) = fake.of(tr_id)
    assert "SLL_TYPE" not in placed.body
    assert (placed.body["ORD_DVSN"], placed.body["CTAC_TLNO"]) == ("00", "")
    amended, canceled = (asked.body for asked in fake.of("TTTS6038U"))
    assert (amended["RVSE_CNCL_DVSN_CD"], canceled["RVSE_CNCL_DVSN_CD"]) == ("01", "02")
    assert amended["CTAC_TLNO"] == canceled["CTAC_TLNO"] == ""
    expected = {**change_body(ACCOUNT, MSFT, VenueNo("14"), amend=False, qty=3, price=Decimal(0)), "CTAC_TLNO": ""}
    assert canceled == expected


async def test_what_virtual_lacks_is_refused_before_sending(tmp_path: Path) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        http, account, book = kis.http, kis.account, kis.book
        today = date(2026, 9, 15)
        for ask in (
            daymarket.place(http, account, MSFT, Side.BUY, qty=1, price=Decimal(1)),
            daymarket.cancel(http, account, MSFT, VenueNo("1"), qty=1),
            reserved.reserved(http, account, book, today, today),
            profits.realized(http, account, book, today, today),
            profits.transactions(http, account, today, today),
            products.product(http, MSFT),
            products.settlement_dates(http, today),
            accounts_api.margins(http, account),
        ):
            with pytest.raises(NotOffered):
                await ask
        assert not kis.environment.offers(Endpoint.MINUTE_BARS)
    assert fake.asked == []


def test_each_market_has_its_quote_and_its_trading_code_s3() -> None:
    for symbol, quote, trading in ((MSFT, "NAS", "NASD"), (KO, "NYS", "NYSE"), (XLF, "AMS", "AMEX")):
        assert quote_params(symbol)["EXCD"] == quote
        body = order_body(ACCOUNT, symbol, Side.BUY, qty=1, price=Decimal(1), order_type=OrderType.LIMIT)
        assert body["OVRS_EXCG_CD"] == trading
        assert stream_key(symbol) == f"D{quote}{symbol.ticker}"


def test_class_shares_are_spelled_kis_way_and_found_again() -> None:
    symbol = Symbol(Market.NYSE, "BRK.B")
    assert symbol.ticker == "BRK/B"
    assert SymbolBook([symbol]).resolve({"pdno": "BRK/B", "ovrs_excg_cd": "NYSE"}, "pdno") == symbol


async def test_a_row_with_a_missing_number_is_named_and_hides_no_other_s75(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("TTTS3035R", pages(ccnl(ft_ccld_qty=""), ccnl(odno="0030488121", pdno="MSFT", ovrs_excg_cd="NASD")))
    async with client(fake, JumpClock(), tmp_path) as kis:
        found = await kis.broker.orders(date(2026, 9, 15), date(2026, 9, 15))
    assert [order.symbol for order in found] == [MSFT]
    (unread,) = found.unread
    assert (unread.venue_no, unread.row.symbol) == ("30488120", KO)
    assert "ft_ccld_qty" in english(unread.row.why)
