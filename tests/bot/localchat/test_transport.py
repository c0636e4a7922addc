"""telegram-bot-api 1 and 9.1: how calls come in and go out."""

import json

import aiohttp
import pytest

from bot.localchat import LocalChat
from bot.localchat.server import check_token, looks_real
from tests.bot.localchat.conftest import TOKEN, Api, User, png


@pytest.mark.parametrize("method", ["getMe", "getme", "GETME"])
async def test_method_names_have_no_case(api: Api, method: str) -> None:
    assert (await api.ok(method))["id"] == 4242


async def test_parameters_come_in_every_documented_way(api: Api, owner: User) -> None:
    base, chat_id = f"{api.base}/bot{TOKEN}/sendMessage", str(owner.id)
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    async with api.http.get(base, params={"chat_id": chat_id, "text": "query"}) as response:
        assert response.status == 200
    async with api.http.post(base, json={"chat_id": owner.id, "text": "json", "reply_markup": markup}) as response:
        assert (await response.json())["result"]["reply_markup"] == markup
    async with api.http.post(
        base, json={"chat_id": chat_id, "text": "both", "reply_markup": json.dumps(markup)}
    ) as response:
        assert (await response.json())["result"]["reply_markup"] == markup
    form = aiohttp.FormData({"chat_id": chat_id, "text": "multipart", "unknown": "ignored"}, default_to_multipart=True)
    async with api.http.post(base, data=form) as response:
        assert response.status == 200
    assert [message["text"] for message in await owner.messages()] == ["query", "json", "both", "multipart"]


async def test_attached_and_named_parts_are_files(api: Api, owner: User) -> None:
    status, attached = await api.upload("sendPhoto", {"x1": png()}, chat_id=owner.id, photo="attach://x1")
    assert status == 200
    status, named = await api.upload("sendDocument", {"document": b"abc"}, chat_id=owner.id)
    assert status == 200
    assert attached["result"]["photo"][-1]["width"] == 4
    assert named["result"]["document"]["file_size"] == 3


@pytest.mark.parametrize(("text", "is_true"), [("true", True), ("Yes", True), ("1", True), ("on", False), ("0", False)])
async def test_booleans(api: Api, owner: User, text: str, is_true: bool) -> None:
    await api.ok("sendMessage", chat_id=owner.id, text="x", disable_notification=text)
    assert (await owner.messages())[0]["silent"] is is_true


async def test_wrong_tokens_methods_and_paths(api: Api) -> None:
    api.token = "4242:other"
    assert await api.refused("getMe") == "Unauthorized"
    api.token = "nonsense"
    assert await api.refused("getMe") == "Unauthorized: invalid token specified"
    api.token = TOKEN
    assert await api.refused("fly") == "Not Found: method not found"
    for path in ("/bot", f"/bot{TOKEN}", "/nowhere", f"/file/bot{TOKEN}/photos/no.jpg"):
        async with api.http.get(api.base + path) as response:
            assert response.status == 404
            assert (await response.json())["description"] == "Not Found"


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff\xfe", b"3"])
async def test_a_broken_json_body_is_a_bad_request(api: Api, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with api.http.post(f"{api.base}/bot{TOKEN}/getMe", data=body, headers=headers) as response:
        assert response.status == 400
        assert "can't parse request content" in (await response.json())["description"]


async def test_text_must_be_utf8(api: Api, owner: User) -> None:
    async with api.http.post(
        f"{api.base}/bot{TOKEN}/sendMessage", json={"chat_id": owner.id, "text": "\ud800"}
    ) as response:
        assert (await response.json())["description"] == "Bad Request: strings must be encoded in UTF-8"


async def test_pages_of_other_sites_are_refused(api: Api) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        async with api.http.post(f"{api.base}/user/send", json={"text": "x"}, headers=headers) as response:
            assert response.status == 403


def test_a_token_of_the_real_shape_is_taken_but_noticed() -> None:
    token = "123456789:" + "A" * 35
    assert check_token(token) == token
    assert looks_real(token)
    assert not looks_real("1000:local-chat")
    with pytest.raises(ValueError, match="a token is"):
        check_token("no colon")
    assert check_token("123456:TEST") == "123456:TEST"


async def test_the_simulator_must_be_on_this_machine() -> None:
    with pytest.raises(ValueError, match="this machine"):
        LocalChat(simulator_url="http://example.com")
