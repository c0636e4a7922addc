"""What the chat asks for: looks, orders by hand, modes, settings, results and the state of the system."""

from collections.abc import Callable, Sequence

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
from strategy.control.watchlist import WatchList
from strategy.health.connection_test import Checkup
from strategy.health.system import SystemService
from strategy.health.trading_lines import TradingLines
from strategy.model import Environment, TaskHealth
from strategy.reports.reports import ResultService
from strategy.runtime.probes import Surroundings
from strategy.wiring.parts import BaseParts, ProtectionParts, SessionParts, TradingParts


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
    modes = ModeService(
        modes=parts.modes,
        splits=protection.splits,
        positions=trading.positions,
        settings=parts.book,
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
        guard=protection.guard,
        presses=parts.presses,
        exposure_meter=trading.exposure_meter,
        pace=parts.pace,
    )
    return Control(
        status=StatusQueries(
            account=Account(environment=environment, masked=account_masked, calls_used=surroundings.calls_used),
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
            orders=parts.journals.orders,
            stops=protection.guard,
            modes=parts.modes,
            settings=parts.book,
            clock=parts.clock,
        ),
        tickers=tickers,
        orders=_orders(parts, trading, protection, session, modes),
        modes=modes,
        arming=arming,
        settings=SettingService(
            settings=parts.book,
            effects=Effects(settings=parts.book, watch=trading.watch, positions=trading.positions),
            presses=parts.presses,
            watch_list=watchlist,
        ),
        results=_results(parts, trading, protection),
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
        price_alerts=session.price_watch,
        confirmations=parts.presses,
    )


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
        cancels=Cancels(desk=trading.desk, presses=parts.presses),
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
        guard=protection.guard,
        positions=trading.positions,
        account_sync=trading.account_sync,
        settings=parts.book,
        clock=parts.clock,
    )
