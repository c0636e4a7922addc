"""A listing that moves to another exchange: its stop, settings, mode and lock go with it, and the owner is told."""

import logging
from dataclasses import replace

from strategy.activity import Activity
from strategy.book import SettingsBook
from strategy.clock import Clock
from strategy.errors import TradingError
from strategy.events import Trouble
from strategy.instruments import Symbol
from strategy.modebook import ModeBook
from strategy.ports import Notifier
from strategy.purse import Purse
from strategy.reconcile import Reconciler
from strategy.text import Text
from strategy.watch import MarketWatch
from strategy.workqueue import WorkQueue

log = logging.getLogger(__name__)

_TICKERS = "TRADING_TICKERS"


class VenueMoves:
    """Puts the new listing in the old one's place on the watch list, since under the old one nothing is quoted."""

    def __init__(
        self,
        *,
        recon: Reconciler,
        settings: SettingsBook,
        modes: ModeBook,
        watch: MarketWatch,
        purse: Purse,
        notifier: Notifier,
        clock: Clock,
        activity: Activity,
    ) -> None:
        self._settings = settings
        self._modes = modes
        self._watch = watch
        self._purse = purse
        self._notifier = notifier
        self._clock = clock
        self._moves: WorkQueue[tuple[Symbol, Symbol]] = WorkQueue(activity)
        recon.on_move = lambda old, new: self._moves.put((old, new))

    async def run(self) -> None:
        """Follow moves until cancelled."""
        while True:
            await self._moves.wait()
            with self._moves.take() as (old, new):
                if old in self._settings.tickers:
                    await self._follow(old, new)

    async def _follow(self, old: Symbol, new: Symbol) -> None:
        try:
            await self._watch.fresh_quote(new)
            async with self._purse.turn:
                await self._take_along(old, new)
        except TradingError as error:
            log.warning("a moved listing could not be followed", extra={"old": str(old), "error": str(error)})
            await self._tell(new, _not_followed(old, new, error.user_message))
        else:
            await self._tell(new, _followed(old, new))

    async def _take_along(self, old: Symbol, new: Symbol) -> None:
        """Store what holds for the ticker under its new name, the list last: from then on it is traded under that."""
        lock, mode = self._modes.lock(old), self._modes.chosen(old)
        if lock is not None:
            await self._modes.set_lock(replace(lock, symbol=new))
        if not mode.mode.buys:
            await self._modes.set(replace(mode, symbol=new, set_at=self._clock.now()))
        for row in self._settings.of_ticker(old):
            draft = self._settings.draft(row.name, row.new or "", symbol=new, until=row.until)
            await self._settings.apply(draft, user_id=row.set_by)
        tickers = [new if one == old else one for one in self._settings.tickers if one != new]
        draft = self._settings.draft(_TICKERS, ",".join(map(str, tickers)), symbol=None, until=None)
        await self._settings.apply(draft, user_id=None)

    async def _tell(self, symbol: Symbol, what: Text) -> None:
        try:
            await self._notifier.tell(Trouble(at=self._clock.now(), key=f"moved:{symbol}", what=what, symbol=symbol))
        except TradingError:
            log.exception("a moved listing could not be told", extra={"symbol": str(symbol)})


def _followed(old: Symbol, new: Symbol) -> Text:
    return Text(
        f"{old.ticker} 이(가) {old.market} 에서 {new.market} (으)로 옮겼습니다. 거래 종목을 {new} 로 바꾸었고 손절도 그"
        f" 시세로 계속합니다. .env 의 TRADING_TICKERS 도 {new} 로 고치세요.",
        f"{old.ticker} has moved from {old.market} to {new.market}. The watch list now has {new}, and its stop goes on"
        f" by the prices there. Change TRADING_TICKERS in .env to {new}, too.",
    )


def _not_followed(old: Symbol, new: Symbol, why: Text) -> Text:
    return Text(
        f"{old.ticker} 이(가) {old.market} 에서 {new.market} (으)로 옮긴 것으로 보이지만 따라가지 못했습니다: {why.ko}"
        f" 지금 손절이 작동하지 않습니다. /watch {new} 로 더하거나 증권사 앱에서 관리하세요.",
        f"{old.ticker} seems to have moved from {old.market} to {new.market}, but could not be followed: {why.en} Its"
        f" stop does not work now. Add it by /watch {new}, or look after it in the broker's app.",
    )
