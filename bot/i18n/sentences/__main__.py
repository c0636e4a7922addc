"""Brings the Korean file up to date: adds what has no entry yet, drops what nothing says; prints what is to be done.

Korean whose English has changed stays, marked fuzzy: look at it, then take the mark away.
"""

import sys

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from bot.i18n.catalog import LOCALES
from bot.i18n.sentences.english import ENGLISH

PATH = LOCALES / "ko" / "LC_MESSAGES" / "sentences.po"


def main() -> int:
    with PATH.open("rb") as source:
        old = read_po(source)
    new = Catalog(header_comment=old.header_comment, fuzzy=False)
    new.mime_headers = old.mime_headers
    known = {entry.context: entry for entry in old if entry.id}
    to_do = []
    for code, sentence in ENGLISH.items():
        entry = known.get(code)
        fuzzy = entry is not None and (entry.fuzzy or entry.id != sentence)
        new.add(sentence, entry.string if entry else "", context=code, flags={"fuzzy"} if fuzzy else ())
        to_do += [code] if fuzzy or entry is None or not entry.string else []
    with PATH.open("wb") as target:
        write_po(target, new, width=110)
    print("\n".join(to_do) or "complete")
    return 1 if to_do else 0


if __name__ == "__main__":
    sys.exit(main())
