// Puts the page together: loads the chat, follows it live, passes on what the person does.

import { Composer } from "./composer.js";
import { byTestId, make, one } from "./dom.js";
import { Guide } from "./guide.js";
import { MessageLog } from "./log.js";
import { MarketPanel } from "./market.js";
import { plainPreview } from "./messages.js";
import { alertDialog, prepareDialogs, toast } from "./notices.js";
import { act, events, look } from "./server.js";
import { applyWords, chooseLanguage, currentLanguage, word } from "./words.js";

const ANSWER_MS = 15_000;
const NEWEST = 400;
const LONGEST_WAIT = 30; // frames, for a scroll to end

const composer = new Composer();
const isOwn = (message) => message.from.id === state?.person.id;
const log = new MessageLog({ isOwn, onReply: (message) => composer.reply(message), onPress: press, onCommand: (text) => composer.send(text) });
const market = new MarketPanel();
const guide = new Guide([
  { key: "status", run: () => composer.send("/status") },
  { key: "setting", run: () => composer.send("/set RSI_OVERSOLD 55") },
  { key: "fall", run: () => market.fall() },
]);
const waiting = new Map();
let state = null;
let reading = 0;
let reloads = 0;
const coming = []; // messages with the draft each one ends
let frame = 0;
let waited = 0;
let actionTimer = 0;
let started = false;
let introduced = false;
const marketRuns = document.body.classList.contains("with-market");

prepareDialogs();
applyWords();
prepareMenu();
prepareMarketToggle();
prepareStart();
if (marketRuns) market.start();
document.addEventListener("visibilitychange", followUp);
follow();

// live

function follow() {
  const stream = events();
  const on = (name, handle) => stream.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  stream.addEventListener("open", () => reload());
  stream.addEventListener("error", () => {
    document.body.classList.remove("starting");
    showStatus(word("offline"), "offline");
  });
  on("message", (message) => receive(message));
  on("answer", showAnswer);
  on("action", (action) => isHere(action) && showAction(action));
  on("draft", (draft) => isHere(draft) && showDraft(draft));
  on("menu", refreshState);
  on("blocked", refreshState);
  on("reset", () => reload());
}

// What came before the whole list is read is in it; what comes meanwhile is put on top of it afterwards.
async function reload() {
  reading += 1;
  const turn = (reloads += 1);
  const known = coming.length;
  try {
    const [messages] = await Promise.all([look("messages", { limit: NEWEST }), refreshState()]);
    if (turn !== reloads) return; // a later one reads a newer list
    log.replaceAll(messages.filter((message) => message.chat_id === state.chat_id));
    coming.splice(0, known);
  } finally {
    reading -= 1;
    settle();
    document.body.classList.remove("starting");
    followUp();
  }
}

function isHere({ chat_id: id }) {
  return !state || id === state.chat_id;
}

function receive(message) {
  if (!isHere(message)) return;
  const draft = message.from.is_bot ? byTestId("draft") : null;
  if (message.from.is_bot) endAction();
  const queued = coming.find((each) => each.message.id === message.id);
  if (queued) Object.assign(queued, { message, draft: draft ?? queued.draft });
  else coming.push({ message, draft });
  followUp();
}

// A slow machine may take in several changes at once. Each gets a frame of its own, so that the list can scroll by just as
// much as it changes and nothing a person is reading moves; new messages only push, and may come together.
function followUp() {
  if (reading) return;
  if (document.hidden) while (coming.length) takeIn(); // no frames are drawn
  else if (!frame && coming.length) frame = requestAnimationFrame(takeFrame);
}

// A frame in which the list is scrolled already takes no change: both together would move what is being read.
function takeFrame() {
  frame = 0;
  const waits = log.hasScrolled() && log.knows(coming[0]?.message ?? {}) && (waited += 1) <= LONGEST_WAIT;
  if (!reading && !waits) {
    waited = 0;
    takeIn();
  }
  followUp();
}

function takeIn() {
  let isNew = coming.length > 0;
  while (isNew && coming.length) {
    const { message, draft } = coming.shift();
    isNew = !log.knows(message);
    log.put(message);
    draft?.remove();
    if (coming.length && log.knows(coming[0].message)) break;
  }
  settle();
}

async function refreshState() {
  state = await look("state", { lang: currentLanguage() });
  composer.setCommands(state.commands);
  const name = state.bot.name || state.bot.first_name;
  byTestId("bot-name").textContent = name;
  document.title = name;
  showStatus(word("bot"), "");
  introduce();
  if (state.action) showAction({ action: state.action, seconds: 5 });
  byTestId("block").textContent = word(state.person.blocked ? "unblock" : "block");
  settle();
}

// The bot of the demo greets before anybody has come: whose browser speaks another language is greeted in that one.
async function introduce() {
  if (introduced || !marketRuns) return;
  introduced = true;
  if (state.person.language_code === currentLanguage()) return;
  await act("person", { language_code: currentLanguage() });
  await composer.send("/start");
}

