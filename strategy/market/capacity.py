"""Whether the broker lets so many tickers be watched at that pace (row S3; kis-protocol 1.4, 6.3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from strategy.model import Symbol, Text
from strategy.settings.schema import SettingsInForce, intervals_of

_LOOK_CALLS = 8  # requests of one look at the account, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The broker's limits; None is not known."""

    calls_per_second: float | None = None
    tick_places: int | None = None  # tickers whose trades can be streamed at once

    def check_s(self, settings: SettingsInForce, tickers: Sequence[Symbol]) -> float:
        """Return how many seconds one check of those tickers takes at least, by the broker's call limit."""
        if self.calls_per_second is None:
            return 0.0
        calls = sum(1 + len(intervals_of(settings.of(symbol))) for symbol in tickers) + _LOOK_CALLS
        return calls / self.calls_per_second

    def too_many(self, settings: SettingsInForce, tickers: Sequence[Symbol]) -> list[Text]:
        """Say so when those tickers cannot be checked within one interval."""
        needed_s = self.check_s(settings, tickers)
        if needed_s <= settings.account.check_interval_minutes * 60:
            return []
        return [
            Text(
                f"점검 한 번에 약 {needed_s:.0f}초가 필요해 간격보다 깁니다. 일부 점검을 건너뜁니다.",
                f"One check needs some {needed_s:.0f} s at the broker's call limit, longer than its interval:"
                " some checks will be left out.",
            )
        ]

    def too_many_ticks(self, streamed: int, poll_s: int) -> list[Text]:
        """Say so when the trades of so many tickers cannot all be streamed."""
        if self.tick_places is None or streamed <= self.tick_places:
            return []
        return [
            Text(
                f"실시간 체결은 {self.tick_places}종목까지 받을 수 있습니다. 넘는 종목은 보유하면 {poll_s}초마다"
                " 직접 조회합니다.",
                f"Live trades can be had for {self.tick_places} tickers. Those beyond are asked for every {poll_s} s"
                " while held.",
            )
        ]


def from_ticks(names: str) -> Text:
    """Say that minute bars of those tickers can only be built from live trades, and the ways out (D9)."""
    return Text(
        f"{names}: 이 환경은 분봉을 주지 않아 실시간 체결로 만듭니다. 충분히 쌓일 때까지 신호가 없습니다."
        " 바로 쓰려면 QUOTE_APP_KEY/QUOTE_APP_SECRET 을 넣거나 RSI_INTERVAL, MACD_INTERVAL 을 day 로 바꾸세요.",
        f"{names}: no minute bars are offered here, so they are built from live trades, and there is no signal"
        " until there are enough. To start at once, set QUOTE_APP_KEY/QUOTE_APP_SECRET or use day for"
        " RSI_INTERVAL and MACD_INTERVAL.",
    )
