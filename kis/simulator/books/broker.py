"""The broker's books: accounts, orders, fills and what inquiries may already see."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from kis.simulator.books.accounts import BookAccount, BookFill, Fees, Ledger, Lot
from kis.simulator.books.orders import UNPRICED, BookOrder, Kind, Reservation, State
from kis.simulator.books.rules import OrderWish, refuse
from kis.simulator.faults.faults import InjectedFaults
from kis.simulator.market.calendar import business_date, session_of
from kis.simulator.market.chance import mix
from kis.simulator.market.listings import Listing
from kis.simulator.market.market import SimMarket
from kis.simulator.options import Served, SimulatorOptions
from kis.simulator.rest.refusals import (
    NO_CASH,
    NOTHING_HELD,
    NOTHING_TO_CHANGE,
    OWN_ORDER,
    TOO_MANY_SHARES,
    account_wrong,
)
from kis.simulator.text import cents, cents_down, dollars
from kis.simulator.timeline import Timeline

EXPIRED = "DFD 장종료로 취소"


@dataclass(frozen=True, slots=True)
class BookNotice:
    """Something an order's owner is told by the private stream."""

    account: BookAccount
    order: BookOrder
    kind: str  # accepted, confirmed, rejected, filled
    at_ms: int
    fill: BookFill | None = None


