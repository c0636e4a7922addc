"""Bring text and entities into the form Telegram stores: cleaned, trimmed, without illegal overlaps."""

from itertools import pairwise

from bot.localchat.formatting.automatic import find_automatic
from bot.localchat.formatting.entity import (
    AUTOMATIC,
    HIDDEN_DATA,
    QUOTES,
    SPLITTABLE,
    VERBATIM,
    Entity,
    Utf16Index,
    in_order,
    utf16_len,
)

_REMOVED = frozenset("\r\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u0333\u033f\u030a")
_BLANK = " \n"


class EntityError(ValueError):
    """An entity that does not fit its text, as the Bot API words it."""


def tidy(text: str, entities: list[Entity], *, automatic: bool = True) -> tuple[str, list[Entity]]:
    """Return the text and entities as Telegram would keep them; an empty text if nothing visible is left.

    Raises EntityError for an entity outside of the text or within a surrogate pair.
    """
    check_offsets(text, entities)
    text, entities = _clean(text, [entity for entity in entities if entity.length > 0])
    entities = _strip(text, _without_overlaps(entities))
    text, entities = _trim(text, entities)
    if automatic:
        found = _fitting(find_automatic(text), entities)
        entities = _strip(text, _without_overlaps(entities + found))
    return text, in_order(entities)


def check_offsets(text: str, entities: list[Entity]) -> None:
    """Refuse entities that begin or end at impossible places. Raises EntityError in the server's words."""
    index = Utf16Index(text)
    for entity in entities:
        if not 0 <= entity.offset <= 1_000_000:
            raise EntityError(f"Receive an entity with incorrect offset {entity.offset}")
        if not 0 <= entity.length <= 1_000_000:
            raise EntityError(f"Receive an entity with incorrect length {entity.length}")
        if entity.offset > index.length:
            raise EntityError(f"Entity begins after the end of the text at UTF-16 offset {entity.offset}")
        if entity.end > index.length:
            raise EntityError(
                f"Entity beginning at UTF-16 offset {entity.offset} ends after the end of the text "
                f"at UTF-16 offset {entity.end}"
            )
        if index.point(entity.offset) is None:
            raise EntityError(f"Entity begins in a middle of a UTF-16 symbol at UTF-16 offset {entity.offset}")
        if index.point(entity.end) is None:
            raise EntityError(f"Entity ends in a middle of a UTF-16 symbol at UTF-16 offset {entity.end}")


def _clean(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Drop what Telegram drops, turn control characters into spaces and move the entities along."""
    kept: list[str] = []
    moved: dict[int, int] = {}
    old = new = 0
    for char in text:
        moved[old] = new
        old += 2 if char > "\uffff" else 1
        if char in _REMOVED:
            continue
        kept.append(" " if char < " " and char != "\n" else char)
        new += 2 if char > "\uffff" else 1
    moved[old] = new
    shifted = [entity.over(moved[entity.offset], moved[entity.end]) for entity in entities]
    return "".join(kept), [entity for entity in shifted if entity.length > 0]


def _without_overlaps(entities: list[Entity]) -> list[Entity]:
    """Keep what may nest: links and code never cross, quotes hold them, styles are cut at every other border."""
    single = _apart([e for e in entities if e.type not in SPLITTABLE and e.type not in QUOTES])
    quotes = _apart([e for e in entities if e.type in QUOTES])
    single = [e for e in single if not any(_crosses(e, quote) for quote in quotes)]
    return in_order([*single, *quotes, *_styles(entities, [*single, *quotes])])


def _apart(entities: list[Entity]) -> list[Entity]:
    kept: list[Entity] = []
    for entity in in_order(entities):
        if not kept or entity.offset >= kept[-1].end:
            kept.append(entity)
    return kept


def _crosses(entity: Entity, quote: Entity) -> bool:
    overlap = entity.offset < quote.end and quote.offset < entity.end
    return overlap and not (quote.offset <= entity.offset and entity.end <= quote.end)


def _styles(entities: list[Entity], others: list[Entity]) -> list[Entity]:
    """Merge touching styles of one kind, keep them out of code, cut them where another entity begins or ends."""
    verbatim = [e for e in others if e.type in VERBATIM]
    runs = [run for kind in SPLITTABLE for run in _runs([e for e in entities if e.type == kind])]
    runs = [piece for run in runs for piece in _outside(run, verbatim)]
    cuts = {border for e in others for border in (e.offset, e.end)} | {run.offset for run in runs}
    pieces: list[Entity] = []
    for run in runs:
        borders = [run.offset, *sorted(cut for cut in cuts if run.offset < cut < run.end), run.end]
        pieces += [run.over(begin, end) for begin, end in pairwise(borders)]
    return pieces


def _runs(entities: list[Entity]) -> list[Entity]:
    merged: list[Entity] = []
    for entity in in_order(entities):
        if merged and entity.offset <= merged[-1].end:
            merged[-1] = merged[-1].over(merged[-1].offset, max(merged[-1].end, entity.end))
        else:
            merged.append(entity)
    return merged


def _outside(run: Entity, holes: list[Entity]) -> list[Entity]:
    pieces: list[Entity] = []
    at = run.offset
    for hole in in_order(holes):
        if hole.end <= at or hole.offset >= run.end:
            continue
        if hole.offset > at:
            pieces.append(run.over(at, hole.offset))
        at = max(at, hole.end)
    if at < run.end:
        pieces.append(run.over(at, run.end))
    return pieces


def _strip(text: str, entities: list[Entity]) -> list[Entity]:
    """Move the beginning of entities past white space and drop those with nothing else inside."""
    index = Utf16Index(text)
    kept: list[Entity] = []
    for entity in entities:
        if entity.type in HIDDEN_DATA or entity.type in AUTOMATIC:
            kept.append(entity)
            continue
        at, end = index.point(entity.offset), index.point(entity.end)
        if at is None or end is None:  # cannot happen after check_offsets; such an entity has no place in the text
            continue
        while at < end and text[at] in _BLANK:
            at += 1
        if at < end:
            kept.append(entity.over(index.unit(at), entity.end))
    return kept


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Cut white space at both ends of the text; in front only as far as the first entity."""
    if not text.strip(_BLANK):
        return "", []
    text = text.rstrip(_BLANK)
    end = utf16_len(text)
    entities = [e.over(e.offset, min(e.end, end)) for e in entities if e.offset < end]
    first = min((e.offset for e in entities), default=end)
    cut = min(len(text) - len(text.lstrip(_BLANK)), first)
    return text[cut:], [e.over(e.offset - cut, e.end - cut) for e in entities]


def _fitting(found: list[Entity], entities: list[Entity]) -> list[Entity]:
    """Return the automatic entities that lie apart from code and links and do not cross a quote's border."""
    single = [e for e in entities if e.type not in SPLITTABLE and e.type not in QUOTES]
    return [e for e in found if not any(e.offset < other.end and other.offset < e.end for other in single)]
