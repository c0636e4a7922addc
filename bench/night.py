"""How often a night rings: `python -m bench.night`: the demo's whole day, and what of it made a sound in the chat.

The whole program beside a simulated KIS and a local chat, on stepped market time: the demo's own settings with two
modelled tickers beside its three, and nobody who presses anything. What is counted stands in the chat, as its person
sees it: a message the program sent by itself, and whether it came with a sound. A message that was taken away counts.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiohttp import ClientSession

import main
from bot.localchat import LocalChat
from kis.simulator.demo import demo
from kis.simulator.server import Simulator
from strategy.model import Environment, EventRow, OrderChanged
from tests.fakes.clock import FakeClock
from tests.scenarios.stepping import DatabaseCalls, Stepper, until_idle

BESIDE = ("NASDAQ:NVDA", "NASDAQ:AAPL")  # modelled: the demo's day has three
UNTIL = timedelta(hours=7, minutes=5)  # after the start, 20 s before the open: past the summary at 16:30
KEYS = ("K" * 36, "Q" * 36)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldMessage:
    """One message that the program sent by itself."""

    kind: str
    sounding: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """A running demo with the handles to step through its day."""

    program: main.Program
    chat: LocalChat
    stepper: Stepper
    calls: DatabaseCalls
    http: ClientSession

    async def told(self) -> list[ToldMessage]:
        """Return what came by itself, oldest first; answers to what the owner said are left out."""
        async with self.http.get(f"{self.chat.url}/user/messages", params={"after": 0}) as response:
            messages: list[dict[str, Any]] = await response.json()
        rows = await self.program.storage.outbox.told_between(
            datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        )
        kinds = kinds_by_message(rows)
        answered = {each["id"] for each in messages if each["from"]["id"] == self.chat.owner_id}
        return [
            ToldMessage(
                kind=kinds.get(each["id"]) or ("fill" if each["reply_to"] else "dashboard or answer"),
                sounding=not each["silent"],
                text=each["text"].partition("\n")[0],
            )
            for each in messages
            if each["id"] not in answered and not each.get("service")
        ]


def kinds_by_message(rows: Sequence[EventRow]) -> dict[int, str]:
    """Return what each message was sent for: the oldest row it tells."""
    kinds: dict[int, str] = {}
    for row in rows:
        if row.message_id is not None:
            kinds.setdefault(row.message_id, kind_of(row))
    return kinds


def kind_of(row: EventRow) -> str:
    event = row.event
    if isinstance(event, OrderChanged):
        return f"order of {event.order.request.origin}"
    key = getattr(event, "key", None)
    return event.kind if key is None else f"{event.kind} {key}"


@asynccontextmanager
async def night(directory: Path, *, seed: int) -> AsyncIterator[Night]:
    """Start the demo, idle twenty seconds before its open."""
    arguments = argparse.Namespace(replay=None, speed=0, seed=seed)
    simulator, symbols = main.simulated_market(arguments, *KEYS)
    calls, clock = DatabaseCalls(), FakeClock(demo().start)
    async with AsyncExitStack() as stack:
        stack.enter_context(calls.counted())
        await simulator.start(0)
        stack.push_async_callback(simulator.aclose)
        chat = LocalChat(rates=None)
        await chat.start(0)
        stack.push_async_callback(chat.aclose)
        http = await stack.enter_async_context(ClientSession())
        settings = main.demo_settings(simulator, chat, directory, KEYS, (*symbols, *BESIDE))
        program = await main.assemble(
            stack, settings, environment=Environment.DEMO, clock=clock, database_dir=directory
        )
        stop = asyncio.Event()
        await program.core.load()
        due = next_due(simulator)
        stepper = Stepper(clock, market_due=due, market_advance=simulator.advance_to, calls=calls)
        async with asyncio.TaskGroup() as group:
            group.create_task(main.serve(program, stop), name="program")
            async with http.post(f"{chat.url}/user/send", json={"text": "/start"}) as response:
                response.raise_for_status()
            await until_idle(calls)
            try:
                yield Night(program=program, chat=chat, stepper=stepper, calls=calls, http=http)
            finally:
                stop.set()


def next_due(simulator: Simulator) -> Callable[[], datetime | None]:
    """Return what tells when the simulated market has something to do next."""

    def due() -> datetime | None:
        world = simulator.world
        moments = [ms for ms in (world.next_ms(), world.stream.next_beat_ms()) if ms is not None]
        return datetime.fromtimestamp(min(moments) / 1000, UTC) if moments else None

    return due


async def whole_day(directory: Path, *, seed: int = 1, lasting: timedelta = UNTIL) -> list[ToldMessage]:
    """Live through the demo's day and return what the chat was told by itself."""
    async with night(directory, seed=seed) as running:
        await running.stepper.run_until(demo().start + lasting)
        while await running.program.storage.outbox.pending(1):
            await until_idle(running.calls)
        return await running.told()


def table(told: Sequence[ToldMessage]) -> str:
    """Return how many messages came, how many of them with a sound, per kind and in total."""
    messages = Counter(each.kind for each in told)
    sounding = Counter(each.kind for each in told if each.sounding)
    lines = [f"{'':44}{'messages':>9}{'sounding':>9}"]
    lines += [f"{kind:44}{count:>9}{sounding[kind]:>9}" for kind, count in messages.most_common()]
    lines.append(f"{'together':44}{len(told):>9}{sum(sounding.values()):>9}")
    return "\n".join(lines)


def run() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.night", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="another seed, other trades within the bars (1)")
    parser.add_argument("--list", action="store_true", help="print every message's first line, too")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="night-") as folder:
        told = asyncio.run(whole_day(Path(folder), seed=arguments.seed))
    if arguments.list:
        for each in told:
            print(f"{'🔔' if each.sounding else '  '} {each.kind:36} {each.text}")
    print(table(told))


if __name__ == "__main__":
    run()
