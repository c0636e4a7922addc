"""A change is told once to the person who made it in the chat that alerts go to, and to everybody else as ever."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.own_acts import OwnActs
from strategy.events import Event, ModeChanged
from strategy.modes import Mode, ModeState
from strategy.testing import FakeClock
from strategy.text import Language
from strategy.views import Outcome, OutcomeKind
from tests.bot import samples
from tests.bot.alert_rooms import told, until
from tests.bot.conftest import OpenRoom, Room

OWNER, OTHER, GROUP = samples.OWNER, 4242, -1001
PAUSED = samples.mode_changed(Mode.PAUSE_BUYS)
CHANGED = samples.setting_changed()


def tells(room: Room) -> None:
    """Have the core tell what it is asked to change before it answers, as the real one does."""
    set_mode, confirm = room.control.set_mode, room.control.confirm

    async def set_and_tell(*args: Any, **named: Any) -> ModeState:
        state = await set_mode(*args, **named)
        await room.outbox.add([ModeChanged(at=state.set_at, state=state, previous=None)])
        return state

    async def confirm_and_tell(ticket_id: str, user_id: int, *, typed: str = "") -> Outcome:
        result = await confirm(ticket_id, user_id, typed=typed)
        if result.kind is OutcomeKind.DONE:
            await room.outbox.add([samples.setting_changed(set_by=user_id)])
        return result

    room.control.set_mode = set_and_tell  # type: ignore[method-assign]
    room.control.confirm = confirm_and_tell  # type: ignore[method-assign]


@pytest.mark.parametrize(("language", "paused"), [("ko", "매수 멈춤"), ("en", "Buys paused")])
async def test_a_pause_by_the_owner_in_the_private_chat_is_told_once(
    open_room: OpenRoom, language: Language, paused: str
) -> None:
    async with open_room(delivers=True, language=language) as room:
        tells(room)
        answer = await room.owner.ask("/pause")
        assert paused in answer["text"]
        await until(room.outbox.idle.is_set)
        assert room.outbox.done == {1: None}
        await told(room, replace(PAUSED, at=samples.NOW - timedelta(seconds=1)))  # another change is told
        assert room.outbox.done[2] is not None


async def test_a_setting_changed_by_the_owner_in_the_private_chat_is_told_once(open_room: OpenRoom) -> None:
    async with open_room(delivers=True) as room:
        tells(room)
        preview = await room.owner.ask("/set RSI_OVERSOLD 45")
        done = await room.owner.does(preview, "45 적용")
        assert done["id"] == preview["id"]
        await until(room.outbox.idle.is_set)
        assert room.outbox.done == {1: None}


async def test_a_change_whose_answer_could_not_be_shown_is_told(open_room: OpenRoom) -> None:
    async with open_room(delivers=True) as room:
        tells(room)
        await room.owner.post("fault", kind="error", method="sendMessage", code=400)
        await room.owner.send("/pause")
        alert = await room.owner.reads("설정")
        assert "매수 멈춤" in alert["text"]
        await until(room.outbox.idle.is_set)
        assert room.outbox.done == {1: alert["id"]}


async def test_a_change_that_another_person_makes_in_their_own_chat_is_told_to_the_owner(open_room: OpenRoom) -> None:
    async with (
        open_room(delivers=True, telegram_allowed_user_ids=f"{OTHER}") as room,
        room.visitor(OTHER) as other,
    ):
        tells(room)
        await other.ask("/pause")
        alert = await room.owner.reads("매수 멈춤")
        assert str(OTHER) in alert["text"]
        assert room.outbox.done == {1: alert["id"]}


# which change belongs to which act


def acts_of(chat_id: int = OWNER) -> tuple[OwnActs, FakeClock]:
    clock = FakeClock(samples.NOW)
    return OwnActs(chat_id, clock), clock


def acted(acts: OwnActs, *, user: int = OWNER, chat: int = OWNER, answered: bool = True) -> None:
    with acts.during(user, chat) as act:
        act.answered = answered


@pytest.mark.parametrize("event", [PAUSED, CHANGED, samples.mode_changed(Mode.RUN)])
def test_what_the_owner_did_here_waits_for_its_answer_and_is_not_repeated(event: Event) -> None:
    acts, _ = acts_of()
    with acts.during(OWNER, OWNER) as act:
        assert acts.under_way(event)
        assert not acts.answered(event)
        act.answered = True
    assert not acts.under_way(event)
    assert acts.answered(event)


@pytest.mark.parametrize(
    "event",
    [
        samples.mode_changed(Mode.HALTED),
        samples.mode_changed(Mode.PAUSE_BUYS, state=samples.mode(Mode.PAUSE_BUYS, set_by=None)),
        samples.mode_changed(Mode.PAUSE_BUYS, state=samples.mode(Mode.PAUSE_BUYS, set_by=OTHER)),
        samples.mode_changed(Mode.PROTECT_ONLY, state=samples.mode(Mode.PROTECT_ONLY, reason="panic")),
        samples.setting_changed(set_by=None),
        samples.setting_changed(set_by=OTHER),
        samples.stop_finished(),
    ],
)
def test_what_is_no_plain_change_of_ones_own_is_told(event: Event) -> None:
    acts, _ = acts_of()
    with acts.during(OWNER, OWNER) as act:
        act.answered = True
        assert not acts.under_way(event)
    assert not acts.answered(event)


@pytest.mark.parametrize(("alerts_to", "chat"), [(GROUP, GROUP), (GROUP, OWNER), (OWNER, GROUP), (OWNER, OTHER)])
def test_a_change_made_in_or_told_to_another_chat_is_told(alerts_to: int, chat: int) -> None:
    acts, _ = acts_of(alerts_to)
    with acts.during(OWNER, chat) as act:
        act.answered = True
        assert not acts.under_way(CHANGED)
    assert not acts.answered(CHANGED)


def test_a_change_that_may_be_of_another_act_is_told() -> None:
    """Both acts were under way at the moment of the change: one of them was not answered here."""
    acts, _ = acts_of()
    acted(acts)
    acted(acts, chat=GROUP)
    assert not acts.answered(CHANGED)


def test_a_change_outside_the_time_of_an_act_is_told() -> None:
    acts, _ = acts_of()
    acted(acts)
    late = replace(PAUSED, at=samples.NOW + timedelta(seconds=1))
    assert not acts.answered(late)
    assert not acts.answered(replace(PAUSED, at=samples.NOW - timedelta(seconds=1)))


def test_an_act_that_fails_lets_its_change_be_told_and_wakes_the_delivery() -> None:
    acts, _ = acts_of()
    woken: list[bool] = []
    acts.listen(lambda: woken.append(True))
    with pytest.raises(RuntimeError), acts.during(OWNER, OWNER):
        raise RuntimeError
    assert woken == [True]
    assert not acts.under_way(CHANGED)
    assert not acts.answered(CHANGED)
