"""Access tokens: cached, shared, renewed once, the dead-token trap. Rows S12, S14, S67, S89, S107, S108."""

import asyncio
import json
import stat
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kis.connect import Kis, open_kis
from strategy.model import BrokerFault, Market, OrderRequest, Origin, Side, Symbol, TryLater, seoul
from tests.fakes.kis_clocks import JumpClock
from tests.fakes.kis_server import APP_KEY, APP_SECRET, OK, Asked, FakeKis, Say, client, error, kis_settings, serving
from tests.support.words import english, korean

MSFT = Symbol(Market.NASDAQ, "MSFT")
PRICE = Say({**OK, "output": {"rsym": "DNASMSFT", "last": "437.1500", "base": "431.7400", "ordy": ""}})


async def quote(kis: Kis) -> None:
    await kis.market.quote(MSFT)


def token_file(folder: Path) -> Path:
    (found,) = folder.glob("kis-token-*.json")
    return found


async def test_one_token_serves_72_hours_with_one_request_a_day_s14(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    fake.on("HHDFS00000300", PRICE)
    async with client(fake, clock, tmp_path, is_virtual="true") as kis:
        start = clock.now()
        asked: list[float] = []
        for hour in range(73):
            clock.set(start + timedelta(hours=hour))
            before = fake.tokens
            await quote(kis)
            if fake.tokens > before:
                asked.append(hour)
    assert asked == [0, 24, 48, 72]


async def test_the_expiry_is_seouls_time_whatever_the_host_thinks_s14(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    fake.on("HHDFS00000300", PRICE)
    in_two_hours = seoul(clock.now() + timedelta(hours=2))
    fake.on(
        "/oauth2/tokenP",
        Say(
            {
                "access_token": "again",
                "expires_in": 86400,  # a re-issued token: the printed time is the true one
                "access_token_token_expired": f"{in_two_hours:%Y-%m-%d %H:%M:%S}",
            }
        ),
    )
    async with client(fake, clock, tmp_path, is_virtual="true") as kis:
        await quote(kis)
        assert kis.http.tokens.expires_at == in_two_hours.astimezone(UTC).replace(microsecond=0)


async def test_the_token_file_is_private_and_holds_no_key(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", PRICE)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        await quote(kis)
    path = token_file(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert set(json.loads(path.read_text())) == {"access_token", "issued_at", "asked_at", "expires_at"}
    assert APP_KEY not in path.read_text() + path.name
    assert "virtual" in path.name


async def test_a_second_process_uses_the_first_ones_token(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    fake.on("HHDFS00000300", PRICE)
    async with serving(fake) as url:
        settings = kis_settings(is_virtual="true", rest_url_base=url)
        async with (
            open_kis(settings, clock=clock, data_dir=tmp_path) as one,
            open_kis(settings, clock=clock, data_dir=tmp_path) as other,
        ):
            await asyncio.gather(quote(one), quote(other))
    assert fake.tokens == 1


async def test_no_environment_uses_the_others_token_s12(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    fake.on("HHDFS00000300", PRICE)
    side = {"output1": {"rsym": "DNASMSFT", "last": "1.0"}, "output2": {}}
    fake.on("HHDFS76200100", Say({**OK, **side}))
    async with serving(fake) as url:
        for virtual in ("true", "false"):
            settings = kis_settings(is_virtual=virtual, rest_url_base=url)
            async with open_kis(settings, clock=clock, data_dir=tmp_path) as kis:
                await quote(kis)
    assert fake.of("HHDFS00000300")[0].headers["authorization"] == "Bearer token-1"
    assert fake.of("HHDFS76200100")[0].headers["authorization"] == "Bearer token-2"


@pytest.mark.parametrize(("code", "status"), [("EGW00123", 500), ("EGW00123", 200), ("EGW00121", 500)])
async def test_a_dead_token_costs_one_renewal_for_eight_calls_at_once_s67(
    tmp_path: Path, code: str, status: int
) -> None:
    fake, clock = FakeKis(), JumpClock()

    async def by_token(asked: Asked, request: web.Request) -> Say:
        dead = asked.headers["authorization"] == "Bearer token-1"
        return error(code, "기간이 만료된 token 입니다.", status) if dead else PRICE

    fake.on("HHDFS00000300", by_token)
    async with client(fake, clock, tmp_path, is_virtual="true") as kis:
        await asyncio.gather(*(quote(kis) for _ in range(8)))
    assert fake.tokens == 2


async def test_the_next_call_has_a_new_token_s67(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", error("EGW00123"), PRICE)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        await quote(kis)
    assert [asked.headers["authorization"][-7:] for asked in fake.of("HHDFS00000300")] == ["token-1", "token-2"]


ORDER: dict[str, Any] = {
    "symbol": MSFT,
    "side": Side.SELL,
    "qty": 1,
    "limit_price": Decimal("437.15"),
    "origin": Origin.STOP_LOSS,
}
TAKEN = Say({**OK, "msg_cd": "APBK0013", "output": {"ODNO": "0030500118", "ORD_TMD": "230102"}})


@pytest.mark.parametrize(("code", "status"), [("EGW00123", 500), ("EGW00123", 200), ("EGW00121", 500)])
async def test_an_order_whose_token_was_dead_is_sent_once_more_with_a_new_one(
    tmp_path: Path, code: str, status: int
) -> None:
    """The gateway turned it away at the door, so no venue can have it; once more and no oftener."""
    fake, clock = FakeKis(), JumpClock()
    fake.on("TTTT1006U", error(code, "기간이 만료된 token 입니다.", status), TAKEN)
    async with client(fake, clock, tmp_path) as kis:
        await kis.http.tokens.get()
        clock.set(clock.now() + timedelta(hours=7))
        taken = await kis.broker.submit(OrderRequest(**ORDER, created_at=clock.now()))
    assert taken.venue_no == "30500118"
    assert [asked.headers["authorization"][-7:] for asked in fake.of("TTTT1006U")] == ["token-1", "token-2"]


async def test_an_order_that_finds_no_living_token_is_certainly_not_taken(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    fake.on("TTTT1006U", error("EGW00123", "기간이 만료된 token 입니다."))
    async with client(fake, clock, tmp_path) as kis:
        with pytest.raises(TryLater) as raised:
            await kis.broker.submit(OrderRequest(**ORDER, created_at=clock.now()))
    assert len(fake.of("TTTT1006U")) == 2
    assert "기간이 만료된 token" in korean(raised.value.user_message)


async def test_an_order_does_not_wait_a_minute_for_a_token(tmp_path: Path) -> None:
    """KIS issues one a minute: until then only KIS knows whether the young one is dead, and it may take the order."""
    fake, clock = FakeKis(), JumpClock()
    fake.on("TTTT1006U", error("EGW00121", "유효하지 않은 token 입니다."), TAKEN)
    async with client(fake, clock, tmp_path) as kis:
        await kis.broker.submit(OrderRequest(**ORDER, created_at=clock.now()))
        assert [asked.headers["authorization"][-7:] for asked in fake.of("TTTT1006U")] == ["token-1", "token-1"]
        assert clock.slept < 2
        await kis.broker.submit(OrderRequest(**ORDER, created_at=clock.now()))
    assert fake.tokens == 1  # it was taken, so it lives


async def test_the_dead_token_trap_is_escaped_by_revoke_and_issue(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    revoked = False

    async def issue(asked: Asked, request: web.Request) -> Say:
        return Say({"access_token": "fresh" if revoked else "dead", "expires_in": 86400})

    async def revoke(asked: Asked, request: web.Request) -> Say:
        nonlocal revoked
        revoked = asked.body["token"] == "dead"
        return Say({"code": 200, "message": "접근토큰 폐기에 성공하였습니다"})

    async def by_token(asked: Asked, request: web.Request) -> Say:
        return error("EGW00121") if asked.headers["authorization"] == "Bearer dead" else PRICE

    fake.on("/oauth2/tokenP", issue)
    fake.on("/oauth2/revokeP", revoke)
    fake.on("HHDFS00000300", by_token)
    async with client(fake, clock, tmp_path, is_virtual="true") as kis:
        await quote(kis)
        clock.set(clock.now() + timedelta(hours=2))
        await quote(kis)
    assert len(fake.of("/oauth2/tokenP")) == 2
    (asked,) = fake.of("/oauth2/revokeP")
    assert asked.body == {"appkey": APP_KEY, "appsecret": APP_SECRET, "token": "dead"}


async def test_one_issue_a_minute_is_waited_out(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    limited = Say({"error_code": "EGW00133", "error_description": "1분당 1회"}, 403)
    fake.on("/oauth2/tokenP", limited, Say({"access_token": "late", "expires_in": 86400}))
    fake.on("HHDFS00000300", PRICE)
    async with client(fake, clock, tmp_path, is_virtual="true") as kis:
        await quote(kis)
    assert clock.slept >= 60
    assert fake.of("HHDFS00000300")[0].headers["authorization"] == "Bearer late"


async def test_a_renewal_that_fails_leaves_the_old_token_in_use(tmp_path: Path) -> None:
    fake, clock = FakeKis(), JumpClock()
    fake.on("/oauth2/tokenP", Say({"access_token": "old", "expires_in": 86400}), Say("<html>", 503))
    fake.on("HHDFS00000300", PRICE)
    async with client(fake, clock, tmp_path, is_virtual="true") as kis:
        await quote(kis)
        clock.set(clock.now() + timedelta(hours=23, minutes=55))
        await quote(kis)
        await quote(kis)
        assert len(fake.of("/oauth2/tokenP")) == 2
    assert fake.of("HHDFS00000300")[-1].headers["authorization"] == "Bearer old"


async def test_a_token_from_another_runs_future_is_not_used(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", PRICE)
    later = JumpClock(datetime(2026, 9, 15, tzinfo=UTC))
    earlier = JumpClock(datetime(2013, 10, 7, tzinfo=UTC))
    async with serving(fake) as url:
        for clock in (later, earlier):
            settings = kis_settings(is_virtual="true", rest_url_base=url)
            async with open_kis(settings, clock=clock, data_dir=tmp_path) as kis:
                await quote(kis)
    assert fake.tokens == 2


async def test_a_disk_that_takes_no_token_does_not_stop_the_calls(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", PRICE)
    in_the_way = tmp_path / "a file, no folder"
    in_the_way.write_text("")
    async with client(fake, JumpClock(), in_the_way, is_virtual="true") as kis:
        await quote(kis)
        await quote(kis)
    assert fake.tokens == 1


async def test_a_broken_token_file_is_as_good_as_none(tmp_path: Path) -> None:
    fake = FakeKis()
    fake.on("HHDFS00000300", PRICE)
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        kis.http.tokens._file.path.write_text('{"access_token": "cut')
        await quote(kis)
    assert fake.tokens == 1


@pytest.mark.parametrize(
    ("code", "word"), [("EGW00103", "APP_KEY"), ("EGW00105", "APP_SECRET"), ("EGW00003", "KIS Developers")]
)
async def test_a_refused_key_is_named_and_never_shown_s107_s108(tmp_path: Path, code: str, word: str) -> None:
    fake = FakeKis()
    fake.on("/oauth2/tokenP", Say({"error_code": code, "error_description": "유효하지 않은 AppKey입니다."}, 403))
    async with client(fake, JumpClock(), tmp_path, is_virtual="true") as kis:
        for _ in range(3):  # a wrong key is not asked about again and again
            with pytest.raises(BrokerFault) as refused:
                await quote(kis)
    told = refused.value.user_message
    assert word in korean(told)
    assert word in english(told)
    assert code in english(told)
    assert APP_KEY not in str(refused.value) + korean(told) + english(told)
    assert len(fake.of("/oauth2/tokenP")) == 1
