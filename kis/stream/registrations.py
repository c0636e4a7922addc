"""What the stream should be subscribed to, in order of importance, within KIS's 41 (kis-protocol 6.3, 7.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from kis.environment import Feeds
from kis.symbols import stream_key
from strategy.model import Symbol


@dataclass(frozen=True, slots=True)
class Registration:
    """One registered stream; `symbol` None is the order notices."""

    tr_id: str
    tr_key: str
    symbol: Symbol | None


class Registrations:
    """The wanted registrations: notices first, then symbols as they were given (holdings before the watch list)."""

    def __init__(self, feeds: Feeds, hts_id: str, limit: int, *, notices: bool = True, ticks: bool = True) -> None:
        self._notices = (Registration(feeds.notices, hts_id, None),) if notices else ()
        self._trades = feeds.trades if ticks else None
        self._limit = limit
        self._symbols: tuple[Symbol, ...] = ()

    @property
    def ticks_offered(self) -> bool:
        return self._trades is not None

    @property
    def limit(self) -> int:
        return self._limit

    def set_symbols(self, symbols: Sequence[Symbol]) -> None:
        self._symbols = tuple(dict.fromkeys(symbols))

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return self._symbols

    def wanted(self) -> list[Registration]:
        """Return what to register, most important first, never more than the limit."""
        room = self._limit - len(self._notices)
        symbols = () if self._trades is None else self._symbols[:room]
        return [*self._notices, *(Registration(self._trades or "", stream_key(symbol), symbol) for symbol in symbols)]

    def refused(self) -> tuple[Symbol, ...]:
        """Return the symbols that find no room, or all where ticks are not offered."""
        return self._symbols if self._trades is None else self._symbols[self._limit - len(self._notices) :]
