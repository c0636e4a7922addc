"""Tells how the fetching of many past sessions goes on: one message, brought up to date in a few steps."""

from collections.abc import Mapping

from strategy.model import BarsProgress, Clock, FetchedSessions, Said, Symbol, new_york_date
from strategy.runtime.telling import Telling

_WORTH_TELLING = 5  # sessions; fewer are a night or two that are caught up with
_STEPS = 4  # how often each ticker's progress is told


class BarNews:
    def __init__(self, telling: Telling, clock: Clock) -> None:
        self._telling = telling
        self._clock = clock
        self._fetched: dict[Symbol, FetchedSessions] = {}
        self._told: dict[Symbol, int] = {}
        self._run = ""

    async def begin(self, owed: Mapping[Symbol, int]) -> None:
        """Tell what is begun, where it is much; `owed` are numbers of sessions."""
        many = {symbol: count for symbol, count in owed.items() if count >= _WORTH_TELLING}
        self._fetched = {symbol: FetchedSessions(symbol=symbol, kept=0, of=count) for symbol, count in many.items()}
        self._told = dict.fromkeys(many, 0)
        self._run = new_york_date(self._clock.now()).isoformat()
        await self._tell()

    async def kept(self, symbol: Symbol, count: int) -> None:
        """Note that so many more sessions are kept; tell it at each quarter."""
        known = self._fetched.get(symbol)
        if known is None:
            return
        now = FetchedSessions(symbol=symbol, kept=known.kept + count, of=known.of)
        self._fetched[symbol] = now
        step = now.kept * _STEPS // now.of
        if step > self._told[symbol]:
            self._told[symbol] = step
            await self._tell()

    async def end(self, why: Said | None) -> None:
        """Tell that it is over for now, and why where something is missing."""
        await self._tell(done=True, why=why)
        self._fetched = {}

    async def _tell(self, *, done: bool = False, why: Said | None = None) -> None:
        if self._fetched:
            now, tickers = self._clock.now(), tuple(self._fetched.values())
            await self._telling.safely(BarsProgress(at=now, run=self._run, tickers=tickers, done=done, why=why))
