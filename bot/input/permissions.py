"""Who may ask for what: one table for commands, buttons, screens and dialogs (spec 6, roles). See decision 0130."""

from collections.abc import Callable
from typing import Any

from aiogram.filters.callback_data import CallbackData

from bot.input.commands import BY_NAME
from bot.input.dialogs import Typing
from bot.role import Role
from bot.ui import buttons as b
from strategy.model import Mode

_Need = Role | Callable[[Any], Role]


def _mode(data: b.SetMode) -> Role:
    return Role.OWNER if data.mode is Mode.HALTED else Role.OPERATOR


PRESSES: dict[type[CallbackData], _Need] = {
    b.Open: lambda data: SCREENS.get(data.screen, Role.VIEWER),
    b.TurnPage: lambda data: SCREENS.get(data.screen, Role.VIEWER),
    b.Speak: Role.VIEWER,
    # tickets belong to who asked for the preview; what only owners may do is asked of the ticket at the press
    b.Confirm: Role.OPERATOR,
    b.Dismiss: Role.OPERATOR,
    b.CancelOrder: Role.OPERATOR,
    b.CheckOrder: Role.OPERATOR,
    b.AmendOrder: Role.OPERATOR,
    b.StepAmend: Role.OPERATOR,
    b.TypeAmend: Role.OPERATOR,
    b.SettleOrder: Role.OPERATOR,
    b.HandOrderChoice: Role.OPERATOR,
    b.MarkSeen: Role.OPERATOR,
    b.TradeAmount: Role.OPERATOR,
    b.EditTrade: Role.OPERATOR,
    b.StepTrade: Role.OPERATOR,
    b.TypeTrade: Role.OPERATOR,
    b.AlertAt: Role.OPERATOR,
    b.TypeAlert: Role.OPERATOR,
    b.RemoveAlert: Role.OPERATOR,
    b.SetMode: _mode,
    b.Release: Role.OPERATOR,
    b.Unhook: Role.OPERATOR,
    b.Watch: Role.OWNER,
    b.Observe: Role.OWNER,
    b.TypeTicker: Role.OWNER,
    b.SetQuiet: Role.OWNER,
    b.Export: Role.OWNER,
    b.StepSetting: Role.OWNER,
    b.StepDraft: Role.OWNER,
    b.SpanDraft: Role.OWNER,
    b.ChooseSetting: Role.OWNER,
    b.TypeSetting: Role.OWNER,
    b.ResetSetting: Role.OWNER,
    b.Undo: Role.OWNER,
    b.Again: lambda data: Role.OWNER if data.action in ("setting", "watch") else Role.OPERATOR,
    b.AcceptRisk: Role.OWNER,
    b.SetUp: Role.OWNER,
}

SCREENS: dict[str, Role] = {
    **dict.fromkeys(
        (
            "home",
            "help",
            "lang",
            "version",
            "status",
            "balance",
            "positions",
            "orders",
            "order",
            "ticker",
            "tickers",
            "quote",
            "why",
            "trades",
            "results",
            "profit",
            "daily",
            "weekly",
            "monthly",
            "performance",
            "stats",
            "report",
            "calendar",
            "alerts",
            "watch_only",
            "proposals",
            "settings",
            "group",
            "setting",
            "setting_tickers",
            "setting_of",
            "history",
            "system",
            "health",
        ),
        Role.VIEWER,
    ),
    **dict.fromkeys(
        ("buy", "sell", "amend", "mode", "run", "pause", "panic", "alert", "diagnose", "cancel", "release"),
        Role.OPERATOR,
    ),
    **dict.fromkeys(("notify", "quiet", "setup", "watch", "unwatch", "logs", "export"), Role.OWNER),
}

DIALOGS: dict[str | None, Role] = {
    Typing.mode_word.state: Role.OWNER,
    Typing.setting_value.state: Role.OWNER,
    Typing.ticker.state: Role.OWNER,
    Typing.trade.state: Role.OPERATOR,
    Typing.amend.state: Role.OPERATOR,
    Typing.alert.state: Role.OPERATOR,
}

_KINDS = {kind.__prefix__: kind for kind in PRESSES}


def needs_command(name: str) -> Role:
    """Return who may ask for a command; one that does not exist is told so to anybody listed."""
    command = BY_NAME.get(name)
    return Role.VIEWER if command is None else command.role


def needs_press(data: CallbackData | b.Copy) -> Role:
    """Return who may press a button."""
    if isinstance(data, b.Copy):
        return Role.VIEWER
    need = PRESSES[type(data)]
    return need if isinstance(need, Role) else need(data)


def needs_data(text: str | None) -> Role:
    """Return who may press a button by what it carries; garbage is answered to anybody listed."""
    kind = _KINDS.get((text or "").partition("|")[0])
    try:
        return Role.VIEWER if kind is None else needs_press(kind.unpack(text or ""))
    except (TypeError, ValueError):
        return Role.VIEWER


def for_role(keyboard: b.Keyboard, role: Role) -> b.Keyboard:
    """Return the buttons that a person of this role may press."""
    rows = (tuple(each for each in row if role >= needs_press(each.data)) for row in keyboard)
    return tuple(row for row in rows if row)
