"""Which links Telegram keeps, and in which form."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

_OWN_SCHEME = re.compile(r"(tg|tonsite|ton):(?://)?", re.IGNORECASE)
_OWN_HOST = re.compile(r"[A-Za-z0-9_-]+")
_DOTTED_HOST = re.compile(r"[A-Za-z0-9_.-]+")
_SCHEME = re.compile(r"([^:/?#@\[\]]*)://")
_PART = re.compile(r"(?:[A-Za-z0-9.\-_!$,~*'();&+=]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])*")
_SPACES = " \t\r\n\v\0"
_INT32, _INT64 = 2**31, 2**63
_FORMAT = re.compile(r"[rR]|[tTdDwW]*")


def checked_link(link: str) -> str:
    """Return the link as Telegram would store it, or an empty text for one it refuses."""
    own = _OWN_SCHEME.match(link)
    parts = _parts(link[own.end() :] if own else link)
    if parts is None:
        return ""
    scheme, login, host, port, rest = parts
    if own:
        name = own[1].lower()
        shape = _DOTTED_HOST if name == "tonsite" else _OWN_HOST
        if scheme or login or port or not shape.fullmatch(host):
            return ""
        return f"{name}://{host}{rest[1:] if rest.startswith('/?') else rest}"
    if "." not in host and not host.startswith("["):
        return ""
    return f"{scheme or 'http'}://{login + '@' if login else ''}{host}{f':{port}' if port else ''}{rest}"


def _parts(link: str) -> tuple[str, str, str, int, str] | None:
    """Return scheme, login, host, port (0: none) and the rest from the path on; None for what is no link."""
    found = _SCHEME.match(link)
    scheme = found[1].lower() if found else ""
    if scheme not in ("", "http", "https") or (found and not scheme):
        return None
    after = link[found.end() :] if found else link
    place = re.split(r"[/?#]", after, maxsplit=1)[0]
    rest = _rest(after[len(place) :])
    name, port = _port(place)
    login, _, host = name.rpartition("@")
    host = host.lower()
    if port is None or not host or host == ".":
        return None
    if host.startswith("[") and host.endswith("]"):
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            return None
    elif not _PART.fullmatch(host) or not all(_PART.fullmatch(part) for part in login.split(":")):
        return None
    return scheme, login, host, port, rest


def _rest(query: str) -> str:
    query = query.rstrip(_SPACES) or "/"
    query = query if query.startswith("/") else f"/{query}"
    return "".join(f"%{ord(char):02X}" if ord(char) <= 32 else char for char in query)


def _port(place: str) -> tuple[str, int | None]:
    """Return what stands before the port, and the port: 0 where there is none, None for an impossible one."""
    at = max(place.rfind(char) for char in ":]@")
    if at <= 0 or place[at] != ":":
        return place, 0
    digits = place[at + 1 :].lstrip("0")
    port = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else 0
    return place[:at], port if 0 < port <= 65535 else None


def is_https(link: str) -> bool:
    return checked_link(link).startswith("https://")


def linked_user(link: str) -> int | None:
    """Return the person a `tg://user?id=` link names."""
    for name, value in _named(link.lower(), "user"):
        if name == "id":
            number = whole_number(value, _INT64)
            return number if number and number > 0 else None
    return None


def linked_emoji(link: str) -> str | None:
    """Return the custom emoji a `tg://emoji?id=` link names."""
    for name, value in _named(link, "emoji"):
        if name == "id":
            return value if whole_number(value, _INT64) else None
    return None


def linked_time(link: str) -> tuple[int, str] | None:
    """Return Unix time and format of a `tg://time` link."""
    unix, shape = 0, ""
    for name, value in _named(link, "time"):
        if name == "unix":
            number = whole_number(value, _INT32)
            if number is None or number <= 0:
                return None
            unix = number
        elif name == "format":
            shape = value
    return (unix, shape) if unix and is_time_format(shape) else None


def is_time_format(shape: str) -> bool:
    """Return whether this says how to show a time: relative, or any of time, date and day of the week."""
    return _FORMAT.fullmatch(shape) is not None


def whole_number(text: str, limit: int) -> int | None:
    """Return a number written in the one way there is for it; None for any other."""
    if not re.fullmatch(r"0|-?[1-9][0-9]*", text) or not -limit <= int(text) < limit:
        return None
    return int(text)


def _named(link: str, host: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a link of Telegram's own to that place."""
    found = re.match(rf"tg:(?://)?{host}/?\?", link, re.IGNORECASE)
    if found is not None:
        for parameter in link[found.end() :].partition("#")[0].split("&"):
            name, _, value = parameter.partition("=")
            yield name, value
