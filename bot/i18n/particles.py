"""Korean particles that follow the last sound of the word before them: `TQQQ는`, `SPXL은`, `3주를`, `#10을`.

A translation writes both forms, as people do on paper (`{ticker}은(는)`), and need not know what will stand before
them; the right one is chosen when the values are filled in. A word whose sound nobody can tell keeps both.
"""

import re
from enum import Enum

_PAIRS = {
    "은(는)": ("은", "는"),
    "이(가)": ("이", "가"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)라": ("이라", "라"),
}
"""A marker: what follows a closing consonant, what follows a vowel."""

MARKERS = tuple(_PAIRS)
_MARKED = re.compile("[ ]?(?:" + "|".join(map(re.escape, _PAIRS)) + ")")
_LAST_WORD = re.compile(r"[-+]?\$?[\w.,#_/:%&]*\Z")
_IN_BRACKETS = re.compile(r"(?<=\S)\s?(?:\([^()]*\)|\[[^\[\]]*\])\Z")
_NUMBER = re.compile(r"(?P<dollars>\$)?(?P<whole>\d[\d,]*)(?:\.(?P<cents>\d+))?\Z", re.ASCII)
_TIME = re.compile(r"(?<!\d)\d\d:\d\d\Z", re.ASCII)
_CLOSING = "\"'`”’»)]}.,!?…"

_FIRST_SYLLABLE, _LAST_SYLLABLE, _FINALS, _FINAL_RIEUL = 0xAC00, 0xD7A3, 28, 8
_LONGEST_TICKER = 5  # longer capitals are a name that is read as a word: STOP_LOSS_RATE


class _End(Enum):
    """How a word ends: ㄹ is a consonant that (으)로 takes for a vowel."""

    VOWEL = "vowel"
    CONSONANT = "consonant"
    RIEUL = "rieul"


_DIGITS = dict(zip("0123456789", "영일이삼사오육칠팔구", strict=True))
_SHORT = re.compile(r"(?<![aeiou])[aeiou][ptkbc]\Z")  # stop, market, bot: 스톱, 마켓, 봇; but week, seat: 위크, 시트
_LETTERS = {"L": "엘", "M": "엠", "N": "엔", "R": "알"}  # all others end in a vowel: 에이, 비, 씨, ...
_SIGNS = {"%": "퍼센트", "$": "달러", "₩": "원", "+": "플러스", "−": "마이너스", "&": "앤드"}


def attach(text: str) -> str:
    """Return a Korean sentence, its values in place, with each marker replaced by the particle that fits."""
    done = ""
    at = 0
    for found in _MARKED.finditer(text):
        done += text[at : found.start()]
        done += chosen(done, found[0])
        at = found.end()
    return done + text[at:]


def chosen(before: str, marker: str) -> str:
    """Return the particle for the words before it; where their sound is not known the marker as it stands."""
    end = _end(before)
    if end is None:
        return marker
    after_consonant, after_vowel = _PAIRS[marker.strip()]
    if end is _End.VOWEL or (end is _End.RIEUL and marker.strip() == "(으)로"):
        return after_vowel
    return after_consonant


def _end(text: str) -> _End | None:
    """Return how a text ends when it is read out; brackets behind a word are not read."""
    text = text.rstrip()
    while (shorter := _IN_BRACKETS.sub("", text)) != text:
        text = shorter.rstrip()
    text = text.rstrip(_CLOSING)
    if not text:
        return None
    last = text[-1]
    if last in _SIGNS:
        return _of_hangul(_SIGNS[last][-1])
    found = _LAST_WORD.search(text)
    word = found[0] if found else last
    if last.isascii() and last.isdigit():
        if _TIME.search(word):
            return _of_hangul("분")
        number = _NUMBER.search(word)
        return _of_number(number) if number else None
    if last.isascii() and last.isalpha():
        return _of_latin(re.split(r"[^A-Za-z]", word)[-1], named="_" in word)
    return _of_hangul(last)


def _of_hangul(syllable: str) -> _End | None:
    if not _FIRST_SYLLABLE <= ord(syllable) <= _LAST_SYLLABLE:
        return None
    final = (ord(syllable) - _FIRST_SYLLABLE) % _FINALS
    if final == 0:
        return _End.VOWEL
    return _End.RIEUL if final == _FINAL_RIEUL else _End.CONSONANT


def _of_number(number: re.Match[str]) -> _End | None:
    """Return the end of a number read out: 10 is 십, 100 백, 3,000 천, 20,000 만, 61.20 육십일 점 이 영, $5 오 달러."""
    if number["dollars"]:
        return _of_hangul("러")
    digits = number["whole"].replace(",", "")
    if number["cents"] or int(digits) == 0:
        return _of_hangul(_DIGITS[(number["cents"] or digits)[-1]])
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros == 0:
        return _of_hangul(_DIGITS[digits[-1]])
    return _of_hangul("십백천만만만만억억억억조조조조"[min(zeros, 15) - 1])


def _of_latin(word: str, *, named: bool) -> _End:
    """Return the end of letters: a ticker is read by letters, any other word as Koreans say it."""
    if word.isupper() and len(word) <= _LONGEST_TICKER and not named:
        return _of_hangul(_LETTERS.get(word[-1], "이")) or _End.VOWEL
    lower = word.lower()
    if lower.endswith(("l", "le")):
        return _End.RIEUL
    closed = lower.endswith(("m", "n", "ng", "me", "ne")) or _SHORT.search(lower) is not None
    return _End.CONSONANT if closed else _End.VOWEL
