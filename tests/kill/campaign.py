"""Kills the program again and again on the same data, and checks after each death and after each recovery.

A group is one trading day: one database, one simulated broker, one chat. Its lives follow one another, each killed at
its step or moment, until the last one is left to recover, is compared with the broker's books, and is asked to stop.
"""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from bot.i18n.terms import STATUS_ICONS
from tests.kill import verdict
from tests.kill.books import Stored, Truth, of_the_dead, of_the_living
from tests.kill.forks import Forks, Life, forking
from tests.kill.script import Script
from tests.kill.steps import NUMBERS, STEPS
from tests.kill.town import RESTLESS, town

GROUP = 20  # kills on one database
_STEP_LIMIT_S = 6.0  # real time a step may take to come; then the life ends as if at a random moment
_RECOVERY_S = 60.0
_MORE_DAYS = 3  # for steps that did not come in time: a loaded machine is slow
_MONEY = re.compile(r"\$([\d,]+\.\d\d)")
_ICONS = {str(status): icon for status, icon in STATUS_ICONS.items()}


@dataclass(frozen=True, slots=True)
class Kill:
    """How one life is to end: at the n-th time of a step, or (no step) at a moment after so many steps of any kind."""

    step: str | None
    occurrence: int = 1
    passed: int = 0
    after_s: float = 0.0

    def __str__(self) -> str:
        if self.step is None:
            return f"{self.after_s:.3f} s after {self.passed} steps"
        return f"step {NUMBERS[self.step]} {self.step} ({self.occurrence}.)"


@dataclass(slots=True)
class Figures:
    """What a run of the command found."""

    seed: int
    by_step: Counter[str] = field(default_factory=Counter)
    by_moment: int = 0
    missed: Counter[str] = field(default_factory=Counter)  # steps that did not come in time
    passed: Counter[str] = field(default_factory=Counter)
    groups: int = 0
    orders: int = 0
    by_hand: int = 0
    fills: int = 0
    duplicates: int = 0
    unowned: int = 0
    lost: int = 0
    stops: int = 0  # that fired
    ends: int = 0  # of stops, told
    alerts: int = 0
    delivered: int = 0
    repeated: int = 0
    equal: int = 0  # groups whose positions and cash were equal in the end
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        return self.by_step.total() + self.by_moment


