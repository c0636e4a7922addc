"""Who may do what: owners, operators, viewers; one table for commands, buttons, screens and dialogs (spec 6)."""

import ast
from pathlib import Path

import pytest
from aiogram.filters.callback_data import CallbackData

from bot.input.commands import COMMANDS
from bot.input.dialogs import Typing
from bot.input.permissions import DIALOGS, PRESSES, SCREENS, for_role, needs_command, needs_data, needs_press
from bot.localchat import LocalChat
from bot.role import Role
from bot.ui import buttons
from bot.ui.buttons import Button, Copy, Open, SetMode
from strategy.model import Mode
from strategy.settings.schema import MENU
from tests.bot.conftest import OpenRoom
from tests.bot.ui.test_every_button import cases
from tests.support.person import labels

BOT = Path(__file__).parents[3] / "bot"
PEOPLE = {"telegram_operator_user_ids": "777", "telegram_viewer_user_ids": "888"}

LOOKING = {"status", "balance", "orders", "trades", "profit", "get", "history", "health", "help", "lang", "alerts"}
TRADING = {"buy", "sell", "cancel", "amend", "run", "pause", "stop", "release", "panic", "alert", "diagnose", "mode"}
OWNING = {"halt", "arm", "set", "setup", "reset", "undo", "add", "watch", "unwatch", "notify"}
OWNING |= {"quiet", "logs", "export"}


def test_every_kind_of_button_has_a_role() -> None:
    kinds = {each for each in vars(buttons).values() if isinstance(each, type) and issubclass(each, CallbackData)}
    assert set(PRESSES) == kinds - {CallbackData}


def test_every_screen_that_a_button_opens_has_a_role() -> None:
    assert _screens_named() <= set(SCREENS)


def test_every_dialog_has_a_role() -> None:
    assert set(DIALOGS) == {state.state for state in Typing.__all_states__}


def test_commands_of_each_role() -> None:
    by_role = {role: {each.name for each in COMMANDS if each.role is role} for role in Role}
    assert by_role[Role.VIEWER] >= LOOKING
    assert by_role[Role.OPERATOR] == TRADING
    assert by_role[Role.OWNER] == OWNING
    assert needs_command("nonsense") is Role.VIEWER


@pytest.mark.parametrize(
    ("data", "role"),
    [
        ("garbage", Role.VIEWER),
        ("m|sideways||", Role.VIEWER),  # broken: answered as such to anybody listed
        ("m|halted||", Role.OWNER),
        ("m|run||", Role.OPERATOR),
        ("o|status||0", Role.VIEWER),
        ("o|buy||0", Role.OPERATOR),
        ("o|logs||0", Role.OWNER),
        ("y|ticket", Role.OPERATOR),
        ("s|RSI_OVERSOLD|up|", Role.OWNER),
        (None, Role.VIEWER),
    ],
)
def test_what_a_button_needs(data: str | None, role: Role) -> None:
    assert needs_data(data) is role


def test_a_keyboard_keeps_what_a_role_may_press() -> None:
    look = Button("look", Open(screen="status"))
    trade = Button("trade", Open(screen="buy"))
    halt = Button("halt", SetMode(mode=Mode.HALTED))
    copy = Button("copy", Copy("1"))
    keyboard = ((look, trade), (halt,), (copy,))
    assert for_role(keyboard, Role.VIEWER) == ((look,), (copy,))
    assert for_role(keyboard, Role.OPERATOR) == ((look, trade), (copy,))
    assert for_role(keyboard, Role.OWNER) == keyboard
    assert needs_press(copy.data) is Role.VIEWER


async def test_a_viewer_looks_and_does_nothing_else(open_room: OpenRoom) -> None:
    async with open_room(**PEOPLE) as room, room.visitor(888) as viewer:
        home = await viewer.ask("/start")
        assert "조회자" in home["text"]
        assert "📊 상태" in labels(home)
        assert not {"🟥 매수", "🎛 모드", "🔔 알림"} & set(labels(home))
        for command in COMMANDS:
            if command.role is Role.VIEWER:
                continue
            answer = await viewer.ask(f"/{command.name} TQQQ")
            assert "권한이 없습니다: 당신은 조회자" in answer["text"]
        assert "권한이 없습니다" in (await viewer.ask("매수 TQQQ 3"))["text"]
        assert room.control.tickets == {}
        assert len(room.control.modes) == 1


async def test_no_button_lets_a_viewer_change_anything(open_room: OpenRoom) -> None:
    async with open_room(**PEOPLE) as room, room.visitor(888) as viewer:
        under = (await viewer.ask("/version"))["id"]
        for data in cases():
            if needs_data(data) is not Role.VIEWER:
                before = max(viewer.screen)
                await viewer.press_data(under, data)
                answer = await viewer.sees(lambda each, before=before: each["id"] > before)  # type: ignore[misc]
                assert "권한이 없습니다" in answer["text"], data
        assert room.control.tickets == {}
        assert len(room.control.modes) == 1
        assert room.control.alerts == []


