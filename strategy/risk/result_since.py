"""What shares and fills have come to since a look at the account: a day's result, and that since the start."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from strategy.model import DayStart, Fill, Holdings, Side, Symbol
from strategy.portfolio.bot_lots import Split

_NOTHING = Decimal(0)  # dollars


@dataclass(frozen=True, slots=True)
class ResultSince:
    """The look, and by ticker the splits since."""

    start: DayStart
    splits: Mapping[str, Sequence[Split]] = field(default_factory=dict)

    def gone(self, holdings: Holdings, fills: Sequence[Fill]) -> set[Symbol]:
        """Return tickers that should be held by the fills, and of which the broker shows nothing."""
        shown = {position.symbol for position in holdings.positions} | {fill.symbol for fill in fills}
        return {symbol for symbol, qty in self.held(fills).items() if qty and symbol not in shown}

    def of(self, holdings: Holdings, fills: Sequence[Fill], without: Collection[Symbol]) -> Decimal:
        """Return the result in dollars after fees, at the prices of `holdings`, in all tickers but some."""
        prices = {position.symbol: position.last for position in holdings.positions}
        start = self.start
        before = start.value - sum((start.values.get(symbol, _NOTHING) for symbol in without), _NOTHING)
        flow = _NOTHING
        for fill in fills:
            if fill.symbol not in without:
                amount = fill.price * fill.qty
                flow += (amount if fill.side is Side.SELL else -amount) - fill.fees
                prices.setdefault(fill.symbol, fill.price)
        value = _NOTHING
        for symbol, qty in self.held(fills).items():
            price = prices.get(symbol)
            if symbol not in without and price is not None:
                value += price * qty
        return value - before + flow

    def held(self, fills: Sequence[Fill]) -> Mapping[Symbol, int]:
        """Return the whole shares that should be held of each ticker after some fills."""
        held = dict(self.start.held)
        steps = sorted(fills, key=lambda fill: fill.filled_at)
        for fill in steps:
            held.setdefault(fill.symbol, 0)
        return {symbol: self._held(symbol, qty, steps) for symbol, qty in held.items()}

    def _held(self, symbol: Symbol, qty: int, fills: Sequence[Fill]) -> int:
        splits = [split for split in self.splits.get(symbol.ticker, ()) if split.at > self.start.looked_at]
        for fill in fills:
            if fill.symbol == symbol:
                while splits and splits[0].at <= fill.filled_at:
                    qty = _split(qty, splits.pop(0))
                qty += fill.qty if fill.side is Side.BUY else -fill.qty
        for split in splits:
            qty = _split(qty, split)
        return qty


def _split(qty: int, split: Split) -> int:
    return qty * split.now // split.before if split.before else qty
