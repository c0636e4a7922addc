"""What must never be written down: keys, tokens, account numbers, customer names (promise 8)."""

from collections.abc import Mapping
from typing import Any

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
        "cust_id",
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


def without(text: str, secrets: tuple[str, ...]) -> str:
    """Return the text with these literal values replaced by stars."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text
