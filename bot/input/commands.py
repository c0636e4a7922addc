"""Every command of the product: its menu text, its plain-word aliases, who may use it, and whether it works yet."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from bot.i18n.translator import Tongue
from bot.role import Role

Say = Callable[[Tongue], str]
VIEWER, OPERATOR, OWNER = Role.VIEWER, Role.OPERATOR, Role.OWNER


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    group: str
    role: Role  # the least that may use it
    about: Say
    words: tuple[str, ...]  # what may be typed instead, as the first word of a message
    usage: str = ""
    ready: bool = True  # one that is not stands in no list; typed, it is answered honestly


COMMANDS: tuple[Command, ...] = (
    Command("start", "control", VIEWER, lambda t: t("Home screen"), ("시작", "홈", "메뉴", "home", "menu")),
    Command("run", "control", OPERATOR, lambda t: t("Trade by the rules"), ("실행", "run"), "[TICKER]"),
    Command(
        "pause",
        "control",
        OPERATOR,
        lambda t: t("Pause buys for a while"),
        ("매수멈춤", "일시정지", "pause", "pausebuys"),
        "[TICKER] [30m|2h|close]",
    ),
    Command(
        "stop",
        "control",
        OPERATOR,
        lambda t: t("Protect only: nothing but the stop-loss"),
        ("보호전용", "보호", "정지", "멈춰", "stop", "protectonly"),
        "[TICKER]",
    ),
    Command("halt", "control", OWNER, lambda t: t("Halt everything, the stop-loss too"), ("중단", "halt"), "[TICKER]"),
    Command("mode", "control", OPERATOR, lambda t: t("Mode"), ("모드", "mode")),
    Command("panic", "control", OPERATOR, lambda t: t("Cancel and sell everything"), ("비상", "panic")),
    Command(
        "release", "control", OPERATOR, lambda t: t("Unlock a ticker after a stop"), ("해제", "release"), "[TICKER]"
    ),
    Command(
        "arm", "control", OWNER, lambda t: t("Allow real orders until the next start"), ("무장", "arm"), "1234 [TOTP]"
    ),
    Command(
        "buy",
        "trade",
        OPERATOR,
        lambda t: t("Buy by hand"),
        ("매수", "buy"),
        "TICKER [QTY|$AMOUNT|PCT%] [@PRICE]",
    ),
    Command("sell", "trade", OPERATOR, lambda t: t("Sell by hand"), ("매도", "sell"), "TICKER [QTY|PCT%|all] [@PRICE]"),
    Command("cancel", "trade", OPERATOR, lambda t: t("Cancel an open order"), ("취소", "cancel"), "[ORDER|all]"),
    Command("amend", "trade", OPERATOR, lambda t: t("Change an open order"), ("정정", "amend"), "ORDER [QTY] [@PRICE]"),
    Command("status", "see", VIEWER, lambda t: t("Everything on one screen"), ("상태", "status")),
    Command("balance", "see", VIEWER, lambda t: t("Cash and total"), ("잔고", "balance")),
    Command("positions", "see", VIEWER, lambda t: t("What is held"), ("보유", "positions"), "[TICKER]"),
    Command("orders", "see", VIEWER, lambda t: t("Open and recent orders"), ("주문", "orders")),
    Command("order", "see", VIEWER, lambda t: t("One order in detail"), ("주문상세",), "N"),
    Command("trades", "see", VIEWER, lambda t: t("Fills"), ("체결", "trades"), "[N]"),
    Command("tickers", "see", VIEWER, lambda t: t("Tickers"), ("종목", "tickers")),
    Command("quote", "see", VIEWER, lambda t: t("Price now"), ("시세", "quote"), "TICKER"),
    Command("why", "see", VIEWER, lambda t: t("Why it did or did not trade"), ("왜", "why"), "TICKER [TIME]"),
    Command("results", "see", VIEWER, lambda t: t("Results"), ("결과", "거래결과", "results")),
    Command("profit", "see", VIEWER, lambda t: t("Profit by day"), ("수익", "profit"), "[DAYS]"),
    Command("daily", "see", VIEWER, lambda t: t("Results by day"), ("일별", "daily"), "[N]"),
    Command("weekly", "see", VIEWER, lambda t: t("Results by week"), ("주별", "weekly"), "[N]"),
    Command("monthly", "see", VIEWER, lambda t: t("Results by month"), ("월별", "monthly"), "[N]"),
    Command("performance", "see", VIEWER, lambda t: t("Performance"), ("성과", "performance")),
    Command("stats", "see", VIEWER, lambda t: t("Statistics"), ("통계", "stats")),
    Command("report", "see", VIEWER, lambda t: t("Report"), ("보고서", "report"), "[day|week|month]"),
    Command("calendar", "see", VIEWER, lambda t: t("Market days"), ("일정", "calendar"), "[DAYS]"),
    Command("chart", "see", VIEWER, lambda t: t("Chart"), ("차트", "chart"), "TICKER [INTERVAL]", ready=False),
    Command("tax", "see", VIEWER, lambda t: t("Tax estimate"), ("세금", "tax"), ready=False),
    Command("settings", "settings", VIEWER, lambda t: t("Settings menu"), ("설정", "settings")),
    Command("setup", "settings", OWNER, lambda t: t("The first settings, step by step"), ("처음설정", "setup")),
    Command("set", "settings", OWNER, lambda t: t("Change a setting"), ("변경", "set"), "NAME VALUE [TICKER] [for 2h]"),
    Command("get", "settings", VIEWER, lambda t: t("Show one setting"), ("조회", "get"), "NAME"),
    Command(
        "reset", "settings", OWNER, lambda t: t("Back to .env or the default"), ("초기화", "reset"), "NAME [TICKER]"
    ),
    Command("history", "settings", VIEWER, lambda t: t("Changes of settings"), ("이력", "history")),
    Command("undo", "settings", OWNER, lambda t: t("Take back the last change"), ("되돌리기", "undo")),
    Command("add", "settings", OWNER, lambda t: t("Add a ticker to automatic trading"), ("종목추가", "add"), "TICKER"),
    Command(
        "watch",
        "settings",
        OWNER,
        lambda t: t("Watch list: quotes and alerts, no trading"),
        ("관심", "watch"),
        "[TICKER]",
    ),
    Command(
        "unwatch",
        "settings",
        OWNER,
        lambda t: t("Take a ticker off either list"),
        ("관심해제", "종목제외", "unwatch"),
        "TICKER",
    ),
    Command(
        "notify",
        "settings",
        OWNER,
        lambda t: t("Which alerts sound"),
        ("알림", "notify", "🔔 alerts"),
        "[EVENT on|silent|off]",
    ),
    Command("quiet", "settings", OWNER, lambda t: t("Quiet hours"), ("방해금지", "quiet"), "[23:00-07:00|off]"),
    Command("alert", "settings", OPERATOR, lambda t: t("Alert at a price"), ("가격알림", "alert"), "TICKER < PRICE"),
    Command("alerts", "settings", VIEWER, lambda t: t("Price alerts"), ("알림목록", "alerts")),
    Command("lang", "settings", VIEWER, lambda t: t("Language: 한국어 / English"), ("언어", "language"), "[ko|en]"),
    Command(
        "whatif",
        "settings",
        VIEWER,
        lambda t: t("Try a setting on past days"),
        ("가정", "whatif"),
        "NAME VALUE [DAYS]",
        ready=False,
    ),
    Command(
        "backtest",
        "settings",
        VIEWER,
        lambda t: t("Test the rules on past days"),
        ("백테스트", "backtest"),
        "TICKER [DAYS]",
        ready=False,
    ),
    Command("help", "system", VIEWER, lambda t: t("All commands"), ("도움말", "도움", "help"), "[COMMAND]"),
    Command("system", "system", VIEWER, lambda t: t("System"), ("시스템", "system")),
    Command("health", "system", VIEWER, lambda t: t("Health check"), ("점검", "건강", "health")),
    Command("diagnose", "system", OPERATOR, lambda t: t("Test the connections"), ("진단", "diagnose")),
    Command("logs", "system", OWNER, lambda t: t("Newest log lines"), ("로그", "logs"), "[N]"),
    Command("export", "system", OWNER, lambda t: t("Export as CSV"), ("내보내기", "export"), "[7d|30d|365d|all]"),
    Command("version", "system", VIEWER, lambda t: t("Version"), ("버전", "version")),
)

BY_NAME = {command.name: command for command in COMMANDS}
BY_WORD = {word: command for command in COMMANDS for word in command.words}
"""A word of two, such as 매수 멈춤, stands here as one."""


def nearest(word: str) -> Command | None:
    """Return the command a mistyped word probably meant, of those that work."""
    typed = word.casefold().lstrip("/")
    known = {name: command for name, command in {**BY_WORD, **BY_NAME}.items() if command.ready}
    found = get_close_matches(typed, known, n=1, cutoff=0.6)
    return known[found[0]] if found else None
