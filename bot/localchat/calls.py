"""The list of Bot API calls, for assertions and for finding out what happened."""

from collections import deque
from typing import Any

from bot.localchat.model import Json
from bot.localchat.params import ApiCall

_LIMIT = 2000


class CallLog:
    """The newest calls with their parameters and answers; no token in it."""

    def __init__(self) -> None:
        self._entries: deque[Json] = deque(maxlen=_LIMIT)
        self._number = 0

    def open(self, name: str, call: ApiCall, at: float) -> Json:
        """Add a call that has no answer yet."""
        self._number += 1
        files = {part: {"name": up.name, "size": len(up.content)} for part, up in call.uploads.items()}
        entry: Json = {
            "number": self._number,
            "at": at,
            "method": name,
            "params": dict(call.params),
            "files": files,
            "status": None,
            "answer": None,
            "fault": None,
        }
        self._entries.append(entry)
        return entry

    def close(self, entry: Json, status: int, answer: Any) -> None:
        entry["status"] = status
        entry["answer"] = answer

    def listed(self, *, after: int = 0, method: str = "") -> list[Json]:
        return [
            entry
            for entry in self._entries
            if entry["number"] > after and (not method or entry["method"].lower() == method.lower())
        ]

    def clear(self) -> None:
        self._entries.clear()
