"""telegram-bot-api 9.10: rich messages, as far as they are had here."""

from typing import Any

import pytest
from aiogram.types import Message

from bot.localchat.formatting.rich_html import render_rich
from tests.bot.localchat.conftest import Api, User, png

CELLS = [
    [{"text": "종목", "is_header": True, "align": "left", "valign": "top"}, {"text": "손익", "is_header": True}],
    [{"text": {"type": "bold", "text": "TQQQ"}}, {"text": ["+", {"type": "code", "text": "3.1 %"}], "align": "right"}],
]
BLOCKS: list[dict[str, Any]] = [
    {"type": "heading", "text": "오늘 <1>", "size": 2},
    {"type": "paragraph", "text": ["보세요: ", {"type": "url", "text": "여기", "url": "https://example.com/?a=1&b=2"}]},
    {"type": "table", "cells": CELLS, "is_bordered": True, "caption": "보유"},
    {"type": "details", "summary": "왜?", "blocks": [{"type": "paragraph", "text": "RSI 28"}], "is_open": True},
    {
        "type": "list",
        "items": [
            {"blocks": [{"type": "paragraph", "text": "하나"}]},
            {"blocks": [{"type": "paragraph", "text": "둘"}], "value": 7},
            {"blocks": [{"type": "paragraph", "text": "셋"}], "has_checkbox": True, "is_checked": True},
        ],
    },
    {"type": "blockquote", "blocks": [{"type": "footer", "text": "끝"}], "credit": "누구"},
    {"type": "expandable_blockquote", "text": "길다"},
    {"type": "pre", "text": "a < b", "language": "python"},
    {"type": "divider"},
    {"type": "photo", "photo": {"type": "photo", "media": "attach://chart"}, "caption": {"text": "차트"}},
    {
        "type": "buttons",
        "buttons": [{"text": "정지", "callback_data": 'stop"'}, {"text": "열기", "url": "example.com"}],
    },
]


async def test_blocks_come_back_and_are_shown(api: Api, owner: User) -> None:
    status, body = await api.upload(
        "sendRichMessage", {"chart": png(40, 20)}, chat_id=owner.id, rich_message={"blocks": BLOCKS}
    )
    assert status == 200, body
    sent = Message.model_validate(body["result"])  # aiogram's own model of it
    assert sent.rich_message is not None
    assert [block.type for block in sent.rich_message.blocks] == [block["type"] for block in BLOCKS]
    assert [item["label"] for item in body["result"]["rich_message"]["blocks"][4]["items"]] == ["•", "7.", "•"]
    (shown,) = await owner.messages()
    assert "오늘 &lt;1&gt;" in shown["html"]
    assert 'href="https://example.com/?a=1&amp;b=2"' in shown["html"]
    assert 'data-rich="stop&quot;"' in shown["html"]
    assert "TQQQ" in shown["text"]
    await owner.press(shown["id"], 'stop"')
    assert (await api.ok("getUpdates"))[0]["callback_query"]["data"] == 'stop"'
    refusal = await api.refused("editMessageText", chat_id=owner.id, message_id=shown["id"], text="x")
    assert refusal == "Bad Request: there is no text in the message to edit"


@pytest.mark.parametrize(
    ("message", "fragment"),
    [
        ({}, "blocks must be non-empty"),
        ({"html": "<h1>x</h1>"}, "blocks only"),
        ([], "expected an Object"),
        ({"blocks": [{"type": "hologram"}]}, "unsupported block type"),
        ({"blocks": [{"type": "paragraph", "text": ""}]}, "text must be non-empty"),
        ({"blocks": [{"type": "paragraph", "text": {"type": "shout", "text": "x"}}]}, "unsupported text type"),
        ({"blocks": [{"type": "paragraph", "text": {"type": "url", "text": "x"}}]}, "lacks a field"),
        ({"blocks": [{"type": "heading", "text": "x", "size": 7}]}, "size of a heading"),
        ({"blocks": [{"type": "table", "cells": [[{"text": "x"}] * 21]}]}, "too many columns"),
        ({"blocks": [{"type": "table", "cells": [[{"text": "x", "align": "up"}]]}]}, "cannot be aligned"),
        ({"blocks": [{"type": "table", "cells": ["x"]}]}, "Array of Arrays"),
        ({"blocks": [{"type": "list", "items": []}]}, "non-empty Array"),
        ({"blocks": [{"type": "divider"}] * 501}, "too many blocks"),
        ({"blocks": [{"type": "paragraph", "text": "x" * 32_769}]}, "rich message is too long"),
        ({"blocks": [{"type": "buttons", "buttons": [{"text": "x"}]}]}, "exactly one action"),
        ({"blocks": [{"type": "buttons", "buttons": [{"text": "x", "callback_data": "x" * 65}]}]}, "DATA_INVALID"),
        ({"blocks": [{"type": "photo", "photo": {"type": "document", "media": "x"}}]}, "Bad Request"),
    ],
)
async def test_impossible_rich_messages(api: Api, owner: User, message: Any, fragment: str) -> None:
    assert fragment in await api.refused("sendRichMessage", chat_id=owner.id, rich_message=message)


def test_nesting_without_end_is_refused_and_nothing_becomes_markup() -> None:
    html = render_rich([{"type": "paragraph", "text": {"type": "url", "text": "<b>", "url": "javascript:alert(1)"}}])
    assert html == '<p class="paragraph"><span>&lt;b&gt;</span></p>'


async def test_blocks_nested_without_end(api: Api, owner: User) -> None:
    block: dict[str, Any] = {"type": "paragraph", "text": "x"}
    for _ in range(40):
        block = {"type": "blockquote", "blocks": [block]}
    refusal = await api.refused("sendRichMessage", chat_id=owner.id, rich_message={"blocks": [block]})
    assert "nested too deeply" in refusal
