"""Safe HTML of a rich message for the chat page (telegram-bot-api 9.10)."""

from html import escape
from typing import Any

from bot.localchat.formatting.links import checked_link

Json = dict[str, Any]

_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "marked": "mark",
    "subscript": "sub",
    "superscript": "sup",
}


def render_rich(blocks: list[Json]) -> str:
    """Return HTML of checked blocks in which every character of a text is escaped."""
    return "".join(_block_html(block) for block in blocks)


def _block_html(block: Json) -> str:
    kind = block["type"]
    inner = _text_html(block["text"]) if "text" in block else ""
    credit = f"<cite>{_text_html(block['credit'])}</cite>" if "credit" in block else ""
    if kind == "heading":
        return f'<p class="heading size-{block["size"]}" role="heading" aria-level="{block["size"] + 1}">{inner}</p>'
    if kind == "pre":
        return f"<pre><code>{inner}</code></pre>"
    if kind in ("blockquote", "expandable_blockquote", "pullquote"):
        held = render_rich(block["blocks"]) if "blocks" in block else inner
        opened = ' class="expandable" tabindex="0"' if kind == "expandable_blockquote" else ""
        return f"<blockquote{opened}>{held}{credit}</blockquote>"
    if kind == "details":
        opened = " open" if block.get("is_open") else ""
        summary = _text_html(block["summary"])
        return f"<details{opened}><summary>{summary}</summary>{render_rich(block['blocks'])}</details>"
    if kind == "list":
        items = (
            f"<li><span>{_mark(item)}</span><div>{render_rich(item['blocks'])}</div></li>" for item in block["items"]
        )
        return f'<ul class="marked-list">{"".join(items)}</ul>'
    if kind == "table":
        return _table_html(block)
    if kind == "buttons":
        return f'<div class="row">{"".join(_button_html(button) for button in block["buttons"])}</div>'
    if kind == "photo":
        largest = block["photo"][-1]
        caption = _text_html(block["caption"]["text"]) if "caption" in block else ""
        size = f'width="{largest["width"]}" height="{largest["height"]}"'
        return f'<figure><img src="/user/file/{escape(largest["file_id"])}" alt="" {size}>{caption}</figure>'
    if kind == "document":
        file = block["document"]
        return f'<p><a href="/user/file/{escape(file["file_id"])}" download>{escape(file["file_name"])}</a></p>'
    if kind in ("divider", "anchor"):
        return "<hr>" if kind == "divider" else ""
    if kind == "mathematical_expression":
        return f"<p><code>{_text_html(block['expression'])}</code></p>"
    return f'<p class="{kind}">{inner}</p>'


def _mark(item: Json) -> str:
    if item.get("has_checkbox"):
        return "☑" if item.get("is_checked") else "☐"
    return escape(item["label"])


def _table_html(table: Json) -> str:
    rows = "".join(f"<tr>{''.join(_cell_html(cell) for cell in row)}</tr>" for row in table["cells"])
    caption = f"<caption>{_text_html(table['caption'])}</caption>" if "caption" in table else ""
    classes = [name for name in ("bordered", "striped", "compact") if table.get(f"is_{name}")]
    return f'<div class="table" tabindex="0"><table class="{" ".join(classes)}">{caption}{rows}</table></div>'


def _cell_html(cell: Json) -> str:
    tag = "th" if cell.get("is_header") else "td"
    spans = "".join(f' {name}="{cell[name]}"' for name in ("colspan", "rowspan") if name in cell)
    inner = _text_html(cell["text"]) if "text" in cell else ""
    return f'<{tag} class="{cell["align"]} {cell["valign"]}"{spans}>{inner}</{tag}>'


def _button_html(button: Json) -> str:
    inner = _text_html(button["text"])
    link = checked_link(str(button.get("url", "")))
    if link:
        return f'<a class="key" href="{escape(link)}" target="_blank" rel="noopener noreferrer">{inner}</a>'
    style = f"key {button.get('style', '')}".strip()
    if "callback_data" in button:
        data = escape(str(button["callback_data"]))
        return f'<button type="button" class="{style}" data-rich="{data}">{inner}</button>'
    return f'<button type="button" class="{style}" disabled>{inner}</button>'


def _text_html(text: Any) -> str:
    if isinstance(text, str):
        return escape(text, quote=False)
    if isinstance(text, list):
        return "".join(_text_html(part) for part in text)
    kind = text["type"]
    if kind == "button":
        return _button_html(text["button"])
    inner = _text_html(text["text"])
    if kind in _TAGS:
        return f"<{_TAGS[kind]}>{inner}</{_TAGS[kind]}>"
    if kind == "spoiler":
        return f'<span class="spoiler" tabindex="0" role="button" aria-expanded="false">{inner}</span>'
    if kind == "bot_command":
        return f'<button type="button" class="command" data-command="{escape(text["bot_command"])}">{inner}</button>'
    link = checked_link(text["url"]) if kind == "url" else ""
    if link.startswith(("http://", "https://")):
        return f'<a href="{escape(link)}" target="_blank" rel="noopener noreferrer">{inner}</a>'
    return f"<span>{inner}</span>"
