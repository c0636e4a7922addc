"""The commands of `python -m kis`: parse, ask once, show."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kis.calls.prices import book as ask_book
from kis.cli import output as views
from kis.cli.arguments import UsageFault, parser
from kis.connect import Kis, open_kis
from kis.errors import KisInput
from kis.settings import KisSettings, is_loopback
from kis.simclock import remote_sim_clock
from strategy.model import (
    BrokerFault,
    BrokerOrder,
    Clock,
    DataUnavailable,
    Interval,
    InvalidInput,
    Notice,
    NotOffered,
    OrderRejected,
    OrderRequest,
    OrderType,
    Origin,
    OutcomeUnknown,
    Said,
    Side,
    Symbol,
    SystemClock,
    Tick,
    TradingError,
    TryLater,
    VenueNo,
    new_york,
)
from strategy.settings.env_file import ENCODING
from strategy.settings.messages import plain_faults


class ShellNote(StrEnum):
    USAGE = "shell.usage"
    NO_MARKET_ORDER = "shell.no_market_order"
    NOT_OPEN = "shell.not_open"
    SETTINGS = "shell.settings"


_KINDS: tuple[tuple[type[TradingError], str], ...] = (
    (NotOffered, "not_offered"),
    (OrderRejected, "refused"),
    (OutcomeUnknown, "unknown"),
    (TryLater, "later"),
    (BrokerFault, "fault"),
    (DataUnavailable, "no_data"),
    (InvalidInput, "input"),
)
_SETTLE_S = 1.5  # real seconds: the clock of a simulator may stand still
_Shown = views.Record | list[views.Record]


class _Place(BaseSettings):
    """Where the token is kept: beside the program's own data, so that both share it."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore")

    data_dir: Path = Path("data")


async def main(arguments: Sequence[str], say: Callable[[Said], str]) -> int:
    """Run one command; return the exit code. Errors are one JSON object on stderr, told as `say` words them."""
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr)  # stderr is for the one JSON object
    try:
        options = parser().parse_args(arguments)
    except UsageFault as fault:
        return _fail("usage", "", say(Said(ShellNote.USAGE, fault=str(fault))))
    as_json = getattr(options, "json", False)
    try:
        settings = KisSettings(_env_file=".env", _env_file_encoding=ENCODING)
        data_dir = _Place(_env_file=".env", _env_file_encoding=ENCODING).data_dir
    except ValidationError as error:
        faults = [fault.said() for fault in plain_faults(error, KisSettings)]
        return _fail("settings", "", say(Said(ShellNote.SETTINGS, faults=tuple(faults))))
    try:
        async with _clock(settings) as clock, open_kis(settings, clock=clock, data_dir=data_dir) as kis:
            if options.command == "watch":
                await _watch(kis, options, say, as_json=as_json)
                return 0
            try:
                _show(await _COMMANDS[options.command](kis, options), as_json=as_json)
            finally:
                await _settle(kis)
    except TradingError as error:
        return _fail(kind_of(error), str(getattr(error, "code", "")), say(error.user_message))
    return 0


