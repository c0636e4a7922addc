"""Chats: what is known of them, pins, reactions, topics (telegram-bot-api 2, 9.5, 9.6, 9.11)."""

from typing import Any

from bot.localchat.api.targets import check_access, find_chat, find_message
from bot.localchat.model import Chat, ChatMessage, Json
from bot.localchat.params import ApiCall, bad_request
from bot.localchat.present import api_chat, api_message, user_of
from bot.localchat.world import ChatWorld

REACTIONS = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋🖕😈😴😭🤓👻👀🎃🙈😇😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾😡"
) | {"❤‍🔥", "👨‍💻", "🤷‍♂", "🤷", "🤷‍♀"}
PLACES = ("member", "administrator", "restricted", "left", "kicked")  # what the bot may be in a group
_ADMINISTRATOR_RIGHTS = (
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
)
_MEMBER_RIGHTS = (
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
)
_TOPIC_COLORS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)


def get_chat(world: ChatWorld, call: ApiCall) -> Json:
    """Return a ChatFullInfo with the newest pinned message."""
    chat = find_chat(world, call)
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    info = {
        **api_chat(world, chat),
        "accent_color_id": chat.id % 7 if chat.id > 0 else 0,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, chat.is_private),
    }
    newest = _newest_pin(world, chat)
    if newest is not None:
        info["pinned_message"] = api_message(world, newest, with_reply=False)
    return info


def _newest_pin(world: ChatWorld, chat: Chat) -> ChatMessage | None:
    pinned = [world.message(chat.id, message_id) for message_id in sorted(chat.pinned)]
    return next((message for message in reversed(pinned) if message is not None), None)


def get_chat_member(world: ChatWorld, call: ApiCall) -> Json:
    chat = find_chat(world, call)
    user_id = call.integer("user_id")
    if user_id == world.bot.id:
        return api_member(world, user_id, chat.bot_status)
    if user_id not in world.people:
        raise bad_request("invalid user_id specified" if user_id <= 0 else "user not found")
    status = "left" if user_id not in chat.members else "creator" if user_id == world.owner.id else "member"
    return api_member(world, user_id, "member" if chat.is_private else status)


def api_member(world: ChatWorld, user_id: int, status: str) -> Json:
    """Return a ChatMember object of that status, with every field the Bot API calls required."""
    member: Json = {"user": user_of(world, user_id), "status": status}
    match status:
        case "creator":
            return {**member, "is_anonymous": False}
        case "kicked":
            return {**member, "until_date": 0}
        case "administrator":
            given = {"can_manage_chat": True, "can_delete_messages": True}
            return {**member, **dict.fromkeys(_ADMINISTRATOR_RIGHTS, False), **given}
        case "restricted":
            return {**member, **dict.fromkeys(_MEMBER_RIGHTS, False), "is_member": True, "until_date": 0}
        case _:
            return member


def get_chat_administrators(world: ChatWorld, call: ApiCall) -> list[Json]:
    chat = find_chat(world, call)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    members = [api_member(world, world.owner.id, "creator")] if world.owner.id in chat.members else []
    return members + ([api_member(world, world.bot.id, "administrator")] if chat.bot_status == "administrator" else [])


def get_user_profile_photos(world: ChatWorld, call: ApiCall) -> Json:
    if call.integer("user_id") not in world.people:
        raise bad_request("user not found")
    return {"total_count": 0, "photos": []}


def leave_chat(world: ChatWorld, call: ApiCall) -> bool:
    chat = find_chat(world, call)
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    check_access(world, chat)
    chat.bot_status = "left"
    world.save(chat)
    return True


def get_chat_member_count(world: ChatWorld, call: ApiCall) -> int:
    return len(find_chat(world, call).members) + 1


def pin_chat_message(world: ChatWorld, call: ApiCall) -> bool:
    chat = find_chat(world, call)
    check_access(world, chat)
    message = find_message(world, call, chat, "message to pin not found")
    if message.message_id in chat.pinned:
        return True
    chat.pinned.append(message.message_id)
    world.save(chat)
    world.show(message)
    silent = call.boolean("disable_notification")
    world.post(chat, world.bot.id, {"pinned_message_id": message.message_id}, silent=silent)
    return True


