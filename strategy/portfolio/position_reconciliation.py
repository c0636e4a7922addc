"""Reconciling: ask the broker, explain every difference.

Orders first (the desk applies the broker's word), then positions: what was held at the last agreement plus the fills
since must be what the broker says is held. Both lists lag, in either order (kis-protocol 10, line 9), so a difference
is called unexplained, and the broker's figure taken, only when it has stood for the visibility lag.

A stop needs to know what is held and nothing else: without the orders there is no agreement, but positions follow. A
ticker whose row cannot be read is not known, which is neither none nor a difference; the others go on.
See decision 0020.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.execution.interface import OrderDesk
from strategy.execution.uncountable_rows import UnreadNews
from strategy.model import (
    AgreedPosition,
    AgreedPositions,
    BrokerError,
    Clock,
    Fill,
    Holdings,
    Order,
    Position,
    Recovered,
    Said,
    Side,
    Symbol,
    TradingError,
)
from strategy.portfolio.bot_lots import Split
from strategy.portfolio.deposits import AccountCash, Cash
from strategy.portfolio.interface import SyncReason
from strategy.ports import Agreements, Broker, Notifier, OrderJournal
from strategy.runtime import Activity, run_to_end

log = logging.getLogger(__name__)


class PositionNote(StrEnum):
    SPLIT = "position.split"
    MOVED = "position.moved"
    UNEXPLAINED = "position.unexplained"
    GAP = "position.gap"
    OUTCOME_UNKNOWN = "position.outcome_unknown"
    STILL_OPEN = "position.still_open"


_PATIENCE_S = 2.0  # market time the first look waits for the list of orders before it asks what is held
_SAME_COST = Decimal("0.005")  # a split leaves the cost of a position as it was, but for rounding
_WINDOW = timedelta(days=2)  # fills this much older than an agreement are no longer summed
_ROLL = timedelta(days=7)  # ... once the window has grown to this


@dataclass(slots=True)
class _Agreed:
    """The positions last agreed on, each with the net of the fills in the window at that moment."""

    since: datetime  # the window's start
    at: datetime
    symbols: dict[Symbol, tuple[int, int]] = field(default_factory=dict)  # shares, net of fills
    costs: dict[Symbol, Decimal] = field(default_factory=dict)  # average, dollars a share

    def expected(self, symbol: Symbol, net: int) -> int:
        qty, net_then = self.symbols.get(symbol, (0, 0))
        return qty + net - net_then

    @classmethod
    def of(cls, kept: AgreedPositions) -> "_Agreed":
        """Take up what is stored."""
        symbols = {symbol: (agreed.qty, agreed.net) for symbol, agreed in kept.positions.items()}
        known = ((symbol, agreed.average_cost) for symbol, agreed in kept.positions.items())
        return cls(kept.since, kept.at, symbols, {symbol: cost for symbol, cost in known if cost is not None})

    def kept(self) -> AgreedPositions:
        """Return it as it is stored."""
        positions = {symbol: self.symbols.get(symbol, (0, 0)) for symbol in self.symbols.keys() | self.costs.keys()}
        return AgreedPositions(
            since=self.since,
            at=self.at,
            positions={symbol: AgreedPosition(*pair, self.costs.get(symbol)) for symbol, pair in positions.items()},
        )


@dataclass(frozen=True, slots=True)
class _Gap:
    """A difference of shares, and since when it stands unchanged."""

    qty: int
    since: datetime
    moving: bool  # own fills or orders are on their way and may explain it


class Reconciler:
    """Holds the broker's holdings and says whether broker and bot agree."""

    def __init__(
        self,
        *,
        broker: Broker,
        orders: OrderJournal,
        desk: OrderDesk,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
        agreements: Agreements,
        cash: AccountCash | None = None,
        visibility_lag_s: float = 120.0,
    ) -> None:
        """`cash` asks for the money, which no list of positions has (kis-protocol 10, line 11); None: not asked."""
        self._broker = broker
        self._orders = orders
        self._desk = desk
        self._notifier = notifier
        self._clock = clock
        self._activity = activity
        self._agreements = agreements
        self._cash = cash
        self._counted: Cash | None = None
        self._lag = timedelta(seconds=visibility_lag_s)
        self._turn = asyncio.Lock()
        self._agreed: _Agreed | None = None
        self._gaps: dict[Symbol, _Gap] = {}
        self._seen_fills: tuple[datetime, Mapping[Symbol, int]] | None = None  # what the last look was compared with
        self._unknown: frozenset[Symbol] = frozenset()
        self._unread = UnreadNews("holding", notifier)
        self._holdings: Holdings | None = None
        self.on_held: Callable[[Holdings], Awaitable[None]] = _nobody  # what is held is known, before any agreement
        self.on_split: Callable[[str, Split], Awaitable[None]] = _unkept  # waited for before agreeing
        self.on_move: Callable[[Symbol, Symbol], None] = lambda _old, _new: None  # a listing has another exchange now
        self.orders_problem: BrokerError | None = None  # why the last look is one without orders
        self._reconciled = False
        self._reconciled_at: datetime | None = None
        self._interruptions = 0
        self._doubts = 0  # outcomes unknown so far, as of the last agreement
        self._told: tuple[tuple[Said, ...], bool] | None = None
        self._fresh_splits: dict[Symbol, Split] = {}

    @property
    def reconciled(self) -> bool:
        """False from the start, after a gap and after an UNKNOWN outcome, until broker and bot agree."""
        return self._reconciled and self._doubts == self._desk.doubts and not self._desk.unknown

    @property
    def reconciled_at(self) -> datetime | None:
        """When broker and bot last agreed."""
        return self._reconciled_at

    @property
    def holdings(self) -> Holdings | None:
        """The last look at the account."""
        return self._holdings

    @property
    def cash(self) -> Cash | None:
        """The cash of the last look, with the fills that are in it; None where it was not told."""
        return self._counted

    @property
    def unknown(self) -> frozenset[Symbol]:
        """Tickers of which the last look did not say whether they are held: their row could not be read."""
        return self._unknown

    def settled(self, symbol: Symbol) -> bool:
        """Return whether the ticker's position agrees with its fills; False while they are on their way."""
        return self._holdings is not None and symbol not in self._gaps and symbol not in self._unknown

    async def filled_since(self) -> frozenset[Symbol]:
        """Return the tickers of which shares were filled since the last look was compared: it says nothing of them."""
        if self._seen_fills is None:
            return frozenset()
        since, seen = self._seen_fills
        now = _traded(await self._orders.fills(since=since))
        return frozenset(symbol for symbol, qty in now.items() if qty != seen.get(symbol, 0))

    def on_the_way(self, symbol: Symbol) -> int:
        """Return what the broker's position has yet to follow: shares bought (above 0) or sold (below) by the fills."""
        gap = self._gaps.get(symbol)
        if gap is None:
            return 0
        return -gap.qty if gap.moving or gap.qty > 0 else 0  # shares gone without a fill of ours are gone

    async def unexplained(self, symbol: Symbol, holdings: Holdings) -> int:
        """Return how many shares more (or fewer, below 0) some holdings show than the last agreement and the fills."""
        agreed = self._agreed
        if agreed is None:
            return 0
        nets = _nets(await self._orders.fills(since=agreed.since))
        position = holdings.of(symbol)
        return (position.qty if position is not None else 0) - agreed.expected(symbol, nets.get(symbol, 0))

    def lagging(self, symbol: Symbol) -> int:
        """Return the part of `on_the_way` that fills and orders of our own explain; other differences may be real."""
        gap = self._gaps.get(symbol)
        return -gap.qty if gap is not None and gap.moving else 0

    def mark_gap(self, reason: str) -> None:
        """Something may have been missed: not reconciled until the next agreement."""
        log.info("reconciling needed", extra={"reason": reason})
        self._interruptions += 1
        self._reconciled = False

    async def reconcile(self, trigger: SyncReason) -> Holdings:
        """Look at orders, positions and cash, tell differences (Recovered) and return the holdings.

        Without the orders (`orders_problem` says why) nothing counts as reconciled that was not. Raises BrokerError
        when the broker cannot be asked what is held.
        """
        async with self._turn:
            with self._activity():
                interruptions, was = self._interruptions, self.reconciled
                lines = await self._query_orders()
                holdings = await self._sync_account(trigger)
                if lines is None:
                    return await run_to_end(self._follow(holdings))
                return await run_to_end(self._compare(trigger, holdings, lines, interruptions, was=was))

    async def _query_orders(self) -> list[Said] | None:
        """Ask for the orders; None when that cannot be done. The first time stops wait only a moment for it."""
        if self._holdings is not None:
            return await self._ask_for_orders()
        failure: TradingError | None = None
        lines: list[Said] | None = None
        async with asyncio.TaskGroup() as group:
            meanwhile = group.create_task(self._protect_meanwhile(), name="first look: holdings")
            try:
                lines = await self._ask_for_orders()
            except TradingError as error:  # as it is, not as one of a group
                failure = error
            finally:
                meanwhile.cancel()
        if failure is not None:
            raise failure
        return lines

    async def _protect_meanwhile(self) -> None:
        """Take in what is held before the orders are told, so that no stop waits for a list that does not come."""
        await self._clock.sleep(_PATIENCE_S)
        try:
            holdings = await self._broker.holdings()
            await self._follow(holdings)
            await self.on_held(holdings)
        except TradingError as error:
            log.warning("what is held could not be asked meanwhile", extra={"error": str(error)})

    async def _ask_for_orders(self) -> list[Said] | None:
        self.orders_problem = None
        try:
            return [*await self._desk.poll_orders(since=await self._last_agreed())]
        except BrokerError as error:
            log.warning("orders could not be asked", extra={"error": str(error)})
            self.orders_problem = error
            return None

    async def _last_agreed(self) -> datetime | None:
        if self._agreed is None and (kept := await self._agreements.last()) is not None:
            self._agreed = _Agreed.of(kept)
        return self._agreed.at if self._agreed is not None and not self._reconciled else None

    async def _sync_account(self, trigger: SyncReason) -> Holdings:
        holdings = await self._broker.holdings()
        if self._cash is None:
            return holdings
        # before a buy its own buying power is asked for, so that of the last look will do here
        looked = await self._cash.ask(holdings, buyable=trigger != "before_buy")
        return looked if looked.buyable is not None or self._holdings is None else self._with_last_buyable(looked)

    def _with_last_buyable(self, looked: Holdings) -> Holdings:
        last = self._holdings
        if last is None:
            return looked
        return replace(looked, buyable=last.buyable, fx_rate=looked.fx_rate or last.fx_rate)

    async def _with_cash(self, holdings: Holdings) -> Holdings:
        """Return a look with the fills its deposit does not show yet."""
        if self._cash is None:
            return holdings
        settled, self._counted = await self._cash.settled(holdings)
        return settled

    async def _compare(
        self, trigger: SyncReason, looked: Holdings, lines: list[Said], interruptions: int, *, was: bool
    ) -> Holdings:
        now = self._clock.now()
        holdings = await self._with_cash(looked)
        agreed = self._agreed or await self._first_agreement(holdings, now)
        cost_states = self._desk.costs.states()
        fills = await self._orders.fills(since=agreed.since)
        self._seen_fills = agreed.since, _traded(fills)
        held = _shares(holdings)
        nets = _nets(fills)
        seen_again = self._see(holdings, agreed, nets)
        for symbol in seen_again:
            agreed.symbols[symbol] = (held.get(symbol, 0), nets.get(symbol, 0))
        splits = self._splits(agreed, holdings, nets)
        for symbol in splits:
            await self._keep_split(Split(now, agreed.symbols[symbol][0], held[symbol]), symbol)
            agreed.symbols[symbol] = (held[symbol], nets.get(symbol, 0))
        moves = [*_moves(agreed, held, nets)]
        for old, new, _ in moves:
            agreed.symbols[old], agreed.symbols[new] = (0, nets.get(old, 0)), (held[new], nets.get(new, 0))
            self.on_move(old, new)
        told = [line for *_, line in moves]
        explained = [*told, *splits.values(), *self._find_gaps(agreed, held, nets, fills, now)]
        self._take(agreed, held, nets, now)
        agreed.costs |= {one.symbol: one.average_cost for one in holdings.positions if one.symbol not in self._gaps}
        await self._keep(agreed, held, fills, now)
        await self._desk.agree_costs(self._costs_told(holdings), cost_states)
        self._holdings = holdings
        clean = self._is_clean(was=was) and interruptions == self._interruptions
        self._reconciled = clean
        if clean:
            self._doubts, self._reconciled_at = self._desk.doubts, now
        await self._tell(trigger, lines, explained, clean=clean, was=was)
        await self._unread.tell(holdings.unread, self._clock.now())
        return holdings

    async def _follow(self, looked: Holdings) -> Holdings:
        """Take in what is held without knowing the orders: no agreement, but fills of ours are waited for as ever."""
        holdings = await self._with_cash(looked)
        now, held = self._clock.now(), _shares(holdings)
        gaps: dict[Symbol, _Gap] = {}
        agreed = self._agreed
        since = now - _WINDOW if agreed is None else agreed.since
        fills = await self._orders.fills(since=since)
        self._seen_fills = since, _traded(fills)
        if agreed is not None:
            nets = _nets(fills)
            self._see(holdings, agreed, nets)
            for symbol in {*held, *nets, *agreed.symbols} - self._unknown:
                gap = self._gap(symbol, held.get(symbol, 0) - agreed.expected(symbol, nets.get(symbol, 0)), fills, now)
                if gap.qty and gap.moving and now - gap.since < self._lag:
                    gaps[symbol] = gap
        else:
            self._unknown = holdings.doubted - held.keys()
        self._gaps, self._holdings = gaps, holdings
        await self._unread.tell(holdings.unread, self._clock.now())
        return holdings

    def _see(self, holdings: Holdings, agreed: _Agreed, nets: Mapping[Symbol, int]) -> frozenset[Symbol]:
        """Note which tickers are not known, and return those that are known again.

        A row that does not say what it is about may be about any ticker that is missed.
        """
        held = _shares(holdings)
        unknown = set(holdings.doubted - held.keys())
        if holdings.anonymous:
            missed = {*agreed.symbols, *nets} - held.keys()
            unknown |= {symbol for symbol in missed if agreed.expected(symbol, nets.get(symbol, 0)) > 0}
        again, self._unknown = self._unknown - unknown, frozenset(unknown)
        return again

    async def _first_agreement(self, holdings: Holdings, now: datetime) -> _Agreed:
        """Take the broker's positions for granted the very first time."""
        since = now - _WINDOW
        nets = _nets(await self._orders.fills(since=since))
        held = {position.symbol: (position.qty, nets.get(position.symbol, 0)) for position in holdings.positions}
        sold_out = {symbol: (0, nets[symbol]) for symbol in nets.keys() - held.keys() - holdings.doubted}
        return _Agreed(since, now, held | sold_out)

    def _splits(self, agreed: _Agreed, holdings: Holdings, nets: Mapping[Symbol, int]) -> dict[Symbol, Said]:
        """Return a line for each position whose shares and average cost moved against each other (D13)."""
        found: dict[Symbol, Said] = {}
        for now in holdings.positions:
            qty, average_cost = agreed.symbols.get(now.symbol, (0, 0))[0], agreed.costs.get(now.symbol)
            traded = agreed.expected(now.symbol, nets.get(now.symbol, 0)) != qty
            if not qty or average_cost is None or traded or qty == now.qty:
                continue
            if now.cost > 0 and abs(average_cost * qty / now.cost - 1) < _SAME_COST:
                found[now.symbol] = _split(qty, average_cost, now)
        return found

    async def _keep_split(self, split: Split, symbol: Symbol) -> None:
        """Keep it for the average cost of the bot's own shares, which only their fills tell (POSITION_SCOPE=bot)."""
        await self.on_split(symbol.ticker, split)
        self._fresh_splits[symbol] = split

    def take_splits(self) -> Mapping[Symbol, Split]:
        """Return the splits found since the last call."""
        found, self._fresh_splits = self._fresh_splits, {}
        return found

    def _find_gaps(
        self,
        agreed: _Agreed,
        held: Mapping[Symbol, int],
        nets: Mapping[Symbol, int],
        fills: Sequence[Fill],
        now: datetime,
    ) -> list[Said]:
        """Note differences, and return a line for each that nothing will explain any more."""
        told: list[Said] = []
        gaps: dict[Symbol, _Gap] = {}
        for symbol in {*held, *nets, *agreed.symbols} - self._unknown:
            expected = agreed.expected(symbol, nets.get(symbol, 0))
            gap = self._gap(symbol, held.get(symbol, 0) - expected, fills, now)
            if not gap.qty:
                continue
            if now - gap.since >= self._lag and not self._waits(symbol):
                told.append(_unexplained(symbol, expected, held.get(symbol, 0)))
            else:
                gaps[symbol] = gap
        self._gaps = gaps
        return told

    def _gap(self, symbol: Symbol, qty: int, fills: Sequence[Fill], now: datetime) -> _Gap:
        known = self._gaps.get(symbol)
        since = known.since if known is not None and known.qty == qty else now
        return _Gap(qty, since, self._moving(symbol, fills, now))

    def _moving(self, symbol: Symbol, fills: Sequence[Fill], now: datetime) -> bool:
        recent = any(fill.symbol == symbol and now - fill.filled_at < self._lag for fill in fills)
        return recent or any(order.request.symbol == symbol for order in self._desk.open)

    def _waits(self, symbol: Symbol) -> bool:
        return any(order.request.symbol == symbol for order in self._desk.unknown)

    def _take(self, agreed: _Agreed, held: Mapping[Symbol, int], nets: Mapping[Symbol, int], now: datetime) -> None:
        """Agree on every position without an open difference; of an unexplained one the broker's figure holds."""
        for symbol in {*held, *nets, *agreed.symbols} - self._gaps.keys() - self._unknown:
            agreed.symbols[symbol] = (held.get(symbol, 0), nets.get(symbol, 0))
        agreed.at = now

    def _costs_told(self, holdings: Holdings) -> dict[str, Position | None]:
        """Return the positions that agree with the fills by ticker, None where nothing is held any more."""
        open_ones = {symbol.ticker for symbol in {*self._gaps, *self._unknown, *holdings.doubted}}
        told: dict[str, Position | None] = dict.fromkeys(self._desk.costs.tickers())
        told |= {position.symbol.ticker: position for position in holdings.positions if position.qty}
        return {ticker: position for ticker, position in told.items() if ticker not in open_ones}

    async def _keep(self, agreed: _Agreed, held: Mapping[Symbol, int], fills: Sequence[Fill], now: datetime) -> None:
        if now - agreed.since > _ROLL and not self._gaps and not self._unknown:
            since = now - _WINDOW
            nets = _nets([fill for fill in fills if fill.filled_at >= since])
            symbols = {symbol: (held.get(symbol, 0), nets.get(symbol, 0)) for symbol in {*held, *nets}}
            agreed = _Agreed(
                since, now, symbols, {symbol: cost for symbol, cost in agreed.costs.items() if symbol in held}
            )
        self._agreed = agreed
        await self._agreements.keep(agreed.kept())

    def _is_clean(self, *, was: bool) -> bool:
        """Own fills on their way disturb their ticker only, unless agreement has yet to be reached."""
        blocking = [gap for gap in self._gaps.values() if not (was and gap.moving)]
        return not blocking and not self._desk.unknown

    async def _tell(
        self, trigger: SyncReason, lines: Sequence[Said], explained: Sequence[Said], *, clean: bool, was: bool
    ) -> None:
        """Tell a card. On the timer, orders have told themselves; only positions and agreement are news."""
        asked = trigger not in ("timer", "before_buy")
        gaps = [_on_its_way(symbol, gap) for symbol, gap in self._gaps.items() if not was or not gap.moving]
        doubts = [_unknown(order) for order in self._desk.unknown]
        matched = [_matched(order) for order in self._desk.open if trigger == "start" and order.venue_no is not None]
        card = (*(lines if asked else ()), *explained, *gaps, *doubts, *(matched if asked else ()))
        recovered = clean and not was and self._told is not None and not self._told[1]
        if not (card or recovered) or (self._told == (card, clean) and not asked):
            return
        self._told = (card, clean)
        await self._notifier.tell(Recovered(at=self._clock.now(), trigger=trigger, lines=card, clean=clean))


