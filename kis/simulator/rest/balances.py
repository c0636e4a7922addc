"""Balance, present balance, buyable amount, margin, settlement balance (kis-protocol 3.10 to 3.13, 3.16)."""

from decimal import Decimal
from typing import Any

from kis.simulator.books.accounts import BookAccount, Lot
from kis.simulator.books.rules import refuse
from kis.simulator.market.listings import BY_ORDER_CODE, Listing
from kis.simulator.rest.calls import LOOKED_UP, Request, RestReply, Row, blank, paged
from kis.simulator.rest.refusals import UNKNOWN_SYMBOL, field_wrong
from kis.simulator.text import cents_down, dollars, fixed, kst_ymd, won

ZERO = Decimal(0)  # dollars
HUNDRED = Decimal(100)  # percent
_BALANCE_NUMBERS = {
    "frcr_evlu_pfls_amt": "0.000000",
    "evlu_pfls_rt": "0.00",
    "pchs_avg_pric": "0.0000",
    "ovrs_cblc_qty": "0",
    "ord_psbl_qty": "0",
    "frcr_pchs_amt1": "0.00000",
    "ovrs_stck_evlu_amt": "0.00000000",
    "now_pric2": "0.000000",
}
_BALANCE_FIELDS = (
    "cano", "acnt_prdt_cd", "prdt_type_cd", "ovrs_pdno", "ovrs_item_name", "frcr_evlu_pfls_amt", "evlu_pfls_rt",
    "pchs_avg_pric", "ovrs_cblc_qty", "ord_psbl_qty", "frcr_pchs_amt1", "ovrs_stck_evlu_amt", "now_pric2",
    "tr_crcy_cd", "ovrs_excg_cd", "loan_type_cd", "loan_dt", "expd_dt",
)  # fmt: skip
_ELSEWHERE = frozenset({"SEHK", "SHAA", "SZAA", "TKSE", "HASE", "VNSE"})  # asked in a loop; nothing is held there
_QUOTE_ONLY = {"NAS": "NASD"}


def balance(request: Request) -> RestReply:
    """List holdings, no cash (quirk 11); NASD means all of the US on real and Nasdaq alone on virtual (quirk 12)."""
    account = request.account()
    exchange, _ = request.need("OVRS_EXCG_CD", "TR_CRCY_CD")
    if exchange not in {*BY_ORDER_CODE, *_ELSEWHERE, "NAS", ""}:
        raise field_wrong("OVRS_EXCG_CD")
    positions = [p for p in account.shown.held() if _on_exchange(request, p, exchange)]
    condition = f"{account.cano}^{account.product}^{exchange}^USD^"
    page, tr_cont, context = paged(request, positions, 100, lambda p: p.symbol, condition)
    rows = [_balance_row(request, account, position) for position in page]
    if request.world.options.filler_rows and tr_cont in {"D", "E"} and (rows or not request.virtual):
        rows.append(blank(_BALANCE_FIELDS, _BALANCE_NUMBERS))
    totals = _totals(request, account, positions)
    output2: Any = [totals] if request.world.options.balance_totals == "list" else totals
    if positions:
        return RestReply({**context, "output1": rows, "output2": output2}, request.inquired(), tr_cont)
    nothing = request.nothing(_BALANCE_FIELDS, _BALANCE_NUMBERS)
    return RestReply(
        {**context, "output1": rows or nothing, "output2": [] if request.virtual and not nothing else output2},
        request.empty(),
        tr_cont,
    )


def buyable(request: Request) -> RestReply:
    """Tell how much of a ticker can be bought at a limit price."""
    account = request.account()
    exchange, symbol = request.need("OVRS_EXCG_CD", "ITEM_CD")
    price = dollars(request.price("OVRS_ORD_UNPR"))
    if request.world.market.listings.ordered(exchange, symbol) is None:
        raise refuse(UNKNOWN_SYMBOL, request.environment)
    broker = request.world.broker
    cash, notional = broker.orderable_cash(account), broker.orderable_notional(account)
    qty = str(int(notional / price)) if price > 0 else "0"
    output = {
        "tr_crcy_cd": "USD",
        "ord_psbl_frcr_amt": fixed(cash, 2),
        "sll_ruse_psbl_amt": "0.00",
        "ovrs_ord_psbl_amt": fixed(notional, 2),
        "max_ord_psbl_qty": qty,
        "echm_af_ord_psbl_amt": "0.00",
        "echm_af_ord_psbl_qty": "0",
        "ord_psbl_qty": qty,
        "exrt": fixed(_rate(request), 10),
        "frcr_ord_psbl_amt1": fixed(notional, 2),
        "ovrs_max_ord_psbl_qty": qty,
    }
    return RestReply({"output": output}, request.inquired())


