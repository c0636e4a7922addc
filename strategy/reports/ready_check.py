"""The ready check before the open: what a night of trading needs, each looked at, not assumed."""

import asyncio
import logging
from enum import StrEnum

from strategy.health import lines
from strategy.health.surroundings_lines import SurroundingsLines
from strategy.health.trading_state import StreamStanding
from strategy.market import MarketData, Session
from strategy.model import BrokerError, HealthLine, Said, Symbol, cents
from strategy.portfolio.interface import AccountSync
from strategy.settings.schema import SettingsInForce

log = logging.getLogger(__name__)


class ReadyNote(StrEnum):
    WARM = "ready.warm"
    WARM_BUT = "ready.warm_but"
    FULL_DAY = "ready.full_day"
    HALF_DAY = "ready.half_day"
    ACCOUNT = "ready.account"
    RECONCILED = "ready.reconciled"
    AGREED = "ready.agreed"
    NOT_AGREED = "ready.not_agreed"
    CASH_UNKNOWN = "ready.cash_unknown"
    CASH = "ready.cash"
    BARS = "ready.bars"
    SESSION = "ready.session"


_ACCOUNT_AGE_S = 60
_MANY_AT_ONCE = 4


class ReadyLines:
    """Looks at the account, the bars, the stream and the ground the program stands on."""

    def __init__(
        self,
        *,
        watch: MarketData,
        account_sync: AccountSync,
        stream: StreamStanding,
        around: SurroundingsLines,
        settings: SettingsInForce,
    ) -> None:
        self._watch = watch
        self._account_sync = account_sync
        self._stream = stream
        self._around = around
        self._settings = settings

    async def of(self, session: Session) -> tuple[HealthLine, ...]:
        """Ask and fetch what is missing, then say line by line what works for that session."""
        account = await self._account()
        return (
            _calendar(session),
            *account,
            *lines.stream(self._stream),
            await self._bars(),
            *await self._around.stored(),
            *self._around.outside(),
            *self._around.time(),
        )

    async def _account(self) -> list[HealthLine]:
        """Look at the account; that the broker answers also proves the token."""
        name = Said(ReadyNote.ACCOUNT)
        try:
            holdings = await self._account_sync.take("timer", max_age_s=_ACCOUNT_AGE_S)
        except BrokerError as error:
            said = error.user_message
            return [HealthLine(name=name, ok=False, detail=said)]
        count = len([position for position in holdings.positions if position.qty > 0])
        agreed = HealthLine(
            name=Said(ReadyNote.RECONCILED),
            ok=self._account_sync.reconciled,
            detail=Said(ReadyNote.AGREED) if self._account_sync.reconciled else Said(ReadyNote.NOT_AGREED),
        )
        if holdings.cash is None or holdings.buyable is None:
            unknown = Said(ReadyNote.CASH_UNKNOWN, count=count)
            return [HealthLine(name=name, ok=False, detail=unknown), agreed]
        detail = Said(ReadyNote.CASH, count=count, cash=cents(holdings.cash), buyable=cents(holdings.buyable))
        return [HealthLine(name=name, ok=True, detail=detail), agreed]

    async def _bars(self) -> HealthLine:
        """Fetch what is missing of the bars and count the tickers that are warm."""
        tickers = self._settings.tickers
        gate = asyncio.Semaphore(_MANY_AT_ONCE)

        async def bring_up(symbol: Symbol) -> None:
            async with gate:
                try:
                    await self._watch.bring_up(symbol)
                except BrokerError as error:
                    log.warning("no bars before the open", extra={"symbol": str(symbol), "error": str(error)})

        async with asyncio.TaskGroup() as group:
            for symbol in tickers:
                group.create_task(bring_up(symbol))
        cold = [symbol.ticker for symbol in tickers if not self._watch.warm(symbol)]
        share = f"{len(tickers) - len(cold)}/{len(tickers)}"
        names = ", ".join(cold)
        return HealthLine(
            name=Said(ReadyNote.BARS),
            ok=not cold,
            detail=Said(ReadyNote.WARM_BUT, share=share, names=names) if cold else Said(ReadyNote.WARM, share=share),
        )


def _calendar(session: Session) -> HealthLine:
    opens, closes = session.opens_at, session.closes_at
    note = ReadyNote.HALF_DAY if session.half_day else ReadyNote.FULL_DAY
    return HealthLine(name=Said(ReadyNote.SESSION), ok=True, detail=Said(note, opens=opens, closes=closes))
