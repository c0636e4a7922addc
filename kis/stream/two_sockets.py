"""Order notices from the account's socket, trades from the quote key's at the real host (D9), as one stream.

The virtual host is documented as possibly sending no US trades (kis-protocol 7.7), so a quote key serves them as it
serves the quotes.
"""

import asyncio
from collections.abc import Sequence
from enum import StrEnum

from kis.stream.client import KisStream
from strategy.model import Notice, Said, Symbol
from strategy.ports import StreamSink


class SocketNote(StrEnum):
    OF_QUOTES = "stream.of_quotes"


class SplitStream:
    """Two sessions of two app keys; implements the port `Stream`.

    Connected and disconnected tell of the account's session, since notices are what orders depend on. When only the
    other one is down, its symbols are told as not streamed, and polling takes over for them.
    """

    def __init__(self, account: KisStream, quotes: KisStream) -> None:
        self.account = account
        self.quotes = quotes
        self._symbols: tuple[Symbol, ...] = ()

    @property
    def connected(self) -> bool:
        """Return whether both sockets are up and every registration was answered."""
        return self.account.connected and self.quotes.connected

    def watch(self, symbols: Sequence[Symbol]) -> None:
        """Set the tick subscriptions in priority order; those past the 41 are refused to the sink."""
        self._symbols = tuple(dict.fromkeys(symbols))
        self.quotes.watch(self._symbols)

    async def run(self, sink: StreamSink) -> None:
        """Stay connected and subscribed until cancelled."""
        quotes = _Quotes(sink, self)
        account = _Account(sink, quotes)
        quotes.account = account
        async with asyncio.TaskGroup() as group:
            group.create_task(self.account.run(account), name="kis stream of the account")
            group.create_task(self.quotes.run(quotes), name="kis stream of the quote key")

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        return self._symbols


class _Quotes:
    """What the quote key's session delivers."""

    def __init__(self, sink: StreamSink, stream: SplitStream) -> None:
        self._sink = sink
        self._stream = stream
        self.account: _Account | None = None
        self.active: dict[Symbol, None] = {}
        self.missed = False  # ticks were, and nobody was told yet
        self.on_tick = sink.on_tick  # the hot path: nothing in between

    def on_notice(self, notice: Notice) -> None:
        """Take none: this session registers no notices."""

    def on_unread_notice(self) -> None:
        """There is none to be missed, either."""

    def on_connected(self, *, gap: bool) -> None:
        if not gap:
            return
        if self.account is not None and self.account.up:
            self._sink.on_connected(gap=True)
        else:
            self.missed = True

    def on_disconnected(self, reason: Said) -> None:
        self.active.clear()
        for symbol in self._stream.symbols:
            self._sink.on_subscription(symbol, active=False, reason=Said(SocketNote.OF_QUOTES, why=reason))

    def on_subscription(self, symbol: Symbol | None, *, active: bool, reason: Said | None) -> None:
        if symbol is not None:
            if active:
                self.active[symbol] = None
            else:
                self.active.pop(symbol, None)
            self._sink.on_subscription(symbol, active=active, reason=reason)


class _Account:
    """What the account's session delivers."""

    def __init__(self, sink: StreamSink, quotes: _Quotes) -> None:
        self._sink = sink
        self._quotes = quotes
        self.up = False
        self.on_tick = sink.on_tick
        self.on_notice = sink.on_notice
        self.on_unread_notice = sink.on_unread_notice
        self.on_subscription = sink.on_subscription

    def on_connected(self, *, gap: bool) -> None:
        """Tell what is streamed, too: whoever heard of a lost connection counts every symbol as lost."""
        self.up = True
        missed, self._quotes.missed = self._quotes.missed, False
        self._sink.on_connected(gap=gap or missed)
        for symbol in self._quotes.active:
            self._sink.on_subscription(symbol, active=True, reason=None)

    def on_disconnected(self, reason: Said) -> None:
        self.up = False
        self._sink.on_disconnected(reason)
