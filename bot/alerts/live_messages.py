"""The one message of each thing that is told in one message: an order, a panic, a proposal. Kept over restarts."""

from bot.transport.chat_address import ChatAddress
from strategy.model import OrderNo
from strategy.ports import Notes, Outbox


class Living:
    def __init__(self, outbox: Outbox, notes: Notes, address: ChatAddress) -> None:
        self._outbox = outbox
        self._notes = notes
        self._address = address
        self._known: dict[str, int | None] = {}
        address.on_move(self._moved)

    async def of(self, key: str) -> int | None:
        """Return the message of `order:12`, `panic:RUN` or `proposal:ID`, or None while there is none."""
        if key not in self._known:
            self._known[key] = await self._stored(key)
        return self._known[key]

    async def remember(self, key: str, message_id: int) -> None:
        self._known[key] = message_id
        if (no := _order_no(key)) is not None:
            await self._outbox.set_order_message(no, self._address.id, message_id)
        else:
            await self._notes.put(self._note(key), str(message_id))

    def lost(self, key: str) -> None:
        """Note that the message is not there any more; the next one told takes its place."""
        self._known[key] = None

    def over(self, key: str) -> None:
        """Forget in memory what will hardly be asked for again."""
        self._known.pop(key, None)

    async def _moved(self, _old: int, _new: int) -> None:
        self._known.clear()

    async def _stored(self, key: str) -> int | None:
        if (no := _order_no(key)) is not None:
            return await self._outbox.order_message(no, self._address.id)
        text = await self._notes.get(self._note(key))
        return int(text) if text else None

    def _note(self, key: str) -> str:
        return f"chat.message.{self._address.id}.{key}"


def _order_no(key: str) -> OrderNo | None:
    kind, _, rest = key.partition(":")
    return OrderNo(int(rest)) if kind == "order" else None
