"""`python -m bot.localchat`: the local Telegram alone, for any Bot API client."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from bot.localchat.limits import Rates
from bot.localchat.server import DEFAULT_OWNER_ID, DEFAULT_TOKEN, LocalChat, looks_real


def main() -> int:
    arguments = _parser().parse_args()
    try:
        chat = LocalChat(
            token=arguments.token,
            owner_id=arguments.owner_id,
            language=arguments.lang,
            data_file=arguments.data,
            simulator_url=arguments.sim or "",
            rates=None if arguments.no_limits else Rates(),
        )
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if looks_real(arguments.token):
        sys.stderr.write("this token looks like one of Telegram's: never give the local chat a real bot's token\n")
    try:
        return asyncio.run(_serve(chat, arguments.port))
    except KeyboardInterrupt:
        return 0


async def _serve(chat: LocalChat, port: int) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await chat.start(port)
    except OSError as error:
        sys.stderr.write(f"port {port} cannot be used: {error.strerror}\n")
        return 1
    try:
        sys.stdout.write(f"{chat.url}/\n")
        sys.stdout.write(f"Bot API: {chat.url}/bot{chat.token}/METHOD\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await chat.aclose()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bot.localchat", description="A local Bot API server and chat page."
    )
    parser.add_argument("--port", type=int, default=8080, help="loopback port, 0 for a free one (default 8080)")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="made-up token of the bot (default %(default)s)")
    parser.add_argument("--data", type=Path, help="SQLite file that keeps the chat across restarts")
    parser.add_argument("--lang", choices=("ko", "en"), default="ko", help="language of the page and of its person")
    parser.add_argument("--sim", metavar="URL", help="control address of a simulator on this machine: shows the market")
    parser.add_argument("--owner-id", type=int, default=DEFAULT_OWNER_ID, help="id of the person (default %(default)s)")
    parser.add_argument("--no-limits", action="store_true", help="never answer 429")
    return parser


if __name__ == "__main__":
    sys.exit(main())
