"""What must never be written down: keys, tokens, account numbers, customer names (promise 8)."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from strategy.runtime.encodings import written

MASK = "***"
_SECRET_FIELDS = frozenset(
    {
        "authorization",
        "appkey",
        "appsecret",
        "secretkey",
        "personalseckey",
        "access_token",
        "token",
        "approval_key",
        "cano",
        "acnt_prdt_cd",
        "acnt_no",
        "acnt_name",
        "acnt_nm",
        "cust_name",
        "cust_nm",
        "cust_id",
        "hts_id",
        "ctx_area_fk200",  # repeats the account number (kis-protocol 3.0, paging)
        "ctx_area_fk100",
        "ctx_area_fk",
        "iv",
        "key",
    }
)


def redacted(value: Any) -> Any:
    """Return the same shape with every secret or personal field replaced by stars."""
    if isinstance(value, Mapping):
        return {
            name: MASK if str(name).lower() in _SECRET_FIELDS and inner else redacted(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(item) for item in value]
    return value


_NAME_FIELDS = frozenset({"acnt_name", "acnt_nm", "cust_name", "cust_nm"})
_RUN = re.compile(r"[A-Za-z0-9+/=_%~\\.-]{6,}")
_WORD = re.compile(
    r"[A-Za-z]?[a-z_]{1,20}|[A-Z_]{1,24}"  # words
    r"|[A-Z]{3,4}\d{4,5}|[A-Z]{3,5}\d{3,4}[A-Z]"  # codes of answers and calls
    r"|(?:\d{1,3}(?:,\d{3})*|\d{1,5})(?:\.\d+)?"  # ordinary numbers
)
_DIGITS = re.compile(r"(?<![\d.,])\d(?:[ -]?\d){5,}(?![\d.,])")
_NAMED = re.compile(
    r"((?:성명|고객명|예금주|계좌명|이름|(?i:name))\s*[:=]?\s*)[가-힣A-Za-z][가-힣A-Za-z ]*?(?=$|[,;()\[\].]|\s\S*[:=])"
)
_ADDRESSED = re.compile(r"(?<![가-힣])[가-힣]{2,5}(?=\s*(?:고객)?님)")


def spoken(text: str, names: Iterable[str] = ()) -> str:
    """Return KIS's own words without what may be a key, a token, an account or a person.

    An answer may repeat what it was asked with, in any encoding (it has been seen to name account and customer), so
    what is no word, code or ordinary number is starred out, whether we know it or not. `names` come from the answer's
    own fields. For people and the log; the text as it came is in the bodies at DEBUG.
    """
    return _spoken(without(text, tuple(names)))


@lru_cache(maxsize=256)
def _spoken(text: str) -> str:
    text = _NAMED.sub(rf"\1{MASK}", _ADDRESSED.sub(MASK, text))
    text = _RUN.sub(lambda run: run[0] if _harmless(run[0]) else MASK, text)
    return _DIGITS.sub(MASK, text)


def _harmless(run: str) -> bool:
    """Return whether a run of Latin letters and digits is made of words, codes and ordinary numbers."""
    return all(_WORD.fullmatch(part) for part in re.split(r"[./=-]", run) if part)


def names_in(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the customer's names that an answer carries in fields made for them."""
    parts = [body, *(part for part in body.values() if isinstance(part, Mapping))]
    found = (str(value).strip() for part in parts for name, value in part.items() if str(name).lower() in _NAME_FIELDS)
    return tuple(name for name in found if len(name) > 1)


def without(text: str, secrets: tuple[str, ...]) -> str:
    """Return the text with these values replaced by stars, however they are written."""
    forms = {form for secret in secrets if secret for form in written(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text
