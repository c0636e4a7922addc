"""One panic at work: what it was asked to sell and cancel, and how far it has come."""

from dataclasses import dataclass, field
from datetime import datetime

from strategy.model import Hitch, OrderNo, PanicRecord, SaleEnd, Symbol


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

    def record(self) -> PanicRecord:
        """Return it as it is stored."""
        return PanicRecord(
            run=self.run,
            asked_by=self.asked_by,
            started_at=self.started_at,
            everything=self.everything,
            shares=dict(self.shares),
            orders=tuple(self.orders),
        )

    @classmethod
    def resume(cls, record: PanicRecord) -> "PanicJob":
        """Take up one that a restart has cut off."""
        return cls(
            run=record.run,
            asked_by=record.asked_by,
            started_at=record.started_at,
            everything=record.everything,
            shares=dict(record.shares),
            orders=list(record.orders),
            resumed=True,
        )
