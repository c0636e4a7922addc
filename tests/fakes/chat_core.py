"""Hand-written fakes of what the core offers the chat, and of the outbox and notes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from strategy.model import (
    AmendPreview,
    Amount,
    AmountKind,
    CancelPreview,
    Decision,
    Event,
    EventRow,
    HandChoice,
    HandOrder,
    HoldingsView,
    InvalidInput,
    Mode,
    ModeChanged,
    ModePreview,
    ModeState,
    Notable,
    Order,
    OrderChanged,
    OrderNo,
    OrderPreview,
    OrderStatus,
    OrdersView,
    OrderView,
    Origin,
    Outcome,
    OutcomeKind,
    PanicPreview,
    SettingChange,
    SettingChanged,
    SettingPreview,
    SettingSource,
    SettingView,
    SettleChoice,
    SettlePreview,
    Side,
    StatusView,
    StorageError,
    Symbol,
    Text,
    urgent,
)
from tests.fakes import result_samples, samples
from tests.fakes.chat_core_results import GROUPS, FakeResults, FakeSystem, FakeWatchList

DONE = Text("완료했습니다.", "Done.")


class FakeNotes:
    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.outbox: FakeOutbox | None = None
        self.failing = False

    async def get(self, key: str) -> str | None:
        self._fails()
        return self.stored.get(key)

    async def put(self, key: str, value: str, events: Sequence[Event] = ()) -> None:
        self._fails()
        self.stored[key] = value
        if self.outbox is not None and events:
            await self.outbox.add(events)

    def _fails(self) -> None:
        if self.failing:
            raise StorageError("injected")


class FakeWake:
    def __init__(self) -> None:
        self.added = asyncio.Event()

    async def wait(self) -> None:
        await self.added.wait()
        self.added.clear()


class FakeOutbox:
    """An outbox in memory with the order and the marks of the real one."""

    def __init__(self) -> None:
        self.rows: list[EventRow] = []
        self.done: dict[int, int | None] = {}
        self.failed: list[tuple[int, str, bool]] = []
        self.given_up: list[int] = []
        self.messages: dict[tuple[OrderNo, int], int] = {}
        self.seen: dict[int, int] = {}
        self.idle = asyncio.Event()
        self._wakes: list[FakeWake] = []
        self._count = 0

    async def add(self, events: Sequence[Event]) -> None:
        for event in events:
            self._count += 1
            self.rows.append(EventRow(id=self._count, event=event, added_at=event.at, attempts=0, sending_since=None))
        self.idle.clear()
        for wake in self._wakes:
            wake.added.set()

    async def pending(self, limit: int) -> Sequence[EventRow]:
        waiting = self._waiting()
        return sorted(waiting, key=lambda row: (-self._urgency(row, waiting), row.id))[:limit]

    async def count_pending(self) -> int:
        return len(self._waiting())

    async def critical_after(self, row_id: int, limit: int) -> Sequence[EventRow]:
        return [row for row in self._waiting() if row.event.critical and row.id > row_id][:limit]

    async def mark_sending(self, row_id: int, at: datetime) -> None:
        attempts = next(row.attempts for row in self.rows if row.id == row_id)
        self._change(row_id, sending_since=at, attempts=attempts + 1)

    async def mark_done(self, row_id: int, at: datetime, message_id: int | None) -> None:
        self.done[row_id] = message_id
        self._change(row_id, done_at=at, message_id=message_id, sending_since=None)
        self._waiting()

    async def mark_many_sending(self, row_ids: Sequence[int], at: datetime) -> None:
        for row_id in row_ids:
            await self.mark_sending(row_id, at)

    async def mark_many_done(self, row_ids: Sequence[int], at: datetime, message_id: int | None) -> None:
        for row_id in row_ids:
            await self.mark_done(row_id, at, message_id)

    async def mark_failed(self, row_id: int, at: datetime, error: str, *, give_up: bool) -> None:
        self.failed.append((row_id, error, give_up))
        self._change(row_id, sending_since=None)
        if give_up:
            self.given_up.append(row_id)
            self._change(row_id, done_at=at)
            self._waiting()

    async def order_message(self, no: OrderNo, chat_id: int) -> int | None:
        return self.messages.get((no, chat_id))

    async def set_order_message(self, no: OrderNo, chat_id: int, message_id: int) -> None:
        self.messages[no, chat_id] = message_id

    async def order_events(self, no: OrderNo) -> Sequence[EventRow]:
        return [row for row in self.rows if _order_no(row.event) == no]

    async def told_between(self, since: datetime, until: datetime) -> Sequence[EventRow]:
        return [row for row in self.rows if row.done_at is not None and since <= row.done_at < until]

    async def unacknowledged(self, limit: int) -> Sequence[EventRow]:
        return [row for row in self.rows if row.event.critical and row.done_at and row.id not in self.seen][-limit:]

    async def acknowledge(self, until_id: int, user_id: int, at: datetime) -> int:
        found = [row.id for row in await self.unacknowledged(len(self.rows)) if row.id <= until_id]
        self.seen |= dict.fromkeys(found, user_id)
        return len(found)

    async def mark_repeated(self, row_ids: Sequence[int], at: datetime) -> None:
        for row in list(self.rows):
            if row.id in row_ids:
                self._change(row.id, repeats=row.repeats + 1, repeated_at=at)

    @contextmanager
    def added(self) -> Iterator[FakeWake]:
        wake = FakeWake()
        self._wakes.append(wake)
        try:
            yield wake
        finally:
            self._wakes.remove(wake)

    def _change(self, row_id: int, **changes: Any) -> None:
        self.rows = [replace(row, **changes) if row.id == row_id else row for row in self.rows]

    def _waiting(self) -> list[EventRow]:
        waiting = [row for row in self.rows if row.id not in self.done and row.id not in self.given_up]
        if not waiting:
            self.idle.set()
        return waiting

    @staticmethod
    def _urgency(row: EventRow, waiting: Sequence[EventRow]) -> int:
        """Rank a row; an earlier row of an order is lifted with a later one."""
        no = _order_no(row.event)
        later = [each for each in waiting if each.id >= row.id and no is not None and _order_no(each.event) == no]
        return max(each.event.critical * 2 + urgent(each.event) for each in later or [row])


def _order_no(event: Event) -> OrderNo | None:
    order = event.order if isinstance(event, (OrderChanged, HandOrder)) else None
    return None if order is None else order.no


@dataclass
class FakeControl(FakeResults, FakeSystem, FakeWatchList):
    """Answers like the core, from memory; keeps what was placed and asked in lists."""

    placed: list[Order] = field(default_factory=list)
    orders_: list[Order] = field(default_factory=lambda: [samples.order(), samples.filled_order(11)])
    settings: dict[str, SettingView] = field(
        default_factory=lambda: {
            "RSI_OVERSOLD": samples.setting(),
            "RSI_INTERVAL": samples.setting("RSI_INTERVAL", value="day", choices=("day", "1", "60"), step=None),
            "TRADING_TICKERS": samples.setting(
                "TRADING_TICKERS", group="other", value="NASDAQ:TQQQ", changeable=False, step=None
            ),
            "MAX_ORDER_USD": samples.setting(
                "MAX_ORDER_USD", group="limits", value="", step=Decimal(100), source=SettingSource.CHAT
            ),
            "QUIET_HOURS": samples.setting("QUIET_HOURS", group="alerts", value="", step=None),
            **{
                f"NOTIFY_{group.upper()}": samples.setting(
                    f"NOTIFY_{group.upper()}", group="alerts", value="on", choices=("on", "silent", "off"), step=None
                )
                for group in GROUPS
            },
        }
    )
    changes: list[SettingChange] = field(default_factory=list)
    modes: list[ModeState] = field(default_factory=lambda: [samples.mode()])
    locked: list[Symbol] = field(default_factory=lambda: [samples.TQQQ])
    checked: list[OrderNo] = field(default_factory=list)
    armed_with: list[str] = field(default_factory=list)
    chosen: list[tuple[OrderNo, HandChoice]] = field(default_factory=list)
    panics: list[str] = field(default_factory=list)
    accepted: bool = False
    market_open: bool = True
    next_outcome: OutcomeKind = OutcomeKind.DONE
    status_: StatusView = field(default_factory=samples.status)
    holdings_: HoldingsView = field(default_factory=samples.holdings_view)
    decision: Decision | None = field(default_factory=samples.decision)
    why_at: list[datetime | None] = field(default_factory=list)
    before_status: Callable[[], Awaitable[object]] | None = None
    outbox: "FakeOutbox | None" = None  # where what was changed is told, as the real core does before it answers

    async def tell(self, event: Event) -> None:
        if self.outbox is not None:
            await self.outbox.add([event])

    async def status(self) -> StatusView:
        self._fail()
        if self.before_status is not None:
            await self.before_status()
        return replace(self.status_, mode=self.modes[-1])

    async def holdings(self, *, fresh: bool = True) -> HoldingsView:
        self._fail()
        return replace(self.holdings_, locks=tuple(samples.lock(symbol=symbol) for symbol in self.locked))

    async def orders(self, *, recent: int = 10) -> OrdersView:
        self._fail()
        return OrdersView(
            open=tuple(each for each in self.orders_ if not each.status.closed),
            recent=tuple(each for each in self.orders_ if each.status.closed)[:recent],
        )

    async def order(self, no: OrderNo) -> OrderView:
        self._fail()
        found = next((each for each in self.orders_ if each.no == no), None)
        if found is None:
            raise InvalidInput(user_message=Text(f"주문 #{no} 이(가) 없습니다.", f"There is no order #{no}."))
        return samples.order_view(found)

    async def why(self, symbol: Symbol, *, at: datetime | None = None) -> Decision | None:
        self._fail()
        self.why_at.append(at)
        return self.decision

    def symbol(self, text: str) -> Symbol:
        wanted = text.strip().upper().rpartition(":")[2]
        for symbol in self.symbols():
            if symbol.ticker == wanted:
                return symbol
        raise InvalidInput(
            user_message=Text(f"{text[:20]} 종목을 모릅니다. 혹시 TQQQ?", f"{text[:20]} is unknown. Did you mean TQQQ?")
        )

    def symbols(self) -> Sequence[Symbol]:
        return tuple(self.watched)

    async def preview_order(
        self, user_id: int, side: Side, symbol: Symbol, amount: Amount, price: Decimal | None
    ) -> OrderPreview:
        self._fail()
        qty = int(amount.value or 1) if amount.kind is AmountKind.SHARES else 3
        limit = price or Decimal("61.20")
        made = samples.order(
            100 + len(self.tickets), OrderStatus.SENT, side=side, symbol=symbol, qty=qty, origin=Origin.MANUAL
        )
        ticket = None if self.refusals else self._ticket("order", user_id, made)
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
            warnings=(Text("호가 차이가 큽니다.", "The spread is wide."),),
            refusals=self.refusals,
            needs_second_confirm=self.next_outcome is OutcomeKind.SECOND_CONFIRM,
            ticket=ticket,
            expires_at=None if ticket is None else samples.NOW + timedelta(seconds=60),
        )

    async def preview_cancel(self, user_id: int, no: OrderNo | None) -> CancelPreview:
        self._fail()
        found = tuple(each for each in self.orders_ if not each.status.closed and no in (None, each.no))
        return CancelPreview(
            orders=found,
            refusals=() if found else (Text("취소할 주문이 없습니다.", "There is nothing to cancel."),),
            ticket=self._ticket("cancel", user_id, found) if found else None,
            expires_at=None,
        )

    async def check_now(self, no: OrderNo) -> OrderView:
        self.checked.append(no)
        return await self.order(no)

    async def preview_amend(self, user_id: int, no: OrderNo, *, qty: int | None, price: Decimal | None) -> AmendPreview:
        found = (await self.order(no)).order
        after = replace(found, limit_price=price or found.limit_price)
        wanted = qty or found.open_qty
        closed = (Text("이미 끝난 주문입니다.", "The order is finished."),) if found.status.closed else ()
        refusals = (*self.refusals, *closed)
        return AmendPreview(
            order=found,
            qty=wanted,
            limit_price=after.limit_price,
            last=Decimal("61.20"),
            cost=after.limit_price * wanted,
            warnings=(Text("현재가보다 불리합니다.", "Worse than the market."),),
            refusals=refusals,
            needs_second_confirm=self.next_outcome is OutcomeKind.SECOND_CONFIRM,
            ticket=None if refusals else self._ticket("amend", user_id, after),
            expires_at=None,
        )

    async def settling(self, user_id: int, no: OrderNo) -> SettlePreview:
        found = (await self.order(no)).order
        if found.status is not OrderStatus.UNKNOWN or self.refusals:
            refusals = self.refusals or (Text("이미 밝혀졌습니다.", "It is known by now."),)
            return SettlePreview(order=found, choices=(), refusals=refusals, expires_at=None)
        seen = samples.broker_order()
        choices = (
            SettleChoice(
                candidate=seen,
                label=Text("증권사 30999번입니다", "It is the broker's 30999"),
                ticket=self._ticket("settle", user_id, seen),
            ),
            SettleChoice(
                candidate=None,
                label=Text("증권사에 도착하지 않았습니다", "It never arrived"),
                ticket=self._ticket("settle", user_id, None),
            ),
        )
        return SettlePreview(order=found, choices=choices, refusals=(), expires_at=None)

    async def hand_order(self, user_id: int, no: OrderNo, choice: HandChoice) -> Outcome:
        found = (await self.order(no)).order
        self.chosen.append((no, choice))
        return Outcome(kind=OutcomeKind.DONE, text=DONE, order=found)

    async def preview_panic(self, user_id: int) -> PanicPreview:
        self._fail()
        waiting = tuple(each for each in self.orders_ if not each.status.closed)
        return PanicPreview(
            orders=waiting,
            lines=result_samples.panic_lines(),
            value=Decimal("612.00"),
            market_open=self.market_open,
            next_open=samples.NOW + timedelta(days=3),
            refusals=self.refusals,
            ticket_all=self._offered("panic", user_id, "all"),
            ticket_watched=self._offered("panic", user_id, "watched"),
            expires_at=None,
        )

    async def set_mode(
        self, mode: Mode, *, symbol: Symbol | None, until: datetime | None, user_id: int, reason: str = ""
    ) -> ModeChanged:
        self._fail()
        state = ModeState(mode=mode, symbol=symbol, set_by=user_id, set_at=samples.NOW, reason=reason, until=until)
        told = ModeChanged(at=samples.NOW, state=state, previous=self.modes[-1])
        self.modes.append(state)
        await self.tell(told)
        return told

    async def preview_mode(self, user_id: int, mode: Mode, *, symbol: Symbol | None) -> ModePreview:
        self._fail()
        halts = mode is Mode.HALTED
        return ModePreview(
            target=mode,
            symbol=symbol,
            until=None,
            unprotected=(samples.TQQQ,) if halts else (),
            typed_word="HALT" if halts else None,
            refusals=self.refusals,
            ticket=None if self.refusals else self._ticket("mode", user_id, (mode, symbol)),
            expires_at=None,
        )

    async def release(self, user_id: int, symbol: Symbol) -> Notable | None:
        self._fail()
        if symbol not in self.locked:
            return None
        self.locked = [each for each in self.locked if each != symbol]
        what = Text(f"{symbol.ticker} 잠금을 풀었습니다.", f"{symbol.ticker} is released.")
        told = Notable(at=samples.NOW, key=f"released:{symbol}", symbol=symbol, what=what)
        await self.tell(told)
        return told

    async def arm(self, user_id: int, code: str) -> Outcome:
        self.armed_with.append(code)
        if code != "7801":
            return Outcome(kind=OutcomeKind.DENIED, text=DONE)
        told = Notable(at=samples.NOW, key=f"armed:{user_id}", what=DONE)
        await self.tell(told)
        return Outcome(kind=OutcomeKind.DONE, text=DONE, news=(told,))

    async def accept_disclaimer(self, user_id: int) -> None:
        self.accepted = True

    async def disclaimer_accepted(self) -> bool:
        return self.accepted

    def until_close(self) -> datetime:
        return samples.NOW + timedelta(hours=6)

    def menu(self) -> Sequence[SettingView]:
        return tuple(self.settings.values())

    def get(self, name: str) -> SettingView:
        found = self.settings.get(name.strip().upper())
        if found is None:
            raise InvalidInput(
                user_message=Text(
                    "그런 설정이 없습니다. 혹시 RSI_OVERSOLD?", "No such setting. Did you mean RSI_OVERSOLD?"
                )
            )
        return found

    async def preview_setting(
        self, user_id: int, name: str, value: str, *, symbol: Symbol | None, until: datetime | None
    ) -> SettingPreview:
        self._fail()
        about = self.get(name)
        if about.choices is None and about.step is not None and not _between(value, 0, 100):
            raise InvalidInput(user_message=Text("허용: 0 이상 100 이하", "allowed: 0 to 100"))
        return self._setting_preview(user_id, about, value, symbol, until)

    async def preview_reset(self, user_id: int, name: str, *, symbol: Symbol | None) -> SettingPreview:
        self._fail()
        return self._setting_preview(user_id, self.get(name), "50", symbol, None)

    async def preview_undo(self, user_id: int) -> SettingPreview:
        self._fail()
        if not self.changes:
            raise InvalidInput(user_message=Text("되돌릴 변경이 없습니다.", "There is nothing to undo."))
        last = self.changes[-1]
        return self._setting_preview(user_id, self.get(last.name), last.old, last.symbol, None)

    async def history(self, limit: int = 20) -> Sequence[SettingChange]:
        return tuple(reversed(self.changes))[:limit]

    async def for_owners(self, ticket_id: str) -> bool:
        made = self.tickets.get(ticket_id)
        return made is not None and isinstance(made.payload, SettingChange)

    async def confirm(self, ticket_id: str, user_id: int, *, typed: str = "") -> Outcome:
        self._fail()
        made = self.tickets.get(ticket_id)
        if made is None:
            return Outcome(kind=OutcomeKind.EXPIRED, text=Text("만료되었습니다.", "It has expired."))
        if made.user_id != user_id:
            return Outcome(kind=OutcomeKind.NOT_YOURS, text=Text("다른 사람의 버튼입니다.", "Not your button."))
        if made.used:
            return Outcome(kind=OutcomeKind.USED, text=Text("이미 눌렀습니다.", "Already pressed."), order=made.order)
        if self.next_outcome is not OutcomeKind.DONE:
            kind, self.next_outcome = self.next_outcome, OutcomeKind.DONE
            again = self._ticket(made.action, user_id, made.payload) if kind is OutcomeKind.SECOND_CONFIRM else None
            return Outcome(kind=kind, text=Text(f"결과 {kind}", f"result {kind}"), next_ticket=again)
        if made.action == "mode" and isinstance(made.payload, tuple):
            mode, symbol = made.payload
            if mode is Mode.HALTED and typed != "HALT":
                return Outcome(kind=OutcomeKind.DENIED, text=Text("낱말이 다릅니다.", "The word differs."))
            made.used = True
            told = await self.set_mode(mode, symbol=symbol, until=None, user_id=user_id)
            return Outcome(kind=OutcomeKind.DONE, text=DONE, news=(told,))
        made.used = True
        if made.action == "amend" and isinstance(made.payload, Order):
            after = made.payload
            self.orders_ = [after if each.no == after.no else each for each in self.orders_]
            return Outcome(kind=OutcomeKind.DONE, text=DONE, order=after)
        if made.action == "panic":
            self.panics.append(str(made.payload))
        if made.action == "watch" and isinstance(made.payload, tuple):
            self.watched = list(made.payload)
        if isinstance(made.payload, Order):
            made.order = made.payload
            self.placed.append(made.payload)
            self.orders_.append(made.payload)
        if isinstance(made.payload, SettingChange):
            self.changes.append(made.payload)
            name, new = made.payload.name, made.payload.new or ""
            self.settings[name] = replace(self.settings[name], value=new, source=SettingSource.CHAT)
            changed = SettingChanged(at=samples.NOW, change=replace(made.payload, set_by=user_id))
            await self.tell(changed)
            return Outcome(kind=OutcomeKind.DONE, text=DONE, news=(changed,))
        return Outcome(kind=OutcomeKind.DONE, text=DONE, order=made.order)

    async def dismiss(self, ticket_id: str, user_id: int) -> Outcome:
        made = self.tickets.get(ticket_id)
        if made is not None:
            made.used = True
        return Outcome(kind=OutcomeKind.DONE, text=Text("하지 않았습니다.", "Nothing was done."))

    def _setting_preview(
        self, user_id: int, about: SettingView, value: str, symbol: Symbol | None, until: datetime | None
    ) -> SettingPreview:
        row = samples.change(name=about.name, symbol=symbol, old=about.value, new=value, until=until)
        return SettingPreview(
            name=about.name,
            symbol=symbol,
            old=about.value,
            new=value,
            allowed=about.allowed,
            effects=(Text("TQQQ 매수 신호가 사라집니다", "TQQQ loses its buy signal"),),
            until=until,
            ticket=None if value == about.value else self._ticket("setting", user_id, row),
            expires_at=None,
        )


def _between(value: str, low: int, high: int) -> bool:
    try:
        return low <= Decimal(value) <= high
    except InvalidOperation:
        return False


def order_event(order: Order, at: datetime = samples.NOW) -> OrderChanged:
    return OrderChanged(at=at, order=order, decision=samples.decision(), cash_before=Decimal("1234.56"))
