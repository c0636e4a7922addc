"""The shares the bot bought itself, and what it paid: one average, as the broker keeps one for the account.
See decision 0127."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from strategy.model import Side
from strategy.ports import Notes


@dataclass(frozen=True, slots=True)
class Lots:
    """Shares, and what all of them cost together in dollars."""

    qty: int = 0
    cost: Decimal = Decimal(0)

    @property
    def average_cost(self) -> Decimal:
        """Dollars a share; there must be one."""
        return self.cost / self.qty

    def traded(self, side: Side, qty: int, amount: Decimal) -> "Lots":
        """Return the lots after a fill of ours: bought at its own price, sold at the average. Whole shares, dollars."""
        return Lots(self.qty + qty, self.cost + amount) if side is Side.BUY else self.limited(self.qty - qty)

    def limited(self, most: int) -> "Lots":
        """Return the lots with no more shares than that: the others are gone at the average cost."""
        if most >= self.qty:
            return self
        return Lots(most, self.cost * most / self.qty) if most > 0 else Lots()

    def split(self, before: int, now: int) -> "Lots":
        """Return the lots after a split that made `now` shares of `before`; what they cost stays."""
        return Lots(self.qty * now // before, self.cost) if before > 0 and self.qty * now >= before else Lots()


class SharesTraded(NamedTuple):
    """A fill of the account. Whole shares, dollars."""

    at: datetime
    ours: bool
    side: Side
    qty: int
    amount: Decimal


class Split(NamedTuple):
    """What a split made of the whole position."""

    at: datetime
    before: int
    now: int


def replayed(fills: Sequence[SharesTraded], splits: Sequence[Split] = (), *, held: int | None = None) -> Lots:
    """Return the lots after these fills and splits.

    `held` are the shares the account holds after all of them: with it, what was sold by hand was sold of the owner's
    own shares as long as there were any, and of the lots after that.
    """
    steps: list[SharesTraded | Split] = [*fills, *splits]
    steps.sort(key=lambda step: step.at)
    owners = None if held is None else max(_owners_at_first(steps, held), Decimal(0))
    lots = Lots()
    for step in steps:
        if isinstance(step, Split):
            lots = lots.split(step.before, step.now)
            owners = None if owners is None else owners * step.now / step.before
        elif step.ours:
            lots = lots.traded(step.side, step.qty, step.amount)
        elif owners is not None:
            owners += step.qty if step.side is Side.BUY else -step.qty
            if owners < 0:
                lots, owners = lots.limited(lots.qty + int(owners)), Decimal(0)
    return lots


async def keep_split(notes: Notes, ticker: str, split: Split) -> None:
    """Put a split on record: the fills of before it count other shares."""
    known = await kept_splits(notes, ticker)
    rows = [[one.at.isoformat(), one.before, one.now] for one in (*known, split)]
    await notes.put(_note(ticker), json.dumps(rows))


async def kept_splits(notes: Notes, ticker: str) -> Sequence[Split]:
    """Return the splits on record, oldest first."""
    rows = json.loads(await notes.get(_note(ticker)) or "[]")
    return [Split(datetime.fromisoformat(at), before, now) for at, before, now in rows]


def _note(ticker: str) -> str:
    return f"splits:{ticker}"


def _owners_at_first(steps: Sequence[SharesTraded | Split], held: int) -> Decimal:
    """Return what was held before the first step, going back from what is held now."""
    shares = Decimal(held)
    for step in reversed(steps):
        if isinstance(step, Split):
            shares = shares * step.before / step.now
        else:
            shares -= step.qty if step.side is Side.BUY else -step.qty
    return shares
