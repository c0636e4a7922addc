"""What the gates write down can be read in Korean: the real rule's own phrases leave no English behind."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.i18n.gate_phrases import phrase, why_so
from bot.i18n.translator import Catalogs, Tongue
from strategy.model import Gate, Mode, Text
from strategy.risk.limits import Refusal
from strategy.risk.sizing import Size
from strategy.signals.rules import Facts, buy_gates, sell_gates
from tests.fakes import samples
from tests.fakes.clock import trading_settings

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
FULL = Facts(
    now=NOW,
    in_hours=True,
    mode=Mode.RUN,
    lock=None,
    reconciled=True,
    indicators=samples.indicators(),
    quote_age_s=0.8,
    quote_usable=True,
    bars_fresh=True,
    last_buy_at=NOW - timedelta(minutes=3),
    last_sell_at=None,
    open_orders=0,
    held_qty=10,
    sellable_qty=10,
    buy_size=Size(qty=3, bound="cash", wanted=5, cost=Decimal(100)),
    sell_size=Size(qty=3, bound="rate", wanted=3, cost=Decimal(100)),
    caps=(),
)
EMPTY = replace(
    FULL,
    in_hours=False,
    mode=Mode.HALTED,
    lock="split_guard",
    reconciled=None,
    indicators=None,
    quote_age_s=None,
    quote_usable=None,
    bars_fresh=None,
    last_buy_at=None,
    delays_known=False,
    open_orders=None,
    sellable_qty=None,
    buy_size=None,
    sell_size=None,
    caps=None,
)
STILL = replace(FULL, indicators=replace(samples.indicators(), rsi=None, rsi_moves=2))
CAPPED = replace(
    FULL,
    indicators=samples.indicators(golden_cross=None),
    caps=(Refusal(cap="max_order_usd", value="$300", limit="$200", text=Text("", "")),),
    last_sell_at=NOW,
    bars_fresh=False,
)


@pytest.mark.parametrize("facts", [FULL, EMPTY, CAPPED, STILL, replace(EMPTY, asked=False)])
@pytest.mark.parametrize("confirm", ["golden", "dead", "none"])
def test_the_rules_phrases_are_all_known(catalogs: Catalogs, facts: Facts, confirm: str) -> None:
    settings = trading_settings(sell_confirm=confirm)
    for gate in (*buy_gates(facts, settings), *sell_gates(facts, settings)):
        for text in _texts(gate):
            shown = phrase(text, Tongue(catalogs, "ko"))
            assert not re.search("[a-z]{2,}", shown), (gate.name, text, shown)
            assert phrase(text, Tongue(catalogs, "en"))


def _texts(gate: Gate) -> list[str]:
    return [text for text in (gate.value, gate.threshold, gate.detail) if text]


def test_unknown_phrases_are_shown_as_they_were_written(catalogs: Catalogs) -> None:
    assert phrase("something new", Tongue(catalogs, "ko")) == "something new"
    assert why_so("by hand", Tongue(catalogs, "ko")) == "by hand"
    assert why_so("split_guard", Tongue(catalogs, "ko")).startswith("밤사이")


@pytest.mark.parametrize("text", ["tick", "poll", "check", "broker -4.91%", "broker None%"])
def test_what_a_stop_was_seen_by_is_told_in_words(catalogs: Catalogs, text: str) -> None:
    assert not re.search("[a-z]{2,}", phrase(text, Tongue(catalogs, "ko")))
    assert phrase(text, Tongue(catalogs, "en")) != text
