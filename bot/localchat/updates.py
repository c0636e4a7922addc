"""The queue behind getUpdates (telegram-bot-api 3)."""

import asyncio
from typing import Any

from bot.localchat.clock import ChatClock
from bot.localchat.model import Json
from bot.localchat.params import conflict
from bot.localchat.store import Store

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "message_reaction",
    "message_reaction_count",
    "chat_boost",
    "removed_chat_boost",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "purchased_paid_media",
    "managed_bot",
    "subscription",
    "guest_message",
    "stopped_message_generation",
)
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
_LIFE_S = {"callback_query": 150.0, "inline_query": 30.0}
_MESSAGE_LIFE_S = 86_400.0
_FIRST_ID = 731_250_001
_UNHURRIED_S = 3.0
_HURRIED_S = 0.5


class UpdateQueue:
    """What the bot has not confirmed yet, and the one poll that may wait for more."""

    def __init__(self, clock: ChatClock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._pending: list[Json] = [body for _, body in store.load("update")]
        settings: Json = dict(store.load("updates-settings"))
        self._next_id = int(settings.get("next_id", _FIRST_ID))
        self._allowed: list[str] | None = settings.get("allowed")
        self.webhook: str = settings.get("webhook", "")
        self._changed = asyncio.Event()
        self._poll = 0
        self._released = 0
        self._closed = False
        self._interruption = ""
        self._last_poll: tuple[int, float] | None = None

    def add(self, kind: str, payload: Json) -> bool:
        """Queue an update; return False when the bot has not asked for this kind."""
        wanted = self.allows(kind)
        if wanted:
            self._append(kind, {kind: payload})
        return wanted

    def add_raw(self, update: Json) -> int:
        """Queue an update as it is, whatever the bot has asked for; return its id."""
        return self._append(next(iter(update), ""), update)

    def _append(self, kind: str, update: Json) -> int:
        number, self._next_id = self._next_id, self._next_id + 1
        entry: Json = {"created": self._clock.now(), "kind": kind, "update": {"update_id": number, **update}}
        self._pending.append(entry)
        self._store.put("update", str(number), entry)
        self._save("next_id", self._next_id)
        self._wake()
        return number

    def allows(self, kind: str) -> bool:
        return kind not in _NOT_BY_DEFAULT if self._allowed is None else kind in self._allowed

    @property
    def allowed(self) -> list[str] | None:
        return self._allowed

    def set_allowed(self, kinds: Any) -> None:
        """Remember which kinds the bot wants; a list with no known name means the default (3.4)."""
        if isinstance(kinds, list):
            known = [kind for kind in kinds if kind in KINDS]
            self._allowed = known or None
            self._save("allowed", self._allowed)

    def set_webhook(self, url: str) -> None:
        self.webhook = url
        self._save("webhook", url)
        self.interrupt("terminated by setWebhook request")

    def pending_count(self) -> int:
        self._drop_old()
        return len(self._pending)

    def clear(self) -> None:
        self._forget(lambda _: True)

    def unhurried(self, offset: int, limit: int, timeout_s: float) -> tuple[int, float]:
        """Return limit and time limit for a poll, those of a hurried one made slower (3.7).

        The same offset again within 3 s waits up to 3 s, and within 0.5 s gets one update only.
        """
        last, now = self._last_poll, self._clock.now()
        self._last_poll = (offset, now)
        if last is None or last[0] != offset or timeout_s >= _UNHURRIED_S or now - last[1] >= _UNHURRIED_S:
            return limit, timeout_s
        return (1 if now - last[1] < _HURRIED_S else limit), _UNHURRIED_S

    async def poll(self, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """Confirm below the offset and return what is pending, waiting for something up to the time limit.

        Raises ApiError 409 in the older of two polls (3.5).
        """
        self._poll += 1
        mine = self._poll
        self._wake()
        self._confirm(offset)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            if self._poll != mine:
                raise conflict(
                    self._interruption
                    or "terminated by other getUpdates request; make sure that only one bot instance is running"
                )
            self._interruption = ""
            self._drop_old()
            batch = [entry["update"] for entry in self._pending[:limit]]
            if batch or self._closed or self._released == mine or loop.time() >= deadline:
                return batch
            changed = self._changed
            try:
                async with asyncio.timeout_at(deadline):
                    await changed.wait()
            except TimeoutError:
                return []

    def interrupt(self, reason: str) -> None:
        """End the waiting poll with a conflict."""
        self._interruption = reason
        self._poll += 1
        self._wake()

    def release(self) -> None:
        """Answer the waiting poll with nothing, so that the next one meets what has just changed."""
        self._released = self._poll
        self._wake()

    def close(self) -> None:
        """Answer the waiting poll with nothing, now and from now on."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _confirm(self, offset: int) -> None:
        if offset > 0:
            self._forget(lambda entry: entry["update"]["update_id"] < offset)
        elif offset < 0:
            self._drop_old()
            kept = {entry["update"]["update_id"] for entry in self._pending[offset:]}
            self._forget(lambda entry: entry["update"]["update_id"] not in kept)

    def _drop_old(self) -> None:
        now = self._clock.now()
        self._forget(lambda entry: now - entry["created"] > _LIFE_S.get(entry["kind"], _MESSAGE_LIFE_S))

    def _forget(self, unwanted: Any) -> None:
        kept: list[Json] = []
        for entry in self._pending:
            if unwanted(entry):
                self._store.delete("update", str(entry["update"]["update_id"]))
            else:
                kept.append(entry)
        self._pending = kept

    def _save(self, name: str, value: Any) -> None:
        self._store.put("updates-settings", name, value)
