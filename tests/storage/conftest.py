"""A database per test, on disk."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from storage.database import Storage, open_storage


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(tmp_path / "data") as opened:
        yield opened
