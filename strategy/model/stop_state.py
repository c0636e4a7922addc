"""The words of a stop: which one fires, what saw it, how its sale ends; whether a ticker's works, and if not why.

See decision 0119.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from strategy.model.instruments import Symbol
from strategy.model.text import Text


class StopTrigger(StrEnum):
    """Which of a ticker's stops."""

    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"


class StopPriceSource(StrEnum):
    """Where the prices of a stop come from."""

    TICKS = "ticks"
    POLLING = "polling"
    NONE = "none"


class Hitch(StrEnum):
    """What keeps a sale from going on."""

    BLOCKED = "blocked"  # an order of the ticker has no answer yet
    NOT_ORDERABLE = "not_orderable"  # the broker lets fewer shares be ordered than are to be sold
    HALTED = "halted"  # nothing trades
    UNMOVED = "unmoved"  # the order is out, and the market stands still


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRun:
    """A stop whose decision is stored and whose end is not."""

    decision_id: int
    symbol: Symbol
    trigger: StopTrigger
    price: Decimal  # dollars, what fired it
    qty: int  # whole shares it was to sell
    attempt: int  # above 1 for a retry
    begun_at: datetime  # aware UTC, market clock


class StopState(StrEnum):
    """How one ticker's stop stands."""

    TICKS = "ticks"  # compared with streamed trades
    POLLING = "polling"  # compared with prices asked for
    SELLING = "selling"  # it is selling now
    CLOSED = "closed"  # works once stops may sell again
    NOT_SEEN = "not_seen"  # what is held is not known yet, which is not "nothing"
    UNREADABLE = "unreadable"  # the ticker's row in the account cannot be read
    NOT_HELD = "not_held"
    NOT_WATCHED = "not_watched"
    NO_COST = "no_cost"  # held at a cost of zero: no return can be computed
    OFF = "off"  # no stop is set
    HALTED = "halted"  # by the mode
    LOCKED = "locked"
    DOWN = "down"  # the watcher is being started again
    UNSTORABLE = "unstorable"  # no order leaves whose intent is not on disk
    NO_TRADING = "no_trading"  # the venue has halted the ticker
    DELAYED = "delayed"  # prices come, but late by the venue's own stamps
    STUCK = "stuck"  # the same price with the same stamp again and again
    SILENT = "silent"  # no price comes

    @property
    def works(self) -> bool:
        """Return whether a stop fires now when its price is touched, or is selling already."""
        return self in (StopState.TICKS, StopState.POLLING, StopState.SELLING)

    @property
    def source(self) -> StopPriceSource:
        """Return where its prices come from."""
        return StopPriceSource(self.value) if self in (StopState.TICKS, StopState.POLLING) else StopPriceSource.NONE

    @property
    def concerns(self) -> bool:
        """Return whether something is, or may be, held that a stop should protect."""
        return self is not StopState.NOT_HELD

    @property
    def lost(self) -> bool:
        """Return whether something is in the way of a stop that nobody has decided."""
        return self.concerns and not self.works and self is not StopState.CLOSED


WHY = {
    StopState.TICKS: Text("실시간 시세로 작동 중", "working, by live trades"),
    StopState.POLLING: Text("조회한 시세로 작동 중", "working, by polling"),
    StopState.SELLING: Text("지금 팔고 있음", "selling now"),
    StopState.CLOSED: Text("장이 열리면 작동", "works once the market opens"),
    StopState.NOT_SEEN: Text("계좌를 아직 확인하지 못함", "the account has not been seen yet"),
    StopState.UNREADABLE: Text("증권사가 알린 보유를 읽을 수 없음", "what the broker tells of it cannot be read"),
    StopState.NOT_HELD: Text("보유 없음", "nothing held"),
    StopState.NOT_WATCHED: Text("거래 목록에 없음, /watch", "not on the watch list, /watch"),
    StopState.NO_COST: Text("평균단가를 알 수 없음", "its average cost is not known"),
    StopState.OFF: Text("손절 설정이 꺼져 있음", "no stop is set"),
    StopState.HALTED: Text("중단(HALTED) 모드, /run", "halted, see /run"),
    StopState.LOCKED: Text("잠김, /release", "locked, see /release"),
    StopState.DOWN: Text("손절 감시를 다시 시작하는 중", "the watcher is being started again"),
    StopState.UNSTORABLE: Text("기록을 저장할 수 없음, 디스크 확인", "records cannot be stored, check the disk"),
    StopState.NO_TRADING: Text("거래 정지", "trading is halted"),
    StopState.DELAYED: Text("시세가 늦게 옴", "prices come late"),
    StopState.STUCK: Text("시세가 멈춤", "the price stands still"),
    StopState.SILENT: Text("시세가 오지 않음", "no prices"),
}


