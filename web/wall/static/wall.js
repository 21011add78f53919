/* A screen on the wall: time and date, dark at night, back to the start when nobody touches it,
   moved a little each minute, and its own again after the hub was away. */

import { serverNow } from "../design/live.js";

const IDLE_MS = 60000; // then whatever somebody opened is closed again
const AWAKE_MS = 30000; // a touch at night lights the screen for so long
const RENEW_MS = 3600000; // the cookie is kept on from each answer
const OVER_MS = 10000; // the session is over for this long: the page asks where to go
const SHIFTS = [[0, 0], [3, 0], [5, 2], [3, 5], [0, 6], [-3, 5], [-5, 2], [-3, 0]];
const ZONE = { timeZone: "Asia/Shanghai" };

const clock = document.querySelector("[data-wall-clock]");
const day = document.querySelector("[data-wall-date]");
const dark = document.querySelector("[data-wall-dark]");
const plan = document.querySelector("[data-wall-plan]");
const root = document.documentElement;
const ownTheme = root.dataset.theme;
const drawnPlan = plan ? plan.textContent : "";
let touched = -Infinity;
let endedAt = 0;
let wasLost = false;

function put(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function minutes() {
  const [hour, minute] = new Date(serverNow()).toLocaleTimeString("en-GB", ZONE).split(":");
  return Number(hour) * 60 + Number(minute);
}

function night() {
  if (!dark || dark.dataset.from === undefined) return false;
  const from = Number(dark.dataset.from);
  const to = Number(dark.dataset.to);
  const now = minutes();
  return from <= to ? now >= from && now < to : now >= from || now < to;
}

function alarmed() {
  return document.querySelector("[data-live=wall-alarms] .incident") !== null;
}

function light() {
  const dim = night() && !alarmed() && performance.now() - touched > AWAKE_MS;
  if (dark) dark.hidden = !dim;
  const theme = night() ? "dark" : ownTheme;
  if (root.dataset.theme !== theme) root.dataset.theme = theme;
}

function tick() {
  const now = new Date(serverNow());
  put(clock, now.toLocaleTimeString("en-GB", { ...ZONE, hour: "2-digit", minute: "2-digit" }));
  put(day, now.toLocaleDateString(root.lang, { ...ZONE, weekday: "long", month: "long", day: "numeric" }));
  const [x, y] = SHIFTS[minutes() % SHIFTS.length];
  document.body.style.setProperty("--shift-x", `${x}px`);
  document.body.style.setProperty("--shift-y", `${y}px`);
  document.body.classList.toggle("alarmed", alarmed());
  light();
  if (endedAt && performance.now() - endedAt > OVER_MS) again();
}

/* Load anew, but only from a hub that answers: a browser's own error page never comes back. */
async function again() {
  endedAt = 0;
  try {
    const answer = await fetch("/wall", { cache: "no-store" });
    if (answer.ok) location.assign("/wall");
  } catch {
    endedAt = performance.now();
  }
}

let idle = 0;
function touch() {
  touched = performance.now();
  clearTimeout(idle);
  idle = setTimeout(start, IDLE_MS);
  light();
}

function start() {
  document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  document.querySelectorAll("details[open]").forEach((details) => { details.open = false; });
  document.querySelectorAll(".wall-alarms").forEach((element) => element.scrollTo(0, 0));
  if (document.activeElement) document.activeElement.blur();
  scrollTo(0, 0);
}

async function awake() {
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // An old browser, or no secure address: the tablet's own settings keep it on.
  }
}

document.addEventListener("linli:part", (event) => {
  if (event.detail.element === plan && plan.textContent !== drawnPlan) location.reload();
  if (event.detail.part === "wall-alarms") tick();
});
document.addEventListener("linli:link", (event) => {
  const { lost, ended } = event.detail;
  endedAt = ended ? endedAt || performance.now() : 0;
  // The hub is back, perhaps a newer one: its scripts and styles belong to it.
  if (wasLost && !lost) location.reload();
  wasLost = lost;
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) awake(); });
["pointerdown", "keydown"].forEach((name) => document.addEventListener(name, touch, { passive: true }));
document.addEventListener("contextmenu", (event) => event.preventDefault());
setInterval(tick, 1000);
setInterval(() => fetch("/wall", { method: "HEAD" }).catch(() => {}), RENEW_MS);
tick();
awake();
