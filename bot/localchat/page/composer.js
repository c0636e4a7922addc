// Writing: text, commands with completion, replies, the reply keyboard, files.

import { byTestId, make, one } from "./dom.js";
import { plainPreview } from "./messages.js";
import { toast } from "./notices.js";
import { act, upload } from "./server.js";
import { word } from "./words.js";

export class Composer {
  constructor() {
    this.text = byTestId("text");
    this.list = byTestId("commands");
    this.menuButton = byTestId("menu");
    this.keyboard = byTestId("keyboard");
    this.keyboardToggle = byTestId("keyboard-toggle");
    this.commands = [];
    this.choice = -1;
    this.replyTo = null;
    this.keyboardShown = true;
    this.keyboardOf = null;
    this.#listen();
  }

  setCommands(commands) {
    this.commands = commands;
    this.menuButton.classList.toggle("absent", commands.length === 0);
  }

  // The newest bot message that says something about the keyboard decides what is shown.
  setKeyboard(message) {
    const markup = message?.reply_markup;
    if (message?.id !== this.keyboardOf) {
      this.keyboardOf = message?.id ?? null;
      this.keyboardShown = true;
      if (markup?.force_reply) this.reply(message, false);
    }
    const rows = markup?.keyboard ?? [];
    this.keyboard.replaceChildren(
      ...rows.map((row) => make("div", { class: "row" }, ...row.map((button) => this.#key(button, markup)))),
    );
    this.keyboard.classList.toggle("tall", !markup?.resize_keyboard);
    this.text.placeholder = markup?.input_field_placeholder ?? word("write");
    this.keyboardToggle.hidden = rows.length === 0;
    this.#showKeyboard(this.keyboardShown && rows.length > 0);
  }

  reply(message, focus = true) {
    this.replyTo = message;
    const box = byTestId("replying");
    box.hidden = message === null;
    if (message) one(".replying-text", box).textContent = `${word("reply")}: ${plainPreview(message)}`;
    if (focus) this.text.focus();
  }

  async send(text) {
    const body = { text };
    if (this.replyTo) body.reply_to = this.replyTo.id;
    this.reply(null, false);
    try {
      await act("send", body);
      return true;
    } catch (error) {
      toast(`${word("failed")}: ${error.message}`);
      return false;
    }
  }

  #listen() {
    byTestId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => this.#typed());
    this.text.addEventListener("keydown", (event) => this.#keyDown(event));
    this.text.addEventListener("blur", () => setTimeout(() => this.#close(), 150));
    this.menuButton.addEventListener("click", () => this.#toggleMenu());
    byTestId("reply-cancel").addEventListener("click", () => this.reply(null));
    this.keyboardToggle.addEventListener("click", () => {
      this.keyboardShown = this.keyboard.hidden;
      this.#showKeyboard(this.keyboardShown);
    });
    byTestId("file").addEventListener("change", (event) => this.#attach(event.target));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.#close();
        if (this.replyTo) this.reply(null);
      }
    });
  }

  async #submit() {
    const text = this.text.value.trim();
    if (!text) return;
    this.text.value = "";
    this.#fit();
    this.#close();
    if (!(await this.send(text)) && !this.text.value) {
      this.text.value = text;
      this.#fit();
    }
  }

  async #attach(input) {
    const [file] = input.files;
    if (!file) return;
    const caption = this.text.value.trim();
    try {
      await upload(file, caption);
      this.text.value = "";
      this.#fit();
    } catch (error) {
      toast(`${word("failed")}: ${error.message}`);
    }
    input.value = "";
  }

  #typed() {
    this.#fit();
    const typed = /^\/(\w*)$/.exec(this.text.value);
    if (typed) this.#open(typed[1].toLowerCase());
    else this.#close();
  }

  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 160)}px`;
  }

  #keyDown(event) {
    if (event.isComposing) return; // Hangul still in the making
    const open = !this.list.hidden;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.#choose(this.choice + (event.key === "ArrowDown" ? 1 : -1));
    } else if (open && event.key === "Tab" && this.list.children.length) {
      event.preventDefault();
      this.#fill(this.list.children[Math.max(0, this.choice)].dataset.command);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (open && this.choice >= 0) this.#take(this.list.children[this.choice].dataset.command);
      else this.#submit();
    }
  }

  #toggleMenu() {
    if (this.list.hidden) {
      this.#open("");
      this.text.focus();
    } else {
      this.#close();
    }
  }

  #open(prefix) {
    const fitting = this.commands.filter(({ command }) => command.startsWith(prefix));
    this.list.replaceChildren(...fitting.map((entry, index) => this.#option(entry, index)));
    this.list.hidden = fitting.length === 0;
    this.choice = -1;
    this.text.removeAttribute("aria-activedescendant");
    this.#tellExpanded();
  }

  #option({ command, description }, index) {
    return make(
      "li",
      {
        role: "option",
        id: `command-${index}`,
        "aria-selected": "false",
        "data-command": command,
        "data-testid": "command",
        onpointerdown: (event) => event.preventDefault(),
        onclick: () => this.#take(command),
      },
      make("span", { class: "command-name" }, `/${command}`),
      make("span", { class: "command-words" }, description),
    );
  }

  #choose(index) {
    const options = [...this.list.children];
    this.choice = (index + options.length) % options.length;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === this.choice)));
    options[this.choice].scrollIntoView({ block: "nearest" });
    this.text.setAttribute("aria-activedescendant", options[this.choice].id);
  }

  #take(command) {
    this.#close();
    this.text.value = "";
    this.#fit();
    this.send(`/${command}`);
  }

  #fill(command) {
    this.text.value = `/${command} `;
    this.#fit();
    this.#close();
  }

  #close() {
    this.list.hidden = true;
    this.choice = -1;
    this.text.removeAttribute("aria-activedescendant");
    this.#tellExpanded();
  }

  #tellExpanded() {
    const open = String(!this.list.hidden);
    this.menuButton.setAttribute("aria-expanded", open);
  }

  #key(button, markup) {
    return make(
      "button",
      {
        type: "button",
        class: `key ${button.style ?? ""}`.trim(),
        "data-testid": "reply-button",
        onclick: () => {
          this.send(button.text);
          if (markup.one_time_keyboard) {
            this.keyboardShown = false;
            this.#showKeyboard(false);
          }
        },
      },
      button.text,
    );
  }

  #showKeyboard(shown) {
    this.keyboard.hidden = !shown;
    this.keyboardToggle.setAttribute("aria-expanded", String(shown));
  }
}
