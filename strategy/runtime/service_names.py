"""What a person is told of the program's own services: their names, and what it means while one is down."""

from strategy.model import Service, Text

_NAMES = {
    Service.ENGINE: Text("신호 점검", "the signal checks"),
    Service.DESK: Text("주문 처리", "the order desk"),
    Service.STOPS: Text("손절 감시", "the stop watcher"),
    Service.PRICE_WATCHDOG: Text("손절용 시세 확인", "the price watch of the stops"),
    Service.PANIC: Text("전량 매도(/panic)", "the panic service"),
    Service.STREAM: Text("실시간 시세와 체결 통보", "the live connection"),
    Service.STREAM_NEWS: Text("실시간 연결 소식", "the news of the live connection"),
    Service.WATCH_LIST: Text("종목 목록 반영", "the watch list"),
    Service.MOVED_LISTINGS: Text("거래소를 옮긴 종목 반영", "the following of moved listings"),
    Service.PROPOSALS: Text("매매 제안 카드", "the proposal cards"),
    Service.SESSION_CARDS: Text("준비 점검과 휴장 알림", "the ready check and the calendar"),
    Service.PRICE_ALERTS: Text("가격 알림", "the price alerts"),
    Service.STORAGE_ALARM: Text("저장 실패 알림", "the alarm of a full disk"),
    Service.CLOCK: Text("시계 감시", "the watch over the clock"),
    Service.UPKEEP: Text("기록 정리", "the tidying of records"),
    Service.LAG: Text("처리 지연 측정", "the measuring of delays"),
    Service.MEMORY: Text("메모리 정리", "the tidying of memory"),
    Service.CHAT: Text("채팅 명령", "the chat commands"),
    Service.ALERTS: Text("알림 전달", "the delivery of alerts"),
    Service.REMINDERS: Text("중요 알림 다시 알리기", "the reminders of critical alerts"),
    Service.DIGESTS: Text("아침 요약", "the morning digest"),
    Service.DASHBOARD: Text("고정된 상황판", "the pinned dashboard"),
    Service.LATE_ANSWERS: Text("늦게 보내는 답", "the answers that Telegram takes later"),
    Service.IN_PRIVATE: Text("알림방이 막혔을 때의 개인 알림", "alerts in private while the alert chat is barred"),
}
_MEANS = {
    Service.ENGINE: Text(
        "그동안 규칙으로 매매하지 않습니다. 손절은 작동합니다.",
        "The rules do not trade meanwhile. Stops work.",
    ),
    Service.DESK: Text(
        "그동안 체결이 늦게 보일 수 있습니다. 놓친 것은 증권사 조회로 찾습니다.",
        "Fills may show late meanwhile. What was missed is found by asking the broker.",
    ),
    Service.STOPS: Text(
        "그동안 손절을 하지 못하고, 규칙으로 매수하지 않습니다.",
        "No stop can fire meanwhile, and the rules buy nothing.",
    ),
    Service.PRICE_WATCHDOG: Text(
        "그동안 실시간 시세가 끊기면 손절을 하지 못합니다. 규칙으로 매수하지 않습니다.",
        "Without live ticks no stop can fire meanwhile. The rules buy nothing.",
    ),
    Service.PANIC: Text("진행 중이던 전량 매도는 이어서 합니다.", "A panic under way goes on afterwards."),
    Service.STREAM: Text("그동안 시세와 체결을 조회로 확인합니다.", "Prices and fills are asked for meanwhile."),
    Service.CHAT: Text(
        "그동안 명령에 답하지 못합니다. 거래는 계속됩니다.", "Commands get no answer meanwhile. Trading goes on."
    ),
    Service.ALERTS: Text(
        "알림은 나중에 순서대로 옵니다. 거래는 계속됩니다.", "Alerts come later, in order. Trading goes on."
    ),
}


def title(service: Service) -> Text:
    """Return a service's name for a person."""
    return _NAMES[service]


def crashed(service: Service, pause_s: float, said: list[Text]) -> Text:
    """Return what a crash means and what happens next; `said` is what else was done about it."""
    what = title(service)
    lines = [
        Text(
            f"내부 오류로 {what.ko}이(가) 멈췄습니다. {pause_s:g}초 뒤 다시 시작합니다.",
            f"A fault in the program has stopped {what.en}. It is started again in {pause_s:g} s.",
        )
    ]
    look = Text("또 오면 /health 와 /logs 를 보세요.", "If it comes again, see /health and /logs.")
    return _joined([*lines, *_means(service), *said, look])


def given_up(service: Service, pause_s: float, said: list[Text]) -> Text:
    """Return what it means that a service keeps crashing, and what to do."""
    what = title(service)
    lines = [
        Text(
            f"{what.ko}이(가) 거듭 멈춥니다. 이제 {pause_s / 60:g}분마다만 다시 해 봅니다."
            " 로그를 확인하고 프로그램을 다시 시작하세요. 급하면 증권사 앱을 쓰세요.",
            f"A fault keeps stopping {what.en}. From now on it is tried only every {pause_s / 60:g} min."
            " Look at the log and restart the program. If it is urgent, use the broker's app.",
        )
    ]
    return _joined([*lines, *_means(service), *said])


def works_again(service: Service) -> Text:
    what = title(service)
    return Text(f"{what.ko}: 다시 작동합니다.", f"Working again: {what.en}.")


def _means(service: Service) -> list[Text]:
    return [_MEANS[service]] if service in _MEANS else []


def _joined(texts: list[Text]) -> Text:
    return Text(" ".join(text.ko for text in texts), " ".join(text.en for text in texts))
