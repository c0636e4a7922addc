"""What every test shares."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# a time limit per example fails on a busy machine and says nothing about the code; pytest-timeout ends what hangs
settings.register_profile("project", deadline=None)
settings.load_profile("project")

# Databases of tests are in memory where the machine offers a disk there: every intent is synced before it leaves, and a
# thousand times over the waiting for a real disk tells nothing.
DISK = Path(tempfile.gettempdir())
_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing is put there under a name that can be guessed
_ROOM = 2 * 1024**3  # bytes; a whole run needs a tenth of it
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ROOM:
    tempfile.tempdir = str(_MEMORY)


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """Return a folder on a real disk, for what takes the time of the program as a whole."""
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        yield Path(folder)


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
