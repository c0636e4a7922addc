"""Alerts: in order, critical first, none lost, late and repeated ones marked (spec 6, S90-S95, promise 5).

Rows S8, S26, S91.
"""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.views.news import alerts
from strategy.model import Notable, OrderStatus, StreamState
from tests.bot.conftest import OpenRoom
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, kept_chat, note, resting, rules, settled, texts, told, until
from tests.support.person import labels
from tests.support.rough_weather import shown
from tests.support.words import made_up


async def test_alerts_arrive_in_order_s90_s95(delivering: Any) -> None:
    async with delivering() as room:
        await told(room, *(note(number) for number in range(5)))
        await settled(room, 5)
        assert [f"소식 {number}" in text for number, text in enumerate(texts(room))] == [True] * 5


async def test_critical_ones_go_first(delivering: Any) -> None:
    async with delivering() as room:
        room.control.rules = rules(silent=["notes"])
        await told(room, note(1), note(2), samples.stop_triggered())
        messages = await settled(room, 3)
        assert "손절: TQQQ" in messages[0]["text"]
        assert not messages[0]["silent"]
        assert messages[1]["silent"]


async def test_an_order_has_one_living_message_and_fills_reply_to_it_s91(delivering: Any) -> None:
    sent = samples.order(status=OrderStatus.SENT)
    part = samples.order(status=OrderStatus.PARTIALLY_FILLED, filled_qty=3, filled_amount=Decimal("183.57"))
    async with delivering() as room:
        await told(room, changed(sent, decision=samples.decision(), cash_before=Decimal("1234.56")))
        await told(room, changed(samples.order()))
        await told(room, changed(part, last_fill=samples.fill(3)))
        await told(room, changed(samples.filled_order(), last_fill=samples.fill(7), fees=Decimal("1.53")))
        messages = await settled(room, 2)
        await room.owner.sees(lambda each: each["id"] == messages[0]["id"] and "체결 완료" in each["text"])
        await room.owner.sees(lambda each: each["id"] == messages[1]["id"] and "전량 체결" in each["text"])
        living, reply = sorted(room.owner.from_bot(), key=lambda each: each["id"])
        assert "RSI(일봉) 48.20" in living["text"]  # told with the first state only, kept in the later ones
        assert labels(living) == ["🔍 자세히"]
        assert reply["reply_to"] == living["id"]
        assert "10/10" in reply["text"]  # the last part is told in the reply of the first
        assert (living["silent"], reply["silent"]) == (True, False)


@pytest.mark.parametrize("deletable", [True, False])
async def test_a_refused_order_sounds_and_has_one_card_s95(delivering: Any, deletable: bool) -> None:
    """Editing the living message would make no sound; where the old one has to stay, it says the same."""
    refused = samples.order(status=OrderStatus.REJECTED, reason=made_up("주문가능금액 부족", "not enough cash"))
    async with delivering() as room:
        if not deletable:
            refusal = {"code": 400, "description": "Bad Request: message can't be deleted for everyone"}
            await room.owner.post("fault", kind="error", method="deleteMessage", **refusal)
        await told(room, changed(samples.order(status=OrderStatus.SENT), decision=samples.decision()))
        [first] = await settled(room, 1)
        await told(room, changed(refused))
        last = await room.owner.reads("거부")
        assert not last["silent"]
        assert last["id"] != first["id"]
        assert "주문가능금액 부족" in last["text"]
        assert "RSI(일봉) 48.20" in last["text"]  # the whole card, with what only its first state told
        if deletable:
            assert [each["id"] for each in await shown(room)] == [last["id"]]
        else:
            await room.owner.sees(lambda each: each["id"] == first["id"] and "거부" in each["text"])
            assert len(await shown(room)) == 2
    assert room.outbox.done[2] == last["id"]


async def test_an_edit_on_its_way_does_not_bring_a_replaced_card_back(delivering: Any, wall: FakeClock) -> None:
    """The old card's edit waits while the order is refused: it finds no message, and the new card stays alone."""
    async with delivering() as room:
        await told(room, changed(samples.order(status=OrderStatus.INTENDED)))
        await settled(room, 1)
        await room.owner.post("fault", kind="error", method="editMessageText", code=429, retry_after=0, times=3)
        await room.outbox.add([changed(samples.order(status=OrderStatus.SENT))])
        await resting(wall)
        await room.outbox.add([changed(samples.order(status=OrderStatus.REJECTED, reason=made_up("거부함", "no")))])
        for _ in range(60):
            await wall.advance(5)
        await until(room.outbox.idle.is_set)
        [card] = await shown(room)
        assert "거부" in card["text"]


