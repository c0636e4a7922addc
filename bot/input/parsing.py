"""Reads what a person typed: amounts, prices, durations, times. Raises BadArgument, which names the usage."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from strategy.model import Amount, AmountKind, InvalidInput, Said, from_seoul, seoul


class ParsingNote(StrEnum):
    WHOLE_SHARES = "parsing.whole_shares"
    MOST_PERCENT = "parsing.most_percent"
    NO_NUMBER = "parsing.no_number"
    NO_RATE = "parsing.no_rate"
    ABOVE_ZERO = "parsing.above_zero"


_NUMBER = re.compile(r"(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.\d{1,6})?", re.ASCII)
_DURATION = re.compile(r"(\d{1,5})\s*(m|min|분|h|시간|d|일)", re.IGNORECASE)
_UNITS = {"m": 1, "min": 1, "분": 1, "h": 60, "시간": 60, "d": 1440, "일": 1440}
_WON_UNITS = {"억원": 100_000_000, "만원": 10_000, "천원": 1_000, "원": 1, "만": 10_000}  # the longer ones first
_DOLLAR_UNITS = ("달러", "불")
_PERCENT_UNITS = ("%", "퍼센트", "프로")
_AMOUNT_UNITS = (*_WON_UNITS, *_DOLLAR_UNITS, *_PERCENT_UNITS, "주")
_ABOVE = (">", ">=", "≥", "이상", "above")
_THRESHOLD = re.compile(
    r"(?P<before>>=|<=|[<>≤≥]|above|below)?\s*(?P<price>[@$]?[\d.,]+)\s*(?P<after>이상|이하)?", re.IGNORECASE
)
_LONGEST = timedelta(days=365)
CLOSE = ("close", "마감", "장마감")


class BadArgument(InvalidInput):
    """The words do not fit the command; the answer shows how to type it."""


@dataclass(frozen=True, slots=True)
class Won:
    """An amount as a person thinks of it, in won; how many dollars that is, only the account's rate says."""

    value: Decimal

    def dollars(self, rate: Decimal | None) -> Amount:
        """Return the amount in dollars, at won per dollar, cut to the cent. Raise BadArgument without a rate."""
        if rate is None or rate <= 0:
            raise BadArgument("no won rate known", user_message=Said(ParsingNote.NO_RATE))
        value = (self.value / rate).quantize(Decimal("0.01"), ROUND_DOWN)
        if value <= 0:
            raise BadArgument("must be above zero", user_message=Said(ParsingNote.ABOVE_ZERO))
        return Amount(kind=AmountKind.DOLLARS, value=value)


@dataclass(frozen=True, slots=True)
class TradeWords:
    """`TQQQ 3 @61.20`, taken apart. The price is in dollars."""

    ticker: str
    amount: Amount | Won
    price: Decimal | None


def words(text: str | None) -> list[str]:
    return (text or "").split()


def trade(text: str | None) -> TradeWords:
    """Read `TICKER [QTY|$AMOUNT|PCT%|all] [@PRICE]`. Raises BadArgument."""
    match _joined(words(text)):
        case [ticker]:
            return TradeWords(ticker, Amount(kind=AmountKind.DEFAULT), None)
        case [ticker, last] if last.startswith("@"):
            return TradeWords(ticker, Amount(kind=AmountKind.DEFAULT), _price(last))
        case [ticker, amount]:
            return TradeWords(ticker, _amount(amount), None)
        case [ticker, amount, last] if last.startswith("@"):
            return TradeWords(ticker, _amount(amount), _price(last))
        case [ticker, amount, "@", last]:
            return TradeWords(ticker, _amount(amount), _price("@" + last))
        case _:
            raise BadArgument("not TICKER [AMOUNT] [@PRICE]")


def amend(text: str | None) -> tuple[int | None, Decimal | None]:
    """Read `[QTY] [@PRICE]`, at least one of them; the quantity is the open one wanted. Whole shares and dollars.
    Raises BadArgument."""
    match words(text):
        case [last] if last.startswith("@"):
            return None, _price(last)
        case [quantity]:
            return _shares(quantity), None
        case [quantity, last] if last.startswith("@"):
            return _shares(quantity), _price(last)
        case [quantity, "@", last]:
            return _shares(quantity), _price("@" + last)
        case _:
            raise BadArgument("not [QTY] [@PRICE]")


def ticker_and_rest(text: str) -> tuple[str, str]:
    """Take `TQQQ < 60` or `TQQQ<60` apart after the ticker."""
    found = re.fullmatch(r"\s*([^\s<>≤≥]*)\s*(.*)", text, re.DOTALL)
    return (found[1], found[2].strip()) if found else ("", "")


