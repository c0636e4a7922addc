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
    ground: BaseParts,
    floor: TradingParts,
    safety: ProtectionParts,
    engine_room: SessionParts,
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
        modes=ground.modes,
        splits=safety.splits,
        positions=floor.positions,
        settings=ground.book,
        presses=ground.presses,
        notes=ground.journals.notes,
        notifier=ground.notifier,
        clock=ground.clock,
        wall=ground.wall,
        arm_secret=arm_secret,
        totp=totp,
        panicking=lambda: safety.panic.job is not None,
        answered=floor.desk.answered,
    )
    watch_list = WatchList(
        settings=ground.book,
        watch=floor.watch,
        positions=floor.positions,
        look=floor.look,
        desk=floor.desk,
        guard=safety.guard,
        presses=ground.presses,
        purse=floor.purse,
        pace=ground.pace,
    )
    return TradingControl(
        looking=_looking(
            ground,
            floor,
            safety,
            engine_room,
            environment=environment,
            account_masked=account_masked,
            calls_used=calls_used,
        ),
        manual=_manual(ground, floor),
        cancels=Cancels(desk=floor.desk, presses=ground.presses),
        amends=_amends(ground, floor),
        settling=UnknownOrders(desk=floor.desk, orders=ground.journals.orders, presses=ground.presses),
        hand_orders=ExternalOrders(
            desk=floor.desk, orders=ground.journals.orders, modes=ground.modes, mode_service=mode_service
        ),
        panic=_panic(ground, floor, safety),
        modes=mode_service,
        settings=SettingService(
            settings=ground.book,
            effects=Effects(settings=ground.book, watch=floor.watch, positions=floor.positions),
            presses=ground.presses,
            watch_list=watch_list,
        ),
        presses=ground.presses,
        results=_results(ground, floor, safety),
        system=SystemService(
            desk=floor.desk,
            recon=floor.recon,
            inbox=engine_room.inbox,
            guard=safety.guard,
            vigil=safety.vigil,
            watch=floor.watch,
            settings=ground.book,
            clock=ground.clock,
            wall=ground.wall,
            calls_used=calls_used,
            tasks=tasks,
            surroundings=surroundings,
        ),
        watch_list=watch_list,
        price_watch=price_watch,
        approvals=ApprovalPress(
            approval=engine_room.approval,
            cycle=engine_room.cycle,
            watch=floor.watch,
            presses=ground.presses,
            settings=ground.book,
        ),
    )


def _looking(
    ground: BaseParts,
    floor: TradingParts,
    safety: ProtectionParts,
    engine_room: SessionParts,
    *,
    environment: Environment,
    account_masked: str,
    calls_used: Callable[[], str],
) -> StatusQueries:
    return StatusQueries(
        engine=engine_room.engine,
        cycle=engine_room.cycle,
        desk=floor.desk,
        recon=floor.recon,
        orders=ground.journals.orders,
        decisions=ground.journals.decisions,
        outbox=ground.journals.outbox,
        watch=floor.watch,
        look=floor.look,
        positions=floor.positions,
        guard=safety.guard,
        vigil=safety.vigil,
        inbox=engine_room.inbox,
        modes=ground.modes,
        purse=floor.purse,
        settings=ground.book,
        clock=ground.clock,
        environment=environment,
        account_masked=account_masked,
        calls_used=calls_used,
    )


def _manual(ground: BaseParts, floor: TradingParts) -> ManualOrders:
    planner = OrderChecks(
        broker=ground.broker,
        desk=floor.desk,
        watch=floor.watch,
        look=floor.look,
        positions=floor.positions,
        modes=ground.modes,
        permissions=floor.permissions,
        purse=floor.purse,
        day_loss=floor.day_loss,
        settings=ground.book,
        clock=ground.clock,
    )
    return ManualOrders(desk=floor.desk, planner=planner, purse=floor.purse, presses=ground.presses, clock=ground.clock)


def _amends(ground: BaseParts, floor: TradingParts) -> Amends:
    return Amends(
        broker=ground.broker,
        desk=floor.desk,
        watch=floor.watch,
        look=floor.look,
        permissions=floor.permissions,
        purse=floor.purse,
        day_loss=floor.day_loss,
        settings=ground.book,
        presses=ground.presses,
    )


def _panic(ground: BaseParts, floor: TradingParts, safety: ProtectionParts) -> PanicPress:
    return PanicPress(
        panic=safety.panic,
        desk=floor.desk,
        watch=floor.watch,
        look=floor.look,
        positions=floor.positions,
        modes=ground.modes,
        settings=ground.book,
        presses=ground.presses,
        clock=ground.clock,
    )


def _results(ground: BaseParts, floor: TradingParts, safety: ProtectionParts) -> ResultService:
    return ResultService(
        records=ground.journals.records,
        decisions=ground.journals.decisions,
        changes=ground.journals.settings,
        watch=floor.watch,
        guard=safety.guard,
        positions=floor.positions,
        look=floor.look,
        settings=ground.book,
        clock=ground.clock,
    )
