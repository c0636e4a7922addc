"""A start: prices, bars, a first look at the account, subscriptions, and the card that tells them (rows S46-S49)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from strategy.market import MarketData
from strategy.model import BrokerError, Symbol
from strategy.portfolio.interface import AccountSync
from strategy.runtime.telling import Telling
from strategy.session.bar_warm_up import BarWarmUp, for_each
from strategy.session.housekeeping import Housekeeping
from strategy.session.start_card import StartCard, StartFindings, no_price, not_asked
from strategy.settings.schema import SettingsInForce


class CutOffSales(Protocol):
    async def resume(self) -> None:
        """Go on with what a restart has cut off; call after a look at the account."""


class CutOffStops(CutOffSales, Protocol):
    @property
    def lines(self) -> Iterable[Symbol]:
        """The tickers with a stop price."""


class StartUp:
    """Gets everything ready to trade. What fails is told, and trading goes on without it."""

    def __init__(
        self,
        *,
        watch: MarketData,
        bars: BarWarmUp,
        account_sync: AccountSync,
        stops: CutOffStops,
        panic: CutOffSales,
        housekeeping: Housekeeping,
        card: StartCard,
        settings: SettingsInForce,
        telling: Telling,
    ) -> None:
        self._watch = watch
        self._bars = bars
        self._account_sync = account_sync
        self._stops = stops
        self._panic = panic
        self._housekeeping = housekeeping
        self._card = card
        self._settings = settings
        self._telling = telling

    async def prepare(self) -> StartFindings:
        """Ask and fetch what trading needs, subscribe, and take up what a restart has cut off."""
        self._watch.subscribe(())
        found = StartFindings(await self._prices())
        found.notes += [*self._card.about_tickers(), *await self._bars.fetch()]
        await self._first_sync(found)
        self._watch.subscribe(self._stops.lines)
        await self._go_on()
        return found

    async def resume(self) -> None:
        """Pick up after a fault: the start was told, so only what may have been missed is seen to."""
        self._watch.subscribe(self._stops.lines)
        await self._housekeeping.sync()
        await self._go_on()

    async def tell(self, found: StartFindings) -> None:
        """Tell the start, with the stream as it stands by now; raise StorageError when that cannot be stored."""
        self._bars.note_cold()
        await self._telling.tell(self._card.card(found))

    async def _go_on(self) -> None:
        await self._stops.resume()
        await self._panic.resume()

    async def _prices(self) -> dict[Symbol, Decimal | None]:
        """Ask each ticker's price; one that has none is told and not traded, since no rule acts without a price."""
        prices: dict[Symbol, Decimal | None] = dict.fromkeys(self._settings.tickers)

        async def ask(symbol: Symbol) -> None:
            try:
                prices[symbol] = (await self._watch.fresh_quote(symbol)).last
            except BrokerError as error:
                await self._telling.trouble(f"ticker:{symbol}", no_price(symbol, error), symbol)

        await for_each(self._settings.tickers, ask)
        return prices

    async def _first_sync(self, found: StartFindings) -> None:
        try:
            found.holdings = await self._account_sync.take("start")
        except BrokerError as error:
            found.holdings = self._account_sync.last
            found.notes.append(not_asked(error, held=found.holdings is not None))
        if found.holdings is not None:
            found.notes += self._card.about_held(found.holdings)
