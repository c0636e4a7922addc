"""What can go wrong between us and KIS; every branch descends from the port's errors."""

from strategy.model import (
    BrokerError,
    BrokerFault,
    DataUnavailable,
    InvalidInput,
    NotOffered,
    OrderRejected,
    OutcomeUnknown,
    Said,
    TryLater,
)


class KisError(BrokerError):
    """Root of the KIS client's errors; `code` is KIS's own (`EGW00201`), empty when it gave none."""

    def __init__(self, detail: str = "", *, code: str = "", user_message: Said | None = None) -> None:
        super().__init__(f"{code}: {detail}" if code else detail, user_message=user_message)
        self.code = code


class KisRefused(KisError, OrderRejected):
    """KIS said no for a business reason: nothing was placed, changed or canceled."""


class KisUnknown(KisError, OutcomeUnknown):
    """The request may have been carried out; only an inquiry can tell."""


class KisTimeout(KisUnknown):
    """An order's answer did not come in time."""


class KisLater(KisError, TryLater):
    """Certainly not carried out, worth asking again."""


class KisFault(KisError, BrokerFault):
    """A key, a setting, the account or our own request is wrong; asking again cannot help."""


class KisNotOffered(KisFault, NotOffered):
    """The environment does not have this call; nothing was sent."""


class KisData(KisError, DataUnavailable):
    """An answer came without what we asked for, or with what cannot be read."""


class KisInput(KisError, InvalidInput):
    """The caller asked for something that cannot be sent; nothing was."""


class FieldFault(KisData):
    """A field is missing or cannot be read; names the field, never shows an account's data."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"field {field} {problem}")
        self.field = field
