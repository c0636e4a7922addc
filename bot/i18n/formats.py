"""Numbers and times as the owner reads them: `$1,234.56`, `1,234,567원`, `KST 22:31 (ET 09:31)`."""

from collections.abc import Callable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol

from strategy.model import cents, new_york, percent, seoul, tick_down, tick_size, won

UNKNOWN = "—"


class Saying(Protocol):
    """Says a message of the catalog in one language: the translator, which needs more than these formats may."""

    def __call__(self, message: str, /, **values: Any) -> str: ...


def usd(amount: Decimal | None) -> str:
    """Return dollars to the cent: `$1,234.56`, `-$3.20`."""
    if amount is None:
        return UNKNOWN
    rounded = cents(amount)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,.2f}"


def usd_change(amount: Decimal | None) -> str:
    """Return a gain or loss with its sign: `+$3.20`. Dollars."""
    return f"+{usd(amount)}" if amount is not None and cents(amount) > 0 else usd(amount)


def price(amount: Decimal | None) -> str:
    """Return a share price on the tick of its price: cents from a dollar up, four places below; averages and fills,
    which may be finer, rounded to it."""
    return UNKNOWN if amount is None else f"${_on_tick(amount):,f}"


def typed_price(amount: Decimal) -> str:
    """Return a price on its tick as people type it: `1234.50`. Dollars."""
    return f"{_on_tick(amount):f}"


def low_price(amount: Decimal | None) -> str:
    """Return the highest price on the tick that is not above a line: the first at which a stop below fires. Dollars."""
    return UNKNOWN if amount is None else price(tick_down(amount))


def shares(count: int | None) -> str:
    """Return a number of shares: `1,200`. Arguments and buttons keep the bare number; the parser reads both."""
    return UNKNOWN if count is None else f"{count:,}"


def krw(dollars: Decimal | None, fx_rate: Decimal | None) -> str | None:
    """Return dollars in won at that rate, or None when either is unknown. The rate is won per dollar."""
    return None if dollars is None or fx_rate is None else f"{won(dollars * fx_rate):,}원"


def rate(value: Decimal | None) -> str:
    """Return a percentage with its sign, rounded toward zero: `-4.99%`. The value is in percent."""
    if value is None:
        return UNKNOWN
    shown = percent(value)
    return f"{shown + 0:+.2f}%" if shown else "0.00%"


def gain_icon(value: Decimal | None) -> str:
    """Return 🔴 for a gain and 🔵 for a loss, as Korean screens do. Of dollars or percent alike."""
    if value is None or value == 0:
        return "⚪"
    return "🔴" if value > 0 else "🔵"


def number(value: float | None, places: int = 2) -> str:
    """Return a number of any unit with that many places, or that it is unknown."""
    return UNKNOWN if value is None else f"{value:.{places}f}"


def plain(value: Decimal) -> str:
    """Return a Decimal without an exponent or needless zeros. Of any unit."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(instant: datetime, now: datetime, *, seconds: bool = False) -> str:
    """Return `KST 22:31 (ET 09:31)`, each with its date where that is not today there."""
    clock = "%H:%M:%S" if seconds else "%H:%M"
    return f"KST {_local(instant, now, seoul, clock)} (ET {_local(instant, now, new_york, clock)})"


def dated(instant: datetime, *, seconds: bool = False) -> str:
    """Return the same with the dates, for words that may be read on another day: `KST 09-15 22:30 (ET 09-15 09:30)`."""
    clock = "%m-%d %H:%M:%S" if seconds else "%m-%d %H:%M"
    return f"KST {seoul(instant):{clock}} (ET {new_york(instant):{clock}})"


def _on_tick(amount: Decimal) -> Decimal:
    rounded = amount.quantize(tick_size(abs(amount)), ROUND_HALF_UP)
    return rounded.quantize(tick_size(abs(rounded)))  # 0.99996 comes to a whole dollar


def _local(instant: datetime, now: datetime, zone: Callable[[datetime], datetime], clock: str) -> str:
    then, today = zone(instant), zone(now)
    if then.date() == today.date():
        return then.strftime(clock)
    return then.strftime(("%m-%d " if then.year == today.year else "%Y-%m-%d ") + clock)


def span(seconds: float, t: Saying) -> str:
    """Return a duration in its two largest units: `3분 20초`, `2시간 5분`."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return t("{n} s", n=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return t("{m} min {s} s", m=minutes, s=rest) if rest else t("{m} min", m=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return t("{h} h {m} min", h=hours, m=minutes) if minutes else t("{h} h", h=hours)
    days, hours = divmod(hours, 24)
    return t("{d} d {h} h", d=days, h=hours) if hours else t("{d} d", d=days)
