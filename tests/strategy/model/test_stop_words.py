"""The words of a stop are stored as they always were: rows of earlier builds are read, and read by them."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from strategy.model import Event, FiredBy, SaleEnd, StopPriceSource, StopTrigger
from tests.fakes import samples

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)


@pytest.mark.parametrize(
    ("event", "stored", "read"),
    [
        *((samples.stop_triggered(trigger=one), {"trigger": word}, one) for word, one in (
            ("stop_loss", StopTrigger.STOP_LOSS),
            ("take_profit", StopTrigger.TAKE_PROFIT),
            ("trailing_stop", StopTrigger.TRAILING_STOP),
        )),
        *((samples.stop_triggered(source=one), {"source": word}, one) for word, one in (
            ("tick", FiredBy.TICK),
            ("poll", FiredBy.POLL),
            ("check", FiredBy.CHECK),
        )),
        *((samples.stop_finished(reason=one), {"reason": word}, one) for word, one in (
            ("flat", SaleEnd.FLAT),
            ("session_end", SaleEnd.SESSION_END),
            ("not_orderable", SaleEnd.NOT_ORDERABLE),
            ("rejected", SaleEnd.REJECTED),
            ("halted", SaleEnd.HALTED),
            ("unknown", SaleEnd.UNKNOWN),
            ("interrupted", SaleEnd.INTERRUPTED),
        )),
    ],
)  # fmt: skip
def test_words_are_stored_as_before(event: Event, stored: dict[str, str], read: Any) -> None:
    [(name, word)] = stored.items()
    assert EVENTS.dump_python(event, mode="json")[name] == word
    again = EVENTS.validate_json(EVENTS.dump_json(event))
    assert again == event
    assert getattr(again, name) is read


@pytest.mark.parametrize("word", ["", "flat", "closed", "session_end", "halted"])
def test_a_line_of_a_panic_keeps_its_reason(word: str) -> None:
    event = samples.panic(lines=(samples.panic_line(reason=SaleEnd(word)),))
    assert EVENTS.dump_python(event, mode="json")["lines"][0]["reason"] == word
    assert EVENTS.validate_json(EVENTS.dump_json(event)) == event


def test_where_prices_come_from_is_stored_as_before() -> None:
    assert [str(one) for one in StopPriceSource] == ["ticks", "polling", "none"]
