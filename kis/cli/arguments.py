"""The command line of `python -m kis`."""

import argparse
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from strategy.model import Interval, InvalidInput, OrderType, Symbol


def _symbol(text: str) -> Symbol:
    try:
        return Symbol.parse(text)
    except InvalidInput as error:
        raise argparse.ArgumentTypeError(f"not a symbol like NASDAQ:TQQQ: {text}") from error


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation as error:
        raise argparse.ArgumentTypeError(f"not a price: {text}") from error
    if not price.is_finite() or price < 0:
        raise argparse.ArgumentTypeError(f"not a price: {text}")
    return price


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number above zero: {text}")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a date like 2026-09-15: {text}") from error


class UsageFault(Exception):
    """The command line was wrong."""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line to the caller instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageFault(message)


def parser() -> argparse.ArgumentParser:
    """Return the parser of every command; `--json` is taken before and after the command's name."""
    shared = _Parser(add_help=False)
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="JSON for programs")
    top = _Parser(prog="python -m kis", parents=[shared], description="Ask KIS (한국투자증권) with the keys of .env")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[shared], help=text, description=text)

    add("token", "access token: issue or reuse, and its expiry (never shown)")
    add("quote", "current price").add_argument("symbol", type=_symbol, metavar="SYMBOL")
    bars = add("bars", "daily or minute bars")
    bars.add_argument("symbol", type=_symbol, metavar="SYMBOL")
    bars.add_argument("--interval", choices=[interval.value for interval in Interval], default="day")
    bars.add_argument("--count", type=_whole, default=30)
    add("book", "order book").add_argument("symbol", type=_symbol, metavar="SYMBOL")
    add("balance", "holdings")
    buyable = add("buyable", "how many shares can be bought at a price")
    buyable.add_argument("symbol", type=_symbol, metavar="SYMBOL")
    buyable.add_argument("price", type=_price, metavar="PRICE")
    for side in ("buy", "sell"):
        order = add(side, f"place one {side} order")
        order.add_argument("symbol", type=_symbol, metavar="SYMBOL")
        order.add_argument("qty", type=_whole, metavar="QTY")
        order.add_argument("price", type=_price, metavar="PRICE")
        order.add_argument("--type", choices=[kind.value for kind in OrderType], default="limit")
    amend = add("amend", "change an open order")
    amend.add_argument("order", metavar="ORDER")
    amend.add_argument("qty", type=_whole, metavar="QTY")
    amend.add_argument("price", type=_price, metavar="PRICE")
    add("cancel", "cancel an open order").add_argument("order", metavar="ORDER")
    add("open-orders", "working orders")
    executions = add("executions", "orders and fills of New York dates")
    executions.add_argument("--from", dest="since", type=_day, metavar="YYYY-MM-DD")
    executions.add_argument("--to", dest="until", type=_day, metavar="YYYY-MM-DD")
    watch = add("watch", "stream ticks and order notices")
    watch.add_argument("symbols", type=_symbol, nargs="+", metavar="SYMBOL")
    watch.add_argument("--seconds", type=float, default=None, help="stop after so many seconds")
    return top
