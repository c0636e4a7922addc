"""Multi-step inputs: their states, and where they are kept so that a restart changes nothing."""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey

from strategy.model import Language
from strategy.ports import Notes


class Typing(StatesGroup):
    """What the next words of a person are for."""

    mode_word = State()  # confirms what takes stops off; data: ticket
    setting_value = State()  # data: name, symbol
    trade = State()  # the amount and price of an order; data: side, symbol
    amend = State()  # the quantity and price of an open order; data: no
    alert = State()  # the price of an alert; data: symbol
    ticker = State()  # to watch


_DRAFTS_KEPT = 20
_OPEN_FOR = timedelta(minutes=5)


async def ask(state: FSMContext, what: State, **facts: str | int) -> None:
    """Take the next words of this person for an answer."""
    await state.set_state(what)
    await state.update_data(asked=facts)


async def ask_for_words(state: FSMContext, words: Mapping[Language, str], ticket: str | None) -> None:
    """Take the next words for those that confirm a preview, where it wants any."""
    if words and ticket:
        await ask(state, Typing.mode_word, ticket=ticket)


async def asked_about(state: FSMContext) -> dict[str, Any]:
    """Return the facts of the question that is open."""
    return dict((await state.get_data()).get("asked", {}))


async def asked_at(state: FSMContext, now: datetime) -> None:
    """Remember when the open question was asked, or last answered in vain; wall time."""
    await state.update_data(asked_at=now.isoformat())


async def outlived(state: FSMContext, now: datetime) -> bool:
    """Return whether the open question has waited too long: what is typed now is no answer to it any more."""
    at = (await state.get_data()).get("asked_at")
    return at is not None and now - datetime.fromisoformat(at) > _OPEN_FOR


async def keep_draft(state: FSMContext, facts: Mapping[str, Any], draft: str = "") -> str:
    """Remember what is being put together under buttons, and return the id that the buttons carry.

    The newest drafts of a person are kept; the buttons of older ones say that they have expired.
    """
    drafts = dict((await state.get_data()).get("drafts", {}))
    draft = draft or secrets.token_urlsafe(6)
    drafts.pop(draft, None)
    drafts[draft] = dict(facts)
    await state.update_data(drafts=dict(list(drafts.items())[-_DRAFTS_KEPT:]))
    return draft


async def find_draft(state: FSMContext, draft: str) -> dict[str, Any] | None:
    found = (await state.get_data()).get("drafts", {}).get(draft)
    return None if found is None else dict(found)


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
