"""Which tickers exist, on which exchange, and how an exchange is spelled where (kis-protocol 4.1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange under all its names."""

    order: str  # NASD: orders, balances
    quote: str  # NAS: quotes, streams
    day: str  # BAQ: day market quotes
    product_type: str  # 512
    market: str  # TR_MKET_CD under country 840
    notice: str  # ODER_COND of a notice
    korean: str


NASDAQ = Exchange("NASD", "NAS", "BAQ", "512", "01", "6", "나스닥")
NYSE = Exchange("NYSE", "NYS", "BAY", "513", "02", "7", "뉴욕거래소")
AMEX = Exchange("AMEX", "AMS", "BAA", "529", "05", "8", "아멕스")
INDEX = Exchange("INDX", "IDX", "IDX", "", "", "", "지수")
EXCHANGES = (NASDAQ, NYSE, AMEX)

BY_ORDER_CODE = {exchange.order: exchange for exchange in EXCHANGES}
BY_QUOTE_CODE = {exchange.quote: exchange for exchange in EXCHANGES} | {x.day: x for x in EXCHANGES}
BY_PRODUCT_TYPE = {exchange.product_type: exchange for exchange in EXCHANGES}
DAY_CODES = frozenset(exchange.day for exchange in EXCHANGES)
EXCHANGE_WORDS = {"NASDAQ": NASDAQ, "NYSE": NYSE, "AMEX": AMEX} | BY_ORDER_CODE | BY_QUOTE_CODE


@dataclass(frozen=True, slots=True)
class Listing:
    """One ticker with what the product-info call says of it, and the character of its modelled prices."""

    symbol: str
    exchange: Exchange
    korean_name: str
    english_name: str
    is_etf: bool = False
    leverage: str = ""
    level: str = "100"  # dollars where the modelled price starts
    daily_volatility: float = 0.018
    daily_volume: int = 5_000_000
    shares: int = 1_000_000_000
    sector: str = ""
    virtual_tradable: bool = True
    day_market: bool = True
    spread_ticks: int = 1

    @property
    def isin(self) -> str:
        """A made-up but stable ISIN: real ones are nobody's business here."""
        number = int.from_bytes(sha256(self.symbol.encode()).digest()[:6], "big") % 10**9
        return f"US{number:09d}{number % 10}"

    @property
    def stream_key(self) -> str:
        return f"D{self.exchange.quote}{self.symbol}"


def _stock(  # noqa: PLR0917 - the row format of the table below
    exchange: Exchange,
    symbol: str,
    korean: str,
    english: str,
    level: str,
    volatility: float,
    volume_m: float,
    shares_m: int,
    sector: str,
) -> Listing:
    return Listing(
        symbol,
        exchange,
        korean,
        english,
        level=level,
        daily_volatility=volatility,
        daily_volume=int(volume_m * 1_000_000),
        shares=shares_m * 1_000_000,
        sector=sector,
    )


def _fund(  # noqa: PLR0917 - the same
    exchange: Exchange,
    symbol: str,
    korean: str,
    english: str,
    level: str,
    volatility: float,
    volume_m: float,
    shares_m: int,
    leverage: str = "1",
) -> Listing:
    return replace(
        _stock(exchange, symbol, korean, english, level, volatility, volume_m, shares_m, "ETF"),
        is_etf=True,
        leverage=leverage,
    )


