"""What trades by the rules: the engine with its cycle of checks, the approvals it waits for, the news of the stream."""

from collections.abc import Sequence
from dataclasses import dataclass

from strategy.health.surroundings_lines import SurroundingsLines
from strategy.health.trading_state import TradingState
from strategy.model import Text
from strategy.reports.ready_check import ReadyLines
from strategy.reports.session_cards import SessionCards
from strategy.runtime.probes import Surroundings
from strategy.session.stream_inbox import StreamInbox
from strategy.session.trading_day import Engine
from strategy.session.watchlist_changes import Roster
from strategy.signals.approval import Approval
from strategy.signals.evaluation import SignalEvaluator
from strategy.signals.signal_check import SignalCheck
from strategy.signals.snapshot import SnapshotReader
from strategy.wiring.base import BaseParts
from strategy.wiring.protection import ProtectionParts
from strategy.wiring.trading import TradingParts


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionParts:
    """The engine and what works beside it all session long."""

    approval: Approval
    cycle: SignalCheck
    inbox: StreamInbox
    engine: Engine
    roster: Roster
    cards: SessionCards
    state: TradingState
    around: SurroundingsLines


def build_session(
    parts: BaseParts,
    trading: TradingParts,
    protection: ProtectionParts,
    *,
    remarks: Sequence[Text],
    surroundings: Surroundings,
) -> SessionParts:
    """Return the engine room. `remarks` go on the start card, `surroundings` into the ready check."""
    approval = Approval(
        presses=parts.presses,
        orders=parts.journals.orders,
        settings=parts.book,
        notes=parts.journals.notes,
        clock=parts.clock,
        wall=parts.wall,
        activity=parts.activity,
    )
    trading.watch.on_price(Text("승인 카드", "the approval cards"), approval.on_price)
    cycle = _cycle(parts, trading, protection, approval)
    inbox = StreamInbox(
        watch=trading.watch,
        guard=protection.guard,
        desk=trading.desk,
        recon=trading.recon,
        account_sync=trading.account_sync,
        notifier=parts.notifier,
        clock=parts.clock,
        activity=parts.activity,
    )
    engine = Engine(
        cycle=cycle,
        approval=approval,
        watch=trading.watch,
        desk=trading.desk,
        orders=parts.journals.orders,
        guard=protection.guard,
        panic=protection.panic,
        fallback=protection.fallback,
        inbox=inbox,
        account_sync=trading.account_sync,
        positions=trading.positions,
        modes=parts.modes,
        settings=parts.book,
        notes=parts.journals.notes,
        notifier=parts.notifier,
        clock=parts.clock,
        activity=parts.activity,
        wall=parts.wall,
        pace=parts.pace,
        remarks=remarks,
    )
    roster = Roster(
        settings=parts.book,
        watch=trading.watch,
        guard=protection.guard,
        approval=approval,
        engine=engine,
        activity=parts.activity,
    )
    state = TradingState(trading.desk, trading.recon, inbox)
    around = SurroundingsLines(surroundings=surroundings, clock=parts.clock, wall=parts.wall)
    cards = SessionCards(
        ready=ReadyLines(
            watch=trading.watch,
            account_sync=trading.account_sync,
            stream=inbox,
            around=around,
            settings=parts.book,
        ),
        begun=engine.begun,
        notes=parts.journals.notes,
        clock=parts.clock,
        activity=parts.activity,
    )
    return SessionParts(
        approval=approval,
        cycle=cycle,
        inbox=inbox,
        engine=engine,
        roster=roster,
        cards=cards,
        state=state,
        around=around,
    )


def _cycle(parts: BaseParts, trading: TradingParts, protection: ProtectionParts, approval: Approval) -> SignalCheck:
    return SignalCheck(
        snapshots=SnapshotReader(
            watch=trading.watch,
            desk=trading.desk,
            orders=parts.journals.orders,
            positions=trading.positions,
            account_sync=trading.account_sync,
            settings=parts.book,
            clock=parts.clock,
        ),
        evaluator=SignalEvaluator(
            broker=parts.broker,
            desk=trading.desk,
            modes=parts.modes,
            exposure_meter=trading.exposure_meter,
            settings=parts.book,
        ),
        approval=approval,
        desk=trading.desk,
        decisions=parts.journals.decisions,
        guard=protection.guard,
        fallback=protection.fallback,
        account_sync=trading.account_sync,
        exposure_meter=trading.exposure_meter,
        day_loss=trading.day_loss,
        splits=protection.splits,
        settings=parts.book,
        notifier=parts.notifier,
        clock=parts.clock,
        activity=parts.activity,
    )
