"""Tokens, approval keys and who may call (kis-protocol 2, 5.1, 6)."""

from datetime import UTC, datetime

import pytest

from kis.simulator.options import KeySpec, Served
from tests.kis.simulator.conftest import NOON, Starter
from tests.kis.simulator.outside import ACCOUNT, APP_KEY, OTHER_KEY, QUOTES, SECRET, TRADING, Outside

HOUR = 3600
GRANT = {"grant_type": "client_credentials"}


async def issue(outside: Outside, **body: str) -> dict[str, object]:
    return (await outside.post_oauth("tokenP", **({"appsecret": SECRET} | GRANT | body))).body


async def quote_code(outside: Outside) -> tuple[int, str]:
    answer = await outside.get(QUOTES + "price", "HHDFS00000300", AUTH="", EXCD="NAS", SYMB="TQQQ")
    return answer.status, answer.code


async def test_token_answer_has_the_documented_fields(start: Starter) -> None:
    body = await issue(await start(login=False))
    assert set(body) == {"access_token", "access_token_token_expired", "token_type", "expires_in"}
    assert body["expires_in"] == 86_400
    assert body["token_type"] == "Bearer"
    assert body["access_token_token_expired"] == "2026-09-17 01:00:00"  # Korean time, no offset
    assert len(str(body["access_token"])) <= 350


async def test_a_second_issue_within_a_minute_is_refused_with_403_quirk_33(start: Starter) -> None:
    outside = await start(login=False, rate_limits=True)
    await issue(outside)
    answer = await outside.post_oauth("tokenP", appsecret=SECRET, **GRANT)
    assert answer.status == 403
    assert answer.body == {
        "error_code": "EGW00133",
        "error_description": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)",
    }


async def test_the_same_token_within_six_hours_and_a_new_one_after_quirk_33(start: Starter) -> None:
    outside = await start(login=False, rate_limits=True)
    first = await issue(outside)
    await outside.simulator.advance(25 * 60)
    again = await issue(outside)
    assert (again["access_token"], again["access_token_token_expired"]) == (
        first["access_token"],
        first["access_token_token_expired"],
    )
    assert again["expires_in"] == 86_400 - 25 * 60
    await outside.simulator.advance(6 * HOUR)
    assert (await issue(outside))["access_token"] != first["access_token"]


async def test_a_repeat_within_a_minute_can_answer_the_same_token_instead(start: Starter) -> None:
    outside = await start(login=False, rate_limits=True, second_issue="same")
    assert (await issue(outside))["access_token"] == (await issue(outside))["access_token"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"appsecret": "x" * 180}, "EGW00105"),
        ({"appsecret": ""}, "EGW00104"),
        ({"appkey": "short"}, "EGW00103"),
        ({"appkey": ""}, "EGW00102"),
        ({"grant_type": "password"}, "EGW00116"),
    ],
)
async def test_faulty_token_requests_answer_403_without_rt_cd(start: Starter, body: dict[str, str], code: str) -> None:
    outside = await start()
    answer = await outside.send(
        "POST", "/oauth2/tokenP", json_body={"appkey": APP_KEY, "appsecret": SECRET} | GRANT | body
    )
    assert answer.status == 403
    assert answer.body["error_code"] == code
    assert "rt_cd" not in answer.body


async def test_a_configured_key_may_be_short_and_has_its_own_environment(start: Starter) -> None:
    key = KeySpec(app_key="short", app_secret="tiny", environment=Served.REAL)
    outside = await start(login=False, keys=(key,))
    outside.app_key, outside.secret = "short", "tiny"
    await outside.login()
    answer = await outside.get(QUOTES + "price-detail", "HHDFS76200200", AUTH="", EXCD="NAS", SYMB="TQQQ")
    assert answer.status == 200


async def test_revoked_token_is_dead_and_the_next_issue_makes_another(start: Starter) -> None:
    outside = await start(rate_limits=True)
    old = outside.token
    answer = await outside.post_oauth("revokeP", appsecret=SECRET, token=old)
    assert answer.body == {"code": 200, "message": "접근토큰 폐기에 성공하였습니다"}
    assert await quote_code(outside) == (500, "EGW00121")
    await outside.login()
    assert outside.token != old
    assert await quote_code(outside) == (200, "MCA00000")


async def test_the_dead_token_trap_ends_only_with_a_revocation_quirk_33(start: Starter) -> None:
    outside = await start()
    old = outside.token
    await outside.control("fault", kind="token_revoked")
    assert await quote_code(outside) == (500, "EGW00121")
    await outside.login()
    assert outside.token == old
    assert await quote_code(outside) == (500, "EGW00121")
    await outside.post_oauth("revokeP", appsecret=SECRET, token=old)
    await outside.login()
    assert outside.token != old
    assert await quote_code(outside) == (200, "MCA00000")


async def test_token_expires_after_a_day_of_market_time(start: Starter) -> None:
    outside = await start()
    await outside.simulator.advance(86_399)
    assert (await quote_code(outside))[1] == "MCA00000"
    await outside.simulator.advance(1)
    assert await quote_code(outside) == (500, "EGW00123")


async def test_fault_token_expired(start: Starter) -> None:
    outside = await start(rate_limits=True)
    await outside.control("fault", kind="token_expired")
    assert await quote_code(outside) == (500, "EGW00123")
    await outside.login()
    await outside.simulator.advance(1)
    assert (await quote_code(outside))[1] == "MCA00000"


