"""Entities Telegram finds by itself in any text (telegram-bot-api 5)."""

import re
from collections.abc import Iterator

from bot.localchat.formatting.entity import Entity, Utf16Index, in_order

_COMMAND = re.compile(r"(?<![\w/<>@])/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?![\w/<>])", re.ASCII)
_MENTION = re.compile(r"(?<![\w@/])@([A-Za-z][A-Za-z0-9_]{2,31})(?![\w@])")
_HASHTAG = re.compile(r"(?<![\w#])#(?=\w*[^\W\d_])(\w{1,256})(?![\w#])")
_CASHTAG = re.compile(r"(?<![\w$])\$(?:1INCH|[A-Z]{1,8})(?![\w$])")
_EMAIL = re.compile(r"(?<![\w@.+-])[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![\w@-])")
_PHONE = re.compile(r"(?<![\w+])\+[1-9]\d{9,14}(?![\w])")
_CARD = re.compile(r"(?<![\w.,+-])\d(?:[ -]?\d){12,18}(?![\w-]|[.,]\d)")
_URL = re.compile(
    r"(?<![\w@$.-])(?:(?P<scheme>(?:https?|ftp)://)(?:[^\s/?#@<>\"]+@)?)?"
    r"(?P<host>(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?P<zone>[^\W\d_]{2,24}|xn--[a-z0-9-]+)|(?:\d{1,3}\.){3}\d{1,3})"
    r"(?::\d{1,5})?(?P<rest>[/?#][^\s<>\"]*)?(?![\w@])"
)
_TELEGRAM_URL = re.compile(r"(?<!\w)(?:tg|ton|tonsite)://[A-Za-z0-9_/?=&%#.:@~+-]+", re.IGNORECASE)
_BRACKETS = {")": "(", "]": "[", "}": "{"}
_TAIL = ".,:;!?'\"`…"

# Domains that Telegram links without a scheme: every two-letter country and the common generic ones.
_GENERIC_ZONES = (
    "com net org info biz edu gov mil int app dev xyz online site shop store blog news tech cloud page live "
    "name pro mobi asia jobs travel tel cat top club link world today space wiki finance bank money trade"
)
_COUNTRY_ZONES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bv bw by bz ca "
    "cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr "
    "ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm "
    "jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq "
    "mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa "
    "re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn "
    "to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw 한국 рф"
)
_ZONES = frozenset(_GENERIC_ZONES.split()) | frozenset(_COUNTRY_ZONES.split())


def find_automatic(text: str) -> list[Entity]:
    """Return the entities of a plain text, none over another."""
    index = Utf16Index(text)
    found = [
        Entity(kind, index.unit(begin), index.unit(end) - index.unit(begin)) for kind, begin, end in _candidates(text)
    ]
    kept: list[Entity] = []
    for entity in in_order(found):
        if not kept or entity.offset >= kept[-1].end:
            kept.append(entity)
    return kept


def _candidates(text: str) -> Iterator[tuple[str, int, int]]:
    simple = (
        ("bot_command", _COMMAND),
        ("mention", _MENTION),
        ("hashtag", _HASHTAG),
        ("cashtag", _CASHTAG),
        ("email", _EMAIL),
        ("phone_number", _PHONE),
        ("url", _TELEGRAM_URL),
    )
    for kind, pattern in simple:
        for match in pattern.finditer(text):
            yield kind, match.start(), match.end()
    for match in _CARD.finditer(text):
        if _luhn([int(char) for char in match[0] if char.isdecimal()]):
            yield "bank_card_number", match.start(), match.end()
    for match in _URL.finditer(text):
        if match["scheme"] or _is_public(match):
            end = match.end() if not match["rest"] else match.start("rest") + len(_without_tail(match["rest"]))
            yield "url", match.start(), end


def _is_public(match: re.Match[str]) -> bool:
    """Return whether a host without a scheme is one that Telegram would link."""
    zone = (match["zone"] or "").lower()
    if not zone:
        return all(int(part) <= 255 for part in match["host"].split("."))
    return zone in _ZONES or zone.startswith("xn--")


def _without_tail(rest: str) -> str:
    """Cut punctuation that belongs to the sentence, and a closing bracket that was not opened in the link."""
    while rest and (rest[-1] in _TAIL or rest.count(rest[-1]) > rest.count(_BRACKETS.get(rest[-1], rest[-1]))):
        rest = rest[:-1]
    return rest


def _luhn(digits: list[int]) -> bool:
    doubled = [digit * 2 - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 1
