"""What the shares held have cost with the fees of their buys, and so what each sale brings after all fees.

The broker's own profit leaves the fees of the buys out (kis-protocol 3.14); the cash of the account does not. All of
it follows from the fills in the order in which they were stored: a buy adds to the shares of its ticker, a sale takes
its part out, and the last sale takes the rest, so that nothing is lost to rounding. Where the fills do not tell (shares
held before, a split, shares moved by hand), an anchor puts down what the broker shows. See decision 0167.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from strategy.model import CostAnchor, Fill, PaidShares, Position, Side

_NOTHING = Decimal(0)
_FINEST = Decimal("0.00000001")  # dollars; what a part of a sum is cut to, the rest stays in the sum
_PERCENT = Decimal(100)
_SAME_COST = Decimal("0.005")  # the broker's average is rounded, and cuts other corners


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is known of a fill besides itself: the broker's average cost in dollars a share before it, if anybody knew,
    and the commission of a buy in percent, for shares whose buy nobody saw."""

    average_cost: Decimal | None
    commission_pct: Decimal


class CostBook:
    """The shares of each ticker as counted so far."""

    def __init__(self) -> None:
        self._shares: dict[str, PaidShares] = {}
        self._changes: Counter[str] = Counter()

    def of(self, ticker: str) -> PaidShares:
        return self._shares.get(ticker, PaidShares())

    def tickers(self) -> Sequence[str]:
        """Return the tickers of which shares are counted as held."""
        return [ticker for ticker, shares in self._shares.items() if shares.qty]

    def set(self, ticker: str, shares: PaidShares) -> None:
        self._shares[ticker] = shares
        self._changes[ticker] += 1

    def states(self) -> Mapping[str, int]:
        """Return a number of each ticker that is another one after every change."""
        return dict(self._changes)

    def buy_fees(self, ticker: str, qty: int) -> Decimal:
        """Return the dollars of fees paid for buying so many of the shares held."""
        shares = self.of(ticker)
        return shares.fees * qty / shares.qty if shares.qty else _NOTHING


def counted(shares: PaidShares, fill: Fill, terms: Terms) -> tuple[Fill, PaidShares]:
    """Return a fill with what its shares had cost and what it left, and the shares after it."""
    amount = fill.price * fill.qty
    if fill.side is Side.BUY:
        after = PaidShares(qty=shares.qty + fill.qty, amount=shares.amount + amount, fees=shares.fees + fill.fees)
        return replace(fill, paid=None, held=after.qty), after
    part = part_of(shares, min(fill.qty, shares.qty))
    after = PaidShares(qty=shares.qty - part.qty, amount=shares.amount - part.amount, fees=shares.fees - part.fees)
    beyond = fill.qty - part.qty
    paid: Decimal | None = part.amount + part.fees
    if beyond and terms.average_cost is None:
        paid = None
    elif beyond and terms.average_cost is not None and paid is not None:
        paid += terms.average_cost * beyond * (1 + terms.commission_pct / _PERCENT)
    realized = fill.realized
    if realized is None and not beyond:
        realized = amount - part.amount - fill.fees
    return replace(fill, paid=paid, held=after.qty, realized=realized), after


def part_of(shares: PaidShares, qty: int) -> PaidShares:
    """Return so many of the shares at their average; of all of them, all they have cost."""
    if qty == shares.qty:
        return shares
    amount, fees = (
        (money * qty / shares.qty).quantize(_FINEST, ROUND_HALF_UP) for money in (shares.amount, shares.fees)
    )
    return PaidShares(qty=qty, amount=amount, fees=fees)


def agreed(shares: PaidShares, position: Position | None, commission_pct: Decimal) -> PaidShares | None:
    """Return what the broker's position makes of the shares, None where it tells nothing new.

    Shares nobody saw bought have cost the broker's average and a commission in percent; shares that are gone took their
    part of the cost along; a split leaves the cost as it was.
    """
    qty = 0 if position is None else position.qty
    told = _NOTHING if position is None else position.cost
    same_cost = shares.amount > 0 and abs(told - shares.amount) <= _SAME_COST * shares.amount
    if qty == shares.qty:
        if not qty or same_cost or told <= 0:
            return None
        fees = shares.fees * told / shares.amount if shares.amount else told * commission_pct / _PERCENT
        return PaidShares(qty=qty, amount=told, fees=fees)
    if not qty:
        return PaidShares()
    if shares.qty and same_cost:
        return replace(shares, qty=qty)
    if qty < shares.qty:
        return part_of(shares, qty)
    amount = max(told, shares.amount)
    return PaidShares(qty=qty, amount=amount, fees=shares.fees + (amount - shares.amount) * commission_pct / _PERCENT)


@dataclass(frozen=True, slots=True)
class Replayed:
    """All fills counted anew."""

    shares: dict[str, PaidShares]
    changed: list[Fill]  # with other figures than were stored
    taken_over: frozenset[str]  # tickers with fills of a version that did not count costs


def replayed(entries: Iterable[Fill | CostAnchor], commission_pct: Callable[[Fill], Decimal]) -> Replayed:
    """Count fills and anchors in the order in which they were stored. `commission_pct` is percent.

    A fill before an anchor of its ticker keeps its figures. Of fills of an earlier version a split shows only in the
    average cost the broker told with a sale.
    """
    rows = list(entries)
    newest = {entry.ticker: index for index, entry in enumerate(rows) if isinstance(entry, CostAnchor)}
    shares: dict[str, PaidShares] = {}
    changed: list[Fill] = []
    taken_over: set[str] = set()
    for index, entry in enumerate(rows):
        if isinstance(entry, CostAnchor):
            shares[entry.ticker] = entry.shares
            continue
        ticker = entry.symbol.ticker
        before = shares.get(ticker, PaidShares())
        told = _told(entry)
        if entry.held is None:
            taken_over.add(ticker)
            before = _rebased(before, told)
        now, shares[ticker] = counted(before, entry, Terms(average_cost=told, commission_pct=commission_pct(entry)))
        if (now.paid, now.held) != (entry.paid, entry.held) and index > newest.get(ticker, -1):
            changed.append(now)
    return Replayed(shares, changed, frozenset(taken_over))


def _told(fill: Fill) -> Decimal | None:
    """Return the broker's average cost behind a sale in dollars a share, as its stored profit tells it."""
    if fill.side is Side.BUY or fill.realized is None:
        return None
    return fill.price - (fill.fees + fill.realized) / fill.qty


def _rebased(shares: PaidShares, average: Decimal | None) -> PaidShares:
    """Return the shares after a split that nobody put down: the average cost has moved, the whole cost has not."""
    if average is None or average <= 0 or not shares.qty:
        return shares
    if abs(average * shares.qty - shares.amount) <= _SAME_COST * shares.amount:
        return shares
    return replace(shares, qty=int((shares.amount / average).to_integral_value(ROUND_HALF_UP)))