async def test_an_order_refused_before_it_was_told_is_told_once(delivering: Any) -> None:
    async with delivering() as room:
        sent, refused = (changed(samples.order(status=each)) for each in (OrderStatus.SENT, OrderStatus.REJECTED))
        await room.outbox.add([sent, refused, note(1)])
        messages = await settled(room, 2)
        assert sum("거부" in each["text"] for each in messages) == 1


async def test_a_refused_order_is_as_quiet_as_orders_are_set(delivering: Any) -> None:
    async with delivering() as room:
        room.control.rules = rules(silent=["orders"])
        await told(room, changed(samples.order(status=OrderStatus.SENT)))
        await settled(room, 1)
        await told(room, changed(samples.order(status=OrderStatus.REJECTED)))
        [card] = await shown(room)
        assert card["silent"]
        assert "거부" in card["text"]


async def test_an_order_is_found_again_after_a_restart(delivering: Any) -> None:
    """With what only its first event told."""
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await told(room, changed(samples.order(), decision=samples.decision(), cash_before=Decimal("1234.56")))
            await settled(room, 1)
        async with delivering(chat=chat) as room:
            await told(room, changed(samples.filled_order()))
            living = await room.owner.reads("체결 완료")
            assert len(room.owner.from_bot()) == 1
            assert "RSI(일봉) 48.20" in living["text"]
            assert "$1,234.56" in living["text"]


async def test_a_deleted_living_message_is_sent_again(delivering: Any) -> None:
    async with delivering() as room:
        await told(room, changed(samples.order()))
        [message] = await settled(room, 1)
        await room.app.bot.delete_message(room.owner.id, message["id"])
        await told(room, changed(samples.filled_order()))
        again = await room.owner.reads("체결 완료")
        assert again["id"] != message["id"]


async def test_repeats_are_folded_with_a_count_s95(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, samples.trouble())
        await told(room, samples.trouble(at=samples.NOW + timedelta(minutes=1)))
        await told(room, samples.trouble(at=samples.NOW + timedelta(minutes=2)), samples.trouble(key="other"))
        assert "🔁" not in "".join(texts(room))  # counted, and shown a little later: edits are rationed too
        await wall.advance(10)
        folded = await room.owner.reads("🔁 3회")
        messages = await settled(room, 2)
        assert len(messages) == 2
        assert folded["id"] == messages[0]["id"]


async def test_a_stream_that_flaps_is_one_message_kept_up_to_date(delivering: Any, wall: FakeClock) -> None:
    """The first drop and its end are told by themselves, as row S87 says; all that follow share one."""

    def news(drop: int) -> list[StreamState]:
        down, back = (samples.NOW + timedelta(seconds=10 * drop + seconds) for seconds in (0, 2))
        reason = made_up("끊겼습니다", "it dropped")
        return [
            StreamState(at=down, up=False, reason=reason, drops=drop),
            StreamState(at=back, up=True, reason=reason, since=down, drops=drop),
        ]

    async with delivering() as room:
        for drop in range(1, 12):
            for event in news(drop):
                await told(room, event)
                await wall.advance(2)
        await wall.advance(10)
        assert "11번째" in (await room.owner.reads("11번째"))["text"]
        first, back, flapping = await settled(room, 3)
        assert ("번째" in first["text"], "번째" in back["text"]) == (False, False)
        assert "연결됨" in flapping["text"]
        for event in news(1):  # it held for a while
            await told(room, replace(event, at=event.at + timedelta(minutes=30)))
        for event in news(2):
            await told(room, replace(event, at=event.at + timedelta(minutes=30)))
        assert len(await settled(room, 6)) == 6


async def test_trouble_sounds_again_after_an_hour_s95(delivering: Any) -> None:
    async with delivering() as room:
        await told(room, samples.trouble())
        await told(room, samples.trouble(at=samples.NOW + timedelta(minutes=59)))
        await told(room, samples.trouble(at=samples.NOW + timedelta(minutes=61)))
        await settled(room, 2)


