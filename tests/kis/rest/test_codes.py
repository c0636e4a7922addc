"""Every documented code against what the protocol document says to do (5.2). Rows S107, S108, S111, S113."""

import pytest

from kis.rest.causes import Cause
from kis.rest.codes import CODES, Reaction, cause_of, error_for
from strategy.model import BrokerFault, OrderRejected, OutcomeUnknown, TryLater
from tests.support.words import english, korean

FIX = [
    "EGW00003",
    "EGW00004",
    "EGW00101",
    "EGW00102",
    "EGW00103",
    "EGW00104",
    "EGW00105",
    "EGW00106",
    "EGW00107",
    "EGW00108",
    "EGW00109",
    "EGW00110",
    "EGW00111",
    "EGW00112",
    "EGW00113",
    "EGW00114",
    "EGW00115",
    "EGW00116",
    "EGW00117",
    "EGW00118",
    "EGW00119",
    "EGW00120",
    "EGW00124",
    "EGW00125",
    "EGW00126",
    "EGW00131",
    "EGW00132",
    "EGW00205",
    "EGW00206",
    "EGW00207",
    "EGW00208",
    "EGW00209",
    "EGW00210",
    "EGW00303",
    "EGW00304",
    "EGW00310",
    "EGW00550",
    "EGW02004",
    "EGW02006",
    "IGW00002",
    "OPSQ0002",
    "OPSQ2000",
    "OPSQ2001",
    "OPSQ2002",
    "OPSQ9995",
    "OPSQ9996",
    "OPSQ9997",
    "OPSQ9998",
    "OPSQ9999",
    "APBK1617",
    "APAC0489",
    "40910000",
    "90000000",
]
REFUSE = [
    "APBK0918",
    "APBK0919",
    "APBK1664",
    "APBK0656",
    "APBK0952",
    "APBK0400",
    "APBK1680",
    "APBK1681",
    "APBK1507",
    "APBK1269",
    "40030000",
    "40070000",
    "40100000",
    "40240000",
    "40250000",
    "40270000",
    "40310000",
    "40490000",
    "40570000",
    "40580000",
]
NOT_ACCEPTED = ["EGW00121", "EGW00122", "EGW00123", "EGW00133", "EGW00201", "EGW00215"]
CHECK = [
    "EGW00301",
    "EGW00302",
    "IGW00009",
    "40330000",
    "90020000",
    "EGW00300",
    "EGW00001",
    "EGW00002",
    "EGW00202",
    "EGW00203",
    "EGW00316",
]
FINE = [
    "APBK0013",
    "APBK1711",
    "KIOK0510",
    "KIOK0530",
    "KIOK0460",
    "KIOK0560",
    "MCA00000",
    "MCA05762",
    "APBK1631",
    "20310000",
    "70070000",
    "40600000",
    "40590000",
    "40620000",
    "40630000",
]


@pytest.mark.parametrize("code", FIX)
def test_a_fault_of_ours_is_told_as_one(code: str) -> None:
    assert isinstance(error_for(code, "", 500, changes=True), BrokerFault)
    assert isinstance(error_for(code, "", 500, changes=False), BrokerFault)


@pytest.mark.parametrize("code", REFUSE)
def test_a_business_refusal_is_certain(code: str) -> None:
    assert isinstance(error_for(code, "", 500, changes=True), OrderRejected)


@pytest.mark.parametrize("code", NOT_ACCEPTED)
def test_a_refusal_at_the_door_is_certainly_not_carried_out(code: str) -> None:
    assert isinstance(error_for(code, "", 500, changes=True), TryLater)


@pytest.mark.parametrize("code", CHECK)
def test_an_unclear_answer_to_an_order_is_unknown_and_to_a_read_is_not(code: str) -> None:
    assert isinstance(error_for(code, "", 500, changes=True), OutcomeUnknown)
    assert not isinstance(error_for(code, "", 500, changes=False), OutcomeUnknown)


@pytest.mark.parametrize("code", FINE)
def test_fine_codes_are_fine(code: str) -> None:
    assert CODES[code].reaction in (Reaction.OK, Reaction.EMPTY)


def test_every_code_is_in_these_lists_and_says_what_to_do_in_both_languages() -> None:
    listed = {*FIX, *REFUSE, *NOT_ACCEPTED, *CHECK, *FINE}
    others = {code for code in CODES if code not in listed}
    assert others == {"EGW00204", "OPSQ1002", *(f"OPSQ{n:04d}" for n in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11))}
    for code in CODES:
        for changes in (True, False):
            told = error_for(code, "", 500, changes=changes).user_message
            assert code in korean(told)
            assert code in english(told)
            assert len(korean(told)) > 20
            assert len(english(told)) > 20


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("EGW00103", "APP_KEY"),
        ("EGW00105", "APP_SECRET"),
        ("EGW02004", "IS_VIRTUAL"),
        ("EGW00206", "KIS Developers"),
        ("OPSQ2000", "ACCOUNT_NO"),
        ("40570000", "09:30"),
    ],
)
def test_the_cause_is_named_s107_s108_s111_s113(code: str, words: str) -> None:
    told = error_for(code, "", 500, changes=True).user_message
    assert words in korean(told)
    assert words in english(told)


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("장운영시간이 아닙니다.(단,주간거래시간이면 전용화면 주문가능)", Cause.HOURS),
        ("주문가능금액을 초과 했습니다", Cause.CASH),
        ("주문수량이 가능수량을 초과했습니다", Cause.QUANTITY),
        ("무엇인가 다른 이유", Cause.OTHER),
    ],
)
def test_the_one_code_with_several_causes_is_read_by_its_text(message: str, cause: Cause) -> None:
    assert cause_of("APBK0918", Cause.HOURS, message) is cause


@pytest.mark.parametrize("code", ["KIER2620", "ZZZ"])
def test_an_undocumented_code_that_says_business_refusal_is_one(code: str) -> None:
    """`rt_cd` 7 is KIS's own word for it (5.1), whatever the HTTP status."""
    assert isinstance(error_for(code, "", 500, changes=True, rt_cd="7"), OrderRejected)
    assert isinstance(error_for(code, "", 500, changes=True, rt_cd="1"), OutcomeUnknown)


@pytest.mark.parametrize(("code", "status"), [("EGW77777", 500), ("", 500), ("", 403), ("IGW99999", 200), ("ZZZ", 500)])
def test_an_undocumented_gateway_answer_proves_nothing_about_an_order(code: str, status: int) -> None:
    assert isinstance(error_for(code, "", status, changes=True), OutcomeUnknown)
