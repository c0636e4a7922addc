"""The error tree of the core: a branch answers what the caller may do next.

Every error carries two texts: the exception's own text for the log, and `user_message` for a person, which names
no secret, account or stack. The roots of `kis` and `storage` descend from these, so the core never imports them.
"""

from dataclasses import dataclass
from enum import StrEnum

from strategy.model.text import Text


class TradingError(Exception):
    """Root of everything this program raises on purpose."""

    user_message = Text("처리하지 못했습니다. /diagnose 로 상태를 확인하세요.", "That did not work. See /diagnose.")

    def __init__(self, detail: str = "", *, user_message: Text | None = None) -> None:
        super().__init__(detail or self.user_message.en)
        if user_message is not None:
            self.user_message = user_message


class InvalidInput(TradingError):
    """A person typed something that cannot be carried out; nothing has changed."""

    user_message = Text("입력을 이해하지 못했습니다. /help 를 보세요.", "That input was not understood. See /help.")


class InvalidOrder(TradingError):
    """An order that cannot exist (no quantity, no price, no zone)."""


class OrderDenied(TradingError):
    """Our own limits or guards refused the order before anything was sent."""

    user_message = Text("한도 또는 안전장치가 주문을 막았습니다.", "A limit or guard refused the order.")


class StorageError(TradingError):
    """The database could not keep a fact; whoever asked must not act as if it had."""

    user_message = Text(
        "기록을 저장하지 못했습니다. 디스크를 확인하세요.", "The record could not be stored. Check the disk."
    )


class StorageDamaged(StorageError):
    """What is stored cannot be trusted any more: nothing is read from it or written to it until a person has acted."""

    user_message = Text(
        "데이터베이스가 손상되었습니다. 이것으로 거래하지 않습니다. 급하면 증권사 앱을 쓰고, 프로그램을 다시 시작해"
        " 안내를 보세요.",
        "The database is damaged; nothing is traded upon it. If it is urgent use the broker's app. Start the program"
        " again to see what to do.",
    )


class InstanceLocked(StorageError):
    """Another running instance owns the data directory."""


class BrokerError(TradingError):
    """Anything that went wrong between us and the broker."""

    user_message = Text("증권사와 통신하지 못했습니다.", "The broker could not be reached.")


class OrderRejected(BrokerError):
    """The broker refused: certainly nothing was placed, changed or canceled."""

    user_message = Text("증권사가 주문을 거부했습니다.", "The broker refused the order.")


class OutcomeUnknown(BrokerError):
    """The request may have arrived: reconcile, do not send again."""

    user_message = Text(
        "증권사의 답이 없습니다. 주문 결과를 확인하고 있습니다.",
        "No answer from the broker. Checking what became of the order.",
    )


class TryLater(BrokerError):
    """Certainly not carried out, and worth asking again after a pause (rate limit, maintenance, network)."""

    user_message = Text(
        "증권사가 지금 응답하지 않거나 받지 않습니다.", "The broker does not answer or takes nothing right now."
    )


class BrokerFault(BrokerError):
    """Our configuration or code is at fault; asking again cannot help."""

    user_message = Text("설정 또는 계좌 문제로 거부되었습니다.", "Refused because of a setting or the account.")


class NotOffered(BrokerFault):
    """This environment does not offer the call (known before a request is sent)."""

    user_message = Text("이 환경에서는 제공되지 않는 기능입니다.", "This environment does not offer that.")


class DataUnavailable(BrokerError):
    """A quote or bars are missing, stale or zero; unknown is never yes."""

    user_message = Text("시세를 확인할 수 없습니다.", "No usable price right now.")


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
    text: Text


class NotPermitted(OrderDenied):
    """Nothing was sent, because it is not allowed any more."""

    def __init__(self, forbidden: Forbidden) -> None:
        super().__init__(f"not permitted: {forbidden.why}", user_message=forbidden.text)
        self.why = forbidden.why