def lost_of(states: Mapping[Symbol, StopState]) -> Text | None:
    """Name the tickers whose stop is lost, each with what is in its way; None where there is none."""
    if StopState.NOT_SEEN in states.values():
        return NOT_SEEN
    named = [(symbol.ticker, WHY[state]) for symbol, state in sorted(states.items()) if state.lost]
    if not named:
        return None
    return Text(
        ", ".join(f"{ticker} ({why.ko})" for ticker, why in named),
        ", ".join(f"{ticker} ({why.en})" for ticker, why in named),
    )


NOT_SEEN = Text(
    "계좌를 아직 확인하지 못해 무엇을 보유했는지 모릅니다",
    "the account has not been seen yet, so it is not known what is held",
)


def alarm(state: StopState, names: str) -> Text:
    """Return what it means that the stops of those tickers have ceased to work, and what to do."""
    told = _ALARMS.get(state, _ALARMS[StopState.SILENT])
    return Text(told.ko.format(names=names), told.en.format(names=names))


_REAL_TIME = Text(
    "한국투자증권 앱이나 HTS의 해외주식 실시간 시세 신청에서 미국 시세를 신청했는지 확인하고, 신청한 뒤에는"
    " 프로그램을 다시 시작하세요(새 토큰부터 적용됩니다).",
    "Apply for real-time US quotes (해외주식 실시간 시세) in the app or HTS of Korea Investment & Securities, then"
    " start the program again: the right holds from the next token on.",
)

_ALARMS = {
    StopState.SILENT: Text(
        "{names}: 시세가 오지 않아 손절을 할 수 없습니다. 증권사 앱을 확인하세요.",
        "{names}: no prices come, so the stop cannot run. Check the broker's app.",
    ),
    StopState.NO_TRADING: Text(
        "{names}: 거래가 정지되어 손절을 할 수 없습니다. 거래가 다시 시작되면 이어집니다. 증권사 앱을 확인하세요.",
        "{names}: trading is halted, so the stop cannot run; it goes on when trading does. Check the broker's app.",
    ),
    StopState.DELAYED: Text(
        "{names}: 지연된 시세만 옵니다(거래소 시각 기준으로 지난 가격). 지금 가격이 아니어서 손절을 할 수 없습니다. "
        + _REAL_TIME.ko,
        "{names}: only delayed prices come, old by the venue's own stamps, so the stop cannot run. " + _REAL_TIME.en,
    ),
    StopState.STUCK: Text(
        "{names}: 시세가 같은 시각에 멈춰 있어 지금 가격을 모릅니다. 손절을 할 수 없습니다. 거래가 없는 종목이면"
        " 다음 거래에 다시 작동합니다. 증권사 앱에서 가격을 확인하세요.",
        "{names}: the quote stands still at one time stamp, so the price now is not known and the stop cannot run. If"
        " nothing is traded in it, the next trade brings it back. Look at the price in the broker's app.",
    ),
    StopState.UNSTORABLE: Text(
        "{names}: 기록을 저장할 수 없어 손절 주문을 낼 수 없습니다. 디스크 공간을 비우고, 급하면 증권사 앱에서 파세요.",
        "{names}: records cannot be stored, so no stop can be sent. Free space on the disk, and if it is urgent sell in"
        " the broker's app.",
    ),
}


def late_ticks(names: str, late: int) -> Text:
    """Return what a stream means that is old by its own stamps while prices asked for are not. `late` is minutes."""
    return Text(
        f"{names}: 실시간 시세가 {late}분쯤 늦게 옵니다(거래소 시각 기준). 실시간으로 치지 않고 시세를 조회해서 씁니다."
        f" {_REAL_TIME.ko}",
        f"{names}: the live trades are some {late} min old by the venue's own stamps. They do not count; prices are"
        f" asked for instead. {_REAL_TIME.en}",
    )


def no_cost(name: str) -> Text:
    """Return what a holding at a cost of zero means, and what to do."""
    return Text(
        f"{name}: 증권사가 평균단가를 0으로 알려 수익률을 계산할 수 없어, 이 종목에는 손절이 없습니다. 평균단가가 오면"
        f" 저절로 손절이 생깁니다. 그때까지 /alert {name} < 가격 으로 알림을 걸거나 직접 파세요.",
        f"{name}: the broker tells an average cost of 0, so no return can be computed and this holding has no stop. It"
        f" gets one by itself once a cost is told. Until then set /alert {name} < PRICE, or sell by hand.",
    )
