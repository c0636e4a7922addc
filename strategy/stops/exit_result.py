"""What the selling of a stop or a panic came to."""

from dataclasses import dataclass
from decimal import Decimal

from strategy.model import OrderNo, Said, SaleEnd

MAX_REJECTS = 3  # refused orders that end a run


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitResult:
    """What one run of the ladder came to. Sold and left are whole shares."""

    orders: tuple[OrderNo, ...]
    sold: int
    left: int
    amount: Decimal  # dollars
    reason: SaleEnd
    refusal: Said | None = None  # why the broker refused the newest of its orders that were refused
    refused: int = 0  # how many were

    @property
    def average_price(self) -> Decimal | None:
        """Return the average price in dollars of what was sold; None of nothing."""
        return self.amount / self.sold if self.sold else None


def refusals_borne(attempt: int) -> int:
    """Return how many refused orders end a run: a retry sends one, because deeper prices were refused before."""
    return MAX_REJECTS if attempt == 1 else 1
