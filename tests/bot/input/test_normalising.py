"""What keyboards and phones make of typed words is evened out at the door; what Python would misread is refused."""

import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.input.normalising import even
from bot.input.parsing import BadArgument, trade
from strategy.model import InvalidInput
from strategy.settings.schema import TradingSettingFault, TradingSettings
from tests.bot.conftest import Room
from tests.fakes.clock import SAMPLE_SETTINGS
from tests.support.words import korean


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/set　RSI_OVERSOLD　４５", "/set RSI_OVERSOLD 45"),  # a Korean keyboard in full width
        ("／ｂｕｙ ＴＱＱＱ ３", "/buy TQQQ 3"),
        (unicodedata.normalize("NFD", "상태"), "상태"),  # a file name or text copied on a Mac
        ("/set STOP_LOSS_RATE −5", "/set STOP_LOSS_RATE -5"),  # an iPhone's minus
        ("/set STOP_LOSS_RATE –5", "/set STOP_LOSS_RATE -5"),  # and its dash
        ("/buy\u00a0TQQQ\u200b 3", "/buy TQQQ 3"),  # copied from a page
        ("/buy TQQQ 3 ＠６１．２５", "/buy TQQQ 3 @61.25"),
    ],
)
def test_typed_words_are_evened_out(typed: str, meant: str) -> None:
    assert even(typed) == meant


@pytest.mark.parametrize("text", ["10²", "½", "①", "1e3", "1_0", "٣", "삼"])
def test_what_is_no_plain_number_stays_and_is_refused_with_the_reason(text: str) -> None:
    assert even(text) == text
    with pytest.raises(BadArgument) as refused:
        trade(f"TQQQ {text}")
    assert text in korean(refused.value.user_message)
    assert refused.value.user_message is not InvalidInput.user_message


@given(st.text(max_size=40))
def test_evening_out_twice_changes_nothing_more(text: str) -> None:
    assert even(even(text)) == even(text)


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40))
def test_plain_words_stay_as_they_are(text: str) -> None:
    assert even(text) == text


NUMBERS = [
    name
    for name, field in TradingSettings.model_fields.items()
    if any(kind in str(field.annotation) for kind in ("int", "Decimal")) and "InstanceOf" not in str(field.annotation)
]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("odd", ["1e1", "1_0", "-1_0", "1E+1", "0.1e1", "1_0.5"])
def test_no_number_of_the_settings_is_read_from_an_exponent_or_an_underscore(name: str, odd: str) -> None:
    with pytest.raises(ValueError, match=TradingSettingFault.DIGITS):
        TradingSettings.model_validate({**SAMPLE_SETTINGS, name: odd})


async def test_a_setting_typed_on_any_keyboard_is_shown_as_it_will_be_stored(room: Room) -> None:
    asked: list[str] = []
    preview_setting = room.control.services.settings.preview

    async def noted(user_id: int, name: str, value: str, **more: object) -> object:
        asked.append(value)
        return await preview_setting(user_id, name, value, **more)  # type: ignore[arg-type]

    room.control.services.settings.preview = noted  # type: ignore[method-assign,assignment]
    preview = await room.owner.ask("/set　RSI_OVERSOLD　４５")
    assert asked == ["45"]
    assert "45" in preview["text"]


async def test_decomposed_hangul_is_understood(room: Room) -> None:
    plain = await room.owner.ask("도움말")
    apart = await room.owner.ask(unicodedata.normalize("NFD", "도움말"))
    assert apart["text"] == plain["text"]


async def test_an_odd_number_is_answered_with_what_is_wrong_and_how_to_type_it(room: Room) -> None:
    answer = await room.owner.ask("/buy TQQQ 1e3")
    assert "1e3" in answer["text"]
    assert "/buy TQQQ" in answer["text"]


def test_the_amount_of_a_full_width_order_is_the_one_typed() -> None:
    words = trade(even("TQQQ ３ ＠６１．２５"))
    assert (words.amount.value, words.price) == (Decimal(3), Decimal("61.25"))
