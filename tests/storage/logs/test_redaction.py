"""No secret, account number or credential passes the redaction. Rows S23, S24, S25, S26."""

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.redaction import redactor

APP_KEY = "PSabcdefghijklmnopqrstuvwxyz12345678"
APP_SECRET = ("aB3+/xYz" * 23)[:178] + "=="
BOT_TOKEN = "1234567890:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw_"[:46]
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ0b2tlbiIsImF1ZCI6IjEifQ.q0tWx_-Zz9"
PLAIN = redactor()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {JWT}", JWT),
        (f"https://api.telegram.org/bot{BOT_TOKEN}/getMe", BOT_TOKEN.partition(":")[2]),
        (f"token {BOT_TOKEN} used", BOT_TOKEN),
        (json.dumps({"appkey": APP_KEY, "x": 1}), APP_KEY),
        (json.dumps({"body": json.dumps({"appsecret": "short-one"})}), "short-one"),
        (f"secret is {APP_SECRET}", APP_SECRET),
        ("{'approval_key': '1b2c3d4e-0000-1111-2222-333344445555'}", "1b2c3d4e-0000"),
        ("?CANO=87654321&ACNT_PRDT_CD=01", "87654321"),
        (f"access_token={JWT[:30]}", JWT[:30]),
    ],
)
def test_credentials_are_found_by_their_look_s24_s26(text: str, secret: str) -> None:
    assert secret not in PLAIN(text)
    assert "***" in PLAIN(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"tr_id": "VTTT1002U", "order": 12, "price": "61.20", "at": "2026-03-10T13:30:00.000+00:00"}',
        "client_order 12345678901234567890 was 0:05 late",
        "https://openapi.koreainvestment.com:9443/uapi/overseas-price/v1/quotations/price",
        "the bearer is busy; the token was renewed",
    ],
)
def test_ordinary_lines_stay_as_they_are(text: str) -> None:
    assert PLAIN(text) == text


@pytest.mark.parametrize("form", ["1234567801", "12345678-01", "12345678"])
@pytest.mark.parametrize("given_as", ["1234567801", "12345678-01"])
def test_account_number_forms_s25(form: str, given_as: str) -> None:
    redact = redactor(accounts=[given_as])
    assert redact(f'{{"account": "{form}"}}') == '{"account": "***"}'
    assert redact("order 99123456780199") == "order 99123456780199"


@given(st.text(min_size=4, max_size=60).filter(lambda secret: "*" not in secret))
def test_a_registered_secret_is_found_however_it_is_written_s23_s24(secret: str) -> None:
    redact = redactor([secret])
    assert secret not in redact(f"<{secret}>").replace("<", "", 1)
    for written in (
        json.dumps({"k": f"x{secret}y"}, ensure_ascii=False),
        json.dumps(f"x{secret}y"),
        quote(secret, safe=""),
    ):
        assert "***" in redact(written)


def test_a_secret_that_begins_with_another_is_taken_out_whole() -> None:
    assert redactor(["abcd", "abcdefgh"])("x abcdefgh y") == "x *** y"


def test_very_short_secrets_do_not_black_out_the_log() -> None:
    assert redactor(["a", ""])("a plain line") == "a plain line"


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=40), max_size=5))
def test_a_json_line_stays_json(values: dict[str, str]) -> None:
    redact = redactor(["hunter22", 'with"quote'], ["1234567801"])
    line = {**values, "appkey": "abc", "authorization": "Bearer abcdefghij", "a": "hunter22", "b": 'with"quote'}
    again = json.loads(redact(json.dumps(line, ensure_ascii=False)))
    assert (again["appkey"], again["a"], again["b"], again["authorization"]) == ("***", "***", "***", "Bearer ***")


@pytest.mark.parametrize("secret", [APP_SECRET, APP_KEY, BOT_TOKEN, "@gildong7", "a b+c/d=e"])
@pytest.mark.parametrize(
    "written",
    [
        lambda secret: f"?appsec={quote(secret)}",  # the slashes stay, as in many clients
        lambda secret: f"?appsec={quote(secret, safe='/=')}",
        lambda secret: quote(quote(secret, safe=""), safe=""),
        lambda secret: json.dumps({"body": json.dumps(secret).replace("/", "\\/")}),
        lambda secret: json.dumps({"url": f"https://host/x?k={quote(secret)}"}),
    ],
)
def test_a_registered_secret_is_found_where_only_a_part_of_it_or_all_of_it_twice_is_encoded(
    secret: str, written: Callable[[str], str]
) -> None:
    redact = redactor([secret[:6], secret])  # one may begin with another
    assert redact(written(secret)) == written("_").replace("_", "***")
