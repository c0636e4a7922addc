// One message as the person sees it.

import { icon, make } from "./dom.js";
import { openPicture, toast } from "./notices.js";
import { currentLanguage, word } from "./words.js";

const REPLY = "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6";
const PIN = "M9 4h6l-1 6 3 3H7l3-3zM12 13v7";
const FILE = "M6 3h8l4 4v14H6zM14 3v4h4";
const BELL_OFF = "M6 16V11a6 6 0 0 1 9-5M18 11v5l2 2H4M10 21h4M4 4l16 16";
const COPY = "M9 9h11v11H9zM5 15H4V4h11v1";
const PHOTO_WIDTH = 360;
const PHOTO_HEIGHT = 420;

export function plainPreview(message) {
  if (!message || message.deleted) return word("deletedReply");
  const kind = message.photo_url ? `${word("photo")} ` : message.document_url ? `${message.document_name} ` : "";
  return (kind + message.text).replace(/\s+/g, " ").slice(0, 120) || word("pinnedMessage");
}

export function timeOf(seconds) {
  return new Intl.DateTimeFormat(currentLanguage(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(seconds * 1000);
}

export function renderMessage(message, { find, isOwn, onReply, onJump, onPress }) {
  const own = isOwn(message);
  if (message.service) return serviceLine(message, { find, onJump });
  const bubble = make("div", { class: "bubble" });
  if (!own && !message.from.is_bot) bubble.append(make("p", { class: "sender" }, message.from.first_name));
  if (message.forward_origin) bubble.append(make("p", { class: "forwarded" }, message.forward_origin.sender_user?.first_name ?? ""));
  if (message.reply_to) bubble.append(replyQuote(message, { find, isOwn, onJump }));
  if (message.photo_url) bubble.append(picture(message));
  if (message.document_url) bubble.append(documentLink(message));
  if (message.html) bubble.append(textOf(message));
  if (message.reactions?.length) bubble.append(reactionsOf(message));
  bubble.append(metaOf(message));
  const item = make(
    "div",
    {
      role: "article",
      "aria-label": `${own ? word("you") : message.from.first_name}, ${timeOf(message.date)}`,
      class: own ? "message own" : "message",
      "data-testid": "message",
      "data-id": message.id,
      "data-from": message.from.is_bot ? "bot" : "person",
      "data-edited": message.edited_at ? "true" : null,
      tabindex: "-1",
    },
    make("div", { class: "line" }, bubble, actionsOf(message, onReply)),
  );
  const keyboard = inlineKeyboard(message, onPress);
  if (keyboard) item.append(keyboard);
  return item;
}

function serviceLine(message, { find, onJump }) {
  const pinned = message.service.pinned_message_id;
  const who = message.from.first_name;
  const text = pinned ? `${who}: ${word("pinnedBy")} “${plainPreview(find(pinned)).slice(0, 40)}”` : who;
  const button = make("button", { type: "button", onclick: () => onJump(pinned) }, text);
  return make("div", { class: "service", "data-testid": "service", "data-id": message.id }, button);
}

export function replyQuote(message, { find, isOwn, onJump }) {
  const original = find(message.reply_to);
  const name = original ? (isOwn(original) ? word("you") : original.from.first_name) : "";
  return make(
    "button",
    { type: "button", class: "quote", "data-testid": "reply-quote", onclick: () => onJump(message.reply_to) },
    make("span", { class: "quote-name" }, name),
    make("span", { class: "quote-text" }, message.quote?.text ?? plainPreview(original)),
  );
}

function picture(message) {
  const [width, height] = message.photo_size;
  const scale = Math.min(1, PHOTO_WIDTH / width, PHOTO_HEIGHT / height);
  const description = message.text || word("photo");
  const image = make("img", {
    src: message.photo_url,
    alt: description,
    width: Math.max(60, Math.round(width * scale)),
    height: Math.max(40, Math.round(height * scale)),
    decoding: "async",
  });
  return make(
    "button",
    { type: "button", class: "picture", "data-testid": "picture", "aria-label": `${word("picture")}: ${description}`, onclick: () => openPicture(message.photo_url, description) },
    image,
  );
}

function documentLink(message) {
  const size = message.document_size < 1024 ? `${message.document_size} B` : `${Math.ceil(message.document_size / 1024)} KB`;
  return make(
    "a",
    { class: "document", href: message.document_url, download: message.document_name, "data-testid": "document" },
    make("span", { class: "document-icon" }, icon(FILE)),
    make("span", { class: "document-words" }, make("span", { class: "document-name" }, message.document_name), make("span", { class: "document-size" }, size)),
  );
}

function textOf(message) {
  const text = make("div", { class: "text", "data-testid": "message-text" });
  text.innerHTML = message.html; // made by the server from text and entities, everything else escaped
  return text;
}

function reactionsOf(message) {
  const chips = message.reactions.map((reaction) => make("span", { class: "reaction" }, reaction.emoji ?? "★"));
  return make("div", { class: "reactions", "data-testid": "reactions" }, ...chips);
}

function metaOf(message) {
  const marks = [];
  if (message.pinned) marks.push(mark(PIN, word("pinnedMark")));
  if (message.silent) marks.push(mark(BELL_OFF, word("silent")));
  if (message.edited_at) marks.push(make("span", { "data-testid": "edited", title: timeOf(message.edited_at) }, word("edited")));
  const time = make("time", { datetime: new Date(message.date * 1000).toISOString() }, timeOf(message.date));
  return make("div", { class: "meta" }, ...marks, time);
}

function mark(path, label) {
  return make("span", { class: "mark", role: "img", "aria-label": label, title: label }, icon(path));
}

function actionsOf(message, onReply) {
  const reply = make("button", { type: "button", class: "icon small", "aria-label": word("reply"), title: word("reply"), "data-testid": "reply", onclick: () => onReply(message) }, icon(REPLY));
  return make("div", { class: "actions" }, reply);
}

function inlineKeyboard(message, onPress) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return make(
    "div",
    { class: "inline-keyboard", "data-testid": "inline-keyboard" },
    ...rows.map((row) => make("div", { class: "row" }, ...row.map((button) => inlineButton(message, button, onPress)))),
  );
}

function inlineButton(message, button, onPress) {
  const shared = { class: `key ${button.style ?? ""}`.trim(), "data-testid": "inline-button" };
  if (button.url) return make("a", { ...shared, href: button.url, target: "_blank", rel: "noopener noreferrer" }, `${button.text} ↗`);
  const node = make("button", { ...shared, type: "button", "data-data": button.callback_data ?? null }, button.text);
  if (button.callback_data !== undefined) {
    node.addEventListener("click", () => onPress(message, button, node));
  } else if (button.copy_text) {
    node.append(icon(COPY));
    node.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.copy_text.text);
      toast(word("copied"));
    });
  } else {
    node.disabled = true;
  }
  return node;
}
