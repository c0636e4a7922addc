"""Faults of settings in plain words, in both languages, from pydantic's errors. One place for start-up and chat."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from strategy.model import Text

_SHOWN = 40  # characters of a wrong value worth repeating
_PERSONAL = frozenset({"account_no"})  # told apart by their first two characters, never repeated


class SettingFault(ValueError):
    """A value refused by a validator of ours, told in both languages."""

    def __init__(self, ko: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(ko, en)


@dataclass(frozen=True, slots=True)
class FaultyValue:
    """One thing wrong with the settings."""

    name: str  # as in `.env`; empty when several settings disagree
    value: str | None  # as given, secrets masked; None when missing
    problem: Text
    allowed: Text | None

    def text(self) -> Text:
        """Return the whole sentence: name, value, what is wrong, what is allowed."""
        given = "" if self.value is None else f"={self.value}"
        head = f"{self.name}{given}: " if self.name else ""
        ko = f" (허용: {self.allowed.ko})" if self.allowed else ""
        en = f" (allowed: {self.allowed.en})" if self.allowed else ""
        return Text(f"{head}{self.problem.ko}{ko}", f"{head}{self.problem.en}{en}")


def plain_faults(error: ValidationError, model: type[BaseModel]) -> list[FaultyValue]:
    """Return every fault pydantic found, in its order, ready to be read by a person."""
    return [_fault(details, model) for details in error.errors()]


def allowed(model: type[BaseModel], field: str) -> Text | None:
    """Return what a field takes, from its own constraints: a range, a list of choices, or a form."""
    info = model.model_fields[field]
    kinds = _plain_types(info.annotation)
    optional = types.NoneType in kinds
    choices = _choices(kinds)
    if choices:
        listed = ", ".join(choices)
        return Text(listed, listed)
    if time in kinds:
        return Text("HH:MM (뉴욕 시간)", "HH:MM (New York time)")
    limits = _limits(info)
    if not limits and not kinds & {int, Decimal}:
        return None
    text = _range_text(limits) if limits else Text("숫자", "a number")
    whole = int in kinds
    return Text(
        ("정수, " if whole else "") + text.ko + (" 또는 off" if optional else ""),
        ("a whole number, " if whole else "") + text.en + (" or off" if optional else ""),
    )


def choices(model: type[BaseModel], field: str) -> tuple[str, ...] | None:
    """Return the closed list of values a field takes, or None where it is open."""
    return _choices(_plain_types(model.model_fields[field].annotation)) or None


def limits(model: type[BaseModel], field: str) -> Mapping[str, Decimal]:
    """Return the numeric limits of a field by `gt`, `ge`, `lt`, `le`. They are in the unit of the field."""
    return _limits(model.model_fields[field])


def _fault(details: ErrorDetails, model: type[BaseModel]) -> FaultyValue:
    field = str(details["loc"][0]) if details["loc"] else ""
    known = field in model.model_fields
    return FaultyValue(
        name=field.upper(),
        value=_shown(details, field, model.model_fields[field]) if known else None,
        problem=_problem(details),
        allowed=allowed(model, field) if known and "error" not in details.get("ctx", {}) else None,
    )


def _shown(details: ErrorDetails, field: str, info: FieldInfo) -> str | None:
    given = details["input"]
    if details["type"] == "missing":
        return None
    if SecretStr in _plain_types(info.annotation):
        return "****" if given else ""
    shown = str(given)[:_SHOWN]
    return shown[:2] + "*" * len(shown[2:]) if field in _PERSONAL else shown


def _problem(details: ErrorDetails) -> Text:
    raised = details.get("ctx", {}).get("error")
    if isinstance(raised, SettingFault):
        return raised.text
    if details["input"] == "" and details["type"] != "missing":
        return Text("값이 비어 있습니다", "the value is empty")
    kind = details["type"]
    known = {
        "missing": Text("값이 없습니다", "is missing"),
        "bool_parsing": Text("true 또는 false 여야 합니다", "must be true or false"),
        "enum": Text("정해진 값이 아닙니다", "is not one of the choices"),
        "literal_error": Text("정해진 값이 아닙니다", "is not one of the choices"),
        "int_parsing": Text("정수가 아닙니다", "is not a whole number"),
        "int_from_float": Text("정수가 아닙니다", "is not a whole number"),
        "decimal_parsing": Text("숫자가 아닙니다", "is not a number"),
        "finite_number": Text("숫자가 아닙니다", "is not a number"),
    }
    if kind in known:
        return known[kind]
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return Text("범위를 벗어났습니다", "is out of range")
    message = details["msg"].removeprefix("Value error, ")
    return Text(f"값을 쓸 수 없습니다 ({message})", message)


def _plain_types(annotation: Any) -> set[Any]:
    """Return the types behind unions and Annotated, Literal values kept as one Literal."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return set().union(*(_plain_types(part) for part in get_args(annotation)))
    if origin is Annotated:
        return _plain_types(get_args(annotation)[0])
    return {annotation}


def _choices(kinds: set[Any]) -> tuple[str, ...]:
    for kind in kinds:
        if get_origin(kind) is Literal:
            return tuple(str(value) for value in get_args(kind))
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            return tuple(member.value for member in kind)
        if kind is bool:
            return ("true", "false")
    return ()


def _limits(info: FieldInfo) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for constraint in info.metadata:
        for name, kind in (
            ("gt", annotated_types.Gt),
            ("ge", annotated_types.Ge),
            ("lt", annotated_types.Lt),
            ("le", annotated_types.Le),
        ):
            if isinstance(constraint, kind):
                found[name] = Decimal(str(getattr(constraint, name)))
    return found


def _range_text(limits: Mapping[str, Decimal]) -> Text:
    words = {
        "gt": (" 초과", "above "),
        "ge": (" 이상", "at least "),
        "lt": (" 미만", "below "),
        "le": (" 이하", "at most "),
    }
    ko = ", ".join(f"{value}{words[name][0]}" for name, value in limits.items())
    en = ", ".join(f"{words[name][1]}{value}" for name, value in limits.items())
    return Text(ko, en)
