"""Orders: the living message of one, its fills, the list, and the details."""

from decimal import Decimal

from aiogram.utils.formatting import Bold, Text

from bot.i18n.formats import gain_icon, price, rate, shares, usd, usd_change
from bot.i18n.terms import STATUS_ICONS, icon, order_status, origin, side, status
from bot.ui.blocks import block, quote
from bot.ui.buttons import (
    AmendOrder,
    Button,
    CancelOrder,
    CheckOrder,
    Copy,
    HandOrderChoice,
    Keyboard,
    Open,
    SettleOrder,
    rows_of,
)
from bot.ui.screen import Screen, ViewContext
from bot.views.decisions import signal_lines
from bot.views.profit import result_lines
from strategy.model import (
    Fill,
    HandChoice,
    HandOrder,
    Order,
    OrderChanged,
    OrderNo,
    OrderStatus,
    OrdersView,
    OrderType,
    OrderView,
    Origin,
    Side,
    known_sum,
    return_percent,
)

_RULES = (Origin.SIGNAL, Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP)

_ROWS = 18  # on a page


def living(event: OrderChanged, ui: ViewContext) -> Screen:
    """Show an order as it stands now; the one message that is edited through its states (S91-S93)."""
    order = event.order
    return ui.screen(
        _head(order, ui),
        _reason(event, ui),
        _filled(event, ui),
        _meaning(order, ui),
        block(ui.when(event.at)),
        keyboard=actions(order, ui),
    )


def fill_reply(event: OrderChanged, fill: Fill, ui: ViewContext) -> Screen:
    """Tell one fill, and at the last one the whole result (S94)."""
    t, order = ui.t, event.order
    head = ui.title(
        f"{icon(order)} ",
        t("{side} filled: {ticker}", side=side(fill.side, t), ticker=fill.symbol.ticker),
        f" {shares(order.filled_qty)}/{shares(order.request.qty)}",
    )
    alone = order.status is OrderStatus.FILLED and fill.qty == order.filled_qty
    this = block(head) if alone else block(head, _execution(fill, ui), *result_lines(fill.result, fill.realized, ui))
    whole = None
    if order.status is OrderStatus.FILLED:
        whole = block(
            Bold(t("Completely filled")),
            t("Quantity {qty} sh. · average {price}", qty=shares(order.filled_qty), price=price(order.average_price)),
            t("Amount {amount} · fees {fees}", amount=usd(order.filled_amount), fees=usd(event.fees)),
            *_results(event, ui),
        )
    return ui.screen(this, whole, block(ui.when(fill.filled_at)))


def _execution(fill: Fill, ui: ViewContext) -> str:
    return ui.t(
        "{qty} sh. × {price} = {amount}",
        qty=shares(fill.qty),
        price=price(fill.price),
        amount=usd(fill.price * fill.qty),
    )


def orders(view: OrdersView, ui: ViewContext) -> Screen:
    """Show open orders and the newest closed ones."""
    t = ui.t
    every_one = (*((order, True) for order in view.open), *((order, False) for order in view.recent))
    shown, turns = ui.paged(every_one, Open(screen="orders"), _ROWS)
    waiting = [_row(order, ui) for order, is_open in shown if is_open]
    done = [_row(order, ui) for order, is_open in shown if not is_open]
    picks = [
        Button(f"{icon(order)} #{order.no} {order.request.symbol.ticker}", Open(screen="order", ref=str(order.no)))
        for order, _ in shown
    ]
    none_here = [] if view.open else [Text(t("No open orders."))]
    every = (Button(t("✖️ Cancel all open"), CancelOrder(no=0), style="danger"),) if view.open else ()
    return ui.screen(
        block(ui.title("🧾 ", t("Orders"))),
        block(Bold(t("Open ({n})", n=len(view.open))), *(waiting or none_here)) if waiting or none_here else None,
        block(Bold(t("Recent")), *done) if done else None,
        ui.stamp(),
        keyboard=(*rows_of(picks, 3), *turns, every, (ui.refresh("orders"), ui.home())),
    )


