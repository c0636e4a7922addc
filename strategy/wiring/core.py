"""Puts the core together: one call for the program and for the scenario tests alike."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from strategy.control.arming import OneTimeCodes
from strategy.control.interface import Control
from strategy.execution.order_desk import OrderDesk
from strategy.market.capacity import Pace
from strategy.market.market_data import MarketData
from strategy.model import Clock, Environment, SettableClock, Text
from strategy.portfolio.account_sync import AccountSync
from strategy.ports import Broker, MarketFeed, Stream
from strategy.risk.mode_store import ModeStore
from strategy.runtime.in_flight import Activity
from strategy.runtime.probes import Surroundings
from strategy.runtime.storage_alarm import SendNow
from strategy.runtime.supervisor import Supervisor
from strategy.session.clock_resync import Resync
from strategy.session.housekeeping import Upkeep
from strategy.session.listing_moves import VenueMoves
from strategy.session.price_alert_monitor import PriceWatch
from strategy.session.stream_inbox import StreamInbox
from strategy.session.trading_day import Engine
from strategy.session.watchlist_changes import Roster
from strategy.settings.schema import TradingSettings
from strategy.settings.store import SettingsStore
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.stop_monitor import StopMonitor
from strategy.wiring.base import BaseParts, Journals, build_base
from strategy.wiring.control import build_control
from strategy.wiring.protection import ProtectionParts, build_protection
from strategy.wiring.session import SessionParts, build_session
from strategy.wiring.trading import TradingParts, build_trading

__all__ = ["Core", "Journals", "build_core"]

Task = tuple[str, Callable[[], Coroutine[Any, Any, None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The built core. Await `load` once, then run every task of `tasks` until cancelled."""

    engine: Engine
    desk: OrderDesk
    guard: StopMonitor
    vigil: PriceWatchdog
    control: Control
    sink: StreamInbox
    activity: Activity
    book: SettingsStore
    modes: ModeStore
    look: AccountSync
    watch: MarketData
    roster: Roster
    price_watch: PriceWatch
    supervisor: Supervisor
    tasks: tuple[Task, ...]  # each kept running by the supervisor

    async def load(self) -> None:
        """Read settings, modes, orders, positions and alerts from the journals."""
        await self.engine.load()
        self.roster.load()
        await self.price_watch.load()


def build_core(
    *,
    base: TradingSettings,
    env_names: frozenset[str],
    environment: Environment,
    account_masked: str,
    journals: Journals,
    broker: Broker,
    market: MarketFeed,
    stream: Stream,
    clock: SettableClock,
    wall: Clock,
    calls_used: Callable[[], str],
    arm_secret: str,
    totp: OneTimeCodes | None = None,
    visibility_lag_s: float = 120.0,
    calls_per_second: float | None = None,
    tick_places: int | None = None,
    remarks: Sequence[Text] = (),
    surroundings: Surroundings | None = None,
    cry: SendNow | None = None,
) -> Core:
    """Return the core, not yet loaded or running.

    `clock` is the market's, `wall` a person's (the same one for a real market). `env_names` are the settings that came
    from the environment, `arm_secret` the account's last four digits, `totp` reads a six-digit code where one is
    asked for, `calls_per_second` is the broker's limit, `tick_places` how many tickers its stream takes at once,
    `remarks` go on the start card, `surroundings` is what /health and /diagnose cannot know from here, `cry`
    tells the chat at once, past the stored alerts.
    """
    # the steps keep this order: who hears first of a price, a look or a changed setting is who was built first
    ground = build_base(
        base=base,
        env_names=env_names,
        environment=environment,
        journals=journals,
        broker=broker,
        clock=clock,
        wall=wall,
        pace=Pace(calls_per_second=calls_per_second, tick_places=tick_places),
        cry=cry,
    )
    around = surroundings or Surroundings()
    floor = build_trading(ground, market=market, stream=stream, visibility_lag_s=visibility_lag_s)
    safety = build_protection(ground, floor, visibility_lag_s=visibility_lag_s)
    engine_room = build_session(ground, floor, safety, remarks=remarks, surroundings=around)
    price_watch = PriceWatch(
        alerts=journals.price_alerts,
        watch=floor.watch,
        prices=floor.prices,
        clock=clock,
        activity=ground.activity,
        pace=ground.pace,
    )
    supervisor = Supervisor(notifier=ground.notifier, clock=clock, wall=wall, consequences=safety.fallback)
    control = build_control(
        ground,
        floor,
        safety,
        engine_room,
        price_watch=price_watch,
        environment=environment,
        account_masked=account_masked,
        arm_secret=arm_secret,
        totp=totp,
        calls_used=calls_used,
        tasks=supervisor.health,
        surroundings=around,
    )
    resync = Resync(
        clock=clock,
        engine=engine_room.engine,
        watch=floor.watch,
        recon=floor.recon,
        look=floor.look,
        notifier=ground.notifier,
    )
    moves = VenueMoves(
        recon=floor.recon,
        settings=ground.book,
        modes=ground.modes,
        guard=safety.guard,
        watch=floor.watch,
        alerts=price_watch,
        purse=floor.purse,
        notes=ground.journals.notes,
        notifier=ground.notifier,
        clock=clock,
        activity=ground.activity,
    )
    services = _services(
        ground, floor, safety, engine_room, price_watch=price_watch, stream=stream, resync=resync, moves=moves
    )
    return Core(
        engine=engine_room.engine,
        desk=floor.desk,
        guard=safety.guard,
        vigil=safety.vigil,
        control=control,
        sink=engine_room.inbox,
        activity=ground.activity,
        book=ground.book,
        modes=ground.modes,
        look=floor.look,
        watch=floor.watch,
        roster=engine_room.roster,
        price_watch=price_watch,
        supervisor=supervisor,
        tasks=tuple((name, partial(supervisor.keep, name, run)) for name, run in services),
    )


def _services(
    ground: BaseParts,
    floor: TradingParts,
    safety: ProtectionParts,
    engine_room: SessionParts,
    *,
    price_watch: PriceWatch,
    stream: Stream,
    resync: Resync,
    moves: VenueMoves,
) -> tuple[Task, ...]:
    """Return what runs all the time, in the order it is started: the desk first, the engine last."""
    upkeep = Upkeep(decisions=ground.journals.decisions, clock=ground.clock, activity=ground.activity)
    return (
        ("desk", floor.desk.run),
        ("stops", safety.guard.run),
        ("vigil", safety.vigil.run),
        ("panic", safety.panic.run),
        ("proposals", engine_room.approval.run),
        ("watch list", engine_room.roster.run),
        ("moved listings", moves.run),
        ("price alerts", price_watch.run),
        ("cards", engine_room.cards.run),
        ("outcry", ground.notifier.run),
        ("stream news", engine_room.inbox.run),
        ("stream", partial(_stream, stream, engine_room.inbox)),
        ("upkeep", upkeep.run),
        ("clock", resync.run),
        ("engine", engine_room.engine.run),
    )


async def _stream(stream: Stream, sink: StreamInbox) -> None:
    try:
        await stream.run(sink)
    except Exception:
        sink.on_disconnected("프로그램 내부 오류 / a fault in the program")  # nothing flows until it runs again
        raise
