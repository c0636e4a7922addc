"""The error tree of the core: a branch answers what the caller may do next.

Every error carries two texts: the exception's own text for the log, and `user_message` for a person, which names
no secret, account or stack. The roots of `kis` and `storage` descend from these, so the core never imports them.
"""

from dataclasses import dataclass
from enum import StrEnum

from strategy.model.said import Said


class ErrorNote(StrEnum):
    TRADING = "error.trading"
    INPUT = "error.input"
    DENIED = "error.denied"
    STORAGE = "error.storage"
    DAMAGED = "error.damaged"
    BROKER = "error.broker"
    REJECTED = "error.rejected"
    OUTCOME_UNKNOWN = "error.outcome_unknown"
    TRY_LATER = "error.try_later"
    FAULT = "error.fault"
    NOT_OFFERED = "error.not_offered"
    NO_DATA = "error.no_data"


class TradingError(Exception):
    """Root of everything this program raises on purpose."""

    user_message: Said = Said(ErrorNote.TRADING)

    def __init__(self, detail: str = "", *, user_message: Said | None = None) -> None:
        super().__init__(detail or str(self.user_message))
        if user_message is not None:
            self.user_message = user_message


class InvalidInput(TradingError):
    """A person typed something that cannot be carried out; nothing has changed."""

    user_message = Said(ErrorNote.INPUT)


class InvalidOrder(TradingError):
    """An order that cannot exist (no quantity, no price, no zone)."""


class OrderDenied(TradingError):
    """Our own limits or guards refused the order before anything was sent."""

    user_message = Said(ErrorNote.DENIED)


class OfferedMeanwhile(OrderDenied):
    """More of the shares are offered by other orders than whoever sized this one knew; nothing was sent."""


class StorageError(TradingError):
    """The database could not keep a fact; whoever asked must not act as if it had."""

    user_message = Said(ErrorNote.STORAGE)


class StorageDamaged(StorageError):
    """What is stored cannot be trusted any more: nothing is read from it or written to it until a person has acted."""

    user_message = Said(ErrorNote.DAMAGED)


class InstanceLocked(StorageError):
    """Another running instance owns the data directory."""


class BrokerError(TradingError):
    """Anything that went wrong between us and the broker."""

    user_message = Said(ErrorNote.BROKER)


class OrderRejected(BrokerError):
    """The broker refused: certainly nothing was placed, changed or canceled."""

    user_message = Said(ErrorNote.REJECTED)


class OutcomeUnknown(BrokerError):
    """The request may have arrived: reconcile, do not send again."""

    user_message = Said(ErrorNote.OUTCOME_UNKNOWN)


class TryLater(BrokerError):
    """Certainly not carried out, and worth asking again after a pause (rate limit, maintenance, network)."""

    user_message = Said(ErrorNote.TRY_LATER)


class BrokerFault(BrokerError):
    """Our configuration or code is at fault; asking again cannot help."""

    user_message = Said(ErrorNote.FAULT)


class NotOffered(BrokerFault):
    """This environment does not offer the call (known before a request is sent)."""

    user_message = Said(ErrorNote.NOT_OFFERED)


class DataUnavailable(BrokerError):
    """A quote or bars are missing, stale or zero; unknown is never yes."""

    user_message = Said(ErrorNote.NO_DATA)


class Why(StrEnum):
    """What forbids an order."""

    NOT_ARMED = "not_armed"
    MODE = "mode"
    LOCK = "lock"
    NOT_RECONCILED = "not_reconciled"
    SESSION = "session"
    NOT_WATCHED = "not_watched"
    STOP_AT_WORK = "stop_at_work"
    NOT_ASKED_FOR = "not_asked_for"

    @property
    def lasts(self) -> bool:
        """Return whether somebody has decided so; anything else passes by itself."""
        return self in (Why.NOT_ARMED, Why.MODE, Why.LOCK)


@dataclass(frozen=True, slots=True)
class Forbidden:
    """One thing that stands against an order."""

    why: Why
    text: Said


class NotPermitted(OrderDenied):
    """Nothing was sent, because it is not allowed any more."""

    def __init__(self, forbidden: Forbidden) -> None:
        super().__init__(f"not permitted: {forbidden.why}", user_message=forbidden.text)
        self.why = forbidden.why
