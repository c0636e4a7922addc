"""The table of taps in `docs/taps.md`, pressed: each of the ten most frequent jobs is done by those buttons alone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from strategy.model import Mode, Side
from tests.bot.conftest import Room
from tests.fakes.chat_core_state import Made
from tests.support.person import Json

TABLE = Path(__file__).parents[3] / "docs" / "taps.md"


class Job(NamedTuple):
    """A row of the table."""

    name: str
    taps: int
    ko: tuple[str, ...]
    en: tuple[str, ...]


def jobs() -> list[Job]:
    rows = [line.strip("|").split("|") for line in TABLE.read_text("utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows[2:]]
    return [Job(name, int(taps), _path(ko), _path(en)) for name, _, taps, ko, en, _ in cells]


def _path(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(" → "))


def _shows(*words: str) -> Callable[[Room, Json], bool]:
    return lambda _, shown: all(re.search(word, shown["text"]) for word in words)


def _placed(side: Side, qty: int) -> Callable[[Room, Json], bool]:
    def done(room: Room, _: Json) -> bool:
        return [(each.request.side, each.request.qty) for each in room.control.placed] == [(side, qty)]

    return done


def _paused(room: Room, _: Json) -> bool:
    newest, now = room.control.modes[-1], room.market.now()
    return newest.mode is Mode.PAUSE_BUYS and newest.until is not None and (newest.until - now).total_seconds() <= 1800


DONE: dict[str, Callable[[Room, Json], bool]] = {
    "see how everything stands": _shows("TQQQ", "XLF"),
    "see what is held": _shows("TQQQ", r"\$"),
    "see a price": _shows("NASDAQ:TQQQ", r"\$61\.20"),
    "see why it traded or did not": _shows("TQQQ", "RSI"),
    "buy one share": _placed(Side.BUY, 1),
    "sell half of a position": _placed(Side.SELL, 3),  # the fake core's answer to any percentage
    "cancel an order": lambda room, _: any(made.action == "cancel" and made.used for made in _tickets(room)),
    "pause buys for 30 minutes": _paused,
    "cancel and sell everything": lambda room, _: len(room.control.panics) == 1,
    "change a setting by a step": lambda room, _: room.control.settings["RSI_OVERSOLD"].value != "50",
}


def _tickets(room: Room) -> list[Made]:
    return list(room.control.tickets.values())


def test_ten_jobs_stand_in_the_table_and_their_taps_are_counted() -> None:
    assert [job.name for job in jobs()] == list(DONE)
    for job in jobs():
        assert len(job.ko) == len(job.en) == job.taps, job.name


@pytest.mark.parametrize("urgent", ["pause buys for 30 minutes", "cancel and sell everything"])
def test_what_is_urgent_is_two_taps_from_home(urgent: str) -> None:
    assert next(job for job in jobs() if job.name == urgent).taps == 2


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.name)
async def test_the_job_is_done_by_these_taps_and_no_more(room: Room, job: Job, language: str) -> None:
    await room.owner.ask(f"/lang {language}")
    shown = await room.owner.ask("/start")
    path = job.ko if language == "ko" else job.en
    for number, label in enumerate(path, start=1):
        if number == len(path) and "see" not in job.name:
            assert not DONE[job.name](room, shown), "done a tap earlier"
        shown = await room.owner.does(shown, _button(shown, label))
    assert DONE[job.name](room, shown), shown["text"]


def _button(shown: Json, label: str) -> str:
    """Return the button that begins so."""
    texts = [each["text"] for row in shown["reply_markup"]["inline_keyboard"] for each in row]
    found = [text for text in texts if text.startswith(label)]
    assert found, f"{label} is none of {texts}"
    return str(found[0])
