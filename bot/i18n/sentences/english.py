"""Every sentence by its code, of all rooms."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.i18n.sentences import broker, caps, chat, common, program, services, settings, storage

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        **broker.SENTENCES,
        **caps.SENTENCES,
        **chat.SENTENCES,
        **common.SENTENCES,
        **program.SENTENCES,
        **services.SENTENCES,
        **settings.SENTENCES,
        **storage.SENTENCES,
    }
)
