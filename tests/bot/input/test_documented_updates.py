"""No update of the official documentation makes the bot deaf, silent or noisy (13.3)."""

import pytest
from aiogram.types import Update

from tests.bot.conftest import OpenRoom
from tests.support.documented_updates import ALL, Json


@pytest.mark.parametrize("update", [pytest.param(each, id=name) for name, each in ALL.items()])
def test_the_models_read_it(update: Json) -> None:
    (kind,) = update
    assert Update.model_validate({"update_id": 1, **update}).event_type == kind


def test_every_kind_of_update_is_there_but_those_of_money() -> None:
    kinds = set(Update.model_fields) - {"update_id"}
    assert kinds - {next(iter(update)) for update in ALL.values()} == {"subscription"}


async def test_the_bot_hears_what_comes_after_any_of_them(
    open_room: OpenRoom, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_room(telegram_chat_id="77", telegram_allowed_user_ids="77,1000001") as room:
        for update in ALL.values():
            await room.owner.post("fault", kind="unreadable_update", update=update)
        assert "버전" in (await room.owner.ask("/version"))["text"]
    said = {record.getMessage() for record in caplog.records}
    assert not said & {"handler failed", "update failed", "poll failed", "update not readable"}
