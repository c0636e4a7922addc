"""Which price may fire a stop (D15): one of the regular session, of now by the venue's own stamp, and not alone.

A price that agrees with the bid and ask it came with speaks for itself. Any other one waits for a second: one bad print
sells nothing, and of two that agree the milder one counts. The same goes for peaks, take-profit and price alerts.
See decisions 0116 and 0117.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto

from strategy.market.calendar import Session, current
from strategy.model import Price, Quote, Symbol, Tick
from strategy.settings.schema import SettingsInForce

OF_NOW = timedelta(seconds=10)  # a streamed trade that comes later than this is none of now
ANSWER_OF_NOW = timedelta(seconds=60)  # an answer may tell when its last trade was, and a thin stock trades rarely
_NEXT_PRINT = timedelta(seconds=1)  # two prints that confirm each other are no further apart
_SECOND_ANSWER = timedelta(seconds=5)  # one that was asked for because of the first may take as long
_OPENING = timedelta(minutes=5)  # so long after the open a last price may still be one of before it
_HUNDRED = Decimal(100)


class PriceStanding(Enum):
    """What a price is worth by itself."""

    SOUND = auto()
    ALONE = auto()  # no book came with it, or one too wide to say anything
    AGAINST_BOOK = auto()  # nobody bids or offers there
    NOT_NOW = auto()  # of before the open, or late by its own stamp: it confirms nothing either


def against_book(price: Price, band_pct: Decimal) -> PriceStanding:
    """Judge a price by its own bid and ask: SOUND within the band of both."""
    last, bid, ask = price.last, price.bid, price.ask
    band = last * band_pct / _HUNDRED
    if (bid is not None and last < bid - band) or (ask is not None and last > ask + band):
        return PriceStanding.AGAINST_BOOK
    near = bid is not None and ask is not None and last <= bid + band and last >= ask - band
    return PriceStanding.SOUND if near else PriceStanding.ALONE


def lateness(price: Price, ahead: timedelta) -> timedelta:
    """Return how old a price was by the venue's stamp when it was received; zero where the venue does not say.

    `ahead` is the broker's clock less ours.
    """
    stamp = price.traded_at if isinstance(price, Tick) else price.stamped_at
    return timedelta(0) if stamp is None else price.received_at + ahead - stamp


@dataclass(slots=True)
class _Seen:
    """The newest price that somebody wanted to act on."""

    price: Price
    standing: PriceStanding
    before: Price | None  # the one that confirms it
    wanted: bool = False  # a second one is waited for


class PriceConfirmation:
    """Remembers the doubtful prices of each ticker until another one confirms or refutes them."""

    def __init__(self, *, settings: SettingsInForce, ahead: Callable[[], timedelta | None]) -> None:
        """`ahead` tells the broker's clock less ours, None while it is not known."""
        self._settings = settings
        self._ahead = ahead
        self._seen: dict[Symbol, _Seen] = {}
        self._opening: dict[Symbol, tuple[date, tuple[Decimal, int | None] | None]] = {}

    def late(self, price: Price) -> timedelta:
        """Return how old a price was when it was received, by the venue's stamp."""
        return lateness(price, self._ahead() or timedelta(0))

    def made_at(self, price: Price) -> datetime:
        """Return the instant on our clock a price is of: when it was received, if it is one of now by its stamp."""
        late = self.late(price)
        return price.received_at if late <= OF_NOW else price.received_at - late

    def weigh(self, price: Price, *, falling: bool, reached: Callable[[Decimal], bool]) -> Decimal | None:
        """Return what may be acted on, None while the price is not of now or alone.

        `reached` is what the caller waits for. Of two prices that confirm each other the one counts that has moved
        less, down when `falling`, else up. Prices are dollars.
        """
        seen = self._seen.get(price.symbol)
        if seen is None or not _same(seen.price, price):
            seen = self._see(price, seen)
            if seen is None:
                return None
        if seen.standing is PriceStanding.SOUND:
            return price.last if reached(price.last) else None
        if seen.before is not None:
            milder = (max if falling else min)(seen.before.last, price.last)
            if reached(milder):
                return milder
        seen.wanted = True
        return None

    def credible(self, price: Price) -> bool:
        """Return whether a price may be judged by at all: of now, and nothing speaks against it."""
        return self._standing(price) in (PriceStanding.SOUND, PriceStanding.ALONE)

    def doubts(self, symbol: Symbol) -> bool:
        """Return whether a price of the ticker may be waiting to be confirmed or refuted."""
        return symbol in self._seen

    def wants(self, symbol: Symbol, now: datetime) -> bool:
        """Return whether an answer is wanted at once, to confirm or refute a price."""
        seen = self._seen.get(symbol)
        return seen is not None and seen.wanted and now - seen.price.received_at <= _SECOND_ANSWER

    def refute(self, price: Price) -> None:
        """Take in a price nobody acts on: a sound one ends the doubt about the one before."""
        seen = self._seen.get(price.symbol)
        standing = self._standing(price) if seen is not None or isinstance(price, Quote) else None
        if seen is not None and (standing is PriceStanding.SOUND or not _together(seen.price, price)):
            del self._seen[price.symbol]

    def _see(self, price: Price, seen: _Seen | None) -> _Seen | None:
        """Remember a price with what confirms it; None for one that says nothing, or nothing new."""
        standing = self._standing(price)
        if standing is PriceStanding.NOT_NOW:
            return None
        if seen is not None and standing is not PriceStanding.SOUND and _same_print(seen, price, standing):
            seen.wanted = False  # it has been asked for, and nothing else was traded
            return None
        before = seen.price if seen is not None and _together(seen.price, price) else None
        found = self._seen[price.symbol] = _Seen(price, standing, before)
        return found

    def _standing(self, price: Price) -> PriceStanding:
        session = current(price.received_at)
        if session is None or not self._of_now(price, session):
            return PriceStanding.NOT_NOW
        standing = against_book(price, self._settings.of(price.symbol).stop_price_band_pct)
        if isinstance(price, Quote) and not self._traded(price, session) and standing is not PriceStanding.SOUND:
            return PriceStanding.NOT_NOW
        return standing

    def _of_now(self, price: Price, session: Session) -> bool:
        stamp, most = (price.traded_at, OF_NOW) if isinstance(price, Tick) else (price.stamped_at, ANSWER_OF_NOW)
        return stamp is None or (stamp >= session.opens_at and -ANSWER_OF_NOW <= self.late(price) <= most)

    def _traded(self, quote: Quote, session: Session) -> bool:
        """Return whether the last price is certainly one of this session.

        An answer right after the open may tell the last trade of before it; it is one of the session once it, or the
        day's volume, is another than first seen.
        """
        on, first = self._opening.get(quote.symbol, (None, None))
        told = (quote.last, quote.volume)
        if on != session.on:
            first = told if quote.received_at < session.opens_at + _OPENING else None
        elif first is not None and first != told:
            first = None
        self._opening[quote.symbol] = (session.on, first)
        return first is None


def _same(known: Price, price: Price) -> bool:
    """Return whether it is the same price, perhaps the quote made of a trade."""
    if known is price:
        return True
    told = isinstance(known, Quote) or isinstance(price, Quote)
    return told and all(getattr(known, name) == getattr(price, name) for name in ("received_at", "last", "bid", "ask"))


def _together(first: Price, second: Price) -> bool:
    most = _NEXT_PRINT if isinstance(second, Tick) else _SECOND_ANSWER
    return second.received_at - first.received_at <= most


def _same_print(seen: _Seen, price: Price, standing: PriceStanding) -> bool:
    """Return whether an answer may only repeat a print that its own book speaks against."""
    asked = isinstance(price, Quote) or isinstance(seen.price, Quote)
    return asked and price.last == seen.price.last and PriceStanding.AGAINST_BOOK in (standing, seen.standing)