async def test_a_blocked_signal_stays_one_message_while_it_repeats_s8(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        for minutes in range(0, 180, 30):
            await wall.advance(10)
            await told(room, samples.blocked(samples.NOW + timedelta(minutes=minutes)))
        await room.owner.reads("🔁 6회")
        assert len(room.owner.from_bot()) == 1


async def test_repeats_that_wait_together_are_told_once(delivering: Any) -> None:
    async with delivering() as room:
        await told(room, *(samples.trouble(at=samples.NOW + timedelta(seconds=number)) for number in range(40)))
        assert "🔁 40회" in (await room.owner.reads("시세를 받지"))["text"]
        assert len(room.owner.from_bot()) == 1


async def test_a_count_that_cannot_be_shown_is_shown_later(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, samples.trouble())
        await wall.advance(10)
        await room.owner.post("fault", kind="error", method="editMessageText", code=502, times=1)
        await told(room, samples.trouble(at=samples.NOW + timedelta(minutes=1)))
        await resting(wall)
        await wall.advance(10)
        await room.owner.reads("🔁 2회")


async def test_skipped_checks_are_folded_too(delivering: Any, wall: FakeClock) -> None:
    """A slow broker makes one each minute, with counts of their own."""
    async with delivering() as room:
        skipped = [
            Notable(at=samples.NOW, key="overrun", what=made_up(f"{n}회 건너뜀", f"{n} skipped")) for n in (1, 2)
        ]
        await told(room, skipped[0])
        await settled(room, 1)
        await told(room, skipped[1])
        await wall.advance(11)
        assert "2회 건너뜀" in (await room.owner.reads("🔁 2회"))["text"]
        assert len(room.owner.from_bot()) == 1


async def test_a_folded_message_that_was_deleted_is_told_anew(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, samples.trouble())
        [message] = await settled(room, 1)
        await room.app.bot.delete_message(room.owner.id, message["id"])
        await wall.advance(10)
        await told(room, samples.trouble(at=samples.NOW + timedelta(minutes=1)))
        assert (await room.owner.reads("🔁 2회"))["id"] != message["id"]


async def test_retry_after_is_obeyed(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await room.owner.post("fault", kind="error", method="sendMessage", retry_after=7)
        await room.outbox.add([note(1), note(2)])
        await resting(wall)
        assert wall.next_wake == samples.NOW + timedelta(seconds=7)
        await wall.advance(7)
        await settled(room, 2)
        assert "재전송" not in "".join(texts(room))


@pytest.mark.parametrize("code", [500, 502])
async def test_a_fault_of_the_server_loses_nothing(delivering: Any, wall: FakeClock, code: int) -> None:
    async with delivering() as room:
        await room.owner.post("fault", kind="error", method="sendMessage", code=code)
        await room.outbox.add([note(1), note(2)])
        await resting(wall)
        await wall.advance(1)
        messages = await settled(room, 2)
        assert ["소식 1" in messages[0]["text"], "소식 2" in messages[1]["text"]] == [True, True]


async def test_a_lost_answer_may_show_twice_and_is_marked(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await room.owner.post("fault", kind="timeout_after_send", method="sendMessage", seconds=0)
        await room.outbox.add([note(1), note(2)])
        await resting(wall)
        await wall.advance(1)
        messages = await settled(room, 3)
        assert ["재전송" in each["text"] for each in messages] == [False, True, False]
        assert ["소식 1" in each["text"] for each in messages] == [True, True, False]


async def test_a_send_that_was_cut_off_by_a_crash_is_marked(delivering: Any) -> None:
    async with delivering() as room:
        room.outbox.rows = []
        await room.outbox.add([])
        await told(room, note(0))
        await room.outbox.add([])
        before = len(room.outbox.rows)
        room.outbox.rows.append(
            replace(room.outbox.rows[0], id=900, event=note(9), sending_since=samples.NOW, attempts=1)
        )
        assert len(room.outbox.rows) == before + 1
        await told(room, note(10))
        nine = await room.owner.reads("소식 9")
        assert "재전송" in nine["text"]
        assert "재전송" not in (await room.owner.reads("소식 10"))["text"]


async def test_a_send_cut_off_by_a_crash_stays_marked_when_the_next_life_is_refused_first(
    delivering: Any, wall: FakeClock
) -> None:
    async with delivering() as room:
        await told(room, note(0))
        row = room.outbox.rows[0]
        await room.owner.post("fault", kind="error", method="sendMessage", code=429, retry_after=2, times=1)
        room.outbox.rows.append(replace(row, id=0, event=note(9), sending_since=samples.NOW, attempts=1))
        await room.outbox.add([note(10)])
        await resting(wall)
        await wall.advance(2)
        assert "재전송" in (await room.owner.reads("소식 9"))["text"]
        assert "재전송" not in (await room.owner.reads("소식 10"))["text"]


async def test_what_is_refused_is_told_in_plain_text(delivering: Any) -> None:
    async with delivering() as room:
        refusal = "Bad Request: ENTITIES_TOO_LONG"
        await room.owner.post("fault", kind="error", method="sendMessage", code=400, description=refusal)
        await told(room, note(1))
        message = await room.owner.reads("소식 1")
        assert message["entities"] == []


async def test_a_message_that_is_refused_for_good_does_not_hold_up_the_others(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await room.owner.post("fault", kind="error", method="sendMessage", code=400, containing="소식 1", times=99)
        await room.outbox.add([note(1), note(2)])
        await resting(wall)
        await wall.advance(1)
        messages = await settled(room, 2)
        assert "소식 2" in messages[0]["text"]
        assert "표시하지 못했습니다" in messages[1]["text"]
        await until(lambda: room.outbox.given_up == [1])


async def test_a_view_that_fails_is_told_as_such(delivering: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async with delivering() as room:
        monkeypatch.setattr(alerts, "_notable", lambda *_: 1 / 0)
        await told(room, note(1), samples.trouble())
        messages = await settled(room, 2)
        assert "표시하지 못했습니다" in messages[1]["text"]


async def test_a_blocked_bot_keeps_the_rows_and_tells_them_when_let_in_again(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        await room.owner.post("block")
        await room.outbox.add([note(1), note(2)])
        await resting(wall)
        assert room.outbox.done == {}
        assert room.outbox.given_up == []
        await room.owner.post("unblock")
        room.app.outbox_worker.nudge()  # the update that says so passes the allow-list, which nudges
        await settled(room, 2)


async def test_an_hour_of_outage_keeps_300_alerts_in_order_promise_5(delivering: Any, wall: FakeClock) -> None:
    """Nothing is lost or reordered, each is stamped late, and adding them never waited."""
    async with delivering() as room:
        await room.owner.post("fault", kind="error", method="sendMessage", code=502, seconds=3600)
        await room.outbox.add([note(number) for number in range(300)])
        for _ in range(4):
            await resting(wall)
            await wall.advance(30)
        await resting(wall)
        async with room.owner._http.delete(f"{room.chat.url}/user/fault"):
            pass
        room.market.set(samples.NOW + timedelta(hours=1))
        wall.set(samples.NOW + timedelta(hours=1))
        await room.owner.reads("소식 299.")
        assert room.outbox.idle.is_set()
        messages = texts(room)
        found = re.findall(r"소식 (\d+)\.", "".join(messages))
        assert found == [str(number) for number in range(300)]
        assert all("⏱ 60분 지연" in each for each in messages)
        assert len(messages) == 15  # short ones share a message, so that the chat is not flooded


async def test_late_ones_say_how_late_in_real_time_while_the_market_runs_fast(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        room.market.set(samples.NOW + timedelta(days=3))  # as in the demo: not the time of the world
        await room.owner.post("block")
        await room.outbox.add([note(1)])
        await resting(wall)
        await room.owner.post("unblock")
        wall.set(samples.NOW + timedelta(seconds=125))
        assert "⏱ 2분 지연" in (await room.owner.reads("소식 1"))["text"]


async def test_a_long_alert_is_split(delivering: Any) -> None:
    async with delivering() as room:
        long = Notable(at=samples.NOW, key="long", what=made_up("가나다라 " * 1500, "abc"))
        await told(room, long)
        messages = await settled(room, 2)
        assert all(len(each["text"]) <= 4096 for each in messages)


async def test_half_a_split_alert_is_not_told_twice(delivering: Any, wall: FakeClock) -> None:
    async with delivering() as room:
        calls = 0
        send = room.app.bot.send_message

        async def second_fails(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 1:
                await room.owner.post("fault", kind="error", method="sendMessage", retry_after=5, times=0)
            if calls == 2:
                await room.owner.post("fault", kind="error", method="sendMessage", retry_after=5)
            return await send(*args, **kwargs)

        room.app.bot.send_message = second_fails
        await room.outbox.add(
            [Notable(at=samples.NOW, key="long", what=made_up("\n".join(f"줄 {n}" for n in range(1500)), ""))]
        )
        await resting(wall)
        await wall.advance(5)
        messages = await settled(room, 3)
        lines = "\n".join(each["text"] for each in messages).splitlines()
        assert [each for each in lines if each.startswith("줄 ")] == [f"줄 {n}" for n in range(1, 1500)]
        assert len(messages) == 3


async def test_what_waits_is_drained_at_the_stop(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(polls=False, wall=wall) as room:
        await room.outbox.add([note(1), note(2)])
        assert await room.app.drain(5)
        await settled(room, 2)
        await room.owner.post("block")
        await room.outbox.add([note(3)])
        assert not await room.app.drain(5)


async def test_the_token_is_in_no_log_line_s26(
    delivering: Any, wall: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with delivering() as room:
        for kind, options in (
            ("error", {"code": 502}),
            ("timeout_before", {"seconds": 0}),
            ("garbage", {}),
            ("error", {"code": 401}),
        ):
            await room.owner.post("fault", kind=kind, method="sendMessage", **options)
            await room.outbox.add([note(1)])
            await resting(wall)
            await wall.advance(600)
        await room.chat.aclose()
        await room.outbox.add([note(2)])
        await resting(wall)
    assert room.chat.token not in caplog.text
