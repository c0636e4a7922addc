"""Everything one simulator is made of, and how it moves through market time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from kis.simulator.books.broker import BookNotice, BrokerBooks
from kis.simulator.books.keyring import Keyring
from kis.simulator.clock import SimClock
from kis.simulator.faults.faults import InjectedFaults
from kis.simulator.market.market import SimMarket
from kis.simulator.market.matching import Matching
from kis.simulator.market.tape import Tape, TapePrint
from kis.simulator.options import SimulatorOptions
from kis.simulator.push.stream import PushServer
from kis.simulator.timeline import Timeline


@dataclass(slots=True)
class Counts:
    """What was asked and refused so far."""

    requests: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)


class SimWorld:
    """Joins market, broker, keys, stream and faults; all of it lives on one clock."""

    def __init__(self, options: SimulatorOptions, market: SimMarket, clock: SimClock, seed: int) -> None:
        self.options = options
        self.market = market
        self.clock = clock
        self.seed = seed
        self.counts = Counts()
        self.faults = InjectedFaults()
        self.keyring = Keyring(options, seed)
        self.timeline = Timeline(clock.now_ms())
        self.broker = BrokerBooks(
            options, market=market, timeline=self.timeline, seed=seed, notify=self._notify, faults=self.faults
        )
        self.matching = Matching(self.broker)
        self.stream = PushServer(
            options=options,
            keyring=self.keyring,
            market=market,
            broker=self.broker,
            timeline=self.timeline,
            faults=self.faults,
            seed=seed,
            nudge=clock.nudge,
        )

    @property
    def now_ms(self) -> int:
        return self.timeline.now_ms

    def clock_offset_s(self) -> float:
        """Return how far the server's clock is ahead of its clients' (a fault), in seconds."""
        fault = self.faults.peek("clock_offset", self.now_ms)
        return float(fault.details.get("offset_s", 0)) if fault is not None else self.options.clock_offset_s

    def next_ms(self) -> int | None:
        """Return when the next print or deed is due."""
        due = [ms for ms in (self.market.next_ms(), self.timeline.next_ms()) if ms is not None]
        return min(due, default=None)

    def live(self, until_ms: int, budget: Callable[[], bool] | None = None) -> bool:
        """Live through everything due up to an instant, prints before deeds; return False if the budget ran out."""
        while True:
            print_ms, deed_ms = self.market.next_ms(), self.timeline.next_ms()
            if print_ms is not None and print_ms <= until_ms and (deed_ms is None or print_ms <= deed_ms):
                self.timeline.now_ms = max(self.timeline.now_ms, print_ms)
                self.market.step(self._heard)
            elif deed_ms is not None and deed_ms <= until_ms:
                self.market.settle(deed_ms)
                self.timeline.step()
            else:
                self.timeline.now_ms = max(self.timeline.now_ms, until_ms)
                self.market.settle(until_ms)
                return True
            if budget is not None and not budget():
                return False

    def restart_at(self, ms: int) -> None:
        """Go back in time: prices are told again from there, books and keys stay."""
        self.timeline.now_ms = ms
        self.market.restart(self.timeline.now)
        self.keyring.forget_future(ms)

    def print_by_hand(
        self, symbol: str, price: int, size: int, *, bid: int | None, ask: int | None, shift: bool
    ) -> TapePrint:
        """Let a ticker trade once, as the control call asks; listeners hear it and resting orders match. Prices are
        ten-thousandths of a dollar. Raises KeyError for a ticker that is not there."""
        tape = self.market.watch(symbol)
        if tape is None:
            raise KeyError(symbol)
        trade = tape.print_by_hand(self.timeline.now_ms, price, size, bid=bid, ask=ask, shift=shift)
        self._heard(tape, trade)
        return trade

    def heard_alone(self, symbol: str, price: int, size: int, *, bid: int, ask: int, stamp_ms: int) -> TapePrint:
        """Stream one print that nothing else knows of: no order matches it, no inquiry and no bar shows it. Prices are
        ten-thousandths of a dollar. Raises KeyError for a ticker that is not there."""
        tape = self.market.watch(symbol)
        if tape is None:
            raise KeyError(symbol)
        trade = tape.stray(stamp_ms, price, size, bid=bid, ask=ask)
        self.stream.heard(tape, trade)
        return trade

    def _notify(self, notice: BookNotice) -> None:
        self.stream.notify(notice)

    def _heard(self, tape: Tape, trade: TapePrint) -> None:
        self.stream.heard(tape, trade)
        self.matching.heard(tape, trade)
