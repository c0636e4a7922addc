"""What was decided of each ticker: stored with what is new to the owner, and kept for who asks for the newest."""

import logging
from typing import Protocol

from strategy.model import (
    BothSignals,
    Decision,
    DecisionAction,
    DecisionReason,
    Event,
    GateKey,
    ModeState,
    Side,
    SignalBlocked,
    Symbol,
)
from strategy.ports import DecisionJournal
from strategy.signals.rules import Evaluation

log = logging.getLogger(__name__)


class ChosenModes(Protocol):
    def of(self, symbol: Symbol) -> ModeState:
        """Return the mode in force for a ticker, with who set it."""


class DecisionLog:
    """Stores decisions; a blocked signal is told once per change of its guards, where it is news at all."""

    def __init__(self, decisions: DecisionJournal, modes: ChosenModes) -> None:
        self._decisions = decisions
        self._modes = modes
        self._told: dict[Symbol, tuple[str, ...]] = {}  # what was last said of a ticker, to say it once
        self.newest: dict[Symbol, Decision] = {}

    async def keep(self, weighed: Evaluation) -> Decision:
        """Store a decision with what is to be told of it; raise StorageError."""
        decision = await self._decisions.add(weighed.decision, self._events(weighed))
        self.newest[decision.symbol] = decision
        log.info(
            "decision",
            extra={
                "symbol": str(decision.symbol),
                "action": decision.action.value,
                "reason": decision.reason.value,
                "decision": decision.id,
                "rsi": decision.indicators.rsi if decision.indicators else None,
                "blocked_by": weighed.guards,
            },
        )
        return decision

    def _events(self, weighed: Evaluation) -> list[Event]:
        """Return what is new to the owner: a blocked signal is told once per change of its guards."""
        decision, verdict = weighed.decision, weighed.verdict
        said = self._told.get(decision.symbol)
        if decision.reason is DecisionReason.BOTH_SIGNALS:
            self._told[decision.symbol] = ("both",)
            return [] if said == ("both",) else [BothSignals(at=decision.decided_at, decision=decision)]
        if verdict.side is None or decision.action is not DecisionAction.NONE or decision.reason.held_back:
            self._told.pop(decision.symbol, None)
            return []
        if self._known(weighed):
            self._told.pop(decision.symbol, None)
            return []
        locked = GateKey.LOCK in weighed.guards  # whatever else comes and goes, a lock has been told
        key = (verdict.side, GateKey.LOCK) if locked else (verdict.side, *weighed.guards)
        self._told[decision.symbol] = key
        if said == key:
            return []
        return [SignalBlocked(at=decision.decided_at, decision=decision, side=verdict.side, guards=weighed.guards)]

    def _known(self, weighed: Evaluation) -> bool:
        """Return whether the owner knows why: it is the mode a person chose, or there is nothing to sell."""
        decision = weighed.decision
        if weighed.verdict.side is Side.SELL and decision.position_qty == 0:
            return True
        return GateKey.MODE in weighed.guards and self._modes.of(decision.symbol).set_by is not None
