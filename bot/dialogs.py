"""Multi-step inputs: their states, and where they are kept so that a restart changes nothing."""

import json
from collections.abc import Mapping
from typing import Any

from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

from strategy.ports import Notes


class Typing(StatesGroup):
    """What the next words of a person are for."""

    mode_word = State()  # confirms a halt; data: ticket
    setting_value = State()  # data: name


class NotesStorage(BaseStorage):
    """aiogram's dialog storage over the notes of the core."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        await self._notes.put(_key(key, "state"), (state.state if isinstance(state, State) else state) or "")

    async def get_state(self, key: StorageKey) -> str | None:
        return await self._notes.get(_key(key, "state")) or None

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        await self._notes.put(_key(key, "data"), json.dumps(dict(data)))

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        stored = await self._notes.get(_key(key, "data"))
        return dict(json.loads(stored)) if stored else {}

    async def close(self) -> None:
        """Leave the notes to their owner."""


def _key(key: StorageKey, part: str) -> str:
    return f"chat.dialog.{key.chat_id}.{key.user_id}.{part}"
