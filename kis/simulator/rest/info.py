"""Product info, screener, settlement calendar, and the domestic calls that find a market (kis-protocol 3.24, 10.1)."""

from datetime import timedelta

from kis.simulator.market.calendar import is_session, session_after
from kis.simulator.market.listings import BY_PRODUCT_TYPE, EXCHANGES, Listing
from kis.simulator.market.tape import Tape
from kis.simulator.rest.calls import LOOKED_UP, Request, RestReply, Row
from kis.simulator.rest.quotes import change_fields, find
from kis.simulator.rest.refusals import CallRefused, CodedText, field_wrong
from kis.simulator.text import dollars, fixed, kst_ymd, parse_ymd, price4, ymd

NOT_FOUND = CodedText("7", "KIOK0560", "조회할 내용이 없습니다")


def product(request: Request) -> RestReply:
    """Describe a ticker; one that is unknown under the product type is `rt_cd` 7. Raises CallRefused."""
    product_type, symbol = request.need("PRDT_TYPE_CD", "PDNO")
    listing = _find_product(request, product_type, symbol)
    if listing is None:
        raise CallRefused(NOT_FOUND, status=200)
    return RestReply({"output": _product_row(request, listing)}, LOOKED_UP)


def domestic_product(request: Request) -> RestReply:
    """Answer the domestic product call for US tickers: a hit on 512, 513, 529, a miss elsewhere (10.1, 8). Raises
    CallRefused."""
    product_type, symbol = request.need("PRDT_TYPE_CD", "PDNO")
    listing = _find_product(request, product_type, symbol)
    if listing is None:
        raise CallRefused(NOT_FOUND, status=200)
    output = {
        "pdno": listing.symbol,
        "prdt_type_cd": listing.exchange.product_type,
        "prdt_name": listing.korean_name,
        "prdt_name120": listing.korean_name,
        "prdt_abrv_name": listing.korean_name,
        "prdt_eng_name": listing.english_name,
        "prdt_eng_name120": listing.english_name,
        "prdt_eng_abrv_name": listing.english_name,
        "std_pdno": listing.isin,
        "shtn_pdno": listing.symbol,
        "prdt_sale_stat_cd": "",
        "prdt_risk_grad_cd": "",
        "prdt_clsf_cd": "101301",
        "prdt_clsf_name": "해외주식",
        "sale_strt_dt": "",
        "sale_end_dt": "",
        "wrap_asst_type_cd": "06",
        "ivst_prdt_type_cd": "0301",
        "ivst_prdt_type_cd_name": "해외주식",
        "frst_erlm_dt": "",
    }
    return RestReply({"output": output}, LOOKED_UP)


def domestic_price(request: Request) -> RestReply:
    """Answer a domestic quote with a well-formed miss: no Korean share is listed here (10.1, 8)."""
    request.need("FID_COND_MRKT_DIV_CODE", "FID_INPUT_ISCD")
    zeros = dict.fromkeys(("stck_prpr", "prdy_vrss", "acml_vol", "stck_oprc", "stck_hgpr", "stck_lwpr"), "0")
    output = {**zeros, "prdy_vrss_sign": "3", "prdy_ctrt": "0.00", "rprs_mrkt_kor_name": "", "bstp_kor_isnm": ""}
    return RestReply({"output": output})


def screener(request: Request) -> RestReply:
    """List tickers of an exchange that meet the criteria, by volume, at most 100 (kis-protocol 3.24)."""
    request.need("EXCD")
    found: list[tuple[Tape, Row]] = []
    for listing in request.world.market.listings:
        tape, key = find(request, request.get("EXCD"), listing.symbol)
        if tape is None or not tape.today.volume:
            continue
        row = _screener_row(tape, key)
        if all(_meets(request, name, row[column]) for name, column in _CRITERIA.items()):
            found.append((tape, row))
    found.sort(key=lambda pair: -pair[0].today.volume)
    rows = [row | {"rank": str(n)} for n, (_, row) in enumerate(found[:100], start=1)]
    count = str(len(rows))
    head = {"zdiv": "4", "stat": "무료실시간", "crec": count, "trec": count, "nrec": count}
    return RestReply({"output1": head, "output2": rows})


def settlement_days(request: Request) -> RestReply:
    """Tell when trades of a day settle; it lists no holidays (kis-protocol 3.24)."""
    text, _, _ = request.need("TRAD_DT", "CTX_AREA_NK", "CTX_AREA_FK")
    day = parse_ymd(text)
    if day is None:
        raise field_wrong("TRAD_DT")
    rows: list[Row] = []
    if is_session(day):
        local = session_after(day)
        domestic = local + timedelta(days=1)
        while domestic.weekday() >= 5:
            domestic += timedelta(days=1)
        rows = [
            {
                "prdt_type_cd": exchange.product_type,
                "tr_natn_cd": "840",
                "tr_natn_name": "미국",
                "natn_eng_abrv_cd": "US",
                "tr_mket_cd": exchange.market,
                "tr_mket_name": exchange.korean,
                "acpl_sttl_dt": ymd(local),
                "dmst_sttl_dt": ymd(domestic),
            }
            for exchange in EXCHANGES
        ]
    pad = request.world.options.pad_contexts
    context = {"ctx_area_fk": text.ljust(20) if pad else text, "ctx_area_nk": "".ljust(20) if pad else ""}
    return RestReply({**context, "output": rows}, LOOKED_UP if rows else request.empty(), "D")


