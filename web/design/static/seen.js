/* Parts that rest while they are off the screen: the hub draws and sends only what is seen.

   Elements:  [data-live="part"][data-rests]   may rest; all other parts are always live
              [data-resting]                   set here: not told since it was last off the screen.
   What it shows is hidden by parts.css until the hub has told it anew, so that nothing old is ever
   read on the screen. Inside of closed details and in a hidden tab nothing is on the screen. A
   browser that can't say what is on its screen follows the page's parts, as many as the hub takes. */

const NEAR = "50% 0px"; // half a screen ahead of scrolling
const MOST = 250; // the hub takes a few more
const RESTS = "[data-live][data-rests]";

const near = new Set(); // elements on the screen or close to it
let looked = !window.IntersectionObserver; // whether the browser has said what is on the screen
let told = new Set(); // parts that the hub draws for this page
let socket = null;

const observer = looked ? null : new IntersectionObserver(moved, { rootMargin: NEAR });

/* The parts that the address of the socket names: those that never rest. */
export function always() {
  const others = [...document.querySelectorAll("[data-live]:not([data-rests])")];
  return new Set(others.map((element) => element.dataset.live));
}

/* A part is drawn by its own messages, and by no message of a part around it. */
export function follows(element) {
  return told.has(element.dataset.live);
}

/* The socket is open, or null: gone. Then what was live stays as it is, and the page says so. */
export function talk(opened) {
  socket = opened;
  told = new Set();
  say();
}

/* A part was told: it is shown. */
export function fresh(element) {
  if (follows(element)) element.removeAttribute("data-resting");
}

/* Elements came or went inside this one. */
export function look(root) {
  const inside = root.querySelectorAll(RESTS);
  inside.forEach(watch);
  if (inside.length) say();
}

/* A part inside a resting one is looked at once that one is seen: most of a long page costs
   nothing while it is folded. */
function watch(element) {
  if (!observer) near.add(element);
  else if (mayBeSeen(element)) observer.observe(element);
}

function mayBeSeen(element) {
  const around = element.parentElement.closest(RESTS);
  return around === null || near.has(around);
}

function moved(entries) {
  looked = true;
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting === near.has(target)) continue;
    if (isIntersecting) near.add(target);
    else near.delete(target);
    target.querySelectorAll(RESTS).forEach((element) => {
      if (isIntersecting) return watch(element);
      near.delete(element);
      return observer.unobserve(element);
    });
  }
  say();
}

function say() {
  if (!looked || socket?.readyState !== WebSocket.OPEN) return;
  const elements = document.hidden ? [] : [...near].filter((element) => element.isConnected);
  const now = new Set(elements.map((element) => element.dataset.live).slice(0, MOST));
  document.querySelectorAll(`${RESTS}:not([data-resting])`).forEach((element) => {
    if (!now.has(element.dataset.live)) element.setAttribute("data-resting", "");
  });
  if (now.size === told.size && [...now].every((part) => told.has(part))) return;
  told = now;
  socket.send(JSON.stringify({ seen: [...now] }));
}

document.addEventListener("visibilitychange", say);
look(document);
