"""What trades by the rules: the engine with its cycle of checks, the approvals it waits for, the news of the stream."""

from collections.abc import Sequence
from dataclasses import dataclass

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


def build_session(
    ground: BaseParts,
    floor: TradingParts,
    safety: ProtectionParts,
    *,
    remarks: Sequence[Text],
    surroundings: Surroundings,
) -> SessionParts:
    """Return the engine room. `remarks` go on the start card, `surroundings` into the ready check."""
    approval = Approval(
        presses=ground.presses,
        orders=ground.journals.orders,
        settings=ground.book,
        notes=ground.journals.notes,
        clock=ground.clock,
        wall=ground.wall,
        activity=ground.activity,
    )
    floor.watch.on_price(Text("승인 카드", "the approval cards"), approval.on_price)
    cycle = _cycle(ground, floor, safety, approval)
    inbox = StreamInbox(
        watch=floor.watch,
        guard=safety.guard,
        desk=floor.desk,
        recon=floor.recon,
        look=floor.look,
        notifier=ground.notifier,
        clock=ground.clock,
        activity=ground.activity,
    )
    engine = Engine(
        cycle=cycle,
        approval=approval,
        watch=floor.watch,
        desk=floor.desk,
        orders=ground.journals.orders,
        guard=safety.guard,
        panic=safety.panic,
        fallback=safety.fallback,
        inbox=inbox,
        look=floor.look,
        positions=floor.positions,
        modes=ground.modes,
        settings=ground.book,
        notes=ground.journals.notes,
        notifier=ground.notifier,
        clock=ground.clock,
        activity=ground.activity,
        wall=ground.wall,
        pace=ground.pace,
        remarks=remarks,
    )
    roster = Roster(
        settings=ground.book,
        watch=floor.watch,
        guard=safety.guard,
        approval=approval,
        engine=engine,
        activity=ground.activity,
    )
    cards = SessionCards(
        ready=ReadyLines(
            watch=floor.watch,
            look=floor.look,
            inbox=inbox,
            settings=ground.book,
            clock=ground.clock,
            wall=ground.wall,
            surroundings=surroundings,
        ),
        begun=engine.begun,
        notes=ground.journals.notes,
        clock=ground.clock,
        activity=ground.activity,
    )
    return SessionParts(approval=approval, cycle=cycle, inbox=inbox, engine=engine, roster=roster, cards=cards)


def _cycle(ground: BaseParts, floor: TradingParts, safety: ProtectionParts, approval: Approval) -> SignalCheck:
    return SignalCheck(
        camera=SnapshotReader(
            watch=floor.watch,
            desk=floor.desk,
            orders=ground.journals.orders,
            positions=floor.positions,
            look=floor.look,
            settings=ground.book,
            clock=ground.clock,
        ),
        weigher=SignalEvaluator(
            broker=ground.broker, desk=floor.desk, modes=ground.modes, purse=floor.purse, settings=ground.book
        ),
        approval=approval,
        desk=floor.desk,
        decisions=ground.journals.decisions,
        guard=safety.guard,
        fallback=safety.fallback,
        look=floor.look,
        purse=floor.purse,
        day_loss=floor.day_loss,
        splits=safety.splits,
        settings=ground.book,
        notifier=ground.notifier,
        clock=ground.clock,
        activity=ground.activity,
    )