class BrokerBooks:
    """Books of one simulated broker; matching tells it fills, the REST handlers and the control calls use it."""

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        market: SimMarket,
        timeline: Timeline,
        seed: int,
        notify: Callable[[BookNotice], None],
        faults: InjectedFaults,
    ) -> None:
        self.options = options
        self._faults = faults
        self.market = market
        self.timeline = timeline
        self.fees = Fees(options.commission_rate, options.sec_fee_rate, options.virtual_fee_rate)
        self._seed = seed
        self._notify = notify
        self.orders: list[BookOrder] = []
        self.reservations: list[Reservation] = []
        self.fills: list[BookFill] = []
        self._accounts: dict[str, BookAccount] = {}
        self._real_number = 30_400_000 + mix(seed, 11) % 50_000
        self._virtual_number = 1_000 + mix(seed, 12) % 500
        self._day_number = 10
        self.main = self._new_account("", options.environment)
        self._plan_splits()

    # -- accounts ----------------------------------------------------------------------------------------------------

    def account(self, number: str, environment: Served) -> BookAccount:
        """Return the account of a number, opened at its first use; the first one takes over the start holdings."""
        known = self._accounts.get(number)
        if known is not None:
            if known.environment is not environment:
                raise account_wrong()
            return known
        if not self.main.number:
            self.main.number, self.main.environment = number, environment
            self._accounts[number] = self.main
            return self.main
        opened = self._new_account(number, environment)
        self._accounts[number] = opened
        return opened

    def accounts(self) -> list[BookAccount]:
        return [self.main, *(account for account in self._accounts.values() if account is not self.main)]

    def _new_account(self, number: str, environment: Served) -> BookAccount:
        ledger, shown = self._first_ledger(), self._first_ledger()
        return BookAccount(number, environment, ledger, shown)

    def _first_ledger(self) -> Ledger:
        ledger = Ledger(self.options.cash)
        for holding in self.options.holdings:
            self.market.listings.ensure(holding.symbol)
            average = holding.average if holding.average is not None else self._price_now(holding.symbol)
            ledger.positions[holding.symbol] = Lot(holding.symbol, holding.qty, average * holding.qty)
        return ledger

    def _price_now(self, symbol: str) -> Decimal:
        tape = self.market.tape(symbol)
        return dollars(tape.last) if tape is not None else Decimal(0)

    # -- what can be ordered -----------------------------------------------------------------------------------------

    def orders_of(self, account: BookAccount) -> list[BookOrder]:
        return [order for order in self.orders if order.account is account]

    def order(self, account: BookAccount, odno: int) -> BookOrder | None:
        return next((o for o in reversed(self.orders) if o.odno == odno and o.account is account), None)

    def held_for_buys(self, account: BookAccount) -> Decimal:
        """Return the cash reserved for open buys, fees included. Dollars."""
        rate = 1 + self.fees.rate(account.environment)
        return cents(sum((order.held_value for order in self.orders_of(account)), Decimal(0)) * rate)

    def orderable_cash(self, account: BookAccount) -> Decimal:
        """Return the dollars no open buy has reserved, rounded down to the cent."""
        return cents_down(max(account.ledger.cash - self.held_for_buys(account), Decimal(0)))

    def orderable_notional(self, account: BookAccount) -> Decimal:
        """Return how much a buy may cost before its fee. Dollars."""
        return cents_down(self.orderable_cash(account) / (1 + self.fees.rate(account.environment)))

    def sellable(self, account: BookAccount, symbol: str, ledger: Ledger | None = None) -> int:
        """Return shares held less those promised to open sells, and less those withheld for other reasons (a fault)."""
        promised = sum(
            order.open_qty
            for order in self.orders
            if order.working and not order.buying and order.account is account and order.listing.symbol == symbol
        )
        withheld = self._faults.of_symbol("withhold", self.timeline.now_ms, symbol)
        kept = int(withheld.details.get("qty", 0)) if withheld is not None else 0
        return max((ledger or account.ledger).qty(symbol) - promised - kept, 0)

    def check_means(self, account: BookAccount, listing: Listing, side: str, qty: int, price: int) -> None:
        """Raise Refused when cash or shares do not suffice, or when an own order waits on the other side. The price is
        in ten-thousandths of a dollar."""
        self._check_own_orders(account, listing, side, price)
        if side == "buy":
            if dollars(price) * qty > self.orderable_notional(account):
                raise refuse(NO_CASH, account.environment)
            return
        sellable = self.sellable(account, listing.symbol)
        if sellable == 0:
            raise refuse(NOTHING_HELD, account.environment)
        if qty > sellable:
            raise refuse(TOO_MANY_SHARES, account.environment)

    def _check_own_orders(self, account: BookAccount, listing: Listing, side: str, price: int) -> None:
        """Raise Refused for an order that would trade with one of the same account."""
        fault = self._faults.of_symbol("wash_trades", self.timeline.now_ms, listing.symbol)
        if fault is None and not self.options.refuse_wash_trades:
            return
        for order in self.orders_of(account):
            if order.listing.symbol != listing.symbol or order.side == side or not order.working:
                continue
            if order.price >= price if order.buying else order.price <= price:
                raise refuse(OWN_ORDER, account.environment)

    # -- instructions ------------------------------------------------------------------------------------------------

    def open_order(
        self, account: BookAccount, listing: Listing, kind: Kind, wish: OrderWish, *, day_market: bool = False
    ) -> BookOrder:
        """Enter a checked order into the books and tell its owner."""
        now = self.timeline.now_ms
        order = BookOrder(
            odno=self.next_number(account.environment, day_market=day_market),
            account=account,
            listing=listing,
            side=wish.side,
            qty=wish.qty,
            price=0 if kind in UNPRICED else wish.price,
            kind=kind,
            placed_ms=now,
            day=business_date(now),
            open_qty=wish.qty,
            day_market=day_market,
        )
        self.orders.append(order)
        self.timeline.at(self._expiry_ms(order), lambda: self.expire(order))
        return order

    def instruct_cancel(self, order: BookOrder, qty: int) -> BookOrder:
        """Enter the sibling row of a cancellation; carrying it out is `carry_out_cancel`. Whole shares; 0 is all that
        is open."""
        return self._sibling(order, "02", min(qty or order.open_qty, order.open_qty), 0)

    def instruct_amend(self, order: BookOrder, qty: int, price: int) -> BookOrder:
        """Enter the row that replaces an order; raise Refused if it asks for more than is left. Whole shares,
        ten-thousandths of a dollar."""
        asked = qty or order.open_qty
        if asked > order.open_qty:
            raise refuse(TOO_MANY_SHARES, order.account.environment)
        if order.buying:
            freed = order.held_value * (1 + self.fees.rate(order.account.environment))
            rate = 1 + self.fees.rate(order.account.environment)
            if dollars(price) * asked * rate > order.account.ledger.cash - self.held_for_buys(order.account) + freed:
                raise refuse(NO_CASH, order.account.environment)
        return self._sibling(order, "01", asked, price)

    def carry_out_cancel(self, order: BookOrder, row: BookOrder) -> bool:
        """Take shares off an order; return False when a fill was faster."""
        qty = min(row.qty, order.open_qty)
        if not order.working or qty <= 0:
            self._fail(row)
            return False
        order.open_qty -= qty
        if order.open_qty == 0:
            order.state = State.CANCELED
        self._tell(row, "confirmed")
        return True

    def carry_out_amend(self, order: BookOrder, row: BookOrder) -> bool:
        """Let a row replace an order; return False when a fill was faster."""
        qty = min(row.qty, order.open_qty)
        if not order.working or qty <= 0:
            self._fail(row)
            return False
        order.open_qty = 0
        order.state = State.REPLACED
        row.state = State.WORKING
        row.qty = row.open_qty = qty
        self.timeline.at(self._expiry_ms(row), lambda: self.expire(row))
        self._tell(row, "confirmed")
        return True

    def check_changeable(self, account: BookAccount, odno: int, *, day_market: bool) -> BookOrder:
        """Return an order that still has something to change; raise Refused otherwise."""
        order = self.order(account, odno)
        if order is None or not order.working or order.day_market is not day_market:
            raise refuse(NOTHING_TO_CHANGE, account.environment)
        return order

    def reject(self, order: BookOrder, reason: str) -> None:
        """Let the exchange refuse an order after its acknowledgement."""
        order.state, order.open_qty, order.reason = State.REJECTED, 0, reason
        self._tell(order, "rejected")

    def expire(self, order: BookOrder) -> None:
        """End what still works at the end of its day; nobody is told (kis-protocol 7.7)."""
        if order.working and not self._left_to_the_auction(order):
            order.state, order.open_qty, order.reason = State.EXPIRED, 0, EXPIRED

    def _left_to_the_auction(self, order: BookOrder) -> bool:
        """Return whether the closing auction is still to have this order, a little after the close (a fault)."""
        now = self.timeline.now_ms
        left = self._faults.of_symbol("closing_fill", now, order.listing.symbol) is not None
        return left and now <= session_of(order.day).close_ms

    def accept(self, order: BookOrder) -> None:
        self._tell(order, "accepted")

    def next_number(self, environment: Served, *, day_market: bool = False) -> int:
        if day_market:
            self._day_number += 1
            return self._day_number
        if environment is Served.REAL:
            self._real_number += 1 + mix(self._seed, self._real_number) % 37
            return self._real_number
        self._virtual_number += 1 + mix(self._seed, self._virtual_number) % 5
        return self._virtual_number

    # -- fills -------------------------------------------------------------------------------------------------------

    def fill(self, order: BookOrder, qty: int, price: int) -> BookFill:
        """Book an execution; inquiries see it after the visibility lag. Whole shares, ten-thousandths of a dollar."""
        account = order.account
        amount = dollars(price) * qty
        fee, local = self.fees.of(account.environment, order.side, amount)
        cost = account.ledger.cost_of(order.listing.symbol, qty) if not order.buying else Decimal(0)
        now = self.timeline.now_ms
        fill = BookFill(
            number=len(self.fills) + 1,
            odno=order.odno,
            account=account.number,
            symbol=order.listing.symbol,
            side=order.side,
            qty=qty,
            price=price,
            at_ms=now,
            day=business_date(now),
            fee=fee + local,
            local_fee=local,
            realised=amount - cost - fee - local if not order.buying else Decimal(0),
            cost=cost,
        )
        order.open_qty -= qty
        order.filled += qty
        order.amount += amount
        order.fills.append(fill)
        if order.open_qty == 0:
            order.state = State.FILLED
        self.fills.append(fill)
        account.fills.append(fill)
        account.ledger.book(fill)
        self._show_later(order, fill)
        self._tell(order, "filled", fill)
        return fill

    def _show_later(self, order: BookOrder, fill: BookFill) -> None:
        def show_order() -> None:
            order.shown_filled += fill.qty
            order.shown_amount += fill.amount

        self.timeline.after(self._lag(self.options.ccnl_lag_s, fill.number * 2), show_order)
        account = order.account
        self.timeline.after(
            self._lag(self.options.balance_lag_s, fill.number * 2 + 1), lambda: account.shown.book(fill)
        )

    def _lag(self, between: tuple[float, float], number: int) -> float:
        low, high = between
        return low + (high - low) * (mix(self._seed ^ 0x1A6, number) % 1000) / 1000

    # -- settings by hand --------------------------------------------------------------------------------------------

    def set_cash(self, account: BookAccount, cash: Decimal) -> None:
        """Give an account that cash, in dollars."""
        account.ledger.cash = account.shown.cash = cash

    def set_position(self, account: BookAccount, symbol: str, qty: int, average: Decimal | None) -> None:
        """Give an account those shares at an average cost in dollars, or at the price now."""
        price = average if average is not None else self._price_now(symbol)
        for ledger in (account.ledger, account.shown):
            ledger.positions[symbol] = Lot(symbol, qty, price * qty)

    def working(self) -> Iterable[BookOrder]:
        return (order for order in self.orders if order.working)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _sibling(self, order: BookOrder, change: str, qty: int, price: int) -> BookOrder:
        row = replace(
            order,
            odno=self.next_number(order.account.environment, day_market=order.day_market),
            original=order.odno,
            change=change,
            qty=qty,
            price=price,
            placed_ms=self.timeline.now_ms,
            state=State.INSTRUCTION,
            open_qty=0,
            filled=0,
            amount=Decimal(0),
            shown_filled=0,
            shown_amount=Decimal(0),
            reason="",
            resting=False,
            pieces=0,
            doomed="",
            fills=[],
        )
        self.orders.append(row)
        return row

    def _fail(self, row: BookOrder) -> None:
        row.state, row.reason = State.REJECTED, "정정/취소할 수량이 없습니다."
        self._tell(row, "rejected")

    def _expiry_ms(self, order: BookOrder) -> int:
        session = session_of(order.day)
        windows = self.options.windows
        if order.day_market:
            return windows.day_market_ms(order.day)[1]
        if order.account.environment is Served.VIRTUAL:
            return session.close_ms
        if self.options.extension_enrolled:
            return windows.extension_end_ms(session)
        return windows.after_end_ms(session)

    def _tell(self, order: BookOrder, kind: str, fill: BookFill | None = None) -> None:
        notice = BookNotice(order.account, order, kind, self.timeline.now_ms, fill)
        self.timeline.after(self.options.notice_delay_s, lambda: self._notify(notice))

    def _plan_splits(self) -> None:
        if not self.options.splits_adjust_positions:
            return
        today = business_date(self.timeline.now_ms)
        for day in self.market.splits.days_between(today, date.max):
            ms = session_of(day).pre_open_ms - 3_600_000

            def split(day: date = day) -> None:
                self._split(day)

            self.timeline.at(ms, split)

    def _split(self, day: date) -> None:
        for symbol in {symbol for account in self.accounts() for symbol in account.ledger.positions}:
            ratio = self.market.splits.on(symbol, day)
            if ratio != Fraction(1):
                self.split_shares(symbol, ratio)

    def split_shares(self, symbol: str, ratio: Fraction) -> None:
        """Turn every account's shares of a ticker into what they are after a split."""
        for account in self.accounts():
            account.ledger.split(symbol, ratio)
            account.shown.split(symbol, ratio)
