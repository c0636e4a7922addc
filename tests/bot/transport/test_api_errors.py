"""What a refusal is, by its status, whatever stands in its body: Telegram's own, a bare one, or a proxy's page."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.telegram import PRODUCTION
from aiogram.methods import SendMessage

from bot.transport.api_errors import (
    CHAT_PAUSES,
    LATE_ANSWER_PAUSES,
    TELEGRAM_FAILURES,
    Failure,
    about_a_topic,
    asked_pause,
    changes_nothing,
    failure,
    names_no_message,
    pause_after,
)
from bot.transport.http_session import StatusSession

PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"


def refusal(code: int, description: str, **parameters: Any) -> str:
    body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return json.dumps({**body, "parameters": parameters} if parameters else body)


@pytest.mark.parametrize(
    ("status", "content", "kind", "pause"),
    [
        (429, refusal(429, "Too Many Requests: retry after 35", retry_after=35), Failure.FLOOD, 35),
        (429, refusal(429, "Too Many Requests: retry later", retry_after=0), Failure.FLOOD, 0),
        (429, refusal(429, "Too Many Requests"), Failure.FLOOD, 0),
        (429, PAGE.format("429 Too Many Requests"), Failure.FLOOD, 0),
        (400, refusal(400, "Bad Request: TOPIC_CLOSED"), Failure.REFUSED, 0),
        (400, refusal(400, "Bad Request: chat not found"), Failure.REFUSED, 0),
        (400, refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1001), Failure.MOVED, 0),
        (401, refusal(401, "Unauthorized"), Failure.BARRED, 0),
        (403, refusal(403, "Forbidden: bot was kicked from the group chat"), Failure.BARRED, 0),
        (404, refusal(404, "Not Found"), Failure.BARRED, 0),
        (406, refusal(406, "Not Acceptable"), Failure.REFUSED, 0),
        (409, refusal(409, "Conflict"), Failure.BARRED, 0),
        (409, PAGE.format("409 Conflict"), Failure.BARRED, 0),
        (413, refusal(413, "Request Entity Too Large"), Failure.REFUSED, 0),
        (413, PAGE.format("413 Request Entity Too Large"), Failure.REFUSED, 0),
        (420, refusal(420, "FLOOD_WAIT"), Failure.REFUSED, 0),
        (500, refusal(500, "Internal Server Error: restart"), Failure.UNREACHABLE, 0),
        (502, PAGE.format("502 Bad Gateway"), Failure.DOUBTFUL, 0),
        (504, PAGE.format("504 Gateway Time-out"), Failure.DOUBTFUL, 0),
        (200, "not JSON at all", Failure.DOUBTFUL, 0),
    ],
)
async def test_a_refusal_is_what_its_status_says(status: int, content: str, kind: Failure, pause: float) -> None:
    with refused(status, content) as error:
        assert failure(error) is kind
        assert asked_pause(error) == pause


def test_every_failure_has_pauses_for_a_chat() -> None:
    assert set(CHAT_PAUSES) == set(Failure)


async def test_what_telegram_asks_for_is_waited_else_what_we_think_right() -> None:
    with refused(429, refusal(429, "Too Many Requests: retry after 35", retry_after=35)) as error:
        assert pause_after(error, 4, LATE_ANSWER_PAUSES) == 35
    with refused(429, refusal(429, "Too Many Requests")) as error:
        assert pause_after(error, 4, LATE_ANSWER_PAUSES) == 30
        assert [pause_after(error, tries, CHAT_PAUSES[failure(error)]) for tries in range(3)] == [5, 10, 20]


@pytest.mark.parametrize(
    ("description", "unchanged", "no_message", "topic"),
    [
        ("Bad Request: message is not modified: specified new message content", True, False, False),
        ("Bad Request: message to edit not found", False, True, False),
        ("Bad Request: message can't be edited", False, True, False),
        ("Bad Request: there is no text in the message to edit", False, True, False),
        ("Bad Request: TOPIC_CLOSED", False, False, True),
        ("Bad Request: TOPIC_DELETED", False, False, True),
        ("Bad Request: CHAT_RESTRICTED", False, False, False),
    ],
)
async def test_what_a_refused_call_is_about(description: str, unchanged: bool, no_message: bool, topic: bool) -> None:
    with refused(400, refusal(400, description)) as error:
        assert (changes_nothing(error), names_no_message(error), about_a_topic(error)) == (unchanged, no_message, topic)
    with refused(403, refusal(403, description)) as error:
        assert not any((changes_nothing(error), names_no_message(error), about_a_topic(error)))


@contextmanager
def refused(status: int, content: str) -> Iterator[Exception]:
    session = StatusSession(api=PRODUCTION, timeout=2, dated=lambda _: None)
    bot = Bot("1000:local-chat", session=session)
    with pytest.raises(TELEGRAM_FAILURES) as found:
        session.check_response(bot, SendMessage(chat_id=1, text="x"), status, content)
    yield found.value
