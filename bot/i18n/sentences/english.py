"""Every sentence by its code, of all rooms."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.i18n.sentences import broker, common

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        **broker.SENTENCES,
        **common.SENTENCES,
    }
)