def present_balance(request: Request) -> RestReply:
    """Tell holdings and deposits on execution basis, in won (01) or dollars (02); virtual answers output3 alone."""
    account = request.account()
    currency, nation, market, _ = request.need("WCRC_FRCR_DVSN_CD", "NATN_CD", "TR_MKET_CD", "INQR_DVSN_CD")
    if currency not in {"01", "02"}:
        raise field_wrong("WCRC_FRCR_DVSN_CD")
    in_won = currency == "01"
    positions = [p for p in account.shown.held() if _in_market(request, p, nation, market)]
    output1 = [] if request.virtual else [_present_row(request, account, p, in_won=in_won) for p in positions]
    with_deposit = not request.virtual or request.world.options.virtual_present_deposit
    output2 = [_deposit_row(request, account)] if with_deposit else []
    body = {"output1": output1, "output2": output2, "output3": _present_totals(request, account, positions)}
    return RestReply(body, request.inquired())


def foreign_margin(request: Request) -> RestReply:
    """Tell deposits and margin by currency; rows of other countries are blank (kis-protocol 3.13)."""
    account = request.account()
    broker = request.world.broker
    held = broker.held_for_buys(account)
    notional = fixed(broker.orderable_notional(account), 2)
    row = {
        "natn_name": "미국",
        "crcy_cd": "USD",
        "frcr_dncl_amt1": fixed(account.ledger.cash, 6),
        "ustl_buy_amt": "0.00",
        "ustl_sll_amt": "0.00",
        "frcr_rcvb_amt": "0.00",
        "frcr_mgn_amt": fixed(held, 6),
        "frcr_gnrl_ord_psbl_amt": notional,
        "frcr_ord_psbl_amt1": "0.000000",
        "itgr_ord_psbl_amt": notional,
        "bass_exrt": fixed(_rate(request), 8),
    }
    return RestReply({"output": [row, dict.fromkeys(row, "")]}, LOOKED_UP)


def settlement_balance(request: Request) -> RestReply:
    """Tell the balance on settlement basis: what was traded two Korean days ago and before."""
    account = request.account()
    _, currency, _ = request.need("BASS_DT", "WCRC_FRCR_DVSN_CD", "INQR_DVSN_CD")
    in_won = currency == "01"
    positions = account.shown.held()
    stamp = f"{kst_ymd(request.now_ms)}{'0' * 9}"
    output1 = [
        {
            **_present_row(request, account, p, in_won=in_won),
            "oprt_dtl_dtime": stamp,
            "mgge_qty": "0.00000000",
            "ldng_cblc_qty": "0.00000000",
        }
        for p in positions
    ]
    deposit = _deposit_row(request, account)
    output2 = [
        {
            name: deposit[name]
            for name in ("crcy_cd", "crcy_cd_name", "frcr_dncl_amt_2", "frst_bltn_exrt", "frcr_evlu_amt2")
        }
    ]
    totals = _present_totals(request, account, positions)
    output3 = {
        "pchs_amt_smtl_amt": totals["pchs_amt_smtl_amt"],
        "tot_evlu_pfls_amt": totals["tot_evlu_pfls_amt"],
        "evlu_erng_rt1": totals["evlu_erng_rt1"],
        "tot_dncl_amt": totals["tot_dncl_amt"],
        "wcrc_evlu_amt_smtl": totals["evlu_amt_smtl_amt"],
        "tot_asst_amt2": totals["tot_asst_amt"],
        "frcr_cblc_wcrc_evlu_amt_smtl": totals["tot_dncl_amt"],
        "tot_loan_amt": "0",
        "tot_ldng_evlu_amt": "0",
    }
    return RestReply({"output1": output1, "output2": output2, "output3": output3}, request.inquired())


