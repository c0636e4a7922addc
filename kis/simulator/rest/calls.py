"""What a REST handler gets and gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from kis.simulator.books.accounts import BookAccount
from kis.simulator.books.keyring import AppKey
from kis.simulator.options import Served
from kis.simulator.rest.refusals import CodedText, field_missing, field_wrong
from kis.simulator.text import to_units
from kis.simulator.world import SimWorld

Row = dict[str, str]
T = TypeVar("T")

_INQUIRED = {
    Served.REAL: CodedText("0", "KIOK0510", "조회가 완료되었습니다"),
    Served.VIRTUAL: CodedText("0", "20310000", "모의투자 조회가 완료되었습니다"),
}
_EMPTY = {
    Served.REAL: CodedText("0", "KIOK0560", "조회할 내용이 없습니다"),
    Served.VIRTUAL: CodedText("0", "70070000", "모의투자 조회할 내역(자료)이 없습니다."),
}
_EMPTY_TEXTS = {answer.msg_cd: answer.msg1 for answer in _EMPTY.values()} | {"APBK1631": "조회할 자료가 없습니다."}
# what the published answer of an inquiry without orders has beside blank keys and zeros (kis-protocol 3.9)
_KEPT_WHEN_EMPTY = {
    "mdia_dvsn_name": "OpenAPI",
    "usa_amk_exts_rqst_yn": "N",
    "splt_buy_attr_name": "00:00~04:00",
}
LAST_PAGE = CodedText("0", "KIOK0460", "조회 되었습니다. (마지막 자료)")
LOOKED_UP = CodedText("0", "KIOK0530", "조회되었습니다")
QUOTED = CodedText("0", "MCA00000", "정상처리 되었습니다.")


@dataclass(slots=True)
class RestReply:
    """The body of an answer, its code, and what happens once it is on its way."""

    body: dict[str, Any]
    answer: CodedText = QUOTED
    tr_cont: str = ""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    status: int = 200


@dataclass(slots=True)
class Request:
    """One authorised business call."""

    world: SimWorld
    key: AppKey
    tr_id: str
    params: dict[str, str]
    tr_cont: str
    endpoint: str = ""  # the end of the path: trading/order

    @property
    def environment(self) -> Served:
        return self.key.environment

    @property
    def virtual(self) -> bool:
        return self.key.environment is Served.VIRTUAL

    @property
    def now_ms(self) -> int:
        return self.world.now_ms

    def need(self, *names: str) -> list[str]:
        """Return parameters that must be there, though they may be empty; raise Refused for the first missing one."""
        for name in names:
            if name not in self.params:
                raise field_missing(name)
        return [self.params[name].strip() for name in names]

    def get(self, name: str, default: str = "") -> str:
        return self.params.get(name, default).strip()

    def account(self) -> BookAccount:
        """Return the account the call names; raise Refused when it is not this key's."""
        cano, product = self.need("CANO", "ACNT_PRDT_CD")
        number = cano + product
        self.world.keyring.bind_account(self.key, number)
        return self.world.broker.account(number, self.environment)

    def qty(self, name: str) -> int:
        """Return a whole number of shares; raise Refused for anything else."""
        (text,) = self.need(name)
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise field_wrong(name)
        return int(text)

    def price(self, name: str) -> int:
        """Return a price in ten-thousandths; raise Refused for text that is not a plain number.

        More than four decimals make a price that is on no tick, and are refused as such later. Of a dollar.
        """
        (text,) = self.need(name)
        if not text or text.count(".") > 1 or not text.replace(".", "", 1).isdigit() or not text.isascii():
            raise field_wrong(name)
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise field_wrong(name) from None
        units = to_units(value)
        return units if Decimal(units).scaleb(-4) == value else units * 10 + 1

    def inquired(self) -> CodedText:
        return _INQUIRED[self.environment]

    def empty(self) -> CodedText:
        """Return the code of an inquiry that found nothing; `rt_cd` 0 as a rule, 7 or 1 where a fault says so."""
        usual = _EMPTY[self.environment]
        fault = self.world.faults.use("empty_code", self.now_ms, self.tr_id, self.endpoint)
        if fault is None:
            return CodedText(self.world.options.empty_rt_cd, usual.msg_cd, usual.msg1)
        code = str(fault.details.get("msg_cd") or usual.msg_cd)
        text = str(fault.details.get("msg1", _EMPTY_TEXTS.get(code, usual.msg1)))
        return CodedText(str(fault.details.get("rt_cd", "7")), code, text)

    def nothing(self, names: Sequence[str], numbers: dict[str, str]) -> Any:
        """Return the output of a list without rows: no rows, or the published object that stands for none (3.9)."""
        wanted = self.world.options.empty_result == "object"
        if not wanted and not self.world.faults.use("empty_object", self.now_ms, self.tr_id, self.endpoint):
            return []
        return blank(names, numbers) | {name: text for name, text in _KEPT_WHEN_EMPTY.items() if name in names}


def paged(
    request: Request, rows: Sequence[T], size: int, cursor: Callable[[T], str], condition: str, *, width: int = 200
) -> tuple[list[T], str, dict[str, str]]:
    """Return one page of rows, the `tr_cont` of the answer and its context fields (kis-protocol 3.0, paging).

    F and M say that more follows, D and E that this was the last page. The cursor names the last row given, so that
    rows arriving meanwhile move nothing.
    """
    wanted = request.get(f"CTX_AREA_NK{width}")
    start = 0
    if wanted and request.tr_cont == "N":
        place = next((n for n, row in enumerate(rows) if cursor(row) == wanted), None)
        start = place + 1 if place is not None else len(rows)
    page = list(rows[start : start + size])
    more = start + size < len(rows)
    first = start == 0
    tr_cont = ("F" if first else "M") if more else ("D" if first else "E")
    following = cursor(page[-1]) if more and page else ""
    pad = request.world.options.pad_contexts
    context = {
        f"ctx_area_fk{width}": condition.ljust(width) if pad else condition,
        f"ctx_area_nk{width}": following.ljust(width) if pad else following,
    }
    return page, tr_cont, context


def blank(row: Sequence[str], numbers: dict[str, str]) -> Row:
    """Return a row of blank strings and zero numbers, the way empty results and filler rows look."""
    return {name: numbers.get(name, "") for name in row}
