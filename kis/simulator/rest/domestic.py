"""The Korean side of an account: empty, but well-formed, for clients that ask both sides (kis-protocol 10.1)."""

from kis.simulator.rest.calls import LOOKED_UP, Request, RestReply, paged

_DEPOSIT_FIELDS = (
    "dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "cma_evlu_amt", "bfdy_buy_amt", "thdt_buy_amt",
    "nxdy_auto_rdpt_amt", "bfdy_sll_amt", "thdt_sll_amt", "d2_auto_rdpt_amt", "bfdy_tlex_amt", "thdt_tlex_amt",
    "tot_loan_amt", "scts_evlu_amt", "tot_evlu_amt", "nass_amt", "pchs_amt_smtl_amt", "evlu_amt_smtl_amt",
    "evlu_pfls_smtl_amt", "tot_stln_slng_chgs", "bfdy_tot_asst_evlu_amt", "asst_icdc_amt",
)  # fmt: skip
_TOTAL_FIELDS = (
    "tot_ord_qty", "tot_ccld_qty", "tot_ccld_amt", "prsm_tlex_smtl", "pchs_avg_pric", "sll_qty_smtl",
    "sll_tr_amt_smtl", "sll_fee_smtl", "sll_tltx_smtl", "buy_qty_smtl", "buy_tr_amt_smtl", "tot_qty", "tot_tr_amt",
    "tot_fee", "tot_tltx", "tot_rlzt_pfls", "tot_pftrt",
)  # fmt: skip


def day_or_night(_: Request) -> RestReply:
    """Tell whether the day ledger is in use, as clients of old ask before a balance: it never is."""
    return RestReply({"output": {"PSBL_YN": "N"}}, LOOKED_UP)


def balance(request: Request) -> RestReply:
    """Tell a won balance without shares and without won."""
    zeros = dict.fromkeys(_DEPOSIT_FIELDS, "0") | {"fncg_gld_auto_rdpt_yn": "", "asst_icdc_erng_rt": "0.00000000"}
    return _empty(request, {"output1": [], "output2": [zeros]})


def listing(request: Request) -> RestReply:
    """Tell an empty list of Korean orders."""
    return _empty(request, {"output": []})


def listing_with_total(request: Request) -> RestReply:
    """Tell an empty list of Korean trades with its zero total."""
    return _empty(request, {"output1": [], "output2": dict.fromkeys(_TOTAL_FIELDS, "0")})


def _empty(request: Request, body: dict[str, object]) -> RestReply:
    account = request.account()
    nothing: list[str] = []
    width = 200 if "CTX_AREA_FK200" in request.params else 100
    _, tr_cont, context = paged(request, nothing, 1, str, f"{account.cano}^{account.product}^", width=width)
    return RestReply({**context, **body}, request.empty(), tr_cont)
