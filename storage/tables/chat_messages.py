"""Table chat_messages: which message of a chat shows an order, a panic or a proposal, the dashboard or the reminder."""

from storage.connection import Database


class ChatMessageRepository:
    """Implements `strategy.ports.ChatMessages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, chat_id: int, what: str) -> int | None:
        """Return the message id of `order:12`, `panic:RUN`, `proposal:ID`, `dashboard` or `reminder`; of an order's
        fills it is `order:fill:12`, of a ticker's newest stop `order:stop:MARKET:TICKER`, of the bars being kept
        `reminder:bars:RUN`."""
        rows = await self._database.rows(
            "SELECT message_id FROM chat_messages WHERE chat_id = ? AND kind = ? AND of = ?", (chat_id, *_named(what))
        )
        return next((int(row["message_id"]) for row in rows), None)

    async def keep(self, chat_id: int, what: str, message_id: int) -> None:
        """Store which message it is, in place of one before; raise StorageError."""
        await self._database.change(
            "INSERT INTO chat_messages (chat_id, kind, of, message_id) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (chat_id, kind, of) DO UPDATE SET message_id = excluded.message_id",
            (chat_id, *_named(what), message_id),
        )

    async def forget(self, chat_id: int, what: str) -> None:
        """Take note that there is no message any more."""
        await self._database.change(
            "DELETE FROM chat_messages WHERE chat_id = ? AND kind = ? AND of = ?", (chat_id, *_named(what))
        )


def _named(what: str) -> tuple[str, str]:
    kind, _, of = what.partition(":")
    return kind, of
