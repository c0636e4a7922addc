"""The trading settings: names and defaults of `.env`, ranges, cross-checks.

One model serves the environment at start and every change in the chat, so both refuse the same values.
"""

import re
from collections.abc import Callable, Mapping
from datetime import time
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, Protocol

from pydantic import BeforeValidator, Field, InstanceOf, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from strategy.model import Interval, InvalidInput, PositionScope, QuietHours, Said, SellConfirm, Symbol, TradeMode
from strategy.settings.indicator_windows import in_reach, macd_window, rsi_window
from strategy.settings.messages import SettingFault


class TradingSettingFault(StrEnum):
    TIME = "setting.time"
    QUIET_HOURS = "setting.quiet_hours"
    EMPTY_ITEM = "setting.empty_item"
    NO_SYMBOL = "setting.no_symbol"
    REPEATED = "setting.repeated"
    LOSS = "setting.loss"
    DIGITS = "setting.digits"
    TOO_MANY_BARS = "setting.too_many_bars"
    NO_TICKER = "setting.no_ticker"
    RSI_ORDER = "setting.rsi_order"
    MACD_ORDER = "setting.macd_order"
    HOURS_ORDER = "setting.hours_order"
    SHUTDOWN_ORDER = "setting.shutdown_order"


def _minute_of_day(value: object) -> object:
    """Accept only HH:MM; pydantic alone would also take seconds since midnight."""
    if isinstance(value, time):
        return value
    text = str(value).strip()
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdigit() and len(minutes) == 2 and minutes.isdigit()):
        raise SettingFault(Said(TradingSettingFault.TIME))
    return f"{int(hours):02d}:{minutes}"


