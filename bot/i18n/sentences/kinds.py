"""How a value is written into a sentence: `{at:clock}`, `{length:span}`; other kinds are Python's (`{price:,}`)."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

from bot.i18n.formats import dated, price, usd
from strategy.model import Said, new_york, seoul

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MEGABYTE = 1024 * 1024


class Voice(Protocol):
    """Says what stands within a sentence, in its language."""

    def say(self, said: Said) -> str: ...

    def word(self, code: str, values: Mapping[str, Any]) -> str: ...

    def format_field(self, value: Any, format_spec: str) -> str: ...


Kind = Callable[[Any, Voice], str]


def _span(length: timedelta, voice: Voice) -> str:
    """Write a length of time in its two largest units at most."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < _MINUTE:
        return voice.word("span.seconds", {"count": seconds})
    if seconds < _HOUR:
        return voice.word("span.minutes", {"count": seconds // _MINUTE})
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    if seconds < _DAY:
        return voice.word("span.hours", {"hours": hours, "minutes": minutes})
    return voice.word("span.days", {"days": seconds // _DAY, "hours": hours % 24})


def _money(shown: Callable[[Decimal], str]) -> Kind:
    """Return the kind that writes dollars so; what earlier builds stored as words stays as it is."""

    def kind(value: Any, _: Voice) -> str:
        try:
            return shown(Decimal(value))
        except (ArithmeticError, TypeError, ValueError):
            return str(value)

    return kind


def _size(size: int, _: Voice) -> str:
    if size >= 1024 * _MEGABYTE:
        return f"{size / (1024 * _MEGABYTE):.1f} GB"
    return f"{size / _MEGABYTE:.1f} MB" if size < 10 * _MEGABYTE else f"{size // _MEGABYTE} MB"


def _begun(value: Any, voice: Voice) -> str:
    """Write words at the beginning of a sentence."""
    words = voice.format_field(value, "")
    return words[:1].upper() + words[1:]


def _joined(between: str) -> Kind:
    return lambda values, voice: between.join(voice.format_field(each, "") for each in values)


def _more(values: Any, voice: Voice) -> str:
    """Write further sentences after others."""
    return "".join(f" {voice.format_field(each, '')}" for each in values)


def word_of(family: str) -> Kind:
    """Write the word for a state of the core, found by its key; one without a word is shown by its key."""

    def kind(key: Any, voice: Voice) -> str:
        try:
            return voice.word(f"{family}.{key}", {})
        except KeyError:
            return str(key)

    return kind


def _service_means(name: Any, voice: Voice) -> str:
    """Write what it means while a service is down, where it means anything."""
    try:
        return " " + voice.word(f"service_means.{name}", {})
    except KeyError:
        return ""


_FAMILIES = ("gate", "holiday", "service", "side", "mode", "order_state", "stop_state")
KINDS: Mapping[str, Kind] = {
    "span": _span,  # timedelta: `2 h 5 min`
    "seconds": lambda length, _: f"{length.total_seconds():g}",  # timedelta
    "minutes": lambda length, _: f"{length.total_seconds() / _MINUTE:g}",  # timedelta
    "clock": lambda at, _: dated(at),  # instant: `KST 09-15 22:30 (ET 09-15 09:30)`
    "kst": lambda at, _: f"{seoul(at):%H:%M}",  # instant: `22:30`
    "et": lambda at, _: f"{new_york(at):%H:%M}",  # instant: `09:30`
    "times": lambda at, _: dated(at, seconds=True),  # instant: `KST 09-15 22:30:01 (ET 09-15 09:30:01)`
    "usd": _money(usd),  # dollars: `$1,234.56`
    "price": _money(price),  # dollars a share, on its tick: `$56.50`
    "size": _size,  # bytes
    "begun": _begun,
    "lines": _joined("\n"),
    "sentences": _joined(" "),
    "semicolons": _joined("; "),
    "more": _more,
    "service_means": _service_means,
    **{family: word_of(family) for family in _FAMILIES},
}
