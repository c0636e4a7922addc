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


class Lane(IntEnum):
    """Whose turn it is when the limit is short: lower goes first (kis-protocol 6.2)."""

    ORDER = 0
    LEDGER = 1  # account inquiries, with a second and slower limit of their own
    QUOTE = 2


class Endpoint(StrEnum):
    """Every REST operation the client asks for; the value is the name used in logs."""

    BUY = "buy"
    SELL = "sell"
    CHANGE = "change"
    OPEN_ORDERS = "open-orders"
    EXECUTIONS = "executions"
    BALANCE = "balance"
    PRESENT_BALANCE = "present-balance"
    BUYABLE = "buyable"
    PRICE = "price"
    BOOK = "book"
    DAILY_BARS = "daily-bars"
    MINUTE_BARS = "minute-bars"
    PRODUCT = "product"


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


def _quote(path: str) -> Route:
    return Route("GET", f"{QUOTATIONS}/{path}", Lane.QUOTE)


ROUTES: Mapping[Endpoint, Route] = MappingProxyType(
    {
        Endpoint.BUY: _post("order"),
        Endpoint.SELL: _post("order"),
        Endpoint.CHANGE: _post("order-rvsecncl"),
        Endpoint.OPEN_ORDERS: _ledger("inquire-nccs"),
        Endpoint.EXECUTIONS: _ledger("inquire-ccnl"),
        Endpoint.BALANCE: _ledger("inquire-balance"),
        Endpoint.PRESENT_BALANCE: _ledger("inquire-present-balance"),
        Endpoint.BUYABLE: _ledger("inquire-psamount"),
        Endpoint.PRICE: _quote("price"),
        Endpoint.BOOK: _quote("inquire-asking-price"),
        Endpoint.DAILY_BARS: _quote("dailyprice"),
        Endpoint.MINUTE_BARS: _quote("inquire-time-itemchartprice"),
        Endpoint.PRODUCT: _quote("search-info"),
    }
)

# Each id is spelled out: no virtual id is derived from a real one (quirk 1).
REAL_IDS: Mapping[Endpoint, str] = MappingProxyType(
    {
        Endpoint.BUY: "TTTT1002U",
        Endpoint.SELL: "TTTT1006U",
        Endpoint.CHANGE: "TTTT1004U",
        Endpoint.OPEN_ORDERS: "TTTS3018R",
        Endpoint.EXECUTIONS: "TTTS3035R",
        Endpoint.BALANCE: "TTTS3012R",
        Endpoint.PRESENT_BALANCE: "CTRP6504R",
        Endpoint.BUYABLE: "TTTS3007R",
        Endpoint.PRICE: "HHDFS00000300",
        Endpoint.BOOK: "HHDFS76200100",
        Endpoint.DAILY_BARS: "HHDFS76240000",
        Endpoint.MINUTE_BARS: "HHDFS76950200",
        Endpoint.PRODUCT: "CTPF1702R",
    }
)
VIRTUAL_IDS: Mapping[Endpoint, str] = MappingProxyType(
    {
        Endpoint.BUY: "VTTT1002U",
        Endpoint.SELL: "VTTT1001U",
        Endpoint.CHANGE: "VTTT1004U",
        Endpoint.EXECUTIONS: "VTTS3035R",
        Endpoint.BALANCE: "VTTS3012R",
        Endpoint.PRESENT_BALANCE: "VTRP6504R",
        Endpoint.BUYABLE: "VTTS3007R",
        Endpoint.PRICE: "HHDFS00000300",
        Endpoint.DAILY_BARS: "HHDFS76240000",
    }
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
