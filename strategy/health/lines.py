"""The lines of /health: facts in, one judged line out. Each says what it means when it is not fine."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from strategy.health.trading_state import StreamStanding
from strategy.model import (
    HealthLine,
    OutboxState,
    SessionPhase,
    SessionView,
    StopState,
    StorageState,
    Symbol,
    Text,
    lost_of,
    new_york,
    seoul,
    span,
)
from strategy.runtime.probes import LoopLag, TelegramState

_MINUTE = 60
_MEGABYTE = 1024 * 1024
LEAST_FREE = 500 * _MEGABYTE
MOST_MEMORY = 1024 * _MEGABYTE
LONG_WAIT = timedelta(minutes=5)
TELEGRAM_SILENCE = timedelta(minutes=3)  # polling asks at least once in half a minute
SLOW_P99_MS, SLOW_LONGEST_MS = 100.0, 1000.0  # S13
MOST_SKEW = timedelta(seconds=3)
MOST_TELEGRAM_SKEW = timedelta(seconds=10)  # known to a second, and an answer may take some


def market(session: SessionView) -> HealthLine:
    """Say whether orders are taken now, and when next, in both zones (row S113)."""
    opens = _both_zones(session.next_open)
    if session.phase is SessionPhase.CLOSED:
        return _line(None, "장", "Market", f"닫힘, 다음 개장 {opens.ko}", f"closed, next open {opens.en}")
    closes = _both_zones(session.closes_at) if session.closes_at else Text("?", "?")
    return _line(None, "장", "Market", f"열림, 폐장 {closes.ko}", f"open until {closes.en}")


def order_desk(open_orders: int, unknown: int) -> HealthLine:
    if unknown:
        return _line(
            False,
            "주문",
            "Orders",
            f"결과를 모르는 주문 {unknown}건: 그 종목의 주문을 막고 조회 중입니다. /orders",
            f"{unknown} of unknown outcome: their tickers are blocked while they are looked up. See /orders",
        )
    return _line(True, "주문", "Orders", f"열린 주문 {open_orders}건, 모두 확인됨", f"{open_orders} open, all known")


def reconciled(agreed: bool, at: datetime | None, now: datetime) -> HealthLine:
    if agreed and at is not None:
        when = ago(now - at)
        return _line(True, "증권사 대조", "Reconciled", f"{when.ko} 일치", f"agreed {when.en}")
    last = ago(now - at) if at is not None else Text("아직 없음", "never")
    return _line(
        False,
        "증권사 대조",
        "Reconciled",
        f"아직 일치하지 않아 매수를 막았습니다 (마지막 일치: {last.ko})",
        f"not agreed, so buying is blocked (last agreement: {last.en})",
    )


def stream(inbox: StreamStanding) -> tuple[HealthLine, HealthLine]:
    """Return the socket and the order notices apart: the first may be fine without the second."""
    why = Text.read(inbox.reason)
    if not inbox.up:
        down = _line(
            False,
            "실시간 연결",
            "Live connection",
            f"끊김 ({why.ko}). 다시 연결하는 중이며 손절은 조회로 대신합니다",
            f"down ({why.en}). Reconnecting; stops go by polling",
        )
        return down, _line(None, "체결통보", "Order notices", "연결이 먼저 필요합니다", "needs the connection first")
    up = _line(True, "실시간 연결", "Live connection", "연결됨", "connected")
    if inbox.notices:
        return up, _line(True, "체결통보", "Order notices", "구독됨", "subscribed")
    return up, _line(
        False,
        "체결통보",
        "Order notices",
        f"구독되지 않음 ({why.ko}). HTS_ID 를 확인하세요. 체결은 조회로 확인합니다",
        f"not subscribed ({why.en}). Check HTS_ID. Fills are looked up instead",
    )


def stops(states: Mapping[Symbol, StopState]) -> HealthLine:
    """Tell whether the stop of everything held, and watched or not, would fire."""
    concerned = [state for state in states.values() if state.concerns]
    if (lost := lost_of(states)) is not None:
        return _line(
            False,
            "손절",
            "Stops",
            f"작동하지 않음: {lost.ko}. 증권사 앱을 확인하세요",
            f"not working: {lost.en}. Check the broker's app",
        )
    if not concerned:
        return _line(None, "손절", "Stops", "지킬 보유 종목이 없습니다", "no position to protect")
    count = len(concerned)
    if StopState.CLOSED in concerned:
        return _line(
            None,
            "손절",
            "Stops",
            f"{count}종목, 장이 열리면 작동합니다",
            f"{count} tickers, working once the session is on",
        )
    ticks, polled = concerned.count(StopState.TICKS), concerned.count(StopState.POLLING)
    return _line(
        True,
        "손절",
        "Stops",
        f"{count}종목 작동 중 (실시간 {ticks}, 조회 {polled})",
        f"{count} armed ({ticks} by ticks, {polled} by polling)",
    )


def quotes(ages: Mapping[Symbol, tuple[float | None, int]], *, in_session: bool) -> HealthLine:
    """Judge the age of each ticker's price in seconds against its QUOTE_MAX_AGE_S; a check asks for fresh ones."""
    missing = sorted(symbol.ticker for symbol, (age, _) in ages.items() if age is None)
    known = {symbol: age for symbol, (age, _) in ages.items() if age is not None}
    if missing:
        names = ", ".join(missing)
        return _line(False, "시세", "Quotes", f"시세 없음: {names}. /diagnose", f"no price: {names}. See /diagnose")
    if not known:
        return _line(None, "시세", "Quotes", "종목 없음", "no tickers")
    oldest = max(known, key=lambda symbol: known[symbol])
    when = ago(timedelta(seconds=known[oldest]))
    late = [symbol for symbol, (age, most) in ages.items() if age is not None and age > most]
    state = None if not in_session else not late
    return _line(
        state, "시세", "Quotes", f"가장 오래된 것 {oldest.ticker} {when.ko}", f"oldest {oldest.ticker}, {when.en}"
    )


