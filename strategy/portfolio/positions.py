"""What is held right now: the broker's last look, moved on by the fills told since.

The stops cannot wait for the next look, so a fill counts from the moment its order tells it; the next look replaces
the estimate.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from strategy.model import Holdings, Order, OrderNo, Position, PositionScope, Side, Symbol
from strategy.portfolio.bot_lots import Lots, SharesTraded, Split, replayed
from strategy.portfolio.deposits import Cash
from strategy.ports import OrderJournal

_RECENT = 200  # orders whose fills may still be told


@dataclass(frozen=True, slots=True)
class _Counted:
    qty: int
    amount: Decimal


_NOTHING = _Counted(0, Decimal(0))


class LivePositions:
    """Positions by symbol, as far as known. Quantities are whole shares, costs dollars a share."""

    def __init__(
        self,
        orders: OrderJournal,
        *,
        price: Callable[[Symbol], Decimal | None] = lambda _: None,
        buy_fees: Callable[[str, int], Decimal] = lambda _ticker, _qty: Decimal(0),
        splits: Callable[[str], Awaitable[Sequence[Split]]] | None = None,
        fees: Callable[[Order, Decimal], Decimal] = lambda _order, _amount: Decimal(0),
    ) -> None:
        """`price` is what a share is worth by our own fresh price, None where there is none: it goes first. `buy_fees`
        are the dollars paid in fees for buying so many of the shares held of a ticker.

        `splits` reads the splits of a ticker on record, `fees` reckons what an order's fills for so many dollars cost.
        """
        self._orders = orders
        self._price = price
        self._buy_fees = buy_fees
        self._splits = splits
        self._fees = fees
        self._held: dict[Symbol, Position] = {}
        self._counted: dict[OrderNo, _Counted] = {}
        self._lots: dict[str, Lots] = {}  # by ticker (a listing may move): bought by this program, less sold
        self._credited: dict[OrderNo, _Counted] = {}  # of each order, what is in `_lots`
        self._history: dict[str, tuple[list[SharesTraded], Sequence[Split]]] = {}  # by ticker, until the first look
        self._moved = Decimal(0)  # dollars that fills the last look did not count have brought in, less their fees
        self._known = False
        self._doubted: frozenset[Symbol] = frozenset()

    @property
    def known(self) -> bool:
        """Return whether the broker has told the positions at least once."""
        return self._known

    @property
    def doubted(self) -> frozenset[Symbol]:
        """Tickers whose row of the last look could not be read; what is held of them is as of before, if anything."""
        return self._doubted

    def knows(self, symbol: Symbol) -> bool:
        """Return whether the broker has told what is held of this ticker, so that rules may go by it."""
        return self._known and symbol not in self._doubted

    async def load(self) -> None:
        """Count the shares this program traded, and their cost, from its own fills (POSITION_SCOPE=bot)."""
        ours: dict[OrderNo, bool] = {}
        traded: dict[str, list[SharesTraded]] = {}
        for fill in await self._orders.fills():
            if fill.order_no not in ours:
                order = await self._orders.get(fill.order_no)
                ours[fill.order_no] = order is not None and order.ours
            step = SharesTraded(fill.filled_at, ours[fill.order_no], fill.side, fill.qty, fill.price * fill.qty)
            traded.setdefault(fill.symbol.ticker, []).append(step)
        for ticker, steps in traded.items():
            if any(step.ours for step in steps):
                splits = await self._splits(ticker) if self._splits is not None else ()
                self._history[ticker] = steps, splits
                self._lots[ticker] = replayed(steps, splits)
        for order in await self._orders.recent(_RECENT):
            self._counted[order.no] = _Counted(order.filled_qty, order.filled_amount)
            if order.ours:
                self._credited[order.no] = self._counted[order.no]

    def take(
        self,
        holdings: Holdings,
        *,
        orders: Sequence[Order] = (),
        settled: Callable[[Symbol], bool] = lambda _: True,
        on_the_way: Callable[[Symbol], int] = lambda _: 0,
        unknown: frozenset[Symbol] = frozenset(),
        splits: Mapping[Symbol, Split] = MappingProxyType({}),
        cash: Cash | None = None,
    ) -> None:
        """Replace the estimate by the broker's word, except where that lags behind fills we know of.

        What `orders` have filled is in the broker's word where that is settled, so their news adds nothing later.
        `on_the_way` are shares the fills know of and the broker does not show yet; below zero, shares it still shows
        although they were sold. At a start, where there is no estimate yet, they make one. `unknown` are tickers the
        look says nothing of: their estimate stays. `splits` are those the look has shown, `cash` tells which fills are
        in its cash.
        """
        self._doubted = holdings.doubted | unknown
        for order in orders:
            if settled(order.request.symbol):
                self._count(order)
        self._moved = sum((self._uncounted(order, cash) for order in orders), Decimal(0))
        told = {position.symbol: position for position in holdings.positions if position.qty > 0}
        for symbol in told.keys() | self._held.keys():
            if self._known and not settled(symbol):
                continue
            self._held.pop(symbol, None)
            if symbol in told:
                self._held[symbol] = told[symbol]
        if not self._known:
            for symbol in told.keys() | {order.request.symbol for order in orders}:
                self._correct(symbol, on_the_way(symbol), orders)
            self._leave_out_sold_by_hand()
        for symbol, split in splits.items():
            if symbol.ticker in self._lots:
                self._lots[symbol.ticker] = self._lots[symbol.ticker].split(split.before, split.now)
        self._limit_lots()
        self._known = True

    def on_order(self, order: Order) -> bool:
        """Move the estimate on by what an order has filled since it was last seen; return whether it moved.

        Adopting an order moves it too: what that filled before becomes the bot's.
        """
        own = self._lots.get(order.request.symbol.ticker)
        news = self._count(order)
        if news.qty <= 0:
            return self._lots.get(order.request.symbol.ticker) != own
        self._moved += self._brought_in(order, news.amount)
        if order.request.side is Side.BUY:
            self._bought(order.request.symbol, news.qty, news.amount)
        else:
            self._sold(order.request.symbol, news.qty)
            if self._known:
                self._limit_lots()
        return True

    def since(self, seen: Holdings) -> Holdings:
        """Return the last look moved on by the fills told since: what every screen and file shows."""
        cash = None if seen.cash is None else seen.cash + self._moved
        return replace(seen, positions=tuple(self._valued(self._held[symbol]) for symbol in self.held()), cash=cash)

    def of(self, symbol: Symbol) -> Position | None:
        """Return what the account holds of a ticker, at what it is worth now."""
        position = self._held.get(symbol)
        return None if position is None else self._valued(position)

    def scoped(self, symbol: Symbol, scope: PositionScope) -> Position | None:
        """Return what the rules may sell of a ticker (D7), with its own average cost; None for nothing."""
        position = self.of(symbol)
        if position is None or scope is PositionScope.ACCOUNT:
            return position
        qty, sellable = self.in_scope(symbol, scope)
        if qty <= 0:
            return None
        cost = self._lots[symbol.ticker].average_cost  # the broker's rate is of the account's
        fees = self._buy_fees(symbol.ticker, qty)
        return replace(position, qty=qty, sellable_qty=sellable, average_cost=cost, profit_rate=None, buy_fees=fees)

    def valued(self, holdings: Holdings) -> Holdings:
        """Return a look at the account at what everything is worth now."""
        return replace(holdings, positions=tuple(self._valued(position) for position in holdings.positions))

    def held(self) -> tuple[Symbol, ...]:
        return tuple(sorted(self._held))

    def in_scope(self, symbol: Symbol, scope: PositionScope) -> tuple[int, int]:
        """Return quantity held and orderable that the rules may sell (D7)."""
        position = self._held.get(symbol)
        if position is None:
            return 0, 0
        if scope is PositionScope.ACCOUNT:
            return position.qty, position.sellable_qty
        own = max(0, min(position.qty, self._lots.get(symbol.ticker, Lots()).qty))
        return own, min(own, position.sellable_qty)

    def _valued(self, position: Position) -> Position:
        price = self._price(position.symbol)
        fees = self._buy_fees(position.symbol.ticker, position.qty)
        return replace(position, last=position.last if price is None else price, buy_fees=fees)

    def _uncounted(self, order: Order, cash: Cash | None) -> Decimal:
        """Return the dollars an order has brought in by fills that are in the positions, and not in a look's cash.

        Below zero also where it is the other way round: the positions follow as soon as the order's news comes in.
        """
        if cash is None or order.request.created_at < cash.since:
            return Decimal(0)
        counted = self._counted.get(order.no, _NOTHING).amount
        return self._brought_in(order, counted - cash.filled.get(order.no, Decimal(0)))

    def _brought_in(self, order: Order, amount: Decimal) -> Decimal:
        """Return what fills for so many dollars move the cash by. Dollars."""
        fees = self._fees(order, abs(amount)).copy_sign(amount)
        return (amount if order.request.side is Side.SELL else -amount) - fees

    def _count(self, order: Order) -> _Counted:
        """Remember what an order has filled; return what is new of it."""
        before = self._counted.get(order.no, _NOTHING)
        news = _Counted(order.filled_qty - before.qty, order.filled_amount - before.amount)
        if news.qty > 0 or (news.qty == 0 and news.amount):  # corrected: no news of the shares that came before
            self._counted[order.no] = _Counted(order.filled_qty, order.filled_amount)
        self._credit(order)
        return news

    def _credit(self, order: Order) -> None:
        """Count what an order of ours has filled as the bot's; of an adopted one also what it had filled before."""
        counted, before = self._counted.get(order.no, _NOTHING), self._credited.get(order.no, _NOTHING)
        if order.ours and counted.qty > before.qty:
            self._credited[order.no] = counted
            ticker = order.request.symbol.ticker
            qty, amount = counted.qty - before.qty, counted.amount - before.amount
            self._lots[ticker] = self._lots.get(ticker, Lots()).traded(order.request.side, qty, amount)

    def _leave_out_sold_by_hand(self) -> None:
        """Take off the lots what was sold by hand of them, by what the account holds now."""
        for ticker, (steps, splits) in self._history.items():
            gone = replayed(steps, splits).qty - replayed(steps, splits, held=self._shares(ticker)).qty
            self._lots[ticker] = self._lots[ticker].limited(self._lots[ticker].qty - gone)
        self._history.clear()

    def _limit_lots(self) -> None:
        """Let the lots be no more than is held: what was sold by hand was the owner's own first."""
        doubted = {symbol.ticker for symbol in self._doubted}
        for ticker in self._lots.keys() - doubted:
            self._lots[ticker] = self._lots[ticker].limited(self._shares(ticker))

    def _shares(self, ticker: str) -> int:
        return sum(position.qty for symbol, position in self._held.items() if symbol.ticker == ticker)

    def _correct(self, symbol: Symbol, qty: int, orders: Sequence[Order]) -> None:
        """Move what the broker shows by what is on its way; shares it does not show yet cost what was paid lately."""
        if qty < 0:
            self._sold(symbol, -qty)
        buys = [order for order in orders if (order.request.symbol, order.request.side) == (symbol, Side.BUY)]
        paid = next((order.average_price for order in buys if order.average_price is not None), None)
        if qty > 0 and paid is not None:
            self._bought(symbol, qty, paid * qty)

    def _bought(self, symbol: Symbol, qty: int, amount: Decimal) -> None:
        old = self._held.get(symbol)
        if old is None:
            price = amount / qty
            self._held[symbol] = Position(
                symbol=symbol,
                name=symbol.ticker,
                qty=qty,
                sellable_qty=qty,
                average_cost=price,
                last=price,
                profit_rate=Decimal(0),
            )
            return
        self._held[symbol] = replace(
            old,
            qty=old.qty + qty,
            sellable_qty=old.sellable_qty + qty,
            average_cost=(old.cost + amount) / (old.qty + qty),
        )

    def _sold(self, symbol: Symbol, qty: int) -> None:
        old = self._held.get(symbol)
        if old is None:
            return
        left = old.qty - qty
        if left <= 0:
            del self._held[symbol]
            return
        self._held[symbol] = replace(old, qty=left, sellable_qty=min(left, old.sellable_qty))
