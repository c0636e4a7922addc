"""What a person types to arm trading is in no log line, whoever writes it: a library may write down whole updates."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from aiogram.types import Update
from pydantic import ValidationError

from storage.logs.files import logging_to_files
from storage.logs.reader import LogFiles
from storage.redaction import redactor

TYPED = ("/arm 5601 567890", "/arm@my_bot 5601 567890", "무장 5601 567890", "5601 567890", "50123456-01", "5601")
DIGITS = ("5601", "567890", "50123456")


def _update(text: str) -> dict[str, object]:
    """An update as Telegram sends it (Bot API, Update and Message)."""
    person = {"id": 7, "is_bot": False, "first_name": "A"}
    chat = {"id": 7, "type": "private", "first_name": "A"}
    message = {"message_id": 12, "date": 1_790_000_000, "chat": chat, "from": person, "text": text}
    return {"update_id": 99, "message": message}


def _repr(text: str) -> str:
    return repr(Update.model_validate(_update(text)))


def _json(text: str) -> str:
    return json.dumps(_update(text), ensure_ascii=False)


def _escaped(text: str) -> str:
    return json.dumps({"body": json.dumps(_update(text))})


def _refusal(text: str) -> str:
    """What pydantic says of an update it cannot read: it quotes the input, cut somewhere."""
    with pytest.raises(ValidationError) as refused:
        Update.model_validate({**_update(text), "update_id": "none"} | {"message": {"text": text}})
    return str(refused.value)


@pytest.mark.parametrize("dress", [_repr, _json, _escaped, _refusal])
@pytest.mark.parametrize("text", TYPED)
def test_a_librarys_line_holds_nothing_that_was_typed(tmp_path: Path, dress: Callable[[str], str], text: str) -> None:
    said = dress(text)
    with logging_to_files(tmp_path, level="DEBUG"):
        logging.getLogger("aiogram.dispatcher").warning("Failed to handle %s", said, extra={"update": _update(text)})
        try:
            int(said)  # quotes what it could not read
        except ValueError:
            logging.getLogger("bot.errors").exception("handler failed")
    [path] = tmp_path.iterdir()
    written = path.read_text()
    assert not [digits for digits in DIGITS if digits in written]
    assert "update_id" in written or "Update" in written or dress is _refusal


@pytest.mark.parametrize("text", TYPED)
async def test_an_older_log_is_cleaned_when_it_is_shown(tmp_path: Path, text: str) -> None:
    line = {
        "at": "2026-12-01T05:00:00.000+00:00",
        "level": "ERROR",
        "logger": "aiogram.event",
        "event": f"Cause exception while process update {_repr(text)}",
        "traceback": f"Traceback\nValueError: {_repr(text)}",
    }
    (tmp_path / "2026-12-01.log").write_text(json.dumps(line, ensure_ascii=False) + "\n")
    [shown] = await LogFiles(tmp_path, redactor()).newest(5)
    assert not [digits for digits in DIGITS if digits in shown.event + shown.details]


def test_our_own_lines_keep_their_numbers(tmp_path: Path) -> None:
    with logging_to_files(tmp_path):
        logging.getLogger("strategy.desk").info("order sent", extra={"order": 123456, "venue_no": "0030123456"})
    [path] = tmp_path.iterdir()
    assert json.loads(path.read_text())["order"] == 123456
    assert "0030123456" in path.read_text()
