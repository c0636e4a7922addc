"""`python -m kis COMMAND`: the client from a shell, reading `.env`; also for an owner who wants to test new keys."""

import asyncio
import sys

from bot.i18n.sentences import paired
from kis.cli.commands import main
from strategy.runtime.console import steady

if __name__ == "__main__":
    steady()
    try:
        sys.exit(asyncio.run(main(sys.argv[1:], paired)))
    except KeyboardInterrupt:  # how `watch` is usually ended: nothing to explain
        sys.exit(130)
