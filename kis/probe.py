"""A sink that waits for the first word about the order notices."""

import asyncio

from strategy.model import Notice, Said, Symbol, Tick


class FirstWord:
    """Takes a stream's deliveries; `heard` is set once the notices were answered or the connection failed."""

    def __init__(self) -> None:
        self.heard = asyncio.Event()

    def on_tick(self, tick: Tick) -> None:
        """Prices are of no interest here."""

    def on_notice(self, notice: Notice) -> None:
        """Neither are notices."""

    def on_unread_notice(self) -> None:
        """As above."""

    def on_connected(self, *, gap: bool) -> None:
        """The subscription says more."""

    def on_disconnected(self, reason: Said) -> None:  # noqa: ARG002 - the stream keeps it
        self.heard.set()

    def on_subscription(self, symbol: Symbol | None, *, active: bool, reason: Said | None) -> None:  # noqa: ARG002 - as above
        if symbol is None:
            self.heard.set()
