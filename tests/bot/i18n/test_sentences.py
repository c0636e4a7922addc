"""Every code of the core and of the client has its sentence in both languages, with the values its makers pass."""

import subprocess
import sys
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from bot.i18n.catalog import LOCALES, sentences
from bot.i18n.sentences import both, say
from bot.i18n.sentences.kinds import KINDS
from bot.role import Role
from strategy.model import (
    AlertGroup,
    Bound,
    DecisionReason,
    Environment,
    FiredBy,
    GateKey,
    Kept,
    Loudness,
    Mode,
    OrderStatus,
    Origin,
    OutcomeKind,
    Period,
    Said,
    SaleEnd,
    Service,
    SessionPhase,
    SettingSource,
    Side,
    StopState,
    TaskState,
)
from strategy.settings.schema import MENU
from strategy.stops.safe_mode import DESK_FAILED, STOPS_DOWN, STOPS_FAILED, STORAGE_FAILED
from tests.support.said_calls import ROOT, Made, codes, made

WORDS = frozenset(KINDS)
_STOPS = {Origin.STOP_LOSS, Origin.TAKE_PROFIT, Origin.TRAILING_STOP}
_FALLBACKS = {DESK_FAILED, STORAGE_FAILED, STOPS_FAILED, STOPS_DOWN}


def _values(code: str) -> frozenset[str]:
    """Return what a sentence shows in either language."""
    return _fields(sentences()[code]["en"]) | _fields(sentences()[code]["ko"])


def _fields(sentence: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


def test_every_code_has_an_english_sentence() -> None:
    assert {place for code, place in codes().items() if code not in sentences()} == set()


def test_every_entry_is_a_code_of_its_own_and_says_something_in_both_languages() -> None:
    with (LOCALES / "ko" / "LC_MESSAGES" / "sentences.po").open("rb") as source:
        entries = [each for each in read_po(source) if each.id]
    assert [each.context for each in entries] == list(sentences())
    assert [each.context for each in entries if not each.context or not each.string] == []


def test_both_languages_have_the_same_fields() -> None:
    """But for what only one of them tells: the name of an error, the number of a closed connection, a given id."""
    one_sided = {
        "stream.no_connection",
        "stream.silent",
        "stream.closed",
        "chat_setting.shared",
        "day.mourning",
        "unprotected.type_the_word",
    }
    assert {code for code, each in sentences().items() if _fields(each["en"]) != _fields(each["ko"])} == one_sided


def test_makers_pass_what_the_sentence_says() -> None:
    by_name: dict[str, list[str]] = {}
    for code, (name, _) in codes().items():
        by_name.setdefault(name, []).append(code)
    wrong = [
        f"{each}: {each.code} of {sorted(each.fields)}"
        for each in made()
        if each.code in by_name and all(_values(code) != each.fields for code in by_name[each.code])
    ]
    assert wrong == []


def test_a_code_chosen_while_the_program_runs_fits_its_maker() -> None:
    """Where no maker names a code, one of its own file that chooses passes what its sentence says."""
    named = {each.code for each in made()}
    chosen: dict[Path, list[Made]] = {}
    for each in made():
        if each.code is None:
            chosen.setdefault(each.path, []).append(each)
    lonely = [
        f"{name} ({path.name})"
        for code, (name, path) in codes().items()
        if name not in named and _values(code) not in {each.fields for makers in chosen.values() for each in makers}
    ]
    assert lonely == []


def test_kinds_are_known() -> None:
    """A kind is one of ours, or one that Python formats numbers, words or times by."""
    for code, each in sentences().items():
        for _, name, kind, _ in (*Formatter().parse(each["en"]), *Formatter().parse(each["ko"])):
            assert name is None or not kind or kind in WORDS or not kind.isalpha() or kind in ("d", "f", "g"), code


def test_sentences_speak_without_aiogram() -> None:
    """A fault of the settings is told at once: aiogram alone takes seconds to be read."""
    asked = "import sys; from bot.i18n.sentences import both, say; sys.exit('aiogram' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("seconds", "ko", "en"),
    [
        (-5, "0초", "0 s"),
        (59.9, "59초", "59 s"),
        (3599, "59분", "59 min"),
        (3725, "1시간 2분", "1 h 2 min"),
        (90_000, "1일 1시간", "1 d 1 h"),
    ],
)
def test_spans_of_time(seconds: float, ko: str, en: str) -> None:
    said = Said("test.span", length=timedelta(seconds=seconds))
    assert (_said(said, "{length:span}", "ko"), _said(said, "{length:span}", "en")) == (ko, en)