def details(view: OrderView, ui: ViewContext) -> Screen:
    """Show one order with everything that happened to it (S100)."""
    t, order = ui.t, view.order
    event = OrderChanged(
        at=order.updated_at,
        order=order,
        decision=view.decision,
        fees=sum((fill.fees for fill in view.fills), Decimal(0)) if view.fills else None,
        realized=known_sum(fill.realized for fill in view.fills),
        result=known_sum(fill.result for fill in view.fills),
    )
    fills = [
        Text(f"{ui.when(fill.filled_at)} · {shares(fill.qty)} × {price(fill.price)} = {usd(fill.price * fill.qty)}")
        for fill in view.fills
    ]
    history = [
        Text(f"{ui.when(at)} {STATUS_ICONS[state]} {status(state, t)}", "" if note is None else f" · {t.of(note)}")
        for at, state, note in view.history
    ]
    number = order.venue_no
    back = (Button(t("🧾 Orders"), Open(screen="orders")), ui.refresh("order", str(order.no)))
    further = [Button(f"📈 {order.request.symbol.ticker}", Open(screen="ticker", ref=str(order.request.symbol)))]
    if number is not None:
        further.append(Button(f"📋 {number}", Copy(number)))
    return ui.screen(
        _head(order, ui),
        _reason(event, ui),
        _filled(event, ui),
        _meaning(order, ui),
        block(Bold(t("Fills")), *fills) if fills else None,
        quote(Bold(t("What happened")), *history, folded=len(history) > 5) if history else None,
        None if number is None else block(t("Broker's order number {number}", number=number)),
        ui.stamp(),
        keyboard=(*actions(order, ui, show=False), tuple(further), (*back, ui.home())),
    )


def hand_order(event: HandOrder, ui: ViewContext) -> Screen:
    """Tell of an order that somebody placed in the broker's own app."""
    t, found = ui.t, event.found
    no = event.order.no if event.order else None
    return ui.screen(
        block(
            ui.title("✋ ", t("Order by hand found: {ticker}", ticker=found.symbol.ticker)),
            t(
                "{side} {qty} sh. at {price} · {status}",
                side=side(found.side, t),
                qty=shares(found.qty),
                price=price(found.limit_price),
                status=status(found.status, t),
            ),
            t("Filled {filled}/{qty}", filled=shares(found.filled_qty), qty=shares(found.qty))
            if found.filled_qty
            else None,
            t("The bot did not place it. While it is open, the rules do not trade this ticker."),
        ),
        None if no is None else block(*_hand_choices(ui)),
        block(ui.when(found.ordered_at)),
        keyboard=() if no is None else _hand_buttons(no, ui),
    )


def _hand_choices(ui: ViewContext) -> tuple[str, ...]:
    t = ui.t
    return (
        t("Adopt: the bot watches over it like over its own."),
        t("Ignore: it is left alone."),
        t("Pause buys: it is left alone and buys of this ticker are paused."),
    )


def _decide(no: OrderNo, ui: ViewContext) -> tuple[Button, ...]:
    t = ui.t
    return (
        Button(t("🤝 Adopt"), HandOrderChoice(no=no, choice=HandChoice.ADOPT)),
        Button(t("🙈 Ignore"), HandOrderChoice(no=no, choice=HandChoice.IGNORE)),
        Button(t("⏸ Pause buys of it"), HandOrderChoice(no=no, choice=HandChoice.PAUSE)),
    )


def _hand_buttons(no: OrderNo, ui: ViewContext) -> Keyboard:
    t = ui.t
    return (
        _decide(no, ui),
        (Button(t("🧾 Order #{no}", no=no), Open(screen="order", ref=str(no))),),
    )


def actions(order: Order, ui: ViewContext, *, show: bool = True) -> Keyboard:
    """Return what can be done with an order in its state."""
    t = ui.t
    detail = (Button(t("🔍 Details"), Open(screen="order", ref=str(order.no))),) if show else ()
    if order.status is OrderStatus.UNKNOWN:
        settle = (Button(t("⚖️ I know what became of it"), SettleOrder(no=order.no)),)
        return ((Button(t("🔎 Check now"), CheckOrder(no=order.no), style="primary"), *detail), settle)
    if order.status.closed or order.status is OrderStatus.CANCEL_SENT:
        return (detail,)
    amend = (Button(t("✏️ Change"), AmendOrder(no=order.no)),) if changeable(order) else ()
    cancel = (Button(t("✖️ Cancel"), CancelOrder(no=order.no)), *amend, *detail)
    return (cancel,) if order.ours else (cancel, _decide(order.no, ui))


def changeable(order: Order) -> bool:
    """Return whether a person may change an order: one of their own, or by hand and adopted, working at the venue."""
    of_a_person = order.request.origin in (Origin.MANUAL, Origin.EXTERNAL) and order.ours
    return of_a_person and order.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIALLY_FILLED)


def short(order: Order, ui: ViewContext) -> Text:
    """Return one order on one line."""
    return _row(order, ui)


