"""The control calls: look into the simulator, move its time, make it trade and misbehave."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from aiohttp import web

from kis.simulator.books.accounts import BookAccount, BookFill
from kis.simulator.books.desk import carry_out_cancel, enter, place
from kis.simulator.books.orders import BookOrder
from kis.simulator.books.rules import OrderWish
from kis.simulator.clock import from_ms
from kis.simulator.faults.faults import TOKEN_FAULTS, BadFault, InjectedFault
from kis.simulator.market.calendar import NEW_YORK, next_open_ms
from kis.simulator.market.happenings import HAPPENINGS, set_halt
from kis.simulator.rest.refusals import CallRefused
from kis.simulator.text import dollars, fixed, to_units
from kis.simulator.world import SimWorld

_QUOTE = ("last", "bid", "ask")


class BadWish(ValueError):
    """A control call asks for something that makes no sense."""


Doing = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class ControlCalls:
    """Answers /sim."""

    def __init__(
        self,
        world: SimWorld,
        moving: asyncio.Lock,
        catch_up: Callable[[], Awaitable[None]],
        advance: Callable[[datetime], Awaitable[None]],
    ) -> None:
        self._world = world
        self._moving = moving
        self._catch_up = catch_up
        self._advance = advance

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sim/state", self.state),
            web.get("/sim/clock", self.clock),
            web.post("/sim/clock", self._post(self._set_clock, locked=False)),
            web.post("/sim/tick", self._post(self._tick)),
            web.post("/sim/order", self._post(self._order)),
            web.post("/sim/cancel", self._post(self._cancel)),
            web.post("/sim/cash", self._post(self._cash)),
            web.post("/sim/position", self._post(self._position)),
            web.post("/sim/halt", self._post(self._halt)),
            web.get("/sim/fault", self.faults),
            web.post("/sim/fault", self._post(self._fault)),
            web.delete("/sim/fault", self.clear_faults),
        ]

    # -- looking -----------------------------------------------------------------------------------------------------

    async def state(self, request: web.Request) -> web.Response:
        """Show everything; `?account=` chooses one of several accounts, the first one otherwise."""
        async with self._moving:
            await self._catch_up()
            return _json(self.view(self._account(dict(request.query))))

    async def clock(self, _: web.Request) -> web.Response:
        async with self._moving:
            await self._catch_up()
            return _json(self._clock_view())

    async def faults(self, _: web.Request) -> web.Response:
        return _json({"faults": self._world.faults.active(self._world.clock.now_ms())})

    async def clear_faults(self, _: web.Request) -> web.Response:
        for fault in self._world.faults.in_force("halt", self._world.now_ms):
            set_halt(self._world, str(fault.details["symbol"]).upper(), halted=False)
        self._world.faults.clear()
        self._world.stream.unsilence()
        return _json({"faults": []})

    def view(self, account: BookAccount) -> dict[str, Any]:
        """Return the state of one account and of the whole server; money as strings."""
        world = self._world
        orders = world.broker.orders_of(account)
        return {
            "clock": _iso(world.now_ms),
            "clock_ny": from_ms(world.now_ms).astimezone(NEW_YORK).isoformat(),
            "speed": world.clock.speed,
            "next_open": None if (opens := next_open_ms(world.now_ms)) is None else _iso(opens),
            "environment": account.environment.value,
            "account": account.number,
            "accounts": [a.number for a in world.broker.accounts()],
            "cash": fixed(account.ledger.cash, 2),
            "orderable_cash": fixed(world.broker.orderable_cash(account), 2),
            "clock_offset_s": world.clock_offset_s(),
            "realised": fixed(account.ledger.realised, 2),
            "positions": [self._position_view(account, p.symbol) for p in account.ledger.held()],
            "prices": self._prices(),
            "open_orders": [_order_view(o) for o in orders if o.working],
            "orders": [_order_view(o) for o in orders],
            "fills": [_fill_view(f) for f in account.fills],
            "requests_by_tr": dict(world.counts.requests),
            "refusals_by_code": dict(world.counts.refusals),
            "ws": {"connections": world.stream.connections, "subscriptions": world.stream.subscriptions()},
            "faults": world.faults.active(world.now_ms),
        }

    def _prices(self) -> dict[str, dict[str, str]]:
        """Show what every ticker anybody asked for trades at."""
        market = self._world.market
        tapes = {symbol: market.tape(symbol) for symbol in market.asked_for if market.listings.stock(symbol)}
        return {
            symbol: {name: str(dollars(units)) for name, units in zip(_QUOTE, (t.last, t.bid, t.ask), strict=True)}
            for symbol, t in tapes.items()
            if t is not None and t.known
        }

    # -- doing -------------------------------------------------------------------------------------------------------

    async def _set_clock(self, wish: dict[str, Any]) -> dict[str, Any]:
        clock = self._world.clock
        if "speed" in wish:
            clock.set_speed(_float(wish, "speed"))
        if "advance_s" in wish:
            seconds = _float(wish, "advance_s")
            await self._advance(from_ms(clock.now_ms() + round(seconds * 1000)))
        if "now" in wish:
            await self._advance(_instant(wish["now"]))
        if not wish.keys() & {"speed", "advance_s", "now"}:
            raise BadWish("give now, advance_s or speed")
        return self._clock_view()

    async def _tick(self, wish: dict[str, Any]) -> dict[str, Any]:
        symbol = _text(wish, "symbol")
        last = _price(wish, "last")
        bid = _price(wish, "bid") if wish.get("bid") is not None else None
        ask = _price(wish, "ask") if wish.get("ask") is not None else None
        size = _whole(wish, "volume") if wish.get("volume") is not None else 100
        if self._world.market.listings.stock(symbol) is None:
            raise BadWish(f"no such ticker: {symbol}")
        if bid is not None and ask is not None and bid > ask:
            raise BadWish("bid is above ask")
        if wish.get("alone"):  # a print that nothing but the stream knows of
            stamp_ms = self._world.now_ms + round(1000 * float(wish.get("stamp_s", 0)))
            trade = self._world.heard_alone(symbol, last, max(size, 1), bid=bid or 0, ask=ask or 0, stamp_ms=stamp_ms)
        else:
            shift = bool(wish.get("shift", True))
            trade = self._world.print_by_hand(symbol, last, max(size, 1), bid=bid, ask=ask, shift=shift)
        await self._world.stream.flush()
        prices = {"last": trade.price, "bid": trade.bid, "ask": trade.ask}
        return {"symbol": symbol, "at": _iso(trade.at_ms)} | {k: fixed(dollars(v), 4) for k, v in prices.items()}

    async def _order(self, wish: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        account = self._account(wish)
        symbol = _text(wish, "symbol")
        listing = world.market.listings.stock(symbol)
        side = _text(wish, "side").lower()
        if listing is None or side not in {"buy", "sell"}:
            raise BadWish("give a known symbol and side buy or sell")
        placed = place(
            world,
            account,
            OrderWish(listing.exchange.order, symbol, side, _whole(wish, "qty"), _price(wish, "price"), "00"),
        )
        placed.medium = "HTS"
        enter(world, placed)
        await world.stream.flush()
        return _order_view(placed)

    async def _cancel(self, wish: dict[str, Any]) -> dict[str, Any]:
        world = self._world
        account = self._account(wish)
        order = world.broker.check_changeable(account, _whole(wish, "odno"), day_market=False)
        row = world.broker.instruct_cancel(order, 0)
        row.medium = "HTS"
        carry_out_cancel(world, order, row)
        await world.stream.flush()
        return _order_view(order)

    async def _cash(self, wish: dict[str, Any]) -> dict[str, Any]:
        account = self._account(wish)
        self._world.broker.set_cash(account, _money(wish, "cash"))
        return {"cash": fixed(account.ledger.cash, 2)}

    async def _position(self, wish: dict[str, Any]) -> dict[str, Any]:
        account = self._account(wish)
        symbol = _text(wish, "symbol")
        if self._world.market.listings.stock(symbol) is None:
            raise BadWish(f"no such ticker: {symbol}")
        average = _money(wish, "average") if wish.get("average") is not None else None
        self._world.broker.set_position(account, symbol, _whole(wish, "qty"), average)
        return self._position_view(account, symbol)

    async def _halt(self, wish: dict[str, Any]) -> dict[str, Any]:
        symbol, halted = _text(wish, "symbol"), bool(wish.get("halted", True))
        set_halt(self._world, symbol, halted=halted, hidden=not wish.get("shown", True))
        return {"symbol": symbol, "halted": halted}

    async def _fault(self, wish: dict[str, Any]) -> dict[str, Any]:
        fault = self.misbehave(wish)
        await self._world.stream.flush()
        return fault.view()

    def misbehave(self, wish: dict[str, Any]) -> InjectedFault:
        """Put a fault in force; raise BadFault."""
        world, stream = self._world, self._world.stream
        fault = world.faults.add(wish, world.now_ms)
        if fault.kind in TOKEN_FAULTS:
            if fault.kind == "token_expired":
                world.keyring.expire_tokens(world.now_ms)
            else:
                world.keyring.kill_tokens(trap=bool(fault.details.get("trap", True)))
            fault.left = 0
        elif fault.kind == "ws_drop":
            stream.drop_all()
            fault.left = None if fault.until_ms is not None else 0  # with seconds: refuse newcomers as long
        elif fault.kind == "ws_silence":
            stream.silence_all(fault.until_ms, pongs=bool(fault.details.get("pongs")))
            fault.left = None if fault.until_ms is not None else 0
        elif fault.kind == "ws_garbage":
            stream.litter(fault.left or 1)
            fault.left = 0
        elif fault.kind == "maintenance":
            stream.drop_all()
        elif fault.kind in HAPPENINGS:
            self._happen(fault)
        return fault

    def _happen(self, fault: InjectedFault) -> None:
        try:
            HAPPENINGS[fault.kind](self._world, fault)
        except BadFault:
            fault.left = 0  # it was never in force
            raise

    # -- inside ------------------------------------------------------------------------------------------------------

    def _post(self, doing: Doing, *, locked: bool = True) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(request: web.Request) -> web.Response:
            try:
                wish = _object(await request.read())
                if not locked:
                    return _json(await doing(wish))
                async with self._moving:
                    await self._catch_up()
                    answer = await doing(wish)
                    self._world.live(self._world.now_ms)
                    self._world.clock.nudge()
                    return _json(answer)
            except CallRefused as refused:
                return _json({"error": {"code": refused.answer.msg_cd, "message": refused.answer.msg1}}, 409)
            except (BadWish, BadFault, ValueError) as error:
                return _json({"error": {"code": "bad_request", "message": str(error)}}, 400)

        return handler

    def _account(self, wish: dict[str, Any]) -> BookAccount:
        number = wish.get("account")
        if not number:
            return self._world.broker.main
        found = next((a for a in self._world.broker.accounts() if a.number == str(number)), None)
        if found is None:
            raise BadWish(f"no such account: {number}")
        return found

    def _clock_view(self) -> dict[str, Any]:
        """Return the time its clients go by: the server's own unless their clocks differ (a fault)."""
        now = self._world.clock.now() - timedelta(seconds=self._world.clock_offset_s())
        return {"now": now.isoformat(), "speed": self._world.clock.speed}

    def _position_view(self, account: BookAccount, symbol: str) -> dict[str, Any]:
        position = account.ledger.position(symbol)
        tape = self._world.market.tape(symbol)
        last = dollars(tape.last) if tape is not None else Decimal(0)
        listing = self._world.market.listings.ensure(symbol)
        return {
            "symbol": symbol,
            "exchange": listing.exchange.order,
            "qty": position.qty,
            "orderable": self._world.broker.sellable(account, symbol),
            "average": fixed(position.average, 4),
            "last": fixed(last, 4),
            "value": fixed(last * position.qty, 2),
        }


