"""KIS's own words reach a person without keys, accounts and names, whatever dress they come in (promise 8)."""

import base64
import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kis.errors import KisError
from kis.redaction import spoken
from storage.logs.files import JsonFormatter
from storage.redaction import redactor
from strategy.model import OrderRequest, Origin, Side, Symbol, SystemClock
from tests.fakes.kis_server import Asked, FakeKis, Say, client
from tests.support.words import english, korean

SYMBOL = Symbol.parse("NASDAQ:TQQQ")
APP_KEY = "PSa1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7"
APP_SECRET = ("aB3+/xYz" * 23)[:178] + "=="
ACCOUNT = "5012345601"
NAME = "홍길동"

ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "url": lambda text: quote(text, safe=""),
    "url, lower case": lambda text: re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe="")),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "json": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
}

# texts of kis-protocol 5.2 and 10.2, and of its examples
PUBLISHED = (
    "초당 거래건수를 초과하였습니다.",
    "기간이 만료된 token 입니다.",
    "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)",
    "장운영시간이 아닙니다.(단,주간거래시간이면 전용화면 주문가능, 주문시간 외 불가)",
    "ERROR : INPUT INVALID_CHECK_ACNO",
    "JSON PARSING ERROR : invalid tr_key",
    "모의투자 주문처리가 안되었습니다(매매불가 종목)",
    "주문가능금액을 초과 했습니다",
    "조회할 내용이 없습니다",
    "INPUT FIELD NOT FOUND",
    "ALREADY IN USE appkey",
)


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_words_stay_as_they_are(text: str) -> None:
    assert spoken(text) == text


@pytest.mark.parametrize("text", ["보유 10주, 61.2345달러, 1,234,567원", "TQQQ [APBK0400]", "VTTT1002U 는 BRK/B 에"])
def test_numbers_codes_and_tickers_stay_too(text: str) -> None:
    assert spoken(text) == text


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("secret", [APP_KEY, APP_SECRET, ACCOUNT, "50123456-01", "5012 3456 01"])
def test_whatever_identifies_is_starred_out_in_every_encoding(secret: str, encoding: str) -> None:
    written = ENCODINGS[encoding](secret)
    said = spoken(f"주문을 처리할 수 없습니다 ({written}) 확인하세요")
    assert written not in said
    assert "***" in said
    assert said.startswith("주문을 처리할 수 없습니다 (")


@pytest.mark.parametrize(
    "text",
    [
        "고객명: 홍길동, 계좌 확인",
        "홍길동님의 계좌가 아닙니다",
        "홍길동 고객님",
        "예금주 홍길동",
        "NAME: HONG GILDONG, refused",
    ],
)
def test_a_customer_who_is_named_or_addressed_is_starred_out(text: str) -> None:
    said = spoken(text)
    assert NAME not in said
    assert "GILDONG" not in said


@given(st.text(max_size=60), st.sampled_from(sorted(ENCODINGS)), st.text(max_size=60))
def test_no_surroundings_let_a_key_through(before: str, encoding: str, after: str) -> None:
    written = ENCODINGS[encoding](APP_KEY)
    assert written not in spoken(f"{before} {written} {after}")


SECRETS = (APP_KEY, APP_SECRET, ACCOUNT, "50123456-01", "50123456", NAME)
LEAK = " ".join(write(secret) for write in ENCODINGS.values() for secret in SECRETS)


class Telltale(FakeKis):
    """Refuses every call (or only the token) and repeats key, secret, account and customer in every dress."""

    def __init__(self, *, token: bool) -> None:
        super().__init__()
        self._token = token

    def _default(self, asked: Asked) -> Say:
        if asked.path.startswith("/oauth2/") and not self._token:
            return super()._default(asked)
        said = f"처리할 수 없습니다 {LEAK}"
        body = {"rt_cd": "1", "msg_cd": "IGW00017", "msg1": said, "output": {"ACNT_NAME": NAME}}
        token = {"error_code": "EGW00103", "error_description": said, "acnt_name": NAME}
        return Say(token if asked.path.startswith("/oauth2/") else body, 403 if self._token else 500)


def _told(text: str) -> list[str]:
    """Return what of the secrets can be read out of a text."""
    return [secret for secret in SECRETS for write in ENCODINGS.values() if write(secret) in text]


@pytest.mark.parametrize("token", [False, True], ids=["every call", "the token"])
async def test_an_answer_that_repeats_key_account_and_customer_tells_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, token: bool
) -> None:
    """Errors, their words for a person, the lines of a connection test and the log at DEBUG are clean."""
    caplog.set_level(logging.DEBUG)
    heard: list[str] = []
    keys = {"app_key": APP_KEY, "app_secret": APP_SECRET, "account_no": ACCOUNT}
    async with client(Telltale(token=token), SystemClock(), tmp_path, **keys) as kis:
        for call in (
            kis.broker.holdings,
            lambda: kis.broker.buying_power(SYMBOL, Decimal(10)),
            lambda: kis.market.quote(SYMBOL),
            lambda: kis.broker.submit(_order()),
        ):
            with pytest.raises(KisError) as failed:
                await call()
            heard += [str(failed.value), korean(failed.value.user_message), english(failed.value.user_message)]
        heard += [f"{korean(line.detail)} {english(line.detail)}" for line in await kis.check([SYMBOL])]
    written = JsonFormatter(redactor([APP_KEY, APP_SECRET], [ACCOUNT]))
    heard += [written.format(record) for record in caplog.records if record.name.startswith("kis")]
    assert any("처리할 수 없습니다" in text for text in heard)
    assert [(text[:200], found) for text in heard if (found := _told(text))] == []


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("secret", [APP_KEY, APP_SECRET, ACCOUNT, "50123456-01", "50123456"])
@given(before=st.text(max_size=9), after=st.text(max_size=9))
def test_no_log_line_holds_a_known_secret_in_any_encoding(secret: str, encoding: str, before: str, after: str) -> None:
    """Also in the middle of a longer text that was encoded as a whole, as a header or a body is."""
    redact = redactor([APP_KEY, APP_SECRET], [ACCOUNT])
    line = redact(ENCODINGS[encoding](f"{before}|{secret}|{after}"))
    assert not [form for form in (secret, *_base64_cores(secret)) if form in line]


def _base64_cores(secret: str) -> list[str]:
    return [base64.b64encode(b"x" * lead + secret.encode()).decode()[4:-4] for lead in range(3)]


def _order() -> OrderRequest:
    return OrderRequest(
        symbol=SYMBOL,
        side=Side.BUY,
        qty=1,
        limit_price=Decimal(10),
        origin=Origin.MANUAL,
        created_at=datetime(2026, 12, 1, 15, 0, tzinfo=UTC),
    )
