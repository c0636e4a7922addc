"""Quotes, bars, balances and lists (kis-protocol 3.10 to 3.24, 10)."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from kis.simulator.options import Holding
from kis.simulator.rest.routes import Routes
from tests.kis.simulator.conftest import NOON, Starter
from tests.kis.simulator.outside import ACCOUNT, QUOTES, TRADING, Answer, Outside

BOTH = pytest.mark.parametrize("virtual", [True, False])
STOCK = "/uapi/overseas-stock/v1/"


async def daily(outside: Outside, exchange: str = "NAS", symbol: str = "TQQQ", **more: str) -> list[dict[str, str]]:
    params = {"AUTH": "", "EXCD": exchange, "SYMB": symbol, "GUBN": "0", "BYMD": "", "MODP": "1"} | more
    answer = await outside.get(QUOTES + "dailyprice", "HHDFS76240000", **params)
    assert answer.code == "MCA00000"
    rows = answer.body["output2"]
    assert isinstance(rows, list)
    return rows


async def minutes(outside: Outside, **more: str) -> Answer:
    params = {"AUTH": "", "EXCD": "NAS", "SYMB": "TQQQ", "NMIN": "1", "PINC": "1", "NEXT": "", "NREC": "120"}
    params |= {"FILL": "", "KEYB": ""} | more
    return await outside.get(QUOTES + "inquire-time-itemchartprice", "HHDFS76950200", **params)


@BOTH
async def test_price_has_eleven_fields_and_no_time_quirk_20(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    output = await outside.price("NAS", "TQQQ")
    assert list(output) == ["rsym", "zdiv", "base", "pvol", "last", "sign", "diff", "rate", "tvol", "tamt", "ordy"]
    assert output["rsym"] == "DNASTQQQ"
    assert output["ordy"] == "매매 가능"


@BOTH
async def test_a_wrong_exchange_succeeds_with_empty_strings_quirk_18(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    for exchange, symbol in (("NYS", "TQQQ"), ("NASD", "TQQQ"), ("NAS", "NOSUCH"), ("AMS", "O")):
        assert set((await outside.price(exchange, symbol)).values()) == {""}
    for exchange, symbol in (("NYS", "O"), ("AMS", "XLF"), ("BAQ", "TQQQ"), ("NYS", "BRK/B")):
        assert (await outside.price(exchange, symbol))["last"] != ""


async def test_diff_is_unsigned_and_rate_signed_with_a_blank_before_zero_quirk_19(start: Starter) -> None:
    outside = await start()
    base = Decimal((await outside.price("NAS", "TQQQ"))["base"])
    for change, sign, rate in (
        (Decimal("-0.61"), "5", "-1.00"),
        (Decimal("1.22"), "2", "+1.99"),
        (Decimal(0), "3", " 0.00"),
    ):
        await outside.control("tick", symbol="TQQQ", last=str(base + change))
        output = await outside.price("NAS", "TQQQ")
        assert (output["sign"], output["rate"]) == (sign, rate)
        assert output["diff"] == f"{abs(change):.4f}"


async def test_price_detail_fields_quirk_21(start: Starter) -> None:
    outside = await start(virtual=False)
    params = {"AUTH": "", "EXCD": "NAS", "SYMB": "TQQQ"}
    output = (await outside.get(QUOTES + "price-detail", "HHDFS76200200", **params)).body["output"]
    assert (output["uplp"], output["dnlp"], output["e_hogau"]) == ("0.0000", "0.0000", "0.0100")
    assert output["e_ordyn"] == "매매 가능"  # 10.1, 11
    assert "p_xsng" in output  # quirk 45: the odd spelling is real
    assert Decimal(output["low"]) <= Decimal(output["last"]) <= Decimal(output["high"])
    assert Decimal(output["l52p"]) <= Decimal(output["last"]) <= Decimal(output["h52p"])
    unknown = (await outside.get(QUOTES + "price-detail", "HHDFS76200200", **(params | {"SYMB": "X"}))).body["output"]
    assert set(unknown.values()) == {""}


async def test_the_book_has_ten_levels_around_the_last_price(start: Starter) -> None:
    outside = await start(virtual=False)
    answer = await outside.get(QUOTES + "inquire-asking-price", "HHDFS76200100", AUTH="", EXCD="NAS", SYMB="TQQQ")
    levels = answer.body["output2"]
    bids = [Decimal(levels[f"pbid{n}"]) for n in range(1, 11)]
    asks = [Decimal(levels[f"pask{n}"]) for n in range(1, 11)]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert set(answer.body["output3"].values()) == {""}
    assert answer.body["output1"]["bvol"] == str(sum(int(levels[f"vbid{n}"]) for n in range(1, 11)))


async def test_several_prices_count_as_one_call(start: Starter) -> None:
    outside = await start(virtual=False)
    params = {"AUTH": "", "NREC": "3", "EXCD_01": "NAS", "SYMB_01": "TQQQ", "EXCD_02": "NYS", "SYMB_02": "O"}
    params |= {"EXCD_03": "NYS", "SYMB_03": "TQQQ"}
    body = (await outside.get(QUOTES + "multprice", "HHDFS76220000", **params)).body
    assert body["output"] == {"nrec": "3"}
    assert [row["symb"] for row in body["output2"]] == ["TQQQ", "O", "TQQQ"]
    assert body["output2"][2]["last"] == ""
    assert (await outside.control("state"))["requests_by_tr"]["HHDFS76220000"] == 1


@BOTH
async def test_daily_bars_newest_first_with_todays_unfinished_one_quirk_22(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    rows = await daily(outside)
    assert len(rows) == 100
    dates = [row["xymd"] for row in rows]
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == "20260915"
    assert rows[0]["clos"] == (await outside.price("NAS", "TQQQ"))["last"]
    await outside.control("tick", symbol="TQQQ", last="99.00")
    assert (await daily(outside))[0]["high"] == "99.0000"
    assert (rows[1]["pbid"] == "") is virtual


async def test_daily_bars_page_back_ten_years_by_date(start: Starter) -> None:
    outside = await start()
    until, seen = "", 0
    oldest = "29991231"
    while True:
        rows = await daily(outside, BYMD=until)
        seen += len(rows)
        if len(rows) < 100:
            break
        assert rows[0]["xymd"] < oldest
        oldest = rows[-1]["xymd"]
        until = f"{datetime.strptime(oldest, '%Y%m%d').replace(tzinfo=UTC) - timedelta(days=1):%Y%m%d}"
    assert seen > 2500
    assert (await daily(outside, BYMD="20260910"))[0]["xymd"] == "20260910"  # inclusive


async def test_weeks_and_months_sum_their_days(start: Starter) -> None:
    outside = await start()
    days = await daily(outside)
    weeks = await daily(outside, GUBN="1")
    months = await daily(outside, GUBN="2")
    last_week = [row for row in days if "20260907" <= row["xymd"] <= "20260911"]
    assert weeks[1]["xymd"] == "20260911"
    assert weeks[1]["open"] == last_week[-1]["open"]
    assert Decimal(weeks[1]["high"]) == max(Decimal(row["high"]) for row in last_week)
    assert int(weeks[1]["tvol"]) == sum(int(row["tvol"]) for row in last_week)
    assert months[1]["xymd"] == "20260831"


async def test_an_unknown_symbol_has_no_daily_bars(start: Starter) -> None:
    assert await daily(await start(), symbol="NOSUCH") == []


async def test_minute_bars_are_real_only_quirk_23(start: Starter) -> None:
    answer = await minutes(await start())
    assert (answer.status, answer.code) == (500, "EGW02006")


async def test_minute_bars_page_by_new_york_time_minus_the_length_quirk_23(start: Starter) -> None:
    outside = await start(virtual=False)
    first = (await minutes(outside, NREC="500")).body
    assert (first["output1"]["nrec"], first["output1"]["next"]) == ("120", "1")
    times = [row["xymd"] + row["xhms"] for row in first["output2"]]
    assert times == sorted(times, reverse=True)
    assert times[0] == "20260915120000"  # the bar in progress
    assert (first["output2"][0]["kymd"], first["output2"][0]["khms"]) == ("20260916", "010000")
    oldest = datetime.strptime(times[-1], "%Y%m%d%H%M%S").replace(tzinfo=UTC) - timedelta(minutes=1)
    second = (await minutes(outside, NEXT="1", KEYB=f"{oldest:%Y%m%d%H%M%S}")).body["output2"]
    assert second[0]["xymd"] + second[0]["xhms"] <= f"{oldest:%Y%m%d%H%M%S}"
    assert second[0]["xymd"] + second[0]["xhms"] < times[-1]


async def test_minute_bars_reach_back_a_month_and_then_end(start: Starter) -> None:
    outside = await start(virtual=False)
    old = (await minutes(outside, NMIN="60", NEXT="1", KEYB="20260818093000")).body
    assert old["output2"]
    gone = (await minutes(outside, NMIN="60", NEXT="1", KEYB="20260701093000")).body
    assert (gone["output2"], gone["output1"]["nrec"]) == ([], "")


@pytest.mark.parametrize("length", ["1", "3", "5", "15", "30", "60"])
async def test_every_interval_sums_the_minutes(start: Starter, length: str) -> None:
    outside = await start(virtual=False)
    width = int(length)
    (bar,) = (await minutes(outside, NMIN=length, NREC="1", KEYB="20260914103000")).body["output2"]
    assert bar["xhms"] == "103000"
    ones = (
        await minutes(
            outside, NREC=str(width), KEYB=f"2026091410{29 + width:02d}00" if width < 31 else "20260914112900"
        )
    ).body
    inside = [row for row in ones["output2"] if row["xhms"] >= "103000"]
    assert bar["open"] == inside[-1]["open"]
    assert bar["last"] == inside[0]["last"]
    assert Decimal(bar["high"]) == max(Decimal(row["high"]) for row in inside)
    assert int(bar["evol"]) == sum(int(row["evol"]) for row in inside)


async def test_extended_hours_bars_can_be_left_out(start: Starter) -> None:
    both = await start(virtual=False)
    regular = await start(virtual=False, extended_minute_bars=False)
    wide = {row["xhms"] for row in (await minutes(both, NMIN="30", KEYB="20260914200000")).body["output2"]}
    narrow = {row["xhms"] for row in (await minutes(regular, NMIN="30", KEYB="20260914200000")).body["output2"]}
    assert any(time < "093000" for time in wide)
    assert min(narrow) == "093000"
    assert max(narrow) == "160000"


async def test_minutes_of_today_agree_with_the_day(start: Starter) -> None:
    outside = await start(virtual=False)
    rows: list[dict[str, str]] = []
    key = ""
    while True:
        page = (await minutes(outside, PINC="1", NEXT="1" if key else "", KEYB=key)).body["output2"]
        rows += [row for row in page if row["tymd"] == "20260915" and row["xhms"] >= "093000"]
        if not page or page[-1]["tymd"] < "20260915" or page[-1]["xhms"] < "093000":
            break
        oldest = datetime.strptime(page[-1]["xymd"] + page[-1]["xhms"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        key = f"{oldest - timedelta(minutes=1):%Y%m%d%H%M%S}"
    (today, *_) = await daily(outside, MODP="0")
    assert max(Decimal(row["high"]) for row in rows) == Decimal(today["high"])
    assert min(Decimal(row["low"]) for row in rows) == Decimal(today["low"])
    assert rows[-1]["open"] == today["open"]
    assert sum(int(row["evol"]) for row in rows) == int(today["tvol"])


@pytest.mark.parametrize("block", ["output1", "output2"])
async def test_ticks_newest_first_in_either_block(start: Starter, block: str) -> None:
    outside = await start(virtual=False, ticks_rows=block)
    params = {"AUTH": "", "EXCD": "NAS", "SYMB": "TQQQ", "KEYB": "", "TDAY": "1"}
    rows = (await outside.get(QUOTES + "inquire-ccnl", "HHDFS76200300", **params)).body[block]
    assert rows[0]["last"] == (await outside.price("NAS", "TQQQ"))["last"]
    assert int(rows[0]["tvol"]) >= int(rows[1]["tvol"])
    assert rows[0]["mtyp"] == ""  # quirk 25
    yesterday = (await outside.get(QUOTES + "inquire-ccnl", "HHDFS76200300", **(params | {"TDAY": "0"}))).body[
        "output1"
    ]
    assert yesterday


async def test_product_info_and_10_1_8_the_domestic_question(start: Starter) -> None:
    outside = await start(virtual=False)
    found = await outside.get(QUOTES + "search-info", "CTPF1702R", PRDT_TYPE_CD="529", PDNO="XLF")
    assert (found.body["output"]["ovrs_excg_cd"], found.body["output"]["ovrs_stck_dvsn_cd"]) == ("AMEX", "03")
    missed = await outside.get(QUOTES + "search-info", "CTPF1702R", PRDT_TYPE_CD="512", PDNO="XLF")
    assert (missed.status, missed.body["rt_cd"]) == (200, "7")
    domestic = "/uapi/domestic-stock/v1/quotations/"
    for kind, code in (("300", "7"), ("512", "7"), ("513", "0")):
        answer = await outside.get(domestic + "search-info", "CTPF1604R", PRDT_TYPE_CD=kind, PDNO="KO")
        assert (answer.status, answer.body["rt_cd"]) == (200, code)


@BOTH
async def test_screener(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    params = {
        "AUTH": "",
        "EXCD": "NYS",
        "KEYB": "",
        "CO_YN_PRICECUR": "1",
        "CO_ST_PRICECUR": "20",
        "CO_EN_PRICECUR": "60",
    }
    rows = (await outside.get(QUOTES + "inquire-search", "HHDFS76410000", **params)).body["output2"]
    assert rows
    assert all(20 <= Decimal(row["last"]) <= 60 for row in rows)
    assert [row["rank"] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    assert int(rows[0]["tvol"]) >= int(rows[-1]["tvol"])


async def test_settlement_days(start: Starter) -> None:
    outside = await start(virtual=False)
    params = {"TRAD_DT": "20260915", "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
    body = (await outside.get(STOCK + "quotations/countries-holiday", "CTOS5011R", **params)).body
    assert [row["prdt_type_cd"] for row in body["output"]] == ["512", "513", "529"]
    assert (body["output"][0]["acpl_sttl_dt"], body["output"][0]["dmst_sttl_dt"]) == ("20260916", "20260917")


RANKINGS = [
    ("trade-vol", "HHDFS76310010"),
    ("trade-pbmn", "HHDFS76320010"),
    ("trade-growth", "HHDFS76330000"),
    ("trade-turnover", "HHDFS76340000"),
    ("market-cap", "HHDFS76350100"),
    ("updown-rate", "HHDFS76290000"),
    ("price-fluct", "HHDFS76260000"),
    ("volume-surge", "HHDFS76270000"),
    ("volume-power", "HHDFS76280000"),
    ("new-highlow", "HHDFS76300000"),
]


async def test_rankings_are_real_only_and_ranked(start: Starter) -> None:
    real, virtual = await start(virtual=False), await start()
    params = {
        "AUTH": "",
        "EXCD": "AMS",
        "KEYB": "",
        "VOL_RANG": "0",
        "NDAY": "0",
        "MINX": "0",
        "GUBN": "1",
        "GUBN2": "1",
    }
    params |= {"PRC1": "", "PRC2": ""}
    for path, tr_id in RANKINGS:
        body = (await real.get(STOCK + "ranking/" + path, tr_id, **params)).body
        assert body["rt_cd"] == "0", path
        assert [row["rank"] for row in body["output2"]] == [str(n) for n in range(1, len(body["output2"]) + 1)]
        assert {row["excd"] for row in body["output2"]} == {"AMS"}
        assert (await virtual.get(STOCK + "ranking/" + path, tr_id, **params)).code == "EGW02006"


@BOTH
async def test_index_chart(start: Starter, virtual: bool) -> None:
    outside = await start(virtual=virtual)
    params = {"FID_COND_MRKT_DIV_CODE": "N", "FID_INPUT_ISCD": ".DJI", "FID_INPUT_DATE_1": "20260901"}
    params |= {"FID_INPUT_DATE_2": "20260914", "FID_PERIOD_DIV_CODE": "D"}
    body = (await outside.get(QUOTES + "inquire-daily-chartprice", "FHKST03030100", **params)).body
    assert [row["stck_bsop_date"] for row in body["output2"]][::8] == ["20260914", "20260901"]
    assert body["output1"]["stck_shrn_iscd"] == ".DJI"


async def test_index_minutes(start: Starter) -> None:
    outside = await start(virtual=False)
    params = {
        "FID_COND_MRKT_DIV_CODE": "N",
        "FID_INPUT_ISCD": "SPX",
        "FID_HOUR_CLS_CODE": "0",
        "FID_PW_DATA_INCU_YN": "Y",
    }
    rows = (await outside.get(QUOTES + "inquire-time-indexchartprice", "FHKST03030200", **params)).body["output2"]
    assert len(rows) == 102


# -- balances --------------------------------------------------------------------------------------------------------

HELD = (
    Holding(symbol="TQQQ", qty=5, average=Decimal("50.00")),
    Holding(symbol="O", qty=7, average=Decimal("55.00")),
    Holding(symbol="XLF", qty=9, average=Decimal("40.00")),
)


async def held(outside: Outside, exchange: str) -> list[str]:
    return [row["ovrs_pdno"] for row in (await outside.balance(exchange)).body["output1"]]


async def test_nasd_means_all_of_the_us_on_real_and_nasdaq_on_virtual_quirk_12(start: Starter) -> None:
    real = await start(virtual=False, holdings=HELD)
    assert await held(real, "NASD") == ["O", "TQQQ", "XLF"]
    assert await held(real, "NAS") == ["TQQQ"]
    assert await held(real, "NYSE") == ["O"]
    virtual = await start(holdings=HELD)
    assert await held(virtual, "NASD") == ["TQQQ"]
    assert await held(virtual, "NYSE") == ["O"]
    assert await held(virtual, "AMEX") == ["XLF"]


async def test_other_markets_of_a_clients_loop_are_empty(start: Starter) -> None:
    outside = await start(virtual=False, holdings=HELD)
    assert await held(outside, "SEHK") == []
    assert (await outside.balance("XXXX")).code == "OPSQ2002"


async def test_doubled_slashes_and_former_tr_ids_of_clients_in_use(start: Starter) -> None:
    outside = await start(virtual=False)
    params = {"AUTH": "", "EXCD": "NAS", "SYMB": "TQQQ"}
    assert (await outside.get("/" + QUOTES + "price", "HHDFS00000300", **params)).code == "MCA00000"
    assert (await outside.get("/" + TRADING + "dayornight", "JTTT3010R")).body["output"] == {"PSBL_YN": "N"}
    body = {**ACCOUNT, "OVRS_EXCG_CD": "NASD", "PDNO": "TQQQ", "ORD_QTY": "1", "OVRS_ORD_UNPR": "20.00"}
    body |= {"ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00"}
    assert (await outside.post(TRADING + "order", "JTTT1002U", **body)).code == "APBK0013"


async def test_the_korean_side_of_the_account_is_empty_but_well_formed(start: Starter) -> None:
    outside = await start(virtual=False)
    path = "/uapi/domestic-stock/v1/trading/inquire-balance"
    body = (await outside.get(path, "TTTC8434R", **ACCOUNT, CTX_AREA_FK100="", CTX_AREA_NK100="")).body
    assert (body["output1"], body["output2"][0]["dnca_tot_amt"]) == ([], "0")


async def test_the_balance_has_no_cash_quirk_11(start: Starter) -> None:
    outside = await start(virtual=False, holdings=HELD)
    text = (await outside.balance()).text
    assert "dncl" not in text
    assert "psbl_frcr" not in text


async def test_filler_rows_and_totals_as_a_list_quirk_13(start: Starter) -> None:
    outside = await start(virtual=False, holdings=HELD, filler_rows=True, balance_totals="list")
    body = (await outside.balance()).body
    assert body["output1"][-1]["ovrs_pdno"] == ""
    assert body["output1"][-1]["ovrs_cblc_qty"] == "0"
    assert isinstance(body["output2"], list)


async def test_balance_decimals(start: Starter) -> None:
    outside = await start(virtual=False, holdings=HELD[:1])
    await outside.control("tick", symbol="TQQQ", last="60.00")
    (row,) = (await outside.balance()).body["output1"]
    assert row["pchs_avg_pric"] == "50.0000"
    assert row["frcr_pchs_amt1"] == "250.00000"
    assert row["ovrs_stck_evlu_amt"] == "300.00000000"
    assert row["frcr_evlu_pfls_amt"] == "50.000000"
    assert row["evlu_pfls_rt"] == "20.00"
    assert row["now_pric2"] == "60.000000"


async def test_empty_virtual_balance(start: Starter) -> None:
    answer = await (await start()).balance()
    assert (answer.status, answer.code, answer.body["output1"]) == (200, "70070000", [])


async def test_the_published_example_of_the_buyable_amount_quirk_42_and_3_12(start: Starter) -> None:
    outside = await start(virtual=False, cash=Decimal("7840.22"))
    await outside.control("tick", symbol="MSFT", last="437.15", bid="437.14", ask="437.17")
    await outside.order("buy", "MSFT", "3", "431.15")
    output = (await outside.buyable("MSFT", "431.15")).body["output"]
    assert output["ord_psbl_frcr_amt"] == "6543.54"
    assert output["ovrs_ord_psbl_amt"] == "6527.22"
    assert output["max_ord_psbl_qty"] == "15"
    assert output["exrt"] == "1391.5000000000"


@pytest.mark.parametrize(("currency", "cost"), [("01", "347875.00000"), ("02", "250.00000")])
async def test_present_balance_counts_won_under_01_quirk_40(start: Starter, currency: str, cost: str) -> None:
    outside = await start(virtual=False, holdings=HELD[:1])
    params = {**ACCOUNT, "WCRC_FRCR_DVSN_CD": currency, "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
    body = (await outside.get(TRADING + "inquire-present-balance", "CTRP6504R", **params)).body
    assert body["output1"][0]["frcr_pchs_amt"] == cost
    assert body["output1"][0]["item_lnkg_excg_cd"] == "NAS"
    assert body["output2"][0]["frcr_dncl_amt_2"] == "100000.000000"
    assert body["output3"]["tot_asst_amt"].isdigit()


async def test_virtual_present_balance_has_output3_alone(start: Starter) -> None:
    outside = await start(holdings=HELD[:1], virtual_present_deposit=False)
    params = {**ACCOUNT, "WCRC_FRCR_DVSN_CD": "02", "NATN_CD": "840", "TR_MKET_CD": "00", "INQR_DVSN_CD": "00"}
    body = (await outside.get(TRADING + "inquire-present-balance", "VTRP6504R", **params)).body
    assert (body["output1"], body["output2"]) == ([], [])
    assert body["output3"]["frcr_use_psbl_amt"] == "139150000"


async def test_period_profit_appears_the_day_after_quirk_41(start: Starter) -> None:
    outside = await start(virtual=False, holdings=HELD[:1])
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="60.00", ask="60.01")
    await outside.order("sell", "TQQQ", "5", "60.00")
    params = {**ACCOUNT, "OVRS_EXCG_CD": "", "NATN_CD": "", "CRCY_CD": "", "PDNO": "", "INQR_STRT_DT": "20260901"}
    params |= {"INQR_END_DT": "20260930", "WCRC_FRCR_DVSN_CD": "01", "CTX_AREA_FK200": "", "CTX_AREA_NK200": ""}
    path = TRADING + "inquire-period-profit"
    assert (await outside.get(path, "TTTS3039R", **params)).body["output1"] == []
    await outside.simulator.advance_to(NOON + timedelta(days=1))
    await outside.login()
    body = (await outside.get(path, "TTTS3039R", **params)).body
    (row,) = body["output1"]
    assert (row["trad_day"], row["slcl_qty"], row["pchs_avg_pric"], row["avg_sll_unpr"]) == (
        "20260915", "5", "50.0000", "60.0000",
    )  # fmt: skip
    assert row["ovrs_rlzt_pfls_amt"] == "49.24000"  # 300 - 250 - 0.75 - 0.01
    assert body["output2"]["ovrs_rlzt_pfls_tot_amt"] == "49.24"


async def test_period_transactions_tell_the_fees(start: Starter) -> None:
    outside = await start(virtual=False, holdings=HELD[:1])
    await outside.control("tick", symbol="TQQQ", last="60.00", bid="60.00", ask="60.01")
    await outside.order("sell", "TQQQ", "5", "60.00")
    params = {**ACCOUNT, "ERLM_STRT_DT": "20260901", "ERLM_END_DT": "20260930", "OVRS_EXCG_CD": "", "PDNO": ""}
    params |= {"SLL_BUY_DVSN_CD": "00", "LOAN_DVSN_CD": "", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    body = (await outside.get(TRADING + "inquire-period-trans", "CTOS4001R", **params)).body
    (row,) = body["output1"]
    assert (row["dmst_frcr_fee1"], row["frcr_fee1"], row["sttl_dt"]) == ("0.75000", "0.010000", "20260917")
    assert len(body["ctx_area_fk100"]) == 100


async def test_foreign_margin_and_settlement_balance(start: Starter) -> None:
    outside = await start(virtual=False, holdings=HELD[:1])
    rows = (await outside.get(TRADING + "foreign-margin", "TTTC2101R", **ACCOUNT)).body["output"]
    assert (rows[0]["crcy_cd"], rows[0]["frcr_dncl_amt1"]) == ("USD", "100000.000000")
    assert set(rows[1].values()) == {""}
    params = {**ACCOUNT, "BASS_DT": "20260915", "WCRC_FRCR_DVSN_CD": "02", "INQR_DVSN_CD": "00"}
    body = (await outside.get(TRADING + "inquire-paymt-stdr-balance", "CTRP6010R", **params)).body
    assert len(body["output1"][0]["oprt_dtl_dtime"]) == 17


async def test_master_files(start: Starter) -> None:
    """kis-protocol 4.2."""
    outside = await start()
    async with outside.http.get(outside.simulator.rest_url + "/common/master/nysmst.cod.zip") as response:
        packed = await response.read()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        rows = [line.split("\t") for line in archive.read(archive.namelist()[0]).decode("cp949").splitlines()]
    assert {len(row) for row in rows} == {24}
    assert "BRK/B" in {row[4] for row in rows}
    assert {row[2] for row in rows} == {"NYS"}
    assert (await outside.send("GET", "/common/master/xxxmst.cod.zip")).status == 404


async def test_hashkey(start: Starter) -> None:
    outside = await start()
    answer = await outside.send("POST", "/uapi/hashkey", json_body={"A": "1"})
    assert answer.body["BODY"] == {"A": "1"}
    assert int(answer.body["HASH"], 16)


async def test_messages_are_padded_and_headers_echo(start: Starter) -> None:
    outside = await start()
    answer = await outside.get(QUOTES + "price", "HHDFS00000300", AUTH="", EXCD="NAS", SYMB="TQQQ")
    assert len(answer.body["msg1"]) == 80  # quirk 17
    assert answer.headers["tr_id"] == "HHDFS00000300"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    balance = await outside.balance()
    assert balance.tr_cont in {"D", "E"}  # 10.1, 2


async def test_virtual_quotes_can_fail_at_random_but_repeatably_quirk_52(start: Starter) -> None:
    def fails(answer: Answer) -> bool:
        return answer.status == 500

    runs = []
    for _ in range(2):
        outside = await start(virtual_quote_failures=300)
        params = {"AUTH": "", "EXCD": "NAS", "SYMB": "TQQQ"}
        runs.append([fails(await outside.get(QUOTES + "price", "HHDFS00000300", **params)) for _ in range(30)])
    assert runs[0] == runs[1]
    assert 0 < sum(runs[0]) < 30


def test_the_availability_matrix_is_complete() -> None:
    """kis-protocol 3.0: every TR id of the matrix is served where it says so."""
    real_only = (
        "TTTS6036U TTTS6037U TTTS6038U TTTT3039R TTTC2101R TTTS3039R CTOS4001R CTRP6010R TTTS6058R TTTS6059R "
        "HHDFS76200200 HHDFS76200100 HHDFS76220000 HHDFS76950200 FHKST03030200 HHDFS76200300 CTPF1702R CTOS5011R "
        "TTTT1002U TTTT1006U TTTT1004U TTTT3014U TTTT3016U TTTT3017U TTTS3018R TTTS3035R TTTS3012R CTRP6504R TTTS3007R"
    )
    virtual_only = (
        "VTTT1002U VTTT1001U VTTT1004U VTTT3014U VTTT3016U VTTT3017U VTTS3018R VTTS3035R VTTS3012R VTRP6504R VTTS3007R"
    )
    both = "HHDFS00000300 HHDFS76240000 FHKST03030100 HHDFS76410000"
    routes = Routes()
    for names, expected in ((real_only, {"real"}), (virtual_only, {"virtual"}), (both, {"real", "virtual"})):
        for tr_id in names.split():
            assert {environment.value for environment in routes.served(tr_id)} == expected, tr_id
    assert {tr_id for _, tr_id in RANKINGS} <= {tr for _, tr in RANKINGS if routes.served(tr)}
