"""telegram-bot-api 5: formatting, as strict as the real parsers."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.localchat.formatting.automatic import find_automatic
from bot.localchat.formatting.entity import SPLITTABLE, VERBATIM, Entity, utf16_len
from bot.localchat.formatting.html import MarkupError, parse_html
from bot.localchat.formatting.legacy_markdown import parse_markdown
from bot.localchat.formatting.markdown import parse_markdown_v2
from bot.localchat.formatting.page_html import render
from bot.localchat.formatting.tidy import EntityError, tidy
from tests.bot.localchat.conftest import Api, User


def spans(entities: list[Entity]) -> list[tuple[Any, ...]]:
    return [(e.type, e.offset, e.length, *e.data.values()) for e in entities]


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("<b>a</b>", "a", [("bold", 0, 1)]),
        ("<STRONG>a</StRong>", "a", [("bold", 0, 1)]),
        ("<i>a</i><em>b</em>", "ab", [("italic", 0, 1), ("italic", 1, 1)]),
        ("<u>a</u><ins>b</ins>", "ab", [("underline", 0, 1), ("underline", 1, 1)]),
        ("<s>a</s><strike>b</strike><del>c</del>", "abc", [("strikethrough", n, 1) for n in range(3)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", 0, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("📈<b>한</b>", "📈한", [("bold", 2, 1)]),
        ("<code>a</code>", "a", [("code", 0, 1)]),
        ('<pre><code class="language-python">a</code></pre>', "a", [("pre", 0, 1, "python")]),
        ("<pre>a</pre>", "a", [("pre", 0, 1)]),
        ('<a href="https://x.com/a?b=1&amp;c=2">a</a>', "a", [("text_link", 0, 1, "https://x.com/a?b=1&c=2")]),
        ("<a href='x.com'>a</a>", "a", [("text_link", 0, 1, "http://x.com/")]),
        ('<a href="no link">a</a>', "a", []),
        ("<a>x.com/y</a>", "x.com/y", [("text_link", 0, 7, "http://x.com/y")]),
        ('<a href="tg://user?id=5">a</a>', "a", [("text_mention", 0, 1, {"id": 5})]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        (
            '<tg-emoji emoji-id="53683">👍</tg-emoji>',
            "👍",
            [("custom_emoji", 0, 2, "53683")],
        ),
        ('<tg-time unix="1647531900" format="wDT">x</tg-time>', "x", [("date_time", 0, 1, 1647531900, "wDT")]),
        ("<b></b>a", "a", []),
        ("<b>a</>", "a", [("bold", 0, 1)]),
        ("a > b & c", "a > b & c", []),
        ("&lt;&gt;&amp;&quot;&#65;&#x42;", '<>&"AB', []),
        ("&nbsp;&#0;&#xD800;&unknown;", "&nbsp;&#0;&#xD800;&unknown;", []),
        ('<b unknown="x" other=y>a</b>', "a", [("bold", 0, 1)]),
    ],
)
def test_html(source: str, text: str, expected: list[tuple[Any, ...]]) -> None:
    parsed, entities = parse_html(source)
    assert (parsed, spans(entities)) == (text, expected)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<x>a</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("한<p>a", 'Unsupported start tag "p" at byte offset 3'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("📈<b", "Unclosed start tag at byte offset 4"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=x/y>a</a>", "Unexpected end of name token at byte offset 8"),
        ('<tg-emoji emoji-id="x">a</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
async def test_html_errors(api: Api, owner: User, source: str, reason: str) -> None:
    description = await api.refused("sendMessage", chat_id=owner.id, text=source, parse_mode="HTML")
    assert description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("*a* _b_", "a b", [("bold", 0, 1), ("italic", 2, 1)]),
        ("__a__ ~b~ ||c||", "a b c", [("underline", 0, 1), ("strikethrough", 2, 1), ("spoiler", 4, 1)]),
        ("`a.b` ```x```", "a.b x", [("code", 0, 3), ("pre", 4, 1)]),
        ("```python\nx = 1```", "x = 1", [("pre", 0, 5, "python")]),
        ("[a](https://x.com/\\)b)", "a", [("text_link", 0, 1, "https://x.com/)b")]),
        ("[a](tg://user?id=7)", "a", [("text_mention", 0, 1, {"id": 7})]),
        ("![👍](tg://emoji?id=5)", "👍", [("custom_emoji", 0, 2, "5")]),
        (">a\n>b\nc", "a\nb\nc", [("blockquote", 0, 4)]),
        (">a\n>b||", "a\nb", [("expandable_blockquote", 0, 3)]),
        (">a\n**>b||", "a\nb", [("blockquote", 0, 2), ("expandable_blockquote", 2, 1)]),
        ("1\\.5 \\- x\\!", "1.5 - x!", []),
        ("_a __b___", "a b", [("italic", 0, 3), ("underline", 2, 1)]),
        ("📈*한*", "📈한", [("bold", 2, 1)]),
    ],
)
def test_markdown_v2(source: str, text: str, expected: list[tuple[Any, ...]]) -> None:
    parsed, entities = parse_markdown_v2(source)
    assert (parsed, spans(entities)) == (text, expected)


@pytest.mark.parametrize("char", "_*[]()~`>#+-=|{}.!")
def test_markdown_v2_reserved_characters(char: str) -> None:
    assert parse_markdown_v2(f"a\\{char}b") == (f"a{char}b", [])
    with pytest.raises(MarkupError):
        parse_markdown_v2(f"a{char}b")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1.5", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("-5", "Character '-' is reserved and must be escaped with the preceding '\\'"),
        ("a>b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("한*a", "Can't find end of Bold entity at byte offset 3"),
        ("_a", "Can't find end of Italic entity at byte offset 0"),
        ("`a", "Can't find end of Code entity at byte offset 0"),
        ("```py\na", "Can't find end of PreCode entity at byte offset 0"),
        ("||a", "Can't find end of Spoiler entity at byte offset 0"),
        ("[a](http://x", "Can't find end of a URL at byte offset 4"),
        ("![a]", "The entity must contain a tg://emoji or tg://time URL"),
        (">*a\nb*", "Can't find end of Bold entity at byte offset 1"),
    ],
)
async def test_markdown_v2_errors(api: Api, owner: User, source: str, reason: str) -> None:
    description = await api.refused("sendMessage", chat_id=owner.id, text=source, parse_mode="markdownv2")
    assert description == f"Bad Request: can't parse entities: {reason}"


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("*a* _b_ `c`", "a b c", [("bold", 0, 1), ("italic", 2, 1), ("code", 4, 1)]),
        ("a\\_b 1.5", "a_b 1.5", []),
        ("[a](x.com)", "a", [("text_link", 0, 1, "http://x.com/")]),
        ("```js\nx```", "x", [("pre", 0, 1, "js")]),
    ],
)
def test_legacy_markdown(source: str, text: str, expected: list[tuple[Any, ...]]) -> None:
    parsed, entities = parse_markdown(source)
    assert (parsed, spans(entities)) == (text, expected)
    with pytest.raises(MarkupError, match="Can't find end of the entity starting at byte offset 3"):
        parse_markdown("한*a")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/status", [("bot_command", 0, 7)]),
        ("/buy TQQQ 3", [("bot_command", 0, 4)]),
        ("a /b@my_bot c", [("bot_command", 2, 9)]),
        ("a/b //c", []),
        ("/상태", []),
        ("$AAPL $005930 $BRK.B", [("cashtag", 0, 5), ("cashtag", 14, 4)]),
        ("#매수 #1", [("hashtag", 0, 3)]),
        ("@someone", [("mention", 0, 8)]),
        ("see https://x.com/a_(b). ok", [("url", 4, 19)]),
        ("naver.com, 1.5 a.b 12.30", [("url", 0, 9)]),
        ("me@example.com", [("email", 0, 14)]),
        ("+821012345678", [("phone_number", 0, 13)]),
        ("4242 4242 4242 4242", [("bank_card_number", 0, 19)]),
        ("📈 /a", [("bot_command", 3, 2)]),
        ("$1,234.56 (+1.20%)", []),
    ],
)
def test_automatic_entities(text: str, expected: list[tuple[Any, ...]]) -> None:
    assert spans(find_automatic(text)) == expected


def test_no_automatic_entities_in_code_and_links() -> None:
    text, entities = tidy(*parse_html('<code>/a</code> <pre>$AAPL</pre> <a href="http://x.com">y.com</a> /b'))
    assert [entity.type for entity in entities] == ["code", "pre", "text_link", "bot_command"]
    assert text == "/a $AAPL y.com /b"


def test_styles_are_kept_out_of_code_and_cut_at_borders() -> None:
    _, entities = tidy(*parse_html("<b>a <code>b</code> c</b>"))
    assert spans(entities) == [("bold", 0, 2), ("code", 2, 1), ("bold", 4, 1)]
    _, entities = tidy(*parse_html("<b>see /status now</b>"))
    assert ("bot_command", 4, 7) in spans(entities)


async def test_explicit_entities(api: Api, owner: User) -> None:
    async def sent(*entities: dict[str, Any]) -> list[dict[str, Any]]:
        message = await api.ok("sendMessage", chat_id=owner.id, text="📈 abc", entities=list(entities))
        return list(message.get("entities", []))

    bold = {"type": "bold", "offset": 3, "length": 3}
    assert await sent(bold) == [bold]
    assert await sent({"type": "hashtag", "offset": 3, "length": 3}) == []
    link = {"type": "text_link", "offset": 3, "length": 3, "url": "https://x.com/y"}
    assert await sent(link) == [link]
    mention = await sent({"type": "text_mention", "offset": 3, "length": 3, "user": {"id": owner.id}})
    assert mention[0]["user"]["first_name"]
    message = await api.ok("sendMessage", chat_id=owner.id, text="<b>a</b>", parse_mode="HTML", entities=[bold])
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 1}]


@pytest.mark.parametrize(
    "entities",
    [
        "{",
        [3],
        [{"type": "bold", "offset": 1, "length": 2}],
        [{"type": "bold", "offset": 0, "length": 1}],
        [{"type": "bold", "offset": 0, "length": 99}],
        [{"type": "bold", "offset": 99, "length": 1}],
        [{"type": "bold", "offset": -1, "length": 1}],
        [{"type": "bold", "length": 1}],
        [{"type": "text_link", "offset": 3, "length": 1, "url": "x"}],
        [{"type": "text_link", "offset": 3, "length": 1}],
        [{"type": "text_mention", "offset": 3, "length": 1}],
        [{"type": "custom_emoji", "offset": 3, "length": 1}],
    ],
)
async def test_impossible_explicit_entities(api: Api, owner: User, entities: Any) -> None:
    status, body = await api.raw("sendMessage", chat_id=owner.id, text="📈 abc", entities=entities)
    assert status == 400, body


MARKUP = st.lists(
    st.sampled_from(
        [
            *"abc 한📈\n\r\t\0\u2028_*[]()~`>#+-=|{}.!\\<>&\"'/$@:",
            *["<b>", "</b>", "<i>", "</i>", "<a href='x.com'>", "</a>", "<pre>", "</pre>", "<code>", "</code>", "</>"],
            *["<blockquote>", "</blockquote>", "&amp;", "&#x1F4C8;", "||", "__", "```", "](", "![", "/go", "$AAPL"],
            *["http://x.com/a", "tg://user?id=5", "<tg-spoiler>", "</tg-spoiler>", "\n>", "**>"],
        ]
    ),
    max_size=30,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(source=MARKUP | st.text(max_size=60), parse=st.sampled_from([parse_html, parse_markdown_v2, parse_markdown]))
def test_any_source_parses_or_is_refused_and_offsets_fit(source: str, parse: Any) -> None:
    if any("\ud800" <= char <= "\udfff" for char in source):
        return
    try:
        text, entities = parse(source)
    except MarkupError:
        return
    text, entities = tidy(text, entities)
    assert text == text.rstrip(" \n")
    units = text.encode("utf-16-le")
    for entity in entities:
        assert 0 <= entity.offset < entity.end <= utf16_len(text)
        units[entity.offset * 2 : entity.end * 2].decode("utf-16-le")  # no pair is cut in two
    code = [entity for entity in entities if entity.type in VERBATIM]
    styles = [entity for entity in entities if entity.type in SPLITTABLE]
    assert not any(s.offset < c.end and c.offset < s.end for s in styles for c in code)


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(alphabet="ab 한📈\n", max_size=12),
    raw=st.lists(
        st.tuples(
            st.sampled_from(["bold", "code", "blockquote", "text_link"]), st.integers(-1, 14), st.integers(-1, 14)
        )
    ),
)
def test_any_explicit_entities_are_tidied_or_refused(text: str, raw: list[tuple[str, int, int]]) -> None:
    try:
        clean, entities = tidy(text, [Entity(kind, offset, length) for kind, offset, length in raw])
    except EntityError:
        return
    assert all(0 <= entity.offset < entity.end <= utf16_len(clean) for entity in entities)
    assert render(clean, [entity.to_json() for entity in entities]).count("<b>") == sum(
        1 for entity in entities if entity.type == "bold"
    )


@settings(max_examples=200, deadline=None)
@given(source=MARKUP)
def test_the_pages_html_is_safe_and_shows_the_text(source: str) -> None:
    text, entities = tidy(source, [])
    html = render(text, [entity.to_json() for entity in entities])
    allowed = ("<a href=", "<button", "<span", "</a>", "</button>", "</span>")
    rest = html
    for tag in ("</a>", "</button>", "</span>"):
        rest = rest.replace(tag, "")
    assert rest.count("<") == len(entities)
    assert all(piece.startswith(tuple(tag[1:] for tag in allowed)) for piece in rest.split("<")[1:])


def test_page_html_of_everything() -> None:
    source = (
        "<b>b</b> <i>i</i> <u>u</u> <s>s</s> <tg-spoiler>h</tg-spoiler> <code>c</code>\n<pre>p</pre>\n"
        "<blockquote>q</blockquote>\n<a href='https://x.com'>l</a> /go &lt;script&gt;"
    )
    text, entities = tidy(*parse_html(source))
    html = render(text, [entity.to_json() for entity in entities])
    assert "<b>b</b> <i>i</i> <u>u</u> <s>s</s>" in html
    assert "</code><pre><code>p</code></pre><blockquote>q</blockquote><a href=" in html
    assert '<button type="button" class="command" data-command="/go">/go</button>' in html
    assert "&lt;script&gt;" in html
