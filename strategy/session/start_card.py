"""What the owner should know at a start: the list, what is held without a stop, how the stream stands (S46-S49)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from strategy.market import MarketData
from strategy.market.capacity import Pace, from_ticks
from strategy.market.trading_window import session_view
from strategy.model import (
    BrokerError,
    Clock,
    Holdings,
    Said,
    SessionPhase,
    SessionView,
    SettingSource,
    Started,
    StopState,
    Symbol,
    lost_of,
)
from strategy.risk.mode_store import ModeStore
from strategy.settings.store import SettingsStore


class StartCardNote(StrEnum):
    NOT_WATCHED = "start_card.not_watched"
    STOPS_LOST = "start_card.stops_lost"
    ORDERS_UNSEEN = "start_card.orders_unseen"
    ACCOUNT_UNSEEN = "start_card.account_unseen"
    NO_PRICE = "start_card.no_price"
    OPEN = "start_card.open"
    BEFORE_START = "start_card.before_start"
    AFTER_END = "start_card.after_end"
    CLOSED = "start_card.closed"
    NO_SESSION = "start_card.no_session"
    CHOSEN_IN_CHAT = "start_card.chosen_in_chat"


class StopObstacles(Protocol):
    """What keeps a stop from selling whatever its price does; `strategy.stops.stop_monitor` knows."""

    def bare(self, symbol: Symbol) -> StopState | None: ...
    def forbidden(self, symbol: Symbol) -> StopState | None: ...


class StreamWords(Protocol):
    def state(self) -> Said:
        """Return in words how the stream stands."""


@dataclass(slots=True)
class StartFindings:
    """What a start has found so far. Prices are dollars, None where nobody gives one."""

    prices: Mapping[Symbol, Decimal | None]
    notes: list[Said] = field(default_factory=list)
    holdings: Holdings | None = None


class StartCard:
    """Puts the card of a start together."""

    def __init__(
        self,
        *,
        watch: MarketData,
        stops: StopObstacles,
        stream: StreamWords,
        modes: ModeStore,
        settings: SettingsStore,
        pace: Pace,
        clock: Clock,
        remarks: Sequence[Said] = (),
    ) -> None:
        """`remarks` are warnings of before the start that belong on the card."""
        self._watch = watch
        self._stops = stops
        self._stream = stream
        self._modes = modes
        self._settings = settings
        self._pace = pace
        self._clock = clock
        self._remarks = list(remarks)

    def remark(self, more: Sequence[Said]) -> None:
        """Add warnings found while what was stored was read."""
        self._remarks += more

    def card(self, found: StartFindings) -> Started:
        """Return the card as things stand now."""
        now = self._clock.now()
        return Started(
            at=now,
            tickers=tuple(found.prices.items()),
            warmup=tuple(row for symbol in self._settings.tickers for row in self._watch.warmup(symbol)),
            stream=self._stream.state(),
            mode=self._modes.account,
            session=session_text(session_view(now, self._settings.account)),
            holdings=found.holdings,
            notes=tuple(found.notes),
        )

    def about_tickers(self) -> list[Said]:
        """Say what to know of the list: too many, bars from ticks only, not the list of `.env`."""
        tickers = self._settings.tickers
        found = [*self._remarks, *self._pace.too_many(self._settings, tickers)]
        found += self._pace.too_many_ticks(len(tickers), self._settings.account.stop_poll_s)
        names = ", ".join(symbol.ticker for symbol in tickers if self._watch.needs_ticks(symbol))
        if names:
            found.append(from_ticks(names))
        if self._settings.source("TRADING_TICKERS") is SettingSource.CHAT:
            found.append(_CHOSEN_IN_CHAT)
        return found

    def about_held(self, holdings: Holdings) -> list[Said]:
        """Name what is held and has no stop."""
        unwatched = sorted({one.symbol for one in holdings.positions if one.qty > 0} - set(self._settings.tickers))
        found: list[Said] = []
        if unwatched:
            names = ", ".join(symbol.ticker for symbol in unwatched)
            found.append(Said(StartCardNote.NOT_WATCHED, names=names))
        states = {
            symbol: self._stops.bare(symbol) or self._stops.forbidden(symbol) for symbol in self._settings.tickers
        }
        lost = lost_of({symbol: state for symbol, state in states.items() if state is not None})
        if lost is not None:
            found.append(Said(StartCardNote.STOPS_LOST, stops=lost))
        return found


def not_asked(error: BrokerError, *, held: bool) -> Said:
    """Say what it means that the account could not be asked; `held`: what is held is known all the same."""
    said = error.user_message
    if held:
        return Said(StartCardNote.ORDERS_UNSEEN, why=said)
    return Said(StartCardNote.ACCOUNT_UNSEEN, why=said)


def no_price(symbol: Symbol, error: BrokerError) -> Said:
    """Say that a ticker is not traded for want of a price."""
    said = error.user_message
    return Said(StartCardNote.NO_PRICE, symbol=str(symbol), why=said)


def session_text(view: SessionView) -> Said:
    """Return the session in a few words; the bot adds the times."""
    words = {
        SessionPhase.OPEN: Said(StartCardNote.OPEN),
        SessionPhase.BEFORE_START: Said(StartCardNote.BEFORE_START),
        SessionPhase.AFTER_END: Said(StartCardNote.AFTER_END),
        SessionPhase.CLOSED: Said(StartCardNote.CLOSED),
        SessionPhase.NO_SESSION: Said(StartCardNote.NO_SESSION),
    }
    return words[view.phase]


_CHOSEN_IN_CHAT = Said(StartCardNote.CHOSEN_IN_CHAT)
