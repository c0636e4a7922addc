"""Answers made worse on request: emptied, rewritten, given odd rows. Their code still says that all is well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import orjson

from kis.simulator.faults.faults import InjectedFault
from kis.simulator.faults.odd_rows import with_odd_rows

_FRAME: Final = frozenset(("rt_cd", "msg_cd", "msg1"))  # what every business answer carries, and not its contents
_VALUATIONS: Final = {
    "frcr_evlu_pfls_amt": "0.000000",
    "evlu_pfls_rt": "-100.00",
    "ovrs_stck_evlu_amt": "0.00000000",
    "now_pric2": "0.000000",
    "frcr_evlu_amt2": "0.000000",
    "evlu_pfls_amt2": "0.00000",
    "evlu_pfls_rt1": "-100.00000000",
    "ovrs_now_pric1": "0.00000",
}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The call whose answer is spoiled."""

    endpoint: str  # the end of its path: trading/inquire-balance
    params: Mapping[str, str]
    tr_cont: str


class FaultOf(Protocol):
    """Uses up a fault of a kind that hits the call at hand."""

    def __call__(self, kind: str, *, place: str) -> InjectedFault | None: ...


def spoiled(raw: bytes, status: int, asked: Asked, fault_of: FaultOf) -> tuple[bytes, int]:
    """Return body and status of an answer after every fault in force that spoils answers; what is no JSON stays."""
    if not raw.lstrip().startswith(b"{"):
        return raw, status
    if status == 200:
        for kind, spoil in _SPOILERS.items():
            fault = fault_of(kind, place=asked.endpoint)
            if fault is not None:
                raw = orjson.dumps(spoil(orjson.loads(raw), fault.details, asked))
    fault = fault_of("rewrite", place=asked.endpoint)
    if fault is not None:
        body, status = rewritten(orjson.loads(raw), status, fault.details)
        raw = orjson.dumps(body)
    return raw, status


def without_output(body: Row) -> Row:
    """Return an answer whose outputs are there and empty: lists without rows, objects without fields."""
    return {name: _emptied(value) for name, value in body.items() if name in _FRAME or _holds(value)}


def without_field(body: Row, name: str) -> Row:
    """Return an answer without one field, wherever in its outputs it stands; without a name, the first of each."""
    if name:
        body.pop(name, None)
    return {key: _reduced(value, name) for key, value in body.items()}


def without_valuation(body: Row, symbol: str) -> Row:
    """Return a balance that values holdings at nothing, those of one ticker or all."""

    def worthless(row: Row) -> Row:
        named = str(row.get("ovrs_pdno") or row.get("pdno") or "")
        if not named or symbol not in {"", named}:
            return row
        return row | {name: nothing for name, nothing in _VALUATIONS.items() if name in row}

    return _rows_changed(body, worthless)


def rewritten(body: Row, status: int, details: Mapping[str, Any]) -> tuple[Row, int]:
    """Return body and status of an answer with what a `rewrite` asks for.

    `part` one output or all of them; `where` fields a row must have; `set` and `drop` fields of those rows; `remove`
    takes the rows out; `add` puts rows at the end (what they do not name is as in the first row); `code` the code and
    text; `only_code` leaves nothing else; `status` the HTTP status.
    """
    part = details.get("part")
    where: Row = details.get("where") or {}
    drop = frozenset(details.get("drop") or ())

    def fits(row: Row) -> bool:
        return all(str(row.get(name, "")) == str(value) for name, value in where.items())

    def changed(row: Row) -> Row:
        if not fits(row):
            return row
        return {name: value for name, value in (row | (details.get("set") or {})).items() if name not in drop}

    for name, value in body.items():
        if not _holds(value) or part not in {None, name}:
            continue
        if isinstance(value, dict):
            body[name] = changed(value)
            continue
        if details.get("remove"):
            value = [row for row in value if not fits(row)]  # noqa: PLW2901 - the list without them is what counts on
        first = value[0] if value else {}
        body[name] = [*(changed(row) for row in value), *(first | row for row in details.get("add") or ())]
    code: Row = details.get("code") or {}
    if details.get("only_code"):
        body = {name: value for name, value in body.items() if name in _FRAME}
    return body | code, int(details.get("status", status))


def _rows_changed(body: Row, change: Callable[[Row], Row]) -> Row:
    return {name: [change(row) for row in value] if isinstance(value, list) else value for name, value in body.items()}


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)


def _emptied(value: Any) -> Any:
    return type(value)() if _holds(value) else value


def _reduced(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_reduced(row, name) for row in value]
    if not isinstance(value, dict):
        return value
    lost = name or next(iter(value), "")
    return {key: field for key, field in value.items() if key != lost}


def _odd(body: Row, details: Mapping[str, Any], asked: Asked) -> Row:
    first_page = asked.tr_cont != "N" and asked.params.get("OVRS_EXCG_CD", "NASD") in {"NASD", "%", ""}
    return with_odd_rows(body, asked.endpoint, details.get("rows")) if first_page else body


_SPOILERS: Final[dict[str, Callable[[Row, Mapping[str, Any], Asked], Row]]] = {
    "empty_output": lambda body, _details, _asked: without_output(body),
    "missing_field": lambda body, details, _asked: without_field(body, str(details.get("field", ""))),
    "zero_valuation": lambda body, details, _asked: without_valuation(body, str(details.get("symbol", ""))),
    "odd_rows": _odd,
}
