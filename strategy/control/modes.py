"""Modes and locks as a person asks for them (spec section 5)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from strategy.market.calendar import current, next_session
from strategy.model import (
    Clock,
    InvalidInput,
    Language,
    Mode,
    ModeChanged,
    ModePreview,
    ModeState,
    Notable,
    Outcome,
    OutcomeKind,
    Symbol,
    Text,
)
from strategy.portfolio.interface import Positions
from strategy.risk.mode_store import ModeStore, stricter
from strategy.risk.split_guard import SplitGuard
from strategy.runtime.confirmations import Confirmations, Confirmed, changed
from strategy.settings.schema import SettingsInForce

MODE = "mode"
# no command begins with them: whoever sends a command word twice has confirmed nothing
HALT_WORDS: Mapping[Language, str] = {"ko": "손절 끄기", "en": "STOPS OFF"}
_ON_ITS_WAY_S = 5.0  # real time; an order may wait a second for its turn at the broker

NAMES = {
    Mode.RUN: Text("실행", "Run"),
    Mode.PAUSE_BUYS: Text("매수 멈춤", "Buys paused"),
    Mode.PROTECT_ONLY: Text("보호 전용", "Protect only"),
    Mode.HALTED: Text("중단", "Halted"),
}


class ModeService:
    """Sets modes at once where they only take away, by a confirmed press where they give or unprotect."""

    def __init__(
        self,
        *,
        modes: ModeStore,
        splits: SplitGuard,
        positions: Positions,
        settings: SettingsInForce,
        presses: Confirmations,
        accepted: Callable[[], Awaitable[bool]],
        panicking: Callable[[], bool],
        answered: Callable[[float], Awaitable[bool]],
        clock: Clock,
    ) -> None:
        """`accepted` tells whether the disclaimer was. `answered` waits so many seconds of real time for the broker's
        answers to what is on its way, and says whether all are there.
        """
        self._modes = modes
        self._splits = splits
        self._positions = positions
        self._settings = settings
        self._confirmations = presses
        self._accepted = accepted
        self._panicking = panicking
        self._answered = answered
        self._clock = clock
        presses.register(MODE, self, of_owners=lambda payload: payload["mode"] == Mode.HALTED.value)

    async def set_mode(
        self, mode: Mode, *, symbol: Symbol | None, until: datetime | None, user_id: int, reason: str = ""
    ) -> ModeChanged:
        """Set a mode that is no looser than the one that holds and return the alert that tells it.

        Raise InvalidInput for what needs a confirmation: RUN and HALTED go through `preview`.
        """
        now = self._clock.now()
        if mode in (Mode.RUN, Mode.HALTED):
            raise InvalidInput(
                f"{mode} needs a confirmation",
                user_message=Text("이 모드는 확인이 필요합니다.", "That mode needs a confirmation."),
            )
        if until is not None and until <= now:
            raise InvalidInput(
                "until has passed",
                user_message=Text("끝나는 시각이 이미 지났습니다.", "That time has already passed."),
            )
        chosen = self._modes.chosen(symbol)
        if stricter(chosen.mode, mode) is not mode:
            said = NAMES[chosen.mode]
            raise InvalidInput(
                f"{mode} is looser than {chosen.mode}",
                user_message=Text(
                    f"지금은 더 엄격한 모드입니다 ({said.ko}). 풀려면 /run 을 쓰세요.",
                    f"A stricter mode holds ({said.en}). Use /run to lift it.",
                ),
            )
        state = ModeState(mode=mode, symbol=symbol, set_by=user_id, set_at=now, reason=reason, until=until)
        told = await self._modes.set(state)
        await self._answered(_ON_ITS_WAY_S)  # "done" means that nothing leaves any more that it forbids
        return told

    async def preview(self, user_id: int, mode: Mode, *, symbol: Symbol | None) -> ModePreview:
        """Show what a mode would allow or leave unprotected, with a button."""
        refusals = await self._refusals(mode)
        unprotected = self._unprotected(symbol) if mode is Mode.HALTED else ()
        ticket = None
        if not refusals:
            payload = {"mode": mode.value, "symbol": str(symbol) if symbol else None}
            ticket = await self._confirmations.issue(MODE, user_id, payload, self._fingerprint(mode, symbol))
        return ModePreview(
            target=mode,
            symbol=symbol,
            until=None,
            unprotected=unprotected,
            typed_words=HALT_WORDS if mode is Mode.HALTED else {},
            refusals=tuple(refusals),
            ticket=ticket.id if ticket else None,
            expires_at=ticket.expires_at if ticket else None,
        )

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Text | None:
        """Ask for the word before a halt; the button stays good until it is typed."""
        if payload["mode"] != Mode.HALTED.value or " ".join(typed.split()).upper() in HALT_WORDS.values():
            return None
        return Text(
            f"손절까지 멈추려면 {HALT_WORDS['ko']} 라고 입력하세요. 그만두려면 /cancel. 아직 바뀐 것은 없습니다.",
            f"Type {HALT_WORDS['en']} to stop everything, stops included; /cancel leaves it. Nothing has changed yet.",
        )

    async def carry_out(self, press: Confirmed) -> Outcome:
        mode = Mode(press.payload["mode"])
        symbol = Symbol.parse(press.payload["symbol"]) if press.payload["symbol"] else None
        if dict(press.fingerprint) != self._fingerprint(mode, symbol):
            return changed()
        refusals = await self._refusals(mode)
        if refusals:
            return Outcome(kind=OutcomeKind.DENIED, text=refusals[0])
        told = await self._modes.set(
            ModeState(
                mode=mode, symbol=symbol, set_by=press.user_id, set_at=self._clock.now(), reason="chat", until=None
            )
        )
        of = f" ({symbol.ticker})" if symbol else ""
        name = NAMES[mode]
        said = Text(f"모드: {name.ko}{of}", f"Mode: {name.en}{of}")
        if not await self._answered(_ON_ITS_WAY_S):
            said = Text(
                f"{said.ko}. 그 전에 나간 요청 하나가 아직 증권사의 답을 기다립니다. /orders 를 보세요.",
                f"{said.en}. A request that left before it still waits for the broker's answer: see /orders.",
            )
        return Outcome(kind=OutcomeKind.DONE, text=said, news=(told,))

    async def release(self, user_id: int, symbol: Symbol) -> Notable | None:
        """Take a lock off and return the alert that tells it, None where there was none.

        After a split guard the price counts as real from here on.
        """
        if self._modes.lock(symbol) is None:
            return None
        if self._splits.holds(symbol):
            await self._splits.accept(symbol)
        told = Notable(
            at=self._clock.now(),
            key=f"released:{symbol}",
            symbol=symbol,
            what=Text(f"{symbol.ticker} 잠금을 풀었습니다.", f"{symbol.ticker} is released."),
        )
        return told if await self._modes.release(symbol, user_id, [told]) else None

    def until_close(self) -> datetime:
        """Return when this session closes, or the next one: for `/pause close`."""
        now = self._clock.now()
        return (current(now) or next_session(now)).closes_at

    async def _refusals(self, mode: Mode) -> list[Text]:
        if mode.rule_sells and self._panicking():
            return [_PANICKING]
        if not mode.rule_sells or self._modes.armed:
            return []
        if not await self._accepted():
            return [Text("먼저 /start 에서 위험 고지에 동의하세요.", "Accept the disclaimer first: /start.")]
        return [Text("실전 거래를 먼저 켜세요: /arm", "Arm real trading first: /arm")]

    def _unprotected(self, symbol: Symbol | None) -> tuple[Symbol, ...]:
        held = [one for one in self._settings.tickers if self._positions.of(one) is not None]
        return tuple(one for one in held if symbol in (None, one))

    def _fingerprint(self, mode: Mode, symbol: Symbol | None) -> dict[str, Any]:
        """Return what a person was shown: the mode that held and, for a halt, what it leaves unprotected."""
        held = [str(one) for one in self._unprotected(symbol)] if mode is Mode.HALTED else []
        return {"mode": self._modes.chosen(symbol).mode.value, "unprotected": held}


_PANICKING = Text(
    "전량 매도(/panic)가 진행 중이라 규칙 매매를 켤 수 없습니다. 끝난 뒤에 하세요. /halt 로 매도를 멈출 수도 있습니다.",
    "A panic is selling, so the rules stay off: they might buy back what it sells. Wait until it has ended, or stop it"
    " with /halt, then /run.",
)
