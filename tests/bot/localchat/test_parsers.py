"""What the real server's parsers make of markup, case by case (telegram-bot-api 5)."""

from typing import Any

import pytest

from bot.localchat.formatting.html import MarkupError, parse_html
from bot.localchat.formatting.links import checked_link, linked_emoji, linked_time, linked_user
from bot.localchat.formatting.markdown import parse_markdown_v2

Found = tuple[str, int, int] | tuple[str, int, int, dict[str, Any]]

HTML: list[tuple[str, str, list[Found]]] = [
    # code and pre
    ('<code class="language-sql">x</code>', "x", [("code", 0, 1)]),
    ('<pre><code class="language-sql">x</code></pre>', "x", [("pre", 0, 1, {"language": "sql"})]),
    ('<code class="language-sql"><pre>x</pre></code>', "x", [("pre", 0, 1, {"language": "sql"})]),
    ('<pre class="language-sql">x</pre>', "x", [("pre", 0, 1)]),
    ('<pre class="language-sql"><code>x</code></pre>', "x", [("pre", 0, 1), ("code", 0, 1)]),
    ("<pre><code>x</code></pre>", "x", [("pre", 0, 1), ("code", 0, 1)]),
    ('<pre><code class="language-sql">x</code>y</pre>', "xy", [("pre", 0, 2), ("code", 0, 1)]),
    # attributes
    ('<i who = "me" also=you>x</i>', "x", [("italic", 0, 1)]),
    ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
    ("<blockquote expandable=no>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
    ("<blockquote EXPANDABLE>x</blockquote>", "x", [("blockquote", 0, 1)]),
    ('<A HREF="https://x.example">x</A>', "x", []),
    ('<span class="tg-spoiler">x</span>', "x", [("spoiler", 0, 1)]),
    # times
    (
        '<tg-time unix="60" format="r">x</tg-time>',
        "x",
        [("date_time", 0, 1, {"unix_time": 60, "date_time_format": "r"})],
    ),
    (
        '<tg-time unix="60" format="wDT">x</tg-time>',
        "x",
        [("date_time", 0, 1, {"unix_time": 60, "date_time_format": "wDT"})],
    ),
    ('<tg-time unix="60">x</tg-time>', "x", [("date_time", 0, 1, {"unix_time": 60})]),
    ('<tg-time unix="0">x</tg-time>', "x", []),
    ('<tg-time unix="-9">x</tg-time>', "x", []),
    ("<tg-time>x</tg-time>", "x", []),
    ('<tg-time format="later"></tg-time>', "", []),
    # links
    ('<a href="x.example">y</a>', "y", [("text_link", 0, 1, {"url": "http://x.example/"})]),
    ('<a href="x.example ">y</a>', "y", []),
    ("<a>x.example </a>", "x.example ", []),
    ("<a>x.example</a>", "x.example", [("text_link", 0, 9, {"url": "http://x.example/"})]),
    ('<a href="tg://user?id=5">y</a>', "y", [("text_mention", 0, 1, {"user": {"id": 5}})]),
    ('<a href="tg://user?a=b&id=5#c">y</a>', "y", [("text_mention", 0, 1, {"user": {"id": 5}})]),
    ('<a href="tg://user?id=5 ">y</a>', "y", [("text_link", 0, 1, {"url": "tg://user?id=5"})]),
    ('<a href="https://x.example/a b ">y</a>', "y", [("text_link", 0, 1, {"url": "https://x.example/a%20b"})]),
]

HTML_ERRORS: list[tuple[str, str]] = [
    ("한 <b", "Unclosed start tag at byte offset 4"),
    ("한 <b ", 'Empty attribute name in the tag "b" at byte offset 4'),
    ("한 <b who", 'Unclosed start tag "b" at byte offset 4'),
    ("한 <A href=", 'Unclosed start tag "a" at byte offset 4'),
    ('한 <a href="x', "Unclosed start tag at byte offset 4"),
    ("한 <a href=x", "Unclosed start tag at byte offset 4"),
    ('<b "x">y</b>', 'Empty attribute name in the tag "b" at byte offset 0'),
    ("<b / >y</b>", 'Empty attribute name in the tag "b" at byte offset 0'),
    ("<b a=x/>y</b>", "Unexpected end of name token at byte offset 5"),
    ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
    ("<i><b>x</b>", 'Can\'t find end tag corresponding to start tag "i"'),
    ('<tg-time unix="60" format="rt">x</tg-time>', "Invalid date format used"),
    ('<tg-time unix="60" format="x">x</tg-time>', "Invalid date format used"),
    ('<tg-time format="x">x</tg-time>', "Invalid date format used"),
    ('<span class="spoiler">x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
    ('<tg-emoji emoji-id="0">x</tg-emoji>', "Invalid custom emoji identifier specified"),
    ("x</b>", "Unexpected end tag at byte offset 1"),
    ("<b>x</b", "Unclosed end tag at byte offset 4"),
]

TIME = {"unix_time": 60, "date_time_format": "r"}
MARKDOWN: list[tuple[str, str, list[Found]]] = [
    # quotes
    (">a\n>b||", "a\nb", [("expandable_blockquote", 0, 3)]),
    (">a\n>b||\nc", "a\nb\nc", [("expandable_blockquote", 0, 4)]),
    (">a\n>b||\r\nc", "a\nb\r\nc", [("expandable_blockquote", 0, 5)]),
    (">a\r\n>b", "a\r\nb", [("blockquote", 0, 4)]),
    ("\r>a", "\ra", [("blockquote", 1, 1)]),
    ("x\n\r>a", "x\n\ra", [("blockquote", 3, 1)]),
    (">>a", "a", [("blockquote", 0, 1)]),
    (">a\n>>b", "a\nb", [("blockquote", 0, 3)]),
    ("*>a\n*", "a\n", [("blockquote", 0, 2), ("bold", 0, 2)]),
    # emoji and times
    ("![x](tg://emoji?id=5)", "x", [("custom_emoji", 0, 1, {"custom_emoji_id": "5"})]),
    ("![x](TG:EMOJI/?a=b&id=5#c)", "x", [("custom_emoji", 0, 1, {"custom_emoji_id": "5"})]),
    ("![x](tg://time?unix=60&format=r)", "x", [("date_time", 0, 1, TIME)]),
    ("![x](tg:time?format=r&unix=60)", "x", [("date_time", 0, 1, TIME)]),
    ("![](tg://time?unix=60)", "", []),
    # links
    ("[x](y.example)", "x", [("text_link", 0, 1, {"url": "http://y.example/"})]),
    ("[x](y.example )", "x", []),
    ("[x](tg://user?id=5)", "x", [("text_mention", 0, 1, {"user": {"id": 5}})]),
]

INVALID = "Invalid tg://emoji or tg://time URL specified"
MARKDOWN_ERRORS: list[tuple[str, str]] = [
    ("![x]", "The entity must contain a tg://emoji or tg://time URL"),
    ("![x]y", "The entity must contain a tg://emoji or tg://time URL"),
    ("한![x](tg://emoji?id=5", "Can't find end of a URL at byte offset 8"),
    ("![x](https://x.example)", INVALID),
    ("![x](tg://emojis?id=5)", INVALID),
    ("![x](tg://emoji?id=05)", INVALID),
    ("![x](tg://emoji?id=0)", INVALID),
    ("![x](tg://emoji?ids=5)", INVALID),
    ("![x](tg://emoji?id=5 )", INVALID),
    ("![x](tg://time?unix=0)", INVALID),
    ("![x](tg://time?unix=060)", INVALID),
    ("![x](tg://time?unix=99999999999)", INVALID),
    ("![x](tg://time?unix=60&format=rt)", INVALID),
    ("![x](tg://time?format=r)", INVALID),
    # quotes
    ("x>", "Character '>' is reserved and must be escaped with the preceding '\\'"),
    ("`a\n`>b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
    (">a||b\nc", "Can't find end of Spoiler entity at byte offset 2"),
    (">a||**\nc", "Can't find end of Spoiler entity at byte offset 2"),
    (">*a||\nb", "Can't find end of Bold entity at byte offset 1"),
    (">*a||", "Can't find end of Bold entity at byte offset 1"),
    (">a||\r", "Can't find end of Spoiler entity at byte offset 2"),
]

LINKS: list[tuple[str, str]] = [
    ("x.example", "http://x.example/"),
    (" x.example", ""),
    ("x.example ", ""),
    ("x.example\n", ""),
    ("HTTPS://x.example?a#b", "https://x.example/?a#b"),
    ("http://localhost", ""),
    ("http://x.example:0", ""),
    ("http://x.example:007", "http://x.example:7/"),
    ("http://x.example:-1", ""),
    ("ftp://x.example", ""),
    ("TG:resolve", "tg://resolve/"),
    ("tg://resolve?domain=a", "tg://resolve?domain=a"),
    ("tg://resolve/?domain=a", "tg://resolve?domain=a"),
    ("tg:x.example", ""),
    ("tg:x:80", ""),
    ("tg:a@b", ""),
    ("tg:https://x.example", ""),
    ("ton://x", "ton://x/"),
    ("tonsite://x.ton?a=b", "tonsite://x.ton?a=b"),
    ("tg:", ""),
]


def shown(found: Found) -> dict[str, Any]:
    kind, offset, length, *data = found
    return {"type": kind, "offset": offset, "length": length, **(data[0] if data else {})}


@pytest.mark.parametrize(("source", "text", "entities"), HTML)
def test_html(source: str, text: str, entities: list[Found]) -> None:
    got, parsed = parse_html(source)
    assert (got, [each.to_json() for each in parsed]) == (text, [shown(each) for each in entities])


@pytest.mark.parametrize(("source", "error"), HTML_ERRORS)
def test_html_errors(source: str, error: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_html(source)
    assert str(caught.value) == error


@pytest.mark.parametrize(("source", "text", "entities"), MARKDOWN)
def test_markdown(source: str, text: str, entities: list[Found]) -> None:
    got, parsed = parse_markdown_v2(source)
    assert (got, [each.to_json() for each in parsed]) == (text, [shown(each) for each in entities])


@pytest.mark.parametrize(("source", "error"), MARKDOWN_ERRORS)
def test_markdown_errors(source: str, error: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_markdown_v2(source)
    assert str(caught.value) == error


@pytest.mark.parametrize(("link", "kept"), LINKS)
def test_links(link: str, kept: str) -> None:
    assert checked_link(link) == kept


def test_links_that_name_something() -> None:
    assert linked_user("tg:user/?id=7&x#y") == 7
    assert linked_user("tg://users?id=7") is None
    assert linked_user("tg://user?id=07") is None
    assert linked_emoji("tg://emoji?id=7") == "7"
    assert linked_time("tg://time?unix=7&format=tD") == (7, "tD")
