"""One check of every ticker side by side: what goes wrong with one changes nothing for the others."""

import asyncio
import logging
from typing import Protocol

from strategy.model import Decision, Holdings, StorageError, Symbol, TradingError
from strategy.runtime import Activity
from strategy.runtime.telling import Telling
from strategy.settings.schema import SettingsInForce
from strategy.signals.account_for_checks import AccountForChecks

log = logging.getLogger(__name__)


class TickerCheck(Protocol):
    """What is done about one ticker."""

    async def check(self, symbol: Symbol, holdings: Holdings | None) -> Decision | None: ...


class StorageAid(Protocol):
    """Who must know that a record could not be stored."""

    async def storage_failed(self, error: StorageError) -> None: ...


class SignalCheck:
    """Checks every ticker once a call."""

    def __init__(
        self,
        *,
        trader: TickerCheck,
        account: AccountForChecks,
        fallback: StorageAid,
        settings: SettingsInForce,
        telling: Telling,
        activity: Activity,
    ) -> None:
        self._trader = trader
        self._account = account
        self._fallback = fallback
        self._settings = settings
        self._telling = telling
        self._activity = activity

    async def run(self) -> None:
        """Check every ticker once."""
        with self._activity():
            holdings = await self._account.for_check()
            async with asyncio.TaskGroup() as group:
                for symbol in self._settings.tickers:
                    group.create_task(self._check_safely(symbol, holdings), name=f"check {symbol}")

    async def _check_safely(self, symbol: Symbol, holdings: Holdings | None) -> None:
        try:
            await self._trader.check(symbol, holdings)
        except StorageError as error:
            await self._trouble(symbol, error)
            await self._fallback.storage_failed(error)
        except TradingError as error:
            await self._trouble(symbol, error)
        except Exception:
            log.exception("a check failed unexpectedly", extra={"symbol": str(symbol)})
            await self._trouble(symbol, TradingError())

    async def _trouble(self, symbol: Symbol, error: TradingError) -> None:
        log.warning("trouble in a check", extra={"symbol": str(symbol), "error": str(error)})
        await self._telling.trouble(f"check:{symbol}", error.user_message, symbol)
