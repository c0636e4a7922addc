"""Realised profit and settled transactions of a period: real only (kis-protocol 3.14, 3.15)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kis.auth.account_number import AccountNumber
from kis.calls.paging import pages, rows
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.rest.fields import day, decimal, integer, maybe_day, maybe_positive, maybe_text, text
from kis.symbols import SymbolBook
from strategy.model import Side, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class RealizedProfit:
    """What was sold of one listing on one day, in dollars; known from the day after. Whole shares; `fx_rate` is won per
    dollar."""

    traded_on: date
    symbol: Symbol
    qty: int
    average_cost: Decimal
    average_price: Decimal
    proceeds: Decimal
    costs: Decimal
    profit: Decimal
    profit_rate: Decimal  # percent
    fx_rate: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A settled trade with the fees that were charged: the only place where they can be read. Whole shares; all money
    is dollars where `currency` is USD."""

    traded_on: date
    settles_on: date | None
    ticker: str
    side: Side
    qty: int
    price: Decimal
    amount: Decimal  # dollars
    settled_amount: Decimal
    broker_fee: Decimal
    us_fee: Decimal
    currency: str

    @property
    def fees(self) -> Decimal:
        """Return both fees together, in dollars."""
        return self.broker_fee + self.us_fee


def profit_params(account: AccountNumber, since: date, until: date) -> dict[str, str]:
    """Return parameters in dollars: `01` is foreign here, the reverse of the present balance (quirk 40). The dates are
    New York's."""
    return {
        **account.params(),
        "OVRS_EXCG_CD": "NASD",
        "NATN_CD": "",
        "CRCY_CD": "USD",
        "PDNO": "",
        "INQR_STRT_DT": f"{since:%Y%m%d}",
        "INQR_END_DT": f"{until:%Y%m%d}",
        "WCRC_FRCR_DVSN_CD": "01",
    }


def parse_profit(row: Mapping[str, Any], book: SymbolBook) -> RealizedProfit | None:
    """Read one row, None for a listing outside the US."""
    symbol = book.resolve(row, "ovrs_pdno")
    if symbol is None:
        return None
    return RealizedProfit(
        traded_on=day(row, "trad_day"),
        symbol=symbol,
        qty=integer(row, "slcl_qty"),
        average_cost=decimal(row, "pchs_avg_pric"),
        average_price=decimal(row, "avg_sll_unpr"),
        proceeds=decimal(row, "frcr_sll_amt_smtl1"),
        costs=decimal(row, "stck_sll_tlex"),
        profit=decimal(row, "ovrs_rlzt_pfls_amt"),
        profit_rate=decimal(row, "pftrt"),
        fx_rate=maybe_positive(row, "exrt"),
    )


async def realized(
    http: KisHttp, account: AccountNumber, book: SymbolBook, since: date, until: date
) -> list[RealizedProfit]:
    """Return the realised profits of those dates, one row a day and listing. New York dates."""
    bodies = await pages(http, Endpoint.PERIOD_PROFIT, profit_params(account, since, until))
    found = (parse_profit(row, book) for body in bodies for row in rows(body, "output1", "ovrs_pdno"))
    return [profit for profit in found if profit is not None]


def transaction_params(account: AccountNumber, since: date, until: date) -> dict[str, str]:
    """Return the parameters of the transactions of those New York dates (kis-protocol 3.15)."""
    return {
        **account.params(),
        "ERLM_STRT_DT": f"{since:%Y%m%d}",
        "ERLM_END_DT": f"{until:%Y%m%d}",
        "OVRS_EXCG_CD": "",
        "PDNO": "",
        "SLL_BUY_DVSN_CD": "00",
        "LOAN_DVSN_CD": "",
    }


def parse_transaction(row: Mapping[str, Any]) -> Transaction:
    """Read one row; raise FieldFault."""
    return Transaction(
        traded_on=day(row, "trad_dt"),
        settles_on=maybe_day(row, "sttl_dt"),
        ticker=text(row, "pdno"),
        side=Side.SELL if text(row, "sll_buy_dvsn_cd") == "01" else Side.BUY,
        qty=integer(row, "ccld_qty"),
        price=maybe_positive(row, "ft_ccld_unpr2") or decimal(row, "ovrs_stck_ccld_unpr"),
        amount=decimal(row, "tr_frcr_amt2"),
        settled_amount=decimal(row, "frcr_excc_amt_1"),
        broker_fee=decimal(row, "dmst_frcr_fee1"),
        us_fee=decimal(row, "frcr_fee1"),
        currency=maybe_text(row, "crcy_cd"),
    )


async def transactions(http: KisHttp, account: AccountNumber, since: date, until: date) -> list[Transaction]:
    """Return the transactions of those dates; its paging keys are 100 wide. New York dates."""
    bodies = await pages(http, Endpoint.PERIOD_TRANSACTIONS, transaction_params(account, since, until), width="100")
    return [parse_transaction(row) for body in bodies for row in rows(body, "output1", "pdno")]
