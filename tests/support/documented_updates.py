"""Updates written by hand after the official documentation of the Bot API, at least one of each kind.

Ids are made up. `message` gives the frame of a message, so that each line shows what is special about it.
"""

from typing import Any

Json = dict[str, Any]

NOW = 1_780_000_000
PERSON: Json = {"id": 77, "is_bot": False, "first_name": "Ann", "username": "ann", "language_code": "en"}
BOT: Json = {"id": 1000, "is_bot": True, "first_name": "KIS US Trader", "username": "kis_us_trader_bot"}
PRIVATE: Json = {"id": 77, "type": "private", "first_name": "Ann"}
GROUP: Json = {"id": -4_001, "type": "group", "title": "g"}
SUPERGROUP: Json = {"id": -1_001_000_000_099, "type": "supergroup", "title": "s", "is_forum": True}
CHANNEL: Json = {"id": -1_001_000_000_098, "type": "channel", "title": "c"}
FILE: Json = {"file_id": "A", "file_unique_id": "B", "file_size": 3}
PHOTO = [{**FILE, "width": 90, "height": 90}]


def message(chat: Json = PRIVATE, **special: Any) -> Json:
    return {"message_id": 5, "from": PERSON, "chat": chat, "date": NOW, **special}


def member(status: str, **special: Any) -> Json:
    return {"user": BOT, "status": status, **special}


RESTRICTIONS = dict.fromkeys(
    [
        "can_send_messages",
        "can_send_audios",
        "can_send_documents",
        "can_send_photos",
        "can_send_videos",
        "can_send_video_notes",
        "can_send_voice_notes",
        "can_send_polls",
        "can_send_other_messages",
        "can_add_web_page_previews",
        "can_react_to_messages",
        "can_edit_tag",
        "can_change_info",
        "can_invite_users",
        "can_pin_messages",
        "can_manage_topics",
    ],
    False,
)
RIGHTS = dict.fromkeys(
    [
        "can_be_edited",
        "is_anonymous",
        "can_manage_chat",
        "can_delete_messages",
        "can_manage_video_chats",
        "can_restrict_members",
        "can_promote_members",
        "can_change_info",
        "can_invite_users",
        "can_post_stories",
        "can_edit_stories",
        "can_delete_stories",
        "can_send_welcome_messages",
    ],
    True,
)


def moved(chat: Json, before: Json, after: Json) -> Json:
    return {"chat": chat, "from": PERSON, "date": NOW, "old_chat_member": before, "new_chat_member": after}


