"""The pictures of the chat's screens in `docs/screens/`: `python -m tests.e2e.bot_screens`.

The real bot speaks in a local chat, with samples behind it instead of a core; a person types and presses, and a
headless Chromium takes a picture of what is then shown. The same code gives the same pictures.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from bot.app import open_bot
from strategy.model import (
    DecisionReason,
    Environment,
    Event,
    Language,
    OrderChanged,
    OrderStatus,
    Origin,
    SaleEnd,
    SettingChange,
    SettingView,
    Side,
)
from strategy.settings.store import SettingsStore
from tests.bot.conftest import telegram_settings
from tests.e2e.browser import open_browser
from tests.e2e.shots import Studio
from tests.fakes import result_samples, samples
from tests.fakes.chat_core import FakeControl
from tests.fakes.chat_storage import FakeNotes, FakeOutbox
from tests.fakes.clock import FakeClock, trading_settings
from tests.support.person import Json, Person, present
from tests.support.words import made_up

SCREENS = Path(__file__).parents[2] / "docs" / "screens"


class Shot(NamedTuple):
    """One picture: what is typed, what is pressed after it, or what the core tells, and what it shows."""

    name: str
    ko: str
    en: str
    typed: str = ""
    pressed: tuple[str, ...] = ()
    told: Callable[[], Sequence[Event]] | None = None
    last: int = 1  # how many of the newest messages are in the picture


def _order_story() -> Sequence[Event]:
    filled = samples.filled_order(21)
    return [
        OrderChanged(
            at=samples.NOW,
            order=filled,
            decision=samples.decision(),
            cash_before=Decimal("1846.56"),
            last_fill=samples.fill(fees=Decimal("1.53")),
            fees=Decimal("1.53"),
        )
    ]


SHOTS = (
    Shot("home", "홈: 모든 화면으로 가는 버튼", "Home: buttons to every screen", "/start"),
    Shot("status", "상태: 한 화면에 모두", "Status: everything on one screen", "/status"),
    Shot("balance", "잔고", "Balance", "/balance"),
    Shot("positions", "보유 종목과 손절가", "Positions, with the price of each stop", "/positions"),
    Shot("orders", "주문 목록", "Orders", "/orders"),
    Shot("order", "주문 하나의 경과", "The story of one order", "/order 11"),
    Shot("ticker", "종목 카드와 할 수 있는 일", "A ticker with its actions", "/status", ("TQQQ",)),
    Shot("quote", "시세", "A price", "/quote TQQQ"),
    Shot("why", "왜 샀나, 왜 안 샀나", "Why it traded, or did not", "/why TQQQ"),
    Shot("buy-pick", "얼마나 살지 고르기", "Picking how much to buy", "/buy", ("TQQQ",)),
    Shot("buy-preview", "매수 미리보기", "The preview of a buy", "/buy TQQQ 3"),
    Shot("buy-steps", "수량과 가격을 버튼으로", "Quantity and price by steps", "/buy TQQQ 3", ("✏️",)),
    Shot("cancel", "취소 미리보기", "The preview of a cancel", "/cancel all"),
    Shot("amend", "주문 정정", "Changing an order", "/amend 14", ("-1주|-1 sh.", "-$0.1")),
    Shot("settle", "결과를 모르는 주문을 사람이 정하기", "Settling an order nobody knows of", "/order 15", ("⚖️",)),
    Shot("panic", "비상: 모두 취소하고 팔기", "Panic: cancel and sell everything", "/panic"),
    Shot("mode", "모드", "Modes", "/start", ("🎛",)),
    Shot("halt", "중단은 글자로 확인", "Halting wants a typed word", "/halt"),
    Shot("settings", "설정 메뉴", "The menu of settings", "/settings"),
    Shot("group", "설정 한 묶음", "A group of settings", "/settings", ("RSI",)),
    Shot("setting", "설정 하나", "One setting", "/get RSI_OVERSOLD"),
    Shot("setting-preview", "바꾸기 전에: 지금 바뀌는 것", "Before a change", "/get RSI_OVERSOLD", ("➖", "🌙")),
    Shot("notify", "알림별 소리", "Which alerts sound", "/notify"),
    Shot("alerts", "가격 알림 고르기", "Picking a price alert", "/alert TQQQ"),
    Shot("results", "거래 결과", "Results", "/daily"),
    Shot("trades", "체결", "Fills", "/trades"),
    Shot("stats", "통계", "Statistics", "/stats"),
    Shot("report", "보고서", "The report", "/report"),
    Shot("calendar", "개장 일정", "Market days", "/calendar"),
    Shot("health", "프로그램 점검", "Health", "/health"),
    Shot("logs", "로그", "The log", "/logs"),
    Shot("help", "도움말", "Help", "/help"),
    Shot("usage", "잘못 입력했을 때", "After words that do not fit", "/buy TQQQ many"),
    Shot("buy-done", "확인한 뒤", "After the press", "/buy TQQQ 3", ("✅",)),
    Shot("alert-order", "주문 알림과 체결 답장", "An order's message and its fill", told=_order_story, last=2),
    Shot("alert-stop", "손절 알림", "A stop-loss", told=lambda: [samples.stop_triggered()]),
    Shot("alert-refused", "증권사가 거부하는 손절", "A stop-loss the broker refuses", told=lambda: [_refused()]),
    Shot("alert-hand", "손으로 낸 주문", "An order by hand", told=lambda: [_hand_order()]),
)

ENGLISH = ("home", "status", "buy-preview", "setting-preview", "alert-refused")


def _refused() -> Event:
    said = made_up("매도 주문이 제한된 계좌입니다.", "Sells are restricted on this account.")
    nothing = {"sold": 0, "left": 10, "average_price": None, "realized": None, "fees": None}
    return samples.stop_finished(**nothing, reason=SaleEnd.REJECTED, attempt=7, refusal=said)


def _hand_order() -> Event:
    return next(
        each for each in samples.every_event() if each.kind == "hand_order" and getattr(each, "order", None) is not None
    )


@dataclass
class Set:
    """A bot on the stage of the studio."""

    studio: Studio
    owner: Person
    outbox: FakeOutbox

    async def play(self, shot: Shot) -> None:
        before = dict(self.owner.screen)
        if shot.told is not None:
            await self.outbox.add(shot.told())
            await self.owner.sees(lambda each: len(_new(self.owner, before)) >= shot.last and each["id"] not in before)
            return
        message = await self.owner.ask(shot.typed)
        if message["text"].startswith("⌛"):
            raise RuntimeError(f"{shot.name}: the bot takes the command for an old one")
        for label in shot.pressed:
            message = await self._press(message, label)

    async def _press(self, message: Json, label: str) -> Json:
        """Press the button whose text begins with one of the labels, and return what it leads to."""
        wanted = tuple(label.split("|"))
        rows = message["reply_markup"]["inline_keyboard"]
        text = next(each["text"] for row in rows for each in row if each["text"].startswith(wanted))
        return await self.owner.does(message, text)


def _new(owner: Person, before: dict[int, Json]) -> list[int]:
    return [number for number in owner.screen if number not in before]


class _NoChanges:
    """A journal of settings in which nothing was ever changed."""

    async def current(self, at: datetime) -> Sequence[SettingChange]:
        return ()

    async def add(self, row: SettingChange, events: Sequence[Event] = ()) -> SettingChange:
        return row

    async def history(self, limit: int) -> Sequence[SettingChange]:
        return ()


def _real_settings() -> dict[str, SettingView]:
    """Return the menu of settings as the program has it."""
    book = SettingsStore(
        base=trading_settings(),
        env_names=frozenset({"RSI_OVERSOLD", "BUY_RATE", "STOP_LOSS_RATE"}),
        journal=_NoChanges(),
        clock=FakeClock(samples.NOW),
    )
    return {view.name: view for view in book.menu()}


def sample_control() -> FakeControl:
    """Return samples that look like an ordinary evening."""
    control = FakeControl(locked=[], accepted=True, settings=_real_settings())
    lost = samples.order(15, OrderStatus.UNKNOWN, origin=Origin.MANUAL, side=Side.SELL, symbol=samples.XLF)
    control.orders_ = [
        samples.order(12),
        samples.order(14, origin=Origin.MANUAL),
        lost,
        samples.filled_order(11),
        samples.filled_order(10, side=Side.SELL),
    ]
    held = samples.holdings(samples.position(), samples.position(symbol=samples.AAPL, name="APPLE INC", qty=2))
    control.holdings_ = samples.holdings_view(holdings=held)
    seen = samples.decision(reason=DecisionReason.BLOCKED_BY_BUY_DELAY, qty=0, limit_price=None)
    control.decision = seen
    control.quote_ = result_samples.quote_view(decision=seen)
    control.log_lines = [
        result_samples.log_line(details="endpoint=quote status=500 try=1"),
        result_samples.log_line(level="ERROR", logger="kis.stream", event="stream lost", details="reason=reset"),
    ]
    return control


@asynccontextmanager
async def stage(studio: Studio, language: Language) -> AsyncIterator[Set]:
    """Let the bot speak in the studio, at the hour of the samples."""
    outbox = FakeOutbox()
    clock = FakeClock(samples.NOW)
    async with (
        open_bot(
            telegram_settings(studio.chat),
            control=sample_control().services,
            outbox=outbox,
            notes=FakeNotes(),
            messages=FakeNotes().messages,
            clock=clock,
            wall=clock,
            environment=Environment.VIRTUAL,
            account=samples.MASKED,
            version="0.2.0",
            language=language,
        ) as app,
        present(studio.chat.url, studio.owner_id) as owner,
        asyncio.TaskGroup() as group,
    ):
        tasks = [group.create_task(app.poll()), group.create_task(app.deliver())]
        # By the Date of its answers the local chat lives today, by its messages at the hour of the samples: until the
        # bot has seen one of these, all it is told seems old.
        await owner.ask("/version")
        yield Set(studio, owner, outbox)
        for task in tasks:
            task.cancel()


def file_of(shot: Shot, language: Language) -> str:
    return f"bot-{shot.name}.png" if language == "ko" else f"bot-{shot.name}.en.png"


def index() -> str:
    """Return the page that shows every picture, in both languages."""
    lines = [
        "# 화면 / Screens",
        "",
        "봇의 화면을 로컬 채팅이 그린 그대로 찍은 것입니다. `python -m tests.e2e.bot_screens` 가 만듭니다.",
        "The bot's screens as the local chat draws them, made by `python -m tests.e2e.bot_screens`.",
        "",
    ]
    for language in ("ko", "en"):
        for shot in SHOTS if language == "ko" else _english():
            title = f"{shot.ko} / {shot.en}" if language == "ko" else f"{shot.en} (English)"
            lines += [f"## {title}", "", f"![{shot.en}]({file_of(shot, language)})", ""]
    return "\n".join(lines)


def _english() -> list[Shot]:
    return [shot for shot in SHOTS if shot.name in ENGLISH]


async def take(wanted: Sequence[str]) -> None:
    """Take the pictures; with names only those."""
    async with open_browser() as browser:
        plans: tuple[tuple[Language, Sequence[Shot]], ...] = (("ko", SHOTS), ("en", _english()))
        for language, shots in plans:
            async with (
                Studio(browser, language=language, at_s=samples.NOW.timestamp()) as studio,
                stage(studio, language) as played,
            ):
                for shot in shots:
                    if wanted and shot.name not in wanted:
                        continue
                    await played.play(shot)
                    path = SCREENS / file_of(shot, language)
                    await studio.picture(path, last=shot.last)
                    print(path.name, path.stat().st_size)


def main(arguments: list[str]) -> int:
    SCREENS.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(arguments))
    (SCREENS / "README.md").write_text(index(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
