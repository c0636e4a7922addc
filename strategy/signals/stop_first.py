"""The stop comes before the rule: a check's price is compared with it, and while it is at work the rule waits (S64)."""

from typing import Protocol

from strategy.model import FiredBy, Holdings, Quote, Symbol
from strategy.signals.snapshot import Snapshot, SnapshotReader


class StopWatch(Protocol):
    """What a check asks of the stops."""

    def credible(self, quote: Quote) -> bool: ...

    def check(self, symbol: Symbol, price: Quote, source: FiredBy) -> object: ...

    def running(self, symbol: Symbol) -> bool: ...


class SplitWatch(Protocol):
    """Who looks whether a price that jumped overnight is one of a split."""

    async def mind(self, quote: Quote) -> object: ...


class StopFirst:
    """Lets the stop have a price before anything else is done with it."""

    def __init__(self, *, snapshots: SnapshotReader, stops: StopWatch, splits: SplitWatch) -> None:
        self._snapshots = snapshots
        self._stops = stops
        self._splits = splits

    async def take(self, symbol: Symbol, holdings: Holdings | None) -> Snapshot | None:
        """Compare the freshest price with the stop, then take the snapshot; None while a stop is at work."""
        quote = await self._snapshots.quote(symbol)
        if quote is not None:
            if self._stops.credible(quote):
                await self._splits.mind(quote)
            self._stops.check(symbol, quote, FiredBy.CHECK)
        if self._stops.running(symbol):
            return None
        return await self._snapshots.take(symbol, quote, holdings)

    async def again(self, snapshot: Snapshot, holdings: Holdings | None) -> Snapshot:
        """Look once more just before an order: price, account, orders and delays; the bars stay."""
        return await self._snapshots.again(snapshot, holdings)
