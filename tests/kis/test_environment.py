"""Every TR id and path against the published list, spelled out here a second time (row S72). Rows S12, S66."""

import pytest

from kis.environment import REAL, ROUTES, VIRTUAL, Endpoint, Lane
from kis.errors import KisNotOffered
from tests.support.words import korean

T = "/uapi/overseas-stock/v1/trading/"
Q = "/uapi/overseas-price/v1/quotations/"
R = "/uapi/overseas-stock/v1/ranking/"
PUBLISHED = [
    (Endpoint.BUY, "POST", T + "order", "TTTT1002U", "VTTT1002U"),
    (Endpoint.SELL, "POST", T + "order", "TTTT1006U", "VTTT1001U"),
    (Endpoint.CHANGE, "POST", T + "order-rvsecncl", "TTTT1004U", "VTTT1004U"),
    (Endpoint.DAY_BUY, "POST", T + "daytime-order", "TTTS6036U", None),
    (Endpoint.DAY_SELL, "POST", T + "daytime-order", "TTTS6037U", None),
    (Endpoint.DAY_CHANGE, "POST", T + "daytime-order-rvsecncl", "TTTS6038U", None),
    (Endpoint.RESERVE_BUY, "POST", T + "order-resv", "TTTT3014U", "VTTT3014U"),
    (Endpoint.RESERVE_SELL, "POST", T + "order-resv", "TTTT3016U", "VTTT3016U"),
    (Endpoint.RESERVE_CANCEL, "POST", T + "order-resv-ccnl", "TTTT3017U", "VTTT3017U"),
    (Endpoint.RESERVED, "GET", T + "order-resv-list", "TTTT3039R", None),
    (Endpoint.OPEN_ORDERS, "GET", T + "inquire-nccs", "TTTS3018R", None),
    (Endpoint.EXECUTIONS, "GET", T + "inquire-ccnl", "TTTS3035R", "VTTS3035R"),
    (Endpoint.BALANCE, "GET", T + "inquire-balance", "TTTS3012R", "VTTS3012R"),
    (Endpoint.PRESENT_BALANCE, "GET", T + "inquire-present-balance", "CTRP6504R", "VTRP6504R"),
    (Endpoint.BUYABLE, "GET", T + "inquire-psamount", "TTTS3007R", "VTTS3007R"),
    (Endpoint.MARGIN, "GET", T + "foreign-margin", "TTTC2101R", None),
    (Endpoint.PERIOD_PROFIT, "GET", T + "inquire-period-profit", "TTTS3039R", None),
    (Endpoint.PERIOD_TRANSACTIONS, "GET", T + "inquire-period-trans", "CTOS4001R", None),
    (Endpoint.SETTLED_BALANCE, "GET", T + "inquire-paymt-stdr-balance", "CTRP6010R", None),
    (Endpoint.ALGO_ORDERS, "GET", T + "algo-ordno", "TTTS6058R", None),
    (Endpoint.ALGO_FILLS, "GET", T + "inquire-algo-ccnl", "TTTS6059R", None),
    (Endpoint.PRICE, "GET", Q + "price", "HHDFS00000300", "HHDFS00000300"),
    (Endpoint.PRICE_DETAIL, "GET", Q + "price-detail", "HHDFS76200200", None),
    (Endpoint.BOOK, "GET", Q + "inquire-asking-price", "HHDFS76200100", None),
    (Endpoint.PRICES, "GET", Q + "multprice", "HHDFS76220000", None),
    (Endpoint.DAILY_BARS, "GET", Q + "dailyprice", "HHDFS76240000", "HHDFS76240000"),
    (Endpoint.CHART, "GET", Q + "inquire-daily-chartprice", "FHKST03030100", "FHKST03030100"),
    (Endpoint.MINUTE_BARS, "GET", Q + "inquire-time-itemchartprice", "HHDFS76950200", None),
    (Endpoint.INDEX_MINUTES, "GET", Q + "inquire-time-indexchartprice", "FHKST03030200", None),
    (Endpoint.TRADES, "GET", Q + "inquire-ccnl", "HHDFS76200300", None),
    (Endpoint.PRODUCT, "GET", Q + "search-info", "CTPF1702R", None),
    (Endpoint.SCREENER, "GET", Q + "inquire-search", "HHDFS76410000", "HHDFS76410000"),
    (Endpoint.SETTLEMENT_DATES, "GET", "/uapi/overseas-stock/v1/quotations/countries-holiday", "CTOS5011R", None),
    (Endpoint.RANK_VOLUME, "GET", R + "trade-vol", "HHDFS76310010", None),
    (Endpoint.RANK_TURNOVER, "GET", R + "trade-pbmn", "HHDFS76320010", None),
    (Endpoint.RANK_GROWTH, "GET", R + "trade-growth", "HHDFS76330000", None),
    (Endpoint.RANK_ROTATION, "GET", R + "trade-turnover", "HHDFS76340000", None),
    (Endpoint.RANK_CAP, "GET", R + "market-cap", "HHDFS76350100", None),
    (Endpoint.RANK_CHANGE, "GET", R + "updown-rate", "HHDFS76290000", None),
    (Endpoint.RANK_FLUCTUATION, "GET", R + "price-fluct", "HHDFS76260000", None),
    (Endpoint.RANK_SURGE, "GET", R + "volume-surge", "HHDFS76270000", None),
    (Endpoint.RANK_POWER, "GET", R + "volume-power", "HHDFS76280000", None),
    (Endpoint.RANK_HIGH_LOW, "GET", R + "new-highlow", "HHDFS76300000", None),
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
