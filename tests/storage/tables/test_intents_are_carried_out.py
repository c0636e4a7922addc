"""Nothing the program asks for leads to an intent whose rows break a constraint."""

import asyncio
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Storage, open_storage
from strategy.model import InvalidOrder, Order, OrderStatus, Origin, Side, StorageError, TickerLock
from tests.fakes.stored_samples import TQQQ, O, at, broker_order, decision, notable, order_changed, request, unnumbered
from tests.storage.tables.test_order_intents import INTENTS, on_disk, power_cut

texts = st.one_of(st.sampled_from("ab"), st.text(max_size=4))
wide = st.one_of(st.integers(0, 9), st.sampled_from([2**31, 2**63 - 1, 2**63, 2**70, -(2**63), -(2**70)]))


@dataclass(frozen=True)
class Step:
    """Something the program asks for; the rows that are owed are written before, or are not, as `looks` has it."""

    kind: str
    symbol: object
    number: int
    text: str
    qty: int
    price: Decimal
    looks: bool


steps = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(("stop", "ticket") * 3 + ("plain", "decided", "asked", "decision", "hand", "release")),
        symbol=st.sampled_from([TQQQ, O]),
        number=wide,
        text=texts,
        qty=st.one_of(st.integers(1, 20), st.sampled_from([2**63 - 1, 2**63])),
        price=st.decimals("0.0001", "1e9", allow_nan=False, allow_infinity=False),
        looks=st.booleans(),
    ),
    max_size=12,
)


async def decide(storage: Storage, step: Step) -> int:
    """Store a decision with the lock it puts on its ticker; return its number."""
    lock = TickerLock(
        symbol=step.symbol,  # type: ignore[arg-type]
        reason=step.text,
        locked_at=at(),
        until=at() + timedelta(days=1) if step.qty % 2 else None,
        blocks_stop=bool(step.number % 2),
    )
    made = decision(symbol=step.symbol, settings={"RSI_OVERSOLD": step.text})
    return (await storage.decisions.add(made, [notable(step.text)], lock=lock)).id


async def ask(storage: Storage, step: Step) -> Order | None:
    number = await decide(storage, step) if step.kind in ("stop", "decision") else step.number
    if step.kind == "decision":
        return None
    asked = request(
        symbol=step.symbol,
        qty=step.qty,
        side=Side.SELL if step.number % 2 else Side.BUY,
        limit_price=step.price,
        origin=Origin.STOP_LOSS if step.kind == "stop" else Origin.MANUAL,
        decision_id=number if step.kind in ("stop", "decided") else None,
        ticket=step.text if step.kind == "ticket" else None,
        asked_by=step.number if step.kind == "asked" else None,
    )
    if step.kind == "hand":
        await storage.orders.add_external(broker_order(venue_no=str(step.number), replaced=()), at(1))
        return None
    if step.kind == "release":
        await storage.modes.release(step.symbol, 7, at(1))  # type: ignore[arg-type]
        return None
    told = (order_changed(unnumbered(asked)), notable(step.text))
    return await storage.orders.send(asked, at(1), events=told)


@settings(max_examples=25)
@given(steps)
def test_the_rows_of_every_intent_follow_promise_1(asked: list[Step]) -> None:
    """What cannot be stored is refused before an order leaves; after a power cut every order that left is there."""

    async def run(folder: Path) -> None:
        sent: list[Order] = []
        async with open_storage(folder / "data") as storage:
            for step in asked:
                with suppress(StorageError, InvalidOrder):
                    if (order := await ask(storage, step)) is not None:
                        sent.append(order)
                if step.looks:
                    await storage.orders.recent(1)
                    assert on_disk(folder / "data", INTENTS) == []
            copy = power_cut(folder / "data", folder / "copy")
        for place in (folder / "data", copy):
            async with open_storage(place) as storage:
                assert on_disk(place, INTENTS) == []
                assert [order for order in await storage.orders.open() if order.status is OrderStatus.SENT] == sent

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder)))
