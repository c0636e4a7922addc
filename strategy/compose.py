"""Puts the core together: one call for the program and for the scenario tests alike."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from strategy.account import Holdings
from strategy.activity import Activity, Precedence
from strategy.amends import Amends
from strategy.approval import Approval
from strategy.approval_press import ApprovalPress
from strategy.book import SettingsBook
from strategy.cancels import Cancels
from strategy.cards import SessionCards
from strategy.chase import Chase
from strategy.clock import Clock
from strategy.control import TradingControl
from strategy.cycle import Cycle
from strategy.day_loss import DayLoss
from strategy.desk import OrderDesk
from strategy.effects import Effects
from strategy.engine import Engine
from strategy.fallback import Fallback
from strategy.guard import StopGuard
from strategy.hand_orders import HandOrders
from strategy.inbox import StreamInbox
from strategy.instruments import Symbol
from strategy.ladder import Ladder
from strategy.look import AccountLook
from strategy.manual import ManualOrders
from strategy.mode_service import ModeService
from strategy.modebook import ModeBook
from strategy.outcry import Cry, Outcry
from strategy.overnight import Overnight
from strategy.overview import Looking
from strategy.pace import Pace
from strategy.panic import Panic
from strategy.panic_press import PanicPress
from strategy.panic_story import PanicStory
from strategy.planning import Planner
from strategy.ports import (
    Broker,
    DecisionJournal,
    MarketData,
    ModeJournal,
    Notes,
    Notifier,
    OrderJournal,
    Outbox,
    PriceAlerts,
    Records,
    SettingsJournal,
    Stream,
    Tickets,
)
from strategy.positions import Positions
from strategy.presses import Presses
from strategy.price_watch import PriceWatch
from strategy.purse import Purse
from strategy.ready import ReadyLines
from strategy.reconcile import Reconciler
from strategy.reporting import ResultService
from strategy.roster import Roster
from strategy.services import Control
from strategy.setting_service import SettingService
from strategy.settings import TradingSettings
from strategy.settling import Settling
from strategy.snapshot import Camera
from strategy.split_guard import SplitGuard
from strategy.stop_story import StopStory
from strategy.supervision import Supervisor
from strategy.system import SystemService
from strategy.text import Text
from strategy.totp import OneTimeCodes
from strategy.upkeep import Upkeep
from strategy.views import Environment
from strategy.vigil import Vigil
from strategy.vitals import Surroundings
from strategy.watch import MarketWatch
from strategy.watch_list import WatchList
from strategy.weighing import Weigher

Task = tuple[str, Callable[[], Coroutine[Any, Any, None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """The repositories of the core; `outbox` also serves as the notifier."""

    orders: OrderJournal
    decisions: DecisionJournal
    settings: SettingsJournal
    modes: ModeJournal
    notes: Notes
    tickets: Tickets
    price_alerts: PriceAlerts
    outbox: Outbox
    notifier: Notifier
    records: Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The built core. Await `load` once, then run every task of `tasks` until cancelled."""

    engine: Engine
    desk: OrderDesk
    guard: StopGuard
    vigil: Vigil
    control: Control
    sink: StreamInbox
    activity: Activity
    book: SettingsBook
    modes: ModeBook
    look: AccountLook
    watch: MarketWatch
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
    market: MarketData,
    stream: Stream,
    clock: Clock,
    wall: Clock,
    calls_used: Callable[[], str],
    arm_secret: str,
    totp: OneTimeCodes | None = None,
    visibility_lag_s: float = 120.0,
    calls_per_second: float | None = None,
    tick_places: int | None = None,
    remarks: Sequence[Text] = (),
    surroundings: Surroundings | None = None,
    cry: Cry | None = None,
) -> Core:
    """Return the core, not yet loaded or running.

    `clock` is the market's, `wall` a person's (the same one for a real market). `env_names` are the settings that came
    from the environment, `arm_secret` the account's last four digits, `totp` reads a six-digit code where one is
    asked for, `calls_per_second` is the broker's limit, `tick_places` how many tickers its stream takes at once,
    `remarks` go on the start card, `surroundings` is what /health and /diagnose cannot know from here, `cry`
    tells the chat at once, past the stored alerts.
    """
    activity = Activity()
    pace = Pace(calls_per_second=calls_per_second, tick_places=tick_places)
    notifier = Outcry(journals.notifier, cry=cry, wall=wall)
    book = SettingsBook(base=base, env_names=env_names, journal=journals.settings, clock=clock)
    modes = ModeBook(journal=journals.modes, notes=journals.notes, clock=clock, environment=environment)
    precedence = Precedence()
    watch = MarketWatch(market=market, stream=stream, clock=clock, settings=book, precedence=precedence)
    positions = Positions(journals.orders)
    purse = Purse(
        orders=journals.orders, positions=positions, settings=book, modes=modes, notes=journals.notes, clock=clock
    )
    chase = Chase(modes=modes, purse=purse, holdings=lambda: look.last, open_orders=lambda: desk.open)
    desk = OrderDesk(
        broker=broker,
        orders=journals.orders,
        notifier=notifier,
        clock=clock,
        activity=activity,
        settings=book,
        precedence=precedence,
        price_for=watch.price_for,
        chase=chase,
        notes=journals.notes,
        decisions=journals.decisions,
        visibility_lag_s=visibility_lag_s,
    )

    async def cash_probe(holdings: Holdings) -> tuple[Symbol, Decimal] | None:
        """Ask the cash by a ticker whose price is known: one held, else one watched."""
        for position in holdings.positions:
            if position.last > 0:
                return position.symbol, position.last
        for symbol in book.tickers:
            quote = watch.latest(symbol)
            if quote is not None:
                return symbol, quote.last
        return None

    recon = Reconciler(
        broker=broker,
        orders=journals.orders,
        desk=desk,
        notifier=notifier,
        clock=clock,
        activity=activity,
        notes=journals.notes,
        cash_probe=cash_probe,
        visibility_lag_s=visibility_lag_s,
    )
    look = AccountLook(recon=recon, orders=journals.orders, positions=positions, clock=clock)
    splits = SplitGuard(
        watch=watch,
        modes=modes,
        positions=positions,
        overnight=Overnight(notes=journals.notes, clock=clock),
        settings=book,
        clock=clock,
        activity=activity,
    )
    ladder = Ladder(
        desk=desk,
        orders=journals.orders,
        watch=watch,
        positions=positions,
        look=look,
        settings=book,
        clock=clock,
        activity=activity,
    )
    guard = StopGuard(
        desk=desk,
        orders=journals.orders,
        decisions=journals.decisions,
        watch=watch,
        modes=modes,
        positions=positions,
        look=look,
        ladder=ladder,
        splits=splits,
        story=StopStory(
            orders=journals.orders,
            decisions=journals.decisions,
            notes=journals.notes,
            notifier=notifier,
            watch=watch,
            positions=positions,
            look=look,
            settings=book,
            clock=clock,
        ),
        settings=book,
        notifier=notifier,
        notes=journals.notes,
        clock=clock,
        activity=activity,
    )
    vigil = Vigil(guard=guard, watch=watch, settings=book, notifier=notifier, clock=clock, wall=wall, activity=activity)
    day_loss = DayLoss(purse=purse, modes=modes, look=look, notes=journals.notes, clock=clock)
    presses = Presses(tickets=journals.tickets, orders=journals.orders, wall=wall, activity=activity)
    approval = Approval(
        presses=presses,
        orders=journals.orders,
        settings=book,
        notes=journals.notes,
        clock=clock,
        wall=wall,
        activity=activity,
    )
    watch.on_price(approval.on_price)
    fallback = Fallback(modes=modes, guard=guard, watch=watch, notifier=notifier, clock=clock)
    desk.on_unstored = fallback.storage_failed
    supervisor = Supervisor(notifier=notifier, clock=clock, wall=wall, consequences=fallback)
    cycle = Cycle(
        camera=Camera(
            watch=watch,
            desk=desk,
            orders=journals.orders,
            positions=positions,
            look=look,
            settings=book,
            clock=clock,
        ),
        weigher=Weigher(broker=broker, desk=desk, modes=modes, purse=purse, settings=book),
        approval=approval,
        desk=desk,
        decisions=journals.decisions,
        modes=modes,
        guard=guard,
        fallback=fallback,
        look=look,
        purse=purse,
        day_loss=day_loss,
        splits=splits,
        settings=book,
        notifier=notifier,
        clock=clock,
        activity=activity,
    )
    sink = StreamInbox(
        watch=watch,
        guard=guard,
        desk=desk,
        recon=recon,
        look=look,
        notifier=notifier,
        clock=clock,
        activity=activity,
    )
    panic = Panic(
        desk=desk,
        guard=guard,
        ladder=ladder,
        look=look,
        positions=positions,
        modes=modes,
        settings=book,
        story=PanicStory(
            desk=desk,
            orders=journals.orders,
            watch=watch,
            positions=positions,
            settings=book,
            notifier=notifier,
            clock=clock,
            activity=activity,
        ),
        notes=journals.notes,
        clock=clock,
        activity=activity,
        visibility_lag_s=visibility_lag_s,
    )
    engine = Engine(
        cycle=cycle,
        approval=approval,
        watch=watch,
        desk=desk,
        orders=journals.orders,
        guard=guard,
        panic=panic,
        fallback=fallback,
        inbox=sink,
        look=look,
        positions=positions,
        modes=modes,
        settings=book,
        notes=journals.notes,
        notifier=notifier,
        clock=clock,
        activity=activity,
        wall=wall,
        pace=pace,
        remarks=remarks,
    )
    planner = Planner(
        broker=broker,
        desk=desk,
        watch=watch,
        look=look,
        positions=positions,
        guard=guard,
        modes=modes,
        purse=purse,
        day_loss=day_loss,
        settings=book,
        clock=clock,
    )
    mode_service = ModeService(
        modes=modes,
        splits=splits,
        positions=positions,
        settings=book,
        presses=presses,
        notes=journals.notes,
        notifier=notifier,
        clock=clock,
        wall=wall,
        arm_secret=arm_secret,
        totp=totp,
        panicking=lambda: panic.job is not None,
    )
    watch_list = WatchList(
        settings=book,
        watch=watch,
        positions=positions,
        look=look,
        desk=desk,
        guard=guard,
        presses=presses,
        purse=purse,
        pace=pace,
    )
    price_watch = PriceWatch(alerts=journals.price_alerts, watch=watch, clock=clock, activity=activity, pace=pace)
    around = surroundings or Surroundings()
    cards = SessionCards(
        ready=ReadyLines(
            watch=watch, look=look, inbox=sink, settings=book, clock=clock, wall=wall, surroundings=around
        ),
        begun=engine.begun,
        notes=journals.notes,
        clock=clock,
        activity=activity,
    )
    roster = Roster(settings=book, watch=watch, guard=guard, approval=approval, engine=engine, activity=activity)
    control = TradingControl(
        looking=Looking(
            engine=engine,
            cycle=cycle,
            desk=desk,
            recon=recon,
            orders=journals.orders,
            decisions=journals.decisions,
            outbox=journals.outbox,
            watch=watch,
            look=look,
            positions=positions,
            guard=guard,
            vigil=vigil,
            inbox=sink,
            modes=modes,
            purse=purse,
            settings=book,
            clock=clock,
            environment=environment,
            account_masked=account_masked,
            calls_used=calls_used,
        ),
        manual=ManualOrders(desk=desk, planner=planner, purse=purse, presses=presses, clock=clock),
        cancels=Cancels(desk=desk, presses=presses),
        amends=Amends(
            broker=broker,
            desk=desk,
            watch=watch,
            look=look,
            guard=guard,
            modes=modes,
            purse=purse,
            day_loss=day_loss,
            settings=book,
            presses=presses,
            clock=clock,
        ),
        settling=Settling(desk=desk, orders=journals.orders, presses=presses),
        hand_orders=HandOrders(desk=desk, orders=journals.orders, modes=modes, mode_service=mode_service),
        panic=PanicPress(
            panic=panic,
            desk=desk,
            watch=watch,
            look=look,
            positions=positions,
            modes=modes,
            settings=book,
            presses=presses,
            clock=clock,
        ),
        modes=mode_service,
        settings=SettingService(
            settings=book,
            effects=Effects(settings=book, watch=watch, positions=positions),
            presses=presses,
            watch_list=watch_list,
        ),
        presses=presses,
        results=ResultService(
            records=journals.records,
            decisions=journals.decisions,
            changes=journals.settings,
            watch=watch,
            guard=guard,
            positions=positions,
            look=look,
            settings=book,
            clock=clock,
        ),
        system=SystemService(
            desk=desk,
            recon=recon,
            inbox=sink,
            guard=guard,
            vigil=vigil,
            watch=watch,
            modes=modes,
            settings=book,
            clock=clock,
            wall=wall,
            calls_used=calls_used,
            tasks=supervisor.health,
            surroundings=around,
        ),
        watch_list=watch_list,
        price_watch=price_watch,
        approvals=ApprovalPress(approval=approval, cycle=cycle, watch=watch, presses=presses, settings=book),
    )

    services: tuple[Task, ...] = (
        ("desk", desk.run),
        ("stops", guard.run),
        ("vigil", vigil.run),
        ("panic", panic.run),
        ("proposals", approval.run),
        ("watch list", roster.run),
        ("price alerts", price_watch.run),
        ("cards", cards.run),
        ("outcry", notifier.run),
        ("stream news", sink.run),
        ("stream", partial(_stream, stream, sink)),
        ("upkeep", Upkeep(decisions=journals.decisions, clock=clock, activity=activity).run),
        ("engine", engine.run),
    )

    return Core(
        engine=engine,
        desk=desk,
        guard=guard,
        vigil=vigil,
        control=control,
        sink=sink,
        activity=activity,
        book=book,
        modes=modes,
        look=look,
        watch=watch,
        roster=roster,
        price_watch=price_watch,
        supervisor=supervisor,
        tasks=tuple((name, partial(supervisor.keep, name, run)) for name, run in services),
    )


async def _stream(stream: Stream, sink: StreamInbox) -> None:
    try:
        await stream.run(sink)
    except Exception:
        sink.on_disconnected("프로그램 내부 오류 / a fault in the program")  # nothing flows until it runs again
        raise
