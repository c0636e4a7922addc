// Toasts, the alert dialog and the large view of a picture.

import { byTestId, make, one } from "./dom.js";

const TOAST_MS = 3500;
const TOASTS_AT_ONCE = 3;

export function toast(text) {
  const area = byTestId("toasts");
  while (area.children.length >= TOASTS_AT_ONCE) area.firstChild.remove();
  const node = make("p", { class: "toast", "data-testid": "toast" }, text);
  area.append(node);
  setTimeout(() => node.remove(), TOAST_MS);
}

export function alertDialog(text) {
  const dialog = byTestId("alert");
  one(".alert-text", dialog).textContent = text;
  if (!dialog.open) dialog.showModal();
}

export function openPicture(url, description) {
  const dialog = byTestId("viewer");
  const image = byTestId("viewer-image");
  image.src = url;
  image.alt = description;
  dialog.showModal();
}

export function prepareDialogs() {
  const alertBox = byTestId("alert");
  byTestId("alert-ok").addEventListener("click", () => alertBox.close());
  const viewer = byTestId("viewer");
  byTestId("viewer-close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => {
    if (event.target !== byTestId("viewer-image")) viewer.close();
  });
}