async def _settle(kis: Kis) -> None:
    """Leave only when the next command may ask: it knows nothing of this one's calls, and an order is not repeated."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SETTLE_S):
            await kis.http.transport.pacer.settled()


@asynccontextmanager
async def _clock(settings: KisSettings) -> AsyncIterator[Clock]:
    """Yield the simulator's market time when the host is a simulator on this machine, else the machine's."""
    async with AsyncExitStack() as stack:
        clock: Clock = SystemClock()
        if is_loopback(settings.environment.rest_url):
            with suppress(TradingError):
                clock = await stack.enter_async_context(remote_sim_clock(settings.environment.rest_url))
        yield clock


def kind_of(error: TradingError) -> str:
    """Return the branch of the error tree by name."""
    return next((name for kind, name in _KINDS if isinstance(error, kind)), "error")


def _fail(kind: str, code: str, message: str) -> int:
    _write(views.as_json({"error": {"kind": kind, "code": code, "message": message}}), sys.stderr)
    return 1


def _show(shown: _Shown, *, as_json: bool) -> None:
    if as_json:
        _write(views.as_json(shown))
        return
    records = shown if isinstance(shown, list) else [shown]
    _write(views.table(records))


def _write(line: str, stream: Any = None) -> None:
    print(line, file=stream or sys.stdout, flush=True)


async def _token(kis: Kis, _options: argparse.Namespace) -> views.Record:
    await kis.http.tokens.get()
    return {
        "environment": kis.environment.name,
        "account": kis.account.masked,
        "expires_at": kis.http.tokens.expires_at,
        "issued_now": kis.http.tokens.issued > 0,
    }


async def _quote(kis: Kis, options: argparse.Namespace) -> views.Record:
    return views.quote(await kis.market.quote(options.symbol))


async def _bars(kis: Kis, options: argparse.Namespace) -> list[views.Record]:
    found = await kis.market.bars(options.symbol, Interval(options.interval), options.count)
    return [views.bar(bar) for bar in found]


async def _book(kis: Kis, options: argparse.Namespace) -> views.Record:
    return views.book(await ask_book(kis.quote_http, options.symbol))


async def _balance(kis: Kis, _options: argparse.Namespace) -> list[views.Record]:
    holdings = await kis.broker.holdings()
    return [views.position(position) for position in holdings.positions]


async def _buyable(kis: Kis, options: argparse.Namespace) -> views.Record:
    return views.buying_power(await kis.broker.buying_power(options.symbol, options.price))


async def _buy(kis: Kis, options: argparse.Namespace) -> views.Record:
    return await _place(kis, options, Side.BUY)


async def _sell(kis: Kis, options: argparse.Namespace) -> views.Record:
    return await _place(kis, options, Side.SELL)


async def _place(kis: Kis, options: argparse.Namespace, side: Side) -> views.Record:
    order_type = OrderType(options.type)
    if options.price == 0 and order_type not in (OrderType.MOO, OrderType.MOC):
        raise KisInput(
            "price 0",
            user_message=Said(ShellNote.NO_MARKET_ORDER),
        )
    request = OrderRequest(
        symbol=options.symbol,
        side=side,
        qty=options.qty,
        limit_price=options.price,
        origin=Origin.MANUAL,
        created_at=kis.clock.now(),
        order_type=order_type,
    )
    return views.acceptance(await kis.broker.submit(request))


async def _amend(kis: Kis, options: argparse.Namespace) -> views.Record:
    order = await _open_order(kis, options.order)
    return views.acceptance(await kis.broker.amend(order.symbol, order.venue_no, options.qty, options.price))


async def _cancel(kis: Kis, options: argparse.Namespace) -> views.Record:
    order = await _open_order(kis, options.order)
    return views.acceptance(await kis.broker.cancel(order.symbol, order.venue_no, order.open_qty))


async def _open_order(kis: Kis, number: str) -> BrokerOrder:
    """Return the working order that carries or carried this number."""
    wanted = VenueNo(number.strip().lstrip("0"))
    for order in await kis.broker.open_orders():
        if wanted == order.venue_no or wanted in order.replaced:
            return order
    raise KisInput(
        f"no open order {number}",
        user_message=Said(ShellNote.NOT_OPEN, number=number),
    )


async def _open_orders(kis: Kis, _options: argparse.Namespace) -> list[views.Record]:
    return [views.order(order) for order in await kis.broker.open_orders()]


async def _executions(kis: Kis, options: argparse.Namespace) -> list[views.Record]:
    today: date = new_york(kis.clock.now()).date()
    until = options.until or today + timedelta(days=1)
    since = options.since or min(today - timedelta(days=1), until)
    return [views.order(order) for order in await kis.broker.orders(since, until)]


_COMMANDS: Mapping[str, Callable[[Kis, argparse.Namespace], Awaitable[_Shown]]] = {
    "token": _token,
    "quote": _quote,
    "bars": _bars,
    "book": _book,
    "balance": _balance,
    "buyable": _buyable,
    "buy": _buy,
    "sell": _sell,
    "amend": _amend,
    "cancel": _cancel,
    "open-orders": _open_orders,
    "executions": _executions,
}


class _Printer:
    """A sink that writes one line for each thing streamed."""

    def __init__(self, say: Callable[[Said], str], *, as_json: bool, unread: Callable[[], None]) -> None:
        self._say = say
        self._as_json = as_json
        self._unread = unread  # called when nobody reads any more

    def on_tick(self, tick: Tick) -> None:
        self._line(views.tick(tick))

    def on_notice(self, notice: Notice) -> None:
        self._line(views.notice(notice))

    def on_unread_notice(self) -> None:
        self._line({"kind": "unread_notice"})

    def on_connected(self, *, gap: bool) -> None:
        self._line({"kind": "connected", "gap": gap})

    def on_disconnected(self, reason: Said) -> None:
        self._line({"kind": "disconnected", "reason": self._say(reason)})

    def on_subscription(self, symbol: Symbol | None, *, active: bool, reason: Said | None) -> None:
        why = "" if reason is None else self._say(reason)
        self._line({"kind": "subscription", "symbol": symbol, "active": active, "reason": why})

    def _line(self, record: views.Record) -> None:
        line = (
            views.as_json(record)
            if self._as_json
            else "  ".join(f"{name}={views.plain(value)}" for name, value in record.items() if value is not None)
        )
        try:
            _write(line)
        except BrokenPipeError:
            self._unread()


async def _watch(kis: Kis, options: argparse.Namespace, say: Callable[[Said], str], *, as_json: bool) -> None:
    """Stream until the time is over or the reader of the lines has gone (`... | head`)."""
    kis.stream.watch(options.symbols)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(options.seconds) as limit:

            def unread() -> None:
                with suppress(OSError):  # what is still buffered has no reader either
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                limit.reschedule(loop.time())

            await kis.stream.run(_Printer(say, as_json=as_json, unread=unread))
    except TimeoutError:
        return
