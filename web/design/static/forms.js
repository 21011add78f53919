/* Forms with data-enhance are sent in place: the button waits, a toast tells what happened,
   errors stand beside their fields. Without this script the same forms work by page loads.
   Also: dialogs by data-opens / data-closes, printing by data-print, picked choices. */

import { askWhose, catchUp } from "./live.js";

const region = document.querySelector("[data-toasts]");
const TOAST_MS = 6000;

export function toast(text, bad = false, stays = bad) {
  if (!region || !text) return;
  const box = document.createElement("div");
  box.className = bad ? "toast bad" : "toast";
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.setAttribute("aria-label", region.dataset.close);
  close.textContent = "×";
  close.onclick = () => box.remove();
  box.append(words, close);
  region.append(box);
  if (!stays) setTimeout(() => box.remove(), TOAST_MS);
  while (region.children.length > 3) region.firstElementChild.remove();
}

function showErrors(form, errors) {
  let first = null;
  form.querySelectorAll(".error").forEach((element) => { element.textContent = ""; });
  form.querySelectorAll("[aria-invalid]").forEach((element) => element.removeAttribute("aria-invalid"));
  for (const [name, text] of Object.entries(errors || {})) {
    const field = form.elements.namedItem(name);
    const input = field instanceof RadioNodeList ? field[0] : field;
    const holder = input && (input.closest(".field, fieldset") || form).querySelector(".error");
    if (!holder) continue;
    holder.textContent = text;
    input.setAttribute("aria-invalid", "true");
    first = first || input;
  }
  if (first) first.focus();
  return first !== null;
}

function waiting(form, button, on) {
  if (on) form.setAttribute("aria-busy", "true");
  else form.removeAttribute("aria-busy");
  if (!button) return;
  button.classList.toggle("pending", on);
  button.setAttribute("aria-disabled", on ? "true" : "false");
  const tile = button.closest(".tile");
  if (tile) tile.classList.toggle("pending", on);
}

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form));
  if (button && button.name) body.set(button.name, button.value);
  const response = await fetch(form.action, {
    method: "POST", body, redirect: "error",
    headers: { "X-Linli-Form": "1", Accept: "application/json" },
  });
  const type = response.headers.get("Content-Type") || "";
  return { ok: response.ok, status: response.status, data: type.includes("json") ? await response.json() : {} };
}

async function submitted(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-enhance]")) return;
  event.preventDefault();
  if (form.getAttribute("aria-busy") === "true") return; // pressed twice
  const button = event.submitter;
  waiting(form, button, true);
  try {
    const answer = await send(form, button);
    if (answer.ok) {
      showErrors(form, {});
      const dialog = form.closest("dialog");
      if (dialog) dialog.close();
      if (answer.data.go) {
        if (answer.data.toast) sessionStorage.setItem("linli_said", answer.data.toast);
        location.assign(answer.data.go);
        return;
      }
      toast(answer.data.toast);
      if (form.dataset.enhance === "reload") location.reload();
    } else if (answer.status === 401) {
      location.reload();
    } else if (answer.data.code === "form_token") {
      toast(region.dataset.stale, true);
      askWhose();
    } else {
      const shown = showErrors(form, answer.data.errors);
      toast(answer.data.error || answer.data.detail || (shown ? "" : region.dataset.failed), true, !shown);
    }
  } catch {
    toast(region.dataset.failed, true);
  }
  waiting(form, button, false);
  catchUp();
}

function pressed(event) {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.opens);
    if (dialog) dialog.showModal();
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  if (event.target.closest("[data-print]")) window.print();
}

function picked(root) {
  root.querySelectorAll(".choice > input").forEach((input) =>
    input.parentElement.classList.toggle("picked", input.checked));
  // [data-shown-for="mode=passphrase"]: only of use with that choice; all are shown without scripts.
  root.querySelectorAll("[data-shown-for]").forEach((element) => {
    const [name, value] = element.dataset.shownFor.split("=");
    const field = element.closest("form").elements.namedItem(name);
    element.hidden = field.value !== value;
  });
}

document.addEventListener("submit", submitted);
document.addEventListener("click", pressed);
document.addEventListener("change", () => picked(document));
document.addEventListener("linli:part", (event) => picked(event.detail.element));
picked(document);
toast(sessionStorage.getItem("linli_said"));
sessionStorage.removeItem("linli_said");
