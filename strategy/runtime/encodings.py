"""The forms in which a text is written down, so that a secret is found in each of them."""

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

_LEAST = 4  # characters: shorter pieces stand in ordinary words
_URL_SAFE = str.maketrans("+/", "-_")


def written(text: str) -> tuple[str, ...]:
    """Return a text as it is, as JSON writes it (also within JSON), as Python does, in URLs, and in base64."""
    in_json = json.dumps(text)[1:-1]
    in_urls = (quote(text, safe=""), quote_plus(text))
    return (
        text,
        in_json,
        in_json.replace("/", "\\/"),
        json.dumps(text, ensure_ascii=False)[1:-1],
        json.dumps(in_json)[1:-1],
        repr(text)[1:-1],
        *in_urls,
        *(re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), each) for each in in_urls),
        *in_base64(text),
    )


def pattern(text: str) -> str:
    """Return a regular expression for a text in URLs and JSON, however often encoded and whatever is left as it is."""
    return "".join(_either(char) for char in text)


def _either(char: str) -> str:
    if char.isascii() and char.isalnum():
        return char
    hexadecimal = "".join(f"%(?:25)*{byte:02X}" for byte in char.encode())
    return rf"(?:\\*{re.escape(char)}|(?i:{hexadecimal}){'|[+]' if char == ' ' else ''})"


def in_base64(text: str) -> Iterator[str]:
    """Give what base64 makes of a text wherever it stands in a longer one: that depends on its place modulo three."""
    raw = text.encode()
    for offset in range(3):
        whole = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")
        shared_with_next = 1 if (offset + len(raw)) % 3 else 0
        core = whole[(0, 2, 3)[offset] : len(whole) - shared_with_next]
        if len(core) >= _LEAST:
            yield core
            yield core.translate(_URL_SAFE)
