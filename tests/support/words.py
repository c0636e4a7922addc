"""What a person reads, for tests that look at it; and words made up for a test."""

from bot.i18n.sentences import both, say
from strategy.model import Kept, Said


def made_up(ko: str, en: str) -> Said:
    """Return words that are no sentence of ours."""
    return Said(Kept.BOTH, ko=ko, en=en)


def korean(said: Said | None) -> str:
    assert said is not None
    return say(said, "ko")


def english(said: Said | None) -> str:
    assert said is not None
    return say(said, "en")


def bilingual(said: Said) -> str:
    return both(said)