async def test_an_operator_trades_but_sets_nothing(open_room: OpenRoom) -> None:
    async with open_room(**PEOPLE) as room, room.visitor(777) as operator:
        preview = await operator.ask("/buy TQQQ 3")
        await operator.does(preview, "3주 매수")
        assert [each.request.qty for each in room.control.placed] == [3]
        for name in sorted(OWNING):
            answer = await operator.ask(f"/{name} RSI_OVERSOLD 45")
            assert "당신은 운영자이고, 소유자가" in answer["text"]
        assert room.control.changes == []
        setting = await operator.ask("/get RSI_OVERSOLD")
        assert "➕ 1" not in labels(setting)


async def test_a_dialog_left_from_a_higher_role_takes_no_words(open_room: OpenRoom) -> None:
    """A restart may bring another role; the question of the old one stays unanswered."""
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat, telegram_allowed_user_ids="777") as room, room.visitor(777) as person:
            await person.does(await person.ask("/get RSI_OVERSOLD"), "직접 입력")
        async with open_room(chat=chat, telegram_viewer_user_ids="777") as room, room.visitor(777) as person:
            assert "권한이 없습니다" in (await person.ask("45"))["text"]
            assert room.control.tickets == {}


async def test_a_button_left_from_a_higher_role_does_nothing(open_room: OpenRoom) -> None:
    """A preview of an owner, pressed after a restart that made the owner an operator."""
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat, telegram_allowed_user_ids="777") as room, room.visitor(777) as person:
            setting = await person.ask("/set RSI_OVERSOLD 45")
            order = await person.ask("/buy TQQQ 3")
            tickets = room.control.tickets
        async with open_room(chat=chat, telegram_operator_user_ids="777") as room, room.visitor(777) as person:
            room.control.tickets = tickets
            await person.press(setting, "45 적용")
            assert "당신은 운영자이고, 소유자가" in (await person.reads("권한이 없습니다"))["text"]
            assert room.control.changes == []
            await person.does(order, "3주 매수")
            assert [each.request.qty for each in room.control.placed] == [3]


async def test_the_menu_of_each_person_holds_what_the_role_may_use(open_room: OpenRoom) -> None:
    async with open_room(polls=False, **PEOPLE) as room, room.visitor(777) as operator, room.visitor(888) as viewer:
        for person in (operator, viewer):  # Telegram knows only chats in which somebody has written
            await person.send("/start")
        assert await room.app.menus.publish() is None
        for user_id, role in ((room.owner.id, Role.OWNER), (777, Role.OPERATOR), (888, Role.VIEWER)):
            scope = {"type": "chat", "chat_id": user_id}
            found = await room.app.bot.get_my_commands(scope=scope, language_code="ko")  # type: ignore[arg-type]
            assert {each.command for each in found} == {
                each.name for each in COMMANDS if each.ready and each.role <= role
            }


async def test_in_a_group_everybody_sees_the_least(open_room: OpenRoom) -> None:
    async with LocalChat(rates=None) as chat:
        async with open_room(chat=chat, polls=False) as room:
            group = (await room.owner.post("group", title="us", members=[777]))["chat_id"]
        settings = {
            "telegram_chat_id": str(group),
            "telegram_allowed_user_ids": str(chat.owner_id),
            "telegram_viewer_user_ids": "777",
        }
        async with open_room(chat=chat, polls=False, **settings) as room:
            await room.app.menus.publish()
            everybody = await room.app.bot.get_my_commands(scope={"type": "chat", "chat_id": group})  # type: ignore[arg-type]
            scope = {"type": "chat_member", "chat_id": group, "user_id": chat.owner_id}
            owner = await room.app.bot.get_my_commands(scope=scope)  # type: ignore[arg-type]
            assert "halt" not in {each.command for each in everybody}
            assert "halt" in {each.command for each in owner}


def _screens_named() -> set[str]:
    """Return every screen that the code opens or answers, as it is written there."""
    found: set[str] = set()
    for path in BOT.rglob("*.py"):
        if "localchat" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Open":
                values = [each.value for each in node.keywords if each.arg == "screen"]
                found |= {str(each.value) for each in values if isinstance(each, ast.Constant)}
    return found


def test_every_setting_of_every_ticker_fits_into_a_button() -> None:
    """64 bytes is all a button carries (telegram-bot-api 6.2)."""
    symbol = "NASDAQ:" + "W" * 10
    for name in MENU:
        carried = (
            buttons.StepSetting(name=name, way="down", symbol=symbol),
            buttons.ChooseSetting(name=name, index=10, symbol=symbol),
            buttons.TypeSetting(name=name, symbol=symbol),
            buttons.ResetSetting(name=name, symbol=symbol),
            Open(screen="setting_of", ref=f"{name} {symbol}", aside=True),
            Open(screen="setting_tickers", ref=name, aside=True),
        )
        assert all(len(each.pack().encode()) <= 64 for each in carried), name
