"""Every way the server says no, with the codes and texts of kis-protocol 5.2."""

from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True, slots=True)
class CodedText:
    """A code with its text, as `rt_cd`, `msg_cd` and `msg1` carry them."""

    rt_cd: str
    msg_cd: str
    msg1: str


class CallRefused(Exception):
    """The call is answered with an error body; `gateway` ones always have HTTP 500 (403 where given)."""

    def __init__(self, answer: CodedText, *, status: int | None = None) -> None:
        super().__init__(f"{answer.msg_cd} {answer.msg1}")
        self.answer = answer
        self.status = status


def gateway(code: str, text: str, *, status: int = 500) -> CallRefused:
    return CallRefused(CodedText("1", code, text), status=status)


def business(code: str, text: str, *, rt_cd: str = "1") -> CallRefused:
    """Return a refusal whose HTTP status depends on the environment (kis-protocol 5.1)."""
    return CallRefused(CodedText(rt_cd, code, text))


token_invalid = partial(gateway, "EGW00121", "유효하지 않은 token 입니다.")
token_expired = partial(gateway, "EGW00123", "기간이 만료된 token 입니다.")
bearer_missing = partial(gateway, "EGW00205", "credentials_type이 유효하지 않습니다.(Bearer)")
secret_wrong = partial(gateway, "EGW00304", "고객식별키(법인 personalSeckey, 개인 appSecret)가 유효하지 않습니다.")
app_key_unknown = partial(gateway, "EGW00103", "유효하지 않은 AppKey입니다.", status=403)
too_many_calls = partial(gateway, "EGW00201", "초당 거래건수를 초과하였습니다.")
too_many_ledger_calls = partial(gateway, "EGW00215", "초당 원장 거래건수를 초과하였습니다.")
not_a_real_tr = partial(gateway, "EGW02004", "실전투자 TR 이 아닙니다.")
not_a_virtual_tr = partial(gateway, "EGW02006", "모의투자 TR 이 아닙니다.")
tr_invalid = partial(gateway, "EGW00310", "모의투자 tr_id 가 유효하지 않습니다.")
tr_unroutable = partial(gateway, "EGW00203", "OPS라우팅 중 오류가 발생했습니다.")
custtype_wrong = partial(gateway, "EGW00208", "custtype이 유효하지 않습니다.")
account_wrong = partial(business, "OPSQ2000", "ERROR : INPUT INVALID_CHECK_ACNO", rt_cd="2")
body_unreadable = partial(gateway, "OPSQ9995", "JSON BODY 포맷이 올바르지 않습니다.")
change_kind_missing = partial(gateway, "APBK1503", "정정취소구분코드를 확인해주세요.")


def field_missing(name: str) -> CallRefused:
    return business("OPSQ2001", f"ERROR : INPUT FIELD NOT FOUND [{name}]", rt_cd="2")


def field_wrong(name: str) -> CallRefused:
    return business("OPSQ2002", f"ERROR : INPUT INVALID_CHECK [{name}]", rt_cd="2")


@dataclass(frozen=True, slots=True)
class Both:
    """One business refusal as the real and the virtual server put it."""

    real: CodedText
    virtual: CodedText


def _both(real: tuple[str, str, str], virtual: tuple[str, str]) -> Both:
    return Both(CodedText(*real), CodedText("1", *virtual))


OUTSIDE_HOURS = "장운영시간이 아닙니다.(단,주간거래시간이면 전용화면 주문가능, 주문시간 외 불가)"
NOT_OPEN_YET = _both(("1", "APBK0918", OUTSIDE_HOURS), ("40570000", "모의투자 장시작전 입니다."))
CLOSED = _both(("1", "APBK0918", OUTSIDE_HOURS), ("40580000", "모의투자 장종료 입니다."))
NO_SESSION = _both(("1", "APBK1664", "해외시장이 개장하지 않았습니다."), ("40100000", "모의투자 영업일이 아닙니다."))
NO_CASH = _both(("7", "APBK0952", "주문가능금액을 초과 했습니다"), ("40250000", "모의투자 주문가능금액이 부족합니다."))
TOO_MANY_SHARES = _both(
    ("7", "APBK0400", "주문 가능한 수량을 초과했습니다."), ("40310000", "모의투자 주문수량이 가능수량을 초과했습니다.")
)
NOTHING_HELD = _both(
    ("7", "APBK0400", "주문 가능한 수량을 초과했습니다."), ("40240000", "모의투자 잔고내역이 없습니다.")
)
NO_PRICE = _both(("1", "APBK1507", "주문단가를 입력하십시오."), ("40310000", "모의투자 주문단가를 확인해 주세요."))
OFF_TICK = _both(
    ("1", "APBK1507", "주문단가의 호가단위를 확인하십시오."), ("40030000", "모의투자 호가단위 오류입니다.")
)
OWN_ORDER = _both(  # the code is not published; APBK0918 carries many refusals (kis-protocol 5.2)
    ("7", "APBK0918", "동일 종목의 반대 주문이 있어 주문할 수 없습니다.(자전거래 제한)"),
    ("40310000", "모의투자 동일 종목의 반대 주문이 있어 주문할 수 없습니다.(자전거래 제한)"),
)
UNKNOWN_SYMBOL = _both(
    ("7", "APBK0656", "해당종목정보가 없습니다."), ("40070000", "모의투자 주문처리가 안되었습니다(매매불가 종목)")
)
NOTHING_TO_CHANGE = _both(
    ("7", "APBK0918", "정정/취소할 수량이 없습니다."), ("40330000", "모의투자 정정/취소할 수량이 없습니다.")
)
ORDER_KIND = _both(("1", "APBK1269", "주문구분 입력오류입니다."), ("APBK1269", "주문구분 입력오류입니다."))
NOT_OFFERED = _both(
    ("1", "APBK1269", "주문구분 입력오류입니다."), ("90000000", "모의투자에서는 해당업무가 제공되지 않습니다.")
)
RESERVED_HOURS = _both(
    ("1", "APBK0918", "예약주문 가능시간이 아닙니다."), ("40490000", "모의투자 예약주문시간을 확인해 주세요.")
)
ACCOUNT_EXPIRED = _both(
    ("1", "APBK1617", "주문이 불가한 계좌입니다."), ("40910000", "모의투자 주문이 불가한 계좌입니다.")
)
ALGO_AMEND = _both(
    ("1", "APBK0918", "TWAP/VWAP 주문은 정정할 수 없습니다."),
    ("90000000", "모의투자에서는 해당업무가 제공되지 않습니다."),
)
NO_RESERVED = _both(
    ("7", "APBK0918", "취소할 예약주문이 없습니다."), ("40330000", "모의투자 정정/취소할 수량이 없습니다.")
)


_GATEWAY_TEXTS = {
    refused.answer.msg_cd: refused.answer.msg1
    for refused in (too_many_calls(), too_many_ledger_calls(), token_invalid(), token_expired(), tr_unroutable())
}


def text_of(code: str) -> str:
    """Return the server's usual text of a code, for refusals asked for by code."""
    if code in _GATEWAY_TEXTS:
        return _GATEWAY_TEXTS[code]
    for value in globals().values():
        if isinstance(value, Both):
            for answer in (value.real, value.virtual):
                if answer.msg_cd == code:
                    return answer.msg1
    return "주문이 거부되었습니다."
