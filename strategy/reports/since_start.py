"""What the account has come to since the program first looked at it, beside just holding the same tickers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from strategy.model import DayStart, Fill, Holdings, Side, SinceStartView, Symbol
from strategy.portfolio.bot_lots import Split
from strategy.ports import Records
from strategy.risk.result_since import ResultSince

_NOTHING = Decimal(0)


class NewestHoldings(Protocol):
    @property
    def now(self) -> Holdings | None:
        """Return the last look at the account and the fills since."""


class SinceStart:
    """Computes it from what is stored each time it is asked for."""

    def __init__(
        self,
        *,
        records: Records,
        splits: Callable[[str], Awaitable[Sequence[Split]]],
        price: Callable[[Symbol], Decimal | None],
        account: NewestHoldings,
    ) -> None:
        """`splits` reads those of a ticker on record, `price` is what a share is worth by our own fresh price."""
        self._records = records
        self._splits = splits
        self._price = price
        self._account = account

    async def now(self) -> SinceStartView | None:
        """Return it; None before the first session, and while nobody can say."""
        start, holdings = await self._records.first_day_start(), self._account.now
        if start is None or holdings is None or start.held.keys() - start.values.keys() - start.left_out:
            return None
        fills = await self._fills(start)
        symbols = start.held.keys() | {fill.symbol for fill in fills}
        splits = {symbol.ticker: await self._splits(symbol.ticker) for symbol in symbols}
        since = ResultSince(start, splits)
        unvalued = {position.symbol for position in holdings.positions if position.last is None}
        unvalued |= start.left_out | start.unvalued | since.gone(holdings, fills)
        amount = since.of(holdings, fills, unvalued)
        growth = holding(start, fills, splits, self._prices(symbols, holdings))
        rates = await self._records.exchange_rates()
        percent = _mean([each for each in growth.values() if each is not None])
        return SinceStartView(
            since=start.session_on,
            start=start.equity,
            amount=amount,
            percent=amount / start.equity * 100 if start.equity > 0 else None,
            amount_krw=_in_won(start.equity, amount, rates.get(start.session_on), holdings.fx_rate),
            holding_percent=percent,
            holding=None if percent is None else start.equity * percent / 100,
            without=tuple(sorted(unvalued | {symbol for symbol, each in growth.items() if each is None})),
        )

    async def _fills(self, start: DayStart) -> Sequence[Fill]:
        pages = [page async for page in self._records.trades()]
        fills = [trade.fill for page in pages for trade in page if trade.fill.filled_at >= start.looked_at]
        return sorted(fills, key=lambda fill: fill.filled_at)

    def _prices(self, symbols: frozenset[Symbol] | set[Symbol], holdings: Holdings) -> Mapping[Symbol, Decimal | None]:
        held = {position.symbol: position.last for position in holdings.positions}
        return {symbol: held.get(symbol) or self._price(symbol) for symbol in symbols}


def holding(
    start: DayStart,
    fills: Sequence[Fill],
    splits: Mapping[str, Sequence[Split]],
    prices: Mapping[Symbol, Decimal | None],
) -> Mapping[Symbol, Decimal | None]:
    """Return by how many percent each ticker stands above the first price it was held or bought at, splits counted.

    None where it has no price now. `prices` are dollars; the fills are in the order of their time.
    """
    grown: dict[Symbol, Decimal | None] = {}
    for symbol, price in prices.items():
        first = _first(symbol, start, fills)
        if first is None:
            continue
        paid, since = first
        shares = Decimal(1)
        for split in splits.get(symbol.ticker, ()):
            if split.at > since and split.before:
                shares = shares * split.now / split.before
        grown[symbol] = None if price is None else (price * shares - paid) / paid * 100
    return grown


def _first(symbol: Symbol, start: DayStart, fills: Sequence[Fill]) -> tuple[Decimal, datetime] | None:
    qty, value = start.held.get(symbol, 0), start.values.get(symbol, _NOTHING)
    if qty > 0 and value > 0:
        return value / qty, start.looked_at
    bought = (fill for fill in fills if fill.symbol == symbol and fill.side is Side.BUY and fill.price > 0)
    return next(((fill.price, fill.filled_at) for fill in bought), None)


def _mean(values: Sequence[Decimal]) -> Decimal | None:
    return sum(values, _NOTHING) / len(values) if values else None


def _in_won(start: Decimal, amount: Decimal, rate_then: Decimal | None, rate_now: Decimal | None) -> Decimal | None:
    """Return what the equity is worth in won beyond what it was: the dollars' own gain or loss is part of that."""
    if rate_then is None or rate_now is None:
        return None
    return (start + amount) * rate_now - start * rate_then
