"""Messages that are edited: panics and proposals, beside the orders; and that no edit holds up an alert."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from bot.ui.buttons import MarkSeen
from strategy.model import OrderNo, OrderStatus, Proposed, SaleEnd
from tests.bot.conftest import OpenRoom
from tests.fakes import samples
from tests.fakes.clock import FakeClock
from tests.support.alert_rooms import changed, in_order, kept_chat, note, rules, settled, told, until
from tests.support.person import labels


async def test_a_panic_edits_one_message_and_ends_in_a_new_one(delivering: OpenRoom) -> None:
    left = samples.panic_line(sold=4, reason=SaleEnd.SESSION_END)
    async with delivering() as room:
        await told(room, samples.panic())
        await told(room, samples.panic(cancels_left=0), samples.panic(lines=(samples.panic_line(sold=4),)))
        living = await room.owner.reads("4/10주 매도")
        await told(room, samples.panic(done=True, flat=False, lines=(left,)))
        first, end = await settled(room, 2)
        assert first["id"] == living["id"]
        assert "다 팔지 못했습니다" in end["text"]
        assert "남음 6주" in end["text"]
        assert not end["silent"]
        await room.owner.sees(lambda each: each["id"] == living["id"] and "다 팔지" in each["text"])
        assert any("확인" in label for label in labels(end))


async def test_a_panic_goes_on_in_its_message_after_a_restart(delivering: OpenRoom) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await told(room, samples.panic())
            await settled(room, 1)
        async with delivering(chat=chat) as room:
            await told(room, samples.panic(lines=(samples.panic_line(sold=7),)))
            await room.owner.reads("7/10주 매도")
            assert len(in_order(room)) == 1


async def test_a_proposal_waits_with_its_buttons_and_loses_them_at_its_end(delivering: OpenRoom) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await told(room, Proposed(at=samples.NOW, proposal=samples.proposal()))
            [card] = await settled(room, 1)
            assert labels(card)[:2] == ["✅ 승인", "✖️ 거절"]
            for part in ("매수 승인 요청: TQQQ", "10주", "$61.20", "$612.00", "RSI(일봉) 48.20", "(5분)", "0.5% 넘게"):
                assert part in card["text"]
            assert "DRIFT" not in card["text"]
        async with delivering(chat=chat) as room:
            await told(room, samples.closed_proposal("taken", order_no=OrderNo(12)))
            closed = await room.owner.reads("승인됨, 주문 #12")
            assert closed["id"] == card["id"]
            assert labels(closed) == ["🧾 주문 #12"]


async def test_a_proposal_that_is_over_before_it_could_be_told_is_told_once(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    async with delivering() as room:
        await room.owner.post("fault", kind="error", method="sendMessage", retry_after=300)
        await room.outbox.add([Proposed(at=samples.NOW, proposal=samples.proposal())])
        await until(lambda: wall.next_wake is not None)
        await room.outbox.add([note(1), samples.closed_proposal("expired")])
        await wall.advance(300)
        messages = await settled(room, 2)
        assert "시간 초과" in messages[0]["text"]
        assert "✅ 승인" not in labels(messages[0])
        assert "소식 1" in messages[1]["text"]


async def test_a_signal_alone_has_no_buttons_that_trade(delivering: OpenRoom) -> None:
    async with delivering() as room:
        await told(room, Proposed(at=samples.NOW, proposal=samples.proposal(ticket=None, expires_at=None)))
        [card] = await settled(room, 1)
        assert "매수 신호: TQQQ" in card["text"]
        assert labels(card) == ["🔎 왜?", "📈 TQQQ"]


async def test_a_fill_does_not_wait_for_a_slow_edit(delivering: OpenRoom) -> None:
    """Nor does a critical alert: edits go beside the sends."""
    part = samples.order(status=OrderStatus.PARTIALLY_FILLED, filled_qty=3, filled_amount=Decimal("183.57"))
    async with delivering() as room:
        await told(room, changed(samples.order(status=OrderStatus.SENT)))
        await settled(room, 1)
        await room.owner.post("fault", kind="slow", method="editMessageText", seconds=20, times=1)
        await room.outbox.add([changed(samples.order())])
        await until(lambda: bool(room.app.outbox_worker._edits.held))
        await room.outbox.add([changed(part, last_fill=samples.fill(3)), samples.stop_triggered()])
        await room.owner.reads("매수 체결: TQQQ 3/10")
        await room.owner.reads("손절: TQQQ")
        assert "부분" not in in_order(room)[0]["text"]  # the edit still hangs


async def test_while_blocked_a_living_message_skips_to_its_newest_state(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, changed(samples.order(status=OrderStatus.INTENDED)))
        await settled(room, 1)
        await room.owner.post("fault", kind="error", method="editMessageText", retry_after=30)
        await room.outbox.add([changed(samples.order(status=OrderStatus.SENT))])
        await until(lambda: wall.next_wake is not None)
        await room.outbox.add([changed(samples.order()), changed(samples.filled_order(), last_fill=samples.fill())])
        before = len(await room.owner.get("calls", method="editMessageText"))
        await wall.advance(30)
        await room.owner.reads("전량 체결")
        await room.owner.reads("체결 완료")
        async with room.owner._http.get(f"{room.chat.url}/user/calls", params={"method": "editMessageText"}) as answer:
            assert len(await answer.json()) - before <= 1
        assert room.outbox.idle.is_set()


async def test_an_edit_that_is_refused_for_good_holds_up_nothing(delivering: OpenRoom, wall: FakeClock) -> None:
    async with delivering() as room:
        await told(room, changed(samples.order(status=OrderStatus.SENT)))
        await room.owner.post("fault", kind="error", method="editMessageText", code=400, times=3)
        await room.outbox.add([changed(samples.order()), note(1)])
        await room.owner.reads("소식 1")
        await until(lambda: wall.next_wake is not None)
        while not room.outbox.idle.is_set():
            await wall.advance(30)
            await asyncio.sleep(0)


async def test_what_waits_for_an_edit_is_drained_at_the_stop(open_room: OpenRoom, wall: FakeClock) -> None:
    async with open_room(polls=False, wall=wall) as room:
        room.control.rules = rules()
        await room.outbox.add([changed(samples.order(status=OrderStatus.SENT)), samples.trouble()])
        assert await room.app.drain(5)
        at = samples.NOW + timedelta(minutes=1)
        await room.outbox.add([changed(samples.filled_order()), samples.trouble(at=at)])
        assert await room.app.drain(5)
        await room.owner.reads("체결 완료")
        assert "🔁 2회" in (await room.owner.reads("시세를 받지"))["text"]


async def test_counts_go_on_after_a_restart(delivering: OpenRoom, wall: FakeClock) -> None:
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await told(room, *(samples.trouble(at=samples.NOW + timedelta(seconds=n)) for n in range(3)))
            await room.owner.reads("🔁 3회")
        wall.set(samples.NOW + timedelta(minutes=2))
        async with delivering(chat=chat) as room:
            await told(room, samples.trouble(at=samples.NOW + timedelta(minutes=2)))
            again = await room.owner.reads("🔁 4회")
            assert len(in_order(room)) == 1
            newest = room.outbox.rows[-1].id
            assert again["reply_markup"]["inline_keyboard"][-1][0]["callback_data"] == MarkSeen(row=newest).pack()


async def test_an_edit_a_restart_has_cut_off_puts_no_message_back_to_an_older_state(
    delivering: OpenRoom, wall: FakeClock
) -> None:
    """A refusal has its own new message; the edit of the one before it was never done, and is not done in the new."""
    refused = samples.order(status=OrderStatus.REJECTED)
    async with kept_chat() as chat:
        async with delivering(chat=chat) as room:
            await told(room, changed(samples.order(status=OrderStatus.SENT)))
            await room.owner.post("fault", kind="error", method="editMessageText", code=500, times=1)
            await room.outbox.add([changed(samples.order())])
            await until(lambda: wall.next_wake is not None)
            await room.outbox.add([changed(refused)])
            await room.owner.reads("거부")
            await until(lambda: len(in_order(room)) == 1)
            assert not room.outbox.idle.is_set()
        async with delivering(chat=chat) as room:
            await asyncio.wait_for(room.outbox.idle.wait(), 30)
            now = await room.owner.get("messages", after=0)
            assert ["거부" in each["text"] for each in now if not each.get("deleted")] == [True]
