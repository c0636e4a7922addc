"""Product info and settlement dates: real only (kis-protocol 3.24)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from kis.calls.paging import one, rows
from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import KisData
from kis.rest.fields import maybe_day, maybe_positive, maybe_text
from kis.symbols import PRODUCT_TYPE
from strategy.model import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What KIS knows of a listing. The last price is in dollars; `leverage` is a factor: 3 for a fund that moves
    threefold."""

    symbol: Symbol
    isin: str
    name: str
    english_name: str
    kind: str  # 01 stock, 02 warrant, 03 ETF, 04 preferred
    leverage: Decimal | None
    halted: bool
    listed: bool
    day_tradable: bool
    partnership: bool  # 10 % is withheld on sales
    last: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDate:
    """When trades of a day settle; no list of holidays and no early closes. `local` is a date of that market (New
    York's, for the US), `domestic` one of Seoul's."""

    country: str
    market: str
    local: date | None
    domestic: date | None


def product_params(symbol: Symbol) -> dict[str, str]:
    return {"PRDT_TYPE_CD": PRODUCT_TYPE[symbol.market], "PDNO": symbol.ticker}


def parse_product(body: Mapping[str, Any], symbol: Symbol) -> Product:
    """Read the product; raise KisData for one KIS does not know."""
    output = one(body, "output")
    if not maybe_text(output, "std_pdno") and not maybe_text(output, "prdt_name"):
        raise KisData(f"no product {symbol}")
    return Product(
        symbol=symbol,
        isin=maybe_text(output, "std_pdno"),
        name=maybe_text(output, "prdt_name"),
        english_name=maybe_text(output, "prdt_eng_name"),
        kind=maybe_text(output, "ovrs_stck_dvsn_cd"),
        leverage=maybe_positive(output, "etp_chas_erng_rt_dbnb"),
        halted=maybe_text(output, "ovrs_stck_tr_stop_dvsn_cd") not in ("", "01"),
        listed=maybe_text(output, "lstg_yn") != "N" and maybe_text(output, "lstg_abol_item_yn") != "Y",
        day_tradable=maybe_text(output, "dtm_tr_psbl_yn") == "Y",
        partnership=maybe_text(output, "ptp_item_yn") == "Y",
        last=maybe_positive(output, "ovrs_now_pric1"),
    )


async def product(http: KisHttp, symbol: Symbol) -> Product:
    answer = await http.get(Endpoint.PRODUCT, product_params(symbol))
    return parse_product(answer.body, symbol)


def parse_settlement_dates(body: Mapping[str, Any]) -> list[SettlementDate]:
    return [
        SettlementDate(
            country=maybe_text(row, "natn_eng_abrv_cd"),
            market=maybe_text(row, "tr_mket_name"),
            local=maybe_day(row, "acpl_sttl_dt"),
            domestic=maybe_day(row, "dmst_sttl_dt"),
        )
        for row in rows(body, "output", "tr_mket_name")
    ]


async def settlement_dates(http: KisHttp, traded_on: date) -> list[SettlementDate]:
    """Return when trades of that date settle, by country and market; its paging keys have no width in their names."""
    params = {"TRAD_DT": f"{traded_on:%Y%m%d}", "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
    answer = await http.get(Endpoint.SETTLEMENT_DATES, params)
    return parse_settlement_dates(answer.body)
