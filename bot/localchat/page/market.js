// The simulated market beside the chat: look at it, pace it, make things happen.

import { byTestId, make } from "./dom.js";
import { toast } from "./notices.js";
import { simulator } from "./server.js";
import { applyWords, currentLanguage, word } from "./words.js";

const LOOK_MS = 1000;
const PACES = [0, 1, 60, 120]; // faster, the way of a quote takes a minute of the market, and the bot rightly calls it late
const BEFORE_OPEN_MS = 20_000; // as the demo's own day begins

export class MarketPanel {
  constructor() {
    this.box = byTestId("market");
    this.state = null;
    this.symbol = "";
    this.picked = false;
    this.typedPrice = false;
    this.parts = {};
  }

  start() {
    this.box.classList.add("loading");
    this.draw();
    this.#look();
  }

  // Build the fixed parts once; only their contents change, so nothing jumps and the keyboard focus stays.
  draw() {
    const part = (name, tag = "div") => (this.parts[name] = make(tag, { class: name, "data-testid": `market-${name}` }));
    const section = (key, ...content) => make("section", {}, make("h3", { "data-i18n": key }), ...content);
    const pace = make(
      "div",
      { class: "pace", role: "group", "data-i18n-label": "pace" },
      ...PACES.map((speed) =>
        make("button", { type: "button", class: "key", "data-speed": speed, "aria-pressed": "false", "data-testid": `pace-${speed}`, onclick: () => this.#pace(speed) }, speed ? `×${speed}` : word("pause")),
      ),
    );
    this.parts.pace = pace;
    this.box.replaceChildren(
      make("header", {}, make("h2", { "data-i18n": "market" }), make("p", { class: "hint", "data-i18n": "marketHint" })),
      make("p", { class: "away", role: "status", "data-testid": "market-away", "data-i18n": "simulatorAway", hidden: true }),
      section("clock", part("clock"), pace, this.#opening()),
      section("try", this.#events()),
      section("prices", part("prices", "ul")),
      section("account", part("account")),
      section("byHand", this.#form()),
      section("openOrders", part("orders", "ul")), // last, since its length changes
    );
    applyWords(this.box);
    this.#fill();
  }

  async fall() {
    const price = this.#prices().find((entry) => entry.symbol === this.symbol);
    if (!price) return toast(word("noPrice"));
    const { symbol } = price;
    const last = money(Number(price.last) * 0.94);
    await this.#try(() => simulator.act("tick", { symbol, last }), word("fallDone", { symbol, price: `$${last}` }));
  }

  #events() {
    const button = (key, style, run) => make("button", { type: "button", class: `key ${style}`, "data-i18n": key, "data-testid": `market-${key}`, onclick: run });
    return make(
      "div",
      { class: "events" },
      (this.parts.fall = button("fall", "danger", () => this.fall())),
      button("dropSocket", "", () => this.#try(() => simulator.act("fault", { kind: "ws_drop" }), word("dropDone"))),
      button("rejectNext", "", () => this.#try(() => simulator.act("fault", { kind: "reject", count: 1 }), word("rejectDone"))),
    );
  }

  // After the close there is nothing to see for hours: one press leads to the next opening bell.
  #opening() {
    const run = () => this.#try(() => simulator.act("clock", { now: new Date(Date.parse(this.state.next_open) - BEFORE_OPEN_MS).toISOString() }), word("nextOpenDone"));
    return (this.parts.opening = make("button", { type: "button", class: "key", "data-i18n": "nextOpen", "data-testid": "market-nextOpen", hidden: true, onclick: run }));
  }

  #form() {
    const field = (key, node) => make("label", {}, make("span", { "data-i18n": key }), node);
    const known = make("datalist", { id: "known-symbols" });
    const symbols = make("input", { name: "symbol", list: "known-symbols", required: true, autocomplete: "off", "data-testid": "hand-symbol", onchange: (event) => this.#pick(event.target.value) });
    const side = make("select", { name: "side", "data-testid": "hand-side" }, make("option", { value: "buy", "data-i18n": "buy" }), make("option", { value: "sell", "data-i18n": "sell" }));
    const qty = make("input", { name: "qty", type: "number", min: 1, step: 1, value: 1, required: true, "data-testid": "hand-qty" });
    const price = make("input", { name: "price", type: "number", min: "0.0001", step: "any", required: true, "data-testid": "hand-price", oninput: () => (this.typedPrice = true) });
    Object.assign(this.parts, { symbols, known, handPrice: price });
    return make(
      "form",
      { class: "hand", "data-testid": "hand", onsubmit: (event) => this.#place(event) },
      field("symbol", symbols),
      known,
      field("side", side),
      field("quantity", qty),
      field("price", price),
      make("button", { type: "submit", class: "key primary", "data-i18n": "place", "data-testid": "hand-place" }),
    );
  }

  async #place(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    const body = { symbol: form.get("symbol").trim().toUpperCase(), side: form.get("side"), qty: Number(form.get("qty")), price: String(form.get("price")) };
    this.typedPrice = false;
    await this.#try(() => simulator.act("order", body), word("placed"));
  }

  #pick(symbol) {
    this.symbol = symbol.trim().toUpperCase();
    this.picked = true;
    this.typedPrice = false;
    this.#fill();
  }

  #pace(speed) {
    return this.#try(() => simulator.act("clock", { speed }), "");
  }

  async #try(run, done) {
    try {
      await run();
      if (done) toast(done);
      await this.#refresh();
    } catch (error) {
      toast(error.message);
    }
  }

  async #look() {
    for (;;) {
      if (!document.hidden) await this.#refresh();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async #refresh() {
    try {
      this.state = await simulator.look("state");
      this.box.classList.remove("loading");
      byTestId("market-away").hidden = true;
    } catch {
      this.box.classList.remove("loading");
      byTestId("market-away").hidden = false;
    }
    this.#fill();
  }

  // Prices as the simulator gives them; one that gives none still knows those of what is held.
  #prices() {
    const given = entries(this.state?.prices, "last");
    return (given.length ? given : this.#held())
      .map((entry) => ({ ...entry, symbol: first(entry, "symbol", "ticker", "key"), last: first(entry, "last", "price") }))
      .filter((entry) => entry.symbol && Number(entry.last) > 0);
  }

  #held() {
    return entries(this.state?.positions).filter((position) => Number(first(position, "qty", "quantity", "value")) > 0);
  }

  #fill() {
    const { clock, prices, account, orders, symbols, known, handPrice } = this.parts;
    if (!clock) return;
    const now = this.state?.clock?.now ?? this.state?.clock ?? null;
    clock.replaceChildren(timeLine("newYork", "America/New_York", now), timeLine("seoul", "Asia/Seoul", now));
    const speed = this.state?.clock?.speed ?? this.state?.speed;
    for (const button of this.parts.pace.children) button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === Number(speed)));
    const opens = Date.parse(this.state?.next_open ?? "");
    this.parts.opening.hidden = !(opens - Date.parse(this.state?.clock ?? "") > BEFORE_OPEN_MS);
    const quotes = this.#prices();
    this.#choose(quotes);
    this.parts.fall.textContent = `${this.symbol} ${word("fall")}`.trim();
    update(prices, quotes, (quote) => this.#priceRow(quote));
    account.replaceChildren(...this.#accountRows(quotes));
    account.style.setProperty("--room", Math.max(3, quotes.length)); // a purchase pushes nothing down
    const open = entries(this.state?.open_orders);
    orders.replaceChildren(...(open.length ? open.map(orderRow) : [make("li", { class: "none" }, word("noOrders"))]));
    known.replaceChildren(...quotes.map((quote) => make("option", { value: quote.symbol })));
    if (document.activeElement !== symbols && this.symbol) symbols.value = this.symbol;
    if (!this.typedPrice) handPrice.value = quotes.find((quote) => quote.symbol === this.symbol)?.last ?? "";
  }

  // Until the person picks one, the holding nearest to its stop comes first: a fall of that one shows the most.
  #choose(quotes) {
    if (this.picked) return;
    const lasts = new Map(quotes.map(({ symbol, last }) => [symbol, last]));
    const [nearest] = this.#held()
      .map((position) => ({ symbol: first(position, "symbol", "ticker", "key"), rate: returnOf(position, lasts) }))
      .filter(({ rate }) => rate !== null)
      .sort((a, b) => a.rate - b.rate);
    this.symbol = nearest?.symbol ?? quotes[0]?.symbol ?? "";
  }

