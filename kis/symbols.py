"""KIS's exchange codes and our symbols (kis-protocol 4.1). Orders and quotes use different codes."""

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from strategy.instruments import Market, Symbol

log = logging.getLogger("kis.symbols")

TRADING_CODE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "NASD", Market.NYSE: "NYSE", Market.AMEX: "AMEX"})
QUOTE_CODE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "NAS", Market.NYSE: "NYS", Market.AMEX: "AMS"})
DAY_QUOTE_CODE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "BAQ", Market.NYSE: "BAY", Market.AMEX: "BAA"})
PRODUCT_TYPE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "512", Market.NYSE: "513", Market.AMEX: "529"})
_MARKETS: Mapping[str, Market] = MappingProxyType(
    {code: market for table in (TRADING_CODE, QUOTE_CODE, DAY_QUOTE_CODE) for market, code in table.items()}
)
_MARKET_NAMES: Mapping[str, Market] = MappingProxyType(
    {"나스닥": Market.NASDAQ, "뉴욕거래소": Market.NYSE, "아멕스": Market.AMEX}
)


def kis_ticker(symbol: Symbol) -> str:
    """Return the ticker in KIS's spelling: class shares with a slash (`BRK/B`)."""
    return symbol.ticker.replace(".", "/")


def stream_key(symbol: Symbol) -> str:
    """Return the key of the trade and book streams, such as `DNASMSFT` (kis-protocol 7.7)."""
    return f"D{QUOTE_CODE[symbol.market]}{kis_ticker(symbol)}"


def market_of(code: str) -> Market | None:
    """Return the market of any of KIS's US exchange codes, None for others."""
    return _MARKETS.get(code.strip().upper())


class SymbolBook:
    """Symbols seen so far, so that a row without an exchange code still finds its listing."""

    def __init__(self, symbols: Iterable[Symbol] = ()) -> None:
        self._known: dict[str, Symbol] = {}
        for symbol in symbols:
            self.learn(symbol)

    def learn(self, symbol: Symbol) -> None:
        self._known[kis_ticker(symbol)] = symbol

    def resolve(self, ticker: str, code: str, market_name: str = "") -> Symbol | None:
        """Return the symbol of a row; None for a listing outside the US.

        Rows come with an empty exchange code at times: then the known symbols decide, then KIS's market name.
        """
        ticker = ticker.strip().upper()
        code = code.strip()
        known = self._known.get(ticker)
        market = market_of(code) if code else None
        if code and market is None:
            return None
        if known is not None and market in (None, known.market):
            return known
        market = market or _MARKET_NAMES.get(market_name.strip())
        if market is None:
            log.warning("no exchange code for %s, taken as NASDAQ", ticker)
            market = Market.NASDAQ
        return Symbol(market, ticker)