function settle() {
  const withKeyboard = log.newest(({ from, reply_markup: markup }) => from.is_bot && markup && !markup.inline_keyboard);
  composer.setKeyboard(withKeyboard);
  showPinned();
  const empty = log.isEmpty;
  const blocked = Boolean(state?.person.blocked);
  byTestId("welcome").hidden = !empty;
  one(".welcome-title").textContent = word("welcome");
  one(".welcome-text").textContent = state?.bot.description || word("welcomeText");
  const start = byTestId("start");
  start.hidden = !(blocked || (empty && state));
  start.textContent = word(blocked ? "unblock" : "start");
  byTestId("composer").hidden = !start.hidden;
  if (started && start.hidden) {
    started = false;
    byTestId("text").focus();
  }
  if (marketRuns) guide.show();
}

// what the bot shows

function showStatus(text, kind) {
  const status = byTestId("bot-status");
  status.textContent = text;
  status.dataset.kind = kind;
}

function showAction({ action, seconds }) {
  clearTimeout(actionTimer);
  const known = { typing: "typing", upload_photo: "upload_photo", upload_document: "upload_document" };
  showStatus(word(known[action] ?? "working"), "busy");
  actionTimer = setTimeout(hideAction, seconds * 1000);
}

function hideAction() {
  endAction();
  byTestId("draft")?.remove();
}

function endAction() {
  clearTimeout(actionTimer);
  showStatus(word("bot"), "");
}

function showDraft({ html, text, seconds, can_stop: canStop, stopped }) {
  byTestId("draft")?.remove();
  if (stopped) return;
  const words = make("div", { class: "text" });
  words.innerHTML = html; // made by the server from text and entities
  const bubble = make("div", { class: "bubble" }, text ? words : make("span", { class: "dots", role: "img", "aria-label": word("draft") }, "…"));
  if (canStop) bubble.append(make("button", { type: "button", class: "key", "data-testid": "draft-stop", onclick: () => act("stop").catch((error) => toast(error.message)) }, word("stop")));
  byTestId("log").append(make("div", { class: "message draft", "data-testid": "draft", "aria-live": "off" }, make("div", { class: "line" }, bubble)));
  if (log.stuck) log.scrollToEnd();
  setTimeout(() => byTestId("draft")?.remove(), seconds * 1000);
}

function showPinned() {
  const bar = byTestId("pinned");
  const message = log.newest(({ pinned }) => pinned);
  bar.hidden = !message;
  if (!message) return;
  one(".pinned-text", bar).textContent = plainPreview(message);
  bar.setAttribute("aria-label", `${word("pinnedMessage")}: ${plainPreview(message)}`);
  bar.onclick = () => log.jumpTo(message.id);
}

// presses and their answers

async function press(message, button, node) {
  if (node.classList.contains("busy")) return;
  node.classList.add("busy");
  node.setAttribute("aria-busy", "true");
  try {
    const { query_id: id } = await act("press", { message_id: message.id, data: button.callback_data });
    waiting.set(id, { node, timer: setTimeout(() => giveUp(id), ANSWER_MS) });
    const early = await look(`answers/${id}`);
    if (early.answered) finish(id);
  } catch (error) {
    release(node);
    toast(`${word("failed")}: ${error.message}`);
  }
}

function showAnswer({ query_id: id, text, show_alert: isAlert, url }) {
  finish(id);
  if (text && isAlert) alertDialog(text);
  else if (text) toast(text);
  if (url) window.open(url, "_blank", "noopener");
}

function finish(id) {
  const press = waiting.get(id);
  if (!press) return;
  clearTimeout(press.timer);
  release(press.node);
  waiting.delete(id);
}

function giveUp(id) {
  finish(id);
  toast(word("noAnswer"));
}

function release(node) {
  node.classList.remove("busy");
  node.removeAttribute("aria-busy");
}

// the page's own controls

function prepareStart() {
  byTestId("start").addEventListener("click", async () => {
    started = true;
    if (state.person.blocked) await act("unblock");
    else await composer.send("/start");
  });
}

function prepareMenu() {
  const button = byTestId("more");
  const menu = byTestId("more-menu");
  const show = (open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    nameMenu();
    if (open) menu.firstElementChild.focus();
  };
  nameMenu();
  button.addEventListener("click", () => show(menu.hidden));
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
    } else if (event.key === "Escape") {
      show(false);
      button.focus();
    }
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.hidden && !menu.contains(event.target) && !button.contains(event.target)) show(false);
  });
  menu.addEventListener("click", async (event) => {
    const action = event.target.closest("button")?.dataset.action;
    if (!action) return;
    show(false);
    button.focus();
    await ACTIONS[action]();
  });
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

function nameMenu() {
  byTestId("language").textContent = word("language");
  byTestId("theme").textContent = word(isDark() ? "themeLight" : "themeDark");
}

const ACTIONS = {
  async language() {
    chooseLanguage(currentLanguage() === "ko" ? "en" : "ko");
    await act("person", { language_code: currentLanguage() });
    if (marketRuns) market.draw();
    log.redraw();
    await refreshState();
  },
  theme() {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("theme", theme);
  },
  async block() {
    await act(state.person.blocked ? "unblock" : "block");
  },
  async outage() {
    await act("fault", { kind: "down", seconds: 30 });
    toast(word("outageDone"));
  },
  stranger() {
    window.open(`/?user=${2_000_001}`, "_blank", "noopener");
  },
};

function prepareMarketToggle() {
  const button = byTestId("market-toggle");
  button.addEventListener("click", () => {
    const open = document.body.classList.toggle("market-open");
    button.setAttribute("aria-expanded", String(open));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("market-open")) button.click();
  });
}
