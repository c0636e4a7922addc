"""What a person is told, as a code and its values: `bot.i18n.sentences` makes a sentence of it, in either language."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from json import dumps, loads
from typing import Any, Literal, Self, TypeAlias

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

Language = Literal["ko", "en"]
Value: TypeAlias = "str | int | Decimal | datetime | date | timedelta | Said | tuple[Value, ...]"


class Kept(StrEnum):
    """Words that are no sentence of ours: they are shown as they are."""

    BOTH = "kept.both"  # a sentence that an earlier build stored in both languages
    WORDS = "kept.words"  # words of somebody else, in whatever language they came


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Said:
    """A reason or a message: which sentence it is (`code`, of a StrEnum beside its maker) and what stands in it.

    Money is dollars as Decimal, instants are aware; `str` of it is for the log.
    """

    code: str
    _values: tuple[tuple[str, Value], ...]

    def __init__(self, code: StrEnum | str, /, **values: Value) -> None:
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "_values", tuple(sorted(values.items())))

    @property
    def values(self) -> Mapping[str, Value]:
        return dict(self._values)

    def __str__(self) -> str:
        return " ".join([str(self.code), *(f"{name}={_plain(value)}" for name, value in self._values)])

    def __repr__(self) -> str:
        return f"Said({str(self)!r})"

    def stored(self) -> str:
        """Return it as text for a column; `read` takes it back."""
        return dumps(_packed(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what `stored` wrote, or the words an earlier build left there: `Korean / English`, or any other."""
        if text.startswith("{"):
            with suppress(ValueError, KeyError, TypeError, ArithmeticError):  # words of somebody that begin so
                return cls._unpacked(loads(text))
        ko, between, en = text.partition(" / ")
        both = between and " / " not in en
        return cls(Kept.BOTH, ko=ko, en=en) if both else cls(Kept.WORDS, words=text)

    @classmethod
    def _unpacked(cls, raw: Mapping[str, Any]) -> Self:
        if "code" not in raw:
            return cls(Kept.BOTH, ko=raw["ko"], en=raw["en"])
        return cls(raw["code"], **{name: _unpacked(value) for name, value in raw["values"].items()})

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let events that carry it be stored as JSON."""
        return core_schema.no_info_plain_validator_function(
            cls._validated, serialization=core_schema.plain_serializer_function_ser_schema(_packed)
        )

    @classmethod
    def _validated(cls, raw: object) -> Self:
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, str):  # as earlier builds stored the reason of an order
            return cls.read(raw)
        try:
            return cls._unpacked(raw)  # type: ignore[arg-type]  # what is stored may be anything
        except (KeyError, TypeError, ArithmeticError) as error:
            raise ValueError("no sentence") from error


def _plain(value: Value) -> str:
    if isinstance(value, Said):
        return f"({value})"
    return "[" + ", ".join(_plain(each) for each in value) + "]" if isinstance(value, tuple) else str(value)


def _packed(value: Value) -> Any:
    """Return JSON that says of each value what it was."""
    match value:
        case Said():
            return {"code": value.code, "values": {name: _packed(each) for name, each in value.values.items()}}
        case tuple():
            return [_packed(each) for each in value]
        case Decimal():
            return {"decimal": str(value)}
        case timedelta():
            return {"seconds": str(value.total_seconds())}
        case datetime():
            return {"instant": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case _:
            return value


def _unpacked(raw: Any) -> Value:
    match raw:
        case {"code": _, "values": _} | {"ko": _, "en": _}:
            return Said._unpacked(raw)  # noqa: SLF001 - of the class above
        case {"decimal": amount}:
            return Decimal(amount)
        case {"seconds": seconds}:
            return timedelta(seconds=float(seconds))
        case {"instant": instant}:
            return datetime.fromisoformat(instant)
        case {"date": on}:
            return date.fromisoformat(on)
        case list():
            return tuple(_unpacked(each) for each in raw)
        case str() | int():
            return raw
        case _:
            raise TypeError("no value of a sentence")
