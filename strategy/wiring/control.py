"""What the chat asks for: looks, orders by hand, modes, settings, results and the state of the system."""

from collections.abc import Callable, Sequence

from strategy.control.amend_orders import Amends
from strategy.control.arming import OneTimeCodes
from strategy.control.cancel_orders import Cancels
from strategy.control.control import TradingControl
from strategy.control.external_orders import ExternalOrders
from strategy.control.interface import Control
from strategy.control.manual_orders import ManualOrders
from strategy.control.modes import ModeService
from strategy.control.order_checks import OrderChecks
from strategy.control.panic import PanicPress
from strategy.control.proposals import ApprovalPress
from strategy.control.setting_effects import Effects
from strategy.control.settings import SettingService
from strategy.control.status import StatusQueries
from strategy.control.unknown_orders import UnknownOrders
from strategy.control.watchlist import WatchList
from strategy.health.system import SystemService
from strategy.model import Environment, TaskHealth
from strategy.reports.reports import ResultService
from strategy.runtime.probes import Surroundings
from strategy.session.price_alert_monitor import PriceWatch
from strategy.wiring.base import BaseParts
from strategy.wiring.protection import ProtectionParts
from strategy.wiring.session import SessionParts
from strategy.wiring.trading import TradingParts


def build_control(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    session: SessionParts,
    *,
    price_watch: PriceWatch,
    environment: Environment,
    account_masked: str,
    arm_secret: str,
    totp: OneTimeCodes | None,
    calls_used: Callable[[], str],
    tasks: Callable[[], Sequence[TaskHealth]],
    surroundings: Surroundings,
) -> Control:
    """Return all the chat may ask for. `tasks` tells how the supervised services are."""
    mode_service = ModeService(
        modes=parts.modes,
        splits=protection.splits,
        positions=trading.positions,
        settings=parts.book,
        presses=parts.presses,
        notes=parts.journals.notes,
        notifier=parts.notifier,
        clock=parts.clock,
        wall=parts.wall,
        arm_secret=arm_secret,
        totp=totp,
        panicking=lambda: protection.panic.job is not None,
        answered=trading.desk.answered,
    )
    watch_list = WatchList(
        settings=parts.book,
        watch=trading.watch,
        positions=trading.positions,
        account_sync=trading.account_sync,
        desk=trading.desk,
        guard=protection.guard,
        presses=parts.presses,
        exposure_meter=trading.exposure_meter,
        pace=parts.pace,
    )
    return TradingControl(
        looking=_queries(
            parts,
            trading,
            protection,
            session,
            environment=environment,
            account_masked=account_masked,
            calls_used=calls_used,
        ),
        manual=_manual(parts, trading),
        cancels=Cancels(desk=trading.desk, presses=parts.presses),
        amends=_amends(parts, trading),
        settling=UnknownOrders(desk=trading.desk, orders=parts.journals.orders, presses=parts.presses),
        hand_orders=ExternalOrders(
            desk=trading.desk, orders=parts.journals.orders, modes=parts.modes, mode_service=mode_service
        ),
        panic=_panic(parts, trading, protection),
        modes=mode_service,
        settings=SettingService(
            settings=parts.book,
            effects=Effects(settings=parts.book, watch=trading.watch, positions=trading.positions),
            presses=parts.presses,
            watch_list=watch_list,
        ),
        presses=parts.presses,
        results=_results(parts, trading, protection),
        system=SystemService(
            desk=trading.desk,
            recon=trading.recon,
            inbox=session.inbox,
            guard=protection.guard,
            watchdog=protection.watchdog,
            watch=trading.watch,
            settings=parts.book,
            clock=parts.clock,
            wall=parts.wall,
            calls_used=calls_used,
            tasks=tasks,
            surroundings=surroundings,
        ),
        watch_list=watch_list,
        price_watch=price_watch,
        approvals=ApprovalPress(
            approval=session.approval,
            cycle=session.cycle,
            watch=trading.watch,
            presses=parts.presses,
            settings=parts.book,
        ),
    )


def _queries(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    session: SessionParts,
    *,
    environment: Environment,
    account_masked: str,
    calls_used: Callable[[], str],
) -> StatusQueries:
    return StatusQueries(
        engine=session.engine,
        cycle=session.cycle,
        desk=trading.desk,
        recon=trading.recon,
        orders=parts.journals.orders,
        decisions=parts.journals.decisions,
        outbox=parts.journals.outbox,
        watch=trading.watch,
        account_sync=trading.account_sync,
        positions=trading.positions,
        guard=protection.guard,
        watchdog=protection.watchdog,
        inbox=session.inbox,
        modes=parts.modes,
        exposure_meter=trading.exposure_meter,
        settings=parts.book,
        clock=parts.clock,
        environment=environment,
        account_masked=account_masked,
        calls_used=calls_used,
    )


def _manual(parts: BaseParts, trading: TradingParts) -> ManualOrders:
    planner = OrderChecks(
        broker=parts.broker,
        desk=trading.desk,
        watch=trading.watch,
        account_sync=trading.account_sync,
        positions=trading.positions,
        modes=parts.modes,
        permissions=trading.permissions,
        exposure_meter=trading.exposure_meter,
        day_loss=trading.day_loss,
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


def _amends(parts: BaseParts, trading: TradingParts) -> Amends:
    return Amends(
        broker=parts.broker,
        desk=trading.desk,
        watch=trading.watch,
        account_sync=trading.account_sync,
        permissions=trading.permissions,
        exposure_meter=trading.exposure_meter,
        day_loss=trading.day_loss,
        settings=parts.book,
        presses=parts.presses,
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
        guard=protection.guard,
        positions=trading.positions,
        account_sync=trading.account_sync,
        settings=parts.book,
        clock=parts.clock,
    )
