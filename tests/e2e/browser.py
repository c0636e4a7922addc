"""A headless Chromium for the end-to-end tests, wherever one is installed.

`CHROMIUM_PATH` names another browser than the first of the usual names on PATH. Without a browser, or without
Playwright's library, these tests are skipped and say why; `REQUIRE_BROWSER=1` makes that a failure, for machines that
are meant to have one.
"""

import importlib.util
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")


def chromium_path() -> str | None:
    """Return the browser to drive, None where there is none."""
    chosen = os.environ.get("CHROMIUM_PATH")
    if chosen:
        return shutil.which(chosen)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("REQUIRE_BROWSER") == "1":
        raise RuntimeError(f"REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(f"end-to-end tests: {reason}", allow_module_level=True)


if importlib.util.find_spec("playwright") is None:
    _unavailable("Playwright's Python library is not installed (uv sync brings it)")
_path = chromium_path()
if _path is None:
    _unavailable("no Chromium was found (Debian: apt-get install chromium; or set CHROMIUM_PATH)")
CHROMIUM: str = _path

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect  # noqa: E402

__all__ = ["CHROMIUM", "Browser", "BrowserContext", "Locator", "Page", "expect", "open_browser"]

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--force-color-profile=srgb",
)
PATIENCE_MS = 45_000.0  # a loaded machine is slow; nothing waits this long where all is well

expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Run a browser for as long as the block takes; nothing is downloaded, no profile is left behind."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()
