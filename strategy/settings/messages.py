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


_SHOWN = 40  # characters of a wrong value worth repeating
_PERSONAL = frozenset({"account_no"})  # told apart by their first two characters, never repeated


class SettingFault(ValueError):
    """A value refused by a validator of ours, said as a sentence."""

    def __init__(self, said: Said) -> None:
        super().__init__(str(said))
        self.said = said


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
    return [_fault(details, model) for details in error.errors()]


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
    said = Said(FaultNote.LIMITS, limits=_range(limits)) if limits else Said(FaultNote.NUMBER)
    if int in kinds:
        said = Said(FaultNote.WHOLE_AND, allowed=said)
    return Said(FaultNote.OR_OFF, allowed=said) if optional else said


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


def _problem(details: ErrorDetails) -> Said:
    raised = details.get("ctx", {}).get("error")
    if isinstance(raised, SettingFault):
        return raised.said
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
        "finite_number": Said(FaultNote.NOT_A_NUMBER),
    }
    if kind in known:
        return known[kind]
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return Said(FaultNote.RANGE)
    message = details["msg"].removeprefix("Value error, ")
    return Said(FaultNote.UNUSABLE, problem=message)


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