def _order_view(order: BookOrder) -> dict[str, Any]:
    return {
        "odno": f"{order.odno:010d}",
        "original": f"{order.original:010d}" if order.original is not None else None,
        "change": {"00": "new", "01": "amend", "02": "cancel"}[order.change],
        "symbol": order.listing.symbol,
        "exchange": order.listing.exchange.order,
        "side": order.side,
        "kind": order.kind.name.lower(),
        "qty": order.qty,
        "price": fixed(dollars(order.price), 4),
        "filled": order.filled,
        "open": order.open_qty,
        "average": fixed(order.average, 4),
        "status": order.state.value,
        "reason": order.reason,
        "medium": order.medium,
        "placed_at": _iso(order.placed_ms),
        "trading_date": order.day.isoformat(),
    }


def _fill_view(fill: BookFill) -> dict[str, Any]:
    return {
        "number": fill.number,
        "odno": f"{fill.odno:010d}",
        "symbol": fill.symbol,
        "side": fill.side,
        "qty": fill.qty,
        "price": fixed(dollars(fill.price), 4),
        "amount": fixed(fill.amount, 2),
        "fee": fixed(fill.fee, 2),
        "at": _iso(fill.at_ms),
    }


def _iso(ms: int) -> str:
    return from_ms(ms).isoformat()