def _off(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in ("off", "none") else value


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _quiet_hours(value: object) -> object:
    """Read `23:00-07:00` (Korean time)."""
    if not isinstance(value, str):
        return value
    begins, dash, ends = value.partition("-")
    try:
        span = [time.fromisoformat(str(_minute_of_day(each))) for each in (begins, ends)] if dash else []
    except ValueError:
        span = []
    if len(span) != 2 or span[0] == span[1]:
        raise SettingFault(Said(TradingSettingFault.QUIET_HOURS))
    return QuietHours(*span)


_ODD_NUMBER = re.compile(r"[+-]?[\d.,]*(?:\d_[\d._]*|\d[eE][+-]?\d+)")

MarketTime = Annotated[time, BeforeValidator(_minute_of_day)]
NotifyLevel = Literal["on", "silent", "off"]
OptionalAmount = Annotated[Decimal | None, BeforeValidator(_off), BeforeValidator(_blank_is_none)]


class InMenu:
    """Where the chat shows a setting: its group, and the step of its buttons in the unit of its value."""

    def __init__(
        self, group: str, *, step: str | None = None, per_ticker: bool = True, by_command: bool = False
    ) -> None:
        self.group = group
        self.step = None if step is None else Decimal(step)
        self.per_ticker = per_ticker  # False: it means the account or the clock
        self.by_command = by_command  # /watch and /unwatch change it: shown, not set like the others


class TradingSettings(BaseSettings):
    """What the rule, the stops and the limits go by. Rates are fractions, `*_PCT` and `STOP_LOSS_RATE` percent.

    The settings the owner has always had must be written down (a forgotten size or stop is not guessed); the later
    ones have defaults.
    """

    model_config = SettingsConfigDict(
        env_file=None, frozen=True, extra="ignore", validate_default=True, env_ignore_empty=False
    )

    trading_tickers: Annotated[tuple[Symbol, ...], NoDecode, InMenu("other", per_ticker=False, by_command=True)]

    market_start_time: Annotated[MarketTime, InMenu("hours", per_ticker=False)]
    market_end_time: Annotated[MarketTime, InMenu("hours", per_ticker=False)]
    auto_shutdown_time: Annotated[MarketTime, InMenu("hours", per_ticker=False)]

    check_interval_minutes: Annotated[int, InMenu("pace", step="1", per_ticker=False)] = Field(ge=1, le=240)
    buy_delay_min: Annotated[int, InMenu("pace", step="1")] = Field(ge=0, le=10_000)
    sell_delay_min: Annotated[int, InMenu("pace", step="1")] = Field(ge=0, le=10_000)

    buy_rate: Annotated[Decimal, InMenu("size", step="0.05")] = Field(gt=0, le=1)
    sell_rate: Annotated[Decimal, InMenu("size", step="0.05")] = Field(gt=0, le=1)

    rsi_period: Annotated[int, InMenu("rsi", step="1")] = Field(14, ge=2, le=100)
    rsi_min_moves: Annotated[int, InMenu("rsi", step="1")] = Field(5, ge=1, le=50)
    rsi_oversold: Annotated[Decimal, InMenu("rsi", step="1")] = Field(ge=0, le=100)
    rsi_overbought: Annotated[Decimal, InMenu("rsi", step="1")] = Field(ge=0, le=100)
    rsi_interval: Annotated[Interval, InMenu("rsi")]
    macd_interval: Annotated[Interval, InMenu("macd")]
    macd_fast: Annotated[int, InMenu("macd", step="1")] = Field(12, ge=2, le=100)
    macd_slow: Annotated[int, InMenu("macd", step="1")] = Field(26, ge=3, le=200)
    macd_signal: Annotated[int, InMenu("macd", step="1")] = Field(9, ge=2, le=100)
    cross_lookback: Annotated[int, InMenu("macd", step="1")] = Field(5, ge=1, le=50)
    sell_confirm: Annotated[SellConfirm, InMenu("macd")] = SellConfirm.GOLDEN
    signal_bars: Annotated[Literal["auto", "closed", "live"], InMenu("macd")] = "auto"

    stop_loss_rate: Annotated[Decimal | None, BeforeValidator(_off), InMenu("stop", step="0.5")] = Field(gt=-100, lt=0)
    take_profit_rate: Annotated[OptionalAmount, InMenu("stop", step="1")] = Field(None, gt=0, le=1000)
    trailing_stop_pct: Annotated[OptionalAmount, InMenu("stop", step="0.5")] = Field(None, gt=0, lt=100)
    stop_loss_collar_pct: Annotated[Decimal, InMenu("stop", step="0.5")] = Field(Decimal("1.0"), ge=0, le=20)
    stop_loss_reprice_s: Annotated[int, InMenu("stop", step="1")] = Field(3, ge=1, le=600)
    stop_poll_s: Annotated[int, InMenu("stop", step="1")] = Field(5, ge=1, le=600)
    stop_price_band_pct: Annotated[Decimal, InMenu("stop", step="0.5")] = Field(Decimal("1.0"), gt=0, le=20)

    order_timeout_s: Annotated[int, InMenu("orders", step="10")] = Field(60, ge=5, le=3600)
    order_reprices: Annotated[int, InMenu("orders", step="1")] = Field(3, ge=0, le=20)

    min_order_usd: Annotated[OptionalAmount, InMenu("limits", step="50")] = Field(Decimal(100), gt=0, le=100_000)
    max_order_usd: Annotated[OptionalAmount, InMenu("limits", step="100")] = Field(None, gt=0)
    max_position_rate: Annotated[Decimal, InMenu("limits", step="0.05")] = Field(Decimal("0.5"), gt=0, le=1)
    max_orders_per_day: Annotated[int, InMenu("limits", step="5", per_ticker=False)] = Field(50, ge=1, le=10_000)
    daily_loss_limit_pct: Annotated[OptionalAmount, InMenu("limits", step="0.5", per_ticker=False)] = Field(
        Decimal(5), gt=0, le=100
    )
    max_open_tickers: Annotated[
        int | None, BeforeValidator(_off), BeforeValidator(_blank_is_none), InMenu("limits", step="1", per_ticker=False)
    ] = Field(None, ge=1, le=1000)
    max_spread_pct: Annotated[Decimal, InMenu("limits", step="0.5")] = Field(Decimal("2.0"), gt=0, le=100)
    split_guard_pct: Annotated[Decimal, InMenu("limits", step="5")] = Field(Decimal(40), gt=0, le=1000)
    position_scope: Annotated[PositionScope, InMenu("other")] = PositionScope.ACCOUNT

    trade_mode: Annotated[TradeMode, InMenu("orders")] = TradeMode.AUTO
    approval_min: Annotated[int, InMenu("orders", step="1")] = Field(5, ge=1, le=60)
    approval_drift_pct: Annotated[Decimal, InMenu("orders", step="0.1")] = Field(Decimal("0.5"), gt=0, le=10)

    quiet_hours: Annotated[
        InstanceOf[QuietHours] | None,
        BeforeValidator(_quiet_hours),
        BeforeValidator(_off),
        BeforeValidator(_blank_is_none),
        InMenu("alerts", per_ticker=False),
    ] = None
    notify_orders: Annotated[NotifyLevel, InMenu("alerts", per_ticker=False)] = "on"
    notify_fills: Annotated[NotifyLevel, InMenu("alerts", per_ticker=False)] = "on"
    notify_signals: Annotated[NotifyLevel, InMenu("alerts", per_ticker=False)] = "silent"
    notify_session: Annotated[NotifyLevel, InMenu("alerts", per_ticker=False)] = "on"
    notify_stream: Annotated[NotifyLevel, InMenu("alerts", per_ticker=False)] = "silent"
    notify_changes: Annotated[NotifyLevel, InMenu("alerts", per_ticker=False)] = "silent"
    notify_notes: Annotated[NotifyLevel, InMenu("alerts", per_ticker=False)] = "silent"
    dashboard: Annotated[Literal["on", "off"], InMenu("alerts", per_ticker=False)] = "on"

    quote_max_age_s: Annotated[int, InMenu("other", step="5")] = Field(30, ge=1, le=3600)
    reconcile_interval_s: Annotated[int, InMenu("other", step="30", per_ticker=False)] = Field(60, ge=5, le=3600)
    commission_pct: Annotated[Decimal, InMenu("other", step="0.05")] = Field(Decimal("0.25"), ge=0, le=5)
    sec_fee_pct: Annotated[Decimal, InMenu("other", step="0.001")] = Field(Decimal("0.00206"), ge=0, le=1)

    @field_validator("trading_tickers", mode="before")
    @classmethod
    def _tickers(cls, value: Any) -> Any:
        """Read `NASDAQ:TQQQ,NYSE:O`; name the position of what is wrong (row S29)."""
        if not isinstance(value, str):
            return value
        symbols: list[Symbol] = []
        written: set[str] = set()
        found: list[Said] = []
        for position, item in enumerate(value.split(","), start=1):
            if not item.strip():
                found.append(Said(TradingSettingFault.EMPTY_ITEM, position=position))
                continue
            try:
                symbol = Symbol.parse(item)
            except InvalidInput:
                found.append(Said(TradingSettingFault.NO_SYMBOL, position=position, item=item.strip()[:40]))
                continue
            as_written = "".join(item.upper().split())
            if as_written in written:
                found.append(Said(TradingSettingFault.REPEATED, position=position, symbol=str(symbol)))
            written.add(as_written)
            if symbol not in symbols:  # BRK.B beside BRK/B, as versions stored it that took them for two
                symbols.append(symbol)
        if found:
            raise SettingFault(*found)
        return tuple(symbols)

    @field_validator("trading_tickers", mode="after")
    @classmethod
    def _some_ticker(cls, value: tuple[Symbol, ...]) -> tuple[Symbol, ...]:
        if not value:
            raise SettingFault(Said(TradingSettingFault.NO_TICKER), between=True)
        return value

    @field_validator("stop_loss_rate", mode="before")
    @classmethod
    def _a_loss_is_negative(cls, value: Any) -> Any:
        """Explain a positive stop instead of only calling it out of range (row S42)."""
        try:
            rate = Decimal(str(value).strip())
        except ArithmeticError:
            return value
        if rate.is_finite() and not -100 < rate < 0:
            raise SettingFault(Said(TradingSettingFault.LOSS))
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_plain(cls, value: Any) -> Any:
        """Refuse `1e3` and `1_0`, which Python would read, before all other checks: the last validator runs first."""
        if isinstance(value, str) and _ODD_NUMBER.fullmatch(value.strip()):
            raise SettingFault(Said(TradingSettingFault.DIGITS))
        return value

    # settings that are held against one another: each pair at the later of the two, which sees what stands above it,
    # so that a fault of one field hides no disagreement of others

    @field_validator("market_end_time", mode="after")
    @classmethod
    def _opens_before_it_closes(cls, end: time, info: ValidationInfo) -> time:
        _held_against(info, "market_start_time", lambda start: start < end, TradingSettingFault.HOURS_ORDER)
        return end

    @field_validator("auto_shutdown_time", mode="after")
    @classmethod
    def _shuts_down_after_the_end(cls, shutdown: time, info: ValidationInfo) -> time:
        _held_against(info, "market_end_time", lambda end: end <= shutdown, TradingSettingFault.SHUTDOWN_ORDER)
        return shutdown

    @field_validator("rsi_overbought", mode="after")
    @classmethod
    def _oversold_below_overbought(cls, overbought: Decimal, info: ValidationInfo) -> Decimal:
        _held_against(info, "rsi_oversold", lambda oversold: oversold < overbought, TradingSettingFault.RSI_ORDER)
        return overbought

    @field_validator("rsi_interval", mode="after")
    @classmethod
    def _rsi_can_be_had(cls, interval: Interval, info: ValidationInfo) -> Interval:
        if "rsi_period" in info.data:
            _window_can_be_had("RSI_PERIOD", interval, rsi_window(info.data["rsi_period"]))
        return interval

    @field_validator("macd_slow", mode="after")
    @classmethod
    def _fast_below_slow(cls, slow: int, info: ValidationInfo) -> int:
        _held_against(info, "macd_fast", lambda fast: fast < slow, TradingSettingFault.MACD_ORDER)
        return slow

    @field_validator("cross_lookback", mode="after")
    @classmethod
    def _macd_can_be_had(cls, lookback: int, info: ValidationInfo) -> int:
        if {"macd_interval", "macd_slow", "macd_signal"} <= info.data.keys():
            window = macd_window(info.data["macd_slow"], info.data["macd_signal"], lookback)
            _window_can_be_had("MACD_SLOW, MACD_SIGNAL, CROSS_LOOKBACK", info.data["macd_interval"], window)
        return lookback


def _held_against(
    info: ValidationInfo, name: str, agrees: Callable[[Any], bool], otherwise: TradingSettingFault
) -> None:
    """Raise SettingFault where an earlier field, itself in order, does not agree."""
    if name in info.data and not agrees(info.data[name]):
        raise SettingFault(Said(otherwise), between=True)


def _window_can_be_had(names: str, interval: Interval, window: int) -> None:
    """Refuse periods that no warm-up could ever fill: of minute bars the broker keeps about a month."""
    there = in_reach(interval)
    if there is not None and window > there:
        said = Said(
            TradingSettingFault.TOO_MANY_BARS, names=names, window=window, minutes=interval.value, available=there
        )
        raise SettingFault(said, between=True)


MENU: Mapping[str, InMenu] = {
    name.upper(): next(each for each in field.metadata if isinstance(each, InMenu))
    for name, field in TradingSettings.model_fields.items()
}  # each setting by its name in `.env`


class SettingsInForce(Protocol):
    """What readers of settings are handed; what holds may change between two calls (`settings.store` keeps it)."""

    @property
    def account(self) -> TradingSettings:
        """Return the settings in force for the account."""

    @property
    def tickers(self) -> tuple[Symbol, ...]:
        """Return the watch list."""

    def of(self, symbol: Symbol | None) -> TradingSettings:
        """Return the settings in force for a ticker (overrides of the account underneath)."""


def intervals_of(settings: TradingSettings) -> tuple[Interval, ...]:
    """Return the intervals a ticker's rule needs, each once."""
    return tuple(dict.fromkeys((settings.rsi_interval, settings.macd_interval)))


def windows_of(settings: TradingSettings) -> dict[Interval, int]:
    """Return how many closes the indicators of each interval are computed from."""
    windows = {settings.rsi_interval: rsi_window(settings.rsi_period)}
    of_macd = macd_window(settings.macd_slow, settings.macd_signal, settings.cross_lookback)
    windows[settings.macd_interval] = max(windows.get(settings.macd_interval, 0), of_macd)
    return windows


def setting_text(value: object) -> str:
    """Return a setting as `.env` would write it."""
    if value is None:
        return "off"
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    return str(value)
