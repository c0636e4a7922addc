"""What the owner can do about a refusal: one sentence per cause (kis-protocol 5.2, 10.2; rows S107-S113)."""

from enum import StrEnum


class Cause(StrEnum):
    """Why KIS said no, as far as a person can act on it."""

    KEY = "kis.key"
    SECRET = "kis.secret"
    ENVIRONMENT = "kis.environment"
    SERVICE = "kis.service"
    TOKEN = "kis.token"
    TOKEN_RATE = "kis.token_rate"
    RATE = "kis.rate"
    LEDGER_RATE = "kis.ledger_rate"
    GATEWAY = "kis.gateway"
    ASK_AGAIN = "kis.ask_again"
    BLOCKED = "kis.blocked"
    REQUEST = "kis.request"
    ACCOUNT = "kis.account"
    ACCOUNT_ENDED = "kis.account_ended"
    CORPORATE = "kis.corporate"
    HOURS = "kis.hours"
    RESERVATION_HOURS = "kis.reservation_hours"
    SYMBOL = "kis.symbol"
    CASH = "kis.cash"
    QUANTITY = "kis.quantity"
    NOTHING_LEFT = "kis.nothing_left"
    TICK = "kis.tick"
    PRICE = "kis.price"
    ORDER_TYPE = "kis.order_type"
    ENTITLEMENT = "kis.entitlement"
    NOT_OFFERED = "kis.not_offered"
    NETWORK = "kis.network"
    OTHER = "kis.other"


class CauseNote(StrEnum):
    LABELED = "kis.labeled"  # a cause with KIS's code and KIS's own words
