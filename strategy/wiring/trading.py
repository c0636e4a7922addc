"""Everything that trades, built from the ground up: each group of parts stands on those before it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

from strategy.execution.order_desk import DeskWaits, LiveOrderDesk, OrderRecords
from strategy.health.surroundings_lines import SurroundingsLines
from strategy.health.trading_state import TradingState
from strategy.market.capacity import Pace
from strategy.market.listing_names import ListingNames
from strategy.market.market_data import LiveMarketData
from strategy.market.price_confirmation import PriceConfirmation
from strategy.model import Clock, Environment, Holdings, Order, Said, SettableClock, Side, Symbol, cents
from strategy.panic.panic import Panic, PanicAccount
from strategy.panic.reports import PanicReports
from strategy.portfolio.account_sync import LiveAccountSync
from strategy.portfolio.bot_lots import keep_split, kept_splits
from strategy.portfolio.deposits import AccountCash, DepositTracker
from strategy.portfolio.position_reconciliation import Reconciler
from strategy.portfolio.positions import LivePositions
from strategy.ports import (
    Agreements,
    Broker,
    DayStarts,
    DecisionJournal,
    Deposits,
    ExchangeRates,
    MarketFeed,
    ModeJournal,
    Notes,
    Notifier,
    OrderJournal,
    Outbox,
    Panics,
    PriceAlerts,
    Records,
    SettingsJournal,
    StopRuns,
    Stream,
    Tickets,
)
from strategy.reports.ready_check import ReadyLines
from strategy.reports.session_cards import SessionCards
from strategy.risk.daily_loss import DayLoss
from strategy.risk.exposure import ExposureMeter
from strategy.risk.mode_store import ModeStore
from strategy.risk.overnight_prices import Overnight
from strategy.risk.permissions import Permissions, RepricingCaps
from strategy.risk.split_guard import SplitGuard
from strategy.runtime import Activity, Precedence
from strategy.runtime.confirmations import Confirmations
from strategy.runtime.probes import Surroundings
from strategy.runtime.storage_alarm import SendNow, StorageAlarm
from strategy.runtime.telling import Telling
from strategy.session.bar_keeper import BarKeeping, MinuteBarKeeper
from strategy.session.bar_news import BarNews
from strategy.session.bar_warm_up import BarWarmUp
from strategy.session.clock_resync import Resync
from strategy.session.engine import Engine
from strategy.session.housekeeping import Housekeeping
from strategy.session.listing_moves import ListingTransfer, VenueMoves
from strategy.session.price_alert_monitor import PriceWatch
from strategy.session.session_news import SessionNews
from strategy.session.start_card import StartCard
from strategy.session.startup import StartUp
from strategy.session.stream_inbox import StreamInbox
from strategy.session.trading_day import TradingDay
from strategy.session.watchlist_changes import Roster
from strategy.settings.schema import TradingSettings
from strategy.settings.store import SettingsStore
from strategy.signals.account_for_checks import AccountForChecks
from strategy.signals.approval import Approval
from strategy.signals.decision_log import DecisionLog
from strategy.signals.evaluation import ModesAndLocks, PowerSource, SignalEvaluator
from strategy.signals.forecast import Forecaster
from strategy.signals.signal_check import SignalCheck
from strategy.signals.signal_trade import SignalTrader
from strategy.signals.snapshot import SnapshotReader
from strategy.signals.stop_first import StopFirst
from strategy.stops.exit_ladder import ExitLadder
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.refused_stops import RefusedStops
from strategy.stops.safe_mode import Fallback
from strategy.stops.stop_context import StopContexts
from strategy.stops.stop_monitor import StopMonitor
from strategy.stops.stop_reports import StopReports
from strategy.stops.stop_runner import StopRunner
from strategy.stops.stops_at_work import StopsAtWork
from strategy.stops.trailing_peaks import TrailingPeaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """The repositories of the core; `outbox` also serves as the notifier."""

    orders: OrderJournal
    decisions: DecisionJournal
    settings: SettingsJournal
    modes: ModeJournal
    stop_runs: StopRuns
    panics: Panics
    agreements: Agreements
    day_starts: DayStarts
    deposits: Deposits
    exchange_rates: ExchangeRates
    notes: Notes
    tickets: Tickets
    price_alerts: PriceAlerts
    outbox: Outbox
    notifier: Notifier
    records: Records


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseParts:
    """What nearly every part is given."""

    journals: Journals
    broker: Broker
    clock: SettableClock  # the market's
    wall: Clock  # a person's
    pace: Pace
    activity: Activity
    notifier: StorageAlarm
    telling: Telling
    book: SettingsStore
    modes: ModeStore
    presses: Confirmations


def build_base(
    *,
    base: TradingSettings,
    env_names: frozenset[str],
    environment: Environment,
    journals: Journals,
    broker: Broker,
    clock: SettableClock,
    wall: Clock,
    pace: Pace,
    cry: SendNow | None,
) -> BaseParts:
    """Return the base. `env_names` are the settings that came from the environment, `cry` tells past the disk."""
    activity = Activity()
    notifier = StorageAlarm(journals.notifier, cry=cry, wall=wall)
    return BaseParts(
        journals=journals,
        broker=broker,
        clock=clock,
        wall=wall,
        pace=pace,
        activity=activity,
        notifier=notifier,
        telling=Telling(notifier, clock),
        book=SettingsStore(base=base, env_names=env_names, journal=journals.settings, clock=clock),
        modes=ModeStore(journal=journals.modes, notes=journals.notes, clock=clock, environment=environment),
        presses=Confirmations(tickets=journals.tickets, orders=journals.orders, wall=wall, activity=activity),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingParts:
    """Prices, orders, and the account as the broker has it."""

    watch: LiveMarketData
    prices: PriceConfirmation
    positions: LivePositions
    exposure_meter: ExposureMeter
    permissions: Permissions
    desk: LiveOrderDesk
    recon: Reconciler
    account_sync: LiveAccountSync
    cash: AccountCash
    day_loss: DayLoss
    names: ListingNames


def build_trading(parts: BaseParts, *, market: MarketFeed, stream: Stream, visibility_lag_s: float) -> TradingParts:
    """Return what trading stands on. The broker may show an order `visibility_lag_s` late, in market time."""
    journals, book, modes, clock = parts.journals, parts.book, parts.modes, parts.clock
    precedence = Precedence()
    prices = PriceConfirmation(settings=book, ahead=lambda: parts.broker.clock_ahead)
    watch = LiveMarketData(
        market=market, stream=stream, clock=clock, settings=book, precedence=precedence, prices=prices
    )
    positions = LivePositions(
        journals.orders,
        price=watch.worth,
        buy_fees=lambda ticker, qty: desk.costs.buy_fees(ticker, qty),  # noqa: PLW0108 - the desk is made afterwards
        splits=partial(kept_splits, journals.notes),
        fees=partial(_fees_of_fills, book),
    )
    exposure_meter = ExposureMeter(
        orders=journals.orders,
        positions=positions,
        settings=book,
        modes=modes,
        day_starts=journals.day_starts,
        clock=clock,
    )
    permissions = Permissions(
        modes=modes,
        settings=book,
        clock=clock,
        reconciled=lambda: account_sync.reconciled,
        # an order on its way asks by the desk's own orders and the account they changed: both are made afterwards
        repricing=RepricingCaps(caps=exposure_meter, holdings=lambda: account_sync.last, open_orders=lambda: desk.open),
    )
    desk = LiveOrderDesk(
        broker=parts.broker,
        records=OrderRecords(
            orders=journals.orders, notifier=parts.notifier, notes=journals.notes, decisions=journals.decisions
        ),
        clock=clock,
        activity=parts.activity,
        settings=book,
        precedence=precedence,
        permissions=permissions,
        price_for=watch.price_for,
        waits=DeskWaits(visibility_lag_s=visibility_lag_s),
    )
    cash = AccountCash(
        broker=parts.broker,
        tracker=DepositTracker(
            orders=journals.orders,
            deposits=journals.deposits,
            clock=clock,
            lag=timedelta(seconds=visibility_lag_s),
        ),
        rates=journals.exchange_rates,
        probe=partial(_cash_probe, book, watch),
        open_orders=lambda: desk.open,
        fees=partial(_fees_of_a_buy, book),
    )
    recon = Reconciler(
        broker=parts.broker,
        orders=journals.orders,
        desk=desk,
        notifier=parts.notifier,
        clock=clock,
        activity=parts.activity,
        agreements=journals.agreements,
        cash=cash,
        visibility_lag_s=visibility_lag_s,
    )
    recon.on_split = partial(keep_split, journals.notes)
    account_sync = LiveAccountSync(recon=recon, orders=journals.orders, positions=positions, clock=clock)
    return TradingParts(
        watch=watch,
        prices=prices,
        positions=positions,
        exposure_meter=exposure_meter,
        permissions=permissions,
        desk=desk,
        recon=recon,
        account_sync=account_sync,
        cash=cash,
        day_loss=DayLoss(
            exposure_meter=exposure_meter,
            modes=modes,
            account_sync=account_sync,
            watch=watch,
            prices=prices,
            notes=journals.notes,
            clock=clock,
        ),
        names=ListingNames(market=market, notes=journals.notes),
    )


def _fees_of_a_buy(book: SettingsStore, symbol: Symbol, amount: Decimal) -> Decimal:
    return amount * book.of(symbol).commission_pct / 100


def _fees_of_fills(book: SettingsStore, order: Order, amount: Decimal) -> Decimal:
    settings = book.of(order.request.symbol)
    rate = settings.commission_pct + (settings.sec_fee_pct if order.request.side is Side.SELL else 0)
    return cents(amount * rate / 100)


async def _cash_probe(book: SettingsStore, watch: LiveMarketData, holdings: Holdings) -> tuple[Symbol, Decimal] | None:
    """Ask the cash by a ticker whose price is known: one held, else one watched."""
    for position in holdings.positions:
        if position.last is not None:
            return position.symbol, position.last
    for symbol in book.tickers:
        quote = watch.latest(symbol)
        if quote is not None:
            return symbol, quote.last
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionParts:
    """The parts that sell, or forbid, whatever the rules say."""

    splits: SplitGuard
    guard: StopMonitor
    runner: StopRunner
    watchdog: PriceWatchdog
    fallback: Fallback
    panic: Panic


def build_protection(parts: BaseParts, trading: TradingParts, *, visibility_lag_s: float) -> ProtectionParts:
    """Return what protects. The broker's list of positions may be `visibility_lag_s` late, in market time."""
    splits = SplitGuard(
        watch=trading.watch,
        modes=parts.modes,
        positions=trading.positions,
        overnight=Overnight(notes=parts.journals.notes, clock=parts.clock),
        settings=parts.book,
        clock=parts.clock,
        activity=parts.activity,
    )
    ladder = ExitLadder(
        desk=trading.desk,
        orders=parts.journals.orders,
        watch=trading.watch,
        positions=trading.positions,
        account_sync=trading.account_sync,
        settings=parts.book,
        permissions=trading.permissions,
        clock=parts.clock,
        activity=parts.activity,
    )
    contexts = StopContexts(
        modes=parts.modes,
        settings=parts.book,
        positions=trading.positions,
        watch=trading.watch,
        account_sync=trading.account_sync,
        clock=parts.clock,
    )
    at_work = StopsAtWork(
        RefusedStops(modes=parts.modes, positions=trading.positions), parts.activity, trading.desk.precedence
    )
    guard = StopMonitor(
        contexts=contexts,
        at_work=at_work,
        peaks=TrailingPeaks(parts.journals.notes),
        positions=trading.positions,
        settings=parts.book,
        watch=trading.watch,
        prices=trading.prices,
        splits=splits,
        clock=parts.clock,
    )
    runner = StopRunner(
        desk=trading.desk,
        orders=parts.journals.orders,
        monitor=guard,
        contexts=contexts,
        at_work=at_work,
        ladder=ladder,
        reports=_reports(parts, trading),
        account_sync=trading.account_sync,
        clock=parts.clock,
    )
    watchdog = PriceWatchdog(
        guard=guard,
        watch=trading.watch,
        settings=parts.book,
        notifier=parts.notifier,
        notes=parts.journals.notes,
        clock=parts.clock,
        wall=parts.wall,
        activity=parts.activity,
    )
    fallback = Fallback(modes=parts.modes, guard=guard, watch=trading.watch, notifier=parts.notifier, clock=parts.clock)
    panic = Panic(
        desk=trading.desk,
        guard=guard,
        ladder=ladder,
        account=PanicAccount(
            account_sync=trading.account_sync,
            positions=trading.positions,
            settings=parts.book,
            lag=timedelta(seconds=visibility_lag_s),
        ),
        modes=parts.modes,
        story=PanicReports(
            desk=trading.desk,
            orders=parts.journals.orders,
            watch=trading.watch,
            positions=trading.positions,
            settings=parts.book,
            notifier=parts.notifier,
            clock=parts.clock,
            activity=parts.activity,
        ),
        panics=parts.journals.panics,
        clock=parts.clock,
        activity=parts.activity,
    )
    return ProtectionParts(splits=splits, guard=guard, runner=runner, watchdog=watchdog, fallback=fallback, panic=panic)


