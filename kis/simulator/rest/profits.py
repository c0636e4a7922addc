"""What was earned and traded over a period (kis-protocol 3.14, 3.15)."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby

from kis.simulator.books.accounts import BookFill
from kis.simulator.market.calendar import business_date, session_after
from kis.simulator.market.listings import Listing
from kis.simulator.rest.calls import LOOKED_UP, Request, RestReply, Row, paged
from kis.simulator.rest.refusals import field_wrong
from kis.simulator.text import fixed, parse_ymd, won, ymd

ZERO = Decimal(0)  # dollars


def period_profit(request: Request) -> RestReply:
    """Tell realised profit by day and ticker, from the day after the trade on."""
    account = request.account()
    names = ("OVRS_EXCG_CD", "NATN_CD", "CRCY_CD", "PDNO", "INQR_STRT_DT", "INQR_END_DT", "WCRC_FRCR_DVSN_CD")
    exchange, _, _, symbol, start, end, currency = request.need(*names)
    first, last = _span(start, end)
    # 01 is dollars here and 02 won: the reverse of the present balance (quirk 40)
    rate = request.world.options.krw_rate if currency == "02" else Decimal(1)
    today = business_date(request.now_ms)
    sold = [
        f
        for f in account.fills
        if f.side == "sell" and first <= f.day <= last and f.day < today and symbol in {"", f.symbol}
    ]
    if exchange not in {"", "NASD"}:
        sold = [f for f in sold if _listing(request, f.symbol).exchange.order == exchange]
    sold.sort(key=lambda f: (f.day, f.symbol))
    groups = [list(group) for _, group in groupby(sold, key=lambda f: (f.day, f.symbol))]
    page, tr_cont, context = paged(
        request, groups, 100, lambda g: f"{ymd(g[0].day)}{g[0].symbol}", f"{account.cano}^{account.product}^"
    )
    body = {**context, "output1": [_profit_row(request, g, rate) for g in page]}
    return RestReply(
        {**body, "output2": _profit_total(request, sold, rate, today)}, LOOKED_UP if sold else request.empty(), tr_cont
    )


def period_transactions(request: Request) -> RestReply:
    """List trades of a period with the fees charged; the only place that shows them."""
    account = request.account()
    names = ("ERLM_STRT_DT", "ERLM_END_DT", "OVRS_EXCG_CD", "PDNO", "SLL_BUY_DVSN_CD", "LOAN_DVSN_CD")
    start, end, _, symbol, side, _ = request.need(*names)
    first, last = _span(start, end)
    wanted = {"01": "sell", "02": "buy"}.get(side)
    fills = [
        f for f in account.fills if first <= f.day <= last and symbol in {"", f.symbol} and wanted in {None, f.side}
    ]
    fills.sort(key=lambda f: (f.day, f.symbol, f.side))
    groups = [list(group) for _, group in groupby(fills, key=lambda f: (f.day, f.symbol, f.side))]
    condition = f"{account.cano}!^{account.product}!^{start}!^{end}!^!^"
    page, tr_cont, context = paged(
        request, groups, 50, lambda g: f"{ymd(g[0].day)}{g[0].symbol}{g[0].side}", condition, width=100
    )
    bought = sum((f.amount for f in fills if f.side == "buy"), ZERO)
    sold = sum((f.amount for f in fills if f.side == "sell"), ZERO)
    output2 = {
        "frcr_buy_amt_smtl": fixed(bought, 6),
        "frcr_sll_amt_smtl": fixed(sold, 6),
        "dmst_fee_smtl": fixed(sum((f.fee - f.local_fee for f in fills), ZERO), 5),
        "ovrs_fee_smtl": fixed(sum((f.local_fee for f in fills), ZERO), 6),
    }
    body = {**context, "output1": [_transaction_row(request, g) for g in page], "output2": output2}
    return RestReply(body, request.inquired() if fills else request.empty(), tr_cont)


def _span(start: str, end: str) -> tuple[date, date]:
    first, last = parse_ymd(start), parse_ymd(end)
    if first is None or last is None:
        raise field_wrong("INQR_STRT_DT")
    return first, last


def _listing(request: Request, symbol: str) -> Listing:
    return request.world.market.listings.ensure(symbol)


def _profit_row(request: Request, group: list[BookFill], rate: Decimal) -> Row:
    listing = _listing(request, group[0].symbol)
    qty = sum(f.qty for f in group)
    cost, amount = sum((f.cost for f in group), ZERO), sum((f.amount for f in group), ZERO)
    fees, realised = sum((f.fee for f in group), ZERO), sum((f.realised for f in group), ZERO)
    krw = fixed(request.world.options.krw_rate, 8)
    return {
        "trad_day": ymd(group[0].day),
        "ovrs_pdno": listing.symbol,
        "ovrs_item_name": listing.korean_name,
        "slcl_qty": str(qty),
        "pchs_avg_pric": fixed(cost * rate / qty, 4),
        "frcr_pchs_amt1": fixed(cost * rate, 5),
        "avg_sll_unpr": fixed(amount * rate / qty, 4),
        "frcr_sll_amt_smtl1": fixed(amount * rate, 6),
        "stck_sll_tlex": fixed(fees * rate, 5),
        "ovrs_rlzt_pfls_amt": fixed(realised * rate, 5),
        "pftrt": fixed(realised * 100 / cost if cost else ZERO, 8),
        "exrt": krw,
        "ovrs_excg_cd": listing.exchange.order,
        "frst_bltn_exrt": krw,
    }


def _profit_total(request: Request, sold: list[BookFill], rate: Decimal, today: date) -> Row:
    amount, cost = sum((f.amount for f in sold), ZERO), sum((f.cost for f in sold), ZERO)
    fees, realised = sum((f.fee for f in sold), ZERO), sum((f.realised for f in sold), ZERO)
    return {
        "stck_sll_amt_smtl": fixed(amount * rate, 2),
        "stck_buy_amt_smtl": fixed(cost * rate, 2),
        "smtl_fee1": fixed(fees * rate, 2),
        "excc_dfrm_amt": fixed((amount - fees) * rate, 2),
        "ovrs_rlzt_pfls_tot_amt": fixed(realised * rate, 2),
        "tot_pftrt": fixed(realised * 100 / cost if cost else ZERO, 8),
        "bass_dt": ymd(today),
        "exrt": fixed(request.world.options.krw_rate, 8),
    }


def _transaction_row(request: Request, group: list[BookFill]) -> Row:
    first = group[0]
    listing = _listing(request, first.symbol)
    qty = sum(f.qty for f in group)
    amount, fees = sum((f.amount for f in group), ZERO), sum((f.fee for f in group), ZERO)
    local = sum((f.local_fee for f in group), ZERO)
    settled = amount + fees if first.side == "buy" else amount - fees
    return {
        "trad_dt": ymd(first.day),
        "sttl_dt": ymd(_domestic_settlement(first.day)),
        "sll_buy_dvsn_cd": "02" if first.side == "buy" else "01",
        "sll_buy_dvsn_name": "매수" if first.side == "buy" else "매도",
        "pdno": listing.symbol,
        "ovrs_item_name": listing.korean_name,
        "ccld_qty": str(qty),
        "amt_unit_ccld_qty": fixed(Decimal(qty), 8),
        "ft_ccld_unpr2": fixed(amount / qty, 8),
        "ovrs_stck_ccld_unpr": "0.00000000",
        "tr_frcr_amt2": fixed(amount, 6),
        "tr_amt": "0",
        "frcr_excc_amt_1": fixed(settled, 6),
        "wcrc_excc_amt": won(ZERO),
        "dmst_frcr_fee1": fixed(fees - local, 5),
        "frcr_fee1": fixed(local, 6),
        "dmst_wcrc_fee": "0",
        "ovrs_wcrc_fee": "0",
        "crcy_cd": "USD",
        "std_pdno": listing.isin,
        "erlm_exrt": "0.00000000",
        "loan_dvsn_cd": "01",
        "loan_dvsn_name": "현금",
    }


def _domestic_settlement(day: date) -> date:
    settled = session_after(day) + timedelta(days=1)
    while settled.weekday() >= 5:
        settled += timedelta(days=1)
    return settled
