"""A sink that waits for the first word about the order notices."""

import asyncio

from kis.errors import KisLater
from strategy.instruments import Symbol
from strategy.orders import Notice
from strategy.quotes import Tick
from strategy.text import Text


class FirstWord:
    """Takes a stream's deliveries; `word` is whether the notices are subscribed, or raises why not."""

    def __init__(self) -> None:
        self.word: asyncio.Future[Text] = asyncio.get_running_loop().create_future()

    def on_tick(self, tick: Tick) -> None:
        """Prices are of no interest here."""

    def on_notice(self, notice: Notice) -> None:
        """Neither are notices."""

    def on_connected(self, *, gap: bool) -> None:
        """The subscription says more."""

    def on_disconnected(self, reason: str) -> None:
        self._fail(reason)

    def on_subscription(self, symbol: Symbol | None, *, active: bool, reason: str) -> None:
        if symbol is not None:
            return
        if not active:
            self._fail(reason)
        elif not self.word.done():
            self.word.set_result(Text("등록되었습니다", "subscribed"))

    def _fail(self, reason: str) -> None:
        if not self.word.done():
            self.word.set_exception(KisLater(reason, user_message=Text(reason, reason)))