KNOWN: tuple[Listing, ...] = (
    _fund(NASDAQ, "TQQQ", "프로셰어즈 QQQ 3배 ETF", "PROSHARES ULTRAPRO QQQ", "61.20", 0.036, 70, 420, "3"),
    _fund(NASDAQ, "SQQQ", "프로셰어즈 QQQ -3배 ETF", "PROSHARES ULTRAPRO SHORT QQQ", "28.40", 0.036, 90, 150, "-3"),
    _fund(NASDAQ, "QQQ", "인베스코 QQQ ETF", "INVESCO QQQ TRUST SERIES 1", "512.30", 0.012, 35, 620),
    _stock(NASDAQ, "AAPL", "애플", "APPLE INC", "231.50", 0.016, 50, 15_200, "전자장비"),
    _stock(NASDAQ, "MSFT", "마이크로소프트", "MICROSOFT CORP", "431.10", 0.015, 20, 7_433, "소프트웨어"),
    _stock(NASDAQ, "GOOG", "알파벳 C", "ALPHABET INC CLASS C", "178.20", 0.017, 18, 5_600, "인터넷"),
    _stock(NASDAQ, "GOOGL", "알파벳 A", "ALPHABET INC CLASS A", "176.90", 0.017, 25, 5_800, "인터넷"),
    _stock(NASDAQ, "AMZN", "아마존닷컴", "AMAZON.COM INC", "201.70", 0.019, 35, 10_500, "유통"),
    _stock(NASDAQ, "NVDA", "엔비디아", "NVIDIA CORP", "139.60", 0.028, 200, 24_500, "반도체"),
    _stock(NASDAQ, "META", "메타 플랫폼스", "META PLATFORMS INC", "585.20", 0.021, 12, 2_520, "인터넷"),
    _stock(NASDAQ, "TSLA", "테슬라", "TESLA INC", "342.80", 0.036, 90, 3_200, "자동차"),
    _stock(NASDAQ, "AVGO", "브로드컴", "BROADCOM INC", "168.50", 0.026, 25, 4_690, "반도체"),
    _stock(NASDAQ, "COST", "코스트코 홀세일", "COSTCO WHOLESALE CORP", "925.40", 0.013, 2, 443, "유통"),
    _stock(
        NASDAQ, "AMD", "어드밴스드 마이크로 디바이시스", "ADVANCED MICRO DEVICES", "138.30", 0.030, 40, 1_620, "반도체"
    ),
    _stock(NASDAQ, "NFLX", "넷플릭스", "NETFLIX INC", "868.10", 0.021, 4, 427, "미디어"),
    _stock(NASDAQ, "INTC", "인텔", "INTEL CORP", "24.70", 0.026, 60, 4_310, "반도체"),
    _stock(NASDAQ, "PEP", "펩시코", "PEPSICO INC", "161.80", 0.010, 6, 1_370, "음료"),
    _stock(NASDAQ, "SBUX", "스타벅스", "STARBUCKS CORP", "98.60", 0.016, 8, 1_130, "음식료"),
    _stock(NASDAQ, "PLTR", "팔란티어", "PALANTIR TECHNOLOGIES", "62.40", 0.038, 70, 2_280, "소프트웨어"),
    _fund(NASDAQ, "TLT", "아이셰어즈 미국채 20년 ETF", "ISHARES 20+ YEAR TREASURY BOND", "91.40", 0.009, 35, 550),
    _stock(NYSE, "O", "리얼티 인컴", "REALTY INCOME CORP", "57.10", 0.011, 5, 875, "부동산"),
    _stock(NYSE, "KO", "코카콜라", "COCA-COLA CO", "66.50", 0.009, 14, 4_310, "음료"),
    _stock(NYSE, "BAC", "뱅크오브아메리카", "BANK OF AMERICA CORP", "46.30", 0.015, 35, 7_670, "은행"),
    _stock(NYSE, "AIG", "아메리칸 인터내셔널 그룹", "AMERICAN INTERNATIONAL GROUP", "75.80", 0.014, 4, 620, "보험"),
    _stock(NYSE, "JPM", "JP모간체이스", "JPMORGAN CHASE & CO", "243.60", 0.014, 9, 2_820, "은행"),
    _stock(NYSE, "V", "비자", "VISA INC CLASS A", "309.90", 0.011, 6, 1_730, "금융"),
    _stock(NYSE, "DIS", "월트 디즈니", "WALT DISNEY CO", "114.60", 0.015, 10, 1_810, "미디어"),
    _stock(NYSE, "T", "AT&T", "AT&T INC", "22.90", 0.011, 32, 7_170, "통신"),
    _stock(NYSE, "F", "포드 모터", "FORD MOTOR CO", "11.10", 0.021, 55, 3_900, "자동차"),
    _stock(NYSE, "XOM", "엑슨 모빌", "EXXON MOBIL CORP", "120.30", 0.014, 15, 4_390, "에너지"),
    _stock(NYSE, "JNJ", "존슨앤드존슨", "JOHNSON & JOHNSON", "154.90", 0.009, 7, 2_410, "제약"),
    _stock(NYSE, "WMT", "월마트", "WALMART INC", "88.70", 0.011, 17, 8_030, "유통"),
    _stock(NYSE, "PG", "P&G", "PROCTER & GAMBLE CO", "174.20", 0.009, 7, 2_350, "생활용품"),
    _stock(NYSE, "IBM", "IBM", "INTERNATIONAL BUSINESS MACHINES", "222.40", 0.012, 4, 925, "소프트웨어"),
    _stock(NYSE, "BRK/B", "버크셔 해서웨이 B", "BERKSHIRE HATHAWAY INC CLASS B", "471.50", 0.009, 4, 1_320, "금융"),
    _stock(NYSE, "NIO", "니오 ADR", "NIO INC ADR", "4.62", 0.038, 45, 2_080, "자동차"),
    _stock(NYSE, "PFE", "화이자", "PFIZER INC", "25.30", 0.014, 35, 5_670, "제약"),
    _fund(AMEX, "XLF", "SPDR 금융 섹터 ETF", "FINANCIAL SELECT SECTOR SPDR", "49.80", 0.010, 40, 1_000),
    _fund(AMEX, "SPY", "SPDR S&P 500 ETF", "SPDR S&P 500 ETF TRUST", "594.20", 0.009, 45, 1_070),
    _fund(AMEX, "VOO", "뱅가드 S&P 500 ETF", "VANGUARD S&P 500 ETF", "545.60", 0.009, 5, 1_050),
    _fund(AMEX, "DIA", "SPDR 다우존스 산업평균 ETF", "SPDR DOW JONES INDUSTRIAL AVERAGE", "441.70", 0.008, 3, 84),
    _fund(AMEX, "IWM", "아이셰어즈 러셀 2000 ETF", "ISHARES RUSSELL 2000 ETF", "239.10", 0.013, 25, 300),
    _fund(AMEX, "SOXL", "디렉시온 반도체 3배 ETF", "DIREXION SEMICONDUCTOR BULL 3X", "28.90", 0.055, 70, 380, "3"),
    _fund(AMEX, "SCHD", "슈왑 미국 배당 ETF", "SCHWAB US DIVIDEND EQUITY ETF", "28.70", 0.008, 12, 2_300),
    _fund(AMEX, "GLD", "SPDR 골드 트러스트", "SPDR GOLD SHARES", "250.40", 0.010, 8, 300),
    _fund(AMEX, "XLE", "SPDR 에너지 섹터 ETF", "ENERGY SELECT SECTOR SPDR", "95.40", 0.014, 15, 370),
)

