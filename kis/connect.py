"""Putting the client together: the one entry point `main` uses."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from kis.auth.account_number import AccountNumber
from kis.auth.approval_key import Approvals
from kis.auth.keys import KeyPair
from kis.auth.tokens import TokenFile, Tokens
from kis.broker import KisBroker
from kis.client import KisHttp
from kis.diagnosis import Diagnosis
from kis.environment import REAL, KisEnvironment
from kis.history import KisBarHistory
from kis.market import KisMarketData
from kis.rest.pacing import Pacer
from kis.rest.transport import Timeouts, Transport
from kis.settings import KisSettings
from kis.stream.client import KisStream
from kis.stream.connection import Patience
from kis.stream.registrations import Registrations
from kis.stream.two_sockets import SplitStream
from kis.symbols import SymbolBook
from strategy.model import BarSource, Clock, HealthLine, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Kis:
    """The open client."""

    broker: KisBroker
    market: KisMarketData
    history: KisBarHistory
    bar_source: BarSource  # whose bars `history` gives
    stream: KisStream | SplitStream
    account_stream: KisStream  # the part of it that carries the order notices; the same one without a quote key
    environment: KisEnvironment
    account: AccountNumber
    http: KisHttp  # of the account's key, for the calls beyond the ports
    quote_http: KisHttp  # where quotes come from; the same one without a quote key
    book: SymbolBook
    clock: Clock
    settings: KisSettings
    diagnosis: Diagnosis

    async def check(self, symbols: Sequence[Symbol] = ()) -> list[HealthLine]:
        """Return what works and what does not, step by step, with the price of each ticker; places nothing."""
        return await self.diagnosis.run(symbols)


@asynccontextmanager
async def open_kis(settings: KisSettings, *, clock: Clock, data_dir: Path) -> AsyncIterator[Kis]:
    """Open the client; nothing is sent until it is used. `clock` is market time, tokens are kept in `data_dir`."""
    environment = settings.environment
    account = settings.account_no
    book = SymbolBook()
    # the pacer bounds the calls, so the pool needs no limit; a kept connection saves the TLS handshake
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        opener = _Opener(settings, session, clock, data_dir, account)
        http = opener.http(environment, settings.keys)
        quote_keys = settings.quote_keys
        quote_http = http if quote_keys is None else opener.http(settings.quote_environment, quote_keys)
        account_stream = opener.stream(http)
        stream: KisStream | SplitStream = account_stream
        if quote_keys is not None and settings.is_virtual and settings.kis_ws_ticks:
            account_stream = opener.stream(http, ticks=False)
            stream = SplitStream(account_stream, opener.quote_stream(quote_http, quote_keys))
        market = KisMarketData(quote_http, clock, book)
        yield Kis(
            broker=KisBroker(http, account, clock, book, settings.kis_buying_power),
            market=market,
            history=KisBarHistory(quote_http, clock),
            bar_source=_source(quote_http.environment),
            stream=stream,
            account_stream=account_stream,
            environment=environment,
            account=account,
            http=http,
            quote_http=quote_http,
            book=book,
            clock=clock,
            settings=settings,
            diagnosis=Diagnosis(
                http,
                quote_http,
                account,
                market=market,
                stream=account_stream,
                probe=lambda: opener.stream(http, ticks=False),
            ),
        )


def _source(environment: KisEnvironment) -> BarSource:
    """Return whose bars a host gives: real ones come from KIS's own address alone."""
    return BarSource.REAL if environment.rest_url == REAL.rest_url else BarSource.SIMULATED


@dataclass(frozen=True, slots=True)
class _Opener:
    """What every key pair's HTTP client shares."""

    settings: KisSettings
    session: aiohttp.ClientSession
    clock: Clock
    data_dir: Path
    account: AccountNumber

    def http(self, environment: KisEnvironment, keys: KeyPair) -> KisHttp:
        """Return a client with a pacer and a token of its own: both belong to the app key."""
        settings = self.settings
        transport = Transport(
            self.session,
            environment.rest_url,
            Pacer(
                self.clock,
                calls_per_s=environment.calls_per_s,
                ledger_calls_per_s=environment.ledger_calls_per_s,
                slack=settings.kis_pacing_slack,
            ),
            Timeouts(
                connect_s=settings.kis_connect_timeout_s,
                read_s=settings.kis_read_timeout_s,
                change_s=settings.kis_timeout_s,
            ),
            secret=(keys.app_key, keys.app_secret, self.account.number),
        )
        tokens = Tokens(transport, keys, TokenFile(self.data_dir, environment, keys), self.clock)
        return KisHttp(environment, keys, tokens, transport)

    def stream(self, http: KisHttp, *, ticks: bool = True) -> KisStream:
        """Return a stream of the account's key; run only one at a time."""
        settings, environment = self.settings, http.environment
        ticks = ticks and (settings.kis_ws_ticks or not settings.is_virtual)
        wanted = Registrations(environment.feeds, settings.hts_id, environment.max_registrations, ticks=ticks)
        return self._stream(http, settings.keys, wanted)

    def quote_stream(self, http: KisHttp, keys: KeyPair) -> KisStream:
        """Return a stream of the quote key: trades only."""
        environment = http.environment
        wanted = Registrations(environment.feeds, self.settings.hts_id, environment.max_registrations, notices=False)
        return self._stream(http, keys, wanted)

    def _stream(self, http: KisHttp, keys: KeyPair, wanted: Registrations) -> KisStream:
        settings = self.settings
        return KisStream(
            http.environment,
            Approvals(http.transport, keys, self.clock),
            self.account,
            wanted,
            self.clock,
            patience=Patience(silence_s=settings.kis_ws_silence_s),
            connect_timeout_s=settings.kis_connect_timeout_s,
        )
