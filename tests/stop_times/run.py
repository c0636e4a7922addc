"""Plays a scene with one checkout and takes the time, in market seconds, by the simulated broker's own books."""

import asyncio
import shutil
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.stop_times.scenes import QTY, Scene
from tests.stop_times.stage import Ended, Stage, stage

DEEPEST = Decimal("0.93")  # of the market: a price below it was deepened though nobody could trade
_PLAY_S = 300.0  # real seconds a whole scene may take


@dataclass(frozen=True, slots=True)
class Took:
    """How a scene ended."""

    seconds: float | None  # from the first price that counts until all was sold; None: it never was
    remark: str = ""  # what else was seen
    asked: bool = True  # whether it was to sell at all
    wrong: bool = False  # something was sold that must not be, or the program ended

    def __str__(self) -> str:
        if self.wrong:
            return self.remark.strip("()")
        if not self.asked:
            return self.remark
        time = "never" if self.seconds is None else f"{self.seconds:.1f}"
        return f"{time} {self.remark}".strip()

    def within(self, limit_s: float) -> bool:
        return not self.wrong and self.seconds is not None and self.seconds <= limit_s


async def play(scene: Scene, checkout: Path, directory: Path) -> Took:
    """Play a scene; its directory stays when it went wrong."""
    try:
        async with asyncio.timeout(_PLAY_S), _stage(scene, checkout, directory) as here:
            here.broken, here.own_clock = scene.broken, scene.own_clock
            took = await _played(scene, here)
    except* Ended as ended:
        took = Took(None, str(ended.exceptions[0]), wrong=True)
    except* TimeoutError:
        took = Took(None, "stuck", wrong=True)
    if took.within(scene.limit_s):
        shutil.rmtree(directory, ignore_errors=True)
    return took


def _stage(scene: Scene, checkout: Path, directory: Path) -> AbstractAsyncContextManager[Stage]:
    return stage(
        checkout, directory, options=scene.options, trading=scene.trading, kis=scene.kis, symbol=scene.symbol,
        price=scene.price, qty=QTY,
    )  # fmt: skip


async def _played(scene: Scene, here: Stage) -> Took:
    await scene.before(here)
    await here.begin()
    held = here.held()
    await here.pace(scene.speed)
    await scene.trick(here)
    sold = held - here.held() if scene.sells_only_after_fall else 0
    if sold > 0:
        return Took(None, f"sold {sold} for nothing", wrong=True)
    if scene.must_keep:
        sold = held - here.held()
        return Took(None, f"sold {sold} for nothing", wrong=True) if sold else Took(0.0, "all kept", asked=False)
    await scene.at_fall(here)
    began = here.simulator.world.now_ms

    def flat() -> bool:
        return here.held() <= scene.keeps

    done = await here.pass_time(3 * scene.limit_s, until=flat)
    if not done:
        await here.pace(scene.later_speed)
        done = await here.pass_time(scene.given_up_s - 3 * scene.limit_s, until=flat)
    if not done and scene.told and scene.told in here.screen():
        return Took(0.0, "told why not", asked=False)
    wrong = _cheapest(here) < here.price * DEEPEST
    return Took(_seconds(here, began) if done else None, _remark(here, held, scene), wrong=wrong)


def _seconds(here: Stage, began_ms: int) -> float:
    sold = [fill.at_ms for fill in here.simulator.world.broker.main.fills if fill.side == "sell"]
    return max(0.0, (max(sold, default=began_ms) - began_ms) / 1000)


def _cheapest(here: Stage) -> Decimal:
    """Return the lowest price asked of the venue."""
    prices = [Decimal(order.price) / 10_000 for order in here.sells() if order.price]
    return min(prices, default=here.price)


def _remark(here: Stage, held: int, scene: Scene) -> str:
    """Tell of more than one order, and of a price far below the market."""
    sells = here.sells()
    sold = held - here.held()
    parts = []
    if sold < held - scene.keeps:
        parts.append(f"{sold} of {held - scene.keeps} sold")
    if len(sells) > 1:
        parts.append(f"{len(sells)} orders")
    if _cheapest(here) < here.price * DEEPEST:
        parts.append(f"down to {_cheapest(here):.2f}")
    return f"({', '.join(parts)})" if parts else ""
