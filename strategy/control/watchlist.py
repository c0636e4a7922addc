"""The watch list as the chat changes it: a reviewed step like any setting, with checks of its own (spec section 6).

A change is a change of TRADING_TICKERS, so history, undo and audit are those of every setting; an undo and a reset
pass the same checks. See decision 0042.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from strategy.execution.interface import OrderDesk
from strategy.market.capacity import Pace, from_ticks
from strategy.market.interface import MarketData
from strategy.model import (
    BrokerError,
    DataUnavailable,
    InvalidInput,
    Market,
    Outcome,
    OutcomeKind,
    PositionScope,
    Quote,
    SettingChange,
    SettingChanged,
    Symbol,
    Text,
    WatchPreview,
    percent,
    return_percent,
)
from strategy.portfolio.interface import AccountSync, Positions
from strategy.risk.exposure import ExposureMeter
from strategy.runtime.confirmations import Confirmations, Confirmed, changed, every
from strategy.settings.store import Draft, SettingsStore
from strategy.stops.stop_monitor import StopMonitor

WATCH = "watch"
TICKERS = "TRADING_TICKERS"
_LOOK_AGE_S = 5


class WatchList:
    """Adds and removes tickers at run time. Nothing enters that no quote knows, nothing leaves that needs its stop."""

    def __init__(
        self,
        *,
        settings: SettingsStore,
        watch: MarketData,
        positions: Positions,
        account_sync: AccountSync,
        desk: OrderDesk,
        guard: StopMonitor,
        presses: Confirmations,
        exposure_meter: ExposureMeter,
        pace: Pace,
    ) -> None:
        self._settings = settings
        self._watch = watch
        self._positions = positions
        self._account_sync = account_sync
        self._desk = desk
        self._guard = guard
        self._confirmations = presses
        self._exposure_meter = exposure_meter
        self._pace = pace
        presses.register(WATCH, self, of_owners=every)

    async def preview_watch(self, user_id: int, text: str) -> WatchPreview:
        """Verify a ticker by a quote and show the list as it would be.

        Raise InvalidInput where no exchange knows it, BrokerError when prices cannot be asked for.
        """
        symbol, quote = await self._find(text)
        tickers = self._settings.tickers
        if symbol in tickers:
            there = Text(f"{symbol} 은(는) 이미 거래하는 종목입니다.", f"{symbol} is on the watch list already.")
            return self._show(symbol, quote, adds=True, tickers=tickers, refusals=(there,))
        new = (*tickers, symbol)
        ticket = await self._issue(user_id, symbol, adds=True)
        warnings = tuple(self._warnings(symbol, quote, new))
        return self._show(symbol, quote, adds=True, tickers=new, warnings=warnings, ticket=ticket)

    async def preview_unwatch(self, user_id: int, symbol: Symbol) -> WatchPreview:
        """Show the list without a ticker; refused while that would put its stop to sleep."""
        new = tuple(one for one in self._settings.tickers if one != symbol)
        quote = self._watch.latest(symbol)
        refusals = tuple(await self._kept(symbol))
        if not refusals and not new:
            refusals = (_LAST,)
        ticket = None if refusals else await self._issue(user_id, symbol, adds=False)
        return self._show(symbol, quote, adds=False, tickers=new, refusals=refusals, ticket=ticket)

    async def examine(self, draft: Draft) -> None:
        """Check an undo or a reset of TRADING_TICKERS; raise InvalidInput for what may not be."""
        now, then = self._settings.tickers, self._settings.trial(draft, None).trading_tickers
        for symbol in now:
            refusals = [] if symbol in then else await self._kept(symbol)
            if refusals:
                raise InvalidInput(f"{symbol} must stay", user_message=refusals[0])
        for symbol in then:
            if symbol not in now:
                await self._verify(symbol)

    async def apply(self, draft: Draft, *, user_id: int | None) -> SettingChange:
        """Examine again while nobody else can place an order, and store; raise as `examine` does."""
        async with self._exposure_meter.turn:
            await self.examine(draft)
            return await self._settings.apply(draft, user_id=user_id)

    # presses

    def refuse(self, payload: Mapping[str, Any], typed: str) -> Text | None:  # noqa: ARG002 - nothing to type here
        return None

    async def carry_out(self, press: Confirmed) -> Outcome:
        """Verify again and change the list, unless it is another one by now."""
        symbol, adds = Symbol.parse(press.payload["symbol"]), press.payload["adds"]
        if press.fingerprint["tickers"] != self._settings.value(TICKERS):
            return changed()
        rest = [one for one in self._settings.tickers if one != symbol]
        text = ",".join(str(one) for one in [*rest, *([symbol] if adds else [])])
        try:
            draft = self._settings.draft(TICKERS, text, symbol=None, until=None)
            change = await self.apply(draft, user_id=press.user_id)
        except (InvalidInput, BrokerError) as error:
            return Outcome(kind=OutcomeKind.DENIED, text=error.user_message)
        told = SettingChanged(at=change.set_at, change=change)
        return Outcome(kind=OutcomeKind.DONE, text=_added(symbol) if adds else _removed(symbol), news=(told,))

    # inside

    async def _find(self, text: str) -> tuple[Symbol, Quote]:
        """Return the listing meant, with its price: the one named, known here already, or the first that answers."""
        tried = self._candidates(text)
        for symbol in tried:
            try:
                return symbol, await self._watch.fresh_quote(symbol)
            except DataUnavailable:
                continue
        names = ", ".join(str(symbol) for symbol in tried)
        raise InvalidInput(
            f"no price of {names}",
            user_message=Text(
                f"그런 종목의 시세가 없습니다: {names}. 티커와 거래소를 확인하세요. 예: /watch NASDAQ:TQQQ",
                f"No exchange quotes that: {names}. Check ticker and exchange, as in /watch NASDAQ:TQQQ",
            ),
        )

    def _candidates(self, text: str) -> list[Symbol]:
        if ":" in text:
            return [Symbol.parse(text)]
        found = [Symbol.parse(f"{market}:{text}") for market in Market]
        known = (*self._settings.tickers, *self._positions.held())
        return [symbol for symbol in found if symbol in known] or found

    async def _verify(self, symbol: Symbol) -> None:
        try:
            await self._watch.fresh_quote(symbol)
        except DataUnavailable as error:
            raise InvalidInput(f"no price of {symbol}", user_message=_no_price(symbol)) from error

    async def _kept(self, symbol: Symbol) -> list[Text]:
        """Return why a ticker may not leave the list, with what to do about it."""
        ticker = symbol.ticker
        if symbol not in self._settings.tickers:
            return [Text(f"{ticker} 은(는) 거래하는 종목이 아닙니다.", f"{ticker} is not on the watch list.")]
        try:
            holdings = await self._account_sync.take("asked", max_age_s=_LOOK_AGE_S)
        except BrokerError:
            return [
                Text(
                    "계좌를 확인하지 못해 보유 여부를 모릅니다. 잠시 뒤에 다시 하세요.",
                    "The account could not be looked at, so it is not known what is held. Try again shortly.",
                )
            ]
        refusals: list[Text] = []
        scope = self._settings.of(symbol).position_scope
        held, _ = self._positions.in_scope(symbol, scope)
        if scope is PositionScope.ACCOUNT:  # also shares that nobody can explain yet
            shown = sum(position.qty for position in holdings.positions if position.symbol == symbol)
            held = max(held, shown + self._account_sync.lagging(symbol))
        if held or self._guard.running(symbol):
            refusals.append(
                Text(
                    f"{ticker} {held:,}주를 보유하고 있어 뺄 수 없습니다: 빼면 손절이 멈춥니다. 먼저"
                    f" /sell {ticker} all 로 팔거나, 새로 사지만 않게 하려면 /pause {ticker} 를 쓰세요.",
                    f"{held:,} {ticker} are held, so it stays: without it their stop would sleep. Sell first with"
                    f" /sell {ticker} all, or use /pause {ticker} to buy no more of it.",
                )
            )
        orders = await self._desk.open_in(symbol)
        if orders:
            numbers = ", ".join(f"#{order.no}" for order in orders)
            refusals.append(
                Text(
                    f"{ticker} 미체결 주문이 있어 뺄 수 없습니다: {numbers}. 먼저 /cancel 로 취소하세요.",
                    f"Orders of {ticker} are open, so it stays: {numbers}. Cancel them first with /cancel.",
                )
            )
        return refusals

    def _warnings(self, symbol: Symbol, quote: Quote, tickers: Sequence[Symbol]) -> list[Text]:
        found = [
            *self._pace.too_many(self._settings, tickers),
            *self._pace.too_many_ticks(len({*tickers, *self._positions.held()}), self._settings.of(symbol).stop_poll_s),
        ]
        refused = self._watch.refused()
        if refused and set(self._settings.tickers) <= refused.keys():
            why = Text.read(next(iter(refused.values())))
            found.append(Text(f"실시간 체결을 받지 못합니다: {why.ko}", f"No live trades here: {why.en}"))
        if self._watch.needs_ticks(symbol):
            found.append(from_ticks(symbol.ticker))
        if quote.halted:
            found.append(Text("거래가 정지된 종목입니다.", "Trading of this ticker is halted."))
        settings = self._settings.of(symbol)
        position, rate = self._positions.scoped(symbol, settings.position_scope), settings.stop_loss_rate
        if position is not None and position.average_cost > 0:
            now = return_percent(position.average_cost, quote.last)
            found.append(_held(symbol, position.qty))
            if rate is not None and now <= rate:
                found.append(
                    Text(
                        f"⚠ 지금 수익률 {percent(now)}% 이므로 손절이 바로 팔 수 있습니다.",
                        f"⚠ At {percent(now)}% now, so the stop may sell at once.",
                    )
                )
        return found

    async def _issue(self, user_id: int, symbol: Symbol, *, adds: bool) -> tuple[str, datetime]:
        ticket = await self._confirmations.issue(
            WATCH, user_id, {"symbol": str(symbol), "adds": adds}, {"tickers": self._settings.value(TICKERS)}
        )
        return ticket.id, ticket.expires_at

    def _show(
        self,
        symbol: Symbol,
        quote: Quote | None,
        *,
        adds: bool,
        tickers: Sequence[Symbol],
        warnings: tuple[Text, ...] = (),
        refusals: tuple[Text, ...] = (),
        ticket: tuple[str, datetime] | None = None,
    ) -> WatchPreview:
        position = self._positions.of(symbol)
        return WatchPreview(
            symbol=symbol,
            name=position.name if position else "",
            adds=adds,
            last=quote.last if quote else None,
            tickers=tuple(tickers),
            warnings=warnings,
            refusals=refusals,
            ticket=ticket[0] if ticket else None,
            expires_at=ticket[1] if ticket else None,
        )


_LAST = Text(
    "마지막 종목은 뺄 수 없습니다. 다른 종목을 먼저 /watch 로 더하거나, 거래를 멈추려면 /stop 을 쓰세요.",
    "The last ticker cannot be removed. Add another with /watch first, or use /stop to trade nothing.",
)


def _no_price(symbol: Symbol) -> Text:
    return Text(f"{symbol} 시세가 없어 더하지 않았습니다.", f"{symbol} has no price, so it was not added.")


def _held(symbol: Symbol, qty: int) -> Text:
    return Text(
        f"{symbol.ticker} {qty:,}주를 보유하고 있습니다. 더하면 손절과 매도 규칙이 이 주식에도 적용됩니다.",
        f"{qty:,} {symbol.ticker} are held. From then on the stop and the sell rule apply to them.",
    )


def _added(symbol: Symbol) -> Text:
    return Text(
        f"{symbol} 을(를) 더했습니다. 봉을 받아 충분해지면 알려 드리고, 그때부터 신호를 봅니다.",
        f"{symbol} is added. Its bars are being fetched; you are told once they are enough for signals.",
    )


def _removed(symbol: Symbol) -> Text:
    return Text(f"{symbol} 을(를) 뺐습니다. 더는 거래하지 않습니다.", f"{symbol} is removed and not traded any more.")