def _reports(parts: BaseParts, trading: TradingParts) -> StopReports:
    return StopReports(
        orders=parts.journals.orders,
        decisions=parts.journals.decisions,
        runs=parts.journals.stop_runs,
        notifier=parts.notifier,
        watch=trading.watch,
        modes=parts.modes,
        clock=parts.clock,
        activity=parts.activity,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionParts:
    """The engine and what works beside it all session long; `state` and `around` are what health is judged by."""

    approval: Approval
    trader: SignalTrader
    forecaster: Forecaster
    inbox: StreamInbox
    engine: Engine
    day: TradingDay
    card: StartCard
    bars: BarWarmUp
    price_watch: PriceWatch
    moves: VenueMoves
    resync: Resync
    roster: Roster
    cards: SessionCards
    keeper: MinuteBarKeeper | None  # where bars are kept
    state: TradingState
    around: SurroundingsLines


def build_session(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    *,
    remarks: Sequence[Said],
    surroundings: Surroundings,
    keeping: BarKeeping | None,
) -> SessionParts:
    """Return what trades by the rules. `remarks` go on the start card, `surroundings` into the ready check."""
    clock, settings, activity, telling = parts.clock, parts.book, parts.activity, parts.telling
    keeper = None
    if keeping is not None:
        news = BarNews(telling, clock)
        keeper = MinuteBarKeeper(keeping=keeping, settings=settings, news=news, clock=clock)
        surroundings = replace(surroundings, bars_kept=keeper.told)
    approval = Approval(
        presses=parts.presses,
        orders=parts.journals.orders,
        settings=settings,
        notes=parts.journals.notes,
        clock=clock,
        wall=parts.wall,
        activity=activity,
    )
    account = AccountForChecks(account_sync=trading.account_sync, day_loss=trading.day_loss, telling=telling)
    snapshots = _snapshots(parts, trading)
    trader = _trader(parts, trading, protection, approval, account, snapshots=snapshots)
    checks = SignalCheck(
        trader=trader,
        account=account,
        fallback=protection.fallback,
        settings=settings,
        telling=telling,
        activity=activity,
    )
    inbox = StreamInbox(
        watch=trading.watch,
        stops=protection.guard,
        desk=trading.desk,
        account_sync=trading.account_sync,
        notifier=parts.notifier,
        clock=clock,
        activity=activity,
    )
    bars = BarWarmUp(watch=trading.watch, settings=settings, telling=telling, activity=activity)
    housekeeping = Housekeeping(
        account_sync=trading.account_sync,
        modes=parts.modes,
        settings=settings,
        unstored=protection.fallback,
        telling=telling,
        clock=clock,
        activity=activity,
    )
    day = TradingDay(
        checks=checks,
        proposals=approval,
        bars=bars,
        housekeeping=housekeeping,
        news=SessionNews(
            desk=trading.desk,
            orders=parts.journals.orders,
            account_sync=trading.account_sync,
            day_meter=trading.exposure_meter,
            modes=parts.modes,
            notes=parts.journals.notes,
            clock=clock,
        ),
        settings=settings,
        telling=telling,
        clock=clock,
        activity=activity,
    )
    card = StartCard(
        watch=trading.watch,
        stops=protection.guard,
        stream=inbox,
        modes=parts.modes,
        settings=settings,
        pace=parts.pace,
        clock=clock,
        remarks=remarks,
    )
    engine = Engine(
        startup=StartUp(
            watch=trading.watch,
            bars=bars,
            account_sync=trading.account_sync,
            stops=protection.runner,
            panic=protection.panic,
            housekeeping=housekeeping,
            card=card,
            settings=settings,
            telling=telling,
        ),
        day=day,
        housekeeping=housekeeping,
        stream_settled=inbox.settled,
        wall=parts.wall,
        activity=activity,
    )
    roster = Roster(
        settings=settings,
        watch=trading.watch,
        stops=protection.guard,
        proposals=approval,
        bars=bars,
        begun=engine.begun,
        activity=activity,
    )
    around = SurroundingsLines(surroundings=surroundings, clock=clock, wall=parts.wall)
    price_watch = PriceWatch(
        alerts=parts.journals.price_alerts,
        watch=trading.watch,
        prices=trading.prices,
        clock=clock,
        activity=activity,
        pace=parts.pace,
    )
    return SessionParts(
        approval=approval,
        trader=trader,
        forecaster=Forecaster(
            snapshots=snapshots,
            power=parts.broker,
            evaluator=partial(_evaluator, parts, trading),
            modes=parts.modes,
            account_sync=trading.account_sync,
            watch=trading.watch,
            settings=settings,
        ),
        inbox=inbox,
        engine=engine,
        day=day,
        card=card,
        bars=bars,
        roster=roster,
        price_watch=price_watch,
        moves=_moves(parts, trading, protection, price_watch),
        resync=Resync(clock=clock, telling=telling),
        cards=SessionCards(
            ready=ReadyLines(
                watch=trading.watch,
                account_sync=trading.account_sync,
                stream=inbox,
                around=around,
                settings=settings,
            ),
            begun=engine.begun,
            notes=parts.journals.notes,
            clock=clock,
            activity=activity,
        ),
        keeper=keeper,
        state=TradingState(trading.desk, trading.recon, inbox),
        around=around,
    )


def _moves(parts: BaseParts, trading: TradingParts, protection: ProtectionParts, price_watch: PriceWatch) -> VenueMoves:
    return VenueMoves(
        transfer=ListingTransfer(settings=parts.book, modes=parts.modes, stops=protection.guard, clock=parts.clock),
        watch=trading.watch,
        alerts=price_watch,
        exposure_meter=trading.exposure_meter,
        notes=parts.journals.notes,
        telling=parts.telling,
        clock=parts.clock,
        activity=parts.activity,
    )


def _evaluator(parts: BaseParts, trading: TradingParts, power: PowerSource, modes: ModesAndLocks) -> SignalEvaluator:
    """Return what judges a ticker: by what holds, or by what is supposed."""
    return SignalEvaluator(
        broker=power, desk=trading.desk, modes=modes, exposure_meter=trading.exposure_meter, settings=parts.book
    )


def _snapshots(parts: BaseParts, trading: TradingParts) -> SnapshotReader:
    return SnapshotReader(
        watch=trading.watch,
        desk=trading.desk,
        orders=parts.journals.orders,
        positions=trading.positions,
        account_sync=trading.account_sync,
        settings=parts.book,
        clock=parts.clock,
    )


def _trader(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    approval: Approval,
    account: AccountForChecks,
    *,
    snapshots: SnapshotReader,
) -> SignalTrader:
    return SignalTrader(
        snapshots=StopFirst(snapshots=snapshots, stops=protection.guard, splits=protection.splits),
        evaluator=_evaluator(parts, trading, parts.broker, parts.modes),
        approval=approval,
        account=account,
        desk=trading.desk,
        decisions=DecisionLog(parts.journals.decisions, parts.modes),
        settings=parts.book,
        telling=parts.telling,
        clock=parts.clock,
    )
