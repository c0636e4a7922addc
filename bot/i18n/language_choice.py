"""Which language a person wants, kept across restarts."""

from bot.i18n.translator import LANGUAGES, Catalogs, Tongue
from strategy.model import Language
from strategy.ports import Notes


class Languages:
    def __init__(self, catalogs: Catalogs, notes: Notes, default: Language) -> None:
        self._catalogs = catalogs
        self._notes = notes
        self._default: Language = default
        self._known: dict[int, Language] = {}

    async def of(self, user_id: int) -> Tongue:
        """Return the language of a person, or the default while none was chosen."""
        if user_id not in self._known:
            stored = await self._notes.get(_key(user_id))
            self._known[user_id] = next((each for each in LANGUAGES if each == stored), self._default)
        return Tongue(self._catalogs, self._known[user_id])

    async def choose(self, user_id: int, language: Language) -> Tongue:
        await self._notes.put(_key(user_id), language)
        self._known[user_id] = language
        return Tongue(self._catalogs, language)

    def default(self) -> Tongue:
        return Tongue(self._catalogs, self._default)

    def every(self) -> tuple[Tongue, ...]:
        return tuple(Tongue(self._catalogs, each) for each in LANGUAGES)


def _key(user_id: int) -> str:
    return f"chat.language.{user_id}"
