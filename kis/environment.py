"""The two environments as values: hosts, TR ids, limits and what each does not offer (kis-protocol 1.1, 3.0, 6.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType

from kis.errors import KisNotOffered
from strategy.model import Text

TRADING = "/uapi/overseas-stock/v1/trading"
QUOTATIONS = "/uapi/overseas-price/v1/quotations"
STOCK_QUOTATIONS = "/uapi/overseas-stock/v1/quotations"
RANKING = "/uapi/overseas-stock/v1/ranking"


class Lane(IntEnum):
    """Whose turn it is when the limit is short: lower goes first (kis-protocol 6.2)."""

    ORDER = 0
    LEDGER = 1  # account inquiries, with a second and slower limit of their own
    QUOTE = 2


class Call(StrEnum):
    """Every REST operation the client knows; the value is the name used in logs."""

    BUY = "buy"
    SELL = "sell"
    CHANGE = "change"
    DAY_BUY = "day-buy"
    DAY_SELL = "day-sell"
    DAY_CHANGE = "day-change"
    RESERVE_BUY = "reserve-buy"
    RESERVE_SELL = "reserve-sell"
    RESERVE_CANCEL = "reserve-cancel"
    RESERVED = "reserved"
    OPEN_ORDERS = "open-orders"
    EXECUTIONS = "executions"
    BALANCE = "balance"
    PRESENT_BALANCE = "present-balance"
    BUYABLE = "buyable"
    MARGIN = "margin"
    PERIOD_PROFIT = "period-profit"
    PERIOD_TRANSACTIONS = "period-transactions"
    SETTLED_BALANCE = "settled-balance"
    ALGO_ORDERS = "algo-orders"
    ALGO_FILLS = "algo-fills"
    PRICE = "price"
    PRICE_DETAIL = "price-detail"
    BOOK = "book"
    PRICES = "prices"
    DAILY_BARS = "daily-bars"
    CHART = "chart"
    MINUTE_BARS = "minute-bars"
    INDEX_MINUTES = "index-minutes"
    TRADES = "trades"
    PRODUCT = "product"
    SCREENER = "screener"
    SETTLEMENT_DATES = "settlement-dates"
    RANK_VOLUME = "rank-volume"
    RANK_TURNOVER = "rank-turnover"
    RANK_GROWTH = "rank-growth"
    RANK_ROTATION = "rank-rotation"
    RANK_CAP = "rank-cap"
    RANK_CHANGE = "rank-change"
    RANK_FLUCTUATION = "rank-fluctuation"
    RANK_SURGE = "rank-surge"
    RANK_POWER = "rank-power"
    RANK_HIGH_LOW = "rank-high-low"


@dataclass(frozen=True, slots=True)
class Route:
    """How a call travels: the same in both environments."""

    method: str
    path: str
    lane: Lane


def _post(path: str) -> Route:
    return Route("POST", f"{TRADING}/{path}", Lane.ORDER)


def _ledger(path: str) -> Route:
    return Route("GET", f"{TRADING}/{path}", Lane.LEDGER)


def _quote(path: str, base: str = QUOTATIONS) -> Route:
    return Route("GET", f"{base}/{path}", Lane.QUOTE)


ROUTES: Mapping[Call, Route] = MappingProxyType(
    {
        Call.BUY: _post("order"),
        Call.SELL: _post("order"),
        Call.CHANGE: _post("order-rvsecncl"),
        Call.DAY_BUY: _post("daytime-order"),
        Call.DAY_SELL: _post("daytime-order"),
        Call.DAY_CHANGE: _post("daytime-order-rvsecncl"),
        Call.RESERVE_BUY: _post("order-resv"),
        Call.RESERVE_SELL: _post("order-resv"),
        Call.RESERVE_CANCEL: _post("order-resv-ccnl"),
        Call.RESERVED: _ledger("order-resv-list"),
        Call.OPEN_ORDERS: _ledger("inquire-nccs"),
        Call.EXECUTIONS: _ledger("inquire-ccnl"),
        Call.BALANCE: _ledger("inquire-balance"),
        Call.PRESENT_BALANCE: _ledger("inquire-present-balance"),
        Call.BUYABLE: _ledger("inquire-psamount"),
        Call.MARGIN: _ledger("foreign-margin"),
        Call.PERIOD_PROFIT: _ledger("inquire-period-profit"),
        Call.PERIOD_TRANSACTIONS: _ledger("inquire-period-trans"),
        Call.SETTLED_BALANCE: _ledger("inquire-paymt-stdr-balance"),
        Call.ALGO_ORDERS: _ledger("algo-ordno"),
        Call.ALGO_FILLS: _ledger("inquire-algo-ccnl"),
        Call.PRICE: _quote("price"),
        Call.PRICE_DETAIL: _quote("price-detail"),
        Call.BOOK: _quote("inquire-asking-price"),
        Call.PRICES: _quote("multprice"),
        Call.DAILY_BARS: _quote("dailyprice"),
        Call.CHART: _quote("inquire-daily-chartprice"),
        Call.MINUTE_BARS: _quote("inquire-time-itemchartprice"),
        Call.INDEX_MINUTES: _quote("inquire-time-indexchartprice"),
        Call.TRADES: _quote("inquire-ccnl"),
        Call.PRODUCT: _quote("search-info"),
        Call.SCREENER: _quote("inquire-search"),
        Call.SETTLEMENT_DATES: _quote("countries-holiday", STOCK_QUOTATIONS),
        Call.RANK_VOLUME: _quote("trade-vol", RANKING),
        Call.RANK_TURNOVER: _quote("trade-pbmn", RANKING),
        Call.RANK_GROWTH: _quote("trade-growth", RANKING),
        Call.RANK_ROTATION: _quote("trade-turnover", RANKING),
        Call.RANK_CAP: _quote("market-cap", RANKING),
        Call.RANK_CHANGE: _quote("updown-rate", RANKING),
        Call.RANK_FLUCTUATION: _quote("price-fluct", RANKING),
        Call.RANK_SURGE: _quote("volume-surge", RANKING),
        Call.RANK_POWER: _quote("volume-power", RANKING),
        Call.RANK_HIGH_LOW: _quote("new-highlow", RANKING),
    }
)

# Each id is spelled out: no virtual id is derived from a real one (quirk 1).
REAL_IDS: Mapping[Call, str] = MappingProxyType(
    {
        Call.BUY: "TTTT1002U",
        Call.SELL: "TTTT1006U",
        Call.CHANGE: "TTTT1004U",
        Call.DAY_BUY: "TTTS6036U",
        Call.DAY_SELL: "TTTS6037U",
        Call.DAY_CHANGE: "TTTS6038U",
        Call.RESERVE_BUY: "TTTT3014U",
        Call.RESERVE_SELL: "TTTT3016U",
        Call.RESERVE_CANCEL: "TTTT3017U",
        Call.RESERVED: "TTTT3039R",
        Call.OPEN_ORDERS: "TTTS3018R",
        Call.EXECUTIONS: "TTTS3035R",
        Call.BALANCE: "TTTS3012R",
        Call.PRESENT_BALANCE: "CTRP6504R",
        Call.BUYABLE: "TTTS3007R",
        Call.MARGIN: "TTTC2101R",
        Call.PERIOD_PROFIT: "TTTS3039R",
        Call.PERIOD_TRANSACTIONS: "CTOS4001R",
        Call.SETTLED_BALANCE: "CTRP6010R",
        Call.ALGO_ORDERS: "TTTS6058R",
        Call.ALGO_FILLS: "TTTS6059R",
        Call.PRICE: "HHDFS00000300",
        Call.PRICE_DETAIL: "HHDFS76200200",
        Call.BOOK: "HHDFS76200100",
        Call.PRICES: "HHDFS76220000",
        Call.DAILY_BARS: "HHDFS76240000",
        Call.CHART: "FHKST03030100",
        Call.MINUTE_BARS: "HHDFS76950200",
        Call.INDEX_MINUTES: "FHKST03030200",
        Call.TRADES: "HHDFS76200300",
        Call.PRODUCT: "CTPF1702R",
        Call.SCREENER: "HHDFS76410000",
        Call.SETTLEMENT_DATES: "CTOS5011R",
        Call.RANK_VOLUME: "HHDFS76310010",
        Call.RANK_TURNOVER: "HHDFS76320010",
        Call.RANK_GROWTH: "HHDFS76330000",
        Call.RANK_ROTATION: "HHDFS76340000",
        Call.RANK_CAP: "HHDFS76350100",
        Call.RANK_CHANGE: "HHDFS76290000",
        Call.RANK_FLUCTUATION: "HHDFS76260000",
        Call.RANK_SURGE: "HHDFS76270000",
        Call.RANK_POWER: "HHDFS76280000",
        Call.RANK_HIGH_LOW: "HHDFS76300000",
    }
)
VIRTUAL_IDS: Mapping[Call, str] = MappingProxyType(
    {
        Call.BUY: "VTTT1002U",
        Call.SELL: "VTTT1001U",
        Call.CHANGE: "VTTT1004U",
        Call.RESERVE_BUY: "VTTT3014U",
        Call.RESERVE_SELL: "VTTT3016U",
        Call.RESERVE_CANCEL: "VTTT3017U",
        Call.EXECUTIONS: "VTTS3035R",
        Call.BALANCE: "VTTS3012R",
        Call.PRESENT_BALANCE: "VTRP6504R",
        Call.BUYABLE: "VTTS3007R",
        Call.PRICE: "HHDFS00000300",
        Call.DAILY_BARS: "HHDFS76240000",
        Call.CHART: "FHKST03030100",
        Call.SCREENER: "HHDFS76410000",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """TR ids of the streams; None where the environment has no such stream (kis-protocol 7.7)."""

    notices: str
    trades: str | None
    book: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Everything in which real (실전) and virtual (모의) differ; the code has no other switch."""

    name: str
    label: Text
    rest_url: str
    ws_url: str
    ids: Mapping[Call, str] = field(repr=False)
    feeds: Feeds
    order_codes: frozenset[str]  # ORD_DVSN values taken (kis-protocol 3.1)
    calls_per_s: float
    ledger_calls_per_s: float
    rate_pause_s: float  # market seconds to wait after EGW00201
    exchanges_apart: bool  # an inquiry sees one exchange only, so that all US takes three (3.10)
    wildcards: bool  # inquire-ccnl takes `%` and filters (quirk 7)
    max_registrations: int = 41

    def offers(self, call: Call) -> bool:
        return call in self.ids

    def tr_id(self, call: Call) -> str:
        """Return the TR id; raise KisNotOffered before anything is sent."""
        try:
            return self.ids[call]
        except KeyError:
            raise KisNotOffered(
                f"{call} is not offered in the {self.name} environment",
                user_message=Text(
                    f"{self.label.ko}에서는 제공되지 않는 기능입니다 ({call}).",
                    f"The {self.label.en} environment does not offer this ({call}).",
                ),
            ) from None


REAL = Environment(
    name="real",
    label=Text("실전투자", "real"),
    rest_url="https://openapi.koreainvestment.com:9443",
    ws_url="ws://ops.koreainvestment.com:21000",
    ids=REAL_IDS,
    feeds=Feeds(notices="H0GSCNI0", trades="HDFSCNT0", book="HDFSASP0"),
    order_codes=frozenset({"00", "31", "32", "33", "34"}),
    calls_per_s=18,
    ledger_calls_per_s=0.95,
    rate_pause_s=0.3,
    exchanges_apart=False,
    wildcards=True,
)
VIRTUAL = Environment(
    name="virtual",
    label=Text("모의투자", "virtual"),
    rest_url="https://openapivts.koreainvestment.com:29443",
    ws_url="ws://ops.koreainvestment.com:31000",
    ids=VIRTUAL_IDS,
    feeds=Feeds(notices="H0GSCNI9", trades="HDFSCNT0", book=None),
    order_codes=frozenset({"00"}),
    calls_per_s=1,
    ledger_calls_per_s=0.95,
    rate_pause_s=1.1,
    exchanges_apart=True,
    wildcards=False,
)
