"""What befalls a bot from outside, at once: a migration, a webhook left by somebody, an update nobody can read."""

from collections.abc import Callable

from bot.localchat.model import Chat, ChatMessage, Json
from bot.localchat.params import whole
from bot.localchat.present import api_chat, api_message
from bot.localchat.world import ChatWorld


def befall(world: ChatWorld, raw: Json) -> Json | None:
    """Do what the kind says and return what came of it; None for a kind that waits. Raises ValueError in words."""
    deed = _DEEDS.get(str(raw.get("kind")))
    return None if deed is None else deed(world, raw)


def migrate(world: ChatWorld, raw: Json) -> Json:
    """Make a supergroup of a group: a new id, the old one refuses all calls with it (telegram-bot-api 1.5).

    Both chats get their service message unless `silent`: then only the refusal tells.
    """
    old = world.chats.get(whole(raw.get("chat_id")) or 0)
    if old is None or old.is_private or old.migrated_to is not None:
        raise ValueError("chat_id must be that of a group that has not migrated yet")
    new_id = whole(raw.get("to")) or -1_002_000_000_001 - len(world.chats)
    if new_id >= 0 or new_id in world.chats:
        raise ValueError("to must be a negative number that no chat has")
    new = Chat(
        new_id,
        "supergroup",
        title=old.title,
        is_forum=bool(raw.get("is_forum")),
        members=list(old.members),
        bot_status=old.bot_status,
    )
    world.save(new)
    notices = [
        _notice(world, old, {"migrate_to_chat_id": new.id}),
        _notice(world, new, {"migrate_from_chat_id": old.id}),
    ]
    old.migrated_to = new.id
    world.save(old)
    if not raw.get("silent"):
        for notice in notices:
            world.updates.add("message", api_message(world, notice))
    return {"chat_id": new.id, "migrated_from": old.id}


def _notice(world: ChatWorld, chat: Chat, content: Json) -> ChatMessage:
    return world.post(chat, world.owner.id, content)


def set_webhook(world: ChatWorld, raw: Json) -> Json:
    """Set a webhook, as another program with the same token does; an empty address takes it away."""
    url = str(raw.get("url", "https://elsewhere.example/hook"))
    world.updates.set_webhook(url)
    return {"webhook": url}


def send_unreadable(world: ChatWorld, raw: Json) -> Json:
    """Queue an update as it is given; else a forward whose origin is of a kind that no library knows yet. Raises
    ValueError for what is no update."""
    update = raw.get("update") or {"message": _forward_from_nowhere(world)}
    if isinstance(update, dict):
        return {"update_id": world.updates.add_raw(update)}
    raise ValueError("update must be an object")


def _forward_from_nowhere(world: ChatWorld) -> Json:
    now = int(world.clock.now())
    return {
        "message_id": 1,
        "date": now,
        "chat": api_chat(world, world.private_chat(world.owner)),
        "from": world.owner.to_user(),
        "forward_origin": {"type": "comet", "date": now},
        "text": "an old message",
    }


_DEEDS: dict[str, Callable[[ChatWorld, Json], Json]] = {
    "migrate": migrate,
    "webhook": set_webhook,
    "unreadable_update": send_unreadable,
}
KINDS = tuple(_DEEDS)
