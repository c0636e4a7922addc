"""Every command of the product: its menu text, its plain-word aliases, and whether it works yet."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from bot.speech import Tongue

Say = Callable[[Tongue], str]


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    group: str
    about: Say
    words: tuple[str, ...] = ()  # what may be typed instead, as the first word of a message
    usage: str = ""
    ready: bool = True


COMMANDS: tuple[Command, ...] = (
    Command("start", "control", lambda t: t("Home screen"), ("시작", "홈", "home")),
    Command("run", "control", lambda t: t("Trade by the rules"), ("실행", "run")),
    Command(
        "pause", "control", lambda t: t("Stop new buys for a while"), ("일시정지", "pause"), "[TICKER] [30m|2h|close]"
    ),
    Command("stop", "control", lambda t: t("Protect only: nothing but the stop-loss"), ("정지", "stop")),
    Command("halt", "control", lambda t: t("Halt everything, the stop-loss too"), ("중단", "halt")),
    Command("release", "control", lambda t: t("Unlock a ticker after a stop"), ("해제", "release"), "TICKER"),
    Command("arm", "control", lambda t: t("Allow real orders until the next start"), ("무장", "arm"), "1234 [TOTP]"),
    Command("panic", "control", lambda t: t("Cancel and sell everything"), ("비상", "panic"), ready=False),
    Command(
        "buy",
        "trade",
        lambda t: t("Buy by hand"),
        ("매수", "buy"),
        "TICKER [QTY|$AMOUNT|PCT%] [@PRICE]",
    ),
    Command("sell", "trade", lambda t: t("Sell by hand"), ("매도", "sell"), "TICKER [QTY|PCT%|all] [@PRICE]"),
    Command("cancel", "trade", lambda t: t("Cancel an open order"), ("취소", "cancel"), "[ORDER|all]"),
    Command("amend", "trade", lambda t: t("Change an open order"), ("정정", "amend"), "ORDER [QTY] [@PRICE]", False),
    Command("status", "see", lambda t: t("Everything on one screen"), ("상태", "status")),
    Command("balance", "see", lambda t: t("Cash and total"), ("잔고", "balance")),
    Command("positions", "see", lambda t: t("What is held"), ("보유", "positions"), "[TICKER]"),
    Command("orders", "see", lambda t: t("Open and recent orders"), ("주문", "orders")),
    Command("order", "see", lambda t: t("One order in detail"), (), "N"),
    Command("why", "see", lambda t: t("Why it did or did not trade"), ("왜", "why"), "TICKER [TIME]"),
    Command("trades", "see", lambda t: t("Fills"), ("체결", "trades"), "[N]", False),
    Command("quote", "see", lambda t: t("Price now"), ("시세", "quote"), "TICKER", False),
    Command("chart", "see", lambda t: t("Chart"), ("차트", "chart"), "TICKER [INTERVAL]", False),
    Command("profit", "see", lambda t: t("Profit by day"), ("수익", "profit"), "[DAYS]", False),
    Command("daily", "see", lambda t: t("Results by day"), ("일별",), "", False),
    Command("weekly", "see", lambda t: t("Results by week"), ("주별",), "", False),
    Command("monthly", "see", lambda t: t("Results by month"), ("월별",), "", False),
    Command("performance", "see", lambda t: t("Performance"), ("성과",), "", False),
    Command("stats", "see", lambda t: t("Statistics"), ("통계",), "", False),
    Command("calendar", "see", lambda t: t("Market days"), ("일정",), "", False),
    Command("report", "see", lambda t: t("Report"), ("보고서",), "", False),
    Command("tax", "see", lambda t: t("Tax estimate"), ("세금",), "", False),
    Command("settings", "settings", lambda t: t("Settings menu"), ("설정", "settings")),
    Command("set", "settings", lambda t: t("Change a setting"), ("변경",), "NAME VALUE [TICKER] [for 2h]"),
    Command("get", "settings", lambda t: t("Show one setting"), ("조회",), "NAME"),
    Command("reset", "settings", lambda t: t("Back to .env or the default"), ("초기화",), "NAME [TICKER]"),
    Command("history", "settings", lambda t: t("Changes of settings"), ("이력",), ""),
    Command("undo", "settings", lambda t: t("Take back the last change"), ("되돌리기", "undo"), ""),
    Command("lang", "settings", lambda t: t("Language: 한국어 / English"), ("언어", "language"), "[ko|en]"),
    Command("watch", "settings", lambda t: t("Watch another ticker"), ("관심",), "TICKER", False),
    Command("unwatch", "settings", lambda t: t("Stop watching a ticker"), (), "TICKER", False),
    Command("notify", "settings", lambda t: t("Which alerts sound"), ("알림",), "", False),
    Command("quiet", "settings", lambda t: t("Quiet hours"), ("방해금지",), "", False),
    Command("whatif", "settings", lambda t: t("Try a setting on past days"), (), "NAME VALUE [DAYS]", False),
    Command("backtest", "settings", lambda t: t("Test the rules on past days"), ("백테스트",), "TICKER [DAYS]", False),
    Command("alert", "settings", lambda t: t("Alert at a price"), (), "TICKER < PRICE", False),
    Command("alerts", "settings", lambda t: t("Price alerts"), (), "", False),
    Command("help", "system", lambda t: t("All commands"), ("도움말", "도움", "help"), "[COMMAND]"),
    Command("version", "system", lambda t: t("Version"), ("버전", "version")),
    Command("health", "system", lambda t: t("Health check"), ("건강",), "", False),
    Command("diagnose", "system", lambda t: t("Test the connections"), ("진단",), "", False),
    Command("logs", "system", lambda t: t("Newest log lines"), ("로그",), "[N]", False),
    Command("export", "system", lambda t: t("Export as CSV"), ("내보내기",), "", False),
)

BY_NAME = {command.name: command for command in COMMANDS}
BY_WORD = {word: command for command in COMMANDS for word in command.words}


def nearest(word: str) -> Command | None:
    """Return the command a mistyped word probably meant."""
    typed = word.casefold().lstrip("/")
    found = get_close_matches(typed, [*BY_NAME, *BY_WORD], n=1, cutoff=0.6)
    return (BY_NAME.get(found[0]) or BY_WORD[found[0]]) if found else None
