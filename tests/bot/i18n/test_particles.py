"""Korean particles follow the last sound of what stands before them, whatever it is."""

import re

import pytest
from aiogram.utils.formatting import Bold, Text
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n.catalog import LOCALES
from bot.i18n.particles import MARKERS, attach
from bot.i18n.sentences import say
from bot.i18n.translator import Tongue, load_catalogs
from strategy.control.watchlist import WatchNote
from strategy.model import Said


def said(word: str) -> str:
    return attach(f"{word}은(는) {word}이(가) {word}을(를) {word}과(와) {word}(으)로")


def expected(word: str, *, closed: bool, rieul: bool = False) -> str:
    topic, subject, thing, with_ = ("은", "이", "을", "과") if closed else ("는", "가", "를", "와")
    to = "으로" if closed and not rieul else "로"
    return f"{word}{topic} {word}{subject} {word}{thing} {word}{with_} {word}{to}"


@pytest.mark.parametrize("word", ["사과", "애플 주가", "보유", "테슬라", "엔비디아"])
def test_a_vowel_takes_the_short_forms(word: str) -> None:
    assert said(word) == expected(word, closed=False)


@pytest.mark.parametrize("word", ["종목", "주문", "손절", "증권사 앱"])
def test_a_consonant_takes_the_long_forms(word: str) -> None:
    assert said(word) == expected(word, closed=True, rieul=word.endswith("절"))


@pytest.mark.parametrize("ticker", ["TQQQ", "XLF", "O", "NVDA", "SOXS", "NASDAQ:TQQQ", "BRK/B", "V", "W", "Y"])
def test_a_ticker_is_read_by_its_letters(ticker: str) -> None:
    assert said(ticker) == expected(ticker, closed=False)


@pytest.mark.parametrize(("ticker", "rieul"), [("SPXL", True), ("TLTR", True), ("TSM", False), ("NYSE:BAN", False)])
def test_l_m_n_and_r_are_the_letters_with_a_final_consonant(ticker: str, rieul: bool) -> None:
    assert said(ticker) == expected(ticker, closed=True, rieul=rieul)


@pytest.mark.parametrize(
    ("number", "spoken"),
    [
        ("0", "영"),
        ("#1", "일"),
        ("#2", "이"),
        ("#3", "삼"),
        ("4", "사"),
        ("5", "오"),
        ("6", "육"),
        ("#7", "칠"),
        ("8", "팔"),
        ("9", "구"),
        ("#10", "십"),
        ("1,200", "백"),
        ("3000", "천"),
        ("50,000", "만"),
        ("120,000", "만"),
        ("300,000,000", "억"),
        ("2,000,000,000,000", "조"),
        ("61.25", "오"),
        ("61.20", "영"),
        ("0.1", "일"),
        ("-5", "오"),
        ("$61.20", "달러"),
        ("-$3", "달러"),
        ("$1,000", "달러"),
        ("-4.99%", "퍼센트"),
        ("KST 22:31", "분"),
        ("3주", "주"),
        ("50만원", "원"),
    ],
)
def test_a_number_sounds_as_it_is_read_out(number: str, spoken: str) -> None:
    """The particles behind figures are those behind the word that a reader says."""
    assert said(number).replace(number, "") == said(spoken).replace(spoken, "")


@pytest.mark.parametrize(
    ("word", "spoken"),
    [
        ("off", "오프"),
        ("real", "리얼"),
        ("STOP_LOSS_RATE", "레이트"),
        ("BUY_DELAY_MIN", "민"),
        ("MAX_ORDERS_PER_TICKER", "티커"),
        ("RSI_OVERSOLD=45", "오"),
        ("close", "클로즈"),
        ("limit", "리밋"),
        ("stop", "스톱"),
        ("/data/trading.db", "비"),
    ],
)
def test_names_and_words_are_read_as_words(word: str, spoken: str) -> None:
    assert said(word).replace(word, "") == said(spoken).replace(spoken, "")


