"""Whether an order of the rule may follow its price: permission and caps are asked again (D10, spec section 7)."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal

from strategy.model import Holdings, Order, Said, Side
from strategy.ports import Permits
from strategy.risk.exposure import ExposureMeter


class FollowingPermission:
    """Says of one order and one price why it may not go there."""

    def __init__(
        self,
        *,
        permissions: Permits,
        exposure_meter: ExposureMeter,
        holdings: Callable[[], Holdings | None],
        open_orders: Callable[[], Sequence[Order]],
    ) -> None:
        """`holdings` is the newest look at the account, `open_orders` all that are open, by hand included."""
        self._permissions = permissions
        self._exposure_meter = exposure_meter
        self._holdings = holdings
        self._open_orders = open_orders

    @asynccontextmanager
    async def step(self, order: Order, price: Decimal) -> AsyncIterator[Said | None]:
        """Yield why the order must end instead of moving to `price`, or None; raise StorageError.

        A dearer buy has the purse to itself until the block is left, so that no other order is sized beside it. The
        price is in dollars.
        """
        async with AsyncExitStack() as stack:
            if order.request.side is Side.BUY and price > order.limit_price:
                await stack.enter_async_context(self._exposure_meter.turn)
            yield await self._refused(order, price)

    async def _refused(self, order: Order, price: Decimal) -> Said | None:
        opened = self._open_orders()
        now = next((one for one in opened if one.no == order.no), None)  # it may have filled while we waited
        if now is None:
            return None  # it has ended, and is not asked to move
        broken = await self._exposure_meter.broken_by_change(now, now.open_qty, price, self._holdings(), opened)
        forbidden = self._permissions.may_amend(now, now.open_qty, price, by_rule=True)
        if forbidden is not None and forbidden.why.lasts:
            return forbidden.text
        return broken[0].said if broken else None
