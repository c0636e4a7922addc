"""Takes secrets and personal data out of text: the last step before anything is written."""

import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, quote_plus

STARS = "***"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]{8,}"), rf"\1{STARS}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), STARS),  # a token without its "Bearer"
    (re.compile(r"(?<!\d)\d+:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"), STARS),  # a Telegram bot token, in URLs too
    (re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{160,}={0,2}(?![A-Za-z0-9+/=])"), STARS),  # an app secret
    (
        # a value behind one of these names, in JSON (escaped or not), in a query or in a Python repr; kis-protocol 2
        re.compile(
            r"(?i)((?<![a-z_])(?:appkey|appsecret|secretkey|approval_key|access_token|authorization|personalseckey"
            r"|cano|acnt_no|hts_id|bot_token|totp_secret)\\*[\"']?\s*[:=]\s*\\*[\"']?)(?!\*\*\*|bearer)[^\s\"'\\&,;}\]]+"
        ),
        rf"\1{STARS}",
    ),
)
_LEAST_SECRET = 4  # shorter ones would black out ordinary words


def redactor(secrets: Iterable[str] = (), accounts: Iterable[str] = ()) -> Callable[[str], str]:
    """Return a function that stars out the secrets, the account numbers and whatever looks like a credential.

    Secrets are found as they are, as JSON writes them and as URLs do. Accounts are eight digits with two more,
    written together, with a hyphen, or the eight alone.
    """
    forms = {form for secret in secrets if len(secret) >= _LEAST_SECRET for form in _written(secret)}
    patterns = list(_PATTERNS)
    for account in accounts:
        if digits := re.sub(r"\D", "", account):
            main, product = re.escape(digits[:8]), re.escape(digits[8:])
            patterns.insert(0, (re.compile(rf"(?<!\d){main}(?:[-\s]?{product})?(?!\d)"), STARS))
    if forms:  # the longest first: one secret may begin with another
        exact = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        patterns.insert(0, (re.compile(exact), STARS))

    def redact(text: str) -> str:
        for pattern, replacement in patterns:
            text = pattern.sub(replacement, text)
        return text

    return redact


def _written(secret: str) -> tuple[str, ...]:
    return (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
    )