INDICES: tuple[Listing, ...] = (
    Listing("SPX", INDEX, "S&P 500", "S&P 500", level="5948.70", daily_volatility=0.009, daily_volume=2_400_000_000),
    Listing("COMP", INDEX, "나스닥 종합", "NASDAQ COMPOSITE", level="18972.40", daily_volatility=0.012),
    Listing(".DJI", INDEX, "다우존스 산업", "DOW JONES INDUSTRIAL", level="43870.30", daily_volatility=0.008),
    Listing("NDX", INDEX, "나스닥 100", "NASDAQ 100", level="20740.80", daily_volatility=0.012),
    Listing("FX@KRW", INDEX, "원/달러", "USD/KRW", level="1391.50", daily_volatility=0.004, daily_volume=0),
)


class Listings:
    """All tickers of one simulated market."""

    def __init__(self, extra: Iterable[Listing] = ()) -> None:
        self._by_symbol = {listing.symbol: listing for listing in (*KNOWN, *INDICES)}
        self._by_symbol.update({listing.symbol: listing for listing in extra})

    def __iter__(self) -> Iterator[Listing]:
        return (listing for listing in self._by_symbol.values() if listing.exchange is not INDEX)

    def get(self, symbol: str) -> Listing | None:
        return self._by_symbol.get(symbol)

    def stock(self, symbol: str) -> Listing | None:
        """Return a ticker that can be traded; None for unknown ones and for indices."""
        found = self._by_symbol.get(symbol)
        return None if found is None or found.exchange is INDEX else found

    def quoted(self, quote_code: str, symbol: str) -> Listing | None:
        """Return a ticker if it is listed where a quote call looks for it (NAS, NYS, AMS, BAQ, BAY, BAA)."""
        found = self.stock(symbol)
        return found if found is not None and quote_code in {found.exchange.quote, found.exchange.day} else None

    def ordered(self, order_code: str, symbol: str) -> Listing | None:
        """Return a ticker if it is listed where an order sends it (NASD, NYSE, AMEX)."""
        found = self.stock(symbol)
        return found if found is not None and found.exchange.order == order_code else None

    def add(self, listing: Listing) -> None:
        self._by_symbol[listing.symbol] = listing

    def move(self, symbol: str, exchange: Exchange) -> Listing:
        """List a ticker on another exchange from now on; raise KeyError for an unknown one."""
        moved = replace(self._by_symbol[symbol], exchange=exchange)
        self._by_symbol[symbol] = moved
        return moved

    def ensure(self, symbol: str) -> Listing:
        """Return a ticker, listing it on Nasdaq when nobody said where it belongs."""
        known = self._by_symbol.get(symbol)
        if known is None:
            known = Listing(symbol, NASDAQ, symbol, symbol)
            self._by_symbol[symbol] = known
        return known


def parse_listing(text: str) -> Listing:
    """Read EXCHANGE:SYMBOL or SYMBOL:EXCHANGE, such as NASDAQ:TQQQ; raise ValueError otherwise."""
    left, colon, right = text.strip().upper().partition(":")
    if colon and left in EXCHANGE_WORDS and right:
        return _named(right, EXCHANGE_WORDS[left])
    if colon and right in EXCHANGE_WORDS and left:
        return _named(left, EXCHANGE_WORDS[right])
    raise ValueError(f"a listing is EXCHANGE:SYMBOL with NASDAQ, NYSE or AMEX, was {text!r}")


def _named(symbol: str, exchange: Exchange) -> Listing:
    known = next((listing for listing in KNOWN if listing.symbol == symbol), None)
    if known is not None:
        return replace(known, exchange=exchange)
    return Listing(symbol, exchange, symbol, symbol)