# -- values ----------------------------------------------------------------------------------------------------------


def _rate(request: Request) -> Decimal:
    return request.world.options.krw_rate


def _listing(request: Request, symbol: str) -> Listing:
    return request.world.market.listings.ensure(symbol)


def _last(request: Request, symbol: str) -> Decimal:
    tape = request.world.market.tape(symbol)
    return dollars(tape.last) if tape is not None else ZERO


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return part * HUNDRED / whole if whole else ZERO


def _on_exchange(request: Request, position: Lot, exchange: str) -> bool:
    if not exchange or (exchange == "NASD" and not request.virtual):
        return True
    return _listing(request, position.symbol).exchange.order == _QUOTE_ONLY.get(exchange, exchange)


def _in_market(request: Request, position: Lot, nation: str, market: str) -> bool:
    if nation not in {"000", "840", ""}:
        return False
    return market in {"00", ""} or _listing(request, position.symbol).exchange.market == market


def _balance_row(request: Request, account: BookAccount, position: Lot) -> Row:
    listing, last = _listing(request, position.symbol), _last(request, position.symbol)
    value = last * position.qty
    profit = value - position.cost
    return {
        "cano": account.cano,
        "acnt_prdt_cd": account.product,
        "prdt_type_cd": listing.exchange.product_type,
        "ovrs_pdno": position.symbol,
        "ovrs_item_name": listing.korean_name,
        "frcr_evlu_pfls_amt": fixed(profit, 6),
        "evlu_pfls_rt": fixed(_share(profit, position.cost), 2),
        "pchs_avg_pric": fixed(position.average, 4),
        "ovrs_cblc_qty": str(position.qty),
        "ord_psbl_qty": str(request.world.broker.sellable(account, position.symbol, account.shown)),
        "frcr_pchs_amt1": fixed(position.cost, 5),
        "ovrs_stck_evlu_amt": fixed(value, 8),
        "now_pric2": fixed(last, 6),
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": listing.exchange.order,
        "loan_type_cd": "10",
        "loan_dt": "",
        "expd_dt": "",
    }


def _totals(request: Request, account: BookAccount, positions: list[Lot]) -> Row:
    cost = sum((p.cost for p in positions), ZERO)
    value = sum((_last(request, p.symbol) * p.qty for p in positions), ZERO)
    realised = account.shown.realised
    return {
        "frcr_pchs_amt1": fixed(cost, 5),
        "ovrs_rlzt_pfls_amt": fixed(realised, 5),
        "ovrs_tot_pfls": fixed(value - cost + realised, 5),
        "rlzt_erng_rt": fixed(_share(realised, cost), 8),
        "tot_evlu_pfls_amt": fixed(value, 8),  # named a profit, but the published example carries the market value
        "tot_pftrt": fixed(_share(value - cost, cost), 8),
        "frcr_buy_amt_smtl1": fixed(cost, 6),
        "ovrs_rlzt_pfls_amt2": fixed(realised, 5),
        "frcr_buy_amt_smtl2": fixed(cost, 6),
    }