def unpin_chat_message(world: ChatWorld, call: ApiCall) -> bool:
    chat = find_chat(world, call)
    newest = _newest_pin(world, chat)
    message_id = call.integer("message_id") or (newest.message_id if newest else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    _unpin(world, chat, message_id)
    return True


def unpin_all_chat_messages(world: ChatWorld, call: ApiCall) -> bool:
    chat = find_chat(world, call)
    for message_id in list(chat.pinned):
        _unpin(world, chat, message_id)
    return True


def _unpin(world: ChatWorld, chat: Chat, message_id: int) -> None:
    chat.pinned.remove(message_id)
    world.save(chat)
    message = world.message(chat.id, message_id)
    if message is not None:
        world.show(message)


def set_message_reaction(world: ChatWorld, call: ApiCall) -> bool:
    raw = call.data("reaction", "can't parse reaction types JSON object") or []
    chat = find_chat(world, call)
    message = find_message(world, call, chat, "message to react not found")
    reactions = read_reactions(raw)
    if len(reactions) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    set_reaction(world, message, world.bot.id, reactions)
    return True


def read_reactions(raw: Any) -> list[Json]:
    """Return a list of reactions. Raises ApiError for one that Telegram does not offer."""
    if not isinstance(raw, list):
        raise bad_request("expected an Array of ReactionType")
    for item in raw:
        emoji = str(item.get("emoji", "")).replace("\ufe0f", "") if isinstance(item, dict) else ""
        if not isinstance(item, dict) or item.get("type") != "emoji" or emoji not in REACTIONS:
            raise bad_request("REACTION_INVALID")
    return [{"type": "emoji", "emoji": item["emoji"]} for item in raw]


def set_reaction(world: ChatWorld, message: ChatMessage, user_id: int, reactions: list[Json]) -> list[Json]:
    """Replace what someone thinks of a message; return what it was before."""
    before = message.reactions.pop(str(user_id), [])
    if reactions:
        message.reactions[str(user_id)] = reactions
    world.show(message)
    return before


def create_forum_topic(world: ChatWorld, call: ApiCall) -> Json:
    chat = _forum(world, call)
    name = call.text("name").strip()
    if not name or len(name) > 128:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "TOPIC_TITLE_INVALID")
    color = call.integer("icon_color", _TOPIC_COLORS[0])
    if color not in _TOPIC_COLORS:
        raise bad_request("invalid icon color specified")
    started = world.post(chat, world.bot.id, {"forum_topic_created": {"name": name, "icon_color": color}})
    topic = {"name": name, "icon_color": color}
    chat.topics[str(started.message_id)] = topic
    world.save(chat)
    return {"message_thread_id": started.message_id, **topic}


def _forum(world: ChatWorld, call: ApiCall) -> Chat:
    chat = find_chat(world, call)
    check_access(world, chat)
    if not (chat.is_forum or (chat.is_private and world.bot.has_topics)):
        raise bad_request(
            "the chat is not a forum" if not chat.is_private else "the bot has no topics in private chats"
        )
    return chat


def _topic_changer(change: Json) -> Any:
    def apply(world: ChatWorld, call: ApiCall) -> bool:
        chat = _forum(world, call)
        key = str(call.integer("message_thread_id"))
        if key not in chat.topics:
            raise bad_request("TOPIC_ID_INVALID")
        if call.text("name"):
            chat.topics[key]["name"] = call.text("name")[:128]
        chat.topics[key] |= change
        world.save(chat)
        return True

    return apply


def delete_forum_topic(world: ChatWorld, call: ApiCall) -> bool:
    chat = _forum(world, call)
    thread = call.integer("message_thread_id")
    if chat.topics.pop(str(thread), None) is None:
        raise bad_request("TOPIC_ID_INVALID")
    world.save(chat)
    for message in world.chat_messages(chat.id):
        if message.extras.get("message_thread_id") == thread and not message.deleted:
            world.delete(message)
    return True


METHODS = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "getUserProfilePhotos": get_user_profile_photos,
    "leaveChat": leave_chat,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
    "setMessageReaction": set_message_reaction,
    "createForumTopic": create_forum_topic,
    "editForumTopic": _topic_changer({}),
    "closeForumTopic": _topic_changer({"closed": True}),
    "reopenForumTopic": _topic_changer({"closed": False}),
    "deleteForumTopic": delete_forum_topic,
}
