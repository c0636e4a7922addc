"""A bot written with aiogram, driven by a person: the whole way round."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.filters import Command
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
)

from bot.localchat import LocalChat
from tests.bot.localchat.conftest import TOKEN, User, png


def bot_at(chat: LocalChat, token: str = TOKEN) -> Bot:
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(chat.url)))


@pytest.fixture
async def bot(chat: LocalChat) -> AsyncIterator[Bot]:
    bot = bot_at(chat)
    yield bot
    await bot.session.close()


KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="확인", callback_data="ok:1")]])


async def test_a_dispatcher_answers_commands_and_presses(chat: LocalChat, bot: Bot, owner: User) -> None:
    dispatcher = Dispatcher()

    async def status(message: Message) -> None:
        await message.answer("<b>상태</b> 정상", parse_mode="HTML", reply_markup=KEYBOARD)

    async def pressed(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.answer("됐습니다", show_alert=True)
        await query.message.edit_text("끝")

    dispatcher.message.register(status, Command("status"))
    dispatcher.callback_query.register(pressed, F.data == "ok:1")
    async with asyncio.TaskGroup() as group, asyncio.timeout(10):
        polling = group.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
        await owner.send("/status")
        shown = await owner.until(lambda messages: len(messages) == 2)
        query_id = await owner.press(shown[1]["id"], "ok:1")
        await owner.until(lambda messages: messages[1]["text"] == "끝")
        answer = await owner.get(f"answers/{query_id}")
        await dispatcher.stop_polling()
        await polling

    assert shown[1]["html"] == "<b>상태</b> 정상"
    assert (answer["answered"], answer["text"], answer["show_alert"]) == (True, "됐습니다", True)
    assert (await owner.messages())[1]["reply_markup"] is None


async def test_every_answer_fits_aiograms_models(chat: LocalChat, bot: Bot, owner: User) -> None:
    me = await bot.get_me()
    assert me.is_bot
    sent = await bot.send_message(chat.owner_id, "가격 $AAPL", reply_markup=KEYBOARD)
    edited = await bot.edit_message_reply_markup(chat_id=chat.owner_id, message_id=sent.message_id, reply_markup=None)
    assert isinstance(edited, Message)
    assert edited.reply_markup is None
    photo = await bot.send_photo(
        chat.owner_id, BufferedInputFile(png(), "chart.png"), caption="<i>차트</i>", parse_mode="HTML"
    )
    assert photo.photo
    again = await bot.send_photo(chat.owner_id, photo.photo[-1].file_id, reply_to_message_id=sent.message_id)
    assert again.reply_to_message
    document = await bot.send_document(chat.owner_id, BufferedInputFile(b"a,b\n", "trades.csv"))
    assert document.document
    assert document.document.file_name == "trades.csv"
    file = await bot.get_file(document.document.file_id)
    assert file.file_path
    content = await bot.download_file(file.file_path)
    assert content
    assert content.read() == b"a,b\n"
    changed = await bot.edit_message_media(
        InputMediaPhoto(media=BufferedInputFile(png(5, 5), "b.png"), caption="새"),
        chat_id=chat.owner_id,
        message_id=photo.message_id,
    )
    assert isinstance(changed, Message)
    assert changed.caption == "새"
    album = await bot.send_media_group(
        chat.owner_id,
        [InputMediaPhoto(media=BufferedInputFile(png(), "1.png")), InputMediaPhoto(media=photo.photo[0].file_id)],
    )
    assert len({message.media_group_id for message in album}) == 1
    await bot.pin_chat_message(chat.owner_id, sent.message_id)
    full = await bot.get_chat(chat.owner_id)
    assert full.pinned_message
    assert await bot.set_my_commands([BotCommand(command="status", description="상태")])
    assert (await bot.get_my_commands())[0].command == "status"
    assert await bot.send_chat_action(chat.owner_id, "typing")
    await bot.get_chat_menu_button()
    await bot.get_webhook_info()
    await bot.get_chat_member(chat.owner_id, chat.owner_id)
    assert await bot.delete_messages(chat.owner_id, [sent.message_id, 999_999])
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="상태")]], resize_keyboard=True)
    with_keyboard = await bot.send_message(chat.owner_id, "메뉴", reply_markup=keyboard)
    assert with_keyboard.reply_markup is None


async def test_errors_raise_the_right_exceptions(chat: LocalChat, bot: Bot, owner: User) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(77, "x")
    await owner.post("fault", kind="error", method="sendMessage", code=429, retry_after=7)
    with pytest.raises(TelegramRetryAfter) as late:
        await bot.send_message(chat.owner_id, "x")
    assert late.value.retry_after == 7
    await owner.post("fault", kind="error", method="sendMessage", code=500)
    with pytest.raises(TelegramServerError):
        await bot.send_message(chat.owner_id, "x")
    await owner.post("fault", kind="timeout_after_send", method="sendMessage", seconds=0)
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(chat.owner_id, "arrived")
    await owner.post("fault", kind="timeout_before", method="sendMessage", seconds=0)
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(chat.owner_id, "lost")
    assert [message["text"] for message in await owner.messages()] == ["arrived"]
    await owner.post("block")
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(chat.owner_id, "x")
    stranger = bot_at(chat, "4242:wrong")
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()
    await stranger.session.close()
    with pytest.raises(TelegramNotFound):
        await bot.send_dice(chat.owner_id)
