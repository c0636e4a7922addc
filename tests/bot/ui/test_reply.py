"""Answering while Telegram misbehaves: the deed is done, the answer comes as well as it can."""

import pytest

from strategy.model import OrderStatus, SystemClock
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.fakes.clock import FakeClock


async def test_an_answer_waits_out_a_flood(open_room: OpenRoom) -> None:
    class Hurried(FakeClock):
        async def sleep(self, seconds: float) -> None:
            waits.append(seconds)

    waits: list[float] = []
    async with open_room(wall=Hurried(SystemClock().now())) as room:
        await room.owner.post("fault", kind="error", method="sendMessage", retry_after=3)
        assert "버전" in (await room.owner.ask("/version"))["text"]
        assert waits == [3]


@pytest.mark.parametrize("fault", [{"retry_after": 3000}, {"code": 502}, {"code": 403}])
async def test_an_answer_that_cannot_be_given_is_logged_and_nothing_breaks(
    room: Room, caplog: pytest.LogCaptureFixture, fault: dict[str, int]
) -> None:
    await room.owner.post("fault", kind="error", method="sendMessage", **fault)
    await room.owner.send("/stop")
    assert "버전" in (await room.owner.ask("/version"))["text"]
    assert "answer not sent" in caplog.messages
    assert room.control.modes[-1].mode.value == "protect_only"


async def test_a_screen_whose_message_is_gone_is_sent_anew(room: Room) -> None:
    home = await room.owner.ask("/start")
    refusal = "Bad Request: message to edit not found"
    await room.owner.post("fault", kind="error", method="editMessageText", code=400, description=refusal)
    await room.owner.press(home, "📊")
    status = await room.owner.reads("증권사와 일치")
    assert status["id"] > home["id"]


async def test_a_screen_that_is_too_long_for_an_edit_comes_whole_in_new_messages(room: Room) -> None:
    home = await room.owner.ask("/start")
    orders = [samples.order(1000 + number, OrderStatus.ACCEPTED) for number in range(110)]
    room.control.orders_ = orders
    await room.owner.press(home, "🎛")
    await room.owner.press(await room.owner.reads("매수, 매도, 손절이 모두"), "🚨")
    await room.owner.reads("#1109")
    shown = "\n".join(each["text"] for each in room.owner.from_bot() if each["id"] > home["id"])
    assert all(f"#{order.no} " in shown for order in orders)
    assert all(len(each["text"]) <= 4096 for each in room.owner.from_bot())
