"""What a button carries: it stays pressable for years, through builds that know more of it."""

from typing import Self

from aiogram.filters.callback_data import CallbackData

SEP = "|"  # a symbol carries a colon


class Data(CallbackData, prefix="-", sep=SEP):
    """New fields go to the end and have a default, so that buttons of older builds stay alive."""

    @classmethod
    def unpack(cls, value: str) -> Self:
        """Read a button, also one that lacks the newest fields; raise TypeError or ValueError for anything else."""
        prefix, *parts = value.split(SEP)
        newer = list(cls.model_fields.values())[len(parts) :]
        if prefix == cls.__prefix__ and not any(field.is_required() for field in newer):
            value = SEP.join((prefix, *parts, *(_packed(field.default) for field in newer)))
        return super().unpack(value)


def _packed(default: object) -> str:
    """Return a default as `pack` would write it."""
    if default is None:
        return ""
    return str(int(default)) if isinstance(default, bool) else str(default)