  #priceRow(quote) {
    const change = first(quote, "change_rate", "change_pct", "rate");
    return make(
      "li",
      {},
      make(
        "button",
        { type: "button", class: "price", "aria-pressed": String(quote.symbol === this.symbol), onclick: () => this.#pick(quote.symbol) },
        make("span", { class: "symbol" }, quote.symbol),
        make("span", { class: "last" }, `$${money(Number(quote.last))}`),
        change === undefined ? null : make("span", { class: Number(change) < 0 ? "loss" : "gain" }, signed(Number(change))),
      ),
    );
  }

  #accountRows(quotes) {
    const cash = this.state?.cash;
    const amount = typeof cash === "object" && cash !== null ? first(cash, "USD", "usd", "amount", "available") : cash;
    const rows = this.#held().map((position) => positionRow(position, quotes));
    return [
      make("p", { class: "cash" }, make("span", {}, word("cash")), make("strong", {}, amount === undefined ? "–" : `$${grouped(amount)}`)),
      ...(rows.length ? rows : [make("p", { class: "none" }, word("noPositions"))]),
    ];
  }
}

const averageOf = (position) => first(position, "average_price", "avg_price", "average", "avg", "cost");

function returnOf(position, lasts) {
  const last = lasts.get(first(position, "symbol", "ticker", "key"));
  const average = Number(averageOf(position));
  return last && average > 0 ? (Number(last) / average - 1) * 100 : null;
}

