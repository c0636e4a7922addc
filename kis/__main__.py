"""`python -m kis COMMAND`: the client from a shell, reading `.env`; also for an owner who wants to test new keys."""

import asyncio
import sys

from bot.i18n.sentences import say
from kis.cli.commands import main
from strategy.model import Text
from strategy.runtime.console import steady


def both(said: Text) -> str:
    """Say it in both languages on one line."""
    return f"{say(said, 'ko')} / {say(said, 'en')}"


if __name__ == "__main__":
    steady()
    try:
        sys.exit(asyncio.run(main(sys.argv[1:], both)))
    except KeyboardInterrupt:  # how `watch` is usually ended: nothing to explain
        sys.exit(130)