def _json(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def _object(body: bytes) -> dict[str, Any]:
    wish = orjson.loads(body or b"{}")
    if not isinstance(wish, dict):
        raise BadWish("the body is a JSON object")
    return wish


def _text(wish: dict[str, Any], name: str) -> str:
    value = wish.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadWish(f"{name} is missing")
    return value.strip().upper()


def _money(wish: dict[str, Any], name: str) -> Decimal:
    value = wish.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise BadWish(f"{name} is an amount as text or number")
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise BadWish(f"{name} is not a number: {value!r}") from error
    if not amount.is_finite() or amount < 0:
        raise BadWish(f"{name} is not below zero, was {value!r}")
    return amount


def _price(wish: dict[str, Any], name: str) -> int:
    units = to_units(_money(wish, name))
    if units <= 0:
        raise BadWish(f"{name} is above zero")
    return units


def _whole(wish: dict[str, Any], name: str) -> int:
    amount = _money(wish, name)
    if amount != int(amount):
        raise BadWish(f"{name} is a whole number")
    return int(amount)


def _float(wish: dict[str, Any], name: str) -> float:
    value = wish.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise BadWish(f"{name} is a number not below zero")
    return float(value)


def _instant(text: Any) -> datetime:
    if not isinstance(text, str):
        raise BadWish("now is an ISO 8601 instant")
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise BadWish("now needs an offset, such as 2026-09-15T09:30:00-04:00")
    return moment
