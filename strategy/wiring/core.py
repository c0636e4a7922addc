"""Puts the core together: one call for the program and for the scenario tests alike."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

from strategy.control.amend_orders import Amends
from strategy.control.arming import Arming
from strategy.control.cancel_orders import Cancels
from strategy.control.control import Control, OrderServices
from strategy.control.external_orders import ExternalOrders
from strategy.control.holdings import HoldingsQueries
from strategy.control.manual_orders import ManualOrders
from strategy.control.modes import ModeService
from strategy.control.one_time_codes import OneTimeCodes
from strategy.control.order_checks import OrderChecks, OrderMeans
from strategy.control.order_queries import OrderQueries
from strategy.control.panic import PanicPress
from strategy.control.proposals import ApprovalPress
from strategy.control.setting_effects import Effects
from strategy.control.settings import SettingService
from strategy.control.status import Account, StatusQueries
from strategy.control.tickers import Tickers
from strategy.control.unknown_orders import UnknownOrders
from strategy.control.watchlist import Advice, WatchList
from strategy.health.connection_test import Checkup
from strategy.health.system import SystemService
from strategy.health.trading_lines import TradingLines
from strategy.market import MarketData
from strategy.market.capacity import Pace
from strategy.market.watch_only import WatchOnly
from strategy.model import Clock, Environment, Said, Service, SettableClock, Symbol, TaskHealth
from strategy.portfolio.bot_lots import kept_splits
from strategy.ports import Broker, MarketFeed, Stream
from strategy.reports.reports import ResultService
from strategy.reports.since_start import SinceStart
from strategy.runtime.probes import Surroundings
from strategy.runtime.storage_alarm import SendNow
from strategy.runtime.supervisor import Supervisor
from strategy.session.bar_keeper import BarKeeping
from strategy.session.housekeeping import Upkeep
from strategy.session.stream_inbox import InboxNote, StreamInbox
from strategy.settings.schema import TradingSettings
from strategy.stops.unprotected import Unprotected
from strategy.wiring.trading import (
    BaseParts,
    Journals,
    ProtectionParts,
    SessionParts,
    TradingParts,
    build_base,
    build_protection,
    build_session,
    build_trading,
)

__all__ = ["Core", "Journals", "build_core"]

Task = tuple[Service, Callable[[], Coroutine[Any, Any, None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The built core. Await `load` once, then run every task of `tasks` until cancelled."""

    base: BaseParts
    trading: TradingParts
    protection: ProtectionParts
    session: SessionParts
    control: Control
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
    remarks: Sequence[Said] = (),
    surroundings: Surroundings | None = None,
    cry: SendNow | None = None,
    keeping: BarKeeping | None = None,
) -> Core:
    """Return the core, not yet loaded or running.

    `clock` is the market's, `wall` a person's (the same one for a real market). `env_names` are the settings that came
    from the environment, `arm_secret` the account's last four digits, `totp` reads a six-digit code where one is
    asked for, `calls_per_second` is the broker's limit, `tick_places` how many tickers its stream takes at once,
    `remarks` go on the start card, `surroundings` is what /health and /diagnose cannot know from here, `cry`
    tells the chat at once, past the stored alerts, `keeping` is where minute bars come from and go to.
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
    session = build_session(parts, trading, protection, remarks=remarks, surroundings=around, keeping=keeping)
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
        base=parts,
        trading=trading,
        protection=protection,
        session=session,
        control=control,
        supervisor=supervisor,
        tasks=tuple((service, partial(supervisor.keep, service, run)) for service, run in services),
        load=partial(_load, parts, trading, protection, session),
    )


def build_control(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    session: SessionParts,
    *,
    environment: Environment,
    account_masked: str,
    arm_secret: str,
    totp: OneTimeCodes | None,
    tasks: Callable[[], Sequence[TaskHealth]],
    surroundings: Surroundings,
) -> Control:
    """Return all the chat may ask for. `tasks` tells how the supervised services are."""
    tickers = Tickers(
        watch=trading.watch,
        names=trading.names,
        positions=trading.positions,
        modes=parts.modes,
        stops=protection.watchdog,
        newest=session.trader.newest,
        decisions=parts.journals.decisions,
        settings=parts.book,
    )
    arming = Arming(
        modes=parts.modes,
        notes=parts.journals.notes,
        notifier=parts.notifier,
        clock=parts.clock,
        wall=parts.wall,
        secret=arm_secret,
        totp=totp,
    )
    unprotected = Unprotected(
        settings=parts.book, positions=trading.positions, watch=trading.watch, stops=protection.guard
    )
    modes = ModeService(
        modes=parts.modes,
        splits=protection.splits,
        unprotected=unprotected,
        forecaster=session.forecaster,
        presses=parts.presses,
        accepted=arming.disclaimer_accepted,
        panicking=lambda: protection.panic.job is not None,
        answered=trading.desk.answered,
        clock=parts.clock,
    )
    watchlist = WatchList(
        settings=parts.book,
        watch=trading.watch,
        positions=trading.positions,
        account_sync=trading.account_sync,
        desk=trading.desk,
        selling=protection.guard.running,
        presses=parts.presses,
        exposure_meter=trading.exposure_meter,
        advice=Advice(parts.pace, session.forecaster),
    )
    return Control(
        status=StatusQueries(
            account=Account(
                environment=environment,
                masked=account_masked,
                holdings=lambda: trading.account_sync.now,
                calls_used=surroundings.calls_used,
            ),
            state=session.state,
            tickers=tickers,
            modes=parts.modes,
            exposure_meter=trading.exposure_meter,
            progress=session.day,
            outbox=parts.journals.outbox,
            settings=parts.book,
            clock=parts.clock,
        ),
        holdings=HoldingsQueries(
            account_sync=trading.account_sync,
            positions=trading.positions,
            exposure_meter=trading.exposure_meter,
            stops=protection.guard,
            modes=parts.modes,
            settings=parts.book,
            clock=parts.clock,
            resting=trading.cash.resting,
        ),
        tickers=tickers,
        orders=_orders(parts, trading, protection, session, modes),
        modes=modes,
        arming=arming,
        settings=SettingService(
            settings=parts.book,
            effects=Effects(
                settings=parts.book,
                watch=trading.watch,
                positions=trading.positions,
                forecaster=session.forecaster,
                day_starts=parts.journals.day_starts,
                clock=parts.clock,
            ),
            unprotected=unprotected,
            presses=parts.presses,
            tickers=watchlist,
        ),
        results=_results(parts, trading, protection),
        since_start=SinceStart(
            records=parts.journals.records,
            splits=partial(kept_splits, parts.journals.notes),
            price=partial(_newest_price, trading.watch),
            account=trading.account_sync,
        ),
        system=SystemService(
            trading=TradingLines(
                state=session.state,
                watch=trading.watch,
                stops=protection.guard,
                stop_states=protection.watchdog,
                settings=parts.book,
                clock=parts.clock,
            ),
            around=session.around,
            checkup=Checkup(broker=surroundings.check_broker, telegram=surroundings.check_telegram),
            tasks=tasks,
            settings=parts.book,
            clock=parts.clock,
        ),
        watchlist=watchlist,
        watch_only=WatchOnly(notes=parts.journals.notes, watch=trading.watch, traded=tickers.watched),
        price_alerts=session.price_watch,
        confirmations=parts.presses,
    )


def _newest_price(watch: MarketData, symbol: Symbol) -> Decimal | None:
    """Return the last price of any age: also of a ticker not held any more, after the close."""
    quote = watch.latest(symbol)
    return None if quote is None else quote.last


def _orders(
    parts: BaseParts, trading: TradingParts, protection: ProtectionParts, session: SessionParts, modes: ModeService
) -> OrderServices:
    orders = parts.journals.orders
    means = OrderMeans(
        broker=parts.broker,
        desk=trading.desk,
        account_sync=trading.account_sync,
        exposure_meter=trading.exposure_meter,
        day_loss=trading.day_loss,
        settings=parts.book,
    )
    return OrderServices(
        queries=OrderQueries(desk=trading.desk, orders=orders, decisions=parts.journals.decisions),
        manual=_manual(parts, trading, means),
        amends=Amends(
            means=means,
            desk=trading.desk,
            watch=trading.watch,
            permissions=trading.permissions,
            settings=parts.book,
            sizing_lock=trading.exposure_meter.turn,
            presses=parts.presses,
        ),
        cancels=Cancels(desk=trading.desk, orders=orders, presses=parts.presses),
        unknown=UnknownOrders(desk=trading.desk, orders=orders, presses=parts.presses),
        external=ExternalOrders(desk=trading.desk, orders=orders, modes=parts.modes, mode_service=modes),
        proposals=ApprovalPress(
            approval=session.approval,
            trader=session.trader,
            watch=trading.watch,
            presses=parts.presses,
            settings=parts.book,
        ),
        panic=_panic(parts, trading, protection),
    )


def _manual(parts: BaseParts, trading: TradingParts, means: OrderMeans) -> ManualOrders:
    planner = OrderChecks(
        means=means,
        desk=trading.desk,
        watch=trading.watch,
        positions=trading.positions,
        modes=parts.modes,
        permissions=trading.permissions,
        settings=parts.book,
        clock=parts.clock,
    )
    return ManualOrders(
        desk=trading.desk,
        planner=planner,
        exposure_meter=trading.exposure_meter,
        presses=parts.presses,
        clock=parts.clock,
    )


def _panic(parts: BaseParts, trading: TradingParts, protection: ProtectionParts) -> PanicPress:
    return PanicPress(
        panic=protection.panic,
        desk=trading.desk,
        watch=trading.watch,
        account_sync=trading.account_sync,
        positions=trading.positions,
        modes=parts.modes,
        settings=parts.book,
        presses=parts.presses,
        clock=parts.clock,
    )


def _results(parts: BaseParts, trading: TradingParts, protection: ProtectionParts) -> ResultService:
    return ResultService(
        records=parts.journals.records,
        decisions=parts.journals.decisions,
        changes=parts.journals.settings,
        watch=trading.watch,
        stops=protection.guard,
        positions=trading.positions,
        account_sync=trading.account_sync,
        settings=parts.book,
        clock=parts.clock,
    )


# who hears of what


class ListenerName(StrEnum):
    CARDS = "listener.cards"
    ALERTS = "listener.alerts"


@dataclass(frozen=True, slots=True)
class Listening:
    """One subscription: `source` takes the listener."""

    source: Callable[[Any], None]
    listener: Callable[..., None]


def listeners(
    parts: BaseParts, trading: TradingParts, protection: ProtectionParts, session: SessionParts
) -> Iterable[Listening]:
    """Give the subscriptions in their order."""
    # a price, after its stop has been compared with it (`StreamInbox.on_tick`): a card may be over by it, which
    # forbids an order; an alert only tells
    price = trading.watch.on_price
    yield Listening(partial(price, Said(ListenerName.CARDS)), session.approval.on_price)
    yield Listening(partial(price, Said(ListenerName.ALERTS)), session.price_watch.on_price)

    # a changed setting: stops are computed anew before anything else thinks of it, then the day's grid; the list of
    # tickers last, since what it queues reads the stops
    yield Listening(parts.book.on_change, protection.guard.rearm)
    yield Listening(parts.book.on_change, session.day.resettled)
    yield Listening(parts.book.on_change, session.roster.compare)
    if session.keeper is not None:
        yield Listening(parts.book.on_change, session.keeper.compare)

    # a look at the account: the lines follow it before a stop that was cut off goes on by them
    yield Listening(trading.account_sync.on_sync, protection.guard.rearm)
    yield Listening(trading.account_sync.on_sync, protection.runner.take_up)

    # a clock that was set or stood still: buying stops before anything is thought of again; the day comes last, since
    # it may begin a check at once
    yield Listening(session.resync.on_disturbance, partial(trading.account_sync.interrupted, "the clock was disturbed"))
    yield Listening(session.resync.on_disturbance, trading.watch.doubt_bars)
    yield Listening(session.resync.on_disturbance, session.day.disturbed)


def connect(parts: BaseParts, trading: TradingParts, protection: ProtectionParts, session: SessionParts) -> None:
    """Subscribe every listener, and give each part the one answer it could not be built with."""
    trading.desk.unexplained = trading.recon.unexplained
    trading.desk.on_unstored = protection.fallback.storage_failed
    trading.permissions.selling = protection.guard.running
    protection.splits.on_accept(protection.guard.forget_peak)
    protection.splits.on_clear(protection.guard.judge_again)
    trading.recon.on_held = trading.account_sync.on_held
    trading.recon.on_move = session.moves.on_move
    trading.watch.on_fault(session.inbox.on_fault)
    for one in listeners(parts, trading, protection, session):
        one.source(one.listener)


# what runs


async def _load(parts: BaseParts, trading: TradingParts, protection: ProtectionParts, session: SessionParts) -> None:
    """Read what was stored: settings first, since all others go by them, the fills before the stops that count them."""
    with parts.activity():
        session.card.remark(await parts.book.load())
        await parts.modes.load()
        await trading.desk.load()
        await trading.positions.load()
        await protection.runner.load()
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
        (Service.STOPS, protection.runner.run),
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
        *([] if session.keeper is None else [(Service.BARS, session.keeper.run)]),
        (Service.CLOCK, session.resync.run),
        (Service.ENGINE, session.engine.run),
    )


async def _stream(stream: Stream, sink: StreamInbox) -> None:
    try:
        await stream.run(sink)
    except Exception:
        sink.on_disconnected(Said(InboxNote.FAULT))  # nothing flows until it runs again
        raise
