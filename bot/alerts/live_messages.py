"""The one message of each thing that is told in one message: an order, a panic, a proposal. Kept over restarts."""

from bot.transport.chat_address import ChatAddress
from strategy.ports import ChatMessages


class LiveMessages:
    def __init__(self, messages: ChatMessages, address: ChatAddress) -> None:
        self._messages = messages
        self._address = address
        self._known: dict[str, int | None] = {}
        address.on_move(self._moved)

    async def of(self, key: str) -> int | None:
        """Return the message of `order:12`, `panic:RUN` or `proposal:ID`, or None while there is none."""
        if key not in self._known:
            self._known[key] = await self._messages.of(self._address.id, key)
        return self._known[key]

    async def remember(self, key: str, message_id: int) -> None:
        self._known[key] = message_id
        await self._messages.keep(self._address.id, key, message_id)

    def lost(self, key: str) -> None:
        """Note that the message is not there any more; the next one told takes its place."""
        self._known[key] = None

    def over(self, key: str) -> None:
        """Forget in memory what will hardly be asked for again."""
        self._known.pop(key, None)

    async def _moved(self, _old: int, _new: int) -> None:
        self._known.clear()
