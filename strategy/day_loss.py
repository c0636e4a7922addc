"""The day's loss limit: reached once, only stops are left until the owner says otherwise (spec section 7)."""

from dataclasses import replace

from strategy.account import Holdings, Position
from strategy.calendar import Session, current
from strategy.clock import Clock
from strategy.errors import BrokerError
from strategy.events import Trouble
from strategy.limits import Refusal
from strategy.look import AccountLook
from strategy.modebook import ModeBook, stricter
from strategy.modes import Mode, ModeState
from strategy.ports import Notes
from strategy.purse import Purse
from strategy.stop_prices import StopPrices
from strategy.text import Text
from strategy.watch import MarketWatch


class DayLoss:
    """Asked before anything is bought, by rule or by hand, and in every check."""

    def __init__(
        self,
        *,
        purse: Purse,
        modes: ModeBook,
        look: AccountLook,
        watch: MarketWatch,
        prices: StopPrices,
        notes: Notes,
        clock: Clock,
    ) -> None:
        self._purse = purse
        self._watch = watch
        self._prices = prices
        self._modes = modes
        self._look = look
        self._notes = notes
        self._clock = clock

    async def apply(self, holdings: Holdings) -> None:
        """Fall back to Protect only, once a day, when the limit is reached at prices that count (D15).

        A mode with an end does not run out into Run any more; a stricter one stays.
        """
        now = self._clock.now()
        session = current(now)
        if session is None or not self._look.reconciled:
            return
        refusal = await self._purse.loss_today(session, holdings)
        if refusal is None:
            return
        key = f"loss_limit:{session.on.isoformat()}"
        if await self._notes.get(key) is not None:
            return  # the owner has released it today
        refusal = await self._at_sure_prices(session, holdings)
        if refusal is None:
            return
        chosen = self._modes.chosen()
        mode = stricter(chosen.mode, Mode.PROTECT_ONLY)
        if mode is not chosen.mode or chosen.until is not None:
            state = ModeState(mode=mode, symbol=None, set_by=None, set_at=now, reason="daily_loss_limit", until=None)
            said = Text(
                f"{refusal.text.ko} 보호 전용으로 바꿨습니다. 다시 시작하려면 /run.",
                f"{refusal.text.en} Now in Protect only; /run starts again.",
            )
            await self._modes.set(state, [Trouble(at=now, key="daily_loss_limit", what=said)])
        await self._notes.put(key, f'"{now.isoformat()}"')

    async def _at_sure_prices(self, session: Session, holdings: Holdings) -> Refusal | None:
        """Judge again by our own prices: the broker's valuation may be one bad print. None also while in doubt."""
        positions = []
        for position in holdings.positions:
            valued = await self._valued(position) if position.qty > 0 else position
            if valued is None:
                return None  # the next check judges anew
            positions.append(valued)
        return await self._purse.loss_today(session, replace(holdings, positions=tuple(positions)))

    async def _valued(self, position: Position) -> Position | None:
        """Return a position at a price that counts, or as the broker values it where none is to be had.

        None for one whose price its own book speaks against, or that nothing has confirmed.
        """
        for ask in (self._watch.quote, self._watch.fresh_quote):
            try:
                quote = await ask(position.symbol)
            except BrokerError:
                return position
            last = self._prices.weigh(quote, falling=True, reached=lambda _: True)
            if last is not None:
                return replace(position, last=last)
        return None if self._prices.doubts(position.symbol) else position
