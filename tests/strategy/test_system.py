"""What the chat asks about the program itself."""

from datetime import time

from strategy.alert_rules import Loudness, QuietHours
from strategy.system import rules_in
from strategy.testing import trading_settings


def test_alert_rules_follow_the_settings() -> None:
    rules = rules_in(trading_settings(notify_orders="off", notify_notes="on", quiet_hours="23:00-07:00"))
    assert rules.levels == {
        "orders": Loudness.OFF,
        "fills": Loudness.ON,
        "signals": Loudness.SILENT,
        "session": Loudness.ON,
        "stream": Loudness.SILENT,
        "changes": Loudness.SILENT,
        "notes": Loudness.ON,
    }
    assert rules.quiet == QuietHours(time(23), time(7))
    assert rules.dashboard


def test_alert_rules_without_quiet_hours_or_dashboard() -> None:
    rules = rules_in(trading_settings(quiet_hours="off", dashboard="off"))
    assert rules.quiet is None
    assert not rules.dashboard
