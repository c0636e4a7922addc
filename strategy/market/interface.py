"""What the other rooms may ask about prices and bars; `market_data` answers from the stream and by asking."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from strategy.model import Indicators, Price, Quote, Said, Symbol, Tick

Listener = Callable[[Price], None]

PRICING_AGE_S = 5  # a limit price is made from a quote no older than this


class MarketData(Protocol):
    """Quotes, bars and indicator values of the tickers; fed by the stream, filled up by requests."""

    def on_price(self, name: Said, listener: Listener) -> None:
        """Call `listener` with every price, streamed or asked for; it may not await. `name` is for a person."""

    def on_fault(self, told: Callable[[Said, Exception], None]) -> None:
        """Call `told` whenever a listener failed: the others hear their price all the same."""

    def remember(self, tick: Tick) -> None:
        """Take a trade as the newest price."""

    def pass_on(self, tick: Tick) -> None:
        """Build bars from a remembered trade and let everybody else hear of it, each behind a door of its own."""

    def on_connected(self, *, gap: bool) -> None: ...

    def on_disconnected(self) -> None: ...

    def on_subscription(self, symbol: Symbol, *, active: bool, reason: Said | None) -> None: ...

    def streams(self, symbol: Symbol) -> bool:
        """Return whether trades of this ticker are being streamed to us as they happen."""

    def refused(self) -> dict[Symbol, Said | None]:
        """Return the tickers whose ticks the stream would not give, with its reason."""

    def subscribe(self, held: Iterable[Symbol]) -> None:
        """Ask for the ticks of what is held first, then of the watch list."""

    def latest(self, symbol: Symbol) -> Quote | None:
        """Return the newest price known, of any age; an answer rather than a trade streamed late."""

    def newest_tick(self, symbol: Symbol) -> Tick | None:
        """Return the newest trade that was streamed."""

    async def quote(self, symbol: Symbol, *, max_age_s: float = PRICING_AGE_S) -> Quote:
        """Return a price no older than that, asking when needed; raise DataUnavailable (or what the broker raised)."""

    def worth(self, symbol: Symbol) -> Decimal | None:
        """Return what a share is worth by a fresh price, kept within the book it came with; None without one.
        Dollars."""

    async def fresh_quote(self, symbol: Symbol) -> Quote:
        """Ask for the price whatever is known, since only an answer tells of a halt or the previous close."""

    async def bring_up(self, symbol: Symbol) -> bool:
        """Fetch what is missing of the bars its settings need; return whether all are complete now.

        Raises what the broker raised when a fetch failed.
        """

    async def adjustment(self, symbol: Symbol, on: date) -> Decimal | None:
        """Return what the source multiplies a day's close by since, as it says now; raises what the broker raised."""

    def base(self, symbol: Symbol, since: datetime) -> Decimal | None:
        """Return the broker's own previous close where it was asked for since that instant. Dollars."""

    async def close_before(self, symbol: Symbol, opens_at: datetime) -> Decimal | None:
        """Ask the source for the close of the last day before a session's open, as it adjusts it today."""

    def kept_close(self, symbol: Symbol, before: datetime) -> Decimal | None:
        """Return the close in dollars of the last daily bar kept that began before an instant; asks nobody."""

    def doubt_bars(self) -> None:
        """Have every bar fetched anew, or at least not trusted until then: trades up to now may be missing."""

    def forget_bars(self, symbol: Symbol) -> None:
        """Drop a ticker's bars so that they are fetched anew: after a split the old ones are of another size."""

    def forget(self, symbol: Symbol) -> None:
        """Let a ticker go that is not watched any more; taken up again, it begins anew."""

    def indicators(self, symbol: Symbol, last: Decimal | None) -> Indicators:
        """Return the indicator values of a ticker now; `last` closes today's forming day bar (D2). In dollars."""

    async def indicators_in_turn(self, symbol: Symbol, last: Decimal | None) -> Indicators:
        """Return the same, one ticker after the other and one indicator at a time.

        Computing takes milliseconds, and all at once would hold up ticks and stops: in between everybody else has a
        turn, and orders go first. `last` is dollars.
        """

    def newest_indicators(self, symbol: Symbol) -> Indicators | None:
        """Return the values last computed, without any work: a stop must not wait for what it does not decide by."""

    def warmup(self, symbol: Symbol) -> Sequence[tuple[Symbol, str, int, int]]:
        """Return per interval: bars there, bars needed before a signal (row S47)."""

    def needs_ticks(self, symbol: Symbol) -> bool:
        """Return whether a ticker's minute bars can only be built from ticks here (D9)."""

    def warm(self, symbol: Symbol) -> bool: ...
