"""Every TR id and path against the published list, spelled out here a second time (row S72). Rows S12, S66."""

import pytest

from kis.environment import REAL, ROUTES, VIRTUAL, Endpoint, Lane
from kis.errors import KisNotOffered
from tests.support.words import korean

T = "/uapi/overseas-stock/v1/trading/"
Q = "/uapi/overseas-price/v1/quotations/"
PUBLISHED = [
    (Endpoint.BUY, "POST", T + "order", "TTTT1002U", "VTTT1002U"),
    (Endpoint.SELL, "POST", T + "order", "TTTT1006U", "VTTT1001U"),
    (Endpoint.CHANGE, "POST", T + "order-rvsecncl", "TTTT1004U", "VTTT1004U"),
    (Endpoint.OPEN_ORDERS, "GET", T + "inquire-nccs", "TTTS3018R", None),
    (Endpoint.EXECUTIONS, "GET", T + "inquire-ccnl", "TTTS3035R", "VTTS3035R"),
    (Endpoint.BALANCE, "GET", T + "inquire-balance", "TTTS3012R", "VTTS3012R"),
    (Endpoint.PRESENT_BALANCE, "GET", T + "inquire-present-balance", "CTRP6504R", "VTRP6504R"),
    (Endpoint.BUYABLE, "GET", T + "inquire-psamount", "TTTS3007R", "VTTS3007R"),
    (Endpoint.PRICE, "GET", Q + "price", "HHDFS00000300", "HHDFS00000300"),
    (Endpoint.BOOK, "GET", Q + "inquire-asking-price", "HHDFS76200100", None),
    (Endpoint.DAILY_BARS, "GET", Q + "dailyprice", "HHDFS76240000", "HHDFS76240000"),
    (Endpoint.MINUTE_BARS, "GET", Q + "inquire-time-itemchartprice", "HHDFS76950200", None),
    (Endpoint.PRODUCT, "GET", Q + "search-info", "CTPF1702R", None),
]


@pytest.mark.parametrize(("call", "method", "path", "real", "virtual"), PUBLISHED)
def test_each_id_and_path_is_the_published_one_s72(
    call: Endpoint, method: str, path: str, real: str, virtual: str | None
) -> None:
    route = ROUTES[call]
    assert (route.method, route.path) == (method, path)
    assert REAL.tr_id(call) == real
    if virtual is not None:
        assert VIRTUAL.tr_id(call) == virtual
        return
    assert not VIRTUAL.offers(call)
    with pytest.raises(KisNotOffered) as refused:
        VIRTUAL.tr_id(call)
    assert "모의투자" in korean(refused.value.user_message)


def test_no_call_is_left_out_of_the_table_s72() -> None:
    assert {row[0] for row in PUBLISHED} == set(Endpoint)


def test_whatever_changes_something_goes_in_the_order_lane_and_only_that() -> None:
    for route in ROUTES.values():
        assert (route.lane is Lane.ORDER) == (route.method == "POST")


def test_hosts_and_feeds_are_the_published_ones_s12() -> None:
    assert REAL.rest_url == "https://openapi.koreainvestment.com:9443"
    assert VIRTUAL.rest_url == "https://openapivts.koreainvestment.com:29443"
    assert REAL.ws_url == "ws://ops.koreainvestment.com:21000"
    assert VIRTUAL.ws_url == "ws://ops.koreainvestment.com:31000"
    assert (REAL.feeds.notices, VIRTUAL.feeds.notices) == ("H0GSCNI0", "H0GSCNI9")
    assert (REAL.calls_per_s, VIRTUAL.calls_per_s) == (18, 1)
    assert REAL.max_registrations == VIRTUAL.max_registrations == 41
