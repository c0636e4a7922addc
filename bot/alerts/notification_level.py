"""Whether an event sounds, comes without a sound, or is kept back (spec 6, alerts), by its group and the settings.

Critical events sound whatever is set. Some routine ones are never kept back, at most silenced: a card that waits for a
tap, an order whose outcome nobody knows, a difference with the broker that blocks buying, a price somebody asked for.
See decision 0054.
"""

from dataclasses import dataclass
from datetime import datetime

from strategy.model import AlertGroup, AlertRules, Event, Loudness


@dataclass(frozen=True, slots=True)
class Manner:
    """How an event is delivered."""

    kept_back: bool
    silent: bool


def manner(event: Event, rules: AlertRules, at: datetime) -> Manner:
    """Return how to deliver an event at that (real) instant."""
    if event.critical:
        return Manner(kept_back=False, silent=False)
    if event.group is None:
        return Manner(kept_back=False, silent=_quiet(rules, at))
    found = _at_level(event.group, rules, at)
    if found.kept_back:
        return Manner(kept_back=not event.needs_person, silent=True)
    return Manner(kept_back=False, silent=found.silent or not event.rings)


def fill_manner(rules: AlertRules, at: datetime) -> Manner:
    """Return how to deliver the reply that tells a fill."""
    return _at_level(AlertGroup.FILLS, rules, at)


def _at_level(group: AlertGroup, rules: AlertRules, at: datetime) -> Manner:
    level = rules.levels.get(group, Loudness.ON)
    return Manner(kept_back=level is Loudness.OFF, silent=level is not Loudness.ON or _quiet(rules, at))


def _quiet(rules: AlertRules, at: datetime) -> bool:
    return rules.quiet is not None and rules.quiet.hold(at)
