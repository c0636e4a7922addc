"""Open orders, orders and fills, TWAP/VWAP lists (kis-protocol 3.8, 3.9, 3.17)."""

from datetime import date
from typing import Any

from kis.simulator.books.accounts import BookAccount
from kis.simulator.books.orders import ALGO, BookOrder, Kind, State
from kis.simulator.options import Served
from kis.simulator.rest.calls import Request, RestReply, Row, blank, paged
from kis.simulator.rest.orders import BRANCH
from kis.simulator.rest.refusals import field_wrong
from kis.simulator.text import fixed, kst_hms, kst_ymd, parse_ymd, price4, ymd

US = frozenset({"NASD", "NYSE", "AMEX"})
_ZEROS = {
    "ft_ord_qty": "0",
    "ft_ccld_qty": "0",
    "nccs_qty": "0",
    "ft_ord_unpr3": "0.00000000",
    "ft_ccld_unpr3": "0.00000000",
    "ft_ccld_amt3": "0.00000",
}
_NCCS_FIELDS = (
    "ord_dt", "ord_gno_brno", "odno", "orgn_odno", "pdno", "prdt_name", "sll_buy_dvsn_cd", "sll_buy_dvsn_cd_name",
    "rvse_cncl_dvsn_cd", "rvse_cncl_dvsn_cd_name", "rjct_rson", "rjct_rson_name", "ord_tmd", "tr_mket_name",
    "tr_crcy_cd", "natn_cd", "natn_kor_name", "ft_ord_qty", "ft_ccld_qty", "nccs_qty", "ft_ord_unpr3",
    "ft_ccld_unpr3", "ft_ccld_amt3", "ovrs_excg_cd", "prcs_stat_name", "loan_type_cd", "loan_dt",
    "usa_amk_exts_rqst_yn", "splt_buy_attr_name",
)  # fmt: skip
_CCNL_FIELDS = (
    "ord_dt", "ord_gno_brno", "odno", "orgn_odno", "sll_buy_dvsn_cd", "sll_buy_dvsn_cd_name", "rvse_cncl_dvsn",
    "rvse_cncl_dvsn_name", "pdno", "prdt_name", "ft_ord_qty", "ft_ord_unpr3", "ft_ccld_qty", "ft_ccld_unpr3",
    "ft_ccld_amt3", "nccs_qty", "prcs_stat_name", "rjct_rson", "rjct_rson_name", "ord_tmd", "tr_mket_name",
    "tr_crcy_cd", "tr_natn", "tr_natn_name", "ovrs_excg_cd", "dmst_ord_dt", "thco_ord_tmd", "loan_type_cd",
    "loan_dt", "mdia_dvsn_name", "usa_amk_exts_rqst_yn", "splt_buy_attr_name",
)  # fmt: skip


def open_orders(request: Request) -> RestReply:
    """List orders that still work; on virtual always nothing, whatever is open (quirk 6)."""
    account = request.account()
    exchange, sort = request.need("OVRS_EXCG_CD", "SORT_SQN")
    rows: list[BookOrder] = []
    if not request.virtual:
        rows = [o for o in request.world.broker.orders_of(account) if o.working and _listed_on(o, exchange)]
    if sort != "DS":
        rows.reverse()
    condition = f"{account.cano}^{account.product}^{exchange}^{sort}^"
    page, tr_cont, context = paged(request, rows, 40, _cursor, condition)
    if not exchange and tr_cont == "F":  # a blank exchange breaks paging
        tr_cont, context["ctx_area_nk200"] = "D", context["ctx_area_nk200"][:0].ljust(200)
    return _listed(request, [_nccs_row(request, o) for o in page], tr_cont, context, _NCCS_FIELDS)


def executions(request: Request) -> RestReply:
    """List orders with what was filled of them; the filters do nothing on virtual (quirk 7)."""
    account = request.account()
    names = ("PDNO", "ORD_STRT_DT", "ORD_END_DT", "SLL_BUY_DVSN", "CCLD_NCCS_DVSN", "OVRS_EXCG_CD", "SORT_SQN")
    symbol, start, end, side, state, exchange, sort = request.need(*names)
    request.need("ORD_DT", "ORD_GNO_BRNO", "ODNO")
    first, last = parse_ymd(start), parse_ymd(end)
    if first is None or last is None:
        raise field_wrong("ORD_STRT_DT" if first is None else "ORD_END_DT")
    rows = [o for o in request.world.broker.orders_of(account) if first <= o.day <= last]
    if not request.virtual:
        rows = [o for o in rows if _wanted(o, symbol, side, state, exchange)]
        if sort == "AS":
            rows.reverse()
    condition = f"{account.cano}^{account.product}^{symbol}^{start}^{end}^{side}^{state}^{exchange}^^"
    page, tr_cont, context = paged(request, rows, 15 if request.virtual else 20, _cursor, condition)
    return _listed(request, [_ccnl_row(request, o) for o in page], tr_cont, context, _CCNL_FIELDS)


