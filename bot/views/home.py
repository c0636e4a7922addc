"""The home screen, help, version, language, and the short answers every feature shares."""

from aiogram.utils.formatting import Bold, Code, Text

from bot.i18n.terms import environment
from bot.i18n.terms import role as role_name
from bot.input.commands import COMMANDS, Command, nearest
from bot.role import Role
from bot.ui.blocks import Words, block, quote
from bot.ui.buttons import AcceptRisk, Button, Keyboard, Open, Speak
from bot.ui.screen import Screen, ViewContext
from bot.views.status import mode_text
from strategy.model import Environment, ModeState, Said


def home(mode: ModeState, *, accepted: bool, proposals: int, role: Role, ui: ViewContext) -> Screen:
    """Show whose money it is, the mode, and every way on; `proposals` is how many cards wait for a tap."""
    t = ui.t
    demo = ui.environment is Environment.DEMO
    return ui.screen(
        block(
            ui.title("🏠 ", t("US stock trader")),
            environment(ui.environment, t),
            t("Account {account}", account=ui.account),
            None if role is Role.OWNER else t("You are {role} here.", role=role_name(role, t)),
        ),
        block(Bold(mode_text(mode, ui))),
        *(_first_steps() if demo else ()),
        quote(*_disclaimer(ui), folded=accepted or demo),
        ui.stamp(),
        keyboard=(
            () if accepted or demo else (Button(t("✅ I understand the risk"), AcceptRisk(), style="success"),),
            (Button(t("📊 Status"), Open(screen="status")), Button(t("💰 Balance"), Open(screen="balance"))),
            (Button(t("📦 Positions"), Open(screen="positions")), Button(t("🧾 Orders"), Open(screen="orders"))),
            (Button(t("🟥 Buy"), Open(screen="buy")), Button(t("🟦 Sell"), Open(screen="sell"))),
            (Button(t("📈 Tickers"), Open(screen="tickers")), Button(t("📒 Results"), Open(screen="results"))),
            (Button(t("🎛 Mode"), Open(screen="mode")), Button(t("🔎 Why?"), Open(screen="why"))),
            (
                Button(t("⏸ Pause buys"), Open(screen="pause")),
                Button(t("🚨 Panic…"), Open(screen="panic"), style="danger"),
            ),
            (Button(t("⚙️ Settings"), Open(screen="settings")), Button(t("🔔 Alerts"), Open(screen="notify"))),
            (Button(t("🩺 System"), Open(screen="system")), Button(t("❓ Help"), Open(screen="help"))),
            *_waiting(proposals, ui),
            (ui.refresh("home"), Button("🌐 한국어 / English", Open(screen="lang"))),
        ),
    )


def _waiting(proposals: int, ui: ViewContext) -> Keyboard:
    if not proposals:
        return ()
    text = ui.t("🙋 {n} proposals wait for you", n=proposals)
    return ((Button(text, Open(screen="proposals"), style="primary"),),)


def _first_steps() -> tuple[Text, Text]:
    """Say what is simulated and what to press, in both languages: a newcomer has not chosen one yet."""
    return (
        block(
            "여기의 시장, 계좌, 돈은 모두 가상입니다. 장이 열리면 1분 안에 첫 매수 알림이 옵니다.",
            "눌러 보세요: 📊 상태 → ⚙️ 설정에서 RSI_OVERSOLD 바꾸기 → 옆 시장 패널의 −6 % 로 손절 보기",
        ),
        block(
            "Market, account and money here are all simulated. The first buy is told within a minute of the open.",
            "Press next: 📊 상태 (status) → ⚙️ 설정 (settings), change RSI_OVERSOLD → −6 % in the market panel, to see"
            " the stop-loss. English: 🌐",
        ),
    )


def _disclaimer(ui: ViewContext) -> tuple[Words, ...]:
    t = ui.t
    return (
        Bold(t("Risk of loss")),
        t("This program trades by fixed rules and can lose money, also through its own faults or the network's."),
        t("It gives no advice. Whatever it trades in your account is your own responsibility."),
    )


