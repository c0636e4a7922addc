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

from strategy.model import Kept, Said


class FaultNote(StrEnum):
    TIME = "fault.time"
    NUMBER = "fault.number"
    EMPTY = "fault.empty"
    MISSING = "fault.missing"
    FLAG = "fault.flag"
    CHOICE = "fault.choice"
    WHOLE = "fault.whole"
    NOT_A_NUMBER = "fault.not_a_number"
    RANGE = "fault.range"
    UNUSABLE = "fault.unusable"
    FAULT = "fault.fault"
    FAULT_AND_ALLOWED = "fault.fault_and_allowed"
    LIMITS = "fault.limits"
    WHOLE_AND = "fault.whole_and"
    OR_OFF = "fault.or_off"
    ABOVE = "fault.above"
    AT_LEAST = "fault.at_least"
    BELOW = "fault.below"
    AT_MOST = "fault.at_most"
    WHOLE_NUMBER = "fault.whole_number"
    TIME_OF_DAY = "fault.time_of_day"
    PLACEHOLDER = "fault.placeholder"


_SHOWN = 40  # characters of a wrong value worth repeating
_PERSONAL = frozenset({"account_no"})  # told apart by their first two characters, never repeated


class SettingFault(ValueError):
    """What a validator of ours refuses, said as sentences: all that is wrong with the value, at once."""

    def __init__(self, *said: Said, between: bool = False) -> None:
        """`between`: settings that disagree, which the sentence names itself; none of them is wrong alone."""
        super().__init__("; ".join(str(each) for each in said))
        self.said = said
        self.between = between


@dataclass(frozen=True, slots=True)
class FaultyValue:
    """One thing wrong with the settings."""

    name: str  # as in `.env`; empty when several settings disagree
    value: str | None  # as given, secrets masked; None when missing
    problem: Said
    allowed: Said | None

    def said(self) -> Said:
        """Return the whole sentence: name, value, what is wrong, what is allowed."""
        given = "" if self.value is None else f"={self.value}"
        head = f"{self.name}{given}: " if self.name else ""
        if self.allowed is None:
            return Said(FaultNote.FAULT, head=head, problem=self.problem)
        return Said(FaultNote.FAULT_AND_ALLOWED, head=head, problem=self.problem, allowed=self.allowed)


def plain_faults(error: ValidationError, model: type[BaseModel]) -> list[FaultyValue]:
    """Return every fault pydantic found, in its order, ready to be read by a person."""
    return [fault for details in error.errors() for fault in _faults(details, model)]


def allowed(model: type[BaseModel], field: str) -> Said | None:
    """Return what a field takes, from its own constraints: a range, a list of choices, or a form."""
    info = model.model_fields[field]
    kinds = _plain_types(info.annotation)
    optional = types.NoneType in kinds
    choices = _choices(kinds)
    if choices:
        return Said(Kept.WORDS, words=", ".join(choices))
    if time in kinds:
        return Said(FaultNote.TIME)
    limits = _limits(info)
    if not limits and not kinds & {int, Decimal}:
        return None
    whole = int in kinds
    said = Said(FaultNote.WHOLE_NUMBER if whole else FaultNote.NUMBER)
    if limits:
        within = Said(FaultNote.LIMITS, limits=_range(limits))
        said = Said(FaultNote.WHOLE_AND, allowed=within) if whole else within
    return Said(FaultNote.OR_OFF, allowed=said) if optional else said


def choices(model: type[BaseModel], field: str) -> tuple[str, ...] | None:
    """Return the closed list of values a field takes, or None where it is open."""
    return _choices(_plain_types(model.model_fields[field].annotation)) or None


def limits(model: type[BaseModel], field: str) -> Mapping[str, Decimal]:
    """Return the numeric limits of a field by `gt`, `ge`, `lt`, `le`. They are in the unit of the field."""
    return _limits(model.model_fields[field])


def refuse_placeholder(value: str, placeholder: str) -> None:
    """Raise SettingFault for a value that `.env.sample` holds only to be replaced."""
    if value == placeholder:
        raise SettingFault(Said(FaultNote.PLACEHOLDER))


def _faults(details: ErrorDetails, model: type[BaseModel]) -> list[FaultyValue]:
    raised = details.get("ctx", {}).get("error")
    field = str(details["loc"][0]) if details["loc"] else ""
    if isinstance(raised, SettingFault):
        if raised.between or not field:
            return [FaultyValue("", None, said, None) for said in raised.said]
        shown = _shown(details, field, model.model_fields[field])
        return [FaultyValue(field.upper(), shown, said, None) for said in raised.said]
    shown = _shown(details, field, model.model_fields[field])
    return [FaultyValue(field.upper(), shown, _problem(details), allowed(model, field))]


def _shown(details: ErrorDetails, field: str, info: FieldInfo) -> str | None:
    given = details["input"]
    if details["type"] == "missing":
        return None
    if SecretStr in _plain_types(info.annotation):
        return "****" if given else ""
    shown = str(given)[:_SHOWN]
    return shown[:2] + "*" * len(shown[2:]) if field in _PERSONAL else shown


def _problem(details: ErrorDetails) -> Said:
    """Say it in words of ours; never in the library's, which knows one language and may repeat a secret."""
    if details["input"] == "" and details["type"] != "missing":
        return Said(FaultNote.EMPTY)
    kind = details["type"]
    known = {
        "missing": Said(FaultNote.MISSING),
        "bool_parsing": Said(FaultNote.FLAG),
        "enum": Said(FaultNote.CHOICE),
        "literal_error": Said(FaultNote.CHOICE),
        "int_parsing": Said(FaultNote.WHOLE),
        "int_from_float": Said(FaultNote.WHOLE),
        "decimal_parsing": Said(FaultNote.NOT_A_NUMBER),
        "float_parsing": Said(FaultNote.NOT_A_NUMBER),
        "finite_number": Said(FaultNote.NOT_A_NUMBER),
        "time_parsing": Said(FaultNote.TIME_OF_DAY),
        "int_parsing_size": Said(FaultNote.RANGE),
    }
    if kind in known:
        return known[kind]
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return Said(FaultNote.RANGE)
    return Said(FaultNote.UNUSABLE)


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


def _range(limits: Mapping[str, Decimal]) -> tuple[Said, ...]:
    return tuple(Said(_LIMITS[name], limit=value) for name, value in limits.items())


_LIMITS = {"gt": FaultNote.ABOVE, "ge": FaultNote.AT_LEAST, "lt": FaultNote.BELOW, "le": FaultNote.AT_MOST}
