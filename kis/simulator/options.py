"""Every choice of the simulator, among them each point on which the sources disagree (kis-protocol 12).
See decision 0088."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from kis.simulator.market.calendar import TradingWindows


class Served(StrEnum):
    """Real or virtual (paper) trading: an app key belongs to one of them."""

    REAL = "real"
    VIRTUAL = "virtual"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySpec:
    """An app key declared beforehand; what is None is bound at first use."""

    app_key: str
    app_secret: str | None = None
    environment: Served | None = None
    account: str | None = None  # ten digits
    hts_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Shares an account holds at the start."""

    symbol: str
    qty: int
    average: Decimal | None = None  # None: the price at the start


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """Settings of one simulator; the defaults follow the protocol document's suggested assumptions. Cash is dollars,
    `krw_rate` won per dollar; fees and `feed_share` are fractions."""

    environment: Served = Served.VIRTUAL
    faults: tuple[dict[str, Any], ...] = ()  # in force from the start, as POST /sim/fault takes them
    keys: tuple[KeySpec, ...] = ()

    # money (kis-protocol 9)
    cash: Decimal = Decimal(100_000)
    holdings: tuple[Holding, ...] = ()
    krw_rate: Decimal = Decimal("1391.50")
    commission_rate: Decimal = Decimal("0.0025")
    sec_fee_rate: Decimal = Decimal("0.0000206")
    virtual_fee_rate: Decimal = Decimal("0.01")
    holder_name: str = "홍길동"

    # tokens and limits (kis-protocol 2, 6)
    rate_limits: bool = True
    real_calls_per_s: int = 18
    virtual_calls_per_s: int = 1
    refused_calls_count: bool = False  # whether a refused call fills the window too
    ledger_limiter: bool = False  # many clients in use do not know it
    ledger_calls_per_s: int = 1
    second_issue: Literal["refuse", "same"] = "refuse"  # a second tokenP within a minute
    token_life_s: int = 86_400
    token_same_within_s: int = 6 * 3_600
    old_token_survives: bool = True  # a re-issue after six hours leaves the older token valid
    approval_limit: bool = False  # one approval key a second; clients in use ask for one per registration
    approval_once: bool = False  # an approval key dies with the first connection that used it

    # answers
    real_refusal_status: int = 200
    virtual_refusal_status: int = 500
    pad_messages: bool = True
    pad_contexts: bool = True
    empty_result: Literal["list", "object"] = "list"
    empty_rt_cd: Literal["0", "7", "1"] = "0"  # beside the code that says that nothing was found
    balance_totals: Literal["object", "list"] = "object"
    filler_rows: bool = False
    ticks_rows: Literal["both", "output1", "output2"] = "both"  # the published example and the layout disagree
    virtual_present_deposit: bool = True  # output2 of the virtual present balance carries the deposit
    virtual_quote_failures: int = 0  # of a thousand virtual quote calls, how many answer 500

    # visibility of fills in inquiries, market seconds, drawn per fill (quirk 9)
    ccnl_lag_s: tuple[float, float] = (0.0, 2.0)
    balance_lag_s: tuple[float, float] = (0.0, 2.0)
    lagging_order_looks_closed: bool = False

    # orders
    match_delay_s: float = 0.0
    refuse_wash_trades: bool = False  # refuse an order that would meet one of the account's own
    notice_delay_s: float = 0.0  # between an event and its notice
    windows: TradingWindows = field(default_factory=TradingWindows)
    extension_enrolled: bool = False
    virtual_excluded: tuple[str, ...] = ()  # tickers that cannot be traded on virtual
    expired_virtual_account: bool = False  # orders give 40910000

    # time
    clock_offset_s: float = 0.0  # the server's clock less its clients': what they take for now from /sim/clock

    # market
    prints_a_minute: int = 6
    feed_share: float = 1.0  # how much of the official volume the free feed sees; about half in truth (quirk 24)
    live: bool = True  # False: nothing trades but prints by hand
    model_after_replay: bool = True
    grain: Literal["minute", "second", "daily"] = "minute"
    extended_minute_bars: bool = True
    corrected_after_noon: bool = True  # official daily bars replace the partial feed's at 12:00 KST next day
    splits_adjust_positions: bool = True

    # WebSocket (kis-protocol 7)
    virtual_ticks: bool = True
    ack_encrypt: Literal["flag", "always_n"] = "flag"  # whether acknowledgements of notices say Y
    book_levels: Literal[1, 10] = 10
    book_with_key: bool = True
    book_level3_twice: bool = False
    order_notice_fields: int = 24
    fill_notice_fields: int = 25
    notice_padded_numbers: bool = True
    notice_price_point: bool = False  # field 9 with a decimal point instead of four implied decimals
    in_use: Literal["refuse_newcomer", "drop_old"] = "refuse_newcomer"
    close_refused_newcomer: bool = True
    linger_s: float = 0.0  # how long a session that ended without a close still holds its key
    max_registrations: int = 41
    pingpong_s: int = 60
    pingpong_silence_s: int = 100
    pingpong_real_floor_s: float = 10.0  # never drop a client for fewer real seconds than this
    records_per_frame: int = 4
    mtyp: Literal["session", "always_1"] = "session"
