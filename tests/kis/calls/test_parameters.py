"""What each call sends, whole, against the parameter tables of the document (kis-protocol 3.1 to 3.24). Row S72."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kis.calls import account as accounts_api
from kis.calls import bars, daymarket, executions, prices, products, profits, reserved
from kis.connect import Kis
from kis.environment import Endpoint
from kis.errors import KisError
from strategy.model import Market, OrderType, Side, Symbol, VenueNo
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import FakeKis, client

NOW = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)
SINCE, UNTIL = date(2026, 9, 1), date(2026, 9, 15)
MSFT, KO, XLF = Symbol(Market.NASDAQ, "MSFT"), Symbol(Market.NYSE, "KO"), Symbol(Market.AMEX, "XLF")
MINE = {"CANO": "50123456", "ACNT_PRDT_CD": "01"}
PAGE_200 = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
PAGE_100 = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
QUOTE = {"AUTH": "", "EXCD": "NAS", "SYMB": "MSFT"}
DAY_ORDER = {
    **MINE,
    "OVRS_EXCG_CD": "NASD",
    "PDNO": "MSFT",
    "ORD_QTY": "3",
    "OVRS_ORD_UNPR": "431.15",
    "CTAC_TLNO": "",
    "MGCO_APTM_ODNO": "",
    "ORD_SVR_DVSN_CD": "0",
    "ORD_DVSN": "00",
}
DAY_CHANGE = {
    **MINE,
    "OVRS_EXCG_CD": "NASD",
    "PDNO": "MSFT",
    "ORGN_ODNO": "0000000014",
    "ORD_QTY": "3",
    "CTAC_TLNO": "",
    "MGCO_APTM_ODNO": "",
    "ORD_SVR_DVSN_CD": "0",
}
RESERVED = {
    **MINE,
    "PDNO": "KO",
    "OVRS_EXCG_CD": "NYSE",
    "FT_ORD_QTY": "2",
    "FT_ORD_UNPR3": "66.5",
    "ORD_SVR_DVSN_CD": "0",
    "ORD_DVSN": "00",
}
EXECUTIONS = {
    **MINE,
    "ORD_STRT_DT": "20260901",
    "ORD_END_DT": "20260915",
    "SLL_BUY_DVSN": "00",
    "CCLD_NCCS_DVSN": "00",
    "SORT_SQN": "DS",
    "ORD_DT": "",
    "ORD_GNO_BRNO": "",
    "ODNO": "",
    **PAGE_200,
}
Ask = Callable[[Kis], Awaitable[object]]
PRICE = Decimal("431.15")


def _day(side: Side) -> Ask:
    return lambda kis: daymarket.place(kis.http, kis.account, MSFT, side, qty=3, price=PRICE)


def _reserve(side: Side, order_type: OrderType = OrderType.LIMIT) -> Ask:
    return lambda kis: reserved.reserve(
        kis.http, kis.account, KO, side, qty=2, price=Decimal("66.50"), order_type=order_type
    )


REAL: list[tuple[str, Ask, dict[str, str]]] = [
    ("TTTS6036U", _day(Side.BUY), DAY_ORDER),
    ("TTTS6037U", _day(Side.SELL), DAY_ORDER),
    (
        "TTTS6038U",
        lambda kis: daymarket.amend(kis.http, kis.account, MSFT, VenueNo("14"), qty=3, price=PRICE),
        {**DAY_CHANGE, "RVSE_CNCL_DVSN_CD": "01", "OVRS_ORD_UNPR": "431.15"},
    ),
    (
        "TTTS6038U",
        lambda kis: daymarket.cancel(kis.http, kis.account, MSFT, VenueNo("14"), qty=3),
        {**DAY_CHANGE, "RVSE_CNCL_DVSN_CD": "02", "OVRS_ORD_UNPR": "0"},
    ),
    ("TTTT3014U", _reserve(Side.BUY), RESERVED),
    ("TTTT3016U", _reserve(Side.SELL), RESERVED),
    ("TTTT3016U", _reserve(Side.SELL, OrderType.MOO), {**RESERVED, "ORD_DVSN": "31", "FT_ORD_UNPR3": "0"}),
    (
        "TTTT3039R",
        lambda kis: reserved.reserved(kis.http, kis.account, kis.book, SINCE, UNTIL),
        {
            **MINE,
            "INQR_STRT_DT": "20260901",
            "INQR_END_DT": "20260915",
            "INQR_DVSN_CD": "00",
            "PRDT_TYPE_CD": "",
            "OVRS_EXCG_CD": "",
            **PAGE_200,
        },
    ),
    ("TTTS3018R", lambda kis: kis.broker.open_orders(), {**MINE, "OVRS_EXCG_CD": "NASD", "SORT_SQN": "DS", **PAGE_200}),
    (
        "TTTS3035R",
        lambda kis: executions.executions(kis.http, kis.account, kis.book, SINCE, UNTIL),
        {**EXECUTIONS, "PDNO": "%", "OVRS_EXCG_CD": "NASD"},
    ),
    ("TTTS3012R", lambda kis: kis.broker.holdings(), {**MINE, "OVRS_EXCG_CD": "NASD", "TR_CRCY_CD": "USD", **PAGE_200}),
    (
        "CTRP6504R",
        lambda kis: accounts_api.present_balance(kis.http, kis.account, kis.book),
        {**MINE, "WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"},
    ),
    (
        "TTTS3007R",
        lambda kis: accounts_api.buyable(kis.http, kis.account, XLF, Decimal("52.10")),
        {**MINE, "OVRS_EXCG_CD": "AMEX", "OVRS_ORD_UNPR": "52.1", "ITEM_CD": "XLF"},
    ),
    ("TTTC2101R", lambda kis: accounts_api.margins(kis.http, kis.account), MINE),
    (
        "TTTS3039R",
        lambda kis: profits.realized(kis.http, kis.account, kis.book, SINCE, UNTIL),
        {
            **MINE,
            "OVRS_EXCG_CD": "NASD",
            "NATN_CD": "",
            "CRCY_CD": "USD",
            "PDNO": "",
            "INQR_STRT_DT": "20260901",
            "INQR_END_DT": "20260915",
            "WCRC_FRCR_DVSN_CD": "01",
            **PAGE_200,
        },
    ),
    (
        "CTOS4001R",
        lambda kis: profits.transactions(kis.http, kis.account, SINCE, UNTIL),
        {
            **MINE,
            "ERLM_STRT_DT": "20260901",
            "ERLM_END_DT": "20260915",
            "OVRS_EXCG_CD": "",
            "PDNO": "",
            "SLL_BUY_DVSN_CD": "00",
            "LOAN_DVSN_CD": "",
            **PAGE_100,
        },
    ),
    ("HHDFS00000300", lambda kis: prices.price(kis.http, MSFT), QUOTE),
    ("HHDFS76200200", lambda kis: prices.price_detail(kis.http, MSFT), QUOTE),
    ("HHDFS76200100", lambda kis: prices.book(kis.http, MSFT), QUOTE),
    (
        "HHDFS76220000",
        lambda kis: prices.several(kis.http, [MSFT, KO]),
        {"AUTH": "", "NREC": "2", "EXCD_01": "NAS", "SYMB_01": "MSFT", "EXCD_02": "NYS", "SYMB_02": "KO"},
    ),
    (
        "HHDFS76240000",
        lambda kis: bars.daily(kis.http, MSFT, 10, NOW),
        {**QUOTE, "GUBN": "0", "BYMD": "", "MODP": "1"},
    ),
    (
        "HHDFS76950200",
        lambda kis: kis.http.get(Endpoint.MINUTE_BARS, bars.minute_params(MSFT, 5, None)),
        {**QUOTE, "NMIN": "5", "PINC": "1", "NEXT": "", "NREC": "120", "FILL": "", "KEYB": ""},
    ),
    ("HHDFS76200300", lambda kis: prices.trades(kis.http, MSFT), {**QUOTE, "KEYB": "", "TDAY": "1"}),
    ("CTPF1702R", lambda kis: products.product(kis.http, KO), {"PRDT_TYPE_CD": "513", "PDNO": "KO"}),
    (
        "CTOS5011R",
        lambda kis: products.settlement_dates(kis.http, UNTIL),
        {"TRAD_DT": "20260915", "CTX_AREA_NK": "", "CTX_AREA_FK": ""},
    ),
]
VIRTUAL: list[tuple[str, Ask, dict[str, str]]] = [
    ("VTTT3014U", _reserve(Side.BUY), RESERVED),
    ("VTTT3016U", _reserve(Side.SELL), RESERVED),
    (
        "VTTS3035R",
        lambda kis: executions.executions(kis.http, kis.account, kis.book, SINCE, UNTIL),
        {**EXECUTIONS, "PDNO": "", "OVRS_EXCG_CD": ""},
    ),
    ("VTTS3012R", lambda kis: kis.broker.holdings(), {**MINE, "OVRS_EXCG_CD": "NASD", "TR_CRCY_CD": "USD", **PAGE_200}),
    (
        "VTRP6504R",
        lambda kis: accounts_api.present_balance(kis.http, kis.account, kis.book),
        {**MINE, "WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"},
    ),
    (
        "VTTS3007R",
        lambda kis: accounts_api.buyable(kis.http, kis.account, KO, Decimal("66.50")),
        {**MINE, "OVRS_EXCG_CD": "NYSE", "OVRS_ORD_UNPR": "66.5", "ITEM_CD": "KO"},
    ),
    ("HHDFS00000300", lambda kis: prices.price(kis.http, MSFT), QUOTE),
]
HEADERS = {"content-type", "authorization", "appkey", "appsecret", "tr_id", "custtype", "tr_cont"}


@pytest.mark.parametrize(
    ("virtual", "tr_id", "ask", "sent"),
    [*((False, *row) for row in REAL), *((True, *row) for row in VIRTUAL)],
    ids=[
        f"{'virtual' if rows is VIRTUAL else 'real'}-{row[0]}-{n}"
        for rows in (REAL, VIRTUAL)
        for n, row in enumerate(rows)
    ],
)
async def test_each_call_sends_the_published_parameters_s72(
    tmp_path: Path, virtual: bool, tr_id: str, ask: Ask, sent: dict[str, str]
) -> None:
    fake = FakeKis()
    async with client(fake, JumpClock(), tmp_path, is_virtual=str(virtual).lower()) as kis:
        with suppress(KisError):  # the answer is empty; what was asked is what counts
            await ask(kis)
    asked = fake.of(tr_id)[0]
    assert (asked.body if asked.method == "POST" else asked.params) == sent
    assert set(asked.headers) >= HEADERS
    assert (asked.headers["custtype"], asked.headers["tr_cont"]) == ("P", "")
    assert "hashkey" not in asked.headers
