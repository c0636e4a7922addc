"""What stands at the kinds of events, for those who tell them: none of it can be forgotten for a new one."""

from typing import get_args

import pytest

from strategy.model import AlertGroup, Event, Topic
from strategy.settings.schema import TradingSettings
from tests.fakes import samples

KINDS = get_args(get_args(Event)[0])


def test_there_is_a_sample_of_every_kind() -> None:
    assert {type(event) for event in samples.every_event()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_says_where_it_belongs_and_critical_ones_belong_together(kind: type[Event]) -> None:
    assert kind.group is None or kind.group in AlertGroup
    assert (kind.topic is Topic.CRITICAL) == kind.critical
    assert not (kind.critical and kind.group)
    assert not (kind.critical and kind.short)


def test_every_group_has_a_setting_and_something_to_tell() -> None:
    assert {f"notify_{group}" for group in AlertGroup} == {
        name for name in TradingSettings.model_fields if name.startswith("notify_")
    }
    assert {kind.group for kind in KINDS} == {*AlertGroup, None} - {AlertGroup.FILLS}  # told beside their order


@pytest.mark.parametrize("event", samples.every_event(), ids=lambda event: event.kind)
def test_only_what_is_critical_is_told_until_it_is_seen(event: Event) -> None:
    assert event.critical or not event.needs_ack
    assert not (event.is_retry and event.needs_ack)
