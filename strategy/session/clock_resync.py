"""What follows when the clock was set or the program stood still: it is told, and everything is looked at anew.

Deadlines, pauses and ages need nothing of this, since they follow how long a clock has run. What goes by the calendar
does: sessions, checks, bars. And nobody knows what was missed.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from strategy.model import SMALL, Disturbance, Event, SettableClock, Text, Trouble, span
from strategy.runtime.telling import Telling

log = logging.getLogger(__name__)
_NONE = timedelta(0)


class Resync:
    """Watches the market's clock."""

    def __init__(self, *, clock: SettableClock, telling: Telling) -> None:
        self._clock = clock
        self._telling = telling
        self._listeners: list[Callable[[], None]] = []
        self._seen = clock.now()

    def on_disturbance(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever the clock was disturbed; it may not await."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Wait for the clock to be disturbed, again and again, until cancelled."""
        while True:
            found = await self._clock.disturbed(self._seen)
            self._seen = found.at
            log.warning("clock disturbed", extra={"put": str(found.put), "stood": str(found.stood)})
            for listener in self._listeners:
                listener()
            await self._telling.safely(_told(found))


def _told(found: Disturbance) -> Event:
    if abs(found.put) < SMALL:
        return Trouble(at=found.at, key="stood_still", what=_stood_still(span(found.stood)))
    return Trouble(at=found.at, key="clock_set", what=_put(span(abs(found.put)), back=found.put < _NONE))


def _put(by: Text, *, back: bool) -> Text:
    way = Text("뒤로", "back") if back else Text("앞으로", "forward")
    return Text(
        f"이 컴퓨터의 시계가 {by.ko} {way.ko} 바뀌었습니다. 손절과 대기 시간은 시계와 상관없이 이어지고, 장 시간은 새"
        " 시각을 따릅니다. 주문과 계좌를 다시 확인하고 있고, 맞을 때까지 매수하지 않습니다. 지금 시각이 맞는지 보고"
        " 자동 시간 맞춤(NTP)을 켜세요. /health 의 '시계' 줄이 KIS 와의 차이를 보여 줍니다.",
        f"This computer's clock was put {way.en} by {by.en}. Stops and pauses go on regardless; the session follows the"
        " new time. Orders and account are being looked at again, and nothing is bought until they agree. Check that"
        " the time is right now and switch on time synchronisation (NTP). The clock's line of /health shows how far it"
        " is from KIS's.",
    )


def _stood_still(by: Text) -> Text:
    return Text(
        f"프로그램이 {by.ko} 동안 멈춰 있었습니다 (컴퓨터의 절전이나 과부하). 그동안 손절을 포함해 아무것도 하지"
        " 못했습니다. 지금은 다시 작동하며 주문과 계좌를 확인하고 있습니다. 컴퓨터가 잠들지 않게 하세요.",
        f"The program stood still for {by.en} (the computer slept or was too busy). In that time nothing worked, stops"
        " included. It works again and is looking at orders and account. Keep the computer from sleeping.",
    )
