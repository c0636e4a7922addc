"""KIS's answer codes and what each means for the caller (kis-protocol 5.2, 10.2). See decision 0073."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from kis.errors import KisError, KisFault, KisLater, KisRefused, KisUnknown
from kis.rest.causes import Cause, CauseNote
from strategy.model import Said


class Reaction(Enum):
    """What may be done next."""

    OK = auto()
    EMPTY = auto()  # fine, no rows
    LATER = auto()  # refused at the door: certainly not carried out, ask again after a pause
    LATER_OR_UNKNOWN = auto()  # a read may be repeated; what became of an order is unknown
    ONCE = auto()  # a read is repeated once, then it is our fault; an order's outcome is unknown
    TOKEN = auto()  # refused at the door for its token: renew, then ask again
    REFUSED = auto()  # a business refusal
    FAULT = auto()  # key, setting, account or request: asking again cannot help
    UNKNOWN = auto()  # look it up before anything else


@dataclass(frozen=True, slots=True)
class Code:
    """One documented code."""

    reaction: Reaction
    cause: Cause | None  # None: a code of success, which explains nothing


_O, _E, _L, _LU, _1, _T, _R, _F, _U = Reaction


def _table() -> dict[str, Code]:
    groups: list[tuple[str, Reaction, Cause | None]] = [
        ("EGW00001 EGW00002 EGW00300", _LU, Cause.GATEWAY),
        ("EGW00003 EGW00004 EGW00206 EGW00550", _F, Cause.SERVICE),
        ("EGW00101 EGW00106 EGW00107 EGW00108 EGW00109 EGW00110 EGW00111 EGW00112", _F, Cause.REQUEST),
        ("EGW00113 EGW00114 EGW00115 EGW00116 EGW00117 EGW00118 EGW00119 EGW00120", _F, Cause.REQUEST),
        ("EGW00102 EGW00103", _F, Cause.KEY),
        ("EGW00104 EGW00105 EGW00304", _F, Cause.SECRET),
        ("EGW00121 EGW00122 EGW00123", _T, Cause.TOKEN),
        ("EGW00124 EGW00125 EGW00126 EGW00131 EGW00132 EGW00205 EGW00310", _F, Cause.REQUEST),
        ("EGW00133", _L, Cause.TOKEN_RATE),
        ("EGW00201", _L, Cause.RATE),
        ("EGW00202 EGW00203 EGW00316", _1, Cause.GATEWAY),
        ("EGW00204", _LU, Cause.BLOCKED),
        ("EGW00207 EGW00208 EGW00209 EGW00210 EGW00303", _F, Cause.CORPORATE),
        ("EGW00215", _L, Cause.LEDGER_RATE),
        ("EGW00301 EGW00302 IGW00009", _U, Cause.ASK_AGAIN),
        ("EGW02004 EGW02006", _F, Cause.ENVIRONMENT),
        ("IGW00002 OPSQ2000 APBK1617 APAC0489", _F, Cause.ACCOUNT),
        ("OPSQ0001 OPSQ0003 OPSQ0004 OPSQ0005 OPSQ0006 OPSQ0007 OPSQ0008", _1, Cause.GATEWAY),
        ("OPSQ0009 OPSQ0010 OPSQ0011", _1, Cause.GATEWAY),
        ("OPSQ0002", _F, Cause.REQUEST),
        ("OPSQ1002", _LU, Cause.GATEWAY),
        ("OPSQ2001 OPSQ2002 OPSQ9995 OPSQ9996 OPSQ9997 OPSQ9998 OPSQ9999", _F, Cause.REQUEST),
        ("APBK0013 APBK1711 KIOK0510 KIOK0530 KIOK0460 MCA00000 MCA05762", _O, None),
        ("20310000 40600000 40590000 40620000 40630000", _O, None),
        ("KIOK0560 APBK1631 70070000", _E, None),
        ("APBK0918", _R, Cause.HOURS),  # its text may say otherwise, see `cause_of`
        ("APBK0919 APBK1664", _R, Cause.HOURS),
        ("40100000 40570000 40580000", _R, Cause.HOURS),
        ("40490000", _R, Cause.RESERVATION_HOURS),
        ("APBK0656 40070000", _R, Cause.SYMBOL),
        ("APBK0952 40250000", _R, Cause.CASH),
        ("APBK0400 40240000 40310000", _R, Cause.QUANTITY),
        ("APBK1680 APBK1681", _R, Cause.ENTITLEMENT),
        ("APBK1507 40270000", _R, Cause.PRICE),
        ("APBK1269", _R, Cause.ORDER_TYPE),
        ("40030000", _R, Cause.TICK),
        ("40330000", _U, Cause.NOTHING_LEFT),
        ("40910000", _F, Cause.ACCOUNT_ENDED),
        ("90000000", _F, Cause.NOT_OFFERED),
        ("90020000", _LU, Cause.GATEWAY),
    ]
    return {code: Code(reaction, cause) for codes, reaction, cause in groups for code in codes.split()}


CODES: Mapping[str, Code] = MappingProxyType(_table())
_AMBIGUOUS = frozenset({"APBK0918", "APBK0919"})
_CAUSES_BY_TEXT = (
    (("영업일", "장운영시간", "장종료", "장시작", "주문시간"), Cause.HOURS),
    (("금액", "증거금", "예수금"), Cause.CASH),
    (("수량", "잔고"), Cause.QUANTITY),
    (("호가단위",), Cause.TICK),
)
_KNOWN_BUSINESS = ("APBK", "APAC", "KIOK", "MCA")


def classify(code: str, status: int, rt_cd: str = "") -> Code:
    """Return what a failing answer means; an undocumented code is judged by its family, `rt_cd` and the HTTP status.

    A business code (APBK..., eight digits) is a refusal in words, and so is what has `rt_cd` 7 (5.1). Anything else
    undocumented, above all from the gateway (EGW..., IGW...), proves nothing about an order.
    """
    known = CODES.get(code)
    if known is not None:
        return known
    if code.startswith(_KNOWN_BUSINESS) or (len(code) == 8 and code.isdecimal()):
        return Code(Reaction.REFUSED, Cause.OTHER)
    if code and not code.startswith(("EGW", "IGW")) and (status < 500 or rt_cd == "7"):
        return Code(Reaction.REFUSED, Cause.OTHER)
    return Code(Reaction.LATER_OR_UNKNOWN, Cause.ASK_AGAIN)


def cause_of(code: str, cause: Cause | None, message: str) -> Cause | None:
    """Return the cause, read from KIS's text where one code covers several (kis-protocol 5.1)."""
    if code not in _AMBIGUOUS:
        return cause
    for words, found in _CAUSES_BY_TEXT:
        if any(word in message for word in words):
            return found
    return Cause.OTHER


def error_for(code: str, message: str, status: int, *, changes: bool, rt_cd: str = "") -> KisError:
    """Return the error of a failing answer; `changes` says that the call places, changes or cancels something."""
    meaning = classify(code, status, rt_cd)
    cause = cause_of(code, meaning.cause, message)
    if cause is None:  # a code of success in a failing answer
        cause = Cause.ASK_AGAIN if changes else Cause.GATEWAY
    kind = _kind(meaning.reaction, changes=changes)
    return kind(message or f"HTTP {status}", code=code, user_message=_told(cause, code, message))


def _kind(reaction: Reaction, *, changes: bool) -> type[KisError]:
    if reaction in (Reaction.LATER, Reaction.TOKEN):
        return KisLater
    if reaction is Reaction.FAULT:
        return KisFault
    if reaction is Reaction.REFUSED:
        return KisRefused
    if reaction is Reaction.ONCE:
        return KisUnknown if changes else KisFault
    return KisUnknown if changes else KisLater


def _told(cause: Cause, code: str, message: str) -> Said:
    """Return the sentence for a person, with KIS's code and KIS's own words."""
    words = ": ".join(part for part in (code, message) if part)
    return Said(CauseNote.LABELED, cause=Said(cause), label=words) if words else Said(cause)