MESSAGES: dict[str, Json] = {
    "text": message(text="hello"),
    "command": message(text="/nothing", entities=[{"type": "bot_command", "offset": 0, "length": 8}]),
    "entities": message(
        text="abcdefghij",
        entities=[
            {"type": "text_link", "offset": 0, "length": 1, "url": "https://x.example/"},
            {"type": "text_mention", "offset": 1, "length": 1, "user": PERSON},
            {"type": "custom_emoji", "offset": 2, "length": 1, "custom_emoji_id": "5"},
            {"type": "expandable_blockquote", "offset": 3, "length": 1},
            {"type": "pre", "offset": 4, "length": 1, "language": "python"},
            {"type": "date_time", "offset": 5, "length": 1, "unix_time": NOW, "date_time_format": "r"},
        ],
    ),
    "rich": message(rich_message={"blocks": [{"type": "paragraph", "text": ["a", {"type": "bold", "text": "b"}]}]}),
    "reply": message(text="x", reply_to_message=message(text="y"), quote={"text": "y", "position": 0}),
    "reply elsewhere": message(
        text="x",
        external_reply={"origin": {"type": "hidden_user", "date": NOW, "sender_user_name": "Bo"}, "message_id": 3},
    ),
    "forward of a person": message(text="x", forward_origin={"type": "user", "date": 1, "sender_user": PERSON}),
    "forward of a hidden person": message(
        text="x", forward_origin={"type": "hidden_user", "date": 1, "sender_user_name": "Bo"}
    ),
    "forward of a group": message(text="x", forward_origin={"type": "chat", "date": 1, "sender_chat": SUPERGROUP}),
    "forward of a channel": message(
        text="x", forward_origin={"type": "channel", "date": 1, "chat": CHANNEL, "message_id": 3}
    ),
    "photo": message(photo=PHOTO, caption="c"),
    "document": message(document={**FILE, "file_name": "a.csv", "mime_type": "text/csv"}),
    "voice": message(voice={**FILE, "duration": 3}),
    "video": message(video={**FILE, "width": 1, "height": 1, "duration": 3}),
    "video note": message(video_note={**FILE, "length": 1, "duration": 3}),
    "audio": message(audio={**FILE, "duration": 3}),
    "sticker": message(
        sticker={**FILE, "type": "regular", "width": 1, "height": 1, "is_animated": False, "is_video": False}
    ),
    "contact": message(contact={"phone_number": "+1555", "first_name": "Bo"}),
    "location": message(location={"latitude": 37.5, "longitude": 127.0}),
    "venue": message(venue={"location": {"latitude": 1.0, "longitude": 2.0}, "title": "t", "address": "a"}),
    "dice": message(dice={"emoji": "🎲", "value": 3}),
    "checklist": message(checklist={"title": "t", "tasks": [{"id": 1, "text": "a"}]}),
    "people come": message(GROUP, new_chat_members=[PERSON, BOT]),
    "a person goes": message(GROUP, left_chat_member=PERSON),
    "group made": message(GROUP, group_chat_created=True),
    "migration, told in the group": message(GROUP, migrate_to_chat_id=-1_001_000_000_077),
    "migration, told in the supergroup": message(SUPERGROUP, migrate_from_chat_id=-4_009),
    "pinned": message(SUPERGROUP, pinned_message={"chat": SUPERGROUP, "message_id": 3, "date": 0}),
    "topic made": message(
        SUPERGROUP,
        message_thread_id=5,
        is_topic_message=True,
        forum_topic_created={"name": "t", "icon_color": 7322096},
    ),
    "topic closed": message(SUPERGROUP, message_thread_id=5, forum_topic_closed={}),
    "auto delete": message(SUPERGROUP, message_auto_delete_timer_changed={"message_auto_delete_time": 60}),
    "anonymous administrator": {
        **message(SUPERGROUP, text="x", sender_chat=SUPERGROUP, author_signature="boss"),
        "from": {"id": 1_087_968_824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"},
    },
    "as a channel": {
        **message(SUPERGROUP, text="x", sender_chat=CHANNEL),
        "from": {"id": 136_817_688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"},
    },
    "channel post passed on": {
        **message(SUPERGROUP, text="x", sender_chat=CHANNEL, is_automatic_forward=True),
        "from": {"id": 777_000, "is_bot": False, "first_name": "Telegram"},
    },
    "ephemeral": {
        **message(SUPERGROUP, text="x", receiver_user=BOT, ephemeral_message_id=9),
        "message_id": 0,
    },
}

OTHERS: dict[str, Json] = {
    "edited_message": message(text="x", edit_date=NOW),
    "channel_post": {"message_id": 5, "chat": CHANNEL, "date": NOW, "text": "x", "sender_chat": CHANNEL},
    "edited_channel_post": {"message_id": 5, "chat": CHANNEL, "date": NOW, "text": "x", "edit_date": NOW},
    "business_connection": {"id": "b", "user": PERSON, "user_chat_id": 77, "date": NOW, "is_enabled": True},
    "business_message": message(text="x", business_connection_id="b"),
    "edited_business_message": message(text="x", business_connection_id="b", edit_date=NOW),
    "deleted_business_messages": {"business_connection_id": "b", "chat": PRIVATE, "message_ids": [1, 2]},
    "guest_message": message(GROUP, text="x", guest_query_id="g"),
    "message_reaction": {
        "chat": PRIVATE,
        "message_id": 5,
        "user": PERSON,
        "date": NOW,
        "old_reaction": [{"type": "emoji", "emoji": "👍"}, {"type": "custom_emoji", "custom_emoji_id": "5"}],
        "new_reaction": [{"type": "paid"}],
    },
    "message_reaction_count": {
        "chat": CHANNEL,
        "message_id": 5,
        "date": NOW,
        "reactions": [{"type": {"type": "emoji", "emoji": "👍"}, "total_count": 3}],
    },
    "inline_query": {"id": "1", "from": PERSON, "query": "q", "offset": "", "chat_type": "supergroup"},
    "chosen_inline_result": {"result_id": "1", "from": PERSON, "query": "q"},
    "callback_query": {
        "id": "1",
        "from": PERSON,
        "message": {"chat": PRIVATE, "message_id": 5, "date": 0},
        "chat_instance": "1",
        "data": "x",
    },
    "shipping_query": {
        "id": "1",
        "from": PERSON,
        "invoice_payload": "p",
        "shipping_address": {
            "country_code": "KR",
            "state": "",
            "city": "Seoul",
            "street_line1": "a",
            "street_line2": "",
            "post_code": "1",
        },
    },
    "pre_checkout_query": {
        "id": "1",
        "from": PERSON,
        "currency": "XTR",
        "total_amount": 1,
        "invoice_payload": "p",
    },
    "purchased_paid_media": {"from": PERSON, "paid_media_payload": "p"},
    "poll": {
        "id": "1",
        "question": "q",
        "options": [{"persistent_id": "a", "text": "a", "voter_count": 1}],
        "total_voter_count": 1,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
    },
    "poll_answer": {"poll_id": "1", "user": PERSON, "option_ids": [0], "option_persistent_ids": ["a"]},
    "chat_member": moved(SUPERGROUP, member("left"), member("member")),
    "chat_join_request": {"chat": SUPERGROUP, "from": PERSON, "user_chat_id": 77, "date": NOW},
    "chat_boost": {
        "chat": SUPERGROUP,
        "boost": {
            "boost_id": "1",
            "add_date": NOW,
            "expiration_date": NOW,
            "source": {"source": "premium", "user": PERSON},
        },
    },
    "removed_chat_boost": {
        "chat": SUPERGROUP,
        "boost_id": "1",
        "remove_date": NOW,
        "source": {"source": "gift_code", "user": PERSON},
    },
    "managed_bot": {"user": PERSON, "bot": BOT},
    "stopped_message_generation": {"chat": PRIVATE, "draft_id": 7},
}

PLACES: dict[str, Json] = {
    "blocked": moved(PRIVATE, member("member"), member("kicked", until_date=0)),
    "unblocked": moved(PRIVATE, member("kicked", until_date=0), member("member")),
    "made administrator": moved(SUPERGROUP, member("member"), member("administrator", **RIGHTS)),
    "restricted": moved(
        SUPERGROUP,
        member("administrator", **RIGHTS),
        member("restricted", **RESTRICTIONS, is_member=True, until_date=0),
    ),
    "thrown out": moved(GROUP, member("member"), member("kicked", until_date=0)),
    "left": moved(GROUP, member("member"), member("left")),
}

ALL: dict[str, Json] = {
    **{f"message: {name}": {"message": each} for name, each in MESSAGES.items()},
    **{f"my_chat_member: {name}": {"my_chat_member": each} for name, each in PLACES.items()},
    **{kind: {kind: each} for kind, each in OTHERS.items()},
}
