"""Gates are said in both languages: those the rule makes leave no English behind, those of earlier builds stay."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from bot.i18n.gates import said
from bot.i18n.terms import conclusion, gate, why_so
from bot.i18n.translator import Catalogs, Tongue
from strategy.model import (
    Bound,
    CapKey,
    DecisionReason,
    FiredBy,
    Gate,
    GateKey,
    Gates,
    Known,
    Mode,
    Refusal,
    StopGate,
    WrittenGate,
    name_of,
)
from strategy.reports.gate_cells import cell
from strategy.risk.sizing import Size
from strategy.signals.rules import Facts, buy_gates, sell_gates
from tests.fakes import samples
from tests.fakes.clock import trading_settings

OLD = [json.loads(line) for line in Path("tests/storage/old/gates.jsonl").read_text("utf-8").splitlines()]
STORED: TypeAdapter[tuple[Gate, ...]] = TypeAdapter(Gates)
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
    buy_size=Size(qty=3, bound=Bound.CASH, wanted=5, cost=Decimal(100)),
    sell_size=Size(qty=3, bound=Bound.RATE, wanted=3, cost=Decimal(100)),
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
    caps=(Refusal(cap=CapKey.MAX_ORDER_USD, value=Decimal(300), limit=Decimal(200)),),
    last_sell_at=NOW,
    bars_fresh=False,
)
STOPS = [
    StopGate(key=GateKey.STOP_LOSS, passed=True, observed=Decimal("-5.00"), threshold=Decimal(-5), fired_by=by)
    for by in FiredBy
] + [
    StopGate(key=GateKey.STOP_LOSS, passed=None, observed=None, threshold=None, broker_rate=Known(rate))
    for rate in (None, Decimal("-4.91"))
]


def of_rule(facts: Facts, **settings: Any) -> tuple[Gate, ...]:
    known = trading_settings(**settings)
    return (*buy_gates(facts, known), *sell_gates(facts, known))


@pytest.mark.parametrize("facts", [FULL, EMPTY, CAPPED, STILL, replace(EMPTY, asked=False)])
@pytest.mark.parametrize("confirm", ["golden", "dead", "none"])
def test_every_gate_of_the_rule_is_said_in_korean(catalogs: Catalogs, facts: Facts, confirm: str) -> None:
    for one in (*of_rule(facts, sell_confirm=confirm), *STOPS):
        shown = " ".join((gate(name_of(one), Tongue(catalogs, "ko")), *said(one, Tongue(catalogs, "ko"))))
        assert not re.search("[a-z]{2,}", shown), shown
        assert said(one, Tongue(catalogs, "en")).observed
        assert not re.search("[<>=]", shown), shown


@pytest.mark.parametrize("facts", [FULL, EMPTY, CAPPED, STILL, replace(EMPTY, asked=False)])
@pytest.mark.parametrize("confirm", ["golden", "dead", "none"])
def test_gates_are_stored_as_values_and_come_back_the_same(facts: Facts, confirm: str) -> None:
    made = (*of_rule(facts, sell_confirm=confirm), *STOPS)
    assert STORED.validate_json(STORED.dump_json(made)) == made


@pytest.mark.parametrize("row", OLD, ids=lambda row: f"{row['gate']['name']}-{row['gate']['value']}")
def test_a_gate_an_earlier_build_stored_is_shown_and_exported_as_before(
    catalogs: Catalogs, row: dict[str, Any]
) -> None:
    [read] = STORED.validate_json(json.dumps([row["gate"]]))
    assert list(said(read, Tongue(catalogs, "ko"))) == row["ko"]
    assert list(said(read, Tongue(catalogs, "en"))) == row["en"]
    assert cell(read) == row["cell"]
    assert name_of(read) == row["gate"]["name"]
    assert STORED.validate_json(STORED.dump_json((read,))) == (read,)


def test_earlier_builds_knew_every_gate_and_only_unknown_words_stay_words() -> None:
    read = STORED.validate_json(json.dumps([row["gate"] for row in OLD]))
    assert {one.key for one in read} == set(GateKey)
    assert {one.name for one in read if isinstance(one, WrittenGate)} == {"brand_new"}


def test_unknown_words_are_shown_as_they_were_written(catalogs: Catalogs) -> None:
    assert why_so("by hand", Tongue(catalogs, "ko")) == "by hand"
    assert why_so("split_guard", Tongue(catalogs, "ko")).startswith("밤사이")


@pytest.mark.parametrize("reason", DecisionReason)
def test_every_end_of_a_check_is_said(catalogs: Catalogs, reason: DecisionReason) -> None:
    decided = replace(samples.decision(), reason=reason)
    assert re.search("[가-힣]", conclusion(decided, Tongue(catalogs, "ko")))
    assert conclusion(decided, Tongue(catalogs, "en"))
