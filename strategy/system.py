"""How the program is, and how it is to be heard: the part of the chat's questions that is not about trading."""

from strategy.alert_rules import AlertRules, Loudness
from strategy.book import SettingsBook
from strategy.settings import TradingSettings

_GROUPS = ("orders", "fills", "signals", "session", "stream", "changes", "notes")


class SystemService:
    """Implements `strategy.services.System`."""

    def __init__(self, *, settings: SettingsBook) -> None:
        self._settings = settings

    def alert_rules(self) -> AlertRules:
        """Return what holds now; a timed change that has run out holds no more."""
        return rules_in(self._settings.account)


def rules_in(settings: TradingSettings) -> AlertRules:
    """Read NOTIFY_*, QUIET_HOURS and DASHBOARD."""
    return AlertRules(
        levels={group: Loudness(getattr(settings, f"notify_{group}")) for group in _GROUPS},
        quiet=settings.quiet_hours,
        dashboard=settings.dashboard == "on",
    )
