"""One local Telegram: Bot API, the user's side and the chat page on one loopback port."""

import re
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from aiohttp import web

from bot.localchat.calls import CallLog
from bot.localchat.clock import ChatClock, RealClock
from bot.localchat.faults import ApiFaults
from bot.localchat.http.bot_side import BotSide
from bot.localchat.http.guard import LOOPBACK, only_from_here
from bot.localchat.http.page_side import PageSide
from bot.localchat.http.stream import event_route
from bot.localchat.http.user_side import UserSide, answer
from bot.localchat.limits import Rates
from bot.localchat.model import BotAccount, Person
from bot.localchat.params import ApiError
from bot.localchat.store import Store
from bot.localchat.world import ChatWorld

DEFAULT_TOKEN = "1000:local-chat"  # noqa: S105 - made up, opens nothing but this server
DEFAULT_OWNER_ID = 1_000_001
QUERY_LIFE_S = 15.0
_OWNER_NAME = "김하늘"
_BOT_NAME, _BOT_USERNAME = "KIS US Trader", "kis_us_trader_bot"

_HOST = "127.0.0.1"
_REAL_TOKEN = re.compile(r"\d{8,12}:[A-Za-z0-9_-]{35}")
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{1,80}")
_BODY_LIMIT = 110 * 1024 * 1024
_STOP_S = 1.0


def check_token(token: str) -> str:
    """Return a token this server may use; raise ValueError for anything that Bot API libraries refuse themselves."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("a token is a number, a colon and letters, digits, '_' or '-', such as 1000:local-chat")
    return token


def looks_real(token: str) -> bool:
    """Return whether a token has the shape of Telegram's own.

    Some libraries accept no other shape, so it is taken; but whoever starts the server should be told that it shows
    its token to everybody on this machine.
    """
    return _REAL_TOKEN.fullmatch(token) is not None


class LocalChat:
    """A Bot API server with a person at the other end. Binds to loopback only and calls nobody but the simulator.

    `rates=None` switches the send limits off. `data_file` keeps the chat across restarts. `simulator_url` shows the
    market panel on the page.
    """

    def __init__(
        self,
        *,
        token: str = DEFAULT_TOKEN,
        owner_id: int = DEFAULT_OWNER_ID,
        language: str = "ko",
        data_file: Path | None = None,
        simulator_url: str = "",
        rates: Rates | None = Rates(),  # noqa: B008 - frozen
        has_topics: bool = False,
        clock: ChatClock | None = None,
    ) -> None:
        self.token = check_token(token)
        self.owner_id = owner_id
        self._store = Store(data_file)
        clock = clock or RealClock()
        self._world = ChatWorld(
            bot=BotAccount(int(token.partition(":")[0]), _BOT_NAME, _BOT_USERNAME, has_topics=has_topics),
            owner=Person(owner_id, _OWNER_NAME, language, "owner", started=True),
            clock=clock,
            store=self._store,
            rates=rates,
            query_life_s=QUERY_LIFE_S,
        )
        faults, calls = ApiFaults(clock), CallLog()
        self._bot_side = BotSide(world=self._world, token=token, faults=faults, calls=calls)
        user_side = UserSide(
            world=self._world,
            faults=faults,
            calls=calls,
            on_down=self._bot_side.cut_open_calls,
            has_simulator=bool(simulator_url),
        )
        self._page_side = PageSide(language=language, simulator_url=_loopback_only(simulator_url))
        self._app = web.Application(client_max_size=_BODY_LIMIT, middlewares=[only_from_here])
        self._app.add_routes(self._bot_side.routes())
        self._app.add_routes([event_route(self._world), *user_side.routes(), *self._page_side.routes()])
        self._app.router.add_route("*", "/{rest:.*}", _nothing_here)
        self._app.on_shutdown.append(self._end_held_calls)
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self, port: int = 0) -> Self:
        """Listen on a loopback port; 0 takes a free one. Raises OSError when the port is taken."""
        await self._page_side.start()
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=_STOP_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, _HOST, port)
        try:
            await site.start()
        except OSError:
            await self.aclose()
            raise
        self._port = int(self._runner.addresses[0][1])
        return self

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """Return the address of the page, which is also the base of the Bot API."""
        return f"http://{_HOST}:{self._port}"

    async def aclose(self) -> None:
        """End held calls and streams, stop listening, close the file."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        await self._page_side.aclose()
        self._store.close()

    async def __aenter__(self) -> Self:
        return self if self._runner is not None else await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _end_held_calls(self, _app: web.Application) -> None:
        self._world.updates.close()
        self._world.hub.close()
        self._bot_side.close()


def _loopback_only(url: str) -> str:
    if url and urlsplit(url).hostname not in LOOPBACK:
        raise ValueError("the simulator must be on this machine: http://127.0.0.1:PORT")
    return url


async def _nothing_here(_request: web.Request) -> web.StreamResponse:
    error = ApiError(404, "Not Found")
    return answer({"ok": False, "error_code": error.code, "description": error.description}, error.code)
