"""The command line of the simulator."""

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from kis.simulator.clock import SimClock, wall_now
from kis.simulator.market.calendar import NEW_YORK, default_start
from kis.simulator.market.listings import Listings, parse_listing
from kis.simulator.market.replay import read_replay
from kis.simulator.options import Holding, KeySpec, Served, SimulatorOptions
from kis.simulator.server import Simulator, build_market


def main(arguments: Sequence[str]) -> int:
    """Run until SIGINT or SIGTERM; return 0, or 2 when something asked for cannot be had."""
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        asyncio.run(_serve(args))
    except (ValueError, OSError) as error:
        sys.stderr.write(f"kis.simulator: {error}\n")
        return 2
    return 0


async def _serve(args: argparse.Namespace) -> None:
    simulator = build(args)
    await simulator.start(args.port, other_port=args.other_port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    clock = simulator.clock
    local = clock.now().astimezone(NEW_YORK)
    sys.stdout.write(
        f"KIS simulator ({simulator.options.environment.value}) at {simulator.rest_url} and {simulator.ws_url}\n"
        + (f"the other environment at port {simulator.other_port}\n" if simulator.other_port else "")
        + f"market time {local.isoformat(timespec='seconds')}, {clock.speed:g} market seconds a second\n"
    )
    sys.stdout.flush()
    try:
        await stop.wait()
    finally:
        await simulator.aclose()


def build(args: argparse.Namespace) -> Simulator:
    """Return a simulator from parsed arguments; raise ValueError or OSError for what cannot be had."""
    options = _options(args)
    replay = read_replay(Path(args.replay)) if args.replay else None
    if args.now is not None:
        start = args.now
    elif replay is not None:
        start = replay.start()
    else:
        start = default_start(wall_now())
    listings = Listings([parse_listing(text) for text in args.listing])
    market = build_market(options, start, args.seed, replay, listings)
    clock = SimClock(start, speed=args.speed)
    return Simulator(options, market=market, clock=clock, seed=args.seed)


def _options(args: argparse.Namespace) -> SimulatorOptions:
    environment = Served.REAL if args.real else Served.VIRTUAL
    keys = [KeySpec(app_key=key, environment=Served.REAL) for key in args.real_key]
    keys += [KeySpec(app_key=key, environment=Served.VIRTUAL) for key in args.virtual_key]
    lag = (0.0, args.lag)
    return SimulatorOptions(
        environment=environment,
        faults=tuple(args.fault),
        keys=tuple(keys),
        cash=args.cash,
        holdings=tuple(args.hold),
        rate_limits=not args.no_rate_limits,
        ledger_limiter=args.ledger_limit,
        approval_limit=args.approval_limit,
        second_issue="same" if args.same_token else "refuse",
        ccnl_lag_s=lag,
        balance_lag_s=lag,
        empty_result=args.empty_result,
        empty_rt_cd=args.empty_rt_cd,
        refuse_wash_trades=args.refuse_wash_trades,
        clock_offset_s=args.clock_offset,
        filler_rows=args.filler_rows,
        match_delay_s=args.match_delay,
        extension_enrolled=args.extension,
        prints_a_minute=args.prints_a_minute,
        live=not args.quiet_market,
        grain=args.grain,
        extended_minute_bars=not args.regular_bars_only,
        virtual_ticks=not args.no_virtual_ticks,
        ack_encrypt="always_n" if args.ack_encrypt_n else "flag",
        book_levels=args.book_levels,
        order_notice_fields=args.order_notice_fields,
        fill_notice_fields=args.fill_notice_fields,
        in_use="drop_old" if args.newcomer_wins else "refuse_newcomer",
        linger_s=args.linger,
        virtual_quote_failures=args.virtual_quote_failures,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kis.simulator", description="A KIS server on loopback.")
    add = parser.add_argument
    add("--port", type=int, required=True, help="port on 127.0.0.1; 0 picks a free one")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--virtual", action="store_true", help="keys are virtual ones (default)")
    kind.add_argument("--real", action="store_true", help="keys are real ones")
    add("--real-key", action="append", default=[], metavar="KEY", help="this app key is a real one; repeatable")
    add("--virtual-key", action="append", default=[], metavar="KEY", help="this app key is virtual; repeatable")
    add("--other-port", type=int, metavar="P", help="second port that plays the other environment's host")
    add("--replay", metavar="CSV_OR_DIR", help="replay recorded bars")
    add("--grain", choices=("minute", "second", "daily"), default="minute", help="which bars of a folder to replay")
    add("--listing", action="append", default=[], metavar="EXCHANGE:SYMBOL", help="list a ticker; repeatable")
    add("--speed", type=float, default=1.0, help="market seconds a real second; 0 stands still")
    add("--seed", type=int, default=1)
    add("--now", type=_instant, help="market time at the start, ISO 8601 with offset")
    add("--cash", type=_decimal, default=Decimal(100_000), help="dollars an account starts with")
    add(
        "--hold", type=_holding, action="append", default=[], metavar="SYMBOL=QTY[@AVERAGE]", help="shares at the start"
    )
    add("--no-rate-limits", action="store_true", help="let any number of calls through")
    add("--ledger-limit", action="store_true", help="one account inquiry a second (EGW00215)")
    add("--approval-limit", action="store_true", help="one approval key a second")
    add("--same-token", action="store_true", help="a second tokenP within a minute repeats the token, not EGW00133")
    add("--lag", type=float, default=2.0, help="fills reach inquiries within this many market seconds")
    add("--empty-result", choices=("list", "object"), default="list")
    add("--empty-rt-cd", choices=("0", "7", "1"), default="0", help="rt_cd beside the code for nothing found")
    add("--refuse-wash-trades", action="store_true", help="refuse an order that would meet one of the account's own")
    add("--clock-offset", type=float, default=0.0, help="seconds the server's clock is ahead of what /sim/clock tells")
    add("--filler-rows", action="store_true", help="end lists with a blank row")
    add("--match-delay", type=float, default=0.0, help="market seconds from acceptance to the market")
    add("--extension", action="store_true", help="the account is enrolled for the after-market extension")
    add("--prints-a-minute", type=int, default=20, help="prints of a busy modelled or replayed minute")
    add("--quiet-market", action="store_true", help="nothing trades but ticks by hand")
    add("--regular-bars-only", action="store_true", help="minute bars of the regular session only")
    add("--no-virtual-ticks", action="store_true", help="virtual keys may register price streams but get no data")
    add("--ack-encrypt-n", action="store_true", help="acknowledgements of notices say encrypt N")
    add("--book-levels", type=int, choices=(1, 10), default=10)
    add("--order-notice-fields", type=int, default=24)
    add("--fill-notice-fields", type=int, default=25)
    add("--newcomer-wins", action="store_true", help="a second socket of a key ends the first one")
    add("--linger", type=float, default=0.0, help="market seconds a lost session still holds its key")
    add(
        "--fault", type=_fault, action="append", default=[], metavar="JSON",
        help='a fault in force from the start, as POST /sim/fault takes it: \'{"kind": "odd_rows"}\'; repeatable',
    )  # fmt: skip
    add("--virtual-quote-failures", type=int, default=0, help="of a thousand virtual quote calls, how many fail")
    return parser


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        return NEW_YORK.localize(moment).astimezone(UTC)
    return moment.astimezone(UTC)


def _fault(text: str) -> dict[str, Any]:
    return dict(json.loads(text))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {text}") from error


def _holding(text: str) -> Holding:
    symbol, equals, rest = text.partition("=")
    qty, at, average = rest.partition("@")
    if not equals or not qty.isdigit():
        raise ValueError(f"a holding is SYMBOL=QTY or SYMBOL=QTY@AVERAGE, was {text}")
    return Holding(symbol=symbol.upper(), qty=int(qty), average=_decimal(average) if at else None)
