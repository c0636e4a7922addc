"""The two environments as values: hosts, TR ids, limits and what each does not offer (kis-protocol 1.1, 3.0, 6.1).
See decision 0063."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from types import MappingProxyType

from kis.errors import KisNotOffered
from strategy.model import Said


class EnvironmentNote(StrEnum):
    NOT_OFFERED = "environment.not_offered"
    REAL = "environment.real"
    VIRTUAL = "environment.virtual"


TRADING = "/uapi/overseas-stock/v1/trading"
QUOTATIONS = "/uapi/overseas-price/v1/quotations"
STOCK_QUOTATIONS = "/uapi/overseas-stock/v1/quotations"
RANKING = "/uapi/overseas-stock/v1/ranking"


class Lane(IntEnum):
    """Whose turn it is when the limit is short: lower goes first (kis-protocol 6.2)."""

    ORDER = 0
    LEDGER = 1  # account inquiries, with a second and slower limit of their own
    QUOTE = 2
    BACKGROUND = 3  # what nobody waits for; leaves most of each second free


class Endpoint(StrEnum):
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
    """How a call travels, and its TR id in each environment: empty where it is not offered."""

    method: str
    path: str
    lane: Lane
    real: str
    virtual: str


def _post(path: str, real: str, virtual: str = "") -> Route:
    return Route("POST", f"{TRADING}/{path}", Lane.ORDER, real, virtual)


def _ledger(path: str, real: str, virtual: str = "") -> Route:
    return Route("GET", f"{TRADING}/{path}", Lane.LEDGER, real, virtual)


def _quote(path: str, real: str, virtual: str = "", *, base: str = QUOTATIONS) -> Route:
    return Route("GET", f"{base}/{path}", Lane.QUOTE, real, virtual)


# Each id is spelled out: no virtual id is derived from a real one (quirk 1).
ROUTES: Mapping[Endpoint, Route] = MappingProxyType(
    {
        Endpoint.BUY: _post("order", "TTTT1002U", "VTTT1002U"),
        Endpoint.SELL: _post("order", "TTTT1006U", "VTTT1001U"),
        Endpoint.CHANGE: _post("order-rvsecncl", "TTTT1004U", "VTTT1004U"),
        Endpoint.DAY_BUY: _post("daytime-order", "TTTS6036U"),
        Endpoint.DAY_SELL: _post("daytime-order", "TTTS6037U"),
        Endpoint.DAY_CHANGE: _post("daytime-order-rvsecncl", "TTTS6038U"),
        Endpoint.RESERVE_BUY: _post("order-resv", "TTTT3014U", "VTTT3014U"),
        Endpoint.RESERVE_SELL: _post("order-resv", "TTTT3016U", "VTTT3016U"),
        Endpoint.RESERVE_CANCEL: _post("order-resv-ccnl", "TTTT3017U", "VTTT3017U"),
        Endpoint.RESERVED: _ledger("order-resv-list", "TTTT3039R"),
        Endpoint.OPEN_ORDERS: _ledger("inquire-nccs", "TTTS3018R"),
        Endpoint.EXECUTIONS: _ledger("inquire-ccnl", "TTTS3035R", "VTTS3035R"),
        Endpoint.BALANCE: _ledger("inquire-balance", "TTTS3012R", "VTTS3012R"),
        Endpoint.PRESENT_BALANCE: _ledger("inquire-present-balance", "CTRP6504R", "VTRP6504R"),
        Endpoint.BUYABLE: _ledger("inquire-psamount", "TTTS3007R", "VTTS3007R"),
        Endpoint.MARGIN: _ledger("foreign-margin", "TTTC2101R"),
        Endpoint.PERIOD_PROFIT: _ledger("inquire-period-profit", "TTTS3039R"),
        Endpoint.PERIOD_TRANSACTIONS: _ledger("inquire-period-trans", "CTOS4001R"),
        Endpoint.SETTLED_BALANCE: _ledger("inquire-paymt-stdr-balance", "CTRP6010R"),
        Endpoint.ALGO_ORDERS: _ledger("algo-ordno", "TTTS6058R"),
        Endpoint.ALGO_FILLS: _ledger("inquire-algo-ccnl", "TTTS6059R"),
        Endpoint.PRICE: _quote("price", "HHDFS00000300", "HHDFS00000300"),
        Endpoint.PRICE_DETAIL: _quote("price-detail", "HHDFS76200200"),
        Endpoint.BOOK: _quote("inquire-asking-price", "HHDFS76200100"),
        Endpoint.PRICES: _quote("multprice", "HHDFS76220000"),
        Endpoint.DAILY_BARS: _quote("dailyprice", "HHDFS76240000", "HHDFS76240000"),
        Endpoint.CHART: _quote("inquire-daily-chartprice", "FHKST03030100", "FHKST03030100"),
        Endpoint.MINUTE_BARS: _quote("inquire-time-itemchartprice", "HHDFS76950200"),
        Endpoint.INDEX_MINUTES: _quote("inquire-time-indexchartprice", "FHKST03030200"),
        Endpoint.TRADES: _quote("inquire-ccnl", "HHDFS76200300"),
        Endpoint.PRODUCT: _quote("search-info", "CTPF1702R"),
        Endpoint.SCREENER: _quote("inquire-search", "HHDFS76410000", "HHDFS76410000"),
        Endpoint.SETTLEMENT_DATES: _quote("countries-holiday", "CTOS5011R", base=STOCK_QUOTATIONS),
        Endpoint.RANK_VOLUME: _quote("trade-vol", "HHDFS76310010", base=RANKING),
        Endpoint.RANK_TURNOVER: _quote("trade-pbmn", "HHDFS76320010", base=RANKING),
        Endpoint.RANK_GROWTH: _quote("trade-growth", "HHDFS76330000", base=RANKING),
        Endpoint.RANK_ROTATION: _quote("trade-turnover", "HHDFS76340000", base=RANKING),
        Endpoint.RANK_CAP: _quote("market-cap", "HHDFS76350100", base=RANKING),
        Endpoint.RANK_CHANGE: _quote("updown-rate", "HHDFS76290000", base=RANKING),
        Endpoint.RANK_FLUCTUATION: _quote("price-fluct", "HHDFS76260000", base=RANKING),
        Endpoint.RANK_SURGE: _quote("volume-surge", "HHDFS76270000", base=RANKING),
        Endpoint.RANK_POWER: _quote("volume-power", "HHDFS76280000", base=RANKING),
        Endpoint.RANK_HIGH_LOW: _quote("new-highlow", "HHDFS76300000", base=RANKING),
    }
)
REAL_IDS: Mapping[Endpoint, str] = MappingProxyType({call: route.real for call, route in ROUTES.items()})
VIRTUAL_IDS: Mapping[Endpoint, str] = MappingProxyType(
    {call: route.virtual for call, route in ROUTES.items() if route.virtual}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """TR ids of the streams; None where the environment has no such stream (kis-protocol 7.7)."""

    notices: str
    trades: str | None
    book: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KisEnvironment:
    """Everything in which real (실전) and virtual (모의) differ; the code has no other switch."""

    name: str
    label: Said
    rest_url: str
    ws_url: str
    ids: Mapping[Endpoint, str] = field(repr=False)
    feeds: Feeds
    order_codes: frozenset[str]  # ORD_DVSN values taken (kis-protocol 3.1)
    calls_per_s: float
    ledger_calls_per_s: float
    rate_pause_s: float  # market seconds to wait after EGW00201
    exchanges_apart: bool  # an inquiry sees one exchange only, so that all US takes three (3.10)
    wildcards: bool  # inquire-ccnl takes `%` and filters (quirk 7)
    max_registrations: int = 41

    def offers(self, call: Endpoint) -> bool:
        return call in self.ids

    def tr_id(self, call: Endpoint) -> str:
        """Return the TR id; raise KisNotOffered before anything is sent."""
        try:
            return self.ids[call]
        except KeyError:
            raise KisNotOffered(
                f"{call} is not offered in the {self.name} environment",
                user_message=Said(EnvironmentNote.NOT_OFFERED, environment=self.label, call=call),
            ) from None


REAL = KisEnvironment(
    name="real",
    label=Said(EnvironmentNote.REAL),
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
VIRTUAL = KisEnvironment(
    name="virtual",
    label=Said(EnvironmentNote.VIRTUAL),
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
