// The guided first minute: three things to try in the demo.

import { byTestId, icon, make } from "./dom.js";
import { word } from "./words.js";

const DONE = "M5 12l5 5L19 7";
const CLOSE = "M6 6l12 12M18 6L6 18";

export class Guide {
  constructor(steps) {
    this.steps = steps;
    this.done = new Set(JSON.parse(sessionStorage.getItem("guide-done") ?? "[]"));
    this.box = byTestId("guide");
    this.closed = sessionStorage.getItem("guide-closed") === "yes";
  }

  show() {
    this.box.hidden = this.closed || this.done.size === this.steps.length;
    const buttons = this.steps.map(({ key, run }, index) =>
      make(
        "button",
        { type: "button", class: this.done.has(key) ? "step done" : "step", "data-testid": `guide-${key}`, onclick: () => this.#run(key, run) },
        make("span", { class: "number", "aria-hidden": "true" }, this.done.has(key) ? icon(DONE) : String(index + 1)),
        word(`guide${key[0].toUpperCase()}${key.slice(1)}`),
        this.done.has(key) ? make("span", { class: "unseen" }, `, ${word("guideDone")}`) : null,
      ),
    );
    const close = make("button", { type: "button", class: "icon small", "data-testid": "guide-close", "aria-label": word("guideClose"), onclick: () => this.#close() }, icon(CLOSE));
    this.box.replaceChildren(make("h2", {}, word("guideTitle")), close, make("div", { class: "steps" }, ...buttons));
  }

  async #run(key, run) {
    this.done.add(key);
    sessionStorage.setItem("guide-done", JSON.stringify([...this.done]));
    this.show();
    byTestId(`guide-${key}`)?.focus();
    await run();
  }

  #close() {
    this.closed = true;
    sessionStorage.setItem("guide-closed", "yes");
    this.box.hidden = true;
  }
}