def bars(warmup: Sequence[tuple[Symbol, str, int, int]]) -> HealthLine:
    """Name the tickers whose bars are too few for a signal: rows of ticker, interval, bars there, bars needed."""
    cold = [f"{symbol.ticker} {interval} {there}/{least}" for symbol, interval, there, least in warmup if there < least]
    if cold:
        names = ", ".join(cold)
        return _line(
            False,
            "봉",
            "Bars",
            f"모자람: {names}. 그때까지 신호가 없습니다",
            f"too few: {names}. No signals until then",
        )
    return _line(True, "봉", "Bars", "신호에 충분합니다", "enough for signals")


def storage(state: StorageState) -> HealthLine:
    size, free = megabytes(state.size), megabytes(state.free)
    if not state.writable:
        return _line(
            False,
            "저장",
            "Storage",
            f"쓸 수 없습니다. 주문을 낼 수 없으니 디스크를 확인하세요 (빈 공간 {free})",
            f"cannot be written, so no order can be placed. Check the disk ({free} free)",
        )
    if state.free < LEAST_FREE:
        return _line(
            False,
            "저장",
            "Storage",
            f"디스크가 거의 찼습니다: 빈 공간 {free} (데이터 {size})",
            f"disk almost full: {free} free (data {size})",
        )
    return _line(True, "저장", "Storage", f"데이터 {size}, 빈 공간 {free}", f"data {size}, {free} free")


def outbox(state: OutboxState, now: datetime) -> HealthLine:
    given_up = (
        Text(f", 보내지 못해 포기 {state.given_up}건", f", {state.given_up} given up") if state.given_up else _NONE
    )
    if state.oldest_at is None:
        return _line(
            not state.given_up, "알림함", "Outbox", f"밀린 알림 없음{given_up.ko}", f"nothing waiting{given_up.en}"
        )
    age = now - state.oldest_at
    when = ago(age)
    return _line(
        age < LONG_WAIT and not state.given_up,
        "알림함",
        "Outbox",
        f"{state.waiting}건 대기, 가장 오래된 것 {when.ko}{given_up.ko}",
        f"{state.waiting} waiting, the oldest from {when.en}{given_up.en}",
    )


def telegram(state: TelegramState, now: datetime) -> HealthLine:
    """Judge by the newest answer of the chat's server; `now` is wall time."""
    if state.answered_at is None:
        error = f" ({state.error})" if state.error else ""
        return _line(
            state.reachable, "텔레그램", "Telegram", f"아직 응답이 없습니다{error}", f"has not answered yet{error}"
        )
    age = now - state.answered_at
    when = ago(age)
    error = f", {state.error}" if not state.reachable else ""
    fine = bool(state.reachable) and age <= TELEGRAM_SILENCE
    return _line(fine, "텔레그램", "Telegram", f"마지막 응답 {when.ko}{error}", f"answered {when.en}{error}")


def incoming(state: TelegramState, now: datetime) -> HealthLine:
    """Judge whether commands and presses are heard; `now` is wall time."""
    name = Text("텔레그램 수신", "Telegram, incoming")
    if state.deaf is not None and state.deaf_since is not None:
        length = span(now - state.deaf_since)
        return HealthLine(
            name=name,
            ok=False,
            detail=Text(
                f"{length.ko}째 명령을 받지 못함: {state.deaf.ko}", f"nothing heard for {length.en}: {state.deaf.en}"
            ),
        )
    if state.heard_at is None:
        return HealthLine(name=name, ok=None, detail=Text("아직 듣지 않았습니다", "has not listened yet"))
    when = ago(now - state.heard_at)
    fine = now - state.heard_at <= TELEGRAM_SILENCE
    return HealthLine(name=name, ok=fine, detail=Text(f"마지막 확인 {when.ko}", f"last asked {when.en}"))


