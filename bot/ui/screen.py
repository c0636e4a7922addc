"""What a person gets to see: words and the buttons under them, made in one person's language at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from aiogram.utils.formatting import Bold, Italic, Text

from bot.i18n.formats import moment
from bot.i18n.translator import Tongue
from bot.ui.blocks import Blocks, Words, block, joined, split, together, words_of
from bot.ui.buttons import Button, Keyboard, Open, TurnPage, rows_of
from strategy.model import Environment

_Item = TypeVar("_Item")

_FITS = 4000  # UTF-16 units of one message
_PAGE = 3500  # and of one page of several
_HEAD, _TAIL = 1000, 200  # a longer headline or last line is a part of the list


@dataclass(frozen=True, slots=True)
class Screen:
    blocks: Blocks
    keyboard: Keyboard = ()

    @property
    def text(self) -> str:
        """The words without any form."""
        return words_of(self.blocks)

    def under(self, *notes: Words) -> "Screen":
        """Return the screen with lines put on top."""
        return Screen((block(*notes), *self.blocks), self.keyboard) if notes else self


@dataclass(frozen=True, slots=True)
class ViewContext:
    """What every view needs besides its facts."""

    t: Tongue
    now: datetime  # market clock
    environment: Environment
    account: str  # masked
    real_now: datetime | None = None  # of the world, where the market has a clock of its own
    page: int = 0  # of a list, that is asked for

    @property
    def badge(self) -> str:
        """Return whose money it is: 모의, 실전 or 데모; on every message that speaks of money."""
        return self.t.word("badge", self.environment)

    def title(self, *words: Words) -> Text:
        """Return a headline that begins with the environment."""
        bolded = (Bold(word) if isinstance(word, str) else word for word in words)
        return Text(Bold(f"[{self.badge}] "), *bolded)

    def stamp(self) -> Text:
        """Return the time of this look, which also makes every refresh a change that Telegram accepts."""
        return block(Italic(self.t("as of {time}", time=moment(self.now, self.now, seconds=True))))

    def when(self, instant: datetime) -> str:
        return moment(instant, self.now)

    def home(self) -> Button:
        return Button(self.t("🏠 Home"), Open(screen="home"))

    def refresh(self, screen: str, ref: str = "") -> Button:
        """Return the button that shows the same page of the same screen anew."""
        data = TurnPage(screen=screen, ref=ref, page=self.page) if self.page else Open(screen=screen, ref=ref)
        return Button(self._refreshes, data)

    def screen(self, *blocks: Text | None, keyboard: Keyboard = (), place: Open | None = None) -> Screen:
        """Return a screen; one too long for a message comes in pages where it can be asked for again.

        That is at `place`, or where its button refreshes it.
        """
        made = together(*blocks)
        place = place or self._refreshed(keyboard)
        if place is None or len(joined(made)) <= _FITS or _turns_already(keyboard):
            return Screen(made, keyboard)
        return self._in_pages(made, keyboard, place)

    def paged(self, items: Sequence[_Item], place: Open, most: int) -> tuple[Sequence[_Item], Keyboard]:
        """Return the items on the page that is asked for, and the row that turns to the others."""
        pages = max(1, -(-len(items) // most))
        page = min(self.page, pages - 1)
        return items[page * most : (page + 1) * most], _turns(place, page, pages)

    def picks(self, buttons: Sequence[Button], width: int, place: Open, most: int = 45) -> Keyboard:
        """Lay out the buttons of the page that is asked for, with the row that turns to the others."""
        shown, turns = self.paged(buttons, place, most)
        return (*rows_of(list(shown), width), *turns)

    @property
    def _refreshes(self) -> str:
        return self.t("🔄 Refresh")

    def _refreshed(self, keyboard: Keyboard) -> Open | None:
        for button in (each for row in keyboard for each in row):
            if button.text == self._refreshes and isinstance(button.data, (Open, TurnPage)):
                return Open(screen=button.data.screen, ref=button.data.ref)
        return None

    def _in_pages(self, made: Blocks, keyboard: Keyboard, place: Open) -> Screen:
        """Return one page: headline, its part of the rest, last line, and all buttons with the row that turns."""
        rest = list(made)
        head = rest.pop(0) if len(rest) > 1 and len(rest[0]) <= _HEAD else None
        tail = rest.pop() if len(rest) > 1 and len(rest[-1]) <= _TAIL else None
        pieces = split(rest, _PAGE - (0 if head is None else len(head)))
        page = min(self.page, len(pieces) - 1)
        turns = _turns(place, page, len(pieces))
        return Screen(together(head, *pieces[page], tail), (*keyboard[:-1], *turns, *keyboard[-1:]))


def _turns(place: Open, page: int, pages: int) -> Keyboard:
    if pages == 1:
        return ()

    def to(number: int, label: str) -> Button:
        return Button(label, TurnPage(screen=place.screen, ref=place.ref, page=number % pages))

    return ((to(page - 1, "⏪"), to(page, f"{page + 1}/{pages}"), to(page + 1, "⏩")),)


def _turns_already(keyboard: Keyboard) -> bool:
    return any(isinstance(each.data, TurnPage) and each.text in ("⏪", "⏩") for row in keyboard for each in row)
