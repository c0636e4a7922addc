"""What every test shares."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

# a time limit per example fails on a busy machine and says nothing about the code; pytest-timeout ends what hangs
settings.register_profile("project", deadline=None)
settings.load_profile("project")


class Unsaid(logging.Handler):
    """Collects sentences that could not be said: a person got their code instead."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(str(record.__dict__.get("said")))


_UNSAID = Unsaid()
logging.getLogger("bot.i18n.sentences.speech").addHandler(_UNSAID)


@pytest.fixture(autouse=True)
def every_sentence_is_said() -> Iterator[None]:
    _UNSAID.found.clear()
    yield
    assert _UNSAID.found == []
