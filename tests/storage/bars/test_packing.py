"""A session's bars come back from their bytes as they went in, or not at all."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.bars.packing import UnreadableBars, intact, pack, unpack
from strategy.model import Bar
from tests.fakes.minutes import minutes, session

ON = date(2026, 9, 15)
OPEN, CLOSE = session(ON).opens_at, session(ON).closes_at
PRICE = st.decimals(min_value="0.0001", max_value="900000", places=4)


@st.composite
def sessions(draw: st.DrawFn) -> tuple[Bar, ...]:
    """Return bars of any minutes, prices and volumes."""
    found = []
    for minute in sorted(draw(st.sets(st.integers(0, 389), max_size=40))):
        prices = [draw(PRICE) for _ in range(4)]
        start = OPEN + timedelta(minutes=minute)
        found.append(
            Bar(
                start=start,
                end=start + timedelta(minutes=1),
                open=prices[0],
                high=max(prices),
                low=min(prices),
                close=prices[3],
                volume=draw(st.integers(0, 2**50)),
                closed=True,
            )
        )
    return tuple(found)


@given(sessions())
def test_any_session_comes_back_as_it_was(bars: tuple[Bar, ...]) -> None:
    assert unpack("key", OPEN, CLOSE, pack("key", OPEN, bars)) == bars


@pytest.mark.parametrize(
    ("on", "utc_open"),
    [
        (date(2026, 3, 6), datetime(2026, 3, 6, 14, 30, tzinfo=UTC)),  # the Friday before New York's clocks go forward
        (date(2026, 3, 9), datetime(2026, 3, 9, 13, 30, tzinfo=UTC)),
        (date(2026, 10, 30), datetime(2026, 10, 30, 13, 30, tzinfo=UTC)),
        (date(2026, 11, 2), datetime(2026, 11, 2, 14, 30, tzinfo=UTC)),
    ],
)
def test_instants_hold_over_the_change_of_clocks(on: date, utc_open: datetime) -> None:
    day = session(on)
    found = unpack("key", day.opens_at, day.closes_at, pack("key", day.opens_at, minutes(on)))
    assert (found[0].start, len(found)) == (utc_open, 390)
    assert found[-1].end == utc_open + timedelta(hours=6, minutes=30)


def test_a_half_day_ends_at_one() -> None:
    day = session(date(2026, 11, 27))
    found = unpack("key", day.opens_at, day.closes_at, pack("key", day.opens_at, minutes(day.on)))
    assert (len(found), found[-1].end) == (210, day.closes_at)


def test_a_price_is_kept_to_its_last_place_however_dear() -> None:
    bar = minutes(ON)[0]
    dear = replace(bar, open=Decimal("742310.5"), high=Decimal(742311), low=Decimal("0.0001"), close=Decimal(742311))
    assert unpack("key", OPEN, CLOSE, pack("key", OPEN, [dear])) == (dear,)


def test_every_changed_byte_is_noticed() -> None:
    packed = pack("key", OPEN, minutes(ON)[:30])
    for place in range(len(packed)):
        changed = bytearray(packed)
        changed[place] ^= 1 << place % 8
        assert not intact("key", bytes(changed))
        with pytest.raises(UnreadableBars):
            unpack("key", OPEN, CLOSE, bytes(changed))


def test_torn_bytes_and_those_of_another_key_are_not_read() -> None:
    packed = pack("real|TQQQ|2026-09-15", OPEN, minutes(ON))
    for wrong in (b"", packed[:5], packed[:-1], packed + b"x"):
        assert not intact("real|TQQQ|2026-09-15", wrong)
    assert not intact("simulated|TQQQ|2026-09-15", packed)
    with pytest.raises(UnreadableBars):
        unpack("real|TQQQ|2026-09-14", OPEN, CLOSE, packed)


def test_what_is_no_minute_of_the_session_is_not_packed() -> None:
    bar = minutes(ON)[0]
    late = replace(bar, start=bar.start + timedelta(seconds=20))
    early = replace(bar, start=OPEN - timedelta(minutes=1), end=OPEN)
    long = replace(bar, end=bar.start + timedelta(minutes=5))
    for wrong in (late, early, long, replace(bar, low=Decimal(0))):
        with pytest.raises(ValueError, match="not a"):
            pack("key", OPEN, [wrong])


def test_a_session_takes_a_few_thousand_bytes() -> None:
    assert len(pack("key", OPEN, minutes(ON))) < 5_000  # docs/operation.md states the size
