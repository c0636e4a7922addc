"""Plain words in the order in which people say them, the labels of the menu, and amounts in won."""

from decimal import Decimal

import pytest

from bot.input.command_filter import asked
from bot.input.parsing import BadArgument, Won, trade
from strategy.model import Amount, AmountKind, Mode
from tests.bot.conftest import Room


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("XLF 3주 매수", ("buy", "XLF 3주")),
        ("매수 XLF 50만원", ("buy", "XLF 50만원")),
        ("XLF 매수 3주", ("buy", "XLF 3주")),
        ("tqqq 절반 매도", ("sell", "tqqq 절반")),
        ("TQQQ sell all", ("sell", "TQQQ all")),
        ("NVDA 시세", ("quote", "NVDA")),
        ("왜 TQQQ?", ("why", "TQQQ?")),
        ("TQQQ 왜?", ("why", "TQQQ")),
        ("TQQQ 가격알림 < 60", ("alert", "TQQQ < 60")),
        ("매수 멈춤", ("pause", "")),
        ("매수 멈춤 TQQQ 2h", ("pause", "TQQQ 2h")),
        ("보호 전용", ("stop", "")),
        ("멈춰", ("stop", "")),
        ("멈춰!", ("stop", "")),
        ("TQQQ 멈춰", ("stop", "TQQQ")),
        ("메뉴", ("start", "")),
        ("menu", ("start", "")),
        ("📊 상태", ("status", "")),
        ("🔎 Why?", ("why", "")),
        ("Protect only", ("stop", "")),
        ("매수\nTQQQ 3", ("buy", "TQQQ 3")),
    ],
)
def test_words_in_any_order_are_the_command(typed: str, meant: tuple[str, str]) -> None:
    assert asked(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "안녕하세요 여러분", "3 @61.20", "-5", "손절 끄기", "STOPS OFF", "3주 매수", "😀", "golden", "< 60"],
)
def test_other_words_are_no_command(typed: str) -> None:
    """Answers to questions, and numbers without a ticker, stay what they are."""
    assert asked(typed) is None


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("XLF 3주", Amount(kind=AmountKind.SHARES, value=Decimal(3))),
        ("XLF 3 주", Amount(kind=AmountKind.SHARES, value=Decimal(3))),
        ("XLF 1,200주", Amount(kind=AmountKind.SHARES, value=Decimal(1200))),
        ("XLF 절반", Amount(kind=AmountKind.PERCENT, value=Decimal(50))),
        ("XLF 25퍼센트", Amount(kind=AmountKind.PERCENT, value=Decimal(25))),
        ("XLF 500달러", Amount(kind=AmountKind.DOLLARS, value=Decimal(500))),
        ("XLF 500 불", Amount(kind=AmountKind.DOLLARS, value=Decimal(500))),
        ("XLF 50만원", Won(Decimal(500_000))),
        ("XLF 50 만원", Won(Decimal(500_000))),
        ("XLF 1.5만원", Won(Decimal(15_000))),
        ("XLF 300,000원", Won(Decimal(300_000))),
        ("XLF 모두", Amount(kind=AmountKind.ALL)),
    ],
)
def test_amounts_are_read_as_they_are_said(typed: str, amount: Amount | Won) -> None:
    assert trade(typed).amount == amount


@pytest.mark.parametrize("typed", ["XLF 만원", "XLF 원", "XLF 0원", "XLF 1,5만원", "XLF -3만원", "XLF 달러"])
def test_an_amount_without_a_number_is_refused(typed: str) -> None:
    with pytest.raises(BadArgument):
        trade(typed)


@pytest.mark.parametrize("rate", [None, Decimal(0)])
def test_won_without_a_rate_is_no_amount(rate: Decimal | None) -> None:
    with pytest.raises(BadArgument):
        Won(Decimal(500_000)).dollars(rate)


def test_won_is_cut_to_the_cent_and_never_more_than_was_said() -> None:
    amount = Won(Decimal(500_000)).dollars(Decimal("1380.50"))
    assert amount == Amount(kind=AmountKind.DOLLARS, value=Decimal("362.18"))
    with pytest.raises(BadArgument):
        Won(Decimal(1)).dollars(Decimal("1380.50"))


@pytest.mark.parametrize("typed", ["TQQQ 3주 매수", "매수 TQQQ 3주", "TQQQ 매수 3", "buy TQQQ 3"])
async def test_a_buy_said_in_any_order_is_previewed_and_places_nothing(room: Room, typed: str) -> None:
    assert "미리보기: 매수 TQQQ" in (await room.owner.ask(typed))["text"]
    assert room.control.placed == []


@pytest.mark.parametrize(("language", "reckoned"), [("ko", "500,000원 ÷ 환율"), ("en", "won per dollar is $")])
async def test_an_amount_in_won_says_how_many_dollars_it_is(room: Room, language: str, reckoned: str) -> None:
    await room.owner.ask(f"/lang {language}")
    assert reckoned in (await room.owner.ask("매수 TQQQ 50만원"))["text"]


async def test_the_word_to_stop_leaves_the_stop_loss_on(room: Room) -> None:
    await room.owner.ask("멈춰")
    assert room.control.modes[-1].mode is Mode.PROTECT_ONLY


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_every_label_of_the_home_menu_may_be_typed(room: Room, language: str) -> None:
    await room.owner.ask(f"/lang {language}")
    home = await room.owner.ask("/start")
    labels = [each["text"] for row in home["reply_markup"]["inline_keyboard"] for each in row]
    assert len(labels) > 12
    for label in (each for each in labels if "English" not in each and not each.startswith(("🔄", "✅"))):
        typed = (await room.owner.ask(label))["text"]
        assert "모르는 말" not in typed, label
        assert "I do not know" not in typed, label
        pressed = (await room.owner.does(await room.owner.ask("/start"), label))["text"]
        if label.startswith("⏸"):  # the press asks for how long; the word is the command, and acts
            assert room.control.modes[-1].mode is Mode.PAUSE_BUYS, label
        else:
            assert typed.split("\n")[0] == pressed.split("\n")[0], label
