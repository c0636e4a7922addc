"""Orders a person asks for: previewed, then placed by one press."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from strategy.control.order_checks import CheckedOrder, OrderChecks, same
from strategy.control.order_queries import ManualNote, joined, outcome_of
from strategy.execution.interface import OrderDesk
from strategy.model import (
    Amount,
    AmountKind,
    Clock,
    InvalidInput,
    OrderDenied,
    OrderPreview,
    OrderRequest,
    Origin,
    Outcome,
    OutcomeKind,
    Said,
    Side,
    Symbol,
    on_tick,
)
from strategy.risk.exposure import ExposureMeter
from strategy.risk.sizing import fee_estimate
from strategy.runtime.confirmations import Confirmations, Confirmed, changed

ORDER = "order"


class ManualOrders:
    """Places orders of a person; the caps ask twice, the guards do not give way."""

    def __init__(
        self,
        *,
        desk: OrderDesk,
        planner: OrderChecks,
        exposure_meter: ExposureMeter,
        presses: Confirmations,
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._checks = planner
        self._exposure_meter = exposure_meter
        self._confirmations = presses
        self._clock = clock
        presses.register(ORDER, self)

    async def preview(
        self, user_id: int, side: Side, symbol: Symbol, amount: Amount, price: Decimal | None
    ) -> OrderPreview:
        """Show what an order would do; raise InvalidInput for a price or amount that cannot be. The price is in
        dollars; None: the ask or the bid."""
        if price is not None and not on_tick(price):
            raise InvalidInput(
                "price is not on the tick",
                user_message=Said(ManualNote.OFF_TICK, price=price),
            )
        plan = await self._checks.plan(side, symbol, amount, price)
        ticket = None
        if not plan.refusals:
            payload: dict[str, Any] = {
                "symbol": str(symbol),
                "side": side.value,
                "qty": plan.qty,
                "price": str(plan.limit_price),
                "source": plan.price_source,
                "confirmed": [],
            }
            ticket = await self._confirmations.issue(ORDER, user_id, payload, plan.fingerprint)
        return self._show(plan, ticket.id if ticket else None, ticket.expires_at if ticket else None)

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Said | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Check everything again and place the order, or ask once more where it breaks a cap."""
        payload = press.payload
        symbol, side = Symbol.parse(payload["symbol"]), Side(payload["side"])
        price = Decimal(payload["price"])
        root = payload.get("root", press.ticket_id)
        async with self._exposure_meter.turn:
            shares = Amount(kind=AmountKind.SHARES, value=Decimal(payload["qty"]))
            plan = await self._checks.plan(side, symbol, shares, price)
            if not same(press.fingerprint, plan.fingerprint):
                return changed()
            if plan.refusals:
                return Outcome(kind=OutcomeKind.DENIED, text=joined(plan.refusals))
            broken = [refusal.cap for refusal in plan.caps]
            if not set(broken) <= set(payload["confirmed"]):
                again = {**payload, "confirmed": broken, "root": root}
                ticket = await self._confirmations.issue(ORDER, press.user_id, again, plan.fingerprint)
                return Outcome(
                    kind=OutcomeKind.SECOND_CONFIRM,
                    text=joined([_named(plan), *(refusal.said for refusal in plan.caps)]),
                    next_ticket=ticket.id,
                )
            return await self._place(plan, press.user_id, root)

    async def _place(self, plan: CheckedOrder, user_id: int, ticket: str) -> Outcome:
        request = OrderRequest(
            symbol=plan.symbol,
            side=plan.side,
            qty=plan.qty,
            limit_price=plan.limit_price,
            origin=Origin.MANUAL,
            created_at=self._clock.now(),
            asked_by=user_id,
            ticket=ticket,
        )
        try:
            order = await self._desk.place(request, cash_before=plan.cash, position=plan.position)
        except OrderDenied as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message)
        return replace(outcome_of(order), becomes=f"order:{order.no}")

    def _show(self, plan: CheckedOrder, ticket: str | None, expires_at: datetime | None) -> OrderPreview:
        settings = plan.settings
        cost = plan.limit_price * plan.qty
        fees = fee_estimate(plan.side, cost, settings.commission_pct, settings.sec_fee_pct)
        held = plan.position.qty if plan.position else 0
        buying = plan.side is Side.BUY
        profit = None
        if not buying and plan.position is not None:
            profit = cost - plan.position.average_cost * plan.qty - fees
        return OrderPreview(
            symbol=plan.symbol,
            side=plan.side,
            qty=plan.qty,
            limit_price=plan.limit_price,
            price_source=plan.price_source,
            last=plan.quote.last if plan.quote else None,
            cost=cost,
            fees=fees,
            cash_after=plan.power.cash - cost - fees if buying and plan.power else None,
            position_after=held + plan.qty if buying else held - plan.qty,
            expected_profit=profit,
            warnings=(*plan.warnings, *(refusal.said for refusal in plan.caps)),
            refusals=tuple(plan.refusals),
            needs_second_confirm=bool(plan.caps),
            ticket=ticket,
            expires_at=expires_at,
            caps=plan.used,
            fx_rate=plan.fx_rate,
        )


def _named(plan: CheckedOrder) -> Said:
    """Return which order is meant, since the question takes the place of its preview."""
    ticker, cost = plan.symbol.ticker, plan.limit_price * plan.qty
    side = Said(ManualNote.BUY) if plan.side is Side.BUY else Said(ManualNote.SELL)
    return Said(ManualNote.QUESTION, side=side, qty=plan.qty, ticker=ticker, price=plan.limit_price, cost=cost)
