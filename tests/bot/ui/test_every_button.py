"""Every command, every kind of button and every screen, driven by a person in front of a local Telegram.

Each is asked once and pressed again after a restart of the bot; the tables must name all there are.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from bot.input.commands import COMMANDS
from bot.input.permissions import PRESSES, SCREENS
from bot.localchat import LocalChat
from bot.ui.buttons import Open
from strategy.model import Language, OrderStatus, Origin
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import result_samples, samples
from tests.support.person import Json

COMMAND_CASES: dict[str, tuple[str, str]] = {
    "/start": ("미국 주식 자동매매", "US stock trader"),
    "/run": ("매수, 매도, 손절이 모두", "Buys, sells and stop-loss all run"),
    "/run TQQQ": ("TQQQ", "TQQQ"),
    "/pause 30m": ("새로 사지 않습니다", "No new buys"),
    "/stop": ("손절만 작동", "Only the stop-loss runs"),
    "/halt": ("확인하려면 입력", "To confirm, type"),
    "/panic": ("비상: 모두 취소하고", "Panic: cancel everything"),
    "/mode": ("🛡 보호 전용", "🛡 Protect only"),
    "/tickers": ("누르면 자세히", "Press one to see"),
    "/results": ("거래 결과", "Results"),
    "/system": ("시스템", "System"),
    "/release": ("어느 종목을 다시", "Which ticker should the rules"),
    "/arm": ("무장이 필요 없습니다", "Arming is not needed"),
    "/buy TQQQ 3": ("미리보기: 매수", "Preview: Buy"),
    "/sell TQQQ 3": ("미리보기: 매도", "Preview: Sell"),
    "/cancel": ("어느 주문을 취소", "Which order do you want to cancel"),
    "/amend": ("어느 주문인가요", "Which one?"),
    "/amend 14": ("버튼으로 가격을", "Press a step"),
    "/amend 14 5 @61.10": ("10주 → 5주", "10 → 5"),
    "/status": ("증권사와 일치", "Agrees with the broker"),
    "/balance": ("합계", "Total"),
    "/positions": ("손절가", "Stop fires at"),
    "/orders": ("미체결", "Open ("),
    "/order 11": ("체결 완료", "filled"),
    "/trades": ("+$12.34", "+$12.34"),
    "/trades 1": ("더 보기", "More"),
    "/quote": ("어느 종목인가요", "Which ticker"),
    "/quote TQQQ": ("전일 종가 $60.00", "Close before $60.00"),
    "/why TQQQ": ("결론: 매수", "Conclusion: buy"),
    "/profit 30": ("일별 손익", "Profit by day"),
    "/daily": ("11-20 금", "11-20 Fri"),
    "/weekly": ("11-20 ~ 11-26", "11-20 ~ 11-26"),
    "/monthly": ("2026-11", "2026-11"),
    "/performance": ("매매 이익 3건, 손실 1건", "Positions won 3, lost 1"),
    "/stats": ("손익비 1.29", "Profit factor 1.29"),
    "/report week": ("보고서: 주간", "Report: Week"),
    "/calendar": ("추수감사절", "Thanksgiving Day"),
    "/settings": ("채팅 설정이 .env 보다", "Chat wins over .env"),
    "/setup": ("처음 설정 1/7", "First settings 1/7"),
    "/set RSI_OVERSOLD 45": ("50 → 45", "50 → 45"),
    "/get RSI_OVERSOLD": ("허용: 0 이상 100 이하", "Allowed: 0 to 100"),
    "/reset MAX_ORDER_USD": ("→ 50", "→ 50"),
    "/history": ("아직 없습니다", "Nothing was changed"),
    "/undo": ("되돌릴 변경이 없습니다", "There is nothing to undo"),
    "/add": ("봉 데이터가 모이면", "It trades by rule once"),
    "/watch": ("여기 있는 종목은 거래하지", "nothing here is traded"),
    "/watch TQQQ": ("이미 매매 종목", "is traded already"),
    "/add AAPL": ("AAPL을 자동매매에 추가할까요?", "Add AAPL to automatic trading?"),
    "/unwatch": ("종목 제외", "Take a ticker off"),
    "/unwatch XLF": ("XLF를 자동매매에서 뺄까요?", "Take XLF off?"),
    "/notify": ("체결: 🔔 소리", "Fills: 🔔 sound"),
    "/notify fills silent": ("on → silent", "on → silent"),
    "/quiet": ("방해 금지 시간: 없음", "Quiet hours: none"),
    "/quiet 23:00 ~ 07:00": ("→ 23:00-07:00", "→ 23:00-07:00"),
    "/alert": ("어느 종목인가요", "Which ticker"),
    "/alert TQQQ": ("지금 가격에서 얼마나", "At how much from the price"),
    "/alert TQQQ < 60": ("TQQQ $60.00 이하", "TQQQ at or below $60.00"),
    "/alert tqqq>70.5": ("TQQQ $70.50 이상", "TQQQ at or above $70.50"),
    "/alert TQQQ 70": ("TQQQ $70.00 이상", "TQQQ at or above $70.00"),
    "/alerts": ("한 번 알리면 사라집니다", "told once and then gone"),
    "/lang": ("어떤 언어로", "Which language"),
    "/chart TQQQ": ("아직 준비 중", "not ready yet"),
    "/tax": ("아직 준비 중", "not ready yet"),
    "/whatif RSI_OVERSOLD 40": ("아직 준비 중", "not ready yet"),
    "/backtest TQQQ": ("아직 준비 중", "not ready yet"),
    "/help": ("도움말", "Help"),
    "/health": ("구독 거부됨", "subscription refused"),
    "/diagnose": ("연결 시험 결과", "Connections tested"),
    "/logs": ("call failed", "call failed"),
    "/export": ("언제부터인가요", "How far back"),
    "/export 30d": ("trades.csv", "trades.csv"),
    "/version": ("버전", "Version"),
}

SCREEN_CASES: dict[str, tuple[str, str]] = {
    "home": ("미국 주식 자동매매", "US stock trader"),
    "help": ("낱말을 입력하거나", "Type a command"),
    "lang": ("어떤 언어로", "Which language"),
    "version": ("버전 1.2.3", "Version 1.2.3"),
    "status": ("증권사와 일치", "Agrees with the broker"),
    "balance": ("합계", "Total"),
    "positions": ("손절가", "Stop fires at"),
    "orders": ("미체결", "Open ("),
    "order 11": ("체결 완료", "filled"),
    "ticker NASDAQ:TQQQ": ("NASDAQ:TQQQ", "NASDAQ:TQQQ"),
    "tickers": ("규칙으로 거래하는 종목", "Traded by rule"),
    "quote NASDAQ:TQQQ": ("전일 종가", "Close before"),
    "why NASDAQ:TQQQ": ("결론: 매수", "Conclusion: buy"),
    "trades": ("+$12.34", "+$12.34"),
    "results": ("거래 결과", "Results"),
    "profit": ("일별 손익", "Profit by day"),
    "daily": ("11-20 금", "11-20 Fri"),
    "weekly 4": ("11-20 ~ 11-26", "11-20 ~ 11-26"),
    "monthly": ("2026-11", "2026-11"),
    "performance": ("매매 이익 3건", "Positions won 3"),
    "stats": ("손익비", "Profit factor"),
    "report month": ("보고서: 월간", "Report: Month"),
    "calendar": ("추수감사절", "Thanksgiving"),
    "alerts": ("한 번 알리면", "told once"),
    "proposals": ("승인 요청", "may I?"),
    "settings": ("채팅 설정이", "Chat wins"),
    "group rsi": ("RSI_OVERSOLD = 50", "RSI_OVERSOLD = 50"),
    "setting RSI_OVERSOLD": ("허용: 0", "Allowed: 0"),
    "setting_tickers RSI_OVERSOLD": ("어느 종목의 값을", "Which ticker should have"),
    "setting_of RSI_OVERSOLD NASDAQ:TQQQ": ("RSI_OVERSOLD · TQQQ", "RSI_OVERSOLD · TQQQ"),
    "history": ("아직 없습니다", "Nothing was changed"),
    "system": ("시스템", "System"),
    "health": ("구독 거부됨", "subscription refused"),
    "buy": ("어느 종목을 살까요", "Which ticker do you want to buy"),
    "buy NASDAQ:TQQQ": ("얼마나", "How much?"),
    "sell": ("어느 종목을 팔까요", "Which ticker do you want to sell"),
    "amend": ("어느 주문인가요", "Which one?"),
    "cancel": ("어느 주문을 취소", "Which order do you want to cancel"),
    "release": ("어느 종목", "Which ticker should the rules"),
    "mode": ("매수, 매도, 손절이 모두", "Buys, sells and stop-loss"),
    "pause": ("얼마 동안", "For how long"),
    "run": ("매수, 매도, 손절이 모두", "Buys, sells and stop-loss"),
    "panic": ("비상: 모두 취소하고", "Panic: cancel everything"),
    "alert NASDAQ:TQQQ": ("지금 가격에서 얼마나", "At how much from the price"),
    "diagnose": ("연결 시험 결과", "Connections tested"),
    "notify": ("체결: 🔔 소리", "Fills: 🔔 sound"),
    "quiet": ("방해 금지 시간: 없음", "Quiet hours: none"),
    "setup": ("처음 설정 1/7", "First settings 1/7"),
    "watch": ("봉 데이터가 모이면", "It trades by rule once"),
    "watch_only": ("여기 있는 종목은 거래하지", "nothing here is traded"),
    "unwatch": ("종목 제외", "Take a ticker off"),
    "logs 20": ("call failed", "call failed"),
    "export": ("언제부터인가요", "How far back"),
}

PRESS_CASES: dict[str, tuple[str, str]] = {
    "pg|orders||1": ("미체결", "Open ("),
    "y|gone": ("시간이 지나", "Expired"),
    "ya|order|gone": ("더 기억하지 않습니다", "is forgotten"),
    "n|gone": ("하지 않았습니다", "Nothing was done"),
    "x|12": ("이 주문을 취소할까요", "Cancel these orders?"),
    "x|0": ("이 주문을 취소할까요", "Cancel these orders?"),
    "k|12": ("#12", "#12"),
    "e|14": ("버튼으로 가격을", "Press a step"),
    "ea|gone|qty|-1": ("더 기억하지 않습니다", "is forgotten"),
    "ew|14": ("새 남은 수량", "Type the new open shares"),
    "g|15": ("주문 #15는 어떻게", "What became of order #15"),
    "h|16|adopt": ("완료", "Done"),
    "h|16|ignore": ("완료", "Done"),
    "h|16|pause": ("완료", "Done"),
    "v|7": ("확인", "Seen"),
    "wh": ("웹훅이 없습니다", "No webhook is set"),
    "t|buy|NASDAQ:TQQQ|25%": ("미리보기: 매수", "Preview: Buy"),
    "te|gone": ("더 기억하지 않습니다", "is forgotten"),
    "ts|gone|price|1": ("더 기억하지 않습니다", "is forgotten"),
    "tw|sell|NASDAQ:TQQQ": ("원하면 가격도", "Type how much"),
    "p|NASDAQ:TQQQ|-3": ("TQQQ $59.36 이하", "TQQQ at or below $59.36"),
    "pw|NASDAQ:TQQQ": ("기다릴 가격을", "Type the price to wait for"),
    "px|99": ("한 번 알리면", "told once"),
    "f|NASDAQ:AAPL|1": ("추가할까요", "Add AAPL"),
    "f|AMEX:XLF|0": ("뺄까요", "Take XLF off?"),
    "fo|NASDAQ:NVDA|1": ("관심 종목에 넣었습니다", "is on the watch list"),
    "fo|NASDAQ:NVDA|0": ("여기 있는 종목은 거래하지", "nothing here is traded"),
    "fw": ("추가할 티커를", "Type the ticker to add"),
    "q|night": ("→ 23:00-07:00", "→ 23:00-07:00"),
    "b|30d": ("trades.csv", "trades.csv"),
    "m|pause_buys|2h|": ("새로 사지 않습니다", "No new buys"),
    "m|halted||": ("확인하려면 입력", "To confirm, type"),
    "m|run||NASDAQ:TQQQ": ("확인하기 전에는", "Not in force before"),
    "r|NYSE:O": ("O는 잠겨 있지", "O was not locked"),
    "s|RSI_OVERSOLD|up|": ("→ 51", "→ 51"),
    "s|RSI_OVERSOLD|down|NASDAQ:TQQQ": ("적용 대상: TQQQ", "Applies to TQQQ"),
    "sd|gone|up": ("더 기억하지 않습니다", "is forgotten"),
    "su|gone|close": ("더 기억하지 않습니다", "is forgotten"),
    "c|RSI_INTERVAL|2|": ("→ 60", "→ 60"),
    "w|RSI_OVERSOLD|": ("새 값을 입력하세요", "Type the new value"),
    "z|MAX_ORDER_USD|": ("→ 50", "→ 50"),
    "u": ("되돌릴 변경이 없습니다", "There is nothing to undo"),
    "a": ("위험 고지", "risk notice"),
    "gs|1|": ("처음 설정 2/7", "First settings 2/7"),
    "gs|99|": ("설정을 마쳤습니다", "Set up"),
}

IN = {"ko": 0, "en": 1}


async def press(room: Room, under: int, data: str, part: str) -> Json:
    """Press, and return the message that then says it."""
    before = dict(room.owner.screen)
    await room.owner.press_data(under, data)
    return await _says(room, before, part, data)


async def typed(room: Room, text: str, part: str) -> Json:
    before = dict(room.owner.screen)
    await room.owner.send(text)
    return await _says(room, before, part, text)


async def _says(room: Room, before: dict[int, Json], part: str, asked: str) -> Json:
    """Return the message that says it now; the failure shows what was said instead."""
    try:
        return await room.owner.sees(lambda each: before.get(each["id"]) != each and part in _whole(each))
    except TimeoutError:
        said = [_whole(each) for number, each in room.owner.screen.items() if before.get(number) != each]
        raise AssertionError(f"{asked!r} was not answered with {part!r} but with {said}") from None


def _whole(message: Json) -> str:
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return "\n".join([message["text"], *(button["text"] for row in rows for button in row)])


def prepare(room: Room) -> None:
    control = room.control
    control.orders_ = [
        samples.order(12),
        samples.filled_order(11),
        samples.order(14, origin=Origin.MANUAL),
        samples.order(15, OrderStatus.UNKNOWN, origin=Origin.MANUAL),
        samples.order(16, origin=Origin.EXTERNAL),
    ]
    control.proposals_ = [result_samples.proposal()]


@asynccontextmanager
async def prepared(open_room: OpenRoom, chat: LocalChat, language: Language) -> AsyncIterator[Room]:
    async with open_room(chat=chat, language=language) as room:
        prepare(room)
        yield room


def test_the_tables_name_all_there_are() -> None:
    assert {typed.split()[0] for typed in COMMAND_CASES} == {f"/{command.name}" for command in COMMANDS}
    assert {screen.split()[0] for screen in SCREEN_CASES} == set(SCREENS)
    prefixes = {kind.__prefix__ for kind in PRESSES if kind is not Open}
    assert {data.split("|")[0] for data in PRESS_CASES} | {"l"} == prefixes


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_every_command_is_answered(
    open_room: OpenRoom, language: Language, caplog: pytest.LogCaptureFixture
) -> None:
    async with LocalChat(rates=None) as chat, prepared(open_room, chat, language) as room:
        for text, parts in COMMAND_CASES.items():
            await typed(room, text, parts[IN[language]])
    assert "handler failed" not in caplog.messages


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_every_button_works_before_and_after_a_restart(
    open_room: OpenRoom, language: Language, caplog: pytest.LogCaptureFixture
) -> None:
    async with LocalChat(rates=None) as chat:
        async with prepared(open_room, chat, language) as room:
            under = (await room.owner.ask("/version"))["id"]
            for data, parts in cases().items():
                await press(room, under, data, parts[IN[language]])
        async with prepared(open_room, chat, language) as room:
            under = (await room.owner.ask("/version"))["id"]
            for data, parts in cases().items():
                await press(room, under, data, parts[IN[language]])
            assert room.control.placed == []
    assert "handler failed" not in caplog.messages


def cases() -> dict[str, tuple[str, str]]:
    """Return what every button carries, with what is then said."""
    screens = {}
    for screen, parts in SCREEN_CASES.items():
        name, _, ref = screen.partition(" ")
        screens[Open(screen=name, ref=ref).pack()] = parts
    return {**PRESS_CASES, **screens}


async def test_an_exported_file_arrives_as_a_document(room: Room) -> None:
    await room.owner.ask("/export 7d")
    await room.owner.reads("decisions.csv")
    documents = [each for each in room.owner.screen.values() if each.get("document_url")]
    assert len(documents) == 3
    assert str(room.control.exported_since[-1]) == "2026-11-13"


async def test_the_price_of_an_alert_is_that_of_the_press(room: Room) -> None:
    under = (await room.owner.ask("/version"))["id"]
    await press(room, under, "p|NASDAQ:TQQQ|10", "$67.32")
    assert [(each.above, each.price) for each in room.control.alerts] == [(True, Decimal("67.32"))]
