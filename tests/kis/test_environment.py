"""Every TR id and path against the published list, spelled out here a second time (row S72)."""

import pytest

from kis.environment import REAL, ROUTES, VIRTUAL, Call, Lane
from kis.errors import KisNotOffered

T = "/uapi/overseas-stock/v1/trading/"
Q = "/uapi/overseas-price/v1/quotations/"
R = "/uapi/overseas-stock/v1/ranking/"
PUBLISHED = [
    (Call.BUY, "POST", T + "order", "TTTT1002U", "VTTT1002U"),
    (Call.SELL, "POST", T + "order", "TTTT1006U", "VTTT1001U"),
    (Call.CHANGE, "POST", T + "order-rvsecncl", "TTTT1004U", "VTTT1004U"),
    (Call.DAY_BUY, "POST", T + "daytime-order", "TTTS6036U", None),
    (Call.DAY_SELL, "POST", T + "daytime-order", "TTTS6037U", None),
    (Call.DAY_CHANGE, "POST", T + "daytime-order-rvsecncl", "TTTS6038U", None),
    (Call.RESERVE_BUY, "POST", T + "order-resv", "TTTT3014U", "VTTT3014U"),
    (Call.RESERVE_SELL, "POST", T + "order-resv", "TTTT3016U", "VTTT3016U"),
    (Call.RESERVE_CANCEL, "POST", T + "order-resv-ccnl", "TTTT3017U", "VTTT3017U"),
    (Call.RESERVED, "GET", T + "order-resv-list", "TTTT3039R", None),
    (Call.OPEN_ORDERS, "GET", T + "inquire-nccs", "TTTS3018R", None),
    (Call.EXECUTIONS, "GET", T + "inquire-ccnl", "TTTS3035R", "VTTS3035R"),
    (Call.BALANCE, "GET", T + "inquire-balance", "TTTS3012R", "VTTS3012R"),
    (Call.PRESENT_BALANCE, "GET", T + "inquire-present-balance", "CTRP6504R", "VTRP6504R"),
    (Call.BUYABLE, "GET", T + "inquire-psamount", "TTTS3007R", "VTTS3007R"),
    (Call.MARGIN, "GET", T + "foreign-margin", "TTTC2101R", None),
    (Call.PERIOD_PROFIT, "GET", T + "inquire-period-profit", "TTTS3039R", None),
    (Call.PERIOD_TRANSACTIONS, "GET", T + "inquire-period-trans", "CTOS4001R", None),
    (Call.SETTLED_BALANCE, "GET", T + "inquire-paymt-stdr-balance", "CTRP6010R", None),
    (Call.ALGO_ORDERS, "GET", T + "algo-ordno", "TTTS6058R", None),
    (Call.ALGO_FILLS, "GET", T + "inquire-algo-ccnl", "TTTS6059R", None),
    (Call.PRICE, "GET", Q + "price", "HHDFS00000300", "HHDFS00000300"),
    (Call.PRICE_DETAIL, "GET", Q + "price-detail", "HHDFS76200200", None),
    (Call.BOOK, "GET", Q + "inquire-asking-price", "HHDFS76200100", None),
    (Call.PRICES, "GET", Q + "multprice", "HHDFS76220000", None),
    (Call.DAILY_BARS, "GET", Q + "dailyprice", "HHDFS76240000", "HHDFS76240000"),
    (Call.CHART, "GET", Q + "inquire-daily-chartprice", "FHKST03030100", "FHKST03030100"),
    (Call.MINUTE_BARS, "GET", Q + "inquire-time-itemchartprice", "HHDFS76950200", None),
    (Call.INDEX_MINUTES, "GET", Q + "inquire-time-indexchartprice", "FHKST03030200", None),
    (Call.TRADES, "GET", Q + "inquire-ccnl", "HHDFS76200300", None),
    (Call.PRODUCT, "GET", Q + "search-info", "CTPF1702R", None),
    (Call.SCREENER, "GET", Q + "inquire-search", "HHDFS76410000", "HHDFS76410000"),
    (Call.SETTLEMENT_DATES, "GET", "/uapi/overseas-stock/v1/quotations/countries-holiday", "CTOS5011R", None),
    (Call.RANK_VOLUME, "GET", R + "trade-vol", "HHDFS76310010", None),
    (Call.RANK_TURNOVER, "GET", R + "trade-pbmn", "HHDFS76320010", None),
    (Call.RANK_GROWTH, "GET", R + "trade-growth", "HHDFS76330000", None),
    (Call.RANK_ROTATION, "GET", R + "trade-turnover", "HHDFS76340000", None),
    (Call.RANK_CAP, "GET", R + "market-cap", "HHDFS76350100", None),
    (Call.RANK_CHANGE, "GET", R + "updown-rate", "HHDFS76290000", None),
    (Call.RANK_FLUCTUATION, "GET", R + "price-fluct", "HHDFS76260000", None),
    (Call.RANK_SURGE, "GET", R + "volume-surge", "HHDFS76270000", None),
    (Call.RANK_POWER, "GET", R + "volume-power", "HHDFS76280000", None),
    (Call.RANK_HIGH_LOW, "GET", R + "new-highlow", "HHDFS76300000", None),
]


@pytest.mark.parametrize(("call", "method", "path", "real", "virtual"), PUBLISHED)
def test_s72_each_id_and_path_is_the_published_one(
    call: Call, method: str, path: str, real: str, virtual: str | None
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
    assert "모의투자" in refused.value.user_message.ko


def test_s72_no_call_is_left_out_of_the_table() -> None:
    assert {row[0] for row in PUBLISHED} == set(Call)


def test_whatever_changes_something_goes_in_the_order_lane_and_only_that() -> None:
    for route in ROUTES.values():
        assert (route.lane is Lane.ORDER) == (route.method == "POST")


def test_s12_hosts_and_feeds_are_the_published_ones() -> None:
    assert REAL.rest_url == "https://openapi.koreainvestment.com:9443"
    assert VIRTUAL.rest_url == "https://openapivts.koreainvestment.com:29443"
    assert REAL.ws_url == "ws://ops.koreainvestment.com:21000"
    assert VIRTUAL.ws_url == "ws://ops.koreainvestment.com:31000"
    assert (REAL.feeds.notices, VIRTUAL.feeds.notices) == ("H0GSCNI0", "H0GSCNI9")
    assert (REAL.calls_per_s, VIRTUAL.calls_per_s) == (18, 1)
    assert REAL.max_registrations == VIRTUAL.max_registrations == 41
