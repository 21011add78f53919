/* The site plan: a press on a building fills the plan with it and lists its open alarms, another
   press, Escape or "The whole plan" returns. Updates are drawn for the whole plan; the look that
   was chosen is put back in the same moment. A new alarm on another building ends it: what is
   new must not stand outside the picture. */

const HOLDER = '[data-live="duty-plan"]';
const holder = document.querySelector(HOLDER);

let chosen = ""; // the building that fills the plan, "" for all
let known = ""; // the open alarms of all other buildings, as they were drawn last

function blocks() {
  return [...holder.querySelectorAll("[data-block]")];
}

function find(code) {
  return blocks().find((block) => block.dataset.block === code);
}

function elsewhere() {
  return blocks().filter((block) => block.dataset.block !== chosen).flatMap((block) => block.dataset.alarms.split(" ").filter(Boolean));
}

function draw() {
  const svg = holder.querySelector("svg.plan");
  if (!svg) return;
  const block = chosen ? find(chosen) : null;
  if (!block) chosen = "";
  svg.setAttribute("viewBox", block ? block.dataset.view : svg.dataset.whole);
  svg.classList.toggle("close", Boolean(block));
  for (const one of blocks()) {
    one.setAttribute("aria-pressed", String(one === block));
    // The others stand outside the picture: nobody should come to them by keyboard.
    one.setAttribute("tabindex", !block || one === block ? "0" : "-1");
  }
  holder.querySelectorAll("[data-list]").forEach((list) => { list.hidden = !block || list.dataset.list !== chosen; });
  holder.querySelector("[data-plan-whole]").hidden = !block;
  holder.querySelector("[data-plan-hint]").hidden = Boolean(block);
  known = elsewhere();
}

function choose(code) {
  chosen = code;
  draw();
}

function whole() {
  const block = find(chosen);
  choose("");
  if (block) block.focus();
}

function pressed(block) {
  if (block.dataset.block === chosen) whole();
  else choose(block.dataset.block);
}

holder.addEventListener("click", (event) => {
  const block = event.target.closest("[data-block]");
  if (block) pressed(block);
  else if (event.target.closest("[data-plan-whole]") || (chosen && event.target.closest("svg.plan"))) whole();
});
holder.addEventListener("keydown", (event) => {
  const block = event.target.closest("[data-block]");
  if (event.key === "Escape" && chosen) whole();
  else if (block && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault(); // else Space scrolls
    pressed(block);
  }
});
document.addEventListener("linli:part", (event) => {
  if (event.detail.part !== "duty-plan") return;
  if (chosen && elsewhere().some((alarm) => !known.includes(alarm))) chosen = "";
  draw();
});
draw();