def plan(times: int, seed: int) -> list[list[Kill]]:
    """Return the kills of each group: every step where there are enough of them, the rest at random moments."""
    chance = random.Random(f"plan {seed}")  # noqa: S311 - a plan, not a secret
    names = list(STEPS)
    wanted = round(times * 0.65)
    steps = [name for _ in range(wanted // len(names)) for name in names]
    steps += chance.sample(names, k=wanted - len(steps))
    kills = [Kill(step, occurrence=chance.choice((1, 1, 1, 2, 3))) for step in steps]
    kills += [_moment(chance) for _ in range(times - len(kills))]
    chance.shuffle(kills)
    return [kills[at : at + GROUP] for at in range(0, times, GROUP)]


def _moment(chance: random.Random) -> Kill:
    """Return a moment, often one at which the start is still under way; how far it comes depends on no machine."""
    passed = chance.randint(0, 12) if chance.random() < 0.4 else chance.randint(13, 120)
    return Kill(None, passed=passed, after_s=chance.uniform(0.0, 0.1) if passed else chance.uniform(0.0, 0.6))


async def run(directory: Path, *, times: int, seed: int, say: Callable[[str], None] = lambda _: None) -> Figures:
    """Kill so many times, and more often for steps that did not come; return what was found."""
    figures = Figures(seed)
    began = time.monotonic()
    groups = plan(times, seed)
    every_step = {kill.step for kills in groups for kill in kills} >= STEPS.keys()
    number = 0
    async with forking() as forks:
        while groups:
            try:
                await Group(forks, directory / f"group-{number}", seed, number, figures).run(groups.pop(0))
            except* Stop:
                pass  # what is wrong stands in the figures
            number += 1
            say(f"day {number}: {figures.kills} kills, {len(figures.faults)} faults, {len(groups)} days to go")
            if every_step and not groups and number < times // GROUP + _MORE_DAYS:
                groups = _still_to_come(figures)
    if every_step:
        figures.faults += [f"step {kill} never came" for kills in _still_to_come(figures) for kill in kills]
    figures.seconds = time.monotonic() - began
    return figures


def _still_to_come(figures: Figures) -> list[list[Kill]]:
    """Return a day for the steps at which nothing has died so far, none when there is no such step."""
    kills = [Kill(step) for step in STEPS if not figures.by_step[step]]
    return [kills] if kills else []


class Stop(Exception):
    """This group cannot go on: something is wrong already."""


class Group:
    """One database through its lives."""

    def __init__(self, forks: Forks, directory: Path, seed: int, number: int, figures: Figures) -> None:
        self._forks = forks
        self._directory = directory
        self._seed = seed * 1000 + number
        self._number = number
        self._figures = figures
        self._life_number = 0
        self._faults_in_force: list[str] = []

    async def run(self, kills: Sequence[Kill]) -> None:
        async with town(self._directory, seed=self._seed, slowness=self._forks.slowness) as here:
            self._town = here
            state = await here.state()
            self._held_before = {row["symbol"]: int(row["qty"]) for row in state["positions"]}
            self._cash_before = Decimal(state["cash"])
            self._script = Script(here, self._chance("script"))
            async with asyncio.TaskGroup() as watching:
                watcher = watching.create_task(here.person.watch())
                try:
                    for kill in kills:
                        await self._live_and_die(kill)
                    await self._live_on()
                finally:
                    watcher.cancel()
        self._figures.groups += 1

    # one life

    async def _live_and_die(self, kill: Kill) -> None:
        self._life_number += 1
        self._faults_in_force = await self._script.trouble()
        life = await self._begin(kill)
        try:
            async with asyncio.TaskGroup() as acting:
                script = acting.create_task(self._script.play(kill.step))
                died = await self._await_death(life, kill)
                script.cancel()
        finally:
            life.kill()
        code = await life.ended()
        self._count(life, kill, died=died, code=code)
        await self._town.listen()
        await self._judge_death(kill)

    async def _begin(self, kill: Kill | None) -> Life:
        (self._directory / "steps").unlink(missing_ok=True)
        step, occurrence = (kill.step, kill.occurrence) if kill is not None else (None, 1)
        return await self._forks.begin(self._directory, self._town.arguments, step=step, occurrence=occurrence)

    async def _await_death(self, life: Life, kill: Kill) -> bool:
        """Wait for the death at the step, or for the moment; return whether the life ended by itself."""
        limit_s = _STEP_LIMIT_S * self._forks.slowness
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._is_young(life, kill):  # noqa: ASYNC110 - of another process: nothing here to wait on
                    await asyncio.sleep(0.01)
                await life.ended(kill.after_s if kill.step is None else limit_s)
        return life.over

    def _is_young(self, life: Life, kill: Kill) -> bool:
        return kill.step is None and not life.over and _passed(self._directory).total() < kill.passed

    def _count(self, life: Life, kill: Kill, *, died: bool, code: int) -> None:
        figures = self._figures
        figures.passed.update(_passed(self._directory))
        if code != -9:
            self._blame(kill, f"ended by itself with {code}: {life.said()[-2000:]}")
            raise Stop
        if died and kill.step is not None:
            figures.by_step[kill.step] += 1
            return
        figures.by_moment += 1
        if kill.step is not None:
            figures.missed[kill.step] += 1

    async def _judge_death(self, kill: Kill) -> None:
        truth = Truth.of(await self._town.state())
        found = verdict.at_death(of_the_dead(self._town.database), truth)
        self._take(found)
        for fault in found.faults:
            self._blame(kill, fault)
        if found.faults:
            raise Stop

    # the last life

    async def _live_on(self) -> None:
        """Recover without faults and without the rule, compare everything, and stop in order."""
        here, figures = self._town, self._figures
        await here.clear_faults()
        self._life_number += 1
        life = await self._begin(None)
        try:
            found, stored, truth = await self._recovered(life)
            figures.orders += sum(not placed.by_hand for placed in truth.placed)
            figures.by_hand += sum(placed.by_hand for placed in truth.placed)
            figures.fills += sum(len(fills) for fills in stored.fills.values())
            faults = [*found.faults, *verdict.pace_of_signals(truth, stored, delay=_delay())]
            faults += await self._money(life)
            figures.equal += not faults
            life.ask_to_stop()
            code = await life.ended()
            if code != 0:
                faults.append(f"the stop ended with {code}: {life.said()[-2000:]}")
        finally:
            life.kill()
        await here.listen()
        screen = {message["id"]: message for message in await here.person.get("messages", after=0)}
        told = verdict.told(of_the_dead(here.database), here.sends, screen, icons=_ICONS)
        figures.alerts += told.expected
        figures.delivered += told.delivered
        figures.repeated += told.repeated
        self._take(found)
        for fault in (*faults, *told.faults):
            self._blame(None, fault)

    async def _recovered(self, life: Life) -> tuple[verdict.Verdict, Stored, Truth]:
        """Let the rule rest and wait until everything is equal; after the limit return what is not."""
        here = self._town
        deadline = time.monotonic() + _RECOVERY_S * self._forks.slowness
        asked_at = 0.0
        while True:
            await asyncio.sleep(0.2)  # another process is at work: there is no condition to wait on in this one
            async with here.simulator.still():
                truth = Truth.of(here.simulator.control.view(here.simulator.world.broker.main))
                stored = of_the_living(here.database)
            found = verdict.recovered(stored, truth, held_before=self._held_before, cash_before=self._cash_before)
            calm = stored.mode == "protect_only"
            if (calm and not found.faults) or life.over or time.monotonic() > deadline:
                if not calm:
                    found.blame(f"/stop was not carried out; the mode is {stored.mode}, life over: {life.over}")
                return found, stored, truth
            if not calm and time.monotonic() - asked_at > 2:
                asked_at = time.monotonic()
                await here.person.send("/stop")

    async def _money(self, life: Life) -> list[str]:
        """Compare the cash the program tells its owner with the broker's."""
        broker = self._town.simulator.world.broker
        for _ in range(5):
            with suppress(TimeoutError):
                message = await self._script.ask("/balance", lambda message: "현금 $" in (message["text"] or ""))
                shown = _MONEY.search(message["text"].partition("현금 ")[2])
                async with self._town.simulator.still():
                    cash = Decimal(self._town.simulator.control.view(broker.main)["cash"])
                if shown is not None and Decimal(shown[1].replace(",", "")) == cash:
                    return []
                told = shown[1] if shown is not None else message["text"]
            await asyncio.sleep(0.3)
        return [f"/balance tells {told} dollars, the broker {cash}"]

    # inside

    def _take(self, found: verdict.Verdict) -> None:
        self._figures.duplicates += found.duplicates
        self._figures.unowned += found.unowned
        self._figures.lost += found.lost
        self._figures.stops += found.stops
        self._figures.ends += found.ends

    def _blame(self, kill: Kill | None, text: str) -> None:
        how = "left to recover" if kill is None else f"killed {kill}"
        where = f"seed {self._figures.seed}, group {self._number}, life {self._life_number}, {how}"
        self._figures.faults.append(f"{where}, faults {self._faults_in_force}: {text}")

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self._seed} {name}")  # noqa: S311 - a script, not a secret


def _passed(directory: Path) -> Counter[str]:
    names = list(STEPS)
    with suppress(FileNotFoundError):
        return Counter(names[int(number) - 1] for number in (directory / "steps").read_text().split())
    return Counter()


def _delay() -> timedelta:
    return timedelta(minutes=int(RESTLESS["buy_delay_min"]))
