"""What the owner should know at a start: the list, what is held without a stop, how the stream stands (S46-S49)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from strategy.market.capacity import Pace, from_ticks
from strategy.market.interface import MarketData
from strategy.market.trading_window import session_view
from strategy.model import (
    BrokerError,
    Clock,
    Holdings,
    SessionPhase,
    SessionView,
    SettingSource,
    Started,
    StopState,
    Symbol,
    Text,
    lost_of,
)
from strategy.risk.mode_store import ModeStore
from strategy.settings.store import SettingsStore


class StopObstacles(Protocol):
    """What keeps a stop from selling whatever its price does; `strategy.stops.stop_monitor` knows."""

    def bare(self, symbol: Symbol) -> StopState | None: ...
    def forbidden(self, symbol: Symbol) -> StopState | None: ...


class StreamWords(Protocol):
    def state(self) -> Text:
        """Return in words how the stream stands."""


@dataclass(slots=True)
class StartFindings:
    """What a start has found so far. Prices are dollars, None where nobody gives one."""

    prices: Mapping[Symbol, Decimal | None]
    notes: list[Text] = field(default_factory=list)
    holdings: Holdings | None = None


class StartCard:
    """Puts the card of a start together."""

    def __init__(
        self,
        *,
        watch: MarketData,
        stops: StopObstacles,
        stream: StreamWords,
        modes: ModeStore,
        settings: SettingsStore,
        pace: Pace,
        clock: Clock,
        remarks: Sequence[Text] = (),
    ) -> None:
        """`remarks` are warnings of before the start that belong on the card."""
        self._watch = watch
        self._stops = stops
        self._stream = stream
        self._modes = modes
        self._settings = settings
        self._pace = pace
        self._clock = clock
        self._remarks = list(remarks)

    def remark(self, more: Sequence[Text]) -> None:
        """Add warnings found while what was stored was read."""
        self._remarks += more

    def card(self, found: StartFindings) -> Started:
        """Return the card as things stand now."""
        now = self._clock.now()
        return Started(
            at=now,
            tickers=tuple(found.prices.items()),
            warmup=tuple(row for symbol in self._settings.tickers for row in self._watch.warmup(symbol)),
            stream=self._stream.state(),
            mode=self._modes.account,
            session=session_text(session_view(now, self._settings.account)),
            holdings=found.holdings,
            notes=tuple(found.notes),
        )

    def about_tickers(self) -> list[Text]:
        """Say what to know of the list: too many, bars from ticks only, not the list of `.env`."""
        tickers = self._settings.tickers
        found = [*self._remarks, *self._pace.too_many(self._settings, tickers)]
        found += self._pace.too_many_ticks(len(tickers), self._settings.account.stop_poll_s)
        names = ", ".join(symbol.ticker for symbol in tickers if self._watch.needs_ticks(symbol))
        if names:
            found.append(from_ticks(names))
        if self._settings.source("TRADING_TICKERS") is SettingSource.CHAT:
            found.append(_CHOSEN_IN_CHAT)
        return found

    def about_held(self, holdings: Holdings) -> list[Text]:
        """Name what is held and has no stop."""
        unwatched = sorted({one.symbol for one in holdings.positions if one.qty > 0} - set(self._settings.tickers))
        found: list[Text] = []
        if unwatched:
            names = ", ".join(symbol.ticker for symbol in unwatched)
            found.append(
                Text(
                    f"{names}: 보유하고 있지만 거래하는 종목이 아니어서 손절이 없습니다. 더하려면 /watch.",
                    f"{names}: held, but not on the watch list, so no stop protects it. /watch adds a ticker.",
                )
            )
        states = {
            symbol: self._stops.bare(symbol) or self._stops.forbidden(symbol) for symbol in self._settings.tickers
        }
        lost = lost_of({symbol: state for symbol, state in states.items() if state is not None})
        if lost is not None:
            found.append(Text(f"손절이 작동하지 않음: {lost.ko}", f"Stops that do not work: {lost.en}"))
        return found


def not_asked(error: BrokerError, *, held: bool) -> Text:
    """Say what it means that the account could not be asked; `held`: what is held is known all the same."""
    said = error.user_message
    if held:
        return Text(
            f"주문을 확인하지 못해 매수를 막았습니다. 보유 종목의 손절은 작동합니다: {said.ko}",
            f"The orders could not be looked at, so buying is blocked; stops of what is held work: {said.en}",
        )
    return Text(
        f"계좌를 확인하지 못해 매수를 막았습니다. 무엇을 보유했는지 몰라 손절도 아직 없습니다: {said.ko}",
        "The account could not be looked at, so buying is blocked, and without knowing what is held no stop"
        f" works yet: {said.en}",
    )


def no_price(symbol: Symbol, error: BrokerError) -> Text:
    """Say that a ticker is not traded for want of a price."""
    said = error.user_message
    return Text(
        f"{symbol} 가격을 확인하지 못했습니다 ({said.ko}) 확인될 때까지 거래하지 않습니다."
        " 시장과 티커가 맞는지 보세요.",
        f"{symbol} could not be verified by a price ({said.en}) It is not traded until it can."
        " Check market and ticker.",
    )


def session_text(view: SessionView) -> Text:
    """Return the session in a few words; the bot adds the times."""
    words = {
        SessionPhase.OPEN: Text("거래 시간입니다", "the session is on"),
        SessionPhase.BEFORE_START: Text(
            "개장했고 MARKET_START_TIME 을 기다립니다", "open; waiting for MARKET_START_TIME"
        ),
        SessionPhase.AFTER_END: Text("오늘의 신호 점검은 끝났습니다", "today's checks are over"),
        SessionPhase.CLOSED: Text("장이 닫혀 있습니다", "the exchanges are closed"),
    }
    return words[view.phase]


_CHOSEN_IN_CHAT = Text(
    "종목은 채팅에서 바꾼 목록입니다 (.env 의 TRADING_TICKERS 가 아님). 되돌리려면 /reset TRADING_TICKERS.",
    "The tickers are those chosen in the chat, not TRADING_TICKERS of .env; /reset TRADING_TICKERS goes back.",
)