def algo_orders(request: Request) -> RestReply:
    """List TWAP and VWAP order numbers of a day."""
    account = request.account()
    (day,) = request.need("TRAD_DT")
    rows = _algo_rows(request, account, parse_ymd(day))
    page, tr_cont, context = paged(request, rows, 20, _cursor, f"{account.cano}^{account.product}^{day}^")
    output = [
        {
            "odno": f"{o.odno:010d}",
            "trad_dvsn_name": _algo_name(o),
            "pdno": o.listing.symbol,
            "item_name": o.listing.korean_name,
            "ft_ord_qty": str(o.qty),
            "ft_ord_unpr3": _price8(o.price),
            "splt_buy_attr_name": o.window_text,
            "ft_ccld_qty": str(o.shown_filled),
            "ord_gno_brno": BRANCH[request.environment],
        }
        for o in page
    ]
    return RestReply({**context, "output": output}, request.inquired() if rows else request.empty(), tr_cont)


def algo_fills(request: Request) -> RestReply:
    """List the slices of one TWAP or VWAP order with their total."""
    account = request.account()
    day, _, odno = request.need("ORD_DT", "ORD_GNO_BRNO", "ODNO")
    found = [o for o in _algo_rows(request, account, parse_ymd(day)) if odno.isdigit() and o.odno == int(odno)]
    slices = [fill for order in found for fill in order.fills]
    page, tr_cont, context = paged(request, slices, 20, lambda f: str(f.number), f"{account.cano}^{day}^{odno}^")
    output1 = [
        {
            "ccld_btwn": kst_hms(fill.at_ms),
            "pdno": fill.symbol,
            "item_name": found[0].listing.korean_name,
            "ft_ccld_qty": str(fill.qty),
            "ft_ccld_unpr3": _price8(fill.price),
            "ft_ccld_amt3": fixed(fill.amount, 5),
        }
        for fill in page
    ]
    output2: Any = _algo_total(found[0]) if found else {}
    answer = request.inquired() if found else request.empty()
    # the layout calls them output and output3, the published answer output1 and output2: clients read either
    blocks = {"output": output1, "output1": output1, "output2": output2, "output3": output2}
    return RestReply({**context, **blocks}, answer, tr_cont)


def _algo_total(order: BookOrder) -> Row:
    return {
        "odno": f"{order.odno:010d}",
        "trad_dvsn_name": _algo_name(order),
        "pdno": order.listing.symbol,
        "item_name": order.listing.korean_name,
        "ft_ord_qty": str(order.qty),
        "ft_ord_unpr3": _price8(order.price),
        "ord_tmd": kst_hms(order.placed_ms),
        "splt_buy_attr_name": order.window_text,
        "ft_ccld_qty": str(order.filled),
        "tr_crcy": "USD",
        "ft_ccld_unpr3": fixed(order.average, 8),
        "ft_ccld_amt3": fixed(order.amount, 5),
        "ccld_cnt": str(len(order.fills)),
    }


def _algo_rows(request: Request, account: BookAccount, day: date | None) -> list[BookOrder]:
    return [o for o in request.world.broker.orders_of(account) if o.kind in ALGO and o.change == "00" and o.day == day]


def _algo_name(order: BookOrder) -> str:
    return f"{'TWAP' if order.kind is Kind.TWAP else 'VWAP'}지정가{'매수' if order.buying else '매도'}"


def _listed(
    request: Request, rows: list[Row], tr_cont: str, context: dict[str, str], names: tuple[str, ...]
) -> RestReply:
    """Return a list answer, empty ones in the shape the options ask for (quirk 14)."""
    output: Any = rows or request.nothing(names, _ZEROS)
    if rows and request.world.options.filler_rows and tr_cont in {"D", "E"}:
        output = [*rows, blank(names, _ZEROS)]
    return RestReply({**context, "output": output}, request.inquired() if rows else request.empty(), tr_cont)


