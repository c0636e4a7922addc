"""What each setting means to its owner, in both languages, and where the menu shows it."""

from decimal import Decimal
from typing import NamedTuple

from strategy.model import Kept, Said


class SettingWords(NamedTuple):
    """Menu group, meaning, and the step of a number stepper. The step is in the unit of the value."""

    group: str
    meaning: Said
    step: Decimal | None = None


def _words(group: str, ko: str, en: str, step: str | None = None) -> SettingWords:
    return SettingWords(group, Said(Kept.BOTH, ko=ko, en=en), None if step is None else Decimal(step))


SETTING_WORDS: dict[str, SettingWords] = {
    "TRADING_TICKERS": _words(
        "other", "거래할 종목 (시장:티커, 쉼표로 구분)", "tickers to trade (MARKET:TICKER, comma separated)"
    ),
    "MARKET_START_TIME": _words(
        "hours", "이 시각과 개장 중 늦은 때부터 거래 (뉴욕 시간)", "no trading before this or the open (New York)"
    ),
    "MARKET_END_TIME": _words(
        "hours", "이 시각과 폐장 중 이른 때까지 신호 점검 (뉴욕 시간)", "no checks after this or the close (New York)"
    ),
    "AUTO_SHUTDOWN_TIME": _words(
        "hours", "거래일을 끝내고 요약을 보내는 시각 (뉴욕 시간)", "ends the trading day with a summary (New York)"
    ),
    "CHECK_INTERVAL_MINUTES": _words("pace", "신호 점검 간격 (분)", "minutes between signal checks", "1"),
    "BUY_DELAY_MIN": _words("pace", "매수 뒤 다음 매수까지 기다리는 분", "minutes to wait after a buy", "1"),
    "SELL_DELAY_MIN": _words("pace", "매도 뒤 다음 매도까지 기다리는 분", "minutes to wait after a sell", "1"),
    "BUY_RATE": _words("size", "한 번에 쓰는 주문가능금액의 비율", "share of buyable cash per buy", "0.05"),
    "SELL_RATE": _words("size", "한 번에 파는 보유수량의 비율", "share of the holding per sell", "0.05"),
    "RSI_PERIOD": _words("rsi", "RSI 기간 (봉 수)", "RSI window in bars", "1"),
    "RSI_MIN_MOVES": _words(
        "rsi",
        "최근 봉(RSI 기간, 적어도 이 값의 두 배) 중 종가가 움직인 봉이 이보다 적으면 RSI를 모르는 것으로 봄",
        "RSI is unknown while fewer of the newest bars (its period, at least twice this) have moved",
        "1",
    ),
    "RSI_OVERSOLD": _words("rsi", "RSI가 이 값 이하이면 매수 신호", "RSI at or below this is a buy signal", "1"),
    "RSI_OVERBOUGHT": _words("rsi", "RSI가 이 값 이상이면 매도 신호", "RSI at or above this is a sell signal", "1"),
    "RSI_INTERVAL": _words("rsi", "RSI 봉 (day 또는 분)", "bars for RSI: day or minutes"),
    "MACD_INTERVAL": _words("macd", "MACD 봉 (day 또는 분)", "bars for MACD: day or minutes"),
    "MACD_FAST": _words("macd", "MACD 단기 기간", "MACD fast window", "1"),
    "MACD_SLOW": _words("macd", "MACD 장기 기간", "MACD slow window", "1"),
    "MACD_SIGNAL": _words("macd", "MACD 시그널 기간", "MACD signal window", "1"),
    "CROSS_LOOKBACK": _words("macd", "교차를 찾는 최근 봉 수", "newest bars searched for a cross", "1"),
    "SELL_CONFIRM": _words(
        "macd", "매도를 확인하는 교차 (골든, 데드, 없음)", "cross that confirms a sell (golden, dead, none)"
    ),
    "SIGNAL_BARS": _words(
        "macd",
        "완성된 봉만(closed) 또는 진행 중인 봉까지(live) 사용",
        "closed bars only, or the forming bar too (live)",
    ),
    "STOP_LOSS_RATE": _words(
        "stop", "평균 단가 대비 수익률(%)이 이 값 이하이면 손절", "sell all at or below this return in percent", "0.5"
    ),
    "TAKE_PROFIT_RATE": _words(
        "stop", "수익률(%)이 이 값 이상이면 익절", "sell all at or above this return in percent", "1"
    ),
    "TRAILING_STOP_PCT": _words(
        "stop", "고점에서 이만큼(%) 내려오면 매도", "sell all this many percent below the peak", "0.5"
    ),
    "STOP_LOSS_COLLAR_PCT": _words(
        "stop", "손절 지정가를 매수호가보다 낮추는 폭(%)", "percent below the bid a stop order is priced", "0.5"
    ),
    "STOP_LOSS_REPRICE_S": _words("stop", "손절 주문을 다시 매기는 간격(초)", "seconds between stop re-pricings", "1"),
    "STOP_POLL_S": _words("stop", "시세가 조용할 때 직접 조회하는 간격(초)", "seconds between polls in silence", "1"),
    "STOP_PRICE_BAND_PCT": _words(
        "stop",
        "체결가가 호가에서 이보다(%) 멀면 한 번 더 확인",
        "percent a price may be off its book before a second one must confirm it",
        "0.5",
    ),
    "ORDER_TIMEOUT_S": _words("orders", "미체결 주문을 다시 매기기까지 초", "seconds before re-pricing an order", "10"),
    "ORDER_REPRICES": _words("orders", "취소하기 전 다시 매기는 횟수", "re-pricings before canceling", "1"),
    "MAX_ORDER_USD": _words("limits", "주문 하나의 최대 금액(달러)", "largest single order in dollars", "100"),
    "MAX_POSITION_RATE": _words(
        "limits", "한 종목의 최대 비중 (자산 대비)", "largest share of equity per ticker", "0.05"
    ),
    "MAX_ORDERS_PER_DAY": _words("limits", "하루 최대 주문 수", "most orders per day", "5"),
    "DAILY_LOSS_LIMIT_PCT": _words(
        "limits",
        "하루 손실이 이 비율(%)에 이르면 보호 전용",
        "daily loss in percent that leaves protection only",
        "0.5",
    ),
    "MAX_OPEN_TICKERS": _words("limits", "동시에 보유할 수 있는 종목 수", "most tickers held at once", "1"),
    "MAX_SPREAD_PCT": _words(
        "limits", "호가 차이가 이보다 크면(%) 거래하지 않음", "widest spread traded, percent", "0.5"
    ),
    "SPLIT_GUARD_PCT": _words(
        "limits", "밤사이 이보다 크게(%) 뛰면 분할로 의심", "overnight jump in percent suspected to be a split", "5"
    ),
    "POSITION_SCOPE": _words(
        "other", "계좌 전체(account) 또는 봇이 산 주식만(bot) 매도", "sell the account's shares or the bot's only"
    ),
    "TRADE_MODE": _words(
        "orders",
        "신호가 나면: 바로 주문(auto), 물어보고 주문(approve), 알리기만(signal)",
        "on a signal: trade (auto), ask first (approve), only tell (signal)",
    ),
    "APPROVAL_MIN": _words("orders", "승인을 기다리는 시간(분)", "minutes a proposed trade waits for a tap", "1"),
    "APPROVAL_DRIFT_PCT": _words(
        "orders", "제안한 뒤 가격이 이만큼(%) 움직이면 무효", "price move in percent that voids a proposed trade", "0.1"
    ),
    "QUIET_HOURS": _words(
        "alerts",
        "소리를 끄는 시간 (한국 시간, 중요한 알림 제외)",
        "hours without sound (Korean time), critical ones excepted",
    ),
    "NOTIFY_ORDERS": _words("alerts", "주문 알림", "orders"),
    "NOTIFY_FILLS": _words("alerts", "체결 알림", "fills"),
    "NOTIFY_SIGNALS": _words("alerts", "막힌 신호 알림", "signals that were blocked"),
    "NOTIFY_SESSION": _words("alerts", "개장, 마감, 준비 점검 알림", "open, close, ready check"),
    "NOTIFY_STREAM": _words("alerts", "실시간 연결 알림", "the live connection"),
    "NOTIFY_CHANGES": _words("alerts", "모드와 설정 변경 알림", "changes of modes and settings"),
    "NOTIFY_NOTES": _words("alerts", "그 밖의 알림", "everything else worth knowing"),
    "DASHBOARD": _words("alerts", "고정된 상황판 메시지", "a pinned message that keeps itself up to date"),
    "QUOTE_MAX_AGE_S": _words("other", "시세가 이보다 오래되면(초) 쓰지 않음", "oldest usable quote in seconds", "5"),
    "RECONCILE_INTERVAL_S": _words("other", "증권사와 대조하는 간격(초)", "seconds between reconciliations", "30"),
    "COMMISSION_PCT": _words("other", "수수료율(%)", "commission in percent", "0.05"),
    "SEC_FEE_PCT": _words("other", "매도 제비용 비율(%)", "sell-side regulatory fee in percent", "0.001"),
}

ACCOUNT_ONLY = frozenset(
    {
        "TRADING_TICKERS",
        "MARKET_START_TIME",
        "MARKET_END_TIME",
        "AUTO_SHUTDOWN_TIME",
        "CHECK_INTERVAL_MINUTES",
        "MAX_ORDERS_PER_DAY",
        "DAILY_LOSS_LIMIT_PCT",
        "MAX_OPEN_TICKERS",
        "RECONCILE_INTERVAL_S",
        "QUIET_HOURS",
        "NOTIFY_ORDERS",
        "NOTIFY_FILLS",
        "NOTIFY_SIGNALS",
        "NOTIFY_SESSION",
        "NOTIFY_STREAM",
        "NOTIFY_CHANGES",
        "NOTIFY_NOTES",
        "DASHBOARD",
    }
)
"""Settings that mean the account or the clock and so cannot differ per ticker."""

BY_COMMAND = frozenset({"TRADING_TICKERS"})
"""Settings with commands of their own (/watch, /unwatch): shown, not set like the others."""
