"""Takes secrets and personal data out of text: the last step before anything is written."""

import re
from collections.abc import Callable, Iterable

from strategy.runtime.encodings import in_base64, pattern, written

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

# What a person typed, as the libraries below us write updates down (reprs and JSON, escaped or not), and what is typed
# where it must not be read by others: arming digits, one-time codes, account numbers.
_TYPED: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?i)(\b(?:text|caption|query)\\*[\"']?\s*[:=]\s*)(\\*)([\"'])(?:\\.|(?!\3|\\).)*(?:\2\3|\Z)", re.DOTALL
        ),
        rf"\1\2\3{STARS}\2\3",
    ),
    (re.compile(r"(?i)((?:/arm(?:@\w+)?|무장|\barm)\s+)\d[\d\s-]*"), rf"\1{STARS}"),
    (re.compile(r"(?<![\d.,])\d{8}[-\s]?\d{2}(?!\d)"), STARS),
    (re.compile(r"(?<![\d.,:])\d{6}(?![\d.,:])"), STARS),
)
_OURS = ("bot", "kis", "strategy", "storage", "main", "__main__")


def foreign(logger: str) -> bool:
    """Return whether a logger is none of ours: what it writes down was put together by somebody else."""
    return logger.partition(".")[0] not in _OURS


def without_typed(text: str) -> str:
    """Return a foreign text without what a person may have typed in confidence.

    Our own records name what they hold; a library's may carry a whole update, with the digits that arm trading.
    """
    for shape, replacement in _TYPED:
        text = shape.sub(replacement, text)
    return text


def redactor(secrets: Iterable[str] = (), accounts: Iterable[str] = ()) -> Callable[[str], str]:
    """Return a function that stars out the secrets, the account numbers and whatever looks like a credential.

    Secrets are found as they are, as JSON writes them (also within JSON), as URLs do, and in base64. Accounts are eight
    digits with two more, written together, with a hyphen, or the eight alone; in base64 and URLs, too.
    """
    known = {secret for secret in secrets if len(secret) >= _LEAST_SECRET}
    forms = {re.escape(form) for secret in known for form in written(secret)} | {pattern(secret) for secret in known}
    patterns = list(_PATTERNS)
    for account in accounts:
        if digits := re.sub(r"\D", "", account):
            main, product = re.escape(digits[:8]), re.escape(digits[8:])
            patterns.insert(0, (re.compile(rf"(?<!\d){main}(?:(?:[-\s_]|%2[dD])?{product})?(?!\d)"), STARS))
            forms.update(re.escape(form) for each in _account_forms(digits) for form in in_base64(each))
    if forms:  # the longest first: one secret may begin with another
        exact = "|".join(sorted(forms, key=len, reverse=True))
        patterns.insert(0, (re.compile(exact), STARS))

    def redact(text: str) -> str:
        for shape, replacement in patterns:
            text = shape.sub(replacement, text)
        return text

    return redact


def _account_forms(digits: str) -> tuple[str, ...]:
    return digits, f"{digits[:8]}-{digits[8:]}", digits[:8]