def _find_product(request: Request, product_type: str, symbol: str) -> Listing | None:
    listing = request.world.market.listings.stock(symbol)
    if listing is None or BY_PRODUCT_TYPE.get(product_type) is not listing.exchange:
        return None
    return listing


def _product_row(request: Request, listing: Listing) -> Row:
    tape = request.world.market.tape(listing.symbol)
    halted = tape is not None and tape.halt_told
    return {
        "std_pdno": listing.isin,
        "prdt_eng_name": listing.english_name,
        "natn_cd": "840",
        "natn_name": "미국",
        "tr_mket_cd": listing.exchange.market,
        "tr_mket_name": listing.exchange.korean,
        "ovrs_excg_cd": listing.exchange.order,
        "ovrs_excg_name": listing.exchange.korean,
        "tr_crcy_cd": "USD",
        "ovrs_papr": "0.00000",
        "crcy_name": "미국 달러",
        "ovrs_stck_dvsn_cd": "03" if listing.is_etf else "01",
        "prdt_clsf_cd": "101301",
        "prdt_clsf_name": "해외주식",
        "sll_unit_qty": "1",
        "buy_unit_qty": "1",
        "tr_unit_amt": "0",
        "lstg_stck_num": str(listing.shares),
        "lstg_dt": "",
        "ovrs_stck_tr_stop_dvsn_cd": "02" if halted else "01",
        "lstg_abol_item_yn": "N",
        "ovrs_stck_prdt_grp_no": "",
        "lstg_yn": "Y",
        "tax_levy_yn": "",
        "ovrs_stck_erlm_rosn_cd": "",
        "ovrs_stck_hist_rght_dvsn_cd": "",
        "chng_bf_pdno": "",
        "prdt_type_cd_2": "",
        "ovrs_item_name": listing.korean_name,
        "sedol_no": "",
        "blbg_tckr_text": "",
        "ovrs_stck_etf_risk_drtp_cd": "001" if listing.is_etf else "",
        "etp_chas_erng_rt_dbnb": f"{float(listing.leverage):.6f}" if listing.leverage else "0.000000",
        "istt_usge_isin_cd": listing.isin,
        "mint_svc_yn": "N",
        "mint_svc_yn_chng_dt": "",
        "prdt_name": listing.korean_name,
        "lei_cd": "",
        "mint_dcpt_trad_psbl_yn": "N",
        "mint_fnum_trad_psbl_yn": "N",
        "mint_cblc_cvsn_ipsb_yn": "N",
        "ptp_item_yn": "N",
        "ptp_item_trfx_exmt_yn": "N",
        "dtm_tr_psbl_yn": "Y" if listing.day_market else "N",
        "sdrf_stop_ecls_yn": "N",
        "ovrs_stck_stop_rson_cd": "",
        "ovrs_now_pric1": fixed(dollars(tape.last), 5) if tape is not None else "0.00000",
        "last_rcvg_dtime": f"{kst_ymd(request.now_ms)}000000",
    }


_CRITERIA = {
    "PRICECUR": "last",
    "RATE": "rate",
    "VALX": "valx",
    "SHAR": "shar",
    "VOLUME": "tvol",
    "AMT": "avol",
    "EPS": "eps",
    "PER": "per",
}
_THOUSANDS = frozenset({"SHAR", "AMT"})


def _meets(request: Request, name: str, text: str) -> bool:
    if request.get(f"CO_YN_{name}") != "1":
        return True
    scale = 1000 if name in _THOUSANDS else 1
    try:
        low = float(request.get(f"CO_ST_{name}") or "-inf") * scale
        high = float(request.get(f"CO_EN_{name}") or "inf") * scale
    except ValueError:
        raise field_wrong(f"CO_ST_{name}") from None
    return low <= float(text) <= high


def _screener_row(tape: Tape, key: str) -> Row:
    listing, today = tape.listing, tape.today
    opened, high, low = tape.day_prices()
    earnings = max(0.01, float(listing.level) / 20)
    return {
        "rsym": key,
        "excd": key[1:4],
        "symb": listing.symbol,
        "name": listing.korean_name,
        "last": price4(tape.last),
        **change_fields(tape.last, today.base),
        "tvol": str(today.volume),
        "popen": price4(opened),
        "phigh": price4(high),
        "plow": price4(low),
        "valx": str(int(dollars(tape.last) * listing.shares // 1000)),
        "shar": str(listing.shares),
        "avol": str(today.amount),
        "eps": f"{earnings:.2f}",
        "per": f"{float(dollars(tape.last)) / earnings:.2f}",
        "rank": "",
        "ename": listing.english_name,
        "e_ordyn": "" if tape.halt_told else "○",
    }
