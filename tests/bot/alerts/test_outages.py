"""Whatever Telegram does, alerts arrive: in order, none lost, and what shows twice is marked (promise 5)."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from strategy.model import Event, HandOrder, OrderStatus, Origin, StorageError
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, kept_chat, note, settled, texts, told, until

FAULTS: dict[str, dict[str, Any]] = {
    "429": {"kind": "error", "retry_after": 5, "times": 3},
    "500": {"kind": "error", "code": 500, "times": 3},
    "502": {"kind": "garbage", "times": 3},
    "time-out before": {"kind": "timeout_before", "seconds": 0, "times": 3},
    "time-out after": {"kind": "timeout_after_send", "seconds": 0, "times": 3},
    "down": {"kind": "down"},
}
DOUBTFUL = ("500", "502", "time-out before", "time-out after", "down")  # may have arrived: told again, marked


def everything() -> list[Event]:
    return [
        note(1),
        changed(samples.order(status=OrderStatus.INTENDED), decision=samples.decision()),
        changed(samples.order(status=OrderStatus.SENT)),
        changed(samples.order()),
        note(2),
        changed(samples.filled_order(), last_fill=samples.fill()),
        samples.trouble(),
        HandOrder(at=samples.NOW, found=samples.broker_order(), order=samples.order(15, origin=Origin.EXTERNAL)),
        note(3),
    ]


SIGNS = ("시세를 받지", "매수 TQQQ #12", "매수 체결: TQQQ", "소식 1.", "소식 2.", "직접 낸 주문", "소식 3.")


async def recover(room: Room, wall: FakeClock) -> None:
    """Let real time pass until everything is told."""
    async with asyncio.timeout(60):
        while not room.outbox.idle.is_set():
            if wall.next_wake is not None:
                await wall.advance(1)
            await asyncio.sleep(0)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("method", ["", "editMessageText"])
async def test_every_kind_of_fault_loses_and_reorders_nothing(
    name: str, method: str, delivering: OpenRoom, wall: FakeClock
) -> None:
    async with delivering() as room:
        if method:  # so that there is something to edit
            await told(room, changed(samples.order(status=OrderStatus.INTENDED)))
        await room.owner.post("fault", **FAULTS[name], method=method)
        await room.outbox.add(everything())
        if name == "down":
            await until(lambda: wall.next_wake is not None)
            async with room.owner._http.delete(f"{room.chat.url}/user/fault"):
                pass
        await recover(room, wall)
        await room.owner.reads("체결 완료")
        await room.owner.reads("소식 3.")
        shown = texts(room)
        signs = [sign for sign in SIGNS if not method or "#12" not in sign]
        firsts = [next(n for n, text in enumerate(shown) if sign in text) for sign in signs]
        assert firsts == sorted(firsts)
        for sign in SIGNS:
            found = [text for text in shown if sign in text]
            assert all("재전송" in again for again in found[1:])
            assert name in DOUBTFUL or len(found) == 1


async def test_a_blocked_bot_tells_everything_in_order_when_it_is_let_in_again(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with delivering(polls=True) as room:
        await told(room, changed(samples.order(status=OrderStatus.INTENDED)))
        await settled(room, 1)
        await room.owner.post("block")
        await room.outbox.add(everything())
        await until(lambda: wall.next_wake is not None)
        await room.owner.post("unblock")  # the update that tells it nudges the delivery: no time has to pass
        await until(room.outbox.idle.is_set)
        await room.owner.reads("체결 완료")
        await room.owner.reads("소식 3.")
        shown = texts(room)
        assert [sum(sign in text for text in shown) for sign in SIGNS] == [1] * len(SIGNS)


async def test_what_was_sent_but_could_not_be_noted_is_told_again_and_marked(
    open_room: OpenRoom, wall: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_room(polls=False, wall=wall) as room:
        done = room.outbox.mark_done

        async def full_disk(*_: object) -> None:
            monkeypatch.setattr(room.outbox, "mark_done", done)
            raise StorageError("the disk is full")

        monkeypatch.setattr(room.outbox, "mark_done", full_disk)
        await room.outbox.add([note(1), note(2)])
        with pytest.raises(ExceptionGroup):
            await room.app.deliver()
        async with asyncio.TaskGroup() as group:  # as the supervisor does
            again = group.create_task(room.app.deliver())
            await until(room.outbox.idle.is_set)
            again.cancel()
        shown = [each["text"] for each in await settled(room, 3)]
        assert ["재전송" in text for text in shown] == [False, True, False]
        assert ["소식 1." in text for text in shown] == [True, True, False]


async def test_an_hour_of_outage_over_a_restart_keeps_300_alerts_of_every_kind(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    """Orders jump to their newest state, every fill is told, every note and trouble is there, each marked late."""
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await room.owner.post("fault", kind="error", code=502, seconds=7200)
            for number in range(60):
                filled = samples.filled_order(number, updated_at=samples.NOW)
                fill = samples.fill(key=f"f{number}", order_no=number)
                await room.outbox.add(
                    [
                        note(number),
                        samples.trouble(f"k{number}"),
                        changed(samples.order(number, OrderStatus.SENT)),
                        changed(samples.order(number)),
                        changed(filled, last_fill=fill),
                    ]
                )
            await until(lambda: wall.next_wake is not None)
        wall.set(samples.NOW + timedelta(hours=1))
        async with delivering(chat=chat) as room:
            room.market.set(samples.NOW + timedelta(hours=1))
            async with room.owner._http.delete(f"{room.chat.url}/user/fault"):
                pass
            await recover(room, wall)
            await room.owner.reads("소식 59.")
            shown = texts(room)
    every = [str(number) for number in range(60)]
    assert re.findall(r"소식 (\d+)\.", "\n".join(shown)) == every
    orders = [text for text in shown if re.search(r"#\d+", text)]
    assert [found for text in orders for found in re.findall(r"매수 TQQQ #(\d+)", text)] == every
    assert all("체결 완료" in text for text in orders)
    assert sum("매수 체결: TQQQ" in text for text in shown) == 60
    assert sum("시세를 받지" in text for text in shown) == 60
    assert all("⏱" in text for text in shown)
    assert len(shown) < 200  # 60 orders, 60 fills, 60 troubles, and the notes together