function positionRow(position, quotes) {
  const symbol = first(position, "symbol", "ticker", "key");
  const qty = first(position, "qty", "quantity", "value");
  const average = averageOf(position);
  const rate = returnOf(position, new Map(quotes.map((quote) => [quote.symbol, quote.last])));
  return make(
    "p",
    { class: "position" },
    make("span", { class: "held" }, make("span", { class: "symbol" }, symbol), ` ${qty}${word("shares")}`),
    make("span", { class: "dim" }, average ? `${word("average")} $${money(Number(average))}` : ""),
    rate === null ? null : make("strong", { class: rate < 0 ? "loss" : "gain" }, signed(rate)),
  );
}

function orderRow(order) {
  const side = String(first(order, "side") ?? "").toLowerCase();
  const price = first(order, "price", "limit_price");
  const qty = first(order, "open", "open_qty", "remaining", "remaining_qty", "qty", "quantity");
  return make(
    "li",
    {},
    make("span", { class: side === "sell" ? "side sell" : "side buy" }, word(side === "sell" ? "sell" : "buy")),
    make("span", {}, `${first(order, "symbol", "ticker") ?? ""} ${qty ?? ""}`),
    make("span", { class: "dim" }, Number(price) > 0 ? `$${money(Number(price))}` : ""),
  );
}

function timeLine(key, timeZone, now) {
  const moment = typeof now === "number" ? new Date(now * 1000) : new Date(now ?? NaN);
  const text = Number.isNaN(moment.getTime())
    ? "–"
    : new Intl.DateTimeFormat(currentLanguage(), { timeZone, weekday: "short", month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(moment);
  return make("p", {}, make("span", { class: "dim" }, word(key)), make("span", { class: "digits" }, text));
}

// The simulator may give a list, or an object by symbol; both become a list of objects.
function entries(value, scalarName = "value") {
  if (Array.isArray(value)) return value;
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).map(([key, item]) => (item !== null && typeof item === "object" ? { key, ...item } : { key, [scalarName]: item }));
}

function update(list, items, build) {
  const focused = list.contains(document.activeElement) ? [...list.querySelectorAll("button")].indexOf(document.activeElement) : -1;
  list.replaceChildren(...items.map(build));
  if (focused >= 0) list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
}

const first = (object, ...names) => names.map((name) => object?.[name]).find((value) => value !== undefined && value !== null);
const money = (value) => (value < 1 ? value.toFixed(4) : value.toFixed(2));
const signed = (rate) => `${rate < 0 ? "−" : "+"}${Math.abs(rate).toFixed(2)}%`;
const grouped = (value) => new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(Number(value));
