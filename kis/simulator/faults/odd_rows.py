"""Rows that real accounts have and nobody expects: a bond, a part of a share, blanks, text for numbers, a row without
its key, another spelling. Each stands in the balances and in the lists of orders.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

Row = dict[str, Any]

BOND: Final = "US912810TW80"
_ORDER_NUMBERS: Final = {
    "bond": "990001",
    "fraction": "990002",
    "blank": "990003",
    "letters": "990004",
    "keyless": "",
    "spelling": "990006",
}
# ticker, exchange, quantity, price of each: what the lists below spell in their own fields
_ODD: Final[dict[str, tuple[str, str, str, str]]] = {
    "bond": (BOND, "", "10000", "98.1250"),
    "fraction": ("SCHD", "AMEX", "0.847972", "28.3100"),
    "blank": ("KODK", "NYSE", "", ""),
    "letters": ("GPRO", "NASD", "-", "N/A"),
    "keyless": ("", "NASD", "3", "12.5000"),
    "spelling": ("BRK.B", "NYSE", "2", "470.1000"),
}
NAMES: Final = tuple(_ODD)


def with_odd_rows(body: Row, endpoint: str, names: Any) -> Row:
    """Return an answer of the account with odd rows at its end: all of them, or those named."""
    made = _LISTS.get(endpoint)
    if made is None:
        return body
    part, row_of = made
    there = body.get(part)
    rows = there if isinstance(there, list) else [there] if there else []
    odd = [row_of(name, rows) for name in (names or NAMES) if name in _ODD]
    return body | {part: [*rows, *odd]}


def _holding(name: str, rows: list[Row]) -> Row:
    ticker, exchange, qty, price = _ODD[name]
    first: Mapping[str, Any] = rows[0] if rows else {}
    return {
        "cano": first.get("cano", "50123456"),
        "acnt_prdt_cd": first.get("acnt_prdt_cd", "01"),
        "prdt_type_cd": "" if name == "bond" else "512",
        "ovrs_pdno": ticker,
        "ovrs_item_name": _name(name),
        "frcr_evlu_pfls_amt": price and "0.000000",
        "evlu_pfls_rt": price and "0.00",
        "pchs_avg_pric": price,
        "ovrs_cblc_qty": qty,
        "ord_psbl_qty": qty,
        "frcr_pchs_amt1": price,
        "ovrs_stck_evlu_amt": price,
        "now_pric2": price,
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": exchange,
        "loan_type_cd": "10",
        "loan_dt": "",
        "expd_dt": "",
    }


def _present(name: str, _rows: list[Row]) -> Row:
    ticker, exchange, qty, price = _ODD[name]
    quote = {"NASD": "NAS", "NYSE": "NYS", "AMEX": "AMS"}.get(exchange, "")
    quantities = ("cblc_qty13", "ccld_qty_smtl1", "ord_psbl_qty1")
    amounts = ("frcr_pchs_amt", "frcr_evlu_amt2", "ovrs_now_pric1", "avg_unpr3")
    zeros = ("thdt_buy_ccld_qty1", "thdt_sll_ccld_qty1", "evlu_pfls_amt2", "evlu_pfls_rt1")
    return {
        "prdt_name": _name(name),
        **dict.fromkeys(quantities, qty),
        **dict.fromkeys(amounts, price),
        **dict.fromkeys(zeros, price and "0.00000000"),
        "pdno": ticker,
        "bass_exrt": "1391.50000000",
        "buy_crcy_cd": "USD",
        "tr_mket_name": "",
        "natn_kor_name": "미국",
        "pchs_rmnd_wcrc_amt": "",
        "thdt_buy_ccld_frcr_amt": "0.000000",
        "thdt_sll_ccld_frcr_amt": "0.000000",
        "unit_amt": "1",
        "std_pdno": BOND if name == "bond" else "",
        "prdt_type_cd": "" if name == "bond" else "512",
        "scts_dvsn_name": "현금",
        "loan_rmnd": "0",
        "loan_dt": "",
        "loan_expd_dt": "",
        "ovrs_excg_cd": exchange,
        "item_lnkg_excg_cd": quote,
    }


def _order(name: str, rows: list[Row]) -> Row:
    ticker, exchange, qty, price = _ODD[name]
    first: Mapping[str, Any] = rows[0] if rows else {}
    day = first.get("ord_dt", "")
    return {
        "ord_dt": day,
        "ord_gno_brno": first.get("ord_gno_brno", "01790"),
        "odno": _ORDER_NUMBERS[name],
        "orgn_odno": "",
        "sll_buy_dvsn_cd": "02",
        "sll_buy_dvsn_cd_name": "매수",
        "rvse_cncl_dvsn": "00",
        "rvse_cncl_dvsn_name": "",
        "rvse_cncl_dvsn_cd": "00",
        "rvse_cncl_dvsn_cd_name": "",
        "pdno": ticker,
        "prdt_name": _name(name),
        "ft_ord_qty": qty,
        "ft_ord_unpr3": price,
        "ft_ccld_qty": qty,
        "ft_ccld_unpr3": price,
        "ft_ccld_amt3": price,
        "nccs_qty": qty and "0",
        "prcs_stat_name": "완료",
        "rjct_rson": "",
        "rjct_rson_name": "",
        "ord_tmd": "223501",
        "tr_mket_name": "",
        "tr_crcy_cd": "USD",
        "tr_natn": "840",
        "tr_natn_name": "미국",
        "natn_cd": "840",
        "natn_kor_name": "미국",
        "ovrs_excg_cd": exchange,
        "dmst_ord_dt": first.get("dmst_ord_dt", day),
        "thco_ord_tmd": "223501",
        "loan_type_cd": "10",
        "loan_dt": "",
        "mdia_dvsn_name": "모바일",
        "usa_amk_exts_rqst_yn": "N",
        "splt_buy_attr_name": "",
    }


def _name(name: str) -> str:
    return {"bond": "미국 국채 4.75% 11/15/53", "fraction": "슈왑 미국 배당 ETF"}.get(name, "")


_LISTS: Final[dict[str, tuple[str, Callable[[str, list[Row]], Row]]]] = {
    "trading/inquire-balance": ("output1", _holding),
    "trading/inquire-present-balance": ("output1", _present),
    "trading/inquire-ccnl": ("output", _order),
    "trading/inquire-nccs": ("output", _order),
}
