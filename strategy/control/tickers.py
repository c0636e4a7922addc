"""The tickers a person may name, and how each of them stands."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from strategy.health.trading_state import StopStates
from strategy.market import MarketData
from strategy.market.listing_names import ListingNames
from strategy.model import (
    DataUnavailable,
    Decision,
    InvalidInput,
    Market,
    NotOffered,
    Said,
    Symbol,
    TickerView,
    return_percent,
    spelled,
)
from strategy.portfolio.interface import Positions
from strategy.ports import DecisionJournal
from strategy.risk.mode_store import ModeStore
from strategy.settings.schema import SettingsInForce


class TickerNote(StrEnum):
    UNKNOWN = "ticker.unknown"
    NO_NAMES = "ticker.no_names"
    SEVERAL = "ticker.several"
    NEAR = "ticker.near"


class Tickers:
    """Watched tickers and what else is held: found by name, described from memory."""

    def __init__(
        self,
        *,
        watch: MarketData,
        names: ListingNames,
        positions: Positions,
        modes: ModeStore,
        stops: StopStates,
        newest: Mapping[Symbol, Decision],
        decisions: DecisionJournal,
        settings: SettingsInForce,
    ) -> None:
        """`newest` holds the decisions of this run by ticker."""
        self._watch = watch
        self._names = names
        self._positions = positions
        self._modes = modes
        self._stops = stops
        self._newest = newest
        self._decisions = decisions
        self._settings = settings

    def watched(self) -> Sequence[Symbol]:
        """Return the watch list, in the order of the settings."""
        return self._settings.tickers

    def known(self) -> tuple[Symbol, ...]:
        """Return the watch list, then what else is held."""
        return tuple(dict.fromkeys([*self._settings.tickers, *self._positions.held()]))

    def symbol(self, text: str) -> Symbol:
        """Find a watched or held ticker by `TQQQ` or `NASDAQ:TQQQ`, any case; InvalidInput names the nearest."""
        wanted = spelled(text.strip().upper())
        shown = self.known()
        by_name = {str(symbol): symbol for symbol in shown}
        by_ticker = {symbol.ticker: symbol for symbol in reversed(shown)}
        found = by_name.get(wanted.replace(" ", "")) or by_ticker.get(wanted)
        if found is not None:
            return found
        market, colon, ticker = wanted.partition(":")
        if colon and market.strip() not in Market.__members__:
            Symbol.parse(text)  # its own words about markets
        near = difflib.get_close_matches(ticker.strip() or wanted, by_ticker, n=1, cutoff=0.3)
        raise InvalidInput(
            f"not watched or held: {wanted[:40]!r}",
            user_message=_unknown(wanted[:40], near, ", ".join(symbol.ticker for symbol in shown)),
        )

    async def find(self, text: str) -> Symbol:
        """Find any US listing: as `symbol` does, by its ticker on whichever exchange has a price for it, or a large one
        by its Korean or English name.

        Raise InvalidInput where nobody knows it or several have the name, BrokerError where nobody can be asked.
        """
        try:
            return self.symbol(text)
        except InvalidInput:
            found = await self._priced(text) or await self._named(text)
            if found is None:
                raise
            return found

    async def traded(self, text: str) -> Symbol:
        """Find a watched or held ticker as `symbol` does, or by its name; no other listing, whatever it is called."""
        try:
            return self.symbol(text)
        except InvalidInput:
            found = None if text.isascii() else await self._named(text)
            if found not in self.known():
                raise
            return found

    async def _priced(self, text: str) -> Symbol | None:
        """Return the listing of a ticker that has a price now."""
        for symbol in _candidates(text):
            try:
                await self._watch.fresh_quote(symbol)
            except DataUnavailable:
                continue
            return symbol
        return None

    async def _named(self, text: str) -> Symbol | None:
        held = [symbol for symbol in self.known() if self._called(symbol) == _bare(text)]
        try:
            found = held or await self._names.find(text, self.known())
        except NotOffered as error:
            raise InvalidInput(
                f"names cannot be asked for: {text[:40]!r}",
                user_message=Said(TickerNote.NO_NAMES, wanted=text[:40]),
            ) from error
        if len(found) > 1:
            names = ", ".join(str(symbol) for symbol in found)
            raise InvalidInput(
                f"several are called {text[:40]!r}",
                user_message=Said(TickerNote.SEVERAL, wanted=text[:40], names=names),
            )
        return found[0] if found else None

    def _called(self, symbol: Symbol) -> str:
        position = self._positions.of(symbol)
        return _bare(position.name) if position else ""

    async def why(self, symbol: Symbol, *, at: datetime | None = None) -> Decision | None:
        """Return the newest decision about a ticker, or the newest before `at`."""
        return await self._decisions.latest(symbol, before=at)

    async def view(self, symbol: Symbol, now: datetime) -> TickerView:
        """Return how a ticker stands by what is known here; nobody outside is asked."""
        quote = self._watch.latest(symbol)
        position = self._positions.scoped(symbol, self._settings.of(symbol).position_scope)
        decision = self._newest.get(symbol) or await self._decisions.latest(symbol)
        watched = symbol in self._settings.tickers
        indicators = await self._watch.indicators_in_turn(symbol, quote.last if quote else None) if watched else None
        valued = position is not None and quote is not None and position.average_cost > 0
        return TickerView(
            symbol=symbol,
            last=quote.last if quote else None,
            price_age_s=quote.age(now).total_seconds() if quote else None,
            rsi=indicators.rsi if indicators else None,
            position_qty=(position.qty if position else 0) if self._positions.knows(symbol) else None,
            return_percent=return_percent(position.average_paid, quote.last) if valued and position and quote else None,
            mode=self._modes.of(symbol),
            lock=self._modes.lock(symbol),
            stop=self._stops.state(symbol),
            warm=watched and self._watch.warm(symbol),
            last_decision=decision,
        )


def _candidates(text: str) -> list[Symbol]:
    """Return the listings that a person may mean by a ticker; none for words that cannot be one."""
    named = [text] if ":" in text else [f"{market}:{text}" for market in Market]
    try:
        return [Symbol.parse(each) for each in named]
    except InvalidInput:
        return []


def _bare(name: str) -> str:
    return "".join(name.split()).casefold()


def _unknown(wanted: str, near: Sequence[str], names: str) -> Said:
    said = Said(TickerNote.UNKNOWN, wanted=wanted, names=names)
    return Said(TickerNote.NEAR, wanted=wanted, near=near[0], names=names) if near else said
