"""KIS's exchange codes and our symbols (kis-protocol 4.1). Orders and quotes use different codes."""

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from kis.errors import FieldFault
from kis.rest.fields import Row, maybe_text
from strategy.model import InvalidInput, Market, Symbol, spelled

TRADING_CODE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "NASD", Market.NYSE: "NYSE", Market.AMEX: "AMEX"})
QUOTE_CODE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "NAS", Market.NYSE: "NYS", Market.AMEX: "AMS"})
DAY_QUOTE_CODE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "BAQ", Market.NYSE: "BAY", Market.AMEX: "BAA"})
PRODUCT_TYPE: Mapping[Market, str] = MappingProxyType({Market.NASDAQ: "512", Market.NYSE: "513", Market.AMEX: "529"})
_MARKETS: Mapping[str, Market] = MappingProxyType(
    {code: market for table in (TRADING_CODE, QUOTE_CODE, DAY_QUOTE_CODE) for market, code in table.items()}
)
_PRODUCTS: Mapping[str, Market] = MappingProxyType({code: market for market, code in PRODUCT_TYPE.items()})
_ELSEWHERE = frozenset({"SEHK", "SHAA", "SZAA", "TKSE", "HASE", "VNSE"})  # Hong Kong, China, Japan, Vietnam
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")  # names a bond or a fund; stocks come by their ticker
_MARKET_NAMES: Mapping[str, Market] = MappingProxyType(
    {"나스닥": Market.NASDAQ, "뉴욕거래소": Market.NYSE, "아멕스": Market.AMEX}
)


def stream_key(symbol: Symbol) -> str:
    """Return the key of the trade and book streams, such as `DNASMSFT` (kis-protocol 7.7)."""
    return f"D{QUOTE_CODE[symbol.market]}{symbol.ticker}"


def market_of(code: str) -> Market | None:
    """Return the market of any of KIS's US exchange codes, None for others."""
    return _MARKETS.get(code.strip().upper())


class SymbolBook:
    """Symbols seen so far or watched, so that a row without an exchange code still finds its listing."""

    def __init__(self, symbols: Iterable[Symbol] = ()) -> None:
        self._known: dict[str, Symbol] = {}
        self.watched: Callable[[], Iterable[Symbol]] = tuple  # known from the start, before a quote was ever answered
        for symbol in symbols:
            self.learn(symbol)

    def learn(self, symbol: Symbol) -> None:
        self._known[symbol.ticker] = symbol

    def named(self, ticker: str) -> Symbol | None:
        """Return the symbol seen under that ticker, for a row that says no more of itself."""
        name = spelled(ticker.strip().upper())
        return self._known.get(name) or next((symbol for symbol in self.watched() if symbol.ticker == name), None)

    def resolve(self, row: Row, field: str) -> Symbol | None:
        """Return the US stock of a row whose ticker is in `field`; None for one that is certainly none.

        Bonds, funds and listings of other countries come among them, with exchange codes of their own or none: they are
        never taken for a stock. A row without a code goes by the symbols seen, then by KIS's other names of the market.
        Raise FieldFault where nobody can say.
        """
        ticker = maybe_text(row, field).upper()
        code = maybe_text(row, "ovrs_excg_cd").upper()
        if _ISIN.fullmatch(ticker) or code in _ELSEWHERE:
            return None
        known = self.named(ticker)
        market = market_of(code) if code else None
        if code and market is None:
            raise FieldFault("ovrs_excg_cd", "is no exchange")
        if known is not None and market in (None, known.market):
            return known
        market = market or _market_by_name(row)
        if market is None:
            return None
        try:
            return Symbol.parse(f"{market}:{ticker}")
        except InvalidInput:
            raise FieldFault(field, "is no ticker") from None


def _market_by_name(row: Row) -> Market | None:
    by_product = _PRODUCTS.get(maybe_text(row, "prdt_type_cd"))
    return by_product or _MARKET_NAMES.get(maybe_text(row, "tr_mket_name"))