async def test_the_approval_call_names_the_secret_secretkey_quirk_34(start: Starter) -> None:
    outside = await start(login=False)
    wrong = await outside.post_oauth("Approval", appsecret=SECRET, **GRANT)
    assert wrong.body["error_code"] == "EGW00104"
    right = await outside.post_oauth("Approval", secretkey=SECRET, **GRANT)
    assert len(right.body["approval_key"]) == 36


async def test_approval_keys_can_be_limited_to_one_a_second(start: Starter) -> None:
    outside = await start(approval_limit=True)
    await outside.approve()
    answer = await outside.post_oauth("Approval", secretkey=SECRET, **GRANT)
    assert answer.body["error_code"] == "EGW00201"
    await outside.simulator.advance(1)
    await outside.approve()


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"authorization": ""}, 500, "EGW00121"),
        ({"authorization": "Bearer nonsense"}, 500, "EGW00121"),
        ({"authorization": "Basic abc"}, 500, "EGW00205"),
        ({"appsecret": "wrong"}, 500, "EGW00304"),
        ({"appkey": OTHER_KEY}, 403, "EGW00103"),
        ({"custtype": "X"}, 500, "EGW00208"),
        ({"tr_id": "TTTT1002U"}, 500, "EGW02006"),
        ({"tr_id": "NOSUCHTR"}, 500, "EGW00310"),
    ],
)
async def test_calls_that_may_not_pass(start: Starter, change: dict[str, str], status: int, code: str) -> None:
    outside = await start()
    headers = outside.headers("HHDFS00000300") | change
    params = {"AUTH": "", "EXCD": "NAS", "SYMB": "TQQQ"}
    answer = await outside.send("GET", QUOTES + "price", params=params, headers=headers)
    assert (answer.status, answer.code) == (status, code)
    assert answer.body["rt_cd"] == "1"


async def test_a_virtual_tr_with_a_real_key_is_egw02004(start: Starter) -> None:
    outside = await start(virtual=False)
    answer = await outside.get(TRADING + "inquire-balance", "VTTS3012R", **ACCOUNT)
    assert (answer.status, answer.code) == (500, "EGW02004")


async def test_one_port_serves_a_real_quote_key_beside_a_virtual_trading_key_10_1_9(start: Starter) -> None:
    outside = await start(keys=(KeySpec(app_key=OTHER_KEY, environment=Served.REAL),))
    quotes = Outside(outside.simulator, outside.http, virtual=False, app_key=OTHER_KEY, secret="q" * 180)
    await quotes.login()
    detail = await quotes.get(QUOTES + "price-detail", "HHDFS76200200", AUTH="", EXCD="NAS", SYMB="TQQQ")
    assert detail.code == "MCA00000"
    assert (await outside.order("buy", "TQQQ", "1", "20.00")).code == "40600000"


async def test_the_second_port_plays_the_other_environments_host(start: Starter) -> None:
    outside = await start()
    simulator = outside.simulator
    await simulator.aclose()
    await simulator.start(other_port=0)
    body = {"appkey": OTHER_KEY, "appsecret": "q" * 180} | GRANT
    async with outside.http.post(f"http://127.0.0.1:{simulator.other_port}/oauth2/tokenP", json=body) as response:
        token = (await response.json())["access_token"]
    real = Outside(simulator, outside.http, virtual=False, app_key=OTHER_KEY, secret="q" * 180, token=token)
    assert (await real.order("buy", "TQQQ", "1", "20.00")).code == "APBK0013"


async def test_virtual_takes_one_call_in_any_second_quirk_35(start: Starter) -> None:
    outside = await start(rate_limits=True)
    assert (await quote_code(outside))[1] == "MCA00000"
    assert await quote_code(outside) == (500, "EGW00201")
    await outside.simulator.advance(0.999)
    assert await quote_code(outside) == (500, "EGW00201")
    await outside.simulator.advance(0.001)
    assert (await quote_code(outside))[1] == "MCA00000"


async def test_real_takes_eighteen_calls_in_any_second_quirk_35(start: Starter) -> None:
    outside = await start(virtual=False, rate_limits=True)
    codes = [(await quote_code(outside))[1] for _ in range(20)]
    assert codes == ["MCA00000"] * 18 + ["EGW00201"] * 2


async def test_the_ledger_limiter_is_separate_quirk_36(start: Starter) -> None:
    outside = await start(virtual=False, rate_limits=True, ledger_limiter=True)
    assert (await outside.balance()).status == 200
    refused = await outside.balance()
    assert (refused.status, refused.code) == (500, "EGW00215")
    assert (await quote_code(outside))[1] == "MCA00000"
    assert (await outside.order("buy", "TQQQ", "1", "20.00")).code == "APBK0013"
    await outside.simulator.advance(1)
    assert (await outside.balance()).status == 200


async def test_an_account_belongs_to_the_key_that_used_it_first(start: Starter) -> None:
    outside = await start()
    assert (await outside.balance()).body["rt_cd"] == "0"
    other = await outside.balance(CANO="99999999")
    assert (other.status, other.code, other.body["rt_cd"]) == (500, "OPSQ2000", "2")
    bad = await outside.balance(ACNT_PRDT_CD="22")
    assert bad.code == "OPSQ2000"


async def test_start_instant_is_the_one_given(start: Starter) -> None:
    outside = await start(now=datetime(2026, 9, 15, 16, 0, tzinfo=UTC))
    assert outside.simulator.clock.now() == NOON
