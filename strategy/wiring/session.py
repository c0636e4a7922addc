"""What trades by the rules: the engine with its cycle of checks, the approvals it waits for, the news of the stream."""

from collections.abc import Sequence

from strategy.health.surroundings_lines import SurroundingsLines
from strategy.health.trading_state import TradingState
from strategy.model import Text
from strategy.reports.ready_check import ReadyLines
from strategy.reports.session_cards import SessionCards
from strategy.runtime.probes import Surroundings
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
from strategy.signals.account_for_checks import AccountForChecks
from strategy.signals.approval import Approval
from strategy.signals.decision_log import DecisionLog
from strategy.signals.evaluation import SignalEvaluator
from strategy.signals.signal_check import SignalCheck
from strategy.signals.signal_trade import SignalTrader
from strategy.signals.snapshot import SnapshotReader
from strategy.signals.stop_first import StopFirst
from strategy.wiring.parts import BaseParts, ProtectionParts, SessionParts, TradingParts


def build_session(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    *,
    remarks: Sequence[Text],
    surroundings: Surroundings,
) -> SessionParts:
    """Return what trades by the rules. `remarks` go on the start card, `surroundings` into the ready check."""
    clock, settings, activity, telling = parts.clock, parts.book, parts.activity, parts.telling
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
    trader = _trader(parts, trading, protection, approval, account)
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
            stops=protection.guard,
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


def _trader(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    approval: Approval,
    account: AccountForChecks,
) -> SignalTrader:
    snapshots = SnapshotReader(
        watch=trading.watch,
        desk=trading.desk,
        orders=parts.journals.orders,
        positions=trading.positions,
        account_sync=trading.account_sync,
        settings=parts.book,
        clock=parts.clock,
    )
    return SignalTrader(
        snapshots=StopFirst(snapshots=snapshots, stops=protection.guard, splits=protection.splits),
        evaluator=SignalEvaluator(
            broker=parts.broker,
            desk=trading.desk,
            modes=parts.modes,
            exposure_meter=trading.exposure_meter,
            settings=parts.book,
        ),
        approval=approval,
        account=account,
        desk=trading.desk,
        decisions=DecisionLog(parts.journals.decisions),
        settings=parts.book,
        telling=parts.telling,
        clock=parts.clock,
    )
