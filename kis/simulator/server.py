"""The simulator as one object: a KIS server on loopback, with its market, clock and books."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from aiohttp import web

from kis.simulator.clock import SimClock, to_ms
from kis.simulator.control import ControlCalls
from kis.simulator.guard import only_from_here
from kis.simulator.market.listings import Listings
from kis.simulator.market.market import SimMarket
from kis.simulator.market.masters import Masters
from kis.simulator.market.replay import Replay
from kis.simulator.options import SimulatorOptions
from kis.simulator.rest.app import Rest, plain_path
from kis.simulator.world import SimWorld

STEPS_AT_A_TIME = 2_000
IDLE_S = 1.0


class Simulator:
    """A KIS server: REST at /oauth2 and /uapi, control at /sim, WebSocket on every other path.

    Market time may run by itself (clock speed above 0) or stand still until `advance_to`, which then does everything
    due on the way in order of time, deterministically for a seed.
    """

    def __init__(
        self,
        options: SimulatorOptions | None = None,
        *,
        market: SimMarket | None = None,
        clock: SimClock,
        seed: int = 1,
    ) -> None:
        self.options = options or SimulatorOptions()
        self.clock = clock
        self.market = market or build_market(self.options, clock.now(), seed)
        self.seed = seed
        self.port = 0
        self.host = "127.0.0.1"
        self.world = SimWorld(self.options, self.market, clock, seed)
        self._moving = asyncio.Lock()
        self._closing = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._driver: asyncio.Task[None] | None = None
        self._rest = Rest(self.world, self._closing, self._moving, self._catch_up)
        self.control = ControlCalls(self.world, self._moving, self._catch_up, self.advance_to)
        for wish in self.options.faults:
            self.control.misbehave(dict(wish))

    # -- life --------------------------------------------------------------------------------------------------------

    async def start(self, port: int = 0, host: str = "127.0.0.1", *, other_port: int | None = None) -> None:
        """Listen on loopback; raise ValueError for any other address and OSError for a port in use.

        A second port (0 picks one) plays the other environment's host over the same market: app keys first seen there
        belong to that environment.
        """
        if host != "localhost" and not ip_address(host).is_loopback:
            raise ValueError(f"the simulator listens on loopback only, not on {host}")
        self._closing.clear()
        app = web.Application(client_max_size=1 << 20, middlewares=[only_from_here])
        app.add_routes(self.control.routes())
        app.router.add_route("*", "/oauth2/{name}", self._rest.oauth)
        app.router.add_post("/uapi/hashkey", self._rest.hashkey)
        app.router.add_route("*", "/uapi/{path:.*}", self._rest.call)
        app.router.add_get("/common/master/{name}", Masters(self.market).download)
        app.router.add_route("*", "/{path:.*}", self._anything)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, handler_cancellation=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, reuse_address=True)
        await site.start()
        self.host = host
        self.port = self._runner.addresses[0][1]
        if other_port is not None:
            await web.TCPSite(self._runner, host, other_port, reuse_address=True).start()
            self._rest.other_port = self._runner.addresses[1][1]
        self._driver = asyncio.create_task(  # noqa: TID251 - this object owns it: aclose cancels and awaits it
            self._drive(), name="simulator time"
        )

    async def aclose(self) -> None:
        """Stop time, close every connection and free the port."""
        self._closing.set()
        if self._driver is not None:
            self._driver.cancel()
            with suppress(asyncio.CancelledError):
                await self._driver
            self._driver = None
        await self.world.stream.close_all()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def other_port(self) -> int:
        """Return the second port, 0 without one."""
        return self._rest.other_port

    @property
    def rest_url(self) -> str:
        """Base address for REST and control calls."""
        return f"http://{self.host}:{self.port}"

    @property
    def ws_url(self) -> str:
        """Base address of the WebSocket."""
        return f"ws://{self.host}:{self.port}"

    # -- time --------------------------------------------------------------------------------------------------------

    async def advance_to(self, instant: datetime) -> None:
        """Move market time to an instant: forwards through everything due on the way, or back to start over there.

        Frames are with their sockets when this returns.
        """
        target = to_ms(instant)
        async with self._moving:
            if target < self.world.now_ms:
                self.clock.set_ms(target)
                self.world.restart_at(target)
                return
            await self._live(target)
            self.clock.set_ms(target)
            self.world.stream.beat(target, self.clock.speed)
            await self.world.stream.flush()

    async def advance(self, seconds: float) -> None:
        """Move market time forward by seconds."""
        await self.advance_to(_after(self.clock.now(), seconds))

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Hold every request off while the caller looks or works inside."""
        async with self._moving:
            await self._catch_up()
            yield

    async def _catch_up(self) -> None:
        """Live through what became due since the last look; the caller holds the lock."""
        now = self.clock.now_ms()
        if now > self.world.now_ms:
            await self._live(now)

    async def _live(self, until_ms: int) -> None:
        left = STEPS_AT_A_TIME

        def budget() -> bool:
            nonlocal left
            left -= 1
            return left > 0

        while not self.world.live(until_ms, budget):
            left = STEPS_AT_A_TIME
            await self.world.stream.flush()
            await asyncio.sleep(0)

    async def _drive(self) -> None:
        """Let time pass: wake for whatever is due next, or when somebody moves the clock."""
        while True:
            due = [ms for ms in (self.world.next_ms(), self.world.stream.next_beat_ms()) if ms is not None]
            waits = [self.clock.real_seconds_until(ms) for ms in due]
            known = [wait for wait in waits if wait is not None]
            idle = None if self.clock.speed == 0 else min([IDLE_S, *known])
            await self.clock.wait_change(max(idle, 0.001) if idle is not None else None)
            async with self._moving:
                await self._catch_up()
                self.world.stream.beat(self.world.now_ms, self.clock.speed)

    # -- the rest of the paths ---------------------------------------------------------------------------------------

    async def _anything(self, request: web.Request) -> web.StreamResponse:
        """Serve a WebSocket on any path (kis-protocol 1.1); anything else is not here."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            path = plain_path(request)
            if path != request.path and path.startswith("/uapi/"):
                return await self._rest.call(request)
            if path != request.path and path.startswith("/oauth2/"):
                return await self._rest.oauth(request)
            return web.json_response({"error": "not found"}, status=404)
        faults, now = self.world.faults, self.world.now_ms
        if faults.peek("ws_drop", now) or faults.use("maintenance", now, "websocket"):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        ws = web.WebSocketResponse(autoping=False, max_msg_size=1 << 20, timeout=1.0)
        await ws.prepare(request)
        self.clock.nudge()
        await self.world.stream.serve(request, ws)
        return ws


def build_market(
    options: SimulatorOptions,
    start: datetime,
    seed: int,
    replay: Replay | Path | None = None,
    listings: Listings | None = None,
) -> SimMarket:
    """Return the market that options describe, from an instant on."""
    return SimMarket(
        start,
        seed=seed,
        replay=replay,
        listings=listings,
        prints_a_minute=options.prints_a_minute,
        live=options.live,
        model_after_replay=options.model_after_replay,
        grain=options.grain,
        feed_share=options.feed_share,
    )


def _after(instant: datetime, seconds: float) -> datetime:
    return instant + timedelta(seconds=seconds)