def telegram_clock(ahead: timedelta) -> HealthLine:
    """Tell how far Telegram's clock is ahead of this machine's."""
    by = span(abs(ahead))
    return _line(
        False,
        "시계",
        "Clock",
        f"텔레그램과 {by.ko} 차이. 서버의 시간 동기화(NTP)를 켜세요",
        f"{by.en} off Telegram's. Switch on time synchronisation (NTP)",
    )


def token(until: datetime | None, now: datetime) -> HealthLine:
    if until is None:
        return _line(None, "KIS 접근토큰", "KIS token", "아직 받지 않았습니다", "none asked for yet")
    when = _both_zones(until)
    if until <= now:
        return _line(
            False,
            "KIS 접근토큰",
            "KIS token",
            f"{when.ko} 에 만료됨. /diagnose",
            f"expired at {when.en}. See /diagnose",
        )
    return _line(True, "KIS 접근토큰", "KIS token", f"{when.ko} 까지 유효", f"valid until {when.en}")


def calls(used: str) -> HealthLine:
    return _line(None, "KIS 호출량", "KIS calls", f"최근 1초 {used}", f"last second {used}")


def loop_lag(lag: LoopLag) -> HealthLine:
    minutes = max(1, round(lag.over.total_seconds() / _MINUTE))
    fine = lag.p99_ms < SLOW_P99_MS and lag.longest_ms < SLOW_LONGEST_MS
    slow = Text("", "") if fine else Text(" 서버가 바쁘거나 느립니다.", " The machine is busy or slow.")
    return _line(
        fine,
        "처리 지연",
        "Loop lag",
        f"최근 {minutes}분 p99 {lag.p99_ms:.0f} ms, 최대 {lag.longest_ms:.0f} ms.{slow.ko}",
        f"last {minutes} min: p99 {lag.p99_ms:.0f} ms, longest {lag.longest_ms:.0f} ms.{slow.en}",
    )


def clock_skew(skew: timedelta) -> HealthLine:
    """Judge how far the broker's clock is ahead of this machine's."""
    seconds = skew.total_seconds()
    if abs(skew) <= MOST_SKEW:
        return _line(
            True, "시계", "Clock", f"KIS 서버와 {abs(seconds):.1f}초 차이", f"{abs(seconds):.1f} s off KIS's clock"
        )
    return _line(
        False,
        "시계",
        "Clock",
        f"KIS 서버와 {abs(seconds):.1f}초 차이. 서버의 시간 동기화(NTP)를 켜세요",
        f"{abs(seconds):.1f} s off KIS's clock. Switch on time synchronisation (NTP)",
    )


def memory(resident: int) -> HealthLine:
    shown = megabytes(resident)
    if resident > MOST_MEMORY:
        return _line(False, "메모리", "Memory", f"{shown}: 평소보다 많습니다", f"{shown}: more than usual")
    return _line(True, "메모리", "Memory", shown, shown)


def program(version: str, up: timedelta) -> HealthLine:
    running = span(up)
    return _line(
        True,
        "프로그램",
        "Program",
        f"{version} · {running.ko} 가동".strip(" ·"),
        f"{version} · up {running.en}".strip(" ·"),
    )


def failed(ko: str, en: str, why: Text) -> HealthLine:
    """Return a line for something that could not even be looked at."""
    return _line(False, ko, en, why.ko, why.en)


def ago(age: timedelta) -> Text:
    """Return an age in words; one in the future is now."""
    passed = span(age)
    return Text(f"{passed.ko} 전", f"{passed.en} ago")


def megabytes(size: int) -> str:
    if size >= 1024 * _MEGABYTE:
        return f"{size / (1024 * _MEGABYTE):.1f} GB"
    return f"{size / _MEGABYTE:.1f} MB" if size < 10 * _MEGABYTE else f"{size // _MEGABYTE} MB"


_NONE = Text("", "")


def _both_zones(instant: datetime) -> Text:
    kst, et = seoul(instant), new_york(instant)
    shown = f"{kst:%m-%d %H:%M} KST ({et:%m-%d %H:%M} ET)"
    return Text(shown, shown)


def _line(ok: bool | None, ko: str, en: str, detail_ko: str, detail_en: str) -> HealthLine:
    return HealthLine(name=Text(ko, en), ok=ok, detail=Text(detail_ko, detail_en))
