"""What is held right now: the broker's last look, moved on by the fills told since.

The stops cannot wait for the next look, so a fill counts from the moment its order tells it; the next look replaces
the estimate.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from strategy.account import Holdings, Position
from strategy.instruments import Symbol
from strategy.orders import Order, OrderNo, Side
from strategy.ports import OrderJournal

_RECENT = 200  # orders whose fills may still be told


@dataclass(frozen=True, slots=True)
class _Counted:
    qty: int
    amount: Decimal


_NOTHING = _Counted(0, Decimal(0))


class Positions:
    """Positions by symbol, as far as known. Quantities are whole shares, costs dollars a share."""

    def __init__(self, orders: OrderJournal, *, price: Callable[[Symbol], Decimal | None] = lambda _: None) -> None:
        """`price` is what a share is worth by our own fresh price, None where there is none: it goes first."""
        self._orders = orders
        self._price = price
        self._held: dict[Symbol, Position] = {}
        self._counted: dict[OrderNo, _Counted] = {}
        self._bot_qty: dict[Symbol, int] = {}  # bought by rule, manual order or stop of this program, less sold
        self._credited: dict[OrderNo, int] = {}  # of each order, the shares in `_bot_qty`
        self._moved = Decimal(0)  # dollars that fills told since the last look have brought in
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
        """Count the shares this program traded, from its own fills (POSITION_SCOPE=bot)."""
        ours: dict[OrderNo, bool] = {}
        for fill in await self._orders.fills():
            if fill.order_no not in ours:
                order = await self._orders.get(fill.order_no)
                ours[fill.order_no] = order is not None and order.ours
            if ours[fill.order_no]:
                self._add_bot(fill.symbol, fill.side, fill.qty)
        for order in await self._orders.recent(_RECENT):
            self._counted[order.no] = _Counted(order.filled_qty, order.filled_amount)
            if order.ours:
                self._credited[order.no] = order.filled_qty

    def take(
        self,
        holdings: Holdings,
        *,
        orders: Sequence[Order] = (),
        settled: Callable[[Symbol], bool] = lambda _: True,
        on_the_way: Callable[[Symbol], int] = lambda _: 0,
        unknown: frozenset[Symbol] = frozenset(),
    ) -> None:
        """Replace the estimate by the broker's word, except where that lags behind fills we know of.

        What `orders` have filled is in the broker's word where that is settled, so their news adds nothing later.
        `on_the_way` are shares the fills know of and the broker does not show yet; below zero, shares it still shows
        although they were sold. At a start, where there is no estimate yet, they make one. `unknown` are tickers the
        look says nothing of: their estimate stays.
        """
        self._doubted = holdings.doubted | unknown
        self._moved = Decimal(0)
        for order in orders:
            if settled(order.request.symbol):
                self._count(order)
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
        self._known = True

    def on_order(self, order: Order) -> bool:
        """Move the estimate on by what an order has filled since it was last seen; return whether it moved.

        Adopting an order moves it too: what that filled before becomes the bot's.
        """
        own = self._bot_qty.get(order.request.symbol, 0)
        news = self._count(order)
        if news.qty <= 0:
            return self._bot_qty.get(order.request.symbol, 0) != own
        if order.request.side is Side.BUY:
            self._bought(order.request.symbol, news.qty, news.amount)
            self._moved -= news.amount
        else:
            self._sold(order.request.symbol, news.qty)
            self._moved += news.amount
        return True

    def since(self, look: Holdings) -> Holdings:
        """Return the last look moved on by the fills told since: what every screen and file shows."""
        cash = None if look.cash is None else look.cash + self._moved
        return replace(look, positions=tuple(self._valued(self._held[symbol]) for symbol in self.held()), cash=cash)

    def of(self, symbol: Symbol) -> Position | None:
        """Return what is held of a ticker, at what it is worth now."""
        position = self._held.get(symbol)
        return None if position is None else self._valued(position)

    def valued(self, holdings: Holdings) -> Holdings:
        """Return a look at the account at what everything is worth now."""
        return replace(holdings, positions=tuple(self._valued(position) for position in holdings.positions))

    def held(self) -> tuple[Symbol, ...]:
        return tuple(sorted(self._held))

    def in_scope(self, symbol: Symbol, scope: str) -> tuple[int, int]:
        """Return quantity held and orderable that the rules may sell (D7)."""
        position = self._held.get(symbol)
        if position is None:
            return 0, 0
        if scope == "account":
            return position.qty, position.sellable_qty
        own = max(0, min(position.qty, self._bot_qty.get(symbol, 0)))
        return own, min(own, position.sellable_qty)

    def _valued(self, position: Position) -> Position:
        price = self._price(position.symbol)
        return position if price is None else replace(position, last=price)

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
        counted = self._counted.get(order.no, _NOTHING).qty
        new = counted - self._credited.get(order.no, 0)
        if order.ours and new > 0:
            self._credited[order.no] = counted
            self._add_bot(order.request.symbol, order.request.side, new)

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

    def _add_bot(self, symbol: Symbol, side: Side, qty: int) -> None:
        own = self._bot_qty.get(symbol, 0) + (qty if side is Side.BUY else -qty)
        self._bot_qty[symbol] = max(0, own)
