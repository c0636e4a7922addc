"""Orders, amendments, cancellations, and what inquiries show of them (kis-protocol 3.1 to 3.9, 8, 10)."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.kis.simulator.conftest import NOON, Starter
from tests.kis.simulator.outside import ACCOUNT, TRADING, Outside

PRE_MARKET = datetime(2026, 9, 15, 12, 0, tzinfo=UTC)  # 08:00 New York
AFTER_MARKET = datetime(2026, 9, 15, 20, 30, tzinfo=UTC)
CLOSED_HOUR = datetime(2026, 9, 16, 0, 30, tzinfo=UTC)  # 20:30 New York, 09:30 Seoul
SUNDAY = datetime(2026, 9, 13, 16, 0, tzinfo=UTC)
DAY_MARKET = datetime(2026, 9, 15, 3, 0, tzinfo=UTC)  # noon in Seoul
BOTH = pytest.mark.parametrize("virtual", [True, False])


async def bid_ask(outside: Outside, symbol: str) -> tuple[str, str]:
    """Pin a quote and return it."""
    tick = await outside.control("tick", symbol=symbol, last="60.00", bid="59.99", ask="60.01")
    return tick["bid"], tick["ask"]


@BOTH
async def test_acknowledgement_has_padded_number_branch_and_korean_time(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    answer = await outside.order("buy", "TQQQ", "3", "20.00")
    output = answer.body["output"]
    assert answer.status == 200
    assert len(output["ODNO"]) == 10
    assert output["ORD_TMD"] == "010000"
    assert output["KRX_FWDG_ORD_ORGNO"] == ("00950" if virtual else "01790")
    assert output["ODNO"].startswith("000000" if virtual else "003")
    assert answer.code == ("40600000" if virtual else "APBK0013")


@BOTH
async def test_numbers_are_padded_on_real_and_stripped_in_virtual_inquiries_quirk_2(
    start: Starter, virtual: bool
) -> None:
    outside = await start(virtual=virtual)
    padded = (await outside.order("buy", "TQQQ", "3", "20.00")).body["output"]["ODNO"]
    (row,) = (await outside.executions()).body["output"]
    assert row["odno"] == (padded.lstrip("0") if virtual else padded)
    assert int(row["odno"]) == int(padded)


@BOTH
async def test_a_marketable_buy_fills_at_the_ask_and_everything_agrees(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    await bid_ask(outside, "TQQQ")
    await outside.order("buy", "TQQQ", "10", "61.00")
    (row,) = (await outside.executions()).body["output"]
    assert (row["ft_ccld_qty"], row["nccs_qty"], row["ft_ccld_unpr3"]) == ("10", "0", "60.01000000")
    assert row["ft_ccld_amt3"] == "600.10000"
    (held,) = (await outside.balance()).body["output1"]
    assert (held["ovrs_pdno"], held["ovrs_cblc_qty"], held["pchs_avg_pric"]) == ("TQQQ", "10", "60.0100")
    state = await outside.control("state")
    fee = "6.00" if virtual else "1.50"
    assert state["fills"][0]["fee"] == fee
    assert state["cash"] == ("99393.90" if virtual else "99398.40")


@BOTH
async def test_the_sell_tr_of_each_environment_sells_quirk_1(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    await bid_ask(outside, "TQQQ")
    await outside.control("position", symbol="TQQQ", qty=10, average="50.00")
    answer = await outside.order("sell", "TQQQ", "4", "59.00")
    assert answer.code == ("40590000" if virtual else "APBK0013")
    (row,) = (await outside.executions()).body["output"]
    assert (row["sll_buy_dvsn_cd"], row["ft_ccld_unpr3"]) == ("01", "59.99000000")
    wrong = await outside.post(TRADING + "order", "VTTT1006U" if virtual else "TTTT1001U", **ACCOUNT)
    assert wrong.status == 500


@BOTH
async def test_a_cancellation_is_a_sibling_row_with_its_own_number_quirk_3_and_4(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    original = (await outside.order("buy", "TQQQ", "3", "20.00")).body["output"]["ODNO"]
    answer = await outside.change("cancel", original, "TQQQ", "3")
    assert answer.code == ("40630000" if virtual else "APBK0013")
    number = answer.body["output"]["ODNO"]
    assert int(number) > int(original)
    first, sibling = (await outside.executions()).body["output"]
    assert (first["rvse_cncl_dvsn"], first["nccs_qty"], first["ft_ord_qty"]) == ("00", "0", "3")
    assert (sibling["rvse_cncl_dvsn"], sibling["ft_ord_unpr3"], sibling["nccs_qty"]) == ("02", "0.00000000", "0")
    assert int(sibling["orgn_odno"]) == int(original)
    assert int(sibling["odno"]) == int(number)
    assert sibling["sll_buy_dvsn_cd_name"] == ("매수취소" if virtual else "매수")
    assert first["rvse_cncl_dvsn_name"] == ("보통" if virtual else "")


@BOTH
async def test_an_amendment_moves_the_rest_to_a_new_number(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    original = (await outside.order("buy", "TQQQ", "3", "20.00")).body["output"]["ODNO"]
    answer = await outside.change("amend", original, "TQQQ", "3", "21.00")
    assert answer.code == ("40620000" if virtual else "APBK0013")
    first, second = (await outside.executions()).body["output"]
    assert first["nccs_qty"] == "0"
    assert (second["rvse_cncl_dvsn"], second["nccs_qty"], second["ft_ord_unpr3"]) == ("01", "3", "21.00000000")
    stale = await outside.change("cancel", original, "TQQQ", "3")
    assert stale.body["rt_cd"] != "0"
    assert (await outside.change("cancel", answer.body["output"]["ODNO"], "TQQQ", "0")).body["rt_cd"] == "0"


@BOTH
async def test_a_change_without_its_kind_is_http_500_quirk_48(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    original = (await outside.order("buy", "TQQQ", "3", "20.00")).body["output"]["ODNO"]
    answer = await outside.change("cancel", original, "TQQQ", "3", RVSE_CNCL_DVSN_CD="")
    assert answer.status == 500
    assert answer.body["rt_cd"] == "1"
    assert answer.body["msg1"].strip() == "정정취소구분코드를 확인해주세요."


async def test_nothing_left_to_cancel_on_virtual_is_40330000(start: Starter) -> None:
    outside = await start()
    await bid_ask(outside, "TQQQ")
    number = (await outside.order("buy", "TQQQ", "1", "61.00")).body["output"]["ODNO"]
    answer = await outside.change("cancel", number, "TQQQ", "1")
    assert (answer.status, answer.code) == (500, "40330000")


async def test_the_order_date_is_new_yorks_and_the_time_seouls_quirk_5(start: Starter) -> None:
    outside = await start(virtual=False)
    await outside.order("buy", "TQQQ", "1", "20.00")
    (row,) = (await outside.executions()).body["output"]
    assert (row["ord_dt"], row["dmst_ord_dt"], row["ord_tmd"]) == ("20260915", "20260916", "010000")
    assert row["thco_ord_tmd"] == row["ord_tmd"]


async def test_virtual_open_orders_are_always_empty_quirk_6(start: Starter) -> None:
    outside = await start()
    await outside.order("buy", "TQQQ", "1", "20.00")
    answer = await outside.open_orders()
    assert (answer.status, answer.code, answer.body["output"]) == (200, "70070000", [])


async def test_real_open_orders_by_exchange_and_direction(start: Starter) -> None:
    outside = await start(virtual=False)
    await outside.order("buy", "TQQQ", "1", "20.00")
    await outside.order("buy", "KO", "2", "20.00", OVRS_EXCG_CD="NYSE")
    every = (await outside.open_orders("NASD")).body["output"]
    assert [row["pdno"] for row in every] == ["TQQQ", "KO"]
    assert [row["pdno"] for row in (await outside.open_orders("NYSE")).body["output"]] == ["KO"]
    assert [row["pdno"] for row in (await outside.open_orders(SORT_SQN="AS")).body["output"]] == ["KO", "TQQQ"]
    assert every[0]["nccs_qty"] == "1"
    assert every[0]["rvse_cncl_dvsn_cd"] == "00"


async def test_filters_work_on_real_and_do_nothing_on_virtual_quirk_7(start: Starter) -> None:
    for virtual, seen in ((True, 2), (False, 1)):
        outside = await start(virtual=virtual)
        await outside.order("buy", "TQQQ", "1", "20.00")
        await outside.order("buy", "KO", "2", "20.00", OVRS_EXCG_CD="NYSE")
        rows = (await outside.executions(PDNO="KO", OVRS_EXCG_CD="NYSE")).body["output"]
        assert len(rows) == seen


async def test_an_order_number_does_not_filter_quirk_8(start: Starter) -> None:
    outside = await start(virtual=False)
    number = (await outside.order("buy", "TQQQ", "1", "20.00")).body["output"]["ODNO"]
    await outside.order("buy", "TQQQ", "1", "21.00")
    assert len((await outside.executions(ODNO=number)).body["output"]) == 2


async def test_fills_reach_inquiries_late_and_each_in_its_own_time_quirk_9(start: Starter) -> None:
    outside = await start(ccnl_lag_s=(2.0, 2.0), balance_lag_s=(1.0, 1.0))
    await bid_ask(outside, "TQQQ")
    await outside.order("buy", "TQQQ", "10", "61.00")
    (row,) = (await outside.executions()).body["output"]
    assert (row["ft_ccld_qty"], row["nccs_qty"]) == ("0", "10")
    assert (await outside.balance()).body["output1"] == []
    await outside.simulator.advance(1.0)
    assert len((await outside.balance()).body["output1"]) == 1
    assert (await outside.executions()).body["output"][0]["ft_ccld_qty"] == "0"
    await outside.simulator.advance(1.0)
    assert (await outside.executions()).body["output"][0]["ft_ccld_qty"] == "10"


async def test_status_names_are_empty_on_virtual_and_told_on_real_quirk_10(start: Starter) -> None:
    for virtual, names in ((True, ["", ""]), (False, ["전송", "완료"])):
        outside = await start(virtual=virtual)
        await bid_ask(outside, "TQQQ")
        await outside.order("buy", "TQQQ", "1", "20.00")
        await outside.order("buy", "TQQQ", "1", "61.00")
        assert [row["prcs_stat_name"] for row in (await outside.executions()).body["output"]] == names


async def test_expiry_at_the_end_of_the_korean_trading_day(start: Starter) -> None:
    outside = await start(virtual=False)
    await outside.order("buy", "TQQQ", "1", "20.00")
    await outside.simulator.advance_to(datetime(2026, 9, 15, 21, 59, tzinfo=UTC))
    assert (await outside.executions()).body["output"][0]["nccs_qty"] == "1"
    await outside.simulator.advance_to(datetime(2026, 9, 15, 22, 0, tzinfo=UTC))  # 07:00 in Seoul
    (row,) = (await outside.executions()).body["output"]
    assert (row["nccs_qty"], row["rjct_rson_name"], row["prcs_stat_name"]) == ("0", "DFD 장종료로 취소", "완료")


async def test_virtual_orders_end_with_the_regular_session(start: Starter) -> None:
    outside = await start()
    await outside.order("buy", "TQQQ", "1", "20.00")
    await outside.simulator.advance_to(datetime(2026, 9, 15, 20, 0, tzinfo=UTC))
    (row,) = (await outside.executions()).body["output"]
    assert row["nccs_qty"] == "0"


async def test_empty_results_in_three_shapes_quirk_14(start: Starter) -> None:
    listed = await (await start(virtual=False)).executions()
    assert (listed.body["rt_cd"], listed.code, listed.body["output"]) == ("0", "KIOK0560", [])
    shaped = await (await start(virtual=False, empty_result="object")).executions()
    assert shaped.body["rt_cd"] == "0"
    assert (shaped.body["output"]["odno"], shaped.body["output"]["ft_ord_qty"]) == ("", "0")
    virtual = await (await start()).executions()
    assert (virtual.body["rt_cd"], virtual.code) == ("0", "70070000")


@pytest.mark.parametrize(("virtual", "size"), [(True, 15), (False, 20)])
async def test_pages_go_on_by_tr_cont_with_padded_contexts_quirk_17(start: Starter, virtual: bool, size: int) -> None:
    outside = await start(virtual=virtual)
    for n in range(2 * size + 3):
        await outside.order("buy", "TQQQ", "1", f"{10 + n}.00")
    pages: list[list[str]] = []
    context: dict[str, str] = {}
    cont = ""
    marks: list[str] = []
    while True:
        page = await outside.executions(tr_cont=cont, **context)
        marks.append(page.tr_cont)
        pages.append([row["odno"] for row in page.body["output"]])
        assert len(page.body["ctx_area_fk200"]) == len(page.body["ctx_area_nk200"]) == 200
        if page.tr_cont not in {"F", "M"}:
            break
        context = {
            "ctx_area_fk200": page.body["ctx_area_fk200"],  # 10.1, 1: lower case is taken too
            "ctx_area_nk200": page.body["ctx_area_nk200"].strip(),
            "CTX_AREA_FK200": page.body["ctx_area_fk200"],
            "CTX_AREA_NK200": page.body["ctx_area_nk200"],
        }
        cont = "N"
    assert marks == ["F", "M", "E"]
    assert [len(page) for page in pages] == [size, size, 3]
    assert len({number for page in pages for number in page}) == 2 * size + 3
    assert page.body["ctx_area_nk200"].strip() == ""


async def test_lower_case_contexts_alone_page_too_10_1_1(start: Starter) -> None:
    outside = await start()
    for n in range(17):
        await outside.order("buy", "TQQQ", "1", f"{10 + n}.00")
    first = await outside.executions()
    params = {
        **ACCOUNT, "PDNO": "", "ORD_STRT_DT": "20260915", "ORD_END_DT": "20260915", "SLL_BUY_DVSN": "00",
        "CCLD_NCCS_DVSN": "00", "OVRS_EXCG_CD": "", "SORT_SQN": "DS", "ORD_DT": "", "ORD_GNO_BRNO": "", "ODNO": "",
        "ctx_area_fk200": first.body["ctx_area_fk200"], "ctx_area_nk200": first.body["ctx_area_nk200"],
    }  # fmt: skip
    second = await outside.get(TRADING + "inquire-ccnl", "VTTS3035R", tr_cont="N", **params)
    assert (len(second.body["output"]), second.tr_cont) == (2, "E")


async def test_an_order_without_optional_fields_is_taken_10_1_3(start: Starter) -> None:
    outside = await start(virtual=False)
    body = {"OVRS_EXCG_CD": "NASD", "PDNO": "TQQQ", "ORD_QTY": "1", "OVRS_ORD_UNPR": "20", "ORD_SVR_DVSN_CD": "0"}
    placed = await outside.post(TRADING + "order", "TTTT1002U", **ACCOUNT, **body, ORD_DVSN="00")
    assert placed.code == "APBK0013"
    change = {"OVRS_EXCG_CD": "NASD", "PDNO": "TQQQ", "ORGN_ODNO": placed.body["output"]["ODNO"].lstrip("0")}
    change |= {"RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "0", "OVRS_ORD_UNPR": "0"}
    assert (await outside.post(TRADING + "order-rvsecncl", "TTTT1004U", **ACCOUNT, **change)).code == "APBK0013"


@pytest.mark.parametrize("text", ["20", "20.5", "20.50", "20.5000"])
async def test_prices_with_and_without_trailing_zeros_10_1_4(start: Starter, text: str) -> None:
    outside = await start()
    assert (await outside.order("buy", "TQQQ", "1", text)).body["rt_cd"] == "0"


@pytest.mark.parametrize(
    ("change", "on_real", "on_virtual"),
    [
        ({"OVRS_ORD_UNPR": "20.123"}, "APBK1507", "40030000"),
        ({"OVRS_ORD_UNPR": "20.12345678"}, "APBK1507", "40030000"),
        ({"OVRS_ORD_UNPR": "0"}, "APBK1507", "40310000"),
        ({"ORD_DVSN": "01"}, "APBK1269", "APBK1269"),
        ({"ORD_QTY": "100000"}, "APBK0952", "40250000"),
        ({"PDNO": "NOSUCH"}, "APBK0656", "40070000"),
        ({"OVRS_EXCG_CD": "NYSE"}, "APBK0656", "40070000"),
        ({"OVRS_EXCG_CD": "NAS"}, "OPSQ2002", "OPSQ2002"),
        ({"ORD_QTY": "0"}, "OPSQ2002", "OPSQ2002"),
        ({"ORD_QTY": "1.5"}, "OPSQ2002", "OPSQ2002"),
    ],
)
@BOTH
async def test_refusals_with_their_http_status_10_2(
    start: Starter, change: dict[str, str], on_real: str, on_virtual: str, virtual: bool
) -> None:
    outside = await start(virtual=virtual)
    body = {"qty": change.get("ORD_QTY", "1"), "price": change.get("OVRS_ORD_UNPR", "20.00")}
    answer = await outside.order("buy", "TQQQ", body["qty"], body["price"], **change)
    assert answer.code == (on_virtual if virtual else on_real)
    assert answer.body["rt_cd"] != "0"
    assert answer.status == (500 if virtual else 200)  # quirks 15 and 16


@BOTH
async def test_selling_what_is_not_held_is_refused(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    assert (await outside.order("sell", "TQQQ", "1", "20.00")).code == ("40240000" if virtual else "APBK0400")
    await outside.control("position", symbol="TQQQ", qty=5)
    assert (await outside.order("sell", "TQQQ", "6", "90.00")).code == ("40310000" if virtual else "APBK0400")
    assert (await outside.order("sell", "TQQQ", "5", "90.00")).body["rt_cd"] == "0"
    assert (await outside.order("sell", "TQQQ", "1", "90.00")).body["rt_cd"] != "0"


async def test_a_missing_field_is_named(start: Starter) -> None:
    outside = await start()
    answer = await outside.get(TRADING + "inquire-balance", "VTTS3012R", **ACCOUNT)
    assert answer.code == "OPSQ2001"
    assert "OVRS_EXCG_CD" in answer.body["msg1"]


@pytest.mark.parametrize(
    ("now", "on_real", "on_virtual"),
    [
        (PRE_MARKET, "APBK0013", "40570000"),
        (NOON, "APBK0013", "40600000"),
        (AFTER_MARKET, "APBK0013", "40580000"),
        (CLOSED_HOUR, "APBK0918", "40580000"),
        (SUNDAY, "APBK1664", "40100000"),
        (DAY_MARKET, "APBK1664", "40580000"),
    ],
)
@BOTH
async def test_sessions_decide_who_may_order_quirk_37(
    start: Starter, now: datetime, on_real: str, on_virtual: str, virtual: bool
) -> None:
    outside = await start(virtual=virtual, now=now)
    answer = await outside.order("buy", "TQQQ", "1", "20.00")
    expected = on_virtual if virtual else on_real
    if now is DAY_MARKET and not virtual:
        expected = "APBK0918"  # it is a trading day in New York, only not its hours
    assert answer.code == expected


async def test_virtual_takes_limit_orders_only_and_not_every_ticker_quirk_37(start: Starter) -> None:
    outside = await start(virtual_excluded=("KO",))
    assert (await outside.order("buy", "TQQQ", "1", "20.00", ORD_DVSN="34")).code == "90000000"
    assert (await outside.order("buy", "KO", "1", "20.00", OVRS_EXCG_CD="NYSE")).code == "40070000"


async def test_an_expired_virtual_account_answers_queries_only_quirk_38(start: Starter) -> None:
    outside = await start(expired_virtual_account=True)
    assert (await outside.order("buy", "TQQQ", "1", "20.00")).code == "40910000"
    assert (await outside.balance()).body["rt_cd"] == "0"


async def test_the_virtual_fee_is_one_per_cent_a_side_quirk_39(start: Starter) -> None:
    outside = await start(cash=Decimal(1000))
    await outside.control("tick", symbol="TQQQ", last="50.00", bid="50.00", ask="50.00")
    await outside.order("buy", "TQQQ", "10", "50.00")
    assert (await outside.control("state"))["cash"] == "495.00"
    await outside.order("sell", "TQQQ", "10", "50.00")
    assert (await outside.control("state"))["cash"] == "990.00"


async def test_an_order_of_over_one_per_cent_of_the_shares_passes_quirk_51(start: Starter) -> None:
    outside = await start(virtual=False)
    await outside.control("cash", cash="99999999999")
    answer = await outside.order("buy", "TQQQ", "9000000", "20.00")
    assert answer.code == "APBK0013"


async def test_open_buys_hold_cash_with_their_fee(start: Starter) -> None:
    outside = await start()
    await outside.control("cash", cash="1000.00")
    await outside.order("buy", "TQQQ", "9", "50.00")
    output = (await outside.buyable("TQQQ", "50.00")).body["output"]
    assert output["ord_psbl_frcr_amt"] == "545.50"
    assert output["ovrs_ord_psbl_amt"] == "540.09"
    assert output["max_ord_psbl_qty"] == "10"
    assert (await outside.order("buy", "TQQQ", "11", "50.00")).code == "40250000"
    assert (await outside.order("buy", "TQQQ", "10", "50.00")).body["rt_cd"] == "0"


async def test_auction_orders_on_real(start: Starter) -> None:
    outside = await start(virtual=False, now=PRE_MARKET)
    await outside.control("position", symbol="TQQQ", qty=10)
    assert (await outside.order("buy", "TQQQ", "1", "0", ORD_DVSN="31")).code == "APBK1269"
    assert (await outside.order("sell", "TQQQ", "2", "0", ORD_DVSN="31")).code == "APBK0013"
    assert (await outside.order("buy", "TQQQ", "3", "900.00", ORD_DVSN="32")).code == "APBK0013"
    assert (await outside.order("buy", "TQQQ", "3", "1.00", ORD_DVSN="32")).code == "APBK0013"
    assert (await outside.order("sell", "TQQQ", "2", "0", ORD_DVSN="33")).code == "APBK0013"
    assert (await outside.order("sell", "TQQQ", "2", "1.00", ORD_DVSN="34")).code == "APBK0013"
    await outside.simulator.advance_to(datetime(2026, 9, 15, 13, 31, tzinfo=UTC))
    tape = outside.simulator.market.tape("TQQQ")
    assert tape is not None
    state = await outside.control("state")
    moo, loo, missed, moc, loc = state["orders"]
    opened = f"{tape.today.open / 10_000:.4f}"
    assert (moo["status"], moo["average"]) == ("filled", opened)
    assert (loo["status"], loo["average"]) == ("filled", opened)
    assert missed["status"] == "expired"
    assert moc["status"] == loc["status"] == "working"
    late = await outside.order("buy", "TQQQ", "1", "90.00", ORD_DVSN="32")
    assert late.code == "APBK0918"
    await outside.simulator.advance_to(datetime(2026, 9, 15, 20, 0, 1, tzinfo=UTC))
    (
        *_,
        moc,
        loc,
    ) = (await outside.control("state"))["orders"]
    closed = f"{tape.today.close / 10_000:.4f}"
    assert (moc["status"], moc["average"], loc["average"]) == ("filled", closed, closed)


async def test_day_market_orders_have_their_own_paths(start: Starter) -> None:
    outside = await start(virtual=False, now=DAY_MARKET)
    body = {**ACCOUNT, "OVRS_EXCG_CD": "NASD", "PDNO": "TQQQ", "ORD_QTY": "1", "OVRS_ORD_UNPR": "20.00"}
    body |= {"CTAC_TLNO": "", "MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00"}
    placed = await outside.post(TRADING + "daytime-order", "TTTS6036U", **body)
    number = placed.body["output"]["ODNO"]
    assert placed.code == "APBK0013"
    assert int(number) < 100
    wrong = await outside.change("cancel", number, "TQQQ", "1")
    assert wrong.code == "APBK0918"
    change = {**ACCOUNT, "OVRS_EXCG_CD": "NASD", "PDNO": "TQQQ", "ORGN_ODNO": number.lstrip("0"), "ORD_QTY": "1"}
    change |= {"RVSE_CNCL_DVSN_CD": "02", "OVRS_ORD_UNPR": "0", "CTAC_TLNO": "", "MGCO_APTM_ODNO": ""}
    done = await outside.post(TRADING + "daytime-order-rvsecncl", "TTTS6038U", **change)
    assert done.code == "APBK0013"
    await outside.simulator.advance_to(NOON)
    assert (await outside.post(TRADING + "daytime-order", "TTTS6036U", **body)).code == "APBK0918"


async def test_twap_fills_in_slices_until_its_end(start: Starter) -> None:
    outside = await start(virtual=False)
    placed = await outside.order("buy", "TQQQ", "20", "900.00", ORD_DVSN="35", ALGO_ORD_TMD_DVSN_CD="02")
    number = placed.body["output"]["ODNO"]
    assert (await outside.change("amend", number, "TQQQ", "20", "899.00")).body["rt_cd"] != "0"
    await outside.simulator.advance(3600)
    state = await outside.control("state")
    assert 0 < state["orders"][0]["filled"] < 20 or len(state["fills"]) > 3
    context = {"CTX_AREA_NK200": "", "CTX_AREA_FK200": ""}
    listed = await outside.get(TRADING + "algo-ordno", "TTTS6058R", **ACCOUNT, TRAD_DT="20260915", **context)
    assert listed.body["output"][0]["trad_dvsn_name"] == "TWAP지정가매수"
    params = {**ACCOUNT, "ORD_DT": "20260915", "ORD_GNO_BRNO": "01790", "ODNO": number, "TTLZ_ICLD_YN": "Y", **context}
    slices = await outside.get(TRADING + "inquire-algo-ccnl", "TTTS6059R", **params)
    assert len(slices.body["output1"]) == len(state["fills"])
    assert slices.body["output2"]["ccld_cnt"] == str(len(state["fills"]))


async def test_reserved_orders_are_kept_listed_canceled_and_sent_at_the_open(start: Starter) -> None:
    outside = await start(virtual=False, now=DAY_MARKET)
    body = {**ACCOUNT, "PDNO": "TQQQ", "OVRS_EXCG_CD": "NASD", "FT_ORD_QTY": "1", "FT_ORD_UNPR3": "900.00"}
    kept = await outside.post(TRADING + "order-resv", "TTTT3014U", **body)
    dropped = await outside.post(TRADING + "order-resv", "TTTT3014U", **body)
    cancel = {**ACCOUNT, "RSVN_ORD_RCIT_DT": "20260915", "OVRS_RSVN_ODNO": dropped.body["output"]["ODNO"]}
    assert (await outside.post(TRADING + "order-resv-ccnl", "TTTT3017U", **cancel)).code == "APBK1711"
    params = {**ACCOUNT, "INQR_STRT_DT": "20260915", "INQR_END_DT": "20260915", "INQR_DVSN_CD": "00"}
    params |= {"PRDT_TYPE_CD": "", "OVRS_EXCG_CD": "", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
    first, second = (await outside.get(TRADING + "order-resv-list", "TTTT3039R", **params)).body["output"]
    assert (first["ovrs_rsvn_odno"], first["cncl_yn"], first["odno"]) == (kept.body["output"]["ODNO"], "N", "")
    assert second["cncl_yn"] == "Y"
    await outside.simulator.advance_to(datetime(2026, 9, 15, 13, 31, tzinfo=UTC))
    sent = (await outside.get(TRADING + "order-resv-list", "TTTT3039R", **params)).body["output"][0]
    assert (sent["odno"] != "", sent["ft_ccld_qty"]) == (True, "1")
    late = await outside.post(TRADING + "order-resv", "TTTT3014U", **body)
    assert late.code == "APBK0918"


async def test_reserved_orders_outside_their_hours_on_virtual(start: Starter) -> None:
    outside = await start()
    body = {**ACCOUNT, "PDNO": "TQQQ", "OVRS_EXCG_CD": "NASD", "FT_ORD_QTY": "1", "FT_ORD_UNPR3": "20.00"}
    assert (await outside.post(TRADING + "order-resv", "VTTT3014U", **body)).code == "40490000"