def test_brackets_and_quotes_are_not_read() -> None:
    assert attach("테슬라(TSLM)을(를)") == "테슬라(TSLM)를"
    assert attach("세 번째 항목(O)이(가)") == "세 번째 항목(O)이"
    assert attach("'중단'(이)라고") == "'중단'이라고"
    assert attach("(가)을(를)") == "(가)를"


def test_a_word_whose_sound_is_not_known_keeps_both_forms() -> None:
    assert attach("🟢을(를)") == "🟢을(를)"
    assert attach("을(를)") == "을(를)"
    assert attach("漢을(를) 보세요") == "漢을(를) 보세요"


def test_a_blank_before_the_marker_goes() -> None:
    assert attach("TQQQ 은(는) 잠겨 있습니다") == "TQQQ는 잠겨 있습니다"


_NO_BRACKETS = st.text(st.characters(exclude_characters="()", exclude_categories=["Cs"]), max_size=12)


@given(_NO_BRACKETS, st.sampled_from(MARKERS), _NO_BRACKETS)
def test_any_words_are_taken_and_nothing_but_the_marker_changes(before: str, marker: str, after: str) -> None:
    told = attach(before + marker + after)
    start = before.removesuffix(" ")
    assert told.startswith(start)
    assert told.endswith(after)
    chosen = told[len(start) : len(told) - len(after)].lstrip(" ")
    assert chosen == marker or chosen in re.sub(r"[()]", " ", marker).split() or chosen == re.sub(r"[()]", "", marker)
    assert attach(told) == told


@pytest.mark.parametrize("syllable", [chr(code) for code in range(0xAC00, 0xAC00 + 28)])
def test_every_final_of_a_syllable_has_its_form(syllable: str) -> None:
    final = ord(syllable) - 0xAC00
    assert said(syllable) == expected(syllable, closed=final > 0, rieul=final == 8)


def test_sentences_of_the_core_say_the_right_one() -> None:
    assert say(Said(WatchNote.NOT_WATCHED, ticker="TQQQ"), "ko").startswith("TQQQ는 ")
    assert say(Said(WatchNote.NOT_WATCHED, ticker="SPXL"), "ko").startswith("SPXL은 ")
    assert say(Said(WatchNote.NOT_WATCHED, ticker="SPXL"), "en").startswith("SPXL is")


def test_views_say_the_right_one_also_behind_styled_words() -> None:
    t = Tongue(load_catalogs(), "ko")
    asked = "Add {ticker} to automatic trading?"
    assert t(asked, ticker="SPXL").startswith("SPXL을 ")
    line = t.line(asked, ticker=Text(Bold("TQQQ")))
    assert line.render()[0].startswith("TQQQ를 ")


_FIXED = re.compile(r"\}['\"”)]?\s?(?:은|는|이|가|을|를|과|와|로|으로)(?![가-힣(])|\}\s?(?:이라|라)고")


@pytest.mark.parametrize("domain", ["messages", "sentences"])
def test_no_translation_fixes_a_particle_behind_a_value(domain: str) -> None:
    with (LOCALES / "ko" / "LC_MESSAGES" / f"{domain}.po").open("rb") as source:
        fixed = [str(each.string) for each in read_po(source) if each.id and _FIXED.search(str(each.string))]
    assert fixed == []


@pytest.mark.parametrize("domain", ["messages", "sentences"])
def test_no_translation_has_a_form_that_is_not_resolved(domain: str) -> None:
    """A pair in brackets that is no marker would reach the reader as it stands."""
    pair = re.compile(r"[가-힣]?\([은는이가을를과와으]\)[가-힣]*")
    with (LOCALES / "ko" / "LC_MESSAGES" / f"{domain}.po").open("rb") as source:
        found = {hit for each in read_po(source) if each.id for hit in pair.findall(str(each.string))}
    assert {hit for hit in found if not any(hit.startswith(marker) for marker in MARKERS)} == set()
