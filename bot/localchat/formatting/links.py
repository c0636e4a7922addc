"""Which links Telegram keeps, and in which form."""

import re
from urllib.parse import urlsplit, urlunsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=//|/?[^/0-9])")
_HOST = re.compile(r"(?:[^\s/?#@:<>\"'%\\\[\]]+\.)+[^\s/?#@:<>\"'%\\\[\].]{1,63}\.?")
_USER_LINK = re.compile(r"tg:(?://)?user\?id=(\d{1,19})\Z", re.IGNORECASE)
_EMOJI_LINK = re.compile(r"tg:(?://)?emoji\?id=(\d{1,19})\Z", re.IGNORECASE)
_TIME_LINK = re.compile(r"tg:(?://)?time\?unix=(\d{1,12})(?:&format=([A-Za-z]*))?\Z", re.IGNORECASE)


def checked_link(link: str) -> str:
    """Return the link as Telegram would store it, or an empty text for one it refuses."""
    link = link.strip()
    if not link or any(char.isspace() or ord(char) < 32 for char in link):
        return ""
    lowered = link.lower()
    if lowered.startswith(("tg:", "ton:", "tonsite:")):
        return link if len(link) > lowered.index(":") + 1 else ""
    if not _SCHEME.match(link) or lowered.split(":", 1)[0] not in ("http", "https", "ftp"):
        if "://" in link:
            return ""
        link = f"http://{link}"
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not _HOST.fullmatch(host):
        return ""
    login = parts.netloc.rpartition("@")[0]
    place = f"{login}@{host}" if login else host
    if port is not None:
        place = f"{place}:{port}"
    return urlunsplit((parts.scheme.lower(), place, parts.path or "/", parts.query, parts.fragment))


def is_https(link: str) -> bool:
    return checked_link(link).startswith("https://")


def linked_user(link: str) -> int | None:
    """Return the person a `tg://user?id=` link names."""
    found = _USER_LINK.match(link.strip())
    return int(found[1]) if found else None


def linked_emoji(link: str) -> str | None:
    """Return the custom emoji a `tg://emoji?id=` link names."""
    found = _EMOJI_LINK.match(link.strip())
    return found[1] if found else None


def linked_time(link: str) -> tuple[int, str] | None:
    """Return Unix time and format of a `tg://time` link."""
    found = _TIME_LINK.match(link.strip())
    return (int(found[1]), found[2] or "") if found else None
