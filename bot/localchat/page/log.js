// The list of messages: order, days, scrolling, jumps.

import { byTestId, make, one } from "./dom.js";
import { renderMessage, replyQuote } from "./messages.js";
import { currentLanguage, word } from "./words.js";

const NEAR_END = 120;
const AT_END = 2; // positions are fractions of a pixel

export class MessageLog {
  constructor(handlers) {
    this.handlers = { ...handlers, find: (id) => this.messages.get(id), onJump: (id) => this.jumpTo(id) };
    this.messages = new Map();
    this.nodes = new Map();
    this.list = byTestId("log");
    this.scroll = byTestId("scroll");
    this.toEnd = byTestId("to-end");
    this.unread = 0;
    this.scrolled = false;
    this.scroll.addEventListener("scroll", () => this.#heardScroll(), { passive: true });
    this.scroll.addEventListener("scrollend", () => (this.onItsWay = false), { passive: true });
    this.toEnd.addEventListener("click", () => this.scrollToEnd(true));
    this.stuck = true; // follows what comes
    this.atEnd = true; // shows the very end
    this.onItsWay = false; // to the end, smoothly
    this.last = {};
    const sizes = new ResizeObserver((changed) => {
      const isView = changed.some(({ target }) => target === this.scroll); // a keyboard came or went
      if (isView ? this.stuck : this.atEnd) this.scrollToEnd();
    });
    sizes.observe(this.scroll);
    sizes.observe(this.list);
    this.list.addEventListener("click", (event) => this.#openHidden(event));
    this.list.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") this.#openHidden(event);
    });
  }

