"""Arming the real environment: the disclaimer, the account's digits, a code, a limit on wrong ones (spec section 7).
See decision 0033."""

import asyncio
import hmac
import json
from datetime import datetime, timedelta

from strategy.control.one_time_codes import NEVER, OneTimeCodes
from strategy.model import Clock, Notable, Outcome, OutcomeKind, Text, Trouble
from strategy.ports import Notes, Notifier
from strategy.risk.mode_store import ModeStore

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
            return Outcome(kind=OutcomeKind.DONE, text=Text("이미 켜져 있습니다.", "Trading is armed already."))
        if not await self.disclaimer_accepted():
            return Outcome(
                kind=OutcomeKind.DENIED,
                text=Text("먼저 /start 에서 위험 고지에 동의하세요.", "Accept the disclaimer first: /start."),
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
        said = Text("실전 거래를 켰습니다. 시작하려면 /run.", "Real trading is armed. /run starts it.")
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
        what = Text(
            f"사용자 {user_id} 이(가) 무장 번호를 {_MAX_WRONG}번 틀렸습니다. 한 시간 동안 /arm 을 받지 않습니다. 본인이"
            " 아니면 텔레그램 계정과 봇의 허용 목록을 확인하세요.",
            f"User {user_id} typed {_MAX_WRONG} wrong codes to arm trading. /arm is refused for an hour. If that was"
            " not you, check your Telegram account and who is on the bot's allow-list.",
        )
        await self._notifier.tell(Trouble(at=self._clock.now(), key=f"arm_tries:{user_id}", what=what))

    def _how(self, left: int) -> Text:
        """Say what must be typed, and how many tries are left in this hour."""
        more = (
            Text(f"앞으로 {left}번 더 할 수 있습니다.", f"{left} tries are left.") if left else _too_many(_WRONG_PAUSE)
        )
        if self._totp is None:
            return Text(
                f"틀렸습니다. {DIGITS.ko}를 입력하세요. 예: 12345678-01 이면 /arm 5678. {more.ko}",
                f"Wrong. Type {DIGITS.en}: of 12345678-01 that is /arm 5678. {more.en}",
            )
        return Text(
            f"틀렸습니다. {DIGITS.ko}와 인증 앱의 여섯 자리를 한 칸 띄워 입력하세요."
            f" 예: 12345678-01 이면 /arm 5678 123456. {more.ko}",
            f"Wrong. Type {DIGITS.en} and the app's six-digit code: of 12345678-01 that is /arm 5678 123456. {more.en}",
        )


def _too_many(left: timedelta) -> Text:
    minutes = max(1, -(-left // timedelta(minutes=1)))
    return Text(
        f"한 시간에 {_MAX_WRONG}번까지 틀릴 수 있습니다. {minutes}분 뒤에 다시 하세요.",
        f"{_MAX_WRONG} wrong codes an hour are the limit. Try again in {minutes} min.",
    )


DIGITS = Text(  # the one definition; `Account.last_four` gives them
    "계좌번호 앞 여덟 자리(하이픈 앞)의 마지막 네 자리",
    "the last four of the account number's first eight digits (those before the hyphen)",
)
