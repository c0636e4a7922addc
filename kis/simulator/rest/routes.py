"""Which path and TR id lead to which handler, in which environment (kis-protocol 3.0, availability matrix)."""

from collections.abc import Callable
from dataclasses import dataclass

from kis.simulator.options import Served
from kis.simulator.rest import balances as rest_balances
from kis.simulator.rest import bars as rest_bars
from kis.simulator.rest import domestic as rest_domestic
from kis.simulator.rest import info as rest_info
from kis.simulator.rest import inquiries as rest_inquiries
from kis.simulator.rest import orders as rest_orders
from kis.simulator.rest import profits as rest_profits
from kis.simulator.rest import quotes as rest_quotes
from kis.simulator.rest import rankings as rest_rankings
from kis.simulator.rest import reserved as rest_reserved
from kis.simulator.rest.calls import Request, RestReply

TRADING = "/uapi/overseas-stock/v1/trading/"
QUOTES = "/uapi/overseas-price/v1/quotations/"
STOCK_QUOTES = "/uapi/overseas-stock/v1/quotations/"
RANKING = "/uapi/overseas-stock/v1/ranking/"
DOMESTIC = "/uapi/domestic-stock/v1/quotations/"
DOMESTIC_TRADING = "/uapi/domestic-stock/v1/trading/"
# what users met EGW00215 on: balance, fills and open orders (kis-protocol 5.2, 6.2)
LEDGER = frozenset({"inquire-balance", "inquire-present-balance", "inquire-ccnl", "inquire-nccs"})
REAL, VIRTUAL = Served.REAL, Served.VIRTUAL

# ids of US calls before 2024 that clients in use still send on real
_FORMER = {
    "JTTT1002U": "TTTT1002U",
    "JTTT1006U": "TTTT1006U",
    "JTTT1004U": "TTTT1004U",
    "JTTT3007R": "TTTS3007R",
    "JTTT3012R": "TTTS3012R",
    "JTTT3018R": "TTTS3018R",
    "JTTT3001R": "TTTS3035R",
}

Handler = Callable[[Request], RestReply]


@dataclass(frozen=True, slots=True)
class ServedCall:
    """One row of the matrix: a TR id where it is served."""

    tr_id: str
    method: str
    path: str
    handler: Handler
    environments: frozenset[Served]
    ledger: bool = False  # counted by the second limiter (EGW00215)
    pages: bool = False


