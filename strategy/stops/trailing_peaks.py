"""From what price each trailing stop counts: the highest seen while held, kept over a restart."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from strategy.model import Symbol
from strategy.ports import Notes

CostOf = Callable[[Symbol], Decimal | None]

_SAME_COST = Decimal("0.005")  # roundings of an average cost aside


class TrailingPeaks:
    """The peaks in dollars, and beside each stored one what its shares had cost."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._peaks: dict[Symbol, Decimal] = {}
        self._stored: dict[Symbol, str] = {}
        self._costs: dict[Symbol, Decimal] = {}  # what the shares of a stored peak had cost, until that is compared

    def __iter__(self) -> Iterator[Symbol]:
        return iter(tuple(self._peaks))

    def of(self, symbol: Symbol) -> Decimal | None:
        """Return from what price a trailing stop counts, as far as it has been seen. Dollars."""
        return self._peaks.get(symbol)

    def raise_to(self, symbol: Symbol, peak: Decimal) -> None:
        """Take a higher price, in dollars, as the one the stop counts from."""
        self._peaks[symbol] = peak

    def forget(self, symbol: Symbol) -> None:
        self._peaks.pop(symbol, None)

    async def load(self, symbol: Symbol) -> None:
        """Read what is stored of a ticker."""
        stored = await self._notes.get(_key(symbol))
        if stored:
            peak, _, cost = stored.partition(" ")
            self._peaks[symbol], self._stored[symbol] = Decimal(peak), stored
            if cost:
                self._costs[symbol] = Decimal(cost)

    async def keep(self, symbol: Symbol, peak: Decimal) -> None:
        """Store from what price the trailing stop of a ticker shall count that is not watched yet. Dollars."""
        await self._notes.put(_key(symbol), str(peak))

    def compare_stored(self, cost_of: CostOf) -> None:
        """Forget the peaks of shares that are others by now: sold and bought anew while the program was down."""
        for symbol, cost in self._costs.items():
            now = cost_of(symbol)
            if now is None or abs(now / cost - 1) > _SAME_COST:
                self._peaks.pop(symbol, None)
        self._costs.clear()

    async def store(self, cost_of: CostOf) -> None:
        """Keep the peaks over a restart, and forget those of positions that are gone; raise StorageError."""
        for symbol in self._stored.keys() - self._peaks.keys():
            await self._notes.put(_key(symbol), "")
            del self._stored[symbol]
        for symbol, peak in list(self._peaks.items()):
            paid = cost_of(symbol)
            stored = f"{peak} {paid}" if paid is not None and paid > 0 else str(peak)
            if self._stored.get(symbol) != stored:
                await self._notes.put(_key(symbol), stored)
                self._stored[symbol] = stored


def _key(symbol: Symbol) -> str:
    return f"peak:{symbol}"
