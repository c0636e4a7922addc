"""Whether Telegram has ever known the token, by this database's word.

A refusal at a restart in the night must not end the trading of a program that worked the day before. See decision 0146.
"""

import hashlib
import logging

from strategy.model import StorageError
from strategy.ports import Notes

log = logging.getLogger(__name__)

_NOTE = "chat.token_worked"


class TokenProof:
    """Remembers the token that worked by a digest: another token proves nothing of this one."""

    def __init__(self, notes: Notes, token: str) -> None:
        self._notes = notes
        self._digest = hashlib.sha256(token.encode()).hexdigest()[:16]
        self._noted = False

    async def given(self) -> bool:
        """Return whether this token has worked before."""
        return await self._notes.get(_NOTE) == self._digest

    async def note(self) -> None:
        """Note that it works, once a run."""
        if self._noted:
            return
        try:
            await self._notes.put(_NOTE, self._digest)
        except StorageError as error:
            log.warning("working token not noted", extra={"error": type(error).__name__})
        else:
            self._noted = True