def _wanted(order: BookOrder, symbol: str, side: str, state: str, exchange: str) -> bool:
    if symbol not in {"", "%"} and order.listing.symbol != symbol:
        return False
    if side in {"01", "02"} and order.buying is (side == "01"):
        return False
    if state == "01" and order.shown_filled == 0:
        return False
    if state == "02" and _open_shown(order, looks_closed=False) == 0:
        return False
    return exchange in {"", "%"} or _listed_on(order, exchange)


def _listed_on(order: BookOrder, exchange: str) -> bool:
    """Return whether an order belongs to an exchange filter: NASD stands for all of the US."""
    return exchange in {"", "NASD", order.listing.exchange.order}


def _cursor(order: BookOrder) -> str:
    return f"{ymd(order.day)}{order.odno:010d}"


def _open_shown(order: BookOrder, *, looks_closed: bool) -> int:
    """Return the open quantity as inquiries see it, before late fills have arrived there."""
    unseen = order.filled - order.shown_filled
    if order.state in {State.WORKING, State.FILLED} and not looks_closed:
        return order.open_qty + unseen
    return order.open_qty


def _number(request: Request, odno: int | None) -> str:
    if odno is None:
        return ""
    return str(odno) if request.virtual else f"{odno:010d}"  # virtual inquiries strip the zeros (quirk 2)


def _price8(price: int) -> str:
    return price4(price) + "0000"


def _common(request: Request, order: BookOrder) -> Row:
    looks_closed = request.world.options.lagging_order_looks_closed
    return {
        "ord_dt": ymd(order.day),
        "ord_gno_brno": BRANCH[request.environment],
        "odno": _number(request, order.odno),
        "orgn_odno": _number(request, order.original),
        "sll_buy_dvsn_cd": "02" if order.buying else "01",
        "sll_buy_dvsn_cd_name": _side_name(order),
        "pdno": order.listing.symbol,
        "prdt_name": order.listing.korean_name,
        "ft_ord_qty": str(order.qty),
        "ft_ord_unpr3": _price8(order.price),
        "ft_ccld_qty": str(order.shown_filled),
        "ft_ccld_unpr3": fixed(order.shown_average, 8),
        "ft_ccld_amt3": fixed(order.shown_amount, 5),
        "nccs_qty": str(_open_shown(order, looks_closed=looks_closed)),
        "ord_tmd": kst_hms(order.placed_ms),
        "tr_mket_name": order.listing.exchange.korean,
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": order.listing.exchange.order,
        "loan_type_cd": "10",
        "loan_dt": "",
        "usa_amk_exts_rqst_yn": "Y" if request.world.options.extension_enrolled else "N",
        "splt_buy_attr_name": order.window_text,
        "rjct_rson": "1" if order.state is State.REJECTED else "",
        "rjct_rson_name": order.reason,
    }


def _nccs_row(request: Request, order: BookOrder) -> Row:
    return {
        **_common(request, order),
        "rvse_cncl_dvsn_cd": order.change,
        "rvse_cncl_dvsn_cd_name": {"00": "", "01": "정정", "02": "취소"}[order.change],
        "natn_cd": "840",
        "natn_kor_name": "미국",
        "prcs_stat_name": "",
    }


def _ccnl_row(request: Request, order: BookOrder) -> Row:
    plain = "보통" if request.virtual else ""
    return {
        **_common(request, order),
        "rvse_cncl_dvsn": order.change,
        "rvse_cncl_dvsn_name": {"00": plain, "01": "정정", "02": "취소"}[order.change],
        "prcs_stat_name": _status_name(order),
        "tr_natn": "840",
        "tr_natn_name": "미국",
        "dmst_ord_dt": kst_ymd(order.placed_ms),
        "thco_ord_tmd": kst_hms(order.placed_ms),
        "mdia_dvsn_name": order.medium,
    }


def _status_name(order: BookOrder) -> str:
    """Return 완료, 거부 or 전송 on real; nothing on virtual (quirk 10)."""
    if order.account.environment is Served.VIRTUAL:
        return ""
    if order.state is State.REJECTED:
        return "거부"
    return "전송" if _open_shown(order, looks_closed=False) else "완료"


def _side_name(order: BookOrder) -> str:
    name = "매수" if order.buying else "매도"
    if order.account.environment is Served.VIRTUAL:
        return name + {"00": "", "01": "정정", "02": "취소"}[order.change]
    return name