def test_values_are_written_by_their_kind() -> None:
    inner = Said("span.minutes", count=5)
    said = Said(
        "test.kinds",
        at=datetime(2026, 9, 15, 13, 30, tzinfo=UTC),
        price=Decimal("1234.50"),
        parts=(inner, "x"),
        size=3 * 1024 * 1024,
    )
    assert _said(said, "{at:clock}|{at:times}|{price:usd}|{price:price}", "ko") == (
        "KST 09-15 22:30 (ET 09-15 09:30)|KST 09-15 22:30:00 (ET 09-15 09:30:00)|$1,234.50|$1,234.50"
    )
    assert _said(said, "{parts}|{parts:sentences}|{size:size}", "ko") == "5분, x|5분 x|3.0 MB"


def test_money_kept_as_words_by_earlier_builds_is_shown_too() -> None:
    said = Said("test.kinds", price="56.50", was="$1,234.56")
    assert _said(said, "{price:price} {was:usd}", "en") == "$56.50 $1,234.56"


def test_words_of_earlier_builds_are_shown_as_they_were() -> None:
    old = Said.read("한글 / English")
    assert (say(old, "ko"), say(old, "en")) == ("한글", "English")
    assert both(Said(Kept.WORDS, words="rejected")) == "rejected\nrejected"


def _said(said: Said, sentence: str, language: str) -> str:
    from bot.i18n.sentences.speech import _Voice  # noqa: PLC0415 - kinds are tried without a sentence of their own

    voice = _Voice("ko" if language == "ko" else "en")
    return voice.vformat(sentence, (), said.values)


def _families() -> dict[str, Collection[str]]:
    """Return the words for states, reasons and settings: the keys that each family of them must say."""
    return {
        "service": set(Service),
        "side": set(Side),
        "mode": set(Mode),
        "stop_state": set(StopState),
        "meaning": set(MENU),
        "origin": set(Origin),
        "trigger": _STOPS,
        "order_state": set(OrderStatus),
        "mode_name": set(Mode),
        "mode_meaning": set(Mode),
        "whose_money": set(Environment),
        "phase": set(SessionPhase),
        "role": {each.name.lower() for each in Role},
        "setting_source": set(SettingSource),
        "setting_group": {each.group for each in MENU.values()},
        "gate": {*GateKey, "max_order_usd", "max_position_rate", "warmup"} - {GateKey.WRITTEN},  # some of old decisions
        "why": {*_STOPS, "split_guard", "daily_loss_limit", "not_armed", "panic", "hand_order", *_FALLBACKS},
        "conclusion": {each for each in DecisionReason if each.gate is None},
        "sale_end": set(SaleEnd) - {SaleEnd.GOING_ON},
        "period": set(Period),
        "loudness": set(Loudness),
        "alert_group": set(AlertGroup),
        "task_state": set(TaskState),
        "task": set(Service),
        "fired_by": set(FiredBy),
        "bound": set(Bound),
        "outcome": set(OutcomeKind),
        "alert_button": set(AlertGroup),
        "price_source": {"typed", "ask", "bid", "last"},
        "badge": set(Environment),
    }


def test_every_state_has_its_word() -> None:
    families = _families()
    said = {code for code in sentences() if code.split(".")[0] in families}
    assert {f"{family}.{key}" for family, keys in families.items() for key in keys} == said


def test_no_sentence_is_left_over() -> None:
    used = {"span", "service_means", "holiday", *_families()}
    assert {code for code in sentences() if code.split(".")[0] not in used} - set(codes()) == set()
