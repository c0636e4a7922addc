"""Answers of the account that users and the published examples know, and nobody expects."""

import json
from typing import Any

import pytest

from kis.simulator.cli import _parser, build
from kis.simulator.faults.faults import InjectedFault
from kis.simulator.faults.spoiling import Asked, spoiled
from kis.simulator.options import Holding
from tests.kis.simulator.conftest import Starter
from tests.kis.simulator.outside import ACCOUNT, TRADING, Outside

TQQQ = Holding(symbol="TQQQ", qty=100)


async def present(outside: Outside) -> dict[str, Any]:
    params = {**ACCOUNT, "WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
    return (await outside.get(TRADING + "inquire-present-balance", "CTRP6504R", **params)).body


# -- nothing found ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("virtual", [True, False])
async def test_no_orders_as_the_published_example_tells_it(start: Starter, virtual: bool) -> None:
    """Keys blank, numbers 0, and three fields that are neither (kis-protocol 3.9)."""
    outside = await start(virtual=virtual, empty_result="object")
    answer = (await outside.executions()).body
    output = answer["output"]
    assert {output[key] for key in ("odno", "ord_dt", "pdno")} == {""}
    kept = {"mdia_dvsn_name": "OpenAPI", "usa_amk_exts_rqst_yn": "N", "splt_buy_attr_name": "00:00~04:00"}
    assert {name: output[name] for name in kept} == kept
    rest = {text for name, text in output.items() if name not in kept}
    assert {text.strip("0.") for text in rest} == {""}
    assert answer["rt_cd"] == "0"


async def test_the_published_object_on_request_for_one_inquiry(start: Starter) -> None:
    outside = await start(virtual=False)
    await outside.control("fault", kind="empty_object", tr_id="trading/inquire-ccnl")
    assert isinstance((await outside.executions()).body["output"], dict)
    assert (await outside.open_orders()).body["output"] == []
    await outside.send("DELETE", "/sim/fault")
    assert (await outside.executions()).body["output"] == []


async def test_a_balance_of_nothing_as_an_object(start: Starter) -> None:
    body = (await (await start(empty_result="object")).balance()).body
    assert body["output1"]["ovrs_pdno"] == ""
    assert isinstance(body["output2"], dict)


@pytest.mark.parametrize("rt_cd", ["7", "1"])
@pytest.mark.parametrize("msg_cd", ["KIOK0560", "APBK1631", "70070000"])
async def test_nothing_found_with_an_error_beside_it(start: Starter, rt_cd: str, msg_cd: str) -> None:
    outside = await start(holdings=(TQQQ,))
    await outside.control("fault", kind="empty_code", rt_cd=rt_cd, msg_cd=msg_cd)
    answer = await outside.executions()
    assert (answer.status, answer.body["rt_cd"], answer.body["msg_cd"]) == (200, rt_cd, msg_cd)
    assert answer.body["msg1"].strip()
    assert (await outside.balance()).body["rt_cd"] == "0"  # something was found there


async def test_nothing_found_with_rt_cd_7_as_an_option(start: Starter) -> None:
    outside = await start(empty_rt_cd="7")
    assert ((await outside.executions()).body["rt_cd"], (await outside.balance()).body["rt_cd"]) == ("7", "7")


# -- odd rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("virtual", [True, False])
async def test_odd_rows_stand_among_holdings_and_orders(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual, holdings=(TQQQ,))
    await outside.order("buy", "TQQQ", "1", "20.00")
    await outside.control("fault", kind="odd_rows")
    rows = {row["ovrs_pdno"]: row for row in (await outside.balance()).body["output1"]}
    assert rows["TQQQ"]["ovrs_cblc_qty"] == "100"
    bond = next(row for ticker, row in rows.items() if len(ticker) == 12)
    assert (bond["ovrs_excg_cd"], bond["ovrs_cblc_qty"]) == ("", "10000")
    assert "0.847972" in {row["ovrs_cblc_qty"] for row in rows.values()}
    assert {"", "-"} < {row["ovrs_cblc_qty"] for row in rows.values()}
    assert "BRK.B" in rows
    assert "" in rows
    orders = (await outside.executions()).body["output"]
    assert {row["pdno"] for row in orders} >= {"TQQQ", bond["ovrs_pdno"], "BRK.B", ""}
    assert {row["ft_ord_qty"] for row in orders} >= {"1", "0.847972", "-", ""}


async def test_odd_rows_by_name_and_once_over_the_exchanges_of_virtual(start: Starter) -> None:
    outside = await start(holdings=(TQQQ,))
    await outside.control("fault", kind="odd_rows", rows=["bond"], tr_id="trading/inquire-balance")
    found = [len((await outside.balance(exchange)).body["output1"]) for exchange in ("NASD", "NYSE", "AMEX")]
    assert found == [2, 0, 0]
    assert (await outside.executions()).body["output"] == []


async def test_odd_rows_in_the_present_balance(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(TQQQ,))
    await outside.control("fault", kind="odd_rows", rows=["fraction", "bond"])
    rows = (await present(outside))["output1"]
    assert [row["ccld_qty_smtl1"] for row in rows] == ["100.00000000", "0.847972", "10000"]


async def test_holdings_valued_at_nothing(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(TQQQ, Holding(symbol="KO", qty=5)))
    await outside.control("fault", kind="zero_valuation", symbol="TQQQ")
    rows = {row["ovrs_pdno"]: row for row in (await outside.balance()).body["output1"]}
    assert (rows["TQQQ"]["now_pric2"], rows["TQQQ"]["evlu_pfls_rt"]) == ("0.000000", "-100.00")
    assert rows["TQQQ"]["ovrs_cblc_qty"] == "100"
    assert rows["KO"]["now_pric2"] != "0.000000"
    assert [row["ovrs_now_pric1"] == "0.00000" for row in (await present(outside))["output1"]] == [False, True]


# -- any answer, rewritten -------------------------------------------------------------------------------------------


async def test_any_field_of_any_row_can_be_rewritten(start: Starter) -> None:
    outside = await start(holdings=(TQQQ, Holding(symbol="QQQ", qty=5)))
    await outside.control(
        "fault", kind="rewrite", tr_id="VTTS3012R", part="output1", where={"ovrs_pdno": "QQQ"},
        set={"ovrs_cblc_qty": "", "pchs_avg_pric": "x"}, drop=["now_pric2"],
    )  # fmt: skip
    rows = {row["ovrs_pdno"]: row for row in (await outside.balance()).body["output1"]}
    assert (rows["QQQ"]["ovrs_cblc_qty"], rows["QQQ"]["pchs_avg_pric"]) == ("", "x")
    assert "now_pric2" not in rows["QQQ"]
    assert rows["TQQQ"]["ovrs_cblc_qty"] == "100"
    rows = {row["ovrs_pdno"]: row for row in (await outside.balance()).body["output1"]}
    assert rows["QQQ"]["ovrs_cblc_qty"] == "5"


async def test_rows_can_be_added_and_taken_out(start: Starter) -> None:
    outside = await start(holdings=(TQQQ, Holding(symbol="QQQ", qty=5)))
    await outside.control(
        "fault", kind="rewrite", tr_id="trading/inquire-balance", part="output1", where={"ovrs_pdno": "QQQ"},
        remove=True, add=[{"ovrs_pdno": "AAPL"}],
    )  # fmt: skip
    rows = (await outside.balance()).body["output1"]
    assert [row["ovrs_pdno"] for row in rows] == ["TQQQ", "AAPL"]
    assert rows[1].keys() == rows[0].keys()


async def test_an_order_can_be_taken_and_answered_with_an_unlisted_error(start: Starter) -> None:
    outside = await start()
    code = {"rt_cd": "1", "msg_cd": "IGW00009", "msg1": "응답을 만들 수 없습니다."}
    await outside.control("fault", kind="rewrite", tr_id="trading/order", code=code, only_code=True, status=500)
    answer = await outside.order("buy", "TQQQ", "1", "20.00")
    assert (answer.status, answer.body) == (500, code)
    assert len((await outside.control("state"))["orders"]) == 1


# -- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["EGW00201", "EGW00215", "EGW00121", "IGW00017", "KIER2810"])
async def test_any_code_with_http_500_before_the_order_is_looked_at(start: Starter, code: str) -> None:
    outside = await start()
    await outside.control("fault", kind="refuse", tr_id=["VTTT1002U", "VTTT1001U"], msg_cd=code, msg1="사유", count=2)
    assert (await outside.balance()).status == 200
    for _ in range(2):
        answer = await outside.order("buy", "TQQQ", "1", "20.00")
        assert (answer.status, answer.code, answer.body["msg1"].strip()) == (500, code, "사유")
    state = await outside.control("state")
    assert (state["orders"], state["refusals_by_code"]) == ([], {code: 2})
    assert (await outside.order("buy", "TQQQ", "1", "20.00")).body["rt_cd"] == "0"


async def test_the_text_of_a_known_code_need_not_be_given(start: Starter) -> None:
    outside = await start()
    await outside.control("fault", kind="refuse", tr_id="trading/order", msg_cd="EGW00215")
    assert "원장" in (await outside.order("buy", "TQQQ", "1", "20.00")).body["msg1"]


async def test_what_can_be_ordered_may_be_less_than_what_is_held(start: Starter) -> None:
    outside = await start(virtual=False, holdings=(TQQQ,))
    await outside.control("fault", kind="withhold", symbol="TQQQ", qty=60)
    (row,) = (await outside.balance()).body["output1"]
    assert (row["ovrs_cblc_qty"], row["ord_psbl_qty"]) == ("100", "40")
    assert (await outside.order("sell", "TQQQ", "100", "90.00")).code == "APBK0400"
    assert (await outside.order("sell", "TQQQ", "40", "90.00")).body["rt_cd"] == "0"
    (row,) = (await outside.balance()).body["output1"]
    assert row["ord_psbl_qty"] == "0"
    await outside.send("DELETE", "/sim/fault")
    (row,) = (await outside.balance()).body["output1"]
    assert row["ord_psbl_qty"] == "60"


@pytest.mark.parametrize("virtual", [True, False])
async def test_a_sell_that_would_meet_an_own_buy_is_refused(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual, holdings=(TQQQ,))
    await outside.control("tick", symbol="TQQQ", last="61.00", bid="60.90", ask="61.00")
    await outside.control("order", symbol="TQQQ", side="buy", qty=5, price="60.00")
    assert (await outside.order("sell", "TQQQ", "1", "70.00")).body["rt_cd"] == "0"
    await outside.control("fault", kind="wash_trades")
    assert (await outside.order("sell", "TQQQ", "1", "60.10")).body["rt_cd"] == "0"
    refused = await outside.order("sell", "TQQQ", "1", "59.00")
    assert (refused.status, refused.body["rt_cd"]) == ((500, "1") if virtual else (200, "7"))
    assert "반대 주문" in refused.body["msg1"]
    (own,) = [o for o in (await outside.control("state"))["open_orders"] if o["side"] == "buy"]
    await outside.control("cancel", odno=int(own["odno"]))
    assert (await outside.order("sell", "TQQQ", "1", "59.00")).body["rt_cd"] == "0"


# -- from the start --------------------------------------------------------------------------------------------------


async def test_faults_of_the_options_are_in_force_from_the_first_call(start: Starter) -> None:
    outside = await start(faults=({"kind": "empty_object"}, {"kind": "http_500", "tr_id": "VTTS3012R"}))
    assert isinstance((await outside.executions()).body["output"], dict)
    assert [(await outside.balance()).status for _ in range(2)] == [500, 200]


def test_faults_can_be_given_on_the_command_line() -> None:
    line = ["--port", "0", "--fault", '{"kind": "odd_rows", "rows": ["bond"]}', "--fault", '{"kind": "wash_trades"}']
    simulator = build(_parser().parse_args(line))
    in_force = simulator.world.faults.active(simulator.world.now_ms)
    assert [(fault["kind"], fault.get("rows")) for fault in in_force] == [("odd_rows", ["bond"]), ("wash_trades", None)]


@pytest.mark.parametrize("other", ["bad_json", "http_html", "http_500"])
async def test_faults_of_two_kinds_may_hit_one_answer(start: Starter, other: str) -> None:
    """Rewritten and then cut off: the server itself answered neither."""
    outside = await start(virtual=False, holdings=(TQQQ,))
    await outside.control("fault", kind="odd_rows")
    await outside.control("fault", kind="rewrite", tr_id="trading/inquire-balance", set={"rt_cd": "0"}, count=1)
    await outside.control("fault", kind=other, tr_id="trading/inquire-balance", count=1)
    answer = await outside.balance()
    assert answer.status in (200, 500, 503)
    assert answer.text  # sent whole: a server whose own handler fails says "Server got itself in trouble"
    assert "trouble" not in answer.text
    if other != "http_500":
        with pytest.raises(json.JSONDecodeError):
            json.loads(answer.text)


@pytest.mark.parametrize("raw", [b"<html>down</html>", b"", b"Internal Server Error"])
def test_what_is_no_json_is_left_alone_and_uses_no_fault_up(raw: bytes) -> None:
    used: list[str] = []

    def fault_of(kind: str, *, place: str) -> InjectedFault | None:
        used.append(f"{kind} at {place}")
        return InjectedFault(1, kind, frozenset(), 1, None) if kind == "empty_output" else None

    asked = Asked("trading/inquire-balance", {}, "")
    assert spoiled(raw, 200, asked, fault_of) == (raw, 200)
    assert used == []
    assert spoiled(b'{"rt_cd":"0","output1":[{"a":"1"}]}', 200, asked, fault_of) == (b'{"rt_cd":"0","output1":[]}', 200)
