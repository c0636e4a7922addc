"""Numbers and times as the owner reads them. Rows S17, S62, S89."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bot.i18n import formats as figures
from bot.i18n.translator import Catalogs, Tongue


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("1234.56", "$1,234.56"), ("-3.2", "-$3.20"), ("0", "$0.00"), ("-0.001", "$0.00"), ("0.005", "$0.01")],
)
def test_dollars(amount: str, shown: str) -> None:
    assert figures.usd(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("61.2", "$61.20"),
        ("56.50000000", "$56.50"),
        ("58.7376", "$58.74"),  # an average, on the tick of its price
        ("1234.5", "$1,234.50"),
        ("1", "$1.00"),
        ("0.99996", "$1.00"),
        ("0.1234", "$0.1234"),
        ("0.12345", "$0.1235"),
    ],
)
def test_prices_are_shown_on_the_tick_of_their_price(amount: str, shown: str) -> None:
    assert figures.price(Decimal(amount)) == shown
    assert figures.typed_price(Decimal(amount)) == shown.removeprefix("$").replace(",", "")


@pytest.mark.parametrize(("line", "shown"), [("58.7376", "$58.73"), ("58.74", "$58.74"), ("0.99999", "$0.9999")])
def test_a_stop_is_shown_at_the_first_price_that_fires_it_s62(line: str, shown: str) -> None:
    assert figures.low_price(Decimal(line)) == shown
    assert figures.low_price(None) == "—"


def test_times_have_one_layout_with_their_dates_or_without() -> None:
    at = datetime(2026, 9, 15, 13, 30, 5, tzinfo=UTC)
    assert figures.moment(at, at) == "KST 22:30 (ET 09:30)"
    assert figures.moment(at, at + timedelta(days=1)) == "KST 09-15 22:30 (ET 09-15 09:30)" == figures.dated(at)
    assert figures.dated(at, seconds=True) == "KST 09-15 22:30:05 (ET 09-15 09:30:05)"


@pytest.mark.parametrize(
    ("rate", "shown"), [("-4.999", "-4.99%"), ("-5", "-5.00%"), ("2", "+2.00%"), ("-0.001", "0.00%")]
)
def test_a_rate_never_rounds_past_its_threshold_s62(rate: str, shown: str) -> None:
    assert figures.rate(Decimal(rate)) == shown


def test_won() -> None:
    assert figures.krw(Decimal("1234.56"), Decimal("1390.50")) == "1,716,656원"
    assert figures.krw(None, Decimal(1)) is None


@pytest.mark.parametrize(
    ("instant", "now", "shown"),
    [
        ("2026-11-20T13:31", "2026-11-20T14:00", "KST 22:31 (ET 08:31)"),
        ("2026-11-20T15:10", "2026-11-20T16:00", "KST 00:10 (ET 10:10)"),  # after Korean midnight, same New York day
        ("2026-11-20T14:50", "2026-11-20T15:10", "KST 11-20 23:50 (ET 09:50)"),  # across Korean midnight
        ("2026-11-19T14:50", "2026-11-20T15:10", "KST 11-19 23:50 (ET 11-19 09:50)"),
        ("2025-11-19T14:50", "2026-11-20T15:10", "KST 2025-11-19 23:50 (ET 2025-11-19 09:50)"),
        ("2026-03-06T14:30", "2026-03-06T14:40", "KST 23:30 (ET 09:30)"),  # the week before the clocks change
        ("2026-03-09T13:30", "2026-03-09T14:00", "KST 22:30 (ET 09:30)"),  # the week after
        ("2026-10-30T13:30", "2026-10-30T14:00", "KST 22:30 (ET 09:30)"),
        ("2026-11-02T14:30", "2026-11-02T14:31", "KST 23:30 (ET 09:30)"),
    ],
)
def test_times_carry_both_zones_and_dates_when_not_today_s17(instant: str, now: str, shown: str) -> None:
    at, today = (datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (instant, now))
    assert figures.moment(at, today) == shown


@pytest.mark.parametrize(
    ("seconds", "korean", "english"),
    [
        (5, "5초", "5 s"),
        (200, "3분 20초", "3 min 20 s"),
        (7500, "2시간 5분", "2 h 5 min"),
        (180000, "2일 2시간", "2 d 2 h"),
        (172800, "2일", "2 d"),
    ],
)
def test_durations(catalogs: Catalogs, seconds: int, korean: str, english: str) -> None:
    assert figures.span(timedelta(seconds=seconds).total_seconds(), Tongue(catalogs, "ko")) == korean
    assert figures.span(seconds, Tongue(catalogs, "en")) == english
