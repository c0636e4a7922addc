"""What every part of the fake core shares: tickets, and failing on demand."""

from dataclasses import dataclass, field

from strategy.model import Order, Text


@dataclass
class Made:
    """What a ticket of the fake stands for."""

    action: str
    user_id: int
    payload: object = None
    used: bool = False
    order: Order | None = None


@dataclass
class FakeBase:
    """Keeps tickets in memory; `error` makes the next calls fail, `refusals` every preview be refused."""

    tickets: dict[str, Made] = field(default_factory=dict)
    refusals: tuple[Text, ...] = ()
    error: Exception | None = None

    def _ticket(self, action: str, user_id: int, payload: object) -> str:
        ticket = f"ticket{len(self.tickets) + 1:04d}"
        self.tickets[ticket] = Made(action, user_id, payload)
        return ticket

    def _offered(self, action: str, user_id: int, payload: object) -> str | None:
        return None if self.refusals else self._ticket(action, user_id, payload)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
