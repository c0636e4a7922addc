"""MarkdownV2, as strict as the real parser (telegram-bot-api 5)."""

from dataclasses import dataclass

from bot.localchat.formatting.entity import Entity, in_order, utf16_len
from bot.localchat.formatting.html import MarkupError
from bot.localchat.formatting.links import checked_link, linked_emoji, linked_time, linked_user

_RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
_SPACES = " \t\r\n\v\0"
_NAMES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "pre_code": "PreCode",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
_ENDS = {
    "bold": "*",
    "code": "`",
    "pre": "```",
    "pre_code": "```",
    "text_link": "]",
    "custom_emoji": "]",
    "underline": "__",
    "strikethrough": "~",
    "spoiler": "||",
}


@dataclass(slots=True)
class _Open:
    kind: str
    offset: int
    begin: int
    out_at: int
    language: str = ""


def parse_markdown_v2(source: str) -> tuple[str, list[Entity]]:
    """Return plain text and entities of a MarkdownV2 source.

    Raises MarkupError with the wording and the UTF-8 byte offset of the real server.
    """
    return _MarkdownParser(source).parse()


class _MarkdownParser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out: list[str] = []
        self._units = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []
        self._quoting = False
        self._at_line_start = True  # where a quote may begin; carriage returns do not count

    def parse(self) -> tuple[str, list[Entity]]:
        while self._at < len(self._source):
            self._step(self._source[self._at])
        if self._quoting:
            self._fold_quote_mark(2)
            if self._open[-1].kind == "blockquote":
                self._end_quote()
        if self._open:
            raise self._unfinished()
        return "".join(self._out), in_order(self._entities)

    def _step(self, char: str) -> None:
        if char == "\\" and 0 < ord(self._ahead(1)) <= 126:
            self._emit(self._source[self._at + 1])
            if self._source[self._at + 1] != "\r":
                self._at_line_start = self._source[self._at + 1] == "\n"
            self._at += 2
            return
        verbatim = self._open and self._open[-1].kind in ("code", "pre", "pre_code")
        if char not in _RESERVED or (verbatim and char != "`"):
            self._emit(char)
            self._at_line_start = self._at_line_start and char == "\r"
            self._at += 1
        elif self._quoting and char == "\n" and self._ahead(1) != ">":
            self._line_ends_quote()
        elif self._is_end():
            self._end()
        else:
            self._begin(char)

    def _emit(self, char: str) -> None:
        self._out.append(char)
        self._units += utf16_len(char)

    def _ahead(self, count: int) -> str:
        at = self._at + count
        return self._source[at] if at < len(self._source) else "\0"

    def _starts(self, mark: str) -> bool:
        return self._source.startswith(mark, self._at)

    def _is_end(self) -> bool:
        if not self._open:
            return False
        kind = self._open[-1].kind
        if kind == "italic":
            return self._starts("_") and not self._starts("__")
        return kind in _ENDS and self._starts(_ENDS[kind])

    def _begin(self, char: str) -> None:
        begin = self._at
        if char == "\n":
            self._new_line()
        elif char == ">":
            self._start_quote()
        elif self._starts("```"):
            self._start_pre()
        else:
            kind, width = self._kind(char)
            self._at += width
            self._push(kind, begin)

    def _kind(self, char: str) -> tuple[str, int]:
        if self._starts("__"):
            return "underline", 2
        if self._starts("||"):
            return "spoiler", 2
        if self._starts("!["):
            return "custom_emoji", 2
        plain = {"_": "italic", "*": "bold", "~": "strikethrough", "`": "code", "[": "text_link"}
        if char not in plain:
            raise self._reserved(char)
        return plain[char], 1

    def _push(self, kind: str, begin: int, language: str = "") -> None:
        self._open.append(_Open(kind, self._units, begin, len(self._out), language))

    def _new_line(self) -> None:
        self._emit("\n")
        self._at += 1
        self._at_line_start = True

    def _start_quote(self) -> None:
        """Begin a quote; within one the mark of a new line is swallowed."""
        if not self._at_line_start:
            raise self._reserved(">")
        if not self._quoting:
            self._push("blockquote", self._at)
            self._quoting = True
        self._at += 1

    def _start_pre(self) -> None:
        begin = self._at
        self._at += 3
        end = self._at
        while end < len(self._source) and self._source[end] not in _SPACES and self._source[end] != "`":
            end += 1
        language = ""
        if end != self._at and end < len(self._source) and self._source[end] != "`":
            language = self._source[self._at : end]
            self._at = end
        if self._ahead(0) in "\r\n":
            pair = self._ahead(1) in "\r\n" and self._ahead(1) != self._ahead(0)
            self._at += 2 if pair else 1
        self._push("pre_code" if language else "pre", begin, language)

    def _line_ends_quote(self) -> None:
        self._fold_quote_mark(3 if self._out and self._out[-1] == "\r" else 2)
        if self._open[-1].kind != "blockquote":
            raise self._unfinished()
        self._new_line()
        self._end_quote()

    def _fold_quote_mark(self, length: int) -> None:
        """Turn a spoiler that has only just begun at the quote's end into the mark of an expandable quote."""
        last = self._open[-1]
        if last.kind == "spoiler" and last.begin in (self._at - 2, self._at - length):
            self._open.pop()
            if self._open[-1].kind == "blockquote":
                self._open[-1].language = "expandable"

    def _end_quote(self) -> None:
        quote = self._open.pop()
        self._quoting = False
        if self._units > quote.offset:
            kind = "expandable_blockquote" if quote.language else "blockquote"
            self._entities.append(Entity(kind, quote.offset, self._units - quote.offset))

    def _end(self) -> None:
        mark = self._open[-1]
        self._at += len(_ENDS.get(mark.kind, "_"))
        entity = Entity(mark.kind, mark.offset, self._units - mark.offset)
        if mark.kind == "text_link":
            self._end_link(entity, mark)
        elif mark.kind == "custom_emoji":
            self._end_emoji(entity)
        elif entity.length and mark.kind == "pre_code":
            self._entities.append(Entity("pre", entity.offset, entity.length, {"language": mark.language}))
        elif entity.length:
            self._entities.append(entity)
        self._open.pop()

    def _end_link(self, entity: Entity, mark: _Open) -> None:
        link = self._link() if self._ahead(0) == "(" else "".join(self._out[mark.out_at :])
        if not entity.length:
            return
        user_id = linked_user(link)
        url = checked_link(link)
        if user_id is not None:
            self._entities.append(Entity("text_mention", entity.offset, entity.length, {"user": {"id": user_id}}))
        elif url:
            self._entities.append(Entity("text_link", entity.offset, entity.length, {"url": url}))

    def _end_emoji(self, entity: Entity) -> None:
        """Add the custom emoji or the time that a link of Telegram's own names."""
        if self._ahead(0) != "(":
            raise MarkupError("The entity must contain a tg://emoji or tg://time URL")
        link = self._link()
        emoji, moment = linked_emoji(link), linked_time(link)
        if moment is not None:
            data: dict[str, object] = {"unix_time": moment[0]}
            if moment[1]:
                data["date_time_format"] = moment[1]
            found = Entity("date_time", entity.offset, entity.length, data)
        elif emoji is not None:
            found = Entity("custom_emoji", entity.offset, entity.length, {"custom_emoji_id": emoji})
        else:
            raise MarkupError("Invalid tg://emoji or tg://time URL specified")
        if entity.length:
            self._entities.append(found)

    def _link(self) -> str:
        """Read the parentheses after a closing bracket."""
        self._at += 1
        begin = self._at
        link: list[str] = []
        while self._at < len(self._source) and self._source[self._at] != ")":
            if self._source[self._at] == "\\" and 0 < ord(self._ahead(1)) <= 126:
                self._at += 1
            link.append(self._source[self._at])
            self._at += 1
        if self._ahead(0) != ")":
            raise MarkupError(f"Can't find end of a URL at byte offset {self._byte(begin)}")
        self._at += 1
        return "".join(link)

    def _byte(self, at: int) -> int:
        return len(self._source[:at].encode())

    def _reserved(self, char: str) -> MarkupError:
        return MarkupError(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")

    def _unfinished(self) -> MarkupError:
        mark = self._open[-1]
        return MarkupError(f"Can't find end of {_NAMES[mark.kind]} entity at byte offset {self._byte(mark.begin)}")
