/* Live pages: one socket carries the parts of this page that changed, and a beat every two
   seconds. When the beat stays away the page says so; what it shows is then old.

   Elements:  [data-live="part"]     inside is morphed when the part changes; with data-rests only
                                     while it is on the screen (seen.js)
              [data-since="epoch"]   counts up;  [data-until="epoch"] counts whole seconds down
   Events on document, for scripts that react (alarms):
     linli:part {part, element}   linli:beat {beat, at}   linli:link {lost, since, ended}

   A page belongs to the session that it was drawn for. Once that is over, or somebody else signed
   in beside it, the page says so, takes no more presses, and never shows the other one's parts. */

import { always, follows, fresh, look, talk } from "./seen.js";

const SILENCE_MS = 4200; // two beats missed; with the tick below it shows within 5 s
const TICK_MS = 500;
const RETRY_MS = [250, 500, 1000, 2000, 3000];
const ENDED = 4401; // the server's word for "not this session's any more"
const MARK = document.documentElement.dataset.session || "";

const strip = document.querySelector("[data-link-strip]");
const stripText = document.querySelector("[data-link-text]");
const again = document.querySelector("[data-link-again]");

let socket = null;
let lastBeat = performance.now();
let lastBeatAt = Date.now();
let skew = 0; // server's clock minus this one, in ms
let lost = false;
let ended = false;
let whose = null; // who is signed in here once this page is over, null for nobody
let attempt = 0;
let retryAt = 0;

export function serverNow() {
  return Date.now() + skew;
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`linli:${name}`, { detail }));
}

const KEPT = { DETAILS: ["open"], DIALOG: ["open"], FORM: ["aria-busy"] };

const held = new Map(); // part -> what a form under way has not been shown yet
let skipped = false;
let shown = null; // the element whose part is being shown

/* A part inside another one: the outer message may leave out what is in it. */
function ownPart(node, given) {
  const same = node !== shown && node.dataset.live !== undefined && node.dataset.live === given.dataset?.live;
  return same && (follows(node) || !given.hasChildNodes());
}

function untouched(node, given) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  const busy = node.matches("form[aria-busy=true]");
  skipped = skipped || busy;
  return busy || node.matches("[data-keep]") || ownPart(node, given);
}

const callbacks = {
  // What the reader did on the page outlives an update: opened details, open dialogs.
  beforeAttributeUpdated: (name, node) => name !== "data-resting" && !(KEPT[node.tagName] || []).includes(name),
  // A form under way keeps its button; a counter keeps its figure until the next tick.
  beforeNodeMorphed: (old, given) => !untouched(old, given),
};

function show(part, html) {
  skipped = false;
  document.querySelectorAll(`[data-live="${CSS.escape(part)}"]`).forEach((element) => {
    shown = element;
    // What somebody is typing stays; a pressed button keeps the focus too, and must change.
    const ignoreActiveValue = Boolean(document.activeElement?.matches("input, select, textarea"));
    window.Idiomorph.morph(element, html, { morphStyle: "innerHTML", ignoreActiveValue, callbacks });
    fresh(element);
    count(element);
    look(element);
    tell("part", { part, element });
  });
  if (skipped) held.set(part, html);
  else held.delete(part);
}

/* A form is done: an update may have come before its answer, and must not be lost on it. */
export function catchUp() {
  for (const [part, html] of [...held]) show(part, html);
}

function received(event) {
  const message = JSON.parse(event.data);
  if ("whose" in message) {
    whose = message.whose;
    return;
  }
  lastBeat = performance.now();
  lastBeatAt = Date.now();
  attempt = 0;
  if (message.at) skew = Date.parse(message.at) - Date.now();
  if (lost) setLost(false, false);
  if (message.part) show(message.part, message.html);
  else tell("beat", message);
}

function isLive() {
  return document.querySelector("[data-live]") !== null;
}

function open() {
  if (!isLive()) return;
  const address = new URL("/live", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.searchParams.set("parts", [...always()].join(","));
  address.searchParams.set("as", MARK);
  address.searchParams.set("lang", document.documentElement.lang);
  const made = new WebSocket(address);
  socket = made;
  made.onmessage = received;
  made.onopen = () => talk(made);
  made.onclose = (event) => {
    if (socket !== made) return;
    socket = null;
    talk(null);
    // Asked again, the server says who is signed in instead; that may change once more.
    if (event.code === ENDED) setLost(true, true);
    retryAt = performance.now() + RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
    attempt += 1;
  };
}

/* Ask the server anew whose page this is: a form was refused as another session's. */
export function askWhose() {
  const before = socket;
  socket = null;
  if (before) before.close();
  open();
}

function stripWords() {
  const words = stripText.dataset;
  if (!ended) return words.textLost;
  return whose === null ? words.textEnded : words.textOther;
}

function setLost(value, over) {
  lost = value;
  ended = over;
  const root = document.documentElement;
  root.classList.toggle("link-lost", lost);
  root.classList.toggle("session-over", ended);
  // A press here would be another person's, or nobody's.
  document.querySelectorAll("main").forEach((main) => { main.inert = ended; });
  if (ended) document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
  if (strip) {
    strip.hidden = !lost;
    again.hidden = !ended;
    const at = new Date(lastBeatAt + skew).toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai" });
    put(stripText, lost ? stripWords().replace("{time}", at).replace("{name}", whose) : "");
    put(again.querySelector("span"), whose === null ? again.dataset.textSignIn : again.dataset.textGoOn.replace("{name}", whose));
  }
  tell("link", { lost, since: lastBeatAt, ended });
}

function pad(number) {
  return String(number).padStart(2, "0");
}

function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const rest = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function count(root = document) {
  const now = serverNow() / 1000;
  root.querySelectorAll("[data-since]").forEach((e) => put(e, elapsed(now - e.dataset.since)));
  root.querySelectorAll("[data-until]").forEach((e) => put(e, String(Math.max(0, Math.ceil(e.dataset.until - now)))));
  root.querySelectorAll("[data-clock]").forEach((e) =>
    put(e, new Date(now * 1000).toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai" })));
}

function tick() {
  count();
  if (!isLive()) return;
  if (!socket && performance.now() >= retryAt) open();
  if (ended) return;
  if (performance.now() - lastBeat > SILENCE_MS) {
    if (!lost) setLost(true, false);
    // An open socket that stays silent is dead without knowing it (a pulled cable).
    if (socket && socket.readyState === WebSocket.OPEN) {
      const dead = socket;
      socket = null;
      dead.close();
      retryAt = 0;
    }
  }
}

/* Timers of hidden tabs are slowed down to one a minute; a worker's are not, and a hidden
   duty screen must still notice that its link is gone. */
function keepTicking() {
  try {
    const worker = new Worker(new URL("tick.js", import.meta.url));
    worker.onmessage = tick;
    worker.postMessage(TICK_MS);
  } catch {
    setInterval(tick, TICK_MS);
  }
}

count();
open();
keepTicking();
