"""The made-up trading day that the product ships for its demo."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Final

from kis.simulator.market.calendar import new_york
from kis.simulator.options import Holding

DATA: Final = Path(__file__).parent / "data"
DEMO_DAY: Final = date(2026, 11, 18)


@dataclass(frozen=True, slots=True)
class Demo:
    """What to replay, from when on, with what in the account."""

    path: Path
    start: datetime  # aware, UTC: twenty seconds before the open
    session: date  # New York's
    holdings: tuple[Holding, ...]


def demo() -> Demo:
    """Return the shipped day: TQQQ is worth buying at its open, O, held from before, worth selling soon after."""
    return Demo(
        path=DATA,
        start=new_york(DEMO_DAY, time(9, 29, 40)).astimezone(UTC),
        session=DEMO_DAY,
        holdings=(Holding(symbol="O", qty=40, average=Decimal("56.40")),),
    )
