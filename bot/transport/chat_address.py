"""Where the alert chat is now: a group that becomes a supergroup gets another id (switching topics on does it)."""

from collections.abc import Awaitable, Callable


class ChatAddress:
    """One chat's id, read at each use."""

    def __init__(self, chat_id: int) -> None:
        self.id = chat_id
        self.former: set[int] = set()
        self._followers: list[Callable[[int, int], Awaitable[None]]] = []

    def on_move(self, follower: Callable[[int, int], Awaitable[None]]) -> None:
        """Call back with the old and the new id once the chat has moved."""
        self._followers.append(follower)

    async def follow(self, new_id: int) -> None:
        """Write to the new id from now on."""
        if new_id == self.id:
            return
        old, self.id = self.id, new_id
        self.former.add(old)
        for follower in self._followers:
            await follower(old, new_id)
