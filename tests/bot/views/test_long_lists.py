"""A hundred and thirty holdings, a hundred and ten open orders: every list comes in pages, nothing is cut off."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from bot.ui.buttons import TurnPage
from bot.views.news.dashboard import dashboard
from strategy.model import OrderStatus, Origin, Symbol
from tests.bot.conftest import OpenRoom, Room
from tests.fakes import samples
from tests.support.alert_rooms import told
from tests.support.person import Json, labels

TICKERS = [f"T{chr(65 + n // 26)}{chr(65 + n % 26)}X" for n in range(130)]
SYMBOLS = [Symbol.parse(f"NASDAQ:{ticker}") for ticker in TICKERS]
NUMBERS = [f"#{number}" for number in range(1001, 1111)]


@pytest.fixture
async def crowded(open_room: OpenRoom) -> AsyncIterator[Room]:
    """An account with very much in it."""
    async with open_room() as room:
        control = room.control
        held = [samples.position(symbol=symbol, name="A RATHER LONG NAME OF A FUND INC") for symbol in SYMBOLS]
        stops = tuple((symbol, Decimal("57.00")) for symbol in SYMBOLS)
        control.holdings_ = samples.holdings_view(holdings=samples.holdings(*held), stop_prices=stops)
        control.status_ = samples.status(tickers=tuple(samples.ticker(symbol) for symbol in SYMBOLS))
        control.watched = list(SYMBOLS)
        control.locked = list(SYMBOLS)
        control.orders_ = [
            samples.order(1001 + number, OrderStatus.ACCEPTED, symbol=SYMBOLS[number], origin=Origin.MANUAL)
            for number in range(110)
        ]
        yield room


async def pages(room: Room, first: Json) -> list[Json]:
    """Return every page of a screen, turned to by its button."""
    found = [first]
    while "⏩" in labels(found[-1]):
        here, there = position(found[-1])
        if here == there:
            break
        found.append(await room.owner.does(found[-1], "⏩"))
    return found


def position(message: Json) -> tuple[int, int]:
    marks = [found for label in labels(message) if (found := re.fullmatch(r"(\d+)/(\d+)", label))]
    assert len(marks) == 1
    return int(marks[0][1]), int(marks[0][2])


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("/status", TICKERS),
        ("/positions", TICKERS),
        ("/sell", TICKERS),
        ("/buy", TICKERS),
        ("/unwatch", TICKERS),
        ("/quote", TICKERS),
        ("/why", TICKERS),
        ("/alert", TICKERS),
        ("/alerts", TICKERS),
        ("/release", TICKERS),
        ("/cancel", NUMBERS),
        ("/amend", NUMBERS),
        ("/orders", NUMBERS),
    ],
)
async def test_every_item_of_a_list_is_on_one_of_its_pages(crowded: Room, command: str, wanted: list[str]) -> None:
    found = await pages(crowded, await crowded.owner.ask(command))
    assert len(found) > 1
    buttons = [label for page in found for label in labels(page)]
    for each in wanted:
        assert sum(each in label for label in buttons) == 1, each
    for page in found:
        assert len(page["text"]) <= 4096
        assert len(labels(page)) <= 100
        assert not page["text"].endswith("…")
    if command in ("/status", "/positions", "/orders"):
        text = "\n".join(page["text"] for page in found)
        assert all(re.search(rf"{re.escape(each)}\b", text) for each in wanted)


async def test_what_is_held_and_not_watched_can_be_watched(crowded: Room) -> None:
    crowded.control.watched = [samples.TQQQ]
    found = await pages(crowded, await crowded.owner.ask("/add"))
    assert [label for page in found for label in labels(page) if label in TICKERS] == TICKERS


async def test_the_modes_screen_offers_every_lock(crowded: Room) -> None:
    locked = [samples.ticker(symbol, lock=samples.lock(symbol=symbol)) for symbol in SYMBOLS]
    crowded.control.status_ = samples.status(tickers=tuple(locked))
    home = await crowded.owner.ask("/start")
    found = await pages(crowded, await crowded.owner.does(home, "🎛"))
    assert sum("🔓" in label for page in found for label in labels(page)) == 130


async def test_the_way_back_leads_from_the_last_page_to_the_first(crowded: Room) -> None:
    first = await crowded.owner.ask("/orders")
    last = await crowded.owner.does(first, "⏪")
    assert position(last)[0] == position(last)[1] > 1
    assert position(await crowded.owner.does(last, "⏩"))[0] == 1


async def test_a_page_is_refreshed_as_it_is(crowded: Room) -> None:
    second = await crowded.owner.does(await crowded.owner.ask("/orders"), "⏩")
    crowded.control.orders_ = crowded.control.orders_[:-1]
    assert position(await crowded.owner.does(second, "🔄"))[0] == 2


async def test_a_page_that_is_not_there_any_more_is_the_last_one(crowded: Room) -> None:
    message = await crowded.owner.ask("/orders")
    await crowded.owner.press_data(message["id"], TurnPage(screen="orders", page=99).pack())
    changed = await crowded.owner.sees(lambda each: each["id"] == message["id"] and "#1110" in each["text"])
    assert position(changed)[0] == position(changed)[1]


@pytest.mark.parametrize(
    "command", ["/trades 100", "/daily 366", "/history", "/report", "/performance", "/calendar 60"]
)
async def test_a_long_text_comes_in_pages_too(crowded: Room, command: str) -> None:
    crowded.control.changes = [samples.change(new="x" * 900, id=number) for number in range(20)]
    shown = await pages(crowded, await crowded.owner.ask(command))
    assert all(len(page["text"]) <= 4096 and not page["text"].endswith("…") for page in shown)
    if command == "/history":
        assert sum(page["text"].count("x" * 900) for page in shown) == 20


async def test_canceling_everything_names_every_order(crowded: Room) -> None:
    await crowded.owner.press(await crowded.owner.ask("/cancel"), "✖️")
    asked = await crowded.owner.sees(lambda each: str(each.get("reply_markup")).count("'y|") == 1)
    text = "\n".join(each["text"] for each in crowded.owner.from_bot() if each["id"] <= asked["id"])
    assert all(f"{number} " in text for number in NUMBERS)


async def test_a_panic_of_very_many_positions_fits_its_message_and_counts_all(open_room: OpenRoom) -> None:
    lines = tuple(samples.panic_line(symbol=symbol, sold=10 if n < 100 else 0) for n, symbol in enumerate(SYMBOLS))
    async with open_room(delivers=True, polls=False) as room:
        await told(room, samples.panic(lines=lines))
        shown = await room.owner.reads("비상 매도")
        assert len(shown["text"]) <= 4096
        assert "130종목 중 100종목" in shown["text"]
        assert all(ticker in shown["text"] for ticker in TICKERS[100:])  # what is not sold goes first


def test_the_dashboard_says_how_many_it_has_no_room_for(ui: object) -> None:
    status = samples.status(
        tickers=tuple(samples.ticker(s, position_qty=10 if s in SYMBOLS[120:] else 0) for s in SYMBOLS)
    )
    made = dashboard(status, samples.holdings_view(), ui())  # type: ignore[operator]
    assert len(made.text) <= 4096
    assert "100종목" in made.text
    assert all(symbol.ticker in made.text for symbol in SYMBOLS[120:])
