"""A person's screen: a page of the chat in some size, light and language, watched for faults."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.e2e.browser import PATIENCE_MS, Browser, BrowserContext, Page

# Every layout shift that no input of the person explains, and what moved (the browser's own measure).
_WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const moved = entry.sources.map(({ node, previousRect: a, currentRect: b }) =>
      `${node?.nodeName ?? "?"}.${node?.className ?? ""} ${a.y}+${a.height} -> ${b.y}+${b.height}`);
    window.shifts.push({ value: entry.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What the page is shown on and how."""

    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    language: Literal["ko", "en"] = "ko"

    @property
    def is_phone(self) -> bool:
        return self.width < 500

    @property
    def name(self) -> str:
        return f"{'phone' if self.is_phone else 'desktop'}-{self.scheme}-{self.language}"


PHONE, DESKTOP = (390, 844), (1200, 760)


@dataclass(slots=True)
class Screen:
    """An open page, what its console complained of, and how much moved without being asked."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def follow(self) -> None:
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self._note_failed(request.url, request.failure))
        self.page.on("response", lambda answer: self._note_answer(answer.status, answer.url))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _note_failed(self, url: str, failure: str | None) -> None:
        if "/user/events" not in url and "ERR_ABORTED" not in (failure or ""):
            self.complaints.append(f"failed: {url} {failure}")

    def _note_answer(self, status: int, url: str) -> None:
        if status >= 400:
            self.complaints.append(f"{status}: {url}")

    async def shifts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.page.evaluate("window.shifts")
        return found

    async def first_paint_ms(self) -> float:
        """Return when something was first painted, counted from the start of the navigation."""
        script = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
        return float(await self.page.evaluate(script))


@asynccontextmanager
async def open_screen(
    browser: Browser, url: str, look: Look, *, now_s: float | None = None, touch: bool = True, guide: bool = True
) -> AsyncIterator[Screen]:
    """Open the page as somebody who has never been there; `now_s` lets the browser's calendar stand still there."""
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.scheme,
        locale="ko-KR" if look.language == "ko" else "en-US",
        timezone_id="Asia/Seoul",
        has_touch=look.is_phone and touch,
        is_mobile=look.is_phone,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield await _opened(context, url, look, now_s=now_s, guide=guide)
    finally:
        await context.close()


async def _opened(context: BrowserContext, url: str, look: Look, *, now_s: float | None, guide: bool) -> Screen:
    await context.add_init_script(_WATCH)
    await context.add_init_script(
        f"localStorage.getItem('language') ?? localStorage.setItem('language', '{look.language}')"
    )
    if not guide:
        await context.add_init_script("sessionStorage.setItem('guide-closed', 'yes')")
    page = await context.new_page()
    if now_s is not None:
        await page.clock.set_fixed_time(now_s * 1000)
    screen = Screen(page)
    screen.follow()
    await page.goto(url)
    await page.locator("body:not(.starting)").wait_for()
    return screen
