"""The KIS settings of `.env`. Rows S12, S21, S22, S23, S24, S25, S43, S66, S110."""

from typing import Any

import pytest
from pydantic import ValidationError

from kis.auth.account_number import AccountNumber
from kis.settings import KisSettings, is_loopback
from strategy.settings.messages import plain_faults
from tests.fakes.kis_server import APP_KEY, APP_SECRET, kis_settings
from tests.support.words import bilingual


def faults(**changes: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        kis_settings(**changes)
    text = str(raised.value) + "".join(bilingual(fault.said()) for fault in plain_faults(raised.value, KisSettings))
    assert APP_KEY not in text
    assert APP_SECRET not in text
    return text


@pytest.mark.parametrize(("text", "virtual"), [("true", True), ("TRUE", True), ("False", False), (" false ", False)])
def test_is_virtual_takes_true_and_false_in_any_case_s21(text: str, virtual: bool) -> None:
    assert kis_settings(is_virtual=text).is_virtual is virtual


@pytest.mark.parametrize("text", ["", "1", "yes", "on", "mock"])
def test_is_virtual_takes_nothing_else_s21(text: str) -> None:
    assert "IS_VIRTUAL" in faults(is_virtual=text)


@pytest.mark.parametrize("name", ["hts_id", "app_key", "app_secret", "account_no"])
def test_required_values_are_refused_when_empty_s22_s25(name: str) -> None:
    assert name.upper() in faults(**{name: ""})


@pytest.mark.parametrize(("name", "length"), [("app_key", 35), ("app_key", 37), ("app_secret", 179)])
def test_key_lengths_are_checked_where_the_host_is_kis_s23_s24(name: str, length: int) -> None:
    assert name.upper() in faults(**{name: "x" * length})
    assert not kis_settings(**{name: "x" * length}, rest_url_base="http://127.0.0.1:8081").is_virtual


def test_keys_are_never_shown_s23_s24() -> None:
    settings = kis_settings()
    assert APP_KEY not in repr(settings) + str(settings) + repr(settings.keys)
    assert APP_SECRET not in repr(settings) + str(settings) + repr(settings.keys)


def test_a_pasted_key_loses_its_newline() -> None:
    assert kis_settings(app_secret=APP_SECRET + "\n").keys.app_secret == APP_SECRET


@pytest.mark.parametrize("text", ["1234567801", "12345678-01", " 12345678-01 "])
def test_account_number_forms_s25(text: str) -> None:
    account = kis_settings(account_no=text).account_no
    assert account.params() == {"CANO": "12345678", "ACNT_PRDT_CD": "01"}
    assert account.masked == "12******-01"
    assert "12345678" not in f"{account} {account!r}"
    assert account.last_four == "5678"


@pytest.mark.parametrize("text", ["12345678", "123456780", "12345678-1", "12345678-001", "1234 5678-01", "abcdefgh-01"])
def test_other_account_forms_are_refused_s25(text: str) -> None:
    assert "ACCOUNT_NO" in faults(account_no=text)
    with pytest.raises(ValueError, match="8 and 2 digits"):
        AccountNumber.parse(text)


def test_hosts_can_be_overridden_and_say_so_s43() -> None:
    settings = kis_settings(rest_url_base="https://example.com:1/", ws_url_base="ws://example.com:2")
    assert settings.environment.rest_url == "https://example.com:1"
    assert settings.environment.ws_url == "ws://example.com:2"
    assert settings.overridden
    assert not kis_settings(rest_url_base="").overridden


@pytest.mark.parametrize(
    "url", ["example.com", "ftp://x", "http://", "http://x:port", "http://user:pw@x", "http://x?y=1"]
)
def test_a_malformed_host_is_refused_s43(url: str) -> None:
    assert "REST_URL_BASE" in faults(rest_url_base=url)


def test_one_variable_switches_the_environment_s12() -> None:
    real, virtual = kis_settings(is_virtual="false").environment, kis_settings(is_virtual="true").environment
    assert (real.name, virtual.name) == ("real", "virtual")
    assert real.rest_url != virtual.rest_url
    assert real.ws_url != virtual.ws_url


def test_the_quote_pair_goes_to_the_real_host_and_is_given_whole_or_not_at_all_d9() -> None:
    settings = kis_settings(is_virtual="true", quote_app_key=APP_KEY, quote_app_secret=APP_SECRET)
    assert settings.quote_environment.name == "real"
    assert settings.quote_environment.rest_url == "https://openapi.koreainvestment.com:9443"
    assert settings.quote_environment.ws_url == "ws://ops.koreainvestment.com:21000"
    assert settings.environment.ws_url == "ws://ops.koreainvestment.com:31000"
    assert "QUOTE_APP_SECRET" in faults(quote_app_key=APP_KEY)
    assert kis_settings(quote_app_key="", quote_app_secret="").quote_keys is None


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("ws://[::1]:2", True),
        ("https://openapi.koreainvestment.com:9443", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_loopback_is_told_by_the_host(url: str, here: bool) -> None:
    assert is_loopback(url) is here