def threshold(text: str) -> tuple[bool | None, Decimal]:
    """Read `< 60`, `> 70`, `60 이하`, `70 이상`, or `60` alone; whether from above on, None where it is not said.
    Dollars. Raises BadArgument."""
    found = _THRESHOLD.fullmatch(text.strip())
    if not found:
        raise BadArgument("not < PRICE or > PRICE")
    price = _number(found["price"].removeprefix("@").removeprefix("$"))
    word = (found["before"] or found["after"] or "").casefold()
    return (None if not word else word in _ABOVE), price


def count(text: str, usual: int, most: int) -> int:
    """Read how many; nothing is the usual number, too many are cut to the most there are. Raises BadArgument."""
    if not text.strip():
        return usual
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):
        raise BadArgument("not a number of them")
    return min(int(text), most)


def count_or(text: str, usual: int, most: int) -> int:
    """Read how many from a button; what is no number is the usual one."""
    try:
        return count(text, usual, most)
    except BadArgument:
        return usual


def order_no(text: str) -> int:
    """Read `12` or `#12`. Raises BadArgument."""
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise BadArgument("not an order number")
    return int(digits)


def duration(text: str) -> timedelta:
    """Read `30m`, `2h`, `1d`, `30분`, `2시간`. Raises BadArgument."""
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise BadArgument("not a duration")
    length = timedelta(minutes=int(found[1]) * _UNITS[found[2].lower()])
    if not timedelta(0) < length <= _LONGEST:
        raise BadArgument("a duration between a minute and a year")
    return length


def is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text.strip()) is not None


def moment_before(text: str, now: datetime) -> datetime:
    """Read `22:31` or `2026-11-20 22:31` in Korean time; the time alone is its newest occurrence up to now. Raises
    BadArgument."""
    day, _, clock = text.strip().rpartition(" ")
    try:
        at = time.fromisoformat(clock) if re.fullmatch(r"\d\d:\d\d(:\d\d)?", clock) else None
        on = datetime.strptime(day, "%Y-%m-%d").date() if day else seoul(now).date()  # noqa: DTZ007 - a date
    except ValueError:
        at = None
        on = seoul(now).date()
    if at is None:
        raise BadArgument("not a time")
    found = from_seoul(on, at)
    return found - timedelta(days=1) if found > now and not day else found


def _joined(tokens: list[str]) -> list[str]:
    """Put a unit behind the number it stands beside: `3 주`, `50 만원`, `500 달러`."""
    found: list[str] = []
    for token in tokens:
        if found and token in _AMOUNT_UNITS and found[-1][-1].isdigit():
            found[-1] += token
        else:
            found.append(token)
    return found


def _amount(text: str) -> Amount | Won:
    if text.lower() in ("all", "전부", "전량", "모두"):
        return Amount(kind=AmountKind.ALL)
    if text in ("절반", "반", "half"):
        return Amount(kind=AmountKind.PERCENT, value=Decimal(50))
    for unit, won in _WON_UNITS.items():
        if text.endswith(unit):
            return Won(_number(text.removesuffix(unit)) * won)
    for unit in _DOLLAR_UNITS:
        if text.endswith(unit):
            return Amount(kind=AmountKind.DOLLARS, value=_number(text.removesuffix(unit).removeprefix("$")))
    if text.startswith("$"):
        return Amount(kind=AmountKind.DOLLARS, value=_number(text[1:]))
    for unit in _PERCENT_UNITS:
        if text.endswith(unit):
            return Amount(kind=AmountKind.PERCENT, value=_percent(text.removesuffix(unit)))
    return Amount(kind=AmountKind.SHARES, value=Decimal(_shares(text)))


def _shares(text: str) -> int:
    quantity = _number(text.removesuffix("주"))
    if quantity != int(quantity):
        raise BadArgument(
            "shares are whole",
            user_message=Said(ParsingNote.WHOLE_SHARES),
        )
    return int(quantity)


def _percent(text: str) -> Decimal:
    value = _number(text)
    if value > 100:
        raise BadArgument("at most 100 %", user_message=Said(ParsingNote.MOST_PERCENT))
    return value


def _price(text: str) -> Decimal:
    return _number(text[1:].removeprefix("$"))


def _number(text: str) -> Decimal:
    """Read a positive number; commas mark whole thousands (`1,000`), so `1,5` is refused and not taken for 15."""
    if not _NUMBER.fullmatch(text):
        raise BadArgument(
            "not a number",
            user_message=Said(ParsingNote.NO_NUMBER, given=text[:20]),
        )
    value = Decimal(text.replace(",", ""))
    if value <= 0:
        raise BadArgument("must be above zero", user_message=Said(ParsingNote.ABOVE_ZERO))
    return value
