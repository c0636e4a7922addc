"""One browser for all end-to-end tests of a worker."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest_asyncio

if TYPE_CHECKING:  # this file is read where no browser is
    from tests.e2e.browser import Browser


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> "AsyncIterator[Browser]":
    from tests.e2e.browser import open_browser  # noqa: PLC0415 - skips where no browser is

    async with open_browser() as running:
        yield running
