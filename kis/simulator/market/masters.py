"""The master files of listed tickers (kis-protocol 4.2): a zip with one tab-separated cp949 text each."""

import io
import zipfile

from aiohttp import web

from kis.simulator.market.listings import EXCHANGES, Listing
from kis.simulator.market.market import SimMarket
from kis.simulator.text import price4

_ASIAN = ("shs", "shi", "szs", "szi", "tse", "hks", "hnx", "hsx")  # nothing is listed there
_SERVED = frozenset((*(exchange.quote.lower() for exchange in EXCHANGES), *_ASIAN))
_ZERO_DATE = (1980, 1, 1, 0, 0, 0)


class Masters:
    """Answers /common/master, as the download host does."""

    def __init__(self, market: SimMarket) -> None:
        self._market = market

    async def download(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        code = name[:3]
        if code not in _SERVED or name != f"{code}mst.cod.zip":
            return web.Response(status=404)
        listed = [listing for listing in self._market.listings if listing.exchange.quote == code.upper()]
        text = "".join(self._row(listing) + "\n" for listing in sorted(listed, key=lambda x: x.symbol))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            inside = zipfile.ZipInfo(f"{name[:6].upper()}.COD", _ZERO_DATE)
            archive.writestr(inside, text.encode("cp949", "replace"))
        return web.Response(body=packed.getvalue(), content_type="application/zip")

    def _row(self, listing: Listing) -> str:
        tape = self._market.tape(listing.symbol)
        base = price4(tape.today.base) if tape is not None else "0.0000"
        exchange = listing.exchange
        columns = (
            "US", exchange.market, exchange.quote, exchange.korean, listing.symbol, listing.stream_key,
            listing.korean_name, listing.english_name, "3" if listing.is_etf else "2", "USD", "4", "", base, "1", "1",
            "0930", "1600", "N", "", "", "0", "1", "001" if listing.is_etf else "", "",
        )  # fmt: skip
        return "\t".join(columns)
