"""Orders and account calls over a scripted server: bodies, TR ids, outcomes.

Rows S68, S69, S70, S71, S73, S74, S75, S76, S112.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kis.errors import KisData
from strategy.model import (
    BrokerFault,
    Deposit,
    Market,
    NotOffered,
    OrderRejected,
    OrderRequest,
    OrderStatus,
    OrderType,
    Origin,
    OutcomeUnknown,
    Side,
    Symbol,
    TryLater,
    VenueNo,
)
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import FakeKis, Say, Script, client, drop, error, hang
from tests.support.words import english, korean

MSFT = Symbol(Market.NASDAQ, "MSFT")
KO = Symbol(Market.NYSE, "KO")
ACK = Say(
    {
        "rt_cd": "0",
        "msg_cd": "APBK0013",
        "msg1": "주문 전송 완료 되었습니다.",
        "output": {"KRX_FWDG_ORD_ORGNO": "01790", "ODNO": "0030412207", "ORD_TMD": "224107"},
    }
)


def request(**changes: Any) -> OrderRequest:
    values: dict[str, Any] = {
        "symbol": MSFT,
        "side": Side.BUY,
        "qty": 3,
        "limit_price": Decimal("431.15"),
        "origin": Origin.MANUAL,
        "created_at": datetime(2026, 9, 15, 14, 0, tzinfo=UTC),
        **changes,
    }
    return OrderRequest(**values)


@pytest.mark.parametrize(
    ("virtual", "side", "tr_id", "sell_type"),
    [
        ("false", Side.BUY, "TTTT1002U", ""),
        ("false", Side.SELL, "TTTT1006U", "00"),
        ("true", Side.BUY, "VTTT1002U", ""),
        ("true", Side.SELL, "VTTT1001U", "00"),
    ],
)
async def test_order_body_and_id_are_the_published_ones_s68_s69(
    tmp_path: Path, virtual: str, side: Side, tr_id: str, sell_type: str
) -> None:
    fake = FakeKis()
    fake.on(tr_id, ACK)
    async with client(fake, JumpClock(), tmp_path, is_virtual=virtual) as kis:
        acceptance = await kis.broker.submit(request(side=side))
    assert acceptance.venue_no == "30412207"
    (asked,) = fake.of(tr_id)
    assert asked.method == "POST"
    assert asked.path == "/uapi/overseas-stock/v1/trading/order"
    assert asked.body == {
        "CANO": "50123456",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": "NASD",
        "PDNO": "MSFT",
        "ORD_QTY": "3",
        "OVRS_ORD_UNPR": "431.15",
        "CTAC_TLNO": "",
        "MGCO_APTM_ODNO": "",
        "SLL_TYPE": sell_type,
        "ORD_SVR_DVSN_CD": "0",
        "ORD_DVSN": "00",
    }
    assert asked.headers["authorization"] == "Bearer token-1"
    assert asked.headers["custtype"] == "P"
    assert "hashkey" not in asked.headers


@pytest.mark.parametrize(("virtual", "tr_id"), [("false", "TTTT1004U"), ("true", "VTTT1004U")])
async def test_amend_and_cancel_name_their_code_and_the_padded_number_s70_s71(
    tmp_path: Path, virtual: str, tr_id: str
) -> None:
    fake = FakeKis()
    fake.on(tr_id, ACK)
    async with client(fake, JumpClock(), tmp_path, is_virtual=virtual) as kis:
        amended = await kis.broker.amend(KO, VenueNo("51877"), 2, Decimal("66.50"))
        await kis.broker.cancel(KO, VenueNo("51877"), 2)
    assert amended.venue_no == "30412207"
    changed, canceled = (asked.body for asked in fake.of(tr_id))
    shared = {
        "CANO": "50123456",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": "NYSE",
        "PDNO": "KO",
        "ORGN_ODNO": "0000051877",
        "ORD_QTY": "2",
        "MGCO_APTM_ODNO": "",
        "ORD_SVR_DVSN_CD": "0",
    }
    assert changed == {**shared, "RVSE_CNCL_DVSN_CD": "01", "OVRS_ORD_UNPR": "66.5"}
    assert canceled == {**shared, "RVSE_CNCL_DVSN_CD": "02", "OVRS_ORD_UNPR": "0"}


@pytest.mark.parametrize(
    ("script", "raised"),
    [
        (drop, OutcomeUnknown),
        (hang(), OutcomeUnknown),
        (Say("<html>502</html>", 502), OutcomeUnknown),
        (Say("{broken", 200), OutcomeUnknown),
        (Say({"rt_cd": "0", "msg_cd": "APBK0013", "msg1": "", "output": {}}), OutcomeUnknown),
        (error("EGW00001"), OutcomeUnknown),
        (error("EGW00301"), OutcomeUnknown),
        (error("EGW00302"), OutcomeUnknown),
        (error("90020000"), OutcomeUnknown),
        (error("IGW00009", rt_cd="0", status=200), OutcomeUnknown),
        (error("40330000"), OutcomeUnknown),
        (error("EGW09999"), OutcomeUnknown),
        (error("EGW00201"), TryLater),
        (error("EGW00215"), TryLater),
        (error("APBK0952", "주문가능금액을 초과 했습니다", 200, "7"), OrderRejected),
        (error("40580000", "모의투자 장종료 입니다."), OrderRejected),
        (error("APBK9999", "무엇인가", 200), OrderRejected),
        (error("OPSQ2000", status=200, rt_cd="2"), BrokerFault),
        (error("EGW02004"), BrokerFault),
    ],
)
async def test_an_order_is_sent_once_whatever_comes_back(
    tmp_path: Path, script: Script, raised: type[Exception]
) -> None:
    fake = FakeKis()
    fake.on("TTTT1002U", script)
    async with client(fake, JumpClock(), tmp_path, kis_timeout_s="0.2") as kis:
        with pytest.raises(raised):
            await kis.broker.submit(request())
    assert len(fake.of("TTTT1002U")) == 1


async def test_an_order_that_never_left_is_certainly_not_placed(tmp_path: Path) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path) as kis:
        await kis.http.tokens.get()
        kis.http.transport._base_url = "http://127.0.0.1:9"
        with pytest.raises(TryLater):
            await kis.broker.submit(request())


async def test_a_refusal_for_cash_tells_needed_and_available_s112(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("TTTT1002U", error("APBK0952", "주문가능금액을 초과 했습니다", 200, "7"))
    fake.on("TTTS3007R", Say({"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "", "output": BUYABLE}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        with pytest.raises(OrderRejected) as refused:
            await kis.broker.submit(request(qty=100))
    assert "Needed $43,115.00, available $6,527.22 (at most 15 shares)" in english(refused.value.user_message)
    assert "필요 $43,115.00" in korean(refused.value.user_message)


@pytest.mark.parametrize(
    ("virtual", "side", "order_type"),
    [
        ("true", Side.SELL, OrderType.MOC),
        ("true", Side.BUY, OrderType.LOC),
        ("false", Side.BUY, OrderType.MOO),
        ("false", Side.BUY, OrderType.MOC),
    ],
)
async def test_order_types_an_environment_lacks_are_refused_before_sending(
    tmp_path: Path, virtual: str, side: Side, order_type: OrderType
) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path, is_virtual=virtual) as kis:
        with pytest.raises(NotOffered):
            await kis.broker.submit(request(side=side, order_type=order_type))
    assert fake.asked == []


async def test_a_price_off_the_tick_is_refused_before_sending(tmp_path: Path) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path) as kis:
        with pytest.raises(OrderRejected):
            await kis.broker.submit(request(limit_price=Decimal("431.155")))
    assert fake.asked == []


@pytest.mark.parametrize(
    ("order_type", "code", "price"),
    [
        (OrderType.MOO, "31", "0"),
        (OrderType.LOO, "32", "431.15"),
        (OrderType.MOC, "33", "0"),
        (OrderType.LOC, "34", "431.15"),
    ],
)
async def test_real_sells_take_every_order_type(tmp_path: Path, order_type: OrderType, code: str, price: str) -> None:
    fake = FakeKis()
    fake.on("TTTT1006U", ACK)
    async with client(fake, JumpClock(), tmp_path) as kis:
        await kis.broker.submit(request(side=Side.SELL, order_type=order_type))
    (asked,) = fake.of("TTTT1006U")
    assert (asked.body["ORD_DVSN"], asked.body["OVRS_ORD_UNPR"]) == (code, price)


BUYABLE = {
    "tr_crcy_cd": "USD",
    "ord_psbl_frcr_amt": "6543.54",
    "sll_ruse_psbl_amt": "0.00",
    "ovrs_ord_psbl_amt": "6527.22",
    "max_ord_psbl_qty": "15",
    "echm_af_ord_psbl_amt": "0.00",
    "echm_af_ord_psbl_qty": "0",
    "ord_psbl_qty": "15",
    "exrt": "1391.5000000000",
    "frcr_ord_psbl_amt1": "9527.22",
    "ovrs_max_ord_psbl_qty": "22",
}


@pytest.mark.parametrize("expected", [("foreign", "6527.22", 15), ("integrated", "9527.22", 22)])
@pytest.mark.parametrize(("virtual", "tr_id"), [("false", "TTTS3007R"), ("true", "VTTS3007R")])
async def test_buying_power_is_the_brokers_own_rule_s76(
    tmp_path: Path, virtual: str, tr_id: str, expected: tuple[str, str, int]
) -> None:
    mode, cash, qty = expected
    fake = FakeKis()
    fake.on(tr_id, Say({"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "", "output": BUYABLE}))
    async with client(fake, JumpClock(), tmp_path, is_virtual=virtual, kis_buying_power=mode) as kis:
        power = await kis.broker.buying_power(MSFT, Decimal("431.15"))
    assert (power.cash, power.max_qty, power.fx_rate) == (Decimal(cash), qty, Decimal("1391.5"))
    (asked,) = fake.of(tr_id)
    assert asked.params == {
        "CANO": "50123456",
        "ACNT_PRDT_CD": "01",
        "OVRS_EXCG_CD": "NASD",
        "OVRS_ORD_UNPR": "431.15",
        "ITEM_CD": "MSFT",
    }


DOLLARS = {"crcy_cd": "USD", "frcr_dncl_amt_2": "7840.220000", "frst_bltn_exrt": "1391.50000000"}
WON = {"crcy_cd": "KRW", "frcr_dncl_amt_2": "1000000.000000", "frst_bltn_exrt": "1.00000000"}
TOTALS = {"tot_dncl_amt": "10909666", "tot_asst_amt": "13951137"}


@pytest.mark.parametrize(("virtual", "tr_id"), [("false", "CTRP6504R"), ("true", "VTRP6504R")])
async def test_the_deposit_is_the_row_of_dollars_of_the_present_balance(
    tmp_path: Path, virtual: str, tr_id: str
) -> None:
    fake = FakeKis()
    body = {"rt_cd": "0", "msg_cd": "KIOK0510", "output1": [], "output2": [WON, DOLLARS], "output3": TOTALS}
    fake.on(tr_id, Say(body))
    async with client(fake, JumpClock(), tmp_path, is_virtual=virtual) as kis:
        assert await kis.broker.deposit() == Deposit(cash=Decimal("7840.22"), fx_rate=Decimal("1391.5"))


@pytest.mark.parametrize(("virtual", "tr_id", "asked"), [("false", "CTRP6504R", 2), ("true", "VTRP6504R", 1)])
async def test_a_present_balance_without_dollars_tells_no_deposit_and_totals_in_won_stand_in_for_none(
    tmp_path: Path, virtual: str, tr_id: str, asked: int
) -> None:
    """Virtual promises the totals alone (3.11); it is not asked again at once, since it has one call a second."""
    fake = FakeKis()
    fake.on(tr_id, *[Say({"rt_cd": "0", "msg_cd": "KIOK0510", "output3": TOTALS}) for _ in range(2)])
    async with client(fake, JumpClock(), tmp_path, is_virtual=virtual) as kis:
        assert await kis.broker.deposit() is None
        assert await kis.broker.deposit() is None
    assert len(fake.of(tr_id)) == asked


async def test_a_deposit_that_is_no_number_is_a_fault_and_not_none(tmp_path: Path) -> None:
    fake = FakeKis()
    row = {**DOLLARS, "frcr_dncl_amt_2": ""}
    fake.on("CTRP6504R", Say({"rt_cd": "0", "msg_cd": "KIOK0510", "output2": [row], "output3": TOTALS}))
    async with client(fake, JumpClock(), tmp_path, is_virtual="false") as kis:
        with pytest.raises(KisData):
            await kis.broker.deposit()


def holding(ticker: str, exchange: str, qty: str = "5") -> dict[str, str]:
    return {
        "cano": "50123456",
        "ovrs_pdno": ticker,
        "ovrs_item_name": "이름",
        "frcr_evlu_pfls_amt": "31.250000",
        "evlu_pfls_rt": "1.45",
        "pchs_avg_pric": "430.9000",
        "ovrs_cblc_qty": qty,
        "ord_psbl_qty": qty,
        "frcr_pchs_amt1": "2154.50000",
        "ovrs_stck_evlu_amt": "2185.75000000",
        "now_pric2": "437.150000",
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": exchange,
    }


FILLER = {name: "" if name != "ovrs_cblc_qty" else "0" for name in holding("", "")}


async def test_real_balance_is_one_paged_inquiry_and_drops_filler_s73(tmp_path: Path) -> None:
    fake = FakeKis()
    page = {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "", "output2": {}}
    fake.on(
        "TTTS3012R",
        Say(
            {**page, "ctx_area_fk200": "50123456^01^" + " " * 188, "ctx_area_nk200": "row100".ljust(200)}
            | {"output1": [holding("MSFT", "NASD"), FILLER]},
            headers={"tr_cont": "M"},
        ),
        Say(
            {**page, "ctx_area_fk200": "", "ctx_area_nk200": ""}
            | {"output1": [holding("KO", "NYSE", "7"), holding("MSFT", "NASD")]},
            headers={"tr_cont": "D"},
        ),
    )
    async with client(fake, JumpClock(), tmp_path) as kis:
        holdings = await kis.broker.holdings()
    assert [(position.symbol, position.qty) for position in holdings.positions] == [(MSFT, 5), (KO, 7)]
    assert holdings.positions[0].average_cost == Decimal("430.9")
    first, second = fake.of("TTTS3012R")
    assert first.params["OVRS_EXCG_CD"] == "NASD"
    assert (first.headers["tr_cont"], first.params["CTX_AREA_NK200"]) == ("", "")
    assert (second.headers["tr_cont"], second.params["CTX_AREA_NK200"]) == ("N", "row100")


async def test_virtual_balance_asks_all_three_exchanges_s73(tmp_path: Path) -> None:
    fake = FakeKis()
    empty = {"rt_cd": "0", "msg_cd": "70070000", "msg1": "조회할 내역이 없습니다", "output1": [], "output2": {}}
    fake.on(
        "VTTS3012R",
        Say({**empty, "output1": [holding("MSFT", "NASD")]}),
        Say({**empty, "output1": {"ovrs_pdno": "", "ovrs_cblc_qty": "0"}}),
        Say(empty),
    )
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        holdings = await kis.broker.holdings()
    assert [position.symbol for position in holdings.positions] == [MSFT]
    assert [asked.params["OVRS_EXCG_CD"] for asked in fake.of("VTTS3012R")] == ["NASD", "NYSE", "AMEX"]


@pytest.mark.parametrize("told", ["0.000000", "0", "", "   "])
async def test_a_valuation_of_nothing_is_unknown(tmp_path: Path, told: str) -> None:
    """Seen outside trading hours and of halted listings: shares and cost are there, the price is 0 or blank."""
    fake = FakeKis()
    body = {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "", "output2": {}}
    row = {**holding("MSFT", "NASD"), "now_pric2": told, "evlu_pfls_rt": "-100.00", "ovrs_stck_evlu_amt": told}
    fake.on("TTTS3012R", Say({**body, "output1": [row]}))
    async with client(fake, JumpClock(), tmp_path) as kis:
        holdings = await kis.broker.holdings()
    [position] = holdings.positions
    assert (position.qty, position.average_cost) == (5, Decimal("430.9"))
    assert (position.last, position.value, position.profit, position.profit_rate) == (None, None, None, None)
    assert not holdings.unread


def ccnl(**changes: str) -> dict[str, str]:
    row = {
        "ord_dt": "20260915",
        "ord_gno_brno": "01790",
        "odno": "0030488120",
        "orgn_odno": "",
        "sll_buy_dvsn_cd": "01",
        "sll_buy_dvsn_cd_name": "매도",
        "rvse_cncl_dvsn": "00",
        "rvse_cncl_dvsn_name": "",
        "pdno": "KO",
        "prdt_name": "코카콜라",
        "ft_ord_qty": "12",
        "ft_ord_unpr3": "68.20000000",
        "ft_ccld_qty": "12",
        "ft_ccld_unpr3": "68.20500000",
        "ft_ccld_amt3": "818.46000",
        "nccs_qty": "0",
        "prcs_stat_name": "완료",
        "rjct_rson": "",
        "rjct_rson_name": "",
        "ord_tmd": "021033",
        "tr_mket_name": "뉴욕거래소",
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": "NYSE",
        "dmst_ord_dt": "20260916",
        "thco_ord_tmd": "021033",
        "mdia_dvsn_name": "OpenAPI",
    }
    return {**row, **changes}


def pages(*rows: dict[str, str]) -> Say:
    body = {"ctx_area_fk200": "", "ctx_area_nk200": "", "output": list(rows)}
    return Say({"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "", **body}, headers={"tr_cont": "D"})


@pytest.mark.parametrize(
    ("virtual", "tr_id", "ticker", "exchange"),
    [("false", "TTTS3035R", "%", "NASD"), ("true", "VTTS3035R", "", "")],
)
async def test_orders_are_asked_by_new_york_dates_s75(
    tmp_path: Path, virtual: str, tr_id: str, ticker: str, exchange: str
) -> None:
    fake = FakeKis()
    fake.on(tr_id, pages(ccnl()))
    async with client(fake, JumpClock(), tmp_path, is_virtual=virtual) as kis:
        (order,) = await kis.broker.orders(date(2026, 9, 14), date(2026, 9, 15))
    assert order.status is OrderStatus.FILLED
    assert order.venue_no == "30488120"
    assert order.filled_amount == Decimal("818.46")
    assert order.ordered_at == datetime(2026, 9, 15, 17, 10, 33, tzinfo=UTC)
    assert order.traded_on == date(2026, 9, 15)
    assert order.by_api is True
    (asked,) = fake.of(tr_id)
    assert asked.params == {
        "CANO": "50123456",
        "ACNT_PRDT_CD": "01",
        "PDNO": ticker,
        "ORD_STRT_DT": "20260914",
        "ORD_END_DT": "20260915",
        "SLL_BUY_DVSN": "00",
        "CCLD_NCCS_DVSN": "00",
        "OVRS_EXCG_CD": exchange,
        "SORT_SQN": "DS",
        "ORD_DT": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }


async def test_open_orders_are_the_same_in_both_environments_s74(tmp_path: Path) -> None:
    working = {"ft_ccld_qty": "2", "ft_ccld_amt3": "136.40000", "nccs_qty": "10"}
    real, virtual = FakeKis(), FakeKis()
    real.on("TTTS3018R", pages(ccnl(**working, prcs_stat_name="", rvse_cncl_dvsn_cd="00", mdia_dvsn_name="")))
    stripped = {"odno": "30488120", "prcs_stat_name": "", "rvse_cncl_dvsn_name": "보통", "mdia_dvsn_name": ""}
    virtual.on("VTTS3035R", pages(ccnl(**working, **stripped), ccnl(odno="30488121")))
    async with client(real, JumpClock(), tmp_path) as kis:
        at_real = await kis.broker.open_orders()
    async with client(virtual, JumpClock(), tmp_path, is_virtual="true") as kis:
        at_virtual = await kis.broker.open_orders()
    assert at_real == at_virtual
    assert [(order.open_qty, order.status) for order in at_real] == [(10, OrderStatus.PARTIALLY_FILLED)]
    assert virtual.of("VTTS3018R") == []
