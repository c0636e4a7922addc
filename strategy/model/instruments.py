"""What is traded: a US market and a ticker on it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from strategy.model.errors import InvalidInput
from strategy.model.said import Said


class SymbolNote(StrEnum):
    FORM = "symbol.form"


_TICKER = re.compile(r"[A-Z][A-Z0-9]{0,9}(/[A-Z]{1,3})?")
_CLASS_SHARE = re.compile(r"(.+)[.-]([A-Z]{1,3})\Z")  # as Reuters and Yahoo write BRK/B


class Market(StrEnum):
    NASDAQ = "NASDAQ"
    NYSE = "NYSE"
    AMEX = "AMEX"  # also carries NYSE Arca ETFs


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """A listing, written `NASDAQ:TQQQ`.

    Class shares have one spelling, the broker's (`BRK/B`), however they were written, stored or answered before: one
    listing under two names would be bought twice.
    """

    market: Market
    ticker: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "ticker", spelled(self.ticker))

    def __str__(self) -> str:
        return f"{self.market}:{self.ticker}"

    @property
    def plain(self) -> bool:
        """Return whether it has the form of a US ticker: anything else was once stored by mistake (a bond, an ISIN)."""
        return _TICKER.fullmatch(self.ticker) is not None

    @classmethod
    def parse(cls, text: str) -> "Symbol":
        """Read `NASDAQ:TQQQ`, forgiving blanks and case; raise InvalidInput.

        The only way in for what people type and what the broker answers; `stored` takes back what was kept.
        """
        market, colon, ticker = (part.strip() for part in text.upper().partition(":"))
        if not colon or market not in Market.__members__ or not _TICKER.fullmatch(spelled(ticker)):
            raise InvalidInput(
                f"not a symbol: {text[:40]!r}",
                user_message=Said(SymbolNote.FORM, given=text[:40]),
            )
        return cls(Market[market], ticker)

    @classmethod
    def stored(cls, text: str) -> "Symbol":
        """Read back what was stored, also by versions that took anything for a ticker; ask `plain` before using it."""
        market, _, ticker = text.partition(":")
        return cls(Market[market], ticker)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingName:
    """What a listing is called; a name the broker does not give is empty."""

    symbol: Symbol
    korean: str
    english: str


def spelled(ticker: str) -> str:
    """Return a ticker in the broker's spelling: class shares with a slash."""
    return _CLASS_SHARE.sub(r"\1/\2", ticker)


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRow:
    """A row that counts for nothing here, and why. Without a symbol and not set aside it may be about anything."""

    name: str  # what it calls itself; empty where that cannot be read either
    why: Said
    symbol: Symbol | None = None  # the US stock it is about: of that ticker something is not known
    aside: bool = False  # it is certainly about nothing that is traded here: a bond, another country, a fraction
