"""Arming the real environment: the disclaimer, the account's digits, a code, a limit on wrong ones (spec section 7).
See decision 0033."""

import asyncio
import hmac
import json
from datetime import datetime, timedelta
from enum import StrEnum

from strategy.control.one_time_codes import NEVER, OneTimeCodes
from strategy.model import Clock, Notable, Outcome, OutcomeKind, Said, Trouble
from strategy.ports import Notes, Notifier
from strategy.risk.mode_store import ModeStore


class ArmNote(StrEnum):
    ARMED_ALREADY = "arm.armed_already"
    DISCLAIMER_FIRST = "arm.disclaimer_first"
    ARMED = "arm.armed"
    TOO_MANY_TRIES = "arm.too_many_tries"
    TRIES_LEFT = "arm.tries_left"
    WRONG = "arm.wrong"
    WRONG_WITH_CODE = "arm.wrong_with_code"
    PAUSED = "arm.paused"
    DIGITS = "arm.digits"


_DISCLAIMER = "disclaimer_accepted"
_CODE_STEP = "totp_step"  # of the newest code accepted: neither it nor an older one is good again
_MAX_WRONG = 5
_WRONG_PAUSE = timedelta(hours=1)


class Arming:
    """Lets real orders out until the next start, once a person has shown that it is their account."""

    def __init__(
        self,
        *,
        modes: ModeStore,
        notes: Notes,
        notifier: Notifier,
        clock: Clock,
        wall: Clock,
        secret: str,
        totp: OneTimeCodes | None,
    ) -> None:
        """`secret` must be typed: the last four of the account's first eight digits; `totp` reads a code beside it."""
        self._modes = modes
        self._notes = notes
        self._notifier = notifier
        self._clock = clock
        self._wall = wall
        self._secret = secret
        self._totp = totp
        self._wrong: list[datetime] = []
        self._turn = asyncio.Lock()  # codes are looked at one by one: none is good twice, none uncounted

    async def arm(self, user_id: int, code: str) -> Outcome:
        """Arm the real environment; wrong codes are counted and soon refused unseen."""
        async with self._turn:
            return await self._arm(user_id, code)

    async def _arm(self, user_id: int, code: str) -> Outcome:
        if self._modes.armed:
            return Outcome(kind=OutcomeKind.DONE, text=Said(ArmNote.ARMED_ALREADY))
        if not await self.disclaimer_accepted():
            return Outcome(
                kind=OutcomeKind.DENIED,
                text=Said(ArmNote.DISCLAIMER_FIRST),
            )
        now = self._wall.now()
        self._wrong = [at for at in self._wrong if now - at < _WRONG_PAUSE]
        if len(self._wrong) >= _MAX_WRONG:
            return Outcome(kind=OutcomeKind.DENIED, text=_too_many(_WRONG_PAUSE - (now - self._wrong[0])))
        if not await self._right(code):
            self._wrong.append(now)
            left = _MAX_WRONG - len(self._wrong)
            if not left:
                await self._tell_too_many(user_id)
            return Outcome(kind=OutcomeKind.DENIED, text=self._how(left))
        await self._modes.arm(self._clock.now())
        said = Said(ArmNote.ARMED)
        told = Notable(at=self._clock.now(), key=f"armed:{user_id}", what=said)
        await self._notifier.tell(told)
        return Outcome(kind=OutcomeKind.DONE, text=said, news=(told,))

    async def accept_disclaimer(self, user_id: int) -> None:
        await self._notes.put(_DISCLAIMER, json.dumps({"by": user_id, "at": self._wall.now().isoformat()}))

    async def disclaimer_accepted(self) -> bool:
        return await self._notes.get(_DISCLAIMER) is not None

    async def _right(self, code: str) -> bool:
        digits, _, once = code.strip().partition(" ")
        known = bool(self._secret) and hmac.compare_digest(digits.encode(), self._secret.encode())
        return known and (self._totp is None or await self._use(self._totp, once.strip()))

    async def _use(self, totp: OneTimeCodes, code: str) -> bool:
        """Use a code up before anything follows from it, also over a restart."""
        newest = int(await self._notes.get(_CODE_STEP) or NEVER)
        step = totp.step_of(code, newer_than=newest)
        if step is not None:
            await self._notes.put(_CODE_STEP, str(step))
        return step is not None

    async def _tell_too_many(self, user_id: int) -> None:
        """Tell everybody: it may be somebody else who tries."""
        what = Said(ArmNote.TOO_MANY_TRIES, user=user_id, most=_MAX_WRONG)
        await self._notifier.tell(Trouble(at=self._clock.now(), key=f"arm_tries:{user_id}", what=what))

    def _how(self, left: int) -> Said:
        """Say what must be typed, and how many tries are left in this hour."""
        more = Said(ArmNote.TRIES_LEFT, left=left) if left else _too_many(_WRONG_PAUSE)
        if self._totp is None:
            return Said(ArmNote.WRONG, digits=DIGITS, more=more)
        return Said(ArmNote.WRONG_WITH_CODE, digits=DIGITS, more=more)


def _too_many(left: timedelta) -> Said:
    minutes = max(1, -(-left // timedelta(minutes=1)))
    return Said(ArmNote.PAUSED, most=_MAX_WRONG, minutes=minutes)


DIGITS = Said(ArmNote.DIGITS)
