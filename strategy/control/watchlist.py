"""The watch list as the chat changes it: a reviewed step like any setting, with checks of its own (spec section 6).

A change is a change of TRADING_TICKERS, so history, undo and audit are those of every setting; an undo and a reset
pass the same checks. See decision 0042.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from strategy.execution.interface import OrderDesk
from strategy.market import MarketData
from strategy.market.capacity import Pace, from_ticks
from strategy.model import (
    BrokerError,
    DataUnavailable,
    InvalidInput,
    Kept,
    Market,
    Outcome,
    OutcomeKind,
    PositionScope,
    Quote,
    Said,
    SettingChange,
    SettingChanged,
    Symbol,
    TradeMode,
    WatchPreview,
    percent,
    return_percent,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.risk.exposure import ExposureMeter
from strategy.runtime.confirmations import Confirmations, Confirmed, changed, every
from strategy.settings.store import TICKERS, Draft, SettingsStore
from strategy.signals.foresight import Foresight, Supposed


class WatchNote(StrEnum):
    WATCHED = "watch.watched"
    NO_QUOTE = "watch.no_quote"
    NOT_WATCHED = "watch.not_watched"
    ACCOUNT_UNSEEN = "watch.account_unseen"
    HELD = "watch.held"
    OPEN_ORDERS = "watch.open_orders"
    NO_TRADES = "watch.no_trades"
    HALTED = "watch.halted"
    SELLS_NOW = "watch.sells_now"
    LAST = "watch.last"
    NO_PRICE = "watch.no_price"
    HOLDS = "watch.holds"
    ADDED = "watch.added"
    ADDED_ASKING = "watch.added_asking"
    ADDED_TELLING = "watch.added_telling"
    REMOVED = "watch.removed"


WATCH = "watch"
_ACCOUNT_AGE_S = 5


@dataclass(frozen=True, slots=True)
class Advice:
    """Who tells what adding a ticker would come to: in requests, and in orders."""

    pace: Pace
    forecaster: Foresight


class WatchList:
    """Adds and removes tickers at run time. Nothing enters that no quote knows, nothing leaves that needs its stop."""

    def __init__(
        self,
        *,
        settings: SettingsStore,
        watch: MarketData,
        positions: Positions,
        account_sync: AccountSync,
        desk: OrderDesk,
        selling: Callable[[Symbol], bool],
        presses: Confirmations,
        exposure_meter: ExposureMeter,
        advice: Advice,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._positions = positions
        self._account_sync = account_sync
        self._desk = desk
        self._selling = selling
        self._confirmations = presses
        self._exposure_meter = exposure_meter
        self._pace = advice.pace
        self._forecaster = advice.forecaster
        presses.register(WATCH, self, of_owners=every)

    async def preview_add(self, user_id: int, text: str) -> WatchPreview:
        """Verify a ticker by a quote and show the list as it would be, with what the rule would do at once.

        Raise InvalidInput where no exchange knows it, BrokerError when prices cannot be asked for.
        """
        symbol, quote = await self._find(text)
        tickers = self._settings.tickers
        if symbol in tickers:
            there = Said(WatchNote.WATCHED, symbol=str(symbol))
            return self._show(symbol, quote, adds=True, tickers=tickers, refusals=(there,))
        new = (*tickers, symbol)
        warnings = tuple(self._warnings(symbol, quote, new))
        effects = await self._at_once(symbol)
        tickets = {mode: await self._issue(user_id, symbol, mode=mode) for mode in TradeMode}
        shown = self._show(
            symbol,
            quote,
            adds=True,
            tickers=new,
            warnings=warnings,
            ticket=tickets[self._settings.of(symbol).trade_mode],
        )
        return replace(shown, effects=effects, tickets={mode: ticket for mode, (ticket, _) in tickets.items()})

    async def _at_once(self, symbol: Symbol) -> tuple[Said, ...]:
        """Return what the rule would do with a ticker that it may trade by itself."""
        settings = self._settings.of(symbol).model_copy(update={"trade_mode": TradeMode.AUTO})
        found = await self._forecaster.of(symbol, Supposed(settings=settings))
        return (found.line,)

    async def preview_unwatch(self, user_id: int, symbol: Symbol) -> WatchPreview:
        """Show the list without a ticker; refused while that would put its stop to sleep."""
        new = tuple(one for one in self._settings.tickers if one != symbol)
        quote = self._watch.latest(symbol)
        refusals = tuple(await self._kept(symbol))
        if not refusals and not new:
            refusals = (_LAST,)
        ticket = None if refusals else await self._issue(user_id, symbol, mode=None)
        return self._show(symbol, quote, adds=False, tickers=new, refusals=refusals, ticket=ticket)

    async def examine(self, draft: Draft) -> None:
        """Check an undo or a reset of TRADING_TICKERS; raise InvalidInput for what may not be."""
        now, then = self._settings.tickers, self._settings.trial(draft, None).trading_tickers
        for symbol in now:
            refusals = [] if symbol in then else await self._kept(symbol)
            if refusals:
                raise InvalidInput(f"{symbol} must stay", user_message=refusals[0])
        for symbol in then:
            if symbol not in now:
                await self._verify(symbol)

    async def apply(self, draft: Draft, *, user_id: int | None) -> SettingChange:
        """Examine again while nobody else can place an order, and store; raise as `examine` does."""
        async with self._exposure_meter.turn:
            await self.examine(draft)
            return await self._settings.apply(draft, user_id=user_id)

    # presses

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Verify again and change the list, unless it is another one by now."""
        symbol, adds = Symbol.parse(press.payload["symbol"]), press.payload["adds"]
        if press.fingerprint["tickers"] != self._settings.value(TICKERS):
            return changed()
        rest = [one for one in self._settings.tickers if one != symbol]
        text = ",".join(str(one) for one in [*rest, *([symbol] if adds else [])])
        try:
            draft = self._settings.draft(TICKERS, text, symbol=None, until=None)
            await self.examine(draft)
            changes = await self._trade(symbol, press) if adds else []  # before it is traded at all
            changes.append(await self.apply(draft, user_id=press.user_id))
        except (InvalidInput, BrokerError) as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message)
        told = tuple(SettingChanged(at=change.set_at, change=change) for change in changes)
        said = Said(_ADDED[self._settings.of(symbol).trade_mode], symbol=str(symbol)) if adds else _removed(symbol)
        return Outcome(kind=OutcomeKind.DONE, text=said, news=told)

    async def _trade(self, symbol: Symbol, press: Confirmed) -> list[SettingChange]:
        """Set how a ticker's signals are traded, unless it is so anyway."""
        wanted = press.payload.get("trade_mode")
        if wanted is None or self._settings.of(symbol).trade_mode is TradeMode(wanted):
            return []
        draft = self._settings.draft("TRADE_MODE", wanted, symbol=symbol, until=None)
        return [await self._settings.apply(draft, user_id=press.user_id)]

    # inside

    async def _find(self, text: str) -> tuple[Symbol, Quote]:
        """Return the listing meant, with its price: the one named, known here already, or the first that answers."""
        tried = self._candidates(text)
        for symbol in tried:
            try:
                return symbol, await self._watch.fresh_quote(symbol)
            except DataUnavailable:
                continue
        names = ", ".join(str(symbol) for symbol in tried)
        raise InvalidInput(
            f"no price of {names}",
            user_message=Said(WatchNote.NO_QUOTE, names=names),
        )

    def _candidates(self, text: str) -> list[Symbol]:
        if ":" in text:
            return [Symbol.parse(text)]
        found = [Symbol.parse(f"{market}:{text}") for market in Market]
        known = (*self._settings.tickers, *self._positions.held())
        return [symbol for symbol in found if symbol in known] or found

    async def _verify(self, symbol: Symbol) -> None:
        try:
            await self._watch.fresh_quote(symbol)
        except DataUnavailable as error:
            raise InvalidInput(f"no price of {symbol}", user_message=_no_price(symbol)) from error

    async def _kept(self, symbol: Symbol) -> list[Said]:
        """Return why a ticker may not leave the list, with what to do about it."""
        ticker = symbol.ticker
        if symbol not in self._settings.tickers:
            return [Said(WatchNote.NOT_WATCHED, ticker=ticker)]
        try:
            holdings = await self._account_sync.take("asked", max_age_s=_ACCOUNT_AGE_S)
        except BrokerError:
            return [Said(WatchNote.ACCOUNT_UNSEEN)]
        refusals: list[Said] = []
        scope = self._settings.of(symbol).position_scope
        held, _ = self._positions.in_scope(symbol, scope)
        if scope is PositionScope.ACCOUNT:  # also shares that nobody can explain yet
            shown = sum(position.qty for position in holdings.positions if position.symbol == symbol)
            held = max(held, shown + self._account_sync.lagging(symbol))
        if held or self._selling(symbol):
            refusals.append(Said(WatchNote.HELD, held=held, ticker=ticker))
        orders = await self._desk.open_in(symbol)
        if orders:
            numbers = ", ".join(f"#{order.no}" for order in orders)
            refusals.append(Said(WatchNote.OPEN_ORDERS, ticker=ticker, numbers=numbers))
        return refusals

    def _warnings(self, symbol: Symbol, quote: Quote, tickers: Sequence[Symbol]) -> list[Said]:
        found = [
            *self._pace.too_many(self._settings, tickers),
            *self._pace.too_many_ticks(len({*tickers, *self._positions.held()}), self._settings.of(symbol).stop_poll_s),
        ]
        refused = self._watch.refused()
        if refused and set(self._settings.tickers) <= refused.keys():
            why = next(iter(refused.values()))
            found.append(Said(WatchNote.NO_TRADES, why=why or Said(Kept.WORDS, words="")))
        if self._watch.needs_ticks(symbol):
            found.append(from_ticks(symbol.ticker))
        if quote.halted:
            found.append(Said(WatchNote.HALTED))
        settings = self._settings.of(symbol)
        position, rate = self._positions.scoped(symbol, settings.position_scope), settings.stop_loss_rate
        if position is not None and position.average_cost > 0:
            now = return_percent(position.average_cost, quote.last)
            found.append(_held(symbol, position.qty))
            if rate is not None and now <= rate:
                found.append(Said(WatchNote.SELLS_NOW, rate=percent(now)))
        return found

    async def _issue(self, user_id: int, symbol: Symbol, *, mode: TradeMode | None) -> tuple[str, datetime]:
        """Issue a button that adds a ticker traded that way, or with None takes it off."""
        payload = {"symbol": str(symbol), "adds": mode is not None, "trade_mode": None if mode is None else mode.value}
        ticket = await self._confirmations.issue(WATCH, user_id, payload, {"tickers": self._settings.value(TICKERS)})
        return ticket.id, ticket.expires_at

    def _show(
        self,
        symbol: Symbol,
        quote: Quote | None,
        *,
        adds: bool,
        tickers: Sequence[Symbol],
        warnings: tuple[Said, ...] = (),
        refusals: tuple[Said, ...] = (),
        ticket: tuple[str, datetime] | None = None,
    ) -> WatchPreview:
        position = self._positions.of(symbol)
        return WatchPreview(
            symbol=symbol,
            name=position.name if position else "",
            adds=adds,
            last=quote.last if quote else None,
            tickers=tuple(tickers),
            warnings=warnings,
            refusals=refusals,
            ticket=ticket[0] if ticket else None,
            expires_at=ticket[1] if ticket else None,
        )


_LAST = Said(WatchNote.LAST)
_ADDED: Mapping[TradeMode, WatchNote] = {
    TradeMode.AUTO: WatchNote.ADDED,
    TradeMode.APPROVE: WatchNote.ADDED_ASKING,
    TradeMode.SIGNAL: WatchNote.ADDED_TELLING,
}


def _no_price(symbol: Symbol) -> Said:
    return Said(WatchNote.NO_PRICE, symbol=str(symbol))


def _held(symbol: Symbol, qty: int) -> Said:
    return Said(WatchNote.HOLDS, qty=qty, ticker=symbol.ticker)


def _removed(symbol: Symbol) -> Said:
    return Said(WatchNote.REMOVED, symbol=str(symbol))
