"""How the bot gets its updates (telegram-bot-api 3)."""

from bot.localchat.model import Json
from bot.localchat.params import ApiCall, bad_request, conflict
from bot.localchat.world import ChatWorld


async def get_updates(world: ChatWorld, call: ApiCall) -> list[Json]:
    if world.updates.webhook:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    if call.params.get("allowed_updates"):
        world.updates.set_allowed(call.data("allowed_updates", "can't parse allowed updates JSON object"))
    offset = call.integer("offset")
    limit = call.integer("limit", 100, 1, 100)
    timeout = float(call.integer("timeout", 0, 0, 50))
    if world.limits.rates is not None:
        limit, timeout = world.updates.unhurried(offset, limit, timeout)
    return await world.updates.poll(offset, limit, timeout)


def set_webhook(world: ChatWorld, call: ApiCall) -> bool:
    """Remember a webhook. Nothing is delivered to it: this server calls nobody."""
    url = call.text("url").strip()
    if url and not url.startswith("https://"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if call.params.get("allowed_updates"):
        world.updates.set_allowed(call.data("allowed_updates", "can't parse allowed updates JSON object"))
    if call.boolean("drop_pending_updates"):
        world.updates.clear()
    world.updates.set_webhook(url)
    return True


def delete_webhook(world: ChatWorld, call: ApiCall) -> bool:
    if call.boolean("drop_pending_updates"):
        world.updates.clear()
    if world.updates.webhook:
        world.updates.set_webhook("")
    return True


def get_webhook_info(world: ChatWorld, _call: ApiCall) -> Json:
    allowed = world.updates.allowed
    return {
        "url": world.updates.webhook,
        "has_custom_certificate": False,
        "pending_update_count": world.updates.pending_count(),
        **({"allowed_updates": allowed} if allowed else {}),
    }


METHODS = {"setWebhook": set_webhook, "deleteWebhook": delete_webhook, "getWebhookInfo": get_webhook_info}
