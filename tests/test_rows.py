"""Rows of the specification that are made of others: each part is named by a test, so the whole is settled by them."""

import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

MADE_OF = {
    "S66": ("S12",),  # switching mock and real
    "S79": tuple(f"S{number}" for number in range(51, 65)),  # signals and orders
    "S80": ("S9", "S86"),  # order tracking and fill handling
    "S81": ("S10", "S11", "S32"),  # session control and automatic stop
    "S82": ("S4",),  # RSI and its signals
    "S83": ("S40", "S41"),  # by days or by minutes
    "S89": ("S14", "S17", *(f"S{number}" for number in range(90, 101))),  # token, Telegram, logger, time
    "S110": ("S43",),  # WS_URL_BASE
}

SETTLED_BY = {  # rows in several parts, each settled by a test of its own
    "S19": (
        ("test_documents.py", "test_the_stated_floor_is_the_locks_s114"),
        ("test_main.py", "def test_"),
    ),
    "S65": (
        ("kis/calls/test_reads.py", "test_a_hanging_server_costs_two_time_outs"),  # one client, with time-outs
        ("kis/calls/test_reads.py", "test_each_call_is_one_line_with_its_values_and_no_secret_s98"),  # a redacted trace
        ("kis/calls/test_garbage.py", "def test_"),  # our own errors at worst
        ("scenarios/test_fault_matrix.py", "test_reads_fail_closed_and_recover_s16"),
    ),
}

PROMISES = {  # spec section 8
    1: ("strategy/wiring/test_core_properties.py", "test_promises_and_caps_hold_over_any_interleaving"),
    2: ("strategy/session/test_stream_inbox.py", "test_a_gap_blocks_buying_until_reconciled_promise_2"),
    3: ("strategy/control/test_control_orders.py", "test_an_unknown_result_is_shown_as_unknown_promise_3"),
    4: ("strategy/stops/test_stop_monitor.py", "test_runs_in_every_mode_but_halted_promise_4"),
    5: ("bot/alerts/test_outbox_worker.py", "test_an_hour_of_outage_keeps_300_alerts_in_order_promise_5"),
    6: ("strategy/control/test_control_orders.py", "test_any_presses_place_at_most_one_order_promise_6"),
    7: ("strategy/control/test_control_chat.py", "test_modes_survive_a_restart_promise_7"),
    8: ("test_main.py", "promise 8"),
}


@cache
def named() -> frozenset[int]:
    """Return the numbers of all rows a test names in its name or its words, ranges written as S90-S94 included."""
    found: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        if path == Path(__file__):
            continue
        text = path.read_text("utf-8").lower()
        found |= {int(number) for number in re.findall(r"(?<![a-z0-9])s(\d{1,3})(?!\d)", text)}
        for first, last in re.findall(r"\bs(\d+)(?:-| to )s(\d+)", text):
            found |= set(range(int(first), int(last) + 1))
    return frozenset(found)


@pytest.mark.parametrize("row", MADE_OF)
def test_each_part_of_a_row_is_named_by_a_test(row: str) -> None:
    assert [part for part in MADE_OF[row] if int(part[1:]) not in named()] == []


@pytest.mark.parametrize(("row", "path", "name"), [(row, *one) for row, tests in SETTLED_BY.items() for one in tests])
def test_the_tests_of_a_row_exist(row: str, path: str, name: str) -> None:
    assert name in (TESTS / path).read_text("utf-8"), row


@pytest.mark.parametrize("promise", PROMISES)
def test_each_promise_has_its_named_test(promise: int) -> None:
    path, name = PROMISES[promise]
    assert name in (TESTS / path).read_text("utf-8")


def test_every_row_can_be_found_in_a_test_as_the_specification_writes_it() -> None:
    """Whoever searches for `S15` finds a test that settles it, not only a name that ends in `_s15`."""
    texts = "\n".join(path.read_text("utf-8") for path in TESTS.rglob("test_*.py") if path != Path(__file__))
    found = set(re.findall(r"(?<![A-Za-z0-9_])S\d+(?!\d)", texts))
    assert [f"S{row}" for row in range(1, 119) if f"S{row}" not in found] == []


def test_every_row_is_settled_by_a_test() -> None:
    settled = named() | {int(row[1:]) for row in (*MADE_OF, *SETTLED_BY)}
    assert [f"S{row}" for row in range(1, 119) if row not in settled] == []
