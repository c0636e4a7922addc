"""Reads the .po sources, so that no compiled file can be stale or missing."""

import gettext
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from strategy.model import Language

LOCALES = Path(__file__).parent.parent / "locales"


@cache
def translations(path: Path) -> gettext.GNUTranslations:
    with path.open("rb") as source:
        catalog = read_po(source)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def sentences() -> Mapping[str, Mapping[Language, str]]:
    """Return the sentences of the core and of the client by their codes, in both languages."""
    with (LOCALES / "ko" / "LC_MESSAGES" / "sentences.po").open("rb") as source:
        return {
            str(entry.context): {"en": str(entry.id), "ko": str(entry.string)}
            for entry in read_po(source)
            if entry.id and not entry.fuzzy
        }
