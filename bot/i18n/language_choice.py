"""Which language a person wants, kept across restarts."""

from contextlib import suppress

from bot.i18n.translator import LANGUAGES, Catalogs, Tongue
from strategy.model import Language, StorageError
from strategy.ports import Notes


class Languages:
    def __init__(self, catalogs: Catalogs, notes: Notes, default: Language) -> None:
        self._catalogs = catalogs
        self._notes = notes
        self._default: Language = default
        self._chosen: dict[int, Language | None] = {}  # in the chat
        self._app: dict[int, Language | None] = {}  # what their app speaks

    async def of(self, user_id: int) -> Tongue:
        """Return the language a person chose, else that of their app, else the default."""
        return Tongue(self._catalogs, await self._choice(user_id) or await self._spoken(user_id) or self._default)

    async def meet(self, user_id: int, app_language: str | None) -> Tongue:
        """Return the language of a person who is here, and remember what their app speaks (a code such as `en-US`)."""
        spoken = next((each for each in LANGUAGES if each == (app_language or "")[:2].lower()), None)
        if spoken is not None and spoken != (await self._spoken(user_id) or self._default):
            self._app[user_id] = spoken
            with suppress(StorageError):  # what was asked for goes on; it is learnt again at the next message
                await self._notes.put(_app_key(user_id), spoken)
        return await self.of(user_id)

    async def choose(self, user_id: int, language: Language) -> Tongue:
        await self._notes.put(_key(user_id), language)
        self._chosen[user_id] = language
        return Tongue(self._catalogs, language)

    def default(self) -> Tongue:
        return Tongue(self._catalogs, self._default)

    def every(self) -> tuple[Tongue, ...]:
        return tuple(Tongue(self._catalogs, each) for each in LANGUAGES)

    async def _choice(self, user_id: int) -> Language | None:
        if user_id not in self._chosen:
            self._chosen[user_id] = await self._stored(_key(user_id))
        return self._chosen[user_id]

    async def _spoken(self, user_id: int) -> Language | None:
        if user_id not in self._app:
            self._app[user_id] = await self._stored(_app_key(user_id))
        return self._app[user_id]

    async def _stored(self, key: str) -> Language | None:
        stored = await self._notes.get(key)
        return next((each for each in LANGUAGES if each == stored), None)


def _key(user_id: int) -> str:
    return f"chat.language.{user_id}"


def _app_key(user_id: int) -> str:
    return f"chat.app_language.{user_id}"