def _calls() -> list[ServedCall]:
    calls: list[ServedCall] = []

    def post(path: str, handler: Handler, real: str, virtual: str = "") -> None:
        for tr_ids, environment in ((real, REAL), (virtual, VIRTUAL)):
            calls.extend(
                ServedCall(tr, "POST", TRADING + path, handler, frozenset({environment})) for tr in tr_ids.split()
            )

    def account(
        path: str, handler: Handler, real: str, virtual: str = "", *, pages: bool = True, base: str = TRADING
    ) -> None:
        ledger = path in LEDGER and base == TRADING
        for tr_ids, environment in ((real, REAL), (virtual, VIRTUAL)):
            served = frozenset({environment})
            calls.extend(
                ServedCall(tr, "GET", base + path, handler, served, ledger=ledger, pages=pages) for tr in tr_ids.split()
            )

    def quote(path: str, handler: Handler, tr_id: str, *, virtual: bool = False, base: str = QUOTES) -> None:
        served = frozenset({REAL, VIRTUAL}) if virtual else frozenset({REAL})
        calls.append(ServedCall(tr_id, "GET", base + path, handler, served, pages=base == STOCK_QUOTES))

    post("order", rest_orders.order, "TTTT1002U TTTT1006U", "VTTT1002U VTTT1001U")
    post("order-rvsecncl", rest_orders.change, "TTTT1004U", "VTTT1004U")
    post("daytime-order", rest_orders.daytime_order, "TTTS6036U TTTS6037U")
    post("daytime-order-rvsecncl", rest_orders.daytime_change, "TTTS6038U")
    post("order-resv", rest_reserved.reserve, "TTTT3014U TTTT3016U", "VTTT3014U VTTT3016U")
    post("order-resv-ccnl", rest_reserved.cancel, "TTTT3017U", "VTTT3017U")
    post("order-resv", rest_reserved.cancel, "", "VTTT3017U")  # the virtual collection posts it here
    account("order-resv-list", rest_reserved.listing, "TTTT3039R")
    account("inquire-nccs", rest_inquiries.open_orders, "TTTS3018R", "VTTS3018R")
    account("inquire-ccnl", rest_inquiries.executions, "TTTS3035R", "VTTS3035R")
    account("inquire-balance", rest_balances.balance, "TTTS3012R", "VTTS3012R")
    account("inquire-present-balance", rest_balances.present_balance, "CTRP6504R", "VTRP6504R", pages=False)
    account("inquire-psamount", rest_balances.buyable, "TTTS3007R", "VTTS3007R", pages=False)
    account("foreign-margin", rest_balances.foreign_margin, "TTTC2101R", pages=False)
    quote("dayornight", rest_domestic.day_or_night, "JTTT3010R", virtual=True, base=TRADING)
    account("inquire-period-profit", rest_profits.period_profit, "TTTS3039R")
    account("inquire-period-trans", rest_profits.period_transactions, "CTOS4001R")
    account("inquire-paymt-stdr-balance", rest_balances.settlement_balance, "CTRP6010R", pages=False)
    account("algo-ordno", rest_inquiries.algo_orders, "TTTS6058R")
    account("inquire-algo-ccnl", rest_inquiries.algo_fills, "TTTS6059R")
    quote("price", rest_quotes.price, "HHDFS00000300", virtual=True)
    quote("price-detail", rest_quotes.detail, "HHDFS76200200")
    quote("inquire-asking-price", rest_quotes.book, "HHDFS76200100")
    quote("multprice", rest_quotes.several, "HHDFS76220000")
    quote("dailyprice", rest_bars.daily, "HHDFS76240000", virtual=True)
    quote("inquire-daily-chartprice", rest_bars.index_daily, "FHKST03030100", virtual=True)
    quote("inquire-time-itemchartprice", rest_bars.minutes, "HHDFS76950200")
    quote("inquire-time-indexchartprice", rest_bars.index_minutes, "FHKST03030200")
    quote("inquire-ccnl", rest_quotes.ticks, "HHDFS76200300")
    quote("search-info", rest_info.product, "CTPF1702R")
    quote("inquire-search", rest_info.screener, "HHDFS76410000", virtual=True)
    quote("countries-holiday", rest_info.settlement_days, "CTOS5011R", base=STOCK_QUOTES)
    quote("search-info", rest_info.domestic_product, "CTPF1604R", virtual=True, base=DOMESTIC)
    quote("inquire-price", rest_info.domestic_price, "FHKST01010100", virtual=True, base=DOMESTIC)
    account("inquire-balance", rest_domestic.balance, "TTTC8434R", "VTTC8434R", base=DOMESTIC_TRADING)
    account("inquire-psbl-rvsecncl", rest_domestic.listing, "TTTC8036R TTTC0084R", base=DOMESTIC_TRADING)
    account(
        "inquire-daily-ccld",
        rest_domestic.listing_with_total,
        "TTTC8001R CTSC9115R TTTC0081R CTSC9215R",
        "VTTC8001R VTSC9115R VTTC0081R VTSC9215R",
        base=DOMESTIC_TRADING,
    )
    account("inquire-period-trade-profit", rest_domestic.listing_with_total, "TTTC8715R", base=DOMESTIC_TRADING)
    for path, tr_id, handler in rest_rankings.TABLE:
        quote(path, handler, tr_id, base=RANKING)
    return calls


def current_tr_id(tr_id: str) -> str:
    """Return today's id of a call that used to have another."""
    return _FORMER.get(tr_id, tr_id)


class Routes:
    """Finds the call of a request."""

    def __init__(self) -> None:
        self._calls = {(call.method, call.path, call.tr_id): call for call in _calls()}
        self._served: dict[str, frozenset[Served]] = {}
        for call in self._calls.values():
            self._served[call.tr_id] = self._served.get(call.tr_id, frozenset()) | call.environments

    def find(self, method: str, path: str, tr_id: str) -> ServedCall | None:
        return self._calls.get((method, path, tr_id))

    def served(self, tr_id: str) -> frozenset[Served]:
        """Return the environments a TR id belongs to; empty for an unknown one."""
        return self._served.get(tr_id, frozenset())