def _head(order: Order, ui: ViewContext) -> Text:
    t, request = ui.t, order.request
    name = f"{side(request.side, t)} {request.symbol.ticker}"
    terms = t(
        "{qty} sh. · limit {price} · {amount}",
        qty=shares(request.qty),
        price=price(order.limit_price),
        amount=usd(order.limit_price * request.qty),
    )
    if request.order_type is not OrderType.LIMIT:
        terms = t("{qty} sh. · {kind}", qty=shares(request.qty), kind=request.order_type.value.upper())
    return block(
        ui.title(f"{icon(order)} {name} #{order.no}"),
        Bold(order_status(order, t)),
        terms,
        f"{request.symbol} · {origin(request.origin, t)}",
        t("Re-priced: {n}", n=order.reprices) if order.reprices else None,
    )


def _reason(event: OrderChanged, ui: ViewContext) -> Text | None:
    t, order = ui.t, event.order
    request = order.request
    lines: list[Text | str] = []
    if event.decision is not None and request.origin in _RULES:
        only = request.side if request.origin is Origin.SIGNAL else None
        if request.origin is Origin.SIGNAL:
            lines += signal_lines(event.decision, ui, only=only)
        elif event.decision.return_percent is not None:
            lines.append(t("Return {rate}", rate=rate(event.decision.return_percent)))
    if request.side is Side.BUY and event.cash_before is not None:
        lines.append(t("Cash before {amount}", amount=usd(event.cash_before)))
    if request.side is Side.SELL:
        lines += _sold_part(event, ui)
    return block(*lines) if lines else None


def _sold_part(event: OrderChanged, ui: ViewContext) -> list[str]:
    """Return what is sold, what stays, and the expected result before anything is filled (S92)."""
    t, request = ui.t, event.order.request
    lines: list[str] = []
    held = event.position_qty_before
    if held is not None:
        lines.append(t("Held {held} sh., left {left} sh.", held=shares(held), left=shares(max(held - request.qty, 0))))
    cost = event.average_cost
    if cost is not None and cost > 0 and not event.order.filled_qty:
        expected = (event.order.limit_price - cost) * request.qty
        lines.append(
            t(
                "Average {average} · expected {icon} {amount} ({rate})",
                average=price(cost),
                icon=gain_icon(expected),
                amount=usd_change(expected),
                rate=rate(return_percent(cost, event.order.limit_price)),
            )
        )
    return lines


def _filled(event: OrderChanged, ui: ViewContext) -> Text | None:
    t, order = ui.t, event.order
    if not order.filled_qty:
        return None
    costs = "" if event.fees is None else t(" · fees {fees}", fees=usd(event.fees))
    return block(
        t.line(
            "Filled {qty} sh. at {price} on average",
            qty=Bold(shares(order.filled_qty)),
            price=Bold(price(order.average_price)),
        ),
        t("Amount {amount}", amount=usd(order.filled_amount)) + costs,
        *_results(event, ui),
    )


def _meaning(order: Order, ui: ViewContext) -> Text | None:
    """Return what a state means and what to do, where it is not plain."""
    t = ui.t
    said = None if order.reason is None else t("Reason: {reason}", reason=t.of(order.reason))
    what = {
        OrderStatus.UNKNOWN: t(
            "The broker's answer did not arrive. It may be placed or not: it is being looked up and is not sent again."
        ),
        OrderStatus.REJECTED: t("Nothing was bought or sold by this order."),
        OrderStatus.DENIED: t("Nothing was sent to the broker."),
        OrderStatus.CANCEL_SENT: t("It may still be filled until the cancel is confirmed."),
    }.get(order.status)
    if order.status in (OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED) and order.filled_qty:
        what = t("The filled part stays; the rest is closed.")
    return block(said, what) if said or what else None


def _row(order: Order, ui: ViewContext) -> Text:
    t, request = ui.t, order.request
    at = order.average_price if order.status is OrderStatus.FILLED else order.limit_price
    return Text(
        f"{icon(order)} ",
        Bold(f"#{order.no} {request.symbol.ticker}"),
        f" {side(request.side, t)} {shares(request.qty)} × {price(at)} · {order_status(order, t)}",
        f" · {ui.when(order.updated_at)}",
    )


def _results(event: OrderChanged, ui: ViewContext) -> tuple[Text, ...]:
    """Return what a sale has brought so far."""
    return () if event.order.request.side is Side.BUY else result_lines(event.result, event.realized, ui)
