"""`--find-chat`: an owner with nothing but a token learns the ids that `.env` asks for, and nothing is changed."""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.errors import TelegramTaken, TelegramTokenRefused, TelegramUnreachable
from bot.find_chat import find_chat
from bot.localchat import LocalChat
from bot.settings import TokenSettings

TOKEN = "123456789:AAExampleExampleExampleExample-1234"
KOREAN = re.compile("[가-힣]")


@pytest.fixture
async def chat() -> AsyncIterator[LocalChat]:
    async with LocalChat(token=TOKEN, rates=None) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def settings(chat: LocalChat, token: str = TOKEN) -> TokenSettings:
    return TokenSettings.model_validate({"telegram_bot_token": token, "telegram_api_url": chat.url})


async def found(chat: LocalChat, *, wait_s: float = 0.0) -> tuple[bool, str]:
    said: list[str] = []
    return await find_chat(settings(chat), said.append, wait_s=wait_s), "\n".join(said)


async def test_who_wrote_is_told_by_id_and_name_in_both_languages(chat: LocalChat, http: aiohttp.ClientSession) -> None:
    await http.post(f"{chat.url}/user/send", json={"text": "/start"})
    there, said = await found(chat)
    assert there
    lines = [line for line in said.splitlines() if f"TELEGRAM_CHAT_ID={chat.owner_id}" in line]
    assert len(lines) == 2, said
    assert [bool(KOREAN.search(line.split(":")[0].split(",")[1])) for line in lines] == [True, False]
    assert TOKEN not in said


async def test_asking_changes_nothing(chat: LocalChat, http: aiohttp.ClientSession) -> None:
    await http.post(f"{chat.url}/user/send", json={"text": "/start"})
    assert await found(chat) == await found(chat)
    async with http.get(f"{chat.url}/bot{TOKEN}/getUpdates") as answer:
        updates = (await answer.json())["result"]
    assert [update["message"]["text"] for update in updates] == ["/start"], "whoever asks next gets it still"


async def test_nobody_wrote_says_what_to_send_to_whom(chat: LocalChat) -> None:
    there, said = await found(chat)
    assert not there
    assert said.count("/start") >= 4
    assert "@" in said


@pytest.mark.parametrize(
    ("webhook", "error"), [(False, TelegramTokenRefused), (True, TelegramTaken)], ids=["wrong token", "webhook"]
)
async def test_what_stands_in_the_way_is_named(
    chat: LocalChat, http: aiohttp.ClientSession, webhook: bool, error: type[Exception]
) -> None:
    if webhook:
        await http.post(f"{chat.url}/bot{TOKEN}/setWebhook", json={"url": "https://example.org/hook"})
    given = settings(chat, TOKEN if webhook else TOKEN.replace("1234", "9999"))
    with pytest.raises(error):
        await find_chat(given, lambda _: None, wait_s=0.0)


async def test_a_telegram_that_is_not_there_is_named(chat: LocalChat) -> None:
    given = settings(chat)
    await chat.aclose()
    with pytest.raises(TelegramUnreachable):
        await find_chat(given, lambda _: None, wait_s=0.0)
