"""Puts the core together: one call for the program and for the scenario tests alike."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from strategy.control.control import Control
from strategy.control.one_time_codes import OneTimeCodes
from strategy.execution.order_desk import LiveOrderDesk
from strategy.market.capacity import Pace
from strategy.market.market_data import LiveMarketData
from strategy.model import Clock, Environment, Service, SettableClock, Text
from strategy.portfolio.account_sync import LiveAccountSync
from strategy.ports import Broker, MarketFeed, Stream
from strategy.risk.mode_store import ModeStore
from strategy.runtime.in_flight import Activity
from strategy.runtime.probes import Surroundings
from strategy.runtime.storage_alarm import SendNow
from strategy.runtime.supervisor import Supervisor
from strategy.session.engine import Engine
from strategy.session.housekeeping import Upkeep
from strategy.session.stream_inbox import StreamInbox
from strategy.session.trading_day import TradingDay
from strategy.settings.schema import TradingSettings
from strategy.settings.store import SettingsStore
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.stop_monitor import StopMonitor
from strategy.wiring.base import build_base
from strategy.wiring.control import build_control
from strategy.wiring.listeners import connect
from strategy.wiring.parts import BaseParts, Journals, ProtectionParts, SessionParts, TradingParts
from strategy.wiring.protection import build_protection
from strategy.wiring.session import build_session
from strategy.wiring.trading import build_trading

__all__ = ["Core", "Journals", "build_core"]

Task = tuple[Service, Callable[[], Coroutine[Any, Any, None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The built core. Await `load` once, then run every task of `tasks` until cancelled."""

    engine: Engine
    day: TradingDay
    desk: LiveOrderDesk
    guard: StopMonitor
    watchdog: PriceWatchdog
    control: Control
    sink: StreamInbox
    activity: Activity
    book: SettingsStore
    modes: ModeStore
    account_sync: LiveAccountSync
    watch: LiveMarketData
    supervisor: Supervisor
    tasks: tuple[Task, ...]  # each kept running by the supervisor
    load: Callable[[], Awaitable[None]]  # reads settings, modes, orders, positions and alerts from the journals


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
    around = surroundings or Surroundings()
    parts = build_base(
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
    trading = build_trading(parts, market=market, stream=stream, visibility_lag_s=visibility_lag_s)
    protection = build_protection(parts, trading, visibility_lag_s=visibility_lag_s)
    session = build_session(parts, trading, protection, remarks=remarks, surroundings=around)
    supervisor = Supervisor(notifier=parts.notifier, clock=clock, wall=wall, consequences=protection.fallback)
    control = build_control(
        parts,
        trading,
        protection,
        session,
        environment=environment,
        account_masked=account_masked,
        arm_secret=arm_secret,
        totp=totp,
        tasks=supervisor.health,
        surroundings=around,
    )
    connect(parts, trading, protection, session)
    services = _services(parts, trading, protection, session, stream=stream)
    return Core(
        engine=session.engine,
        day=session.day,
        desk=trading.desk,
        guard=protection.guard,
        watchdog=protection.watchdog,
        control=control,
        sink=session.inbox,
        activity=parts.activity,
        book=parts.book,
        modes=parts.modes,
        account_sync=trading.account_sync,
        watch=trading.watch,
        supervisor=supervisor,
        tasks=tuple((service, partial(supervisor.keep, service, run)) for service, run in services),
        load=partial(_load, parts, trading, protection, session),
    )


async def _load(parts: BaseParts, trading: TradingParts, protection: ProtectionParts, session: SessionParts) -> None:
    """Read what was stored: settings first, since all others go by them, the fills before the stops that count them."""
    with parts.activity():
        session.card.remark(await parts.book.load())
        await parts.modes.load()
        await trading.desk.load()
        await trading.positions.load()
        await protection.guard.load()
        await session.approval.load()
    session.roster.load()
    await session.price_watch.load()


def _services(
    parts: BaseParts, trading: TradingParts, protection: ProtectionParts, session: SessionParts, *, stream: Stream
) -> tuple[Task, ...]:
    """Return what runs all the time, in the order it is started: the desk first, the engine last."""
    upkeep = Upkeep(decisions=parts.journals.decisions, clock=parts.clock, activity=parts.activity)
    return (
        (Service.DESK, trading.desk.run),
        (Service.STOPS, protection.guard.run),
        (Service.PRICE_WATCHDOG, protection.watchdog.run),
        (Service.PANIC, protection.panic.run),
        (Service.PROPOSALS, session.approval.run),
        (Service.WATCH_LIST, session.roster.run),
        (Service.MOVED_LISTINGS, session.moves.run),
        (Service.PRICE_ALERTS, session.price_watch.run),
        (Service.SESSION_CARDS, session.cards.run),
        (Service.STORAGE_ALARM, parts.notifier.run),
        (Service.STREAM_NEWS, session.inbox.run),
        (Service.STREAM, partial(_stream, stream, session.inbox)),
        (Service.UPKEEP, upkeep.run),
        (Service.CLOCK, session.resync.run),
        (Service.ENGINE, session.engine.run),
    )


async def _stream(stream: Stream, sink: StreamInbox) -> None:
    try:
        await stream.run(sink)
    except Exception:
        sink.on_disconnected("프로그램 내부 오류 / a fault in the program")  # nothing flows until it runs again
        raise
