"""The day's loss limit: reached once, only stops are left until the owner says otherwise (spec section 7)."""

from strategy.account import Holdings
from strategy.calendar import current
from strategy.clock import Clock
from strategy.events import Trouble
from strategy.look import AccountLook
from strategy.modebook import ModeBook, stricter
from strategy.modes import Mode, ModeState
from strategy.ports import Notes
from strategy.purse import Purse
from strategy.text import Text


class DayLoss:
    """Asked before anything is bought, by rule or by hand, and in every check."""

    def __init__(self, *, purse: Purse, modes: ModeBook, look: AccountLook, notes: Notes, clock: Clock) -> None:
        self._purse = purse
        self._modes = modes
        self._look = look
        self._notes = notes
        self._clock = clock

    async def apply(self, holdings: Holdings) -> None:
        """Fall back to Protect only, once a day, when the limit is reached.

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