  replaceAll(messages) {
    this.messages.clear();
    this.nodes.clear();
    this.list.setAttribute("aria-busy", "true");
    const items = document.createDocumentFragment();
    for (const message of messages) {
      this.messages.set(message.id, message);
    }
    let day = "";
    for (const message of messages) {
      if (message.deleted) continue;
      if (dayOf(message) !== day) items.append(dayLine((day = dayOf(message)), message));
      items.append(this.#node(message));
    }
    this.list.replaceChildren(items);
    this.list.removeAttribute("aria-busy");
    this.scrollToEnd();
  }

  put(message) {
    this.#noteScroll(); // a person may just have scrolled, and the event not have come yet
    const old = this.nodes.get(message.id);
    this.messages.set(message.id, message);
    if (old) {
      this.#keepPlace(old, () => (message.deleted ? this.#remove(message.id) : this.#replace(old, message)));
      this.#refreshQuotes(message.id);
    } else if (!message.deleted) {
      this.#append(message);
      if (this.stuck || this.handlers.isOwn(message)) this.scrollToEnd();
      else this.#countUnread();
    }
  }

  redraw() {
    this.replaceAll([...this.messages.values()]);
  }

  newest(test) {
    return [...this.messages.values()].reverse().find((message) => !message.deleted && test(message));
  }

  // Return whether the list was scrolled since this was asked last.
  hasScrolled() {
    const { scrolled } = this;
    this.scrolled = false;
    return scrolled;
  }

  knows({ id }) {
    return this.messages.has(id);
  }

  get isEmpty() {
    return this.nodes.size === 0;
  }

  jumpTo(id) {
    const node = this.nodes.get(id);
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: motion() });
    node.classList.add("shown");
    node.focus({ preventScroll: true });
    setTimeout(() => node.classList.remove("shown"), 1600);
  }

  scrollToEnd(smooth = false) {
    this.onItsWay = smooth && motion() === "smooth";
    this.scroll.scrollTo({ top: this.scroll.scrollHeight, behavior: smooth ? motion() : "instant" });
    this.unread = 0;
    this.#noteScroll();
  }

  #append(message) {
    const draft = byTestId("draft"); // a text in the making stays below what has been said
    const last = draft ? draft.previousElementSibling : this.list.lastElementChild;
    if (!last || last.dataset.day !== dayOf(message)) this.list.insertBefore(dayLine(dayOf(message), message), draft);
    this.list.insertBefore(this.#node(message), draft);
  }

  #replace(old, message) {
    const focused = old.contains(document.activeElement) ? focusPath(old) : null;
    const node = this.#node(message);
    const quotes = (of) => [...of.querySelectorAll("blockquote.expandable")];
    const isOpen = quotes(old).map(({ classList }) => classList.contains("open"));
    quotes(node).forEach(({ classList }, index) => classList.toggle("open", Boolean(isOpen[index])));
    old.replaceWith(node);
    if (focused) restoreFocus(node, focused);
  }

  // What stands below a message keeps its place when that message changes its size: the list scrolls instead.
  #keepPlace(node, change) {
    const below = node.nextElementSibling;
    const top = () => below.getBoundingClientRect().top;
    const end = this.scroll.getBoundingClientRect().bottom;
    const before = below && top();
    change();
    if (this.onItsWay) this.scrollToEnd(true);
    else if (this.atEnd || (!below && this.stuck)) this.scrollToEnd();
    else if (below) this.#scrollBy(top() - (before < end ? before : Math.max(top(), end)));
    this.#noteScroll();
  }

  #scrollBy(moved) {
    if (Math.abs(moved) >= 1) this.scroll.scrollTop += moved;
  }

  // A quote says what its message says now.
  #refreshQuotes(id) {
    for (const message of this.messages.values()) {
      const node = message.reply_to === id && this.nodes.get(message.id);
      if (node) byTestId("reply-quote", node)?.replaceChildren(...replyQuote(message, this.handlers).children);
    }
  }

  #remove(id) {
    const node = this.nodes.get(id);
    this.nodes.delete(id);
    const before = node?.previousElementSibling;
    node?.remove();
    if (before?.classList.contains("day") && (!before.nextElementSibling || before.nextElementSibling.classList.contains("day"))) before.remove();
  }

  #node(message) {
    const node = renderMessage(message, this.handlers);
    node.dataset.day = dayOf(message);
    this.nodes.set(message.id, node);
    return node;
  }

  #countUnread() {
    this.unread += 1;
    this.#noteScroll();
  }

  #heardScroll() {
    this.scrolled = true;
    this.#noteScroll();
  }

  #noteScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    // Only a person who scrolls leaves the end; a keyboard that takes room, or a list that grows, does not.
    const hidden = scrollHeight - scrollTop - clientHeight;
    const { last } = this;
    const isScrolled = last.scrollHeight === scrollHeight && last.clientHeight === clientHeight && last.scrollTop !== scrollTop;
    this.stuck = hidden < NEAR_END || (this.stuck && !isScrolled);
    this.atEnd = hidden < AT_END || (this.atEnd && !isScrolled);
    this.last = { scrollHeight, scrollTop, clientHeight };
    if (this.stuck) this.unread = 0;
    this.toEnd.hidden = this.stuck;
    const badge = one(".unread", this.toEnd);
    badge.hidden = this.unread === 0;
    badge.textContent = String(this.unread);
  }

  #openHidden(event) {
    const spoiler = event.target.closest(".spoiler");
    if (spoiler) {
      spoiler.classList.add("open");
      spoiler.setAttribute("aria-expanded", "true");
    }
    const quote = event.target.closest("blockquote.expandable");
    if (quote) quote.classList.toggle("open");
    const rich = event.target.closest("button[data-rich]");
    if (rich && event.type === "click") {
      const id = Number(rich.closest("[data-id]").dataset.id);
      this.handlers.onPress(this.messages.get(id), { callback_data: rich.dataset.rich }, rich);
    }
    const command = event.target.closest("button.command");
    if (command && event.type === "click") this.handlers.onCommand(command.dataset.command);
  }
}

const motion = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth");
const dayOf = (message) => new Date(message.date * 1000).toDateString();

function dayLine(day, message) {
  const date = new Date(message.date * 1000);
  const now = new Date();
  const yesterday = new Date(now.getTime() - 86_400_000);
  let text = new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium" }).format(date);
  if (day === now.toDateString()) text = word("today");
  else if (day === yesterday.toDateString()) text = word("yesterday");
  return make("div", { class: "day", "data-day": day }, make("span", {}, text));
}

// A press on a button usually edits its message: keep the keyboard user where they were.
function focusPath(node) {
  const focusable = [...node.querySelectorAll("button, a")];
  return focusable.indexOf(document.activeElement);
}

function restoreFocus(node, index) {
  const focusable = [...node.querySelectorAll("button, a")];
  (focusable[index] ?? node).focus({ preventScroll: true });
}
