"""What is traded: a US market and a ticker on it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from strategy.errors import InvalidInput
from strategy.text import Text

_TICKER = re.compile(r"[A-Z][A-Z0-9]{0,9}([./][A-Z]{1,2})?")


class Market(StrEnum):
    NASDAQ = "NASDAQ"
    NYSE = "NYSE"
    AMEX = "AMEX"  # also carries NYSE Arca ETFs


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """A listing, written `NASDAQ:TQQQ`."""

    market: Market
    ticker: str

    def __str__(self) -> str:
        return f"{self.market}:{self.ticker}"

    @classmethod
    def parse(cls, text: str) -> "Symbol":
        """Read `NASDAQ:TQQQ`, forgiving blanks and case; raise InvalidInput."""
        market, colon, ticker = (part.strip() for part in text.upper().partition(":"))
        if not colon or market not in Market.__members__ or not _TICKER.fullmatch(ticker):
            raise InvalidInput(
                f"not a symbol: {text[:40]!r}",
                user_message=Text(
                    f"종목은 시장:티커 로 적습니다 (시장 NASDAQ, NYSE, AMEX). 예: NASDAQ:TQQQ. 입력: {text[:40]}",
                    f"Write a symbol as MARKET:TICKER (NASDAQ, NYSE or AMEX), as in NASDAQ:TQQQ. Got: {text[:40]}",
                ),
            )
        return cls(Market[market], ticker)
