"""What each call sends, whole, against the parameter tables of the document (kis-protocol 3.1 to 3.24). Row S72."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kis.calls import account as accounts_api
from kis.calls import bars, executions, prices, products
from kis.connect import Kis
from kis.environment import Endpoint
from kis.errors import KisError
from strategy.model import Market, Symbol
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import FakeKis, client

NOW = datetime(2026, 9, 15, 16, 0, tzinfo=UTC)
SINCE, UNTIL = date(2026, 9, 1), date(2026, 9, 15)
MSFT, KO, XLF = Symbol(Market.NASDAQ, "MSFT"), Symbol(Market.NYSE, "KO"), Symbol(Market.AMEX, "XLF")
MINE = {"CANO": "50123456", "ACNT_PRDT_CD": "01"}
PAGE_200 = {"CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
QUOTE = {"AUTH": "", "EXCD": "NAS", "SYMB": "MSFT"}
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


REAL: list[tuple[str, Ask, dict[str, str]]] = [
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
    ("HHDFS00000300", lambda kis: prices.price(kis.http, MSFT), QUOTE),
    ("HHDFS76200100", lambda kis: prices.book(kis.http, MSFT), QUOTE),
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
    ("CTPF1702R", lambda kis: products.product(kis.http, KO), {"PRDT_TYPE_CD": "513", "PDNO": "KO"}),
]
VIRTUAL: list[tuple[str, Ask, dict[str, str]]] = [
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
