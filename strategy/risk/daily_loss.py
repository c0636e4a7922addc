"""The day's loss limit: reached once, only stops are left until the owner says otherwise (spec section 7).
See decision 0036."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from strategy.market import MarketData, Session, current
from strategy.market.price_confirmation import PriceConfirmation
from strategy.model import (
    BrokerError,
    CapNote,
    Clock,
    DayResult,
    Holdings,
    Mode,
    ModeState,
    Position,
    Said,
    Symbol,
    Trouble,
    cents,
    percent,
)
from strategy.portfolio.interface import AccountSync
from strategy.ports import Notes
from strategy.risk.exposure import ExposureMeter, LossToday
from strategy.risk.mode_store import EXPIRED, ModeStore, stricter


class LossNote(StrEnum):
    UNVALUED = "loss.unvalued"
    HALF = "loss.half"


_STAYS = timedelta(minutes=1)  # one answer without a price is no news


class DayLoss:
    """Asked before anything is bought, by rule or by hand, and in every check."""

    def __init__(
        self,
        *,
        exposure_meter: ExposureMeter,
        modes: ModeStore,
        account_sync: AccountSync,
        watch: MarketData,
        prices: PriceConfirmation,
        notes: Notes,
        clock: Clock,
    ) -> None:
        self._exposure_meter = exposure_meter
        self._watch = watch
        self._prices = prices
        self._modes = modes
        self._account_sync = account_sync
        self._notes = notes
        self._clock = clock
        self._unvalued_since: dict[Symbol, datetime] = {}

    async def apply(self, holdings: Holdings) -> None:
        """Fall back to Protect only, once a day, when the limit is reached at prices that count (D15).

        A mode with an end does not run out into Run any more; a stricter one stays.
        """
        now = self._clock.now()
        session = current(now)
        if session is None or not self._account_sync.reconciled:
            return
        result = await self._exposure_meter.loss_today(session, holdings)
        await self._tell_unvalued(session, result.unvalued)
        refusal = result.refusal
        if refusal is None:
            await self._tell_half(session, holdings, result.day)
            return
        key = f"loss_limit:{session.on.isoformat()}"
        if await self._notes.get(key) is not None and not await self._ran_out(session):
            return  # it holds, or the owner has released it today
        refusal = (await self._at_sure_prices(session, holdings)).refusal
        if refusal is None:
            return
        chosen = self._modes.chosen()
        mode = stricter(chosen.mode, Mode.PROTECT_ONLY)
        if mode is not chosen.mode or chosen.until is not None:
            state = ModeState(mode=mode, symbol=None, set_by=None, set_at=now, reason="daily_loss_limit", until=None)
            said = Said(CapNote.PROTECTS_ONLY, why=refusal.said)
            await self._modes.set(state, [Trouble(at=now, key="daily_loss_limit", what=said)])
        await self._notes.put(key, f'"{now.isoformat()}"')

    async def _ran_out(self, session: Session) -> bool:
        """Return whether Run is back only because a mode chosen after the limit ended: nobody has released the day.

        A person's own Run releases it, also for what is paused later that day.
        """
        key, chosen = f"loss_released:{session.on.isoformat()}", self._modes.chosen()
        if chosen.mode is Mode.RUN and chosen.reason != EXPIRED:
            if await self._notes.get(key) is None:
                await self._notes.put(key, f'"{self._clock.now().isoformat()}"')
            return False
        return chosen.reason == EXPIRED and await self._notes.get(key) is None

    async def _tell_half(self, session: Session, holdings: Holdings, day: DayResult | None) -> None:
        """Say, once a day, that half of the limit is lost, at prices that count."""
        key = f"loss_half:{session.on.isoformat()}"
        if not _half_lost(day) or await self._notes.get(key) is not None:
            return
        sure = (await self._at_sure_prices(session, holdings)).day
        if sure is None or not _half_lost(sure):
            return
        now = self._clock.now()
        what = Said(
            LossNote.HALF,
            amount=cents(sure.amount),
            rate=percent(sure.percent or Decimal(0)),
            limit=-(sure.limit_pct or Decimal(0)),
            left=cents(sure.until_limit or Decimal(0)),
        )
        await self._notes.put(key, f'"{now.isoformat()}"', [Trouble(at=now, key="daily_loss_half", what=what)])

    async def _at_sure_prices(self, session: Session, holdings: Holdings) -> LossToday:
        """Judge again by prices of our own that count: a valuation may be one bad print."""
        positions = [await self._valued(one) if one.qty > 0 else one for one in holdings.positions]
        return await self._exposure_meter.loss_today(session, replace(holdings, positions=tuple(positions)))

    async def _tell_unvalued(self, session: Session, symbols: Collection[Symbol]) -> None:
        """Say, once a day, which tickers the day's loss is counted without, when they stay so for a minute."""
        now = self._clock.now()
        self._unvalued_since = {symbol: self._unvalued_since.get(symbol, now) for symbol in symbols}
        for symbol, since in self._unvalued_since.items():
            key = f"unvalued:{session.on.isoformat()}:{symbol}"
            if now - since < _STAYS or await self._notes.get(key) is not None:
                continue
            what = Said(LossNote.UNVALUED, ticker=symbol.ticker)
            await self._notes.put(key, f'"{now.isoformat()}"', [Trouble(at=now, key=f"unvalued:{symbol}", what=what)])

    async def _valued(self, position: Position) -> Position:
        """Return a position at a price that counts, else at what its book says, else as it was valued."""
        for ask in (self._watch.quote, self._watch.fresh_quote):
            try:
                quote = await ask(position.symbol)
            except BrokerError:
                return position
            last = self._prices.weigh(quote, falling=True, reached=lambda _: True)
            if last is not None:
                return replace(position, last=last)
        worth = self._watch.worth(position.symbol)
        return position if worth is None else replace(position, last=worth)


def _half_lost(day: DayResult | None) -> bool:
    if day is None or day.percent is None or day.limit_pct is None:
        return False
    return day.percent <= -day.limit_pct / 2
