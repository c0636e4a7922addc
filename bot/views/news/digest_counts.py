"""What a span of time came to, counted from what was told, or kept back, in it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from strategy.model import (
    BothSignals,
    Event,
    EventRow,
    ModeChanged,
    Order,
    OrderChanged,
    OrderNo,
    PanicProgress,
    Protection,
    SaleEnd,
    SettingChanged,
    Side,
    SignalBlocked,
    StopFinished,
    StreamState,
    Symbol,
    Trouble,
    known_sum,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTraded:
    """What an order traded in a span: the difference of two of its sums, so that a correction of a price counts.
    Dollars."""

    amount: Decimal  # dollars
    result: Decimal | None  # dollars after all fees
    realized: Decimal | None  # dollars as the broker shows it
    amount_before: Decimal
    result_before: Decimal
    realized_before: Decimal

    @classmethod
    def first(cls, event: OrderChanged) -> "OrderTraded":
        """Return what the first change told in the span brought."""
        fill = event.last_fill
        amount = Decimal(0) if fill is None else fill.price * fill.qty
        result = None if fill is None else fill.result
        realized = None if fill is None else fill.realized
        return cls(
            amount=amount,
            result=result,
            realized=realized,
            amount_before=event.order.filled_amount - amount,
            result_before=(event.result or Decimal(0)) - (result or Decimal(0)),
            realized_before=(event.realized or Decimal(0)) - (realized or Decimal(0)),
        )

    def followed_by(self, event: OrderChanged) -> "OrderTraded":
        known = self.realized is not None or event.last_fill is not None
        return replace(
            self,
            amount=event.order.filled_amount - self.amount_before,
            result=event.result - self.result_before if known and event.result is not None else self.result,
            realized=event.realized - self.realized_before if known and event.realized is not None else self.realized,
        )


@dataclass(slots=True)
class Night:
    """The facts of a digest."""

    orders: dict[OrderNo, Order] = field(default_factory=dict)  # as they stand now
    traded: dict[OrderNo, "OrderTraded"] = field(default_factory=dict)
    fills: set[str] = field(default_factory=set)  # their keys: a fill that was told twice counts once
    stops: list[StopFinished] = field(default_factory=list)
    panics: list[PanicProgress] = field(default_factory=list)
    blocked: Counter[tuple[Symbol, str]] = field(default_factory=Counter)  # by ticker and side
    troubles: dict[str, tuple[Trouble, int]] = field(default_factory=dict)  # by key: the newest, how often
    unprotected: int = 0  # how often the stop-loss was not armed
    drops: int = 0  # of the live stream
    modes: list[ModeChanged] = field(default_factory=list)
    settings: list[SettingChanged] = field(default_factory=list)
    kept_back: int = 0  # rows that were not delivered because their level is off

    @property
    def empty(self) -> bool:
        """Return whether nothing happened that is worth a message."""
        happened = (self.orders, self.stops, self.panics, self.blocked, self.troubles, self.modes, self.settings)
        return not any(happened) and not self.unprotected and not self.drops

    @property
    def realized(self) -> Decimal | None:
        """Return the dollars sales brought as the broker shows it, None where nothing was sold."""
        return known_sum(part.realized for part in self.traded.values())

    @property
    def result(self) -> Decimal | None:
        """Return the dollars sales brought after all fees, None where nothing was sold."""
        return known_sum(part.result for part in self.traded.values())

    def amount(self, side: Side) -> Decimal:
        """Return the dollars bought or sold for."""
        of_side = [self.traded[no].amount for no, order in self.orders.items() if order.request.side is side]
        return sum(of_side, Decimal(0))

    def add(self, event: Event) -> None:
        match event:
            case OrderChanged():
                no = event.order.no
                self.orders[no] = event.order
                self.traded[no] = self.traded[no].followed_by(event) if no in self.traded else OrderTraded.first(event)
                if event.last_fill is not None:
                    self.fills.add(event.last_fill.key)
            case StopFinished():
                # stops of several tickers are refused side by side: a restricted account refuses them all
                earlier = [stop for stop in self.stops if stop.symbol == event.symbol]
                if earlier and _goes_on(earlier[-1], event):
                    self.stops.remove(earlier[-1])
                self.stops.append(event)
            case PanicProgress() if event.done:
                self.panics.append(event)
            case SignalBlocked():
                self.blocked[event.decision.symbol, event.side] += 1
            case BothSignals():
                self.blocked[event.decision.symbol, "both"] += 1
            case Trouble():
                key = f"{event.key}:{event.symbol}"
                self.troubles[key] = (event, self.troubles.get(key, (event, 0))[1] + 1)
            case Protection() if not event.armed:
                self.unprotected += 1
            case StreamState() if not event.up:
                self.drops += 1
            case ModeChanged():
                self.modes.append(event)
            case SettingChanged():
                self.settings.append(event)
            case _:
                pass


def _goes_on(earlier: StopFinished, event: StopFinished) -> bool:
    """Return whether a try follows a refused one of the same stop, which it then stands for."""
    same = (earlier.symbol, earlier.trigger) == (event.symbol, event.trigger)
    return same and earlier.reason is SaleEnd.REJECTED and not earlier.sold and earlier.attempt < event.attempt


def night_of(rows: Sequence[EventRow]) -> Night:
    """Count the rows of a span, in the order in which they happened."""
    night = Night()
    for row in sorted(rows, key=lambda row: row.id):
        night.add(row.event)
        night.kept_back += row.message_id is None
    return night
