"""What protects the account: stops, the watch over their prices, selling everything, and what a crash takes away."""

from strategy.panic.panic import Panic
from strategy.panic.reports import PanicReports
from strategy.risk.overnight_prices import Overnight
from strategy.risk.split_guard import SplitGuard
from strategy.stops.exit_ladder import ExitLadder
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.safe_mode import Fallback
from strategy.stops.stop_monitor import StopMonitor
from strategy.stops.stop_reports import StopReports
from strategy.wiring.parts import BaseParts, ProtectionParts, TradingParts


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
    guard = _guard(parts, trading, ladder, splits)
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
        account_sync=trading.account_sync,
        positions=trading.positions,
        modes=parts.modes,
        settings=parts.book,
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
        notes=parts.journals.notes,
        clock=parts.clock,
        activity=parts.activity,
        visibility_lag_s=visibility_lag_s,
    )
    return ProtectionParts(splits=splits, guard=guard, watchdog=watchdog, fallback=fallback, panic=panic)


def _guard(parts: BaseParts, trading: TradingParts, ladder: ExitLadder, splits: SplitGuard) -> StopMonitor:
    return StopMonitor(
        desk=trading.desk,
        orders=parts.journals.orders,
        decisions=parts.journals.decisions,
        watch=trading.watch,
        modes=parts.modes,
        positions=trading.positions,
        account_sync=trading.account_sync,
        ladder=ladder,
        splits=splits,
        prices=trading.prices,
        story=StopReports(
            orders=parts.journals.orders,
            decisions=parts.journals.decisions,
            notes=parts.journals.notes,
            notifier=parts.notifier,
            watch=trading.watch,
            positions=trading.positions,
            account_sync=trading.account_sync,
            settings=parts.book,
            clock=parts.clock,
        ),
        settings=parts.book,
        notifier=parts.notifier,
        notes=parts.journals.notes,
        clock=parts.clock,
        activity=parts.activity,
    )
