"""One panic as it is kept: what it was asked to sell and cancel, so that a restart can go on with it."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from strategy.model import Hitch, OrderNo, SaleEnd, Symbol


@dataclass(slots=True, kw_only=True)
class PanicJob:
    """What a confirmed panic is to do. Everything but `reasons`, `hitches` and `resumed` survives a restart."""

    run: str
    asked_by: int
    started_at: datetime  # aware UTC, market clock
    everything: bool  # every position of the account, else the tickers traded here
    shares: dict[Symbol, int]  # at the start; what turns up later is added
    orders: list[OrderNo]  # open at the start, own and by hand
    reasons: dict[Symbol, SaleEnd] = field(default_factory=dict)  # of tickers that are done with
    hitches: dict[Symbol, Hitch] = field(default_factory=dict)  # what held a sale up lately
    resumed: bool = False

    def dump(self) -> str:
        return json.dumps(
            {
                "run": self.run,
                "asked_by": self.asked_by,
                "started_at": self.started_at.isoformat(),
                "everything": self.everything,
                "shares": {str(symbol): qty for symbol, qty in self.shares.items()},
                "orders": [int(no) for no in self.orders],
            }
        )

    @classmethod
    def parse(cls, text: str) -> "PanicJob":
        """Read what `dump` wrote, as a job to be resumed."""
        fields = json.loads(text)
        shares: Counter[Symbol] = Counter()
        for name, qty in fields["shares"].items():
            if (symbol := Symbol.stored(name)).plain:
                shares[symbol] += qty
        return cls(
            run=fields["run"],
            asked_by=fields["asked_by"],
            started_at=datetime.fromisoformat(fields["started_at"]),
            everything=fields["everything"],
            shares=dict(shares),
            orders=[OrderNo(no) for no in fields["orders"]],
            resumed=True,
        )
