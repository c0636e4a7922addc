"""Share splits: which are known, and what they do to older prices."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

from kis.simulator.market.bars import BadMarketFile, DayBar


@dataclass(frozen=True, slots=True)
class ShareSplit:
    """From this day on, each share of before counts as `ratio` shares (7 for 7-for-1, 1/10 for a reverse split)."""

    symbol: str
    day: date
    ratio: Fraction


def _known(symbol: str, day: str, ratio: str) -> ShareSplit:
    return ShareSplit(symbol, date.fromisoformat(day), Fraction(ratio))


KNOWN_SPLITS = (
    _known("AAPL", "2000-06-21", "2"),
    _known("AAPL", "2005-02-28", "2"),
    _known("AAPL", "2014-06-09", "7"),
    _known("AAPL", "2020-08-31", "4"),
    _known("BAC", "2004-08-30", "2"),
    _known("GOOG", "2014-04-03", "2002/1000"),
    _known("AIG", "2009-07-01", "1/20"),
)


class Splits:
    """All splits of a market, asked by symbol and day."""

    def __init__(self, splits: Iterable[ShareSplit] = KNOWN_SPLITS) -> None:
        self._by_symbol: dict[str, list[ShareSplit]] = {}
        for split in sorted(set(splits), key=lambda s: s.day):
            self._by_symbol.setdefault(split.symbol, []).append(split)

    def add(self, split: ShareSplit) -> None:
        """Declare one more split."""
        self._by_symbol.setdefault(split.symbol, []).append(split)

    def on(self, symbol: str, day: date) -> Fraction:
        """Return the ratio that takes effect before the open of a day; 1 on ordinary days."""
        for split in self._by_symbol.get(symbol, ()):
            if split.day == day:
                return split.ratio
        return Fraction(1)

    def between(self, symbol: str, after: date, until: date) -> Fraction:
        """Return the product of the ratios that took effect in (after, until]. New York dates."""
        product = Fraction(1)
        for split in self._by_symbol.get(symbol, ()):
            if after < split.day <= until:
                product *= split.ratio
        return product

    def days_between(self, after: date, until: date) -> list[date]:
        """Return the New York dates on which anything was split, after the one and up to the other."""
        return sorted({s.day for group in self._by_symbol.values() for s in group if after < s.day <= until})

    def adjusted(self, symbol: str, bar: DayBar, today: date) -> DayBar:
        """Return a day's bar in today's shares. `today` is a New York date."""
        ratio = self.between(symbol, bar.day, today)
        if ratio == 1:
            return bar
        return DayBar(
            bar.day,
            divide(bar.open, ratio),
            divide(bar.high, ratio),
            divide(bar.low, ratio),
            divide(bar.close, ratio),
            int(bar.volume * ratio),
        )


def divide(price: int, ratio: Fraction) -> int:
    """Return a price of ten-thousandths in the shares after a split, rounded half up. Of a dollar."""
    value = Decimal(price) * ratio.denominator / ratio.numerator
    return int(value.to_integral_value(ROUND_HALF_UP))


def parse_ratio(text: str) -> Fraction:
    """Read 7, 0.1, 3/2 or 3:2; raise ValueError for anything else, and for nothing or less."""
    try:
        plain = text.strip().replace(":", "/")
        ratio = Fraction(plain) if "/" in plain else Fraction(Decimal(plain))
    except (InvalidOperation, ZeroDivisionError) as error:
        raise ValueError(f"not a ratio: {text!r}") from error
    if ratio <= 0:
        raise ValueError(f"a split ratio is above zero, was {text!r}")
    return ratio


def read_splits(path: Path) -> list[ShareSplit]:
    """Read rows `symbol,date,ratio` (ratio 7, 0.1 or 2002/1000); raise BadMarketFile."""
    found: list[ShareSplit] = []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for line, row in enumerate(csv.DictReader(stream), start=2):
            try:
                ratio = parse_ratio(row["ratio"])
                found.append(ShareSplit(row["symbol"].strip().upper(), date.fromisoformat(row["date"].strip()), ratio))
            except (KeyError, ValueError) as error:
                raise BadMarketFile(f"{path}:{line}: a split is symbol,date,ratio, the ratio above zero") from error
    return found