def _present_row(request: Request, account: BookAccount, position: Lot, *, in_won: bool) -> Row:
    listing, last = _listing(request, position.symbol), _last(request, position.symbol)
    rate = _rate(request) if in_won else Decimal(1)
    value = last * position.qty
    today = [f for f in account.fills if f.symbol == position.symbol and kst_ymd(f.at_ms) == kst_ymd(request.now_ms)]
    bought, sold = (sum(f.qty for f in today if f.side == side) for side in ("buy", "sell"))
    bought_amount, sold_amount = (
        sum((f.amount for f in today if f.side == side), ZERO) * rate for side in ("buy", "sell")
    )
    sellable = request.world.broker.sellable(account, position.symbol, account.shown)
    return {
        "prdt_name": listing.korean_name,
        "cblc_qty13": fixed(Decimal(position.qty - bought + sold), 8),
        "thdt_buy_ccld_qty1": fixed(Decimal(bought), 8),
        "thdt_sll_ccld_qty1": fixed(Decimal(sold), 8),
        "ccld_qty_smtl1": fixed(Decimal(position.qty), 8),
        "ord_psbl_qty1": fixed(Decimal(sellable), 8),
        "frcr_pchs_amt": fixed(position.cost * rate, 5),
        "frcr_evlu_amt2": fixed(value * rate, 6),
        "evlu_pfls_amt2": fixed((value - position.cost) * rate, 5),
        "evlu_pfls_rt1": fixed(_share(value - position.cost, position.cost), 8),
        "pdno": position.symbol,
        "bass_exrt": fixed(_rate(request), 8),
        "buy_crcy_cd": "USD",
        "ovrs_now_pric1": fixed(last * rate, 5),
        "avg_unpr3": fixed(position.average * rate, 4),
        "tr_mket_name": listing.exchange.korean,
        "natn_kor_name": "미국",
        "pchs_rmnd_wcrc_amt": won(position.cost * _rate(request)),
        "thdt_buy_ccld_frcr_amt": fixed(bought_amount, 6),
        "thdt_sll_ccld_frcr_amt": fixed(sold_amount, 6),
        "unit_amt": "1",
        "std_pdno": listing.isin,
        "prdt_type_cd": listing.exchange.product_type,
        "scts_dvsn_name": "현금",
        "loan_rmnd": "0",
        "loan_dt": "",
        "loan_expd_dt": "",
        "ovrs_excg_cd": listing.exchange.order,
        "item_lnkg_excg_cd": listing.exchange.quote,
    }


def _deposit_row(request: Request, account: BookAccount) -> Row:
    broker, cash = request.world.broker, account.shown.cash
    held = broker.held_for_buys(account)
    withdrawable = cents_down(max(cash - held, ZERO))
    today = [f for f in account.fills if kst_ymd(f.at_ms) == kst_ymd(request.now_ms)]
    bought, sold = (sum((f.amount for f in today if f.side == side), ZERO) for side in ("buy", "sell"))
    return {
        "crcy_cd": "USD",
        "crcy_cd_name": "미국 달러",
        "frcr_buy_amt_smtl": fixed(bought, 6),
        "frcr_sll_amt_smtl": fixed(sold, 6),
        "frcr_dncl_amt_2": fixed(cash, 6),
        "frst_bltn_exrt": fixed(_rate(request), 8),
        "frcr_buy_mgn_amt": fixed(held, 6),
        "frcr_etc_mgna": "0.000000",
        "frcr_drwg_psbl_amt_1": fixed(withdrawable, 6),
        "frcr_evlu_amt2": fixed(withdrawable * _rate(request), 6),
        "acpl_cstd_crcy_yn": "Y",
        "nxdy_frcr_drwg_psbl_amt": fixed(withdrawable, 6),
    }


def _present_totals(request: Request, account: BookAccount, positions: list[Lot]) -> Row:
    rate = _rate(request)
    cost = sum((p.cost for p in positions), ZERO) * rate
    value = sum((_last(request, p.symbol) * p.qty for p in positions), ZERO) * rate
    deposit = account.shown.cash * rate
    usable = request.world.broker.orderable_cash(account) * rate
    return {
        "pchs_amt_smtl": won(cost),
        "evlu_amt_smtl": won(value),
        "evlu_pfls_amt_smtl": won(value - cost),
        "dncl_amt": "0",
        "cma_evlu_amt": "0",
        "tot_dncl_amt": won(deposit),
        "etc_mgna": "0",
        "wdrw_psbl_tot_amt": "0",
        "frcr_evlu_tota": won(deposit),  # not the value of the holdings (quirk 43)
        "evlu_erng_rt1": fixed(_share(value - cost, cost), 10),
        "pchs_amt_smtl_amt": won(cost),
        "evlu_amt_smtl_amt": won(value),
        "tot_evlu_pfls_amt": fixed(value - cost, 8),
        "tot_asst_amt": won(deposit + value),
        "buy_mgn_amt": "0",
        "mgna_tota": "0",
        "frcr_use_psbl_amt": won(usable),
        "ustl_sll_amt_smtl": "0",
        "ustl_buy_amt_smtl": "0",
        "tot_frcr_cblc_smtl": fixed(deposit, 6),
        "tot_loan_amt": "0",
    }
