"""The table of moves between order states. Rows S86, S100."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strategy.execution.order_state_machine import MOVES, may_move
from strategy.model import OrderStatus

S = OrderStatus


def test_the_table_names_every_state() -> None:
    assert set(MOVES) == set(OrderStatus)


@pytest.mark.parametrize(
    "path",
    [
        (S.INTENDED, S.SENT, S.ACCEPTED, S.PARTIALLY_FILLED, S.PARTIALLY_FILLED, S.FILLED),
        (S.INTENDED, S.DENIED),
        (S.INTENDED, S.SENT, S.DENIED),  # taken back before the request was made
        (S.INTENDED, S.SENT, S.REJECTED),
        (S.INTENDED, S.SENT, S.ACCEPTED, S.CANCEL_SENT, S.CANCELED),
        (S.INTENDED, S.SENT, S.PARTIALLY_FILLED, S.FILLED),  # filled before the acceptance came
        (S.INTENDED, S.SENT, S.ACCEPTED, S.REJECTED),  # a late notice of the venue
        (S.INTENDED, S.SENT, S.ACCEPTED, S.PARTIALLY_FILLED, S.CANCELED),
        (S.INTENDED, S.SENT, S.ACCEPTED, S.CANCEL_SENT, S.FILLED),
        (S.INTENDED, S.SENT, S.ACCEPTED, S.CANCEL_SENT, S.ACCEPTED),  # the cancel was refused
        (S.INTENDED, S.SENT, S.UNKNOWN, S.ACCEPTED, S.EXPIRED),
        (S.INTENDED, S.SENT, S.UNKNOWN, S.DENIED),  # proven never sent
        (S.INTENDED, S.UNKNOWN, S.FILLED),
        (S.INTENDED, S.SENT, S.ACCEPTED, S.ACCEPTED, S.FILLED),  # amended
        (S.INTENDED, S.SENT, S.ACCEPTED, S.CANCEL_SENT, S.CANCELED, S.FILLED),  # the cancel's notice overtook the fill
    ],
)
def test_these_stories_can_be_told_s86_s100(path: tuple[OrderStatus, ...]) -> None:
    assert all(may_move(old, new) for old, new in pairwise(path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (S.FILLED, S.CANCELED),
        (S.FILLED, S.REJECTED),
        (S.FILLED, S.UNKNOWN),
        (S.DENIED, S.SENT),
        (S.INTENDED, S.ACCEPTED),  # nothing is accepted that was not sent
        (S.INTENDED, S.FILLED),
        (S.ACCEPTED, S.DENIED),  # what has left cannot be refused by us
        (S.PARTIALLY_FILLED, S.ACCEPTED),  # would forget the fill
        (S.CANCELED, S.ACCEPTED),
        (S.EXPIRED, S.ACCEPTED),
        (S.ACCEPTED, S.SENT),
    ],
)
def test_these_moves_would_hide_a_fact(old: OrderStatus, new: OrderStatus) -> None:
    assert not may_move(old, new)


@given(st.sampled_from(OrderStatus))
def test_nothing_becomes_an_intent_again(old: OrderStatus) -> None:
    assert not may_move(old, S.INTENDED)


@given(st.lists(st.sampled_from(OrderStatus), max_size=30))
def test_whatever_is_told_a_filled_or_denied_order_stays_so(told: list[OrderStatus]) -> None:
    status, final = S.INTENDED, None
    for new in told:
        if may_move(status, new):
            status = new
        if final is not None:
            assert status is final
        if status in (S.FILLED, S.DENIED):
            final = status


@given(st.lists(st.sampled_from(OrderStatus), max_size=30))
def test_a_closed_order_never_works_again_unless_its_refusal_was_wrong(told: list[OrderStatus]) -> None:
    status = S.INTENDED
    for new in told:
        if may_move(status, new):
            if status.closed and not new.closed:
                assert status is S.REJECTED
            status = new


def test_every_state_can_be_reached_from_an_intent() -> None:
    seen, edge = {S.INTENDED}, [S.INTENDED]
    while edge:
        for new in MOVES[edge.pop()] - seen:
            seen.add(new)
            edge.append(new)
    assert seen == set(OrderStatus)


def test_an_unknown_order_may_turn_out_to_be_anything_but_an_intent() -> None:
    assert MOVES[S.UNKNOWN] == set(OrderStatus) - {S.INTENDED}
