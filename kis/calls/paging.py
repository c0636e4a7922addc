"""Paged inquiries: all of the rows or an error, never a part (kis-protocol 3.0, paging). See decision 0151."""

from collections.abc import Mapping
from typing import Any

from kis.client import KisHttp
from kis.environment import Endpoint
from kis.errors import KisData
from kis.rest.fields import Row, maybe_text

MAX_PAGES = 60


async def pages(
    http: KisHttp, call: Endpoint, params: Mapping[str, str], *, width: str = "200"
) -> list[dict[str, Any]]:
    """Return the bodies of every page, first page first.

    Ends when KIS says so or when the cursor is blank or stands still (the last page being exactly full); raises
    KisData past MAX_PAGES rather than return a part.
    """
    forward, cursor = f"CTX_AREA_FK{width}", f"CTX_AREA_NK{width}"
    asked = {**params, forward: "", cursor: ""}
    found: list[dict[str, Any]] = []
    seen: set[str] = {""}
    for page in range(MAX_PAGES):
        answer = await http.get(call, asked, cont=page > 0)
        found.append(answer.body)
        here = maybe_text(answer.body, cursor.lower())
        if not answer.more or here in seen:
            return found
        seen.add(here)
        asked = {**params, forward: maybe_text(answer.body, forward.lower()), cursor: here}
    raise KisData(f"{call}: more than {MAX_PAGES} pages")


def rows(body: Row, field: str, key: str) -> list[dict[str, Any]]:
    """Return the rows of an answer: those whose `key` is not blank, whatever else they say (quirks 13 and 14).

    The empty result comes as `[]`, as one object with blank identifiers, or not at all. Raise KisData for what is no
    list of rows: that is not the same as none.
    """
    return [row for row in _entries(body, field) if isinstance(row, dict) and maybe_text(row, key)]


def strays(body: Row, field: str, key: str, tells: str) -> list[dict[str, Any]]:
    """Return the entries that are no rows and yet say something: no objects, or a blank `key` where `tells` is not."""
    found = [row if isinstance(row, dict) else {tells: "?"} for row in _entries(body, field)]
    return [row for row in found if not maybe_text(row, key) and maybe_text(row, tells).strip("0.")]


def one(body: Row, field: str) -> dict[str, Any]:
    """Return a single object, also when it comes as a list of one; raise KisData when there is none."""
    value = body.get(field)
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        raise KisData(f"{field} is missing")
    return value


def _entries(body: Row, field: str) -> list[Any]:
    value = body.get(field)
    if value is None:
        value = body.get(field.capitalize())  # some layouts write Output1
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, list):
        return value
    if value is None or not str(value).strip():
        return []
    raise KisData(f"{field} is no list")
