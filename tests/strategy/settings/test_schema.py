"""Settings of the environment: every fault named, valued and ranged, in both languages (rows S29-S42)."""

from datetime import time
from decimal import Decimal

import pytest
from pydantic import ValidationError

from strategy.model import Interval
from strategy.settings.messages import FaultyValue, allowed, plain_faults
from strategy.settings.schema import TradingSettings
from tests.fakes.clock import SAMPLE_SETTINGS, trading_settings
from tests.support.words import english, korean


def faults(**changes: str | None) -> list[FaultyValue]:
    values = {name: value for name, value in {**SAMPLE_SETTINGS, **changes}.items() if value is not None}
    with pytest.raises(ValidationError) as caught:
        TradingSettings.model_validate(values)
    return plain_faults(caught.value, TradingSettings)


def test_the_sample_is_valid() -> None:
    settings = trading_settings()
    assert [str(symbol) for symbol in settings.trading_tickers] == ["NASDAQ:TQQQ", "NYSE:O", "AMEX:XLF"]
    assert settings.market_start_time == time(9, 30)
    assert settings.stop_loss_rate == Decimal(-5)


@pytest.mark.parametrize("name", sorted(SAMPLE_SETTINGS))
@pytest.mark.parametrize("value", [None, "", "gibberish!"])
def test_missing_empty_and_malformed_values_are_refused_by_name(name: str, value: str | None) -> None:
    found = faults(**{name: value})
    assert [fault.name for fault in found] == [name.upper()]
    assert found[0].value == value
    assert korean(found[0].said()) != english(found[0].said())
    assert name.upper() in korean(found[0].said())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("check_interval_minutes", "0"),  # S33
        ("check_interval_minutes", "1.5"),
        ("buy_delay_min", "-1"),  # S34
        ("sell_delay_min", "-1"),  # S35
        ("buy_rate", "0"),  # S36
        ("buy_rate", "1.01"),
        ("sell_rate", "0"),  # S37
        ("sell_rate", "1.01"),
        ("rsi_oversold", "-0.1"),  # S38
        ("rsi_overbought", "100.1"),  # S39
        ("rsi_interval", "2"),  # S40
        ("macd_interval", "hour"),  # S41
        ("market_start_time", "24:00"),  # S30
        ("market_end_time", "9:5"),  # S31
        ("auto_shutdown_time", "1630"),  # S32
        ("buy_rate", "NaN"),
        ("max_order_usd", "0"),
    ],
)
def test_out_of_range_values_are_refused_with_value_and_range(name: str, value: str) -> None:
    (fault,) = faults(**{name: value})
    assert fault.name == name.upper()
    assert fault.value == value
    assert value in korean(fault.said())


@pytest.mark.parametrize(("oversold", "overbought"), [("0", "100"), ("29.5", "70.25"), ("49.99", "50")])
def test_thresholds_take_decimals_from_0_to_100_s38_s39(oversold: str, overbought: str) -> None:
    settings = trading_settings(rsi_oversold=oversold, rsi_overbought=overbought)
    assert (settings.rsi_oversold, settings.rsi_overbought) == (Decimal(oversold), Decimal(overbought))


@pytest.mark.parametrize("overbought", ["50", "49.99"])
def test_oversold_must_lie_below_overbought_s38_s39(overbought: str) -> None:
    (fault,) = faults(rsi_oversold="50", rsi_overbought=overbought)
    assert "RSI_OVERSOLD" in english(fault.problem)
    assert "RSI_OVERBOUGHT" in korean(fault.problem)


@pytest.mark.parametrize("value", ["0", "5", "-100", "-100.1", "+5"])
def test_a_stop_that_is_no_loss_is_explained_s42(value: str) -> None:
    (fault,) = faults(stop_loss_rate=value)
    assert "-5" in korean(fault.problem)
    assert "off" in english(fault.problem)


@pytest.mark.parametrize("value", ["off", "OFF", " off "])
def test_the_stop_can_be_switched_off_in_words_s42(value: str) -> None:
    assert trading_settings(stop_loss_rate=value).stop_loss_rate is None


@pytest.mark.parametrize("interval", list(Interval))
def test_every_interval_is_taken_s40_s41(interval: Interval) -> None:
    settings = trading_settings(rsi_interval=interval.value, macd_interval=interval.value)
    assert settings.rsi_interval is settings.macd_interval is interval


def test_tickers_are_trimmed_and_upper_cased_s29() -> None:
    symbols = trading_settings(trading_tickers=" nasdaq : tqqq ,NYSE:brk/b").trading_tickers
    assert [str(symbol) for symbol in symbols] == ["NASDAQ:TQQQ", "NYSE:BRK/B"]


@pytest.mark.parametrize(
    ("tickers", "position"),
    [("NASDAQ:TQQQ,,NYSE:O", 2), ("NASDAQ:TQQQ,LSE:VOD", 2), ("TQQQ", 1), ("NYSE:O,NASDAQ:TQQQ,nyse:o", 3), ("O:", 1)],
)
def test_a_wrong_ticker_is_refused_with_its_position_s29(tickers: str, position: int) -> None:
    (fault,) = faults(trading_tickers=tickers)
    assert f"item {position}" in english(fault.problem)
    assert f"{position}번째" in korean(fault.problem)


@pytest.mark.parametrize(
    "changes",
    [
        {"rsi_oversold": "60", "rsi_overbought": "60"},
        {"macd_fast": "26", "macd_slow": "26"},
        {"market_start_time": "16:00"},
        {"auto_shutdown_time": "15:59"},
    ],
)
def test_settings_that_contradict_one_another_are_refused(changes: dict[str, str]) -> None:
    (fault,) = faults(**changes)
    assert korean(fault.problem)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"rsi_interval": "60", "rsi_period": "100"}, "RSI_PERIOD"),
        ({"macd_interval": "30", "macd_fast": "100", "macd_slow": "200", "macd_signal": "100"}, "MACD_SLOW"),
    ],
)
def test_periods_no_warm_up_can_fill_are_refused_with_what_to_do(changes: dict[str, str], named: str) -> None:
    """The broker keeps about a month of minute bars: 140 of an hour each."""
    (fault,) = faults(**changes)
    assert named in english(fault.problem)
    assert "day" in english(fault.problem)
    assert named in korean(fault.problem)


@pytest.mark.parametrize("interval", ["day", "1", "3", "5", "15", "30", "60"])
def test_the_usual_periods_can_be_had_at_every_interval_s40_s41(interval: str) -> None:
    trading_settings(rsi_interval=interval, macd_interval=interval)


def test_all_faults_are_listed_at_once() -> None:
    names = [fault.name for fault in faults(buy_rate="2", sell_rate="", rsi_interval="7", stop_loss_rate="5")]
    assert names == ["BUY_RATE", "SELL_RATE", "RSI_INTERVAL", "STOP_LOSS_RATE"]


def test_ranges_are_read_from_the_model() -> None:
    assert allowed(TradingSettings, "buy_rate") is not None
    rate = allowed(TradingSettings, "stop_loss_rate")
    assert rate is not None
    assert "-100" in english(rate)
    assert "off" in english(rate)