async def _nobody(_: Holdings) -> None:
    """Stand for positions nobody has given."""


async def _unkept(_: str, __: Split) -> None:
    """Stand for whoever keeps splits."""


def _shares(holdings: Holdings) -> dict[Symbol, int]:
    return {position.symbol: position.qty for position in holdings.positions if position.qty}


def _moves(
    agreed: _Agreed, held: Mapping[Symbol, int], nets: Mapping[Symbol, int]
) -> Iterator[tuple[Symbol, Symbol, Said]]:
    """Give each listing that changed its exchange: the shares missed at one are all at another, under one ticker."""
    for old in list(agreed.symbols):
        expected = agreed.expected(old, nets.get(old, 0))
        for new in held:
            same = new.ticker == old.ticker and old not in held and held[new] == expected
            if same and expected > 0 and not agreed.expected(new, nets.get(new, 0)):
                yield old, new, _moved(old, new, expected)


def _nets(fills: Sequence[Fill]) -> dict[Symbol, int]:
    """Return bought less sold shares of each symbol."""
    nets: dict[Symbol, int] = {}
    for fill in fills:
        signed = fill.qty if fill.side is Side.BUY else -fill.qty
        nets[fill.symbol] = nets.get(fill.symbol, 0) + signed
    return nets


def _traded(fills: Sequence[Fill]) -> Counter[Symbol]:
    """Return the shares of each symbol that were bought or sold."""
    traded = Counter[Symbol]()
    for fill in fills:
        traded[fill.symbol] += fill.qty
    return traded


def _split(qty: int, average_cost: Decimal, now: Position) -> Said:
    ticker, was, is_now = now.symbol.ticker, average_cost.normalize(), now.average_cost.normalize()
    return Said(PositionNote.SPLIT, ticker=ticker, now=now.qty, qty=qty, was=was, is_now=is_now)


def _moved(old: Symbol, new: Symbol, qty: int) -> Said:
    return Said(PositionNote.MOVED, ticker=old.ticker, qty=qty, new=new.market, old=old.market)


def _unexplained(symbol: Symbol, expected: int, held: int) -> Said:
    return Said(PositionNote.UNEXPLAINED, ticker=symbol.ticker, expected=expected, held=held)


def _on_its_way(symbol: Symbol, gap: _Gap) -> Said:
    return Said(PositionNote.GAP, ticker=symbol.ticker, gap=gap.qty)


def _unknown(order: Order) -> Said:
    ticker = order.request.symbol.ticker
    return Said(PositionNote.OUTCOME_UNKNOWN, order=order.no, ticker=ticker)


def _matched(order: Order) -> Said:
    ticker = order.request.symbol.ticker
    return Said(PositionNote.STILL_OPEN, order=order.no, ticker=ticker, filled=order.filled_qty, qty=order.request.qty)
