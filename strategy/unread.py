"""Rows of the broker's lists that cannot be counted: what they are about as far as that is certain."""

from dataclasses import dataclass

from strategy.instruments import Symbol
from strategy.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRow:
    """A row that counts for nothing here, and why. Without a symbol and not set aside it may be about anything."""

    name: str  # what it calls itself; empty where that cannot be read either
    why: Text
    symbol: Symbol | None = None  # the US stock it is about: of that ticker something is not known
    aside: bool = False  # it is certainly about nothing that is traded here: a bond, another country, a fraction
