"""What protects the account: the stops, the vigil over them, selling everything, and the answer to a broken service."""

from dataclasses import dataclass

from strategy.panic.panic import Panic
from strategy.panic.reports import PanicReports
from strategy.risk.overnight_prices import Overnight
from strategy.risk.split_guard import SplitGuard
from strategy.stops.exit_ladder import ExitLadder
from strategy.stops.price_watchdog import PriceWatchdog
from strategy.stops.safe_mode import Fallback
from strategy.stops.stop_monitor import StopMonitor
from strategy.stops.stop_reports import StopReports
from strategy.wiring.base import BaseParts
from strategy.wiring.trading import TradingParts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionParts:
    """The parts that sell, or forbid, whatever the rules say."""

    splits: SplitGuard
    guard: StopMonitor
    vigil: PriceWatchdog
    fallback: Fallback
    panic: Panic


def build_protection(ground: BaseParts, floor: TradingParts, *, visibility_lag_s: float) -> ProtectionParts:
    """Return the safety. The broker's list of positions may be `visibility_lag_s` late, in market time."""
    splits = SplitGuard(
        watch=floor.watch,
        modes=ground.modes,
        positions=floor.positions,
        overnight=Overnight(notes=ground.journals.notes, clock=ground.clock),
        settings=ground.book,
        clock=ground.clock,
        activity=ground.activity,
    )
    ladder = ExitLadder(
        desk=floor.desk,
        orders=ground.journals.orders,
        watch=floor.watch,
        positions=floor.positions,
        look=floor.look,
        settings=ground.book,
        permissions=floor.permissions,
        clock=ground.clock,
        activity=ground.activity,
    )
    guard = _guard(ground, floor, ladder, splits)
    floor.permissions.selling = guard.running
    vigil = PriceWatchdog(
        guard=guard,
        watch=floor.watch,
        settings=ground.book,
        notifier=ground.notifier,
        notes=ground.journals.notes,
        clock=ground.clock,
        wall=ground.wall,
        activity=ground.activity,
    )
    fallback = Fallback(
        modes=ground.modes, guard=guard, watch=floor.watch, notifier=ground.notifier, clock=ground.clock
    )
    floor.desk.on_unstored = fallback.storage_failed
    panic = Panic(
        desk=floor.desk,
        guard=guard,
        ladder=ladder,
        look=floor.look,
        positions=floor.positions,
        modes=ground.modes,
        settings=ground.book,
        story=PanicReports(
            desk=floor.desk,
            orders=ground.journals.orders,
            watch=floor.watch,
            positions=floor.positions,
            settings=ground.book,
            notifier=ground.notifier,
            clock=ground.clock,
            activity=ground.activity,
        ),
        notes=ground.journals.notes,
        clock=ground.clock,
        activity=ground.activity,
        visibility_lag_s=visibility_lag_s,
    )
    return ProtectionParts(splits=splits, guard=guard, vigil=vigil, fallback=fallback, panic=panic)


def _guard(ground: BaseParts, floor: TradingParts, ladder: ExitLadder, splits: SplitGuard) -> StopMonitor:
    return StopMonitor(
        desk=floor.desk,
        orders=ground.journals.orders,
        decisions=ground.journals.decisions,
        watch=floor.watch,
        modes=ground.modes,
        positions=floor.positions,
        look=floor.look,
        ladder=ladder,
        splits=splits,
        prices=floor.prices,
        story=StopReports(
            orders=ground.journals.orders,
            decisions=ground.journals.decisions,
            notes=ground.journals.notes,
            notifier=ground.notifier,
            watch=floor.watch,
            positions=floor.positions,
            look=floor.look,
            settings=ground.book,
            clock=ground.clock,
        ),
        settings=ground.book,
        notifier=ground.notifier,
        notes=ground.journals.notes,
        clock=ground.clock,
        activity=ground.activity,
    )
