"""The fake core's orders: previews and outcomes from memory, in the shapes of the real ones."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from strategy.control.amend_orders import Amends
from strategy.control.cancel_orders import Cancels
from strategy.control.external_orders import ExternalOrders
from strategy.control.manual_orders import ManualOrders
from strategy.control.order_queries import OrderQueries
from strategy.control.panic import PanicPress
from strategy.control.proposals import ApprovalPress
from strategy.control.unknown_orders import UnknownOrders
from strategy.model import (
    AmendPreview,
    Amount,
    AmountKind,
    CancelPreview,
    HandChoice,
    OrderNo,
    OrderPreview,
    OrderStatus,
    OrdersView,
    OrderView,
    Origin,
    Outcome,
    OutcomeKind,
    PanicPreview,
    Proposal,
    SettleChoice,
    SettlePreview,
    Side,
    Symbol,
)
from tests.fakes import result_samples, samples
from tests.fakes.chat_core_state import FakeCoreState
from tests.support.words import made_up


class OfCore:
    """A service of the fake core: its type is the real one's, of which not one method that is asked for runs."""

    def __init__(self, core: FakeCoreState) -> None:
        self.core = core


class FakeQueries(OfCore, OrderQueries):
    async def list(self, *, recent: int = 10) -> OrdersView:
        self.core.fail()
        return OrdersView(
            open=tuple(each for each in self.core.orders_ if not each.status.closed),
            recent=tuple(each for each in self.core.orders_ if each.status.closed)[:recent],
        )

    async def order(self, no: OrderNo) -> OrderView:
        return samples.order_view(self.core.order(no))

    async def check_now(self, no: OrderNo) -> OrderView:
        await self.core.broker_answers()
        self.core.checked.append(no)
        return await self.order(no)


class FakeManual(OfCore, ManualOrders):
    async def preview(
        self, user_id: int, side: Side, symbol: Symbol, amount: Amount, price: Decimal | None
    ) -> OrderPreview:
        self.core.fail()
        qty = int(amount.value or 1) if amount.kind is AmountKind.SHARES else 3
        limit = price or Decimal("61.20")
        made = samples.order(
            100 + len(self.core.tickets), OrderStatus.SENT, side=side, symbol=symbol, qty=qty, origin=Origin.MANUAL
        )
        ticket = None if self.core.refusals else self.core.ticket("order", user_id, made)
        return OrderPreview(
            symbol=symbol,
            side=side,
            qty=qty,
            limit_price=limit,
            price_source="typed" if price else "ask",
            last=Decimal("61.20"),
            cost=limit * qty,
            fees=Decimal("0.46"),
            cash_after=Decimal("1050.50") if side is Side.BUY else None,
            position_after=13,
            expected_profit=None if side is Side.BUY else Decimal("3.14"),
            warnings=(made_up("호가 차이가 큽니다.", "The spread is wide."),),
            refusals=self.core.refusals,
            needs_second_confirm=self.core.next_outcome is OutcomeKind.SECOND_CONFIRM,
            ticket=ticket,
            expires_at=None if ticket is None else samples.NOW + timedelta(seconds=60),
        )


class FakeAmends(OfCore, Amends):
    async def preview(self, user_id: int, no: OrderNo, *, qty: int | None, price: Decimal | None) -> AmendPreview:
        found = self.core.order(no)
        after = replace(found, limit_price=price or found.limit_price)
        wanted = qty or found.open_qty
        closed = (made_up("이미 끝난 주문입니다.", "The order is finished."),) if found.status.closed else ()
        refusals = (*self.core.refusals, *closed)
        return AmendPreview(
            order=found,
            qty=wanted,
            limit_price=after.limit_price,
            last=Decimal("61.20"),
            cost=after.limit_price * wanted,
            warnings=(made_up("현재가보다 불리합니다.", "Worse than the market."),),
            refusals=refusals,
            needs_second_confirm=self.core.next_outcome is OutcomeKind.SECOND_CONFIRM,
            ticket=None if refusals else self.core.ticket("amend", user_id, after),
            expires_at=None,
        )


class FakeCancels(OfCore, Cancels):
    async def preview(self, user_id: int, no: OrderNo | None) -> CancelPreview:
        self.core.fail()
        found = tuple(each for each in self.core.orders_ if not each.status.closed and no in (None, each.no))
        return CancelPreview(
            orders=found,
            refusals=() if found else (made_up("취소할 주문이 없습니다.", "There is nothing to cancel."),),
            ticket=self.core.ticket("cancel", user_id, found) if found else None,
            expires_at=None,
        )


class FakeUnknown(OfCore, UnknownOrders):
    async def preview(self, user_id: int, no: OrderNo) -> SettlePreview:
        found = self.core.order(no)
        if found.status is not OrderStatus.UNKNOWN or self.core.refusals:
            refusals = self.core.refusals or (made_up("이미 밝혀졌습니다.", "It is known by now."),)
            return SettlePreview(order=found, choices=(), refusals=refusals, expires_at=None)
        seen = samples.broker_order()
        choices = (
            SettleChoice(
                candidate=seen,
                label=made_up("증권사 30999번입니다", "It is the broker's 30999"),
                ticket=self.core.ticket("settle", user_id, seen),
            ),
            SettleChoice(
                candidate=None,
                label=made_up("증권사에 도착하지 않았습니다", "It never arrived"),
                ticket=self.core.ticket("settle", user_id, None),
            ),
        )
        return SettlePreview(order=found, choices=choices, refusals=(), expires_at=None)


class FakeExternal(OfCore, ExternalOrders):
    async def decide(self, user_id: int, no: OrderNo, choice: HandChoice) -> Outcome:
        found = self.core.order(no)
        self.core.chosen.append((no, choice))
        return Outcome(kind=OutcomeKind.DONE, text=made_up("완료했습니다.", "Done."), order=found)


class FakePanic(OfCore, PanicPress):
    async def preview(self, user_id: int) -> PanicPreview:
        self.core.fail()
        waiting = tuple(each for each in self.core.orders_ if not each.status.closed)
        return PanicPreview(
            orders=waiting,
            lines=result_samples.panic_lines(),
            value=Decimal("612.00"),
            market_open=self.core.market_open,
            next_open=samples.NOW + timedelta(days=3),
            refusals=self.core.refusals,
            ticket_all=self.core.offered("panic", user_id, "all"),
            ticket_watched=self.core.offered("panic", user_id, "watched"),
            expires_at=None,
        )


class FakeProposals(OfCore, ApprovalPress):
    def open(self) -> Sequence[Proposal]:
        self.core.fail()
        return tuple(self.core.proposals_)
