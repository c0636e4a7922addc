"""What the world does to the program while it lives: the owner, the market, hands in the broker's app, and faults."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from kis.simulator.books.orders import BookOrder
from tests.kill.town import TICKERS, Town
from tests.support.person import Json

Act = Callable[[], Awaitable[None]]

_ANSWER_S = 2.0  # how long the owner looks for a preview before doing something else
_CENT = Decimal("0.01")

# what leads to a step quickly; all other steps come by themselves
_TOWARDS = {
    "press": ("buy",),
    "rejected": ("refusal", "buy"),
    "unknown": ("lost_reply", "buy"),
    "amend": ("runaway",),
    "amended": ("runaway",),
    "change": ("runaway", "rest_and_cancel"),
    "cancel": ("rest_and_cancel",),
    "cancel_sent": ("rest_and_cancel",),
    "canceled": ("rest_and_cancel",),
    "external": ("by_hand",),
    "lock": ("fall_while_selling",),
}

_BY_CHANCE = (
    *("buy", "buy", "buy", "press_twice", "sell", "sell"),
    *("rest_and_cancel", "rest_and_cancel", "runaway", "runaway", "fall", "fall_while_selling", "by_hand", "look"),
    *("refusal", "lost_reply"),
)


class Script:
    """Acts at random, from a seed; or towards a step."""

    def __init__(self, town: Town, chance: random.Random) -> None:
        self._town = town
        self._chance = chance
        self._runaways = 0
        self._watch_orders()
        self._acts: dict[str, Act] = {
            "buy": self._buy,
            "sell": self._sell,
            "press_twice": self._press_twice,
            "rest_and_cancel": self._rest_and_cancel,
            "fall": self._fall,
            "fall_while_selling": self._fall_while_selling,
            "runaway": self._runaway,
            "by_hand": self._by_hand,
            "refusal": self._refusal,
            "lost_reply": self._lost_reply,
            "look": self._look,
        }

    async def play(self, step: str | None) -> None:
        """Act until cancelled, towards a step where one is wanted."""
        names = _TOWARDS.get(step.partition(".")[0]) if step is not None else None
        turn = 0
        while True:
            name = names[turn % len(names)] if names is not None else self._chance.choice(_BY_CHANCE)
            turn += 1
            with suppress(TimeoutError):
                await self._acts[name]()
            await asyncio.sleep(self._chance.uniform(0.02, 0.25))

    async def trouble(self) -> list[str]:
        """Put a few faults in force instead of those before; return their names."""
        await self._town.clear_faults()
        if self._chance.random() < 0.2:
            return []
        chosen = self._chance.sample(_NOTICE_FAULTS, k=2) + self._chance.sample(_LOST_REPLIES, k=1)
        chosen += self._chance.sample(_OTHER_FAULTS, k=self._chance.choice((0, 1, 2)))
        chosen += self._chance.sample(_ODD_ANSWERS, k=self._chance.choice((0, 1, 1, 2)))
        chosen += self._chance.sample(_REFUSALS, k=self._chance.choice((0, 1, 1)))
        if self._chance.random() < 0.3:
            chosen.append(self._halt())
        for body in chosen:
            await self._town.sim("fault", **body)
        chat = self._chance.choice(_CHAT_FAULTS)
        if chat is not None:
            await self._town.chat_fault(**chat)
        return [*(body["kind"] for body in chosen), *([] if chat is None else [f"chat {chat['kind']}"])]

    def _halt(self) -> dict[str, Any]:
        """Return a halt of some market minutes, told by the broker or only to be seen in a book that stands still."""
        seconds = self._chance.choice((60, 180))
        return {"kind": "halt", "symbol": self._ticker(), "seconds": seconds, "shown": self._chance.random() < 0.5}

    # the owner

    async def ask(self, text: str, found: Callable[[Json], bool]) -> Json:
        """Type, and return the first message of the bot after it that fits; raise TimeoutError."""
        sent = await self._town.person.send(text)
        async with asyncio.timeout(_ANSWER_S * self._town.slowness):
            return await self._town.person.sees(lambda message: message["id"] > sent and found(message))

    async def confirmed(self, text: str, *, presses: int = 1) -> None:
        """Ask for something that matters and press its button."""
        preview = await self.ask(text, lambda message: _button(message) is not None)
        for _ in range(presses):
            data = _button(preview)
            assert data is not None
            query = await self._town.person.press_data(preview["id"], data)
            if self._chance.random() < 0.2:
                await self._town.person.post("redeliver", query_id=query)

    async def _buy(self) -> None:
        await self.confirmed(f"/buy {self._ticker()} {self._chance.randint(1, 30)}")

    async def _sell(self) -> None:
        await self.confirmed(f"/sell {self._ticker()} {self._chance.randint(1, 5)}")

    async def _press_twice(self) -> None:
        with suppress(AssertionError):  # the button may be gone by then
            await self.confirmed(f"/buy {self._ticker()} {self._chance.randint(31, 40)}", presses=2)

    async def _rest_and_cancel(self) -> None:
        ticker = self._ticker()
        low = (self._price(ticker) * Decimal("0.97")).quantize(_CENT)
        await self.confirmed(f"/buy {ticker} {self._chance.randint(1, 30)} @{low}")
        await asyncio.sleep(self._chance.uniform(0.0, 0.15))
        await self.confirmed("/cancel all")

    async def _look(self) -> None:
        await self._town.person.send(self._chance.choice(("/status", "/orders", "/balance", "/positions")))

    # the market

    async def _fall(self) -> None:
        """Let a ticker that is held fall below its stop; it comes back later."""
        ticker = await self._held()
        if ticker is None:
            await self._by_hand()
        else:
            await self._fall_of(ticker)

    async def _fall_while_selling(self) -> None:
        """Let a ticker fall while a sell of it rests above the market: the stop must cancel that first."""
        ticker = await self._held()
        if ticker is None:
            await self._buy()
            return
        high = (self._price(ticker) * Decimal("1.03")).quantize(_CENT)
        try:
            await self.confirmed(f"/sell {ticker} 1 @{high}")
            async with asyncio.timeout(_ANSWER_S * self._town.slowness):
                while not await self._rests(ticker):  # noqa: ASYNC110 - of the broker's books: nothing here to wait on
                    await asyncio.sleep(0.02)
        finally:
            await self._fall_of(ticker)

    async def _rests(self, ticker: str) -> bool:
        """Return whether a sell of the ticker works at the broker."""
        return any(o["symbol"] == ticker and o["side"] == "sell" for o in (await self._town.state())["open_orders"])

    async def _held(self) -> str | None:
        held = [p["symbol"] for p in (await self._town.state())["positions"] if p["symbol"] in TICKERS]
        return self._chance.choice(held) if held else None

    async def _fall_of(self, ticker: str) -> None:
        price = self._price(ticker)
        await self._tick(ticker, price * Decimal("0.92"))
        await asyncio.sleep(self._chance.uniform(0.1, 0.6))
        await self._tick(ticker, price)

    async def _runaway(self) -> None:
        """Let the price run away from the next order before it meets the market, so that it rests."""
        self._runaways = 1
        await asyncio.sleep(0.3)

    async def _tick(self, ticker: str, price: Decimal) -> None:
        last = price.quantize(_CENT)
        await self._town.sim(
            "tick", symbol=ticker, last=str(last), bid=str(last - _CENT), ask=str(last + _CENT), volume=500
        )

    def _watch_orders(self) -> None:
        world = self._town.simulator.world
        open_order = world.broker.open_order

        def opening(*args: Any, **kwargs: Any) -> BookOrder:
            order = open_order(*args, **kwargs)
            if self._runaways:
                self._runaways -= 1
                away = Decimal("1.004") if order.buying else Decimal("0.996")
                units = int(Decimal(order.price) * away) // 100 * 100

                def run() -> None:
                    world.print_by_hand(order.listing.symbol, units, 100, bid=units - 100, ask=units + 100, shift=True)

                world.timeline.after(0.1, run)
            return order

        world.broker.open_order = opening  # type: ignore[method-assign]

    # hands in the broker's app

    async def _by_hand(self) -> None:
        ticker = self._ticker()
        price = self._price(ticker)
        limit = price * Decimal(self._chance.choice(("1.01", "0.98")))
        body = {"symbol": ticker, "side": "buy", "qty": self._chance.randint(41, 60)}
        await self._town.sim("order", **body, price=str(limit.quantize(_CENT)))
        if self._chance.random() < 0.5:
            resting = [o for o in (await self._town.state())["open_orders"] if o["medium"] == "HTS"]
            for order in resting:
                await self._town.sim("cancel", odno=int(order["odno"]))

    # faults that lead to a step

    async def _refusal(self) -> None:
        await self._town.sim("fault", kind="reject", count=1)

    async def _lost_reply(self) -> None:
        kind = self._chance.choice(("timeout_after_accept", "timeout_before"))
        await self._town.sim("fault", kind=kind, count=1, hold_s=0.05, tr_id="VTTT1002U")

    # inside

    def _ticker(self) -> str:
        return self._chance.choice(TICKERS)

    def _price(self, ticker: str) -> Decimal:
        tape = self._town.simulator.market.tape(ticker)
        assert tape is not None
        return Decimal(tape.last) / 10_000


def _button(message: Json) -> str | None:
    """Return what the confirming button of a preview carries."""
    markup = message.get("reply_markup") or {}
    data = [str(button.get("callback_data")) for row in markup.get("inline_keyboard", []) for button in row]
    return next((each for each in data if each.startswith("y|")), None)


_LOST_REPLIES: tuple[dict[str, Any], ...] = (
    {"kind": "timeout_after_accept", "count": 1, "hold_s": 0.1, "tr_id": "VTTT1002U"},
    {"kind": "timeout_after_accept", "count": 1, "hold_s": 0.1, "tr_id": "VTTT1001U"},
    {"kind": "timeout_after_accept", "count": 1, "hold_s": 0.1, "tr_id": "VTTT1004U"},
    {"kind": "timeout_before", "count": 1, "hold_s": 0.1, "tr_id": "VTTT1002U"},
    {"kind": "timeout_before", "count": 1, "hold_s": 0.1, "tr_id": "VTTT1001U"},
    {"kind": "reset", "count": 1, "tr_id": "trading/order"},
    {"kind": "http_html", "count": 1, "tr_id": "trading/order"},
    {
        "kind": "rewrite", "count": 1, "tr_id": "trading/order", "only_code": True, "status": 500,
        "code": {"rt_cd": "1", "msg_cd": "IGW00009", "msg1": "응답을 만들 수 없습니다."},
    },
)  # fmt: skip
_NOTICE_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "partial_fills", "count": 4, "pieces": 3},
    {"kind": "notice_duplicate", "count": 4},
    {"kind": "notice_before_ack", "count": 2},
    {"kind": "notice_lost", "count": 2},
    {"kind": "notice_reorder", "count": 4},
    {"kind": "notice_packed", "count": 4},
    {"kind": "notice_packed", "count": 2, "records": 3, "lengths": [21, 24, 25]},
    {"kind": "notice_foreign", "count": 2, "symbol": "KO", "qty": 5},
)
# the order is not taken: for now, or nobody knows why
_REFUSALS: tuple[dict[str, Any], ...] = (
    {"kind": "refuse", "count": 3, "tr_id": ["trading/order", "trading/order-rvsecncl"], "msg_cd": "EGW00201"},
    {"kind": "refuse", "count": 3, "tr_id": "VTTT1001U", "msg_cd": "EGW00215"},
    {"kind": "refuse", "count": 1, "tr_id": "trading/order", "msg_cd": "EGW00121"},
    {"kind": "refuse", "count": 1, "tr_id": "trading/order", "msg_cd": "IGW00017", "msg1": "처리 중 오류입니다."},
    {"kind": "refuse", "count": 1, "tr_id": "trading/order-rvsecncl", "msg_cd": "KIER2810", "msg1": "오류입니다."},
)
# how the account is and what the broker says of it, for a whole life
_ODD_ANSWERS: tuple[dict[str, Any], ...] = (
    {"kind": "odd_rows", "rows": ["bond"]},
    {"kind": "odd_rows", "rows": ["fraction", "keyless"]},
    {"kind": "odd_rows", "rows": ["blank", "letters"]},
    {"kind": "empty_object"},
    {"kind": "empty_code", "rt_cd": "7", "msg_cd": "KIOK0560"},
    {"kind": "zero_valuation"},
    {"kind": "withhold", "symbol": "XLF", "qty": 20},
    {"kind": "wash_trades"},
    {"kind": "ws_ping_drop"},
    {"kind": "ws_flap", "every_s": 120},
    {"kind": "clock_offset", "offset_s": -8},
    {"kind": "clock_offset", "offset_s": 8},
)
_OTHER_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "http_500", "count": 1},
    {"kind": "http_html", "count": 1},
    {"kind": "bad_json", "count": 1},
    {"kind": "rate_limit", "count": 2},
    {"kind": "latency", "seconds": 60, "ms": 60},
    {"kind": "reject", "count": 1, "mode": "later"},
    {"kind": "ws_drop"},
    {"kind": "ws_drop", "seconds": 30},
    {"kind": "ws_silence", "seconds": 60},
    {"kind": "ws_garbage", "count": 2},
    {"kind": "token_expired"},
    {"kind": "token_revoked"},
)
_CHAT_FAULTS: tuple[dict[str, Any] | None, ...] = (
    None,
    {"kind": "error", "code": 429, "retry_after": 1, "method": "sendMessage"},
    {"kind": "error", "code": 500, "times": 2},
    {"kind": "timeout_after_send", "method": "sendMessage", "times": 2, "seconds": 0.05},
    {"kind": "timeout_before", "method": "sendMessage", "seconds": 0.05},
    {"kind": "timeout_after_send", "method": "editMessageText", "times": 1, "seconds": 0.05},
    {"kind": "down", "seconds": 0.4},
)
