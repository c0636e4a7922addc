"""The account as the checks of a minute share it, and taken again before anything is bought."""

import logging
from typing import Literal, Protocol

from strategy.model import BrokerError, Holdings
from strategy.portfolio.interface import AccountSync
from strategy.runtime.telling import Telling

log = logging.getLogger(__name__)

_AGE_S = 5  # a look this young serves a whole check
_BUY_AGE_S = 10  # and one this young a buy; an older one is taken again before buying


class DayLimit(Protocol):
    """The day's loss limit, which each look may have reached."""

    async def apply(self, holdings: Holdings) -> None: ...


class AccountForChecks:
    """Asks for the holdings and applies the day's loss limit to them; None, and told, where nobody answers."""

    def __init__(self, *, account_sync: AccountSync, day_loss: DayLimit, telling: Telling) -> None:
        self._account_sync = account_sync
        self._day_loss = day_loss
        self._telling = telling

    async def for_check(self) -> Holdings | None:
        return await self._take("timer", _AGE_S)

    async def before_buy(self) -> Holdings | None:
        """Look again where the last look is too old to buy by: only this one may have brought agreement."""
        return await self._take("before_buy", _BUY_AGE_S)

    async def _take(self, why: Literal["timer", "before_buy"], age_s: float) -> Holdings | None:
        try:
            holdings = await self._account_sync.take(why, max_age_s=age_s)
        except BrokerError as error:
            log.warning("no account for a check", extra={"error": str(error)})
            await self._telling.trouble("account_look", error.user_message)
            return None
        await self._day_loss.apply(holdings)
        return holdings
