"""Every sentence by its code, of all rooms."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.i18n.sentences import (
    broker,
    chat,
    common,
    control,
    days,
    execution,
    market,
    program,
    reports,
    risk,
    services,
    session,
    settings,
    stops,
    storage,
)

ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        **broker.SENTENCES,
        **chat.SENTENCES,
        **common.SENTENCES,
        **control.SENTENCES,
        **days.SENTENCES,
        **execution.SENTENCES,
        **market.SENTENCES,
        **program.SENTENCES,
        **reports.SENTENCES,
        **risk.SENTENCES,
        **services.SENTENCES,
        **session.SENTENCES,
        **settings.SENTENCES,
        **stops.SENTENCES,
        **storage.SENTENCES,
    }
)