def accepted(ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(block(t("Noted: you have read and accepted the risk notice.")), keyboard=((ui.home(),),))


def help_all(role: Role, ui: ViewContext) -> Screen:
    """List the commands of a role by group; those that do not work yet are left out."""
    t = ui.t
    groups = {
        "control": t("Control"),
        "trade": t("Trade"),
        "see": t("Look"),
        "settings": t("Settings"),
        "system": t("System"),
    }
    listed = [_help_group(title, key, role, ui) for key, title in groups.items()]
    return ui.screen(
        block(Bold("❓ " + t("Help")), t("Type a command, a Korean word such as 상태, or use the buttons.")),
        *listed,
        block(t("More about one command: /help buy")),
        keyboard=((ui.home(),),),
    )


def _help_group(title: str, group: str, role: Role, ui: ViewContext) -> Text | None:
    """Return a group's commands; those for looking and setting open with a tap, there are many of them."""
    found = [each for each in COMMANDS if each.group == group and each.ready and each.role <= role]
    lines = [_help_line(each, ui) for each in found]
    if not lines:
        return None
    if group in ("control", "trade"):
        return block(Bold(title), *lines)
    return quote(Bold(title), *lines, folded=True)


def _help_line(command: Command, ui: ViewContext) -> Text:
    words = next((word for word in command.words if not word.isascii()), None)
    return Text(f"/{command.name}", f" ({words})" if words else "", f" — {command.about(ui.t)}")


def help_one(command: Command, ui: ViewContext) -> Screen:
    t = ui.t
    words = ", ".join(command.words)
    return ui.screen(
        block(
            Text(Bold(f"/{command.name}"), f" — {command.about(t)}"),
            None if command.ready else t("Not ready yet."),
            t.line("Usage: {usage}", usage=Code(f"/{command.name} {command.usage}".strip())),
            t("Also: {words}", words=words) if words else None,
        ),
        block(*(Code(example) for example in EXAMPLES.get(command.name, ()))),
        keyboard=((Button(t("❓ Help"), Open(screen="help")), ui.home()),),
    )


EXAMPLES: dict[str, tuple[str, ...]] = {
    "run": ("/run", "/run TQQQ"),
    "pause": ("/pause 30m", "/pause TQQQ 2h", "/pause close"),
    "stop": ("/stop", "/stop TQQQ"),
    "halt": ("/halt", "/halt TQQQ"),
    "release": ("/release TQQQ",),
    "arm": ("/arm 5678", "/arm 5678 123456"),
    "buy": ("/buy TQQQ 3 @61.20", "/buy TQQQ $500", "/buy TQQQ 25%", "매수 TQQQ 3"),
    "sell": ("/sell TQQQ 3 @61.20", "/sell TQQQ 50%", "/sell TQQQ all", "매도 TQQQ 3"),
    "cancel": ("/cancel 12", "/cancel all"),
    "amend": ("/amend 12 @61.10", "/amend 12 5", "/amend 12 5 @61.10"),
    "positions": ("/positions TQQQ",),
    "order": ("/order 12",),
    "trades": ("/trades 30",),
    "quote": ("/quote TQQQ", "시세 TQQQ"),
    "why": ("/why TQQQ", "/why TQQQ 23:10", "왜 TQQQ"),
    "profit": ("/profit 30",),
    "daily": ("/daily 20",),
    "weekly": ("/weekly 12",),
    "monthly": ("/monthly 12",),
    "report": ("/report day", "/report week", "/report month"),
    "calendar": ("/calendar 30",),
    "set": ("/set RSI_OVERSOLD 45", "/set RSI_OVERSOLD 45 TQQQ", "/set BUY_RATE 0.2 for 2h"),
    "get": ("/get RSI_OVERSOLD",),
    "reset": ("/reset RSI_OVERSOLD", "/reset RSI_OVERSOLD TQQQ"),
    "add": ("/add AAPL", "/add NASDAQ:AAPL"),
    "watch": ("/watch AAPL",),
    "unwatch": ("/unwatch TQQQ",),
    "notify": ("/notify fills silent", "/notify signals off"),
    "quiet": ("/quiet 23:00-07:00", "/quiet off"),
    "alert": ("/alert TQQQ < 60", "/alert TQQQ > 70.50"),
    "lang": ("/lang ko", "/lang en"),
    "logs": ("/logs 30",),
    "export": ("/export 30d", "/export all"),
    "help": ("/help buy",),
}


def usage(command: Command, ui: ViewContext, why: Said | None = None) -> Screen:
    """Answer an input that does not fit: why, where that can be said, and what to type instead."""
    t = ui.t
    examples = EXAMPLES.get(command.name) or (f"/{command.name} {command.usage}".strip(),)
    return ui.screen(
        block(
            *(() if why is None else (Text(t.of(why)),)),
            t.line("Type it like this: {example}", example=Code(examples[0])),
            *(Code(example) for example in examples[1:]),
        )
    )


def not_ready(command: Command, ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(t("/{name} is not ready yet. It does nothing for now.", name=command.name)),
        keyboard=((Button(t("❓ Help"), Open(screen="help")), ui.home()),),
    )


def unknown_command(word: str, ui: ViewContext) -> Screen:
    """Answer a command that does not exist with the nearest one."""
    t = ui.t
    near = nearest(word)
    hint = None if near is None else t("Did you mean /{name}? {about}", name=near.name, about=near.about(t))
    return ui.screen(
        block(t("I do not know {word}.", word=word[:40]), hint),
        keyboard=((Button(t("❓ Help"), Open(screen="help")), ui.home()),),
    )


def language(ui: ViewContext) -> Screen:
    return ui.screen(
        block(Bold("🌐 한국어 / English"), ui.t("Which language should I speak to you?")),
        keyboard=(
            (Button("한국어", Speak(language="ko")), Button("English", Speak(language="en"))),
            (ui.home(),),
        ),
    )


def version(program: str, ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(
            ui.title(t("Version {version}", version=program)),
            environment(ui.environment, t),
            t("Account {account}", account=ui.account),
            t("Market time {time}", time=ui.when(ui.now)),
        ),
        keyboard=((ui.home(),),),
    )


def expired(typed: str, sent: str, ui: ViewContext) -> Screen:
    """Answer a command that waited too long; it is not carried out."""
    t = ui.t
    return ui.screen(
        block(
            Bold(t("⌛ Expired, not carried out")),
            t.line("Received too late: {typed} ({sent})", typed=Code(typed[:60]), sent=sent),
            t("Send it again if you still want it."),
        )
    )


def denied(mine: Role, need: Role, ui: ViewContext) -> Screen:
    """Tell a person that the role does not allow it, and who may."""
    t = ui.t
    return ui.screen(
        block(
            t(
                "🚫 Your role here does not allow that: you are {mine}, it takes {need}.",
                mine=role_name(mine, t),
                need=role_name(need, t),
            ),
            t("Nothing was done. The owner gives roles in .env."),
        ),
        keyboard=((ui.home(),),),
    )


def outdated(ui: ViewContext) -> Screen:
    """Answer a button of an older version or of something that is gone."""
    return ui.screen(block(ui.t("This button no longer works. Here is the home screen: /start")))


def forgotten(ui: ViewContext) -> Screen:
    """Answer a stepper whose draft is not kept any more."""
    t = ui.t
    return ui.screen(
        block(
            Bold(t("⌛ Expired: nothing was done")), t("What was being put together here is forgotten. Start again.")
        ),
        keyboard=((ui.home(),),),
    )


def sentence(text: str, ui: ViewContext) -> Screen:
    return ui.screen(block(text), keyboard=((ui.home(),),))


def failure(reference: str, ui: ViewContext) -> Screen:
    """Tell of an error that nobody foresaw, with the id under which the log tells it."""
    t = ui.t
    return ui.screen(
        block(
            t("⚠️ Something went wrong here, and it is written to the log as {reference}.", reference=reference),
            t("If this was an order, look at /orders before you try again."),
        )
    )


def test_message(ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(block(ui.title("✉️ ", t("Test message")), t("Telegram works. Nothing else was done.")))
