"""Whether an owner has been led through the first settings: asked once, at the first /start."""

from strategy.ports import Notes


class FirstStart:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def is_it(self) -> bool:
        """Return whether nobody was asked before, and remember that somebody is now; raise StorageError."""
        if await self._notes.get(KEY):
            return False
        await self._notes.put(KEY, "asked")
        return True


KEY = "chat.setup"
