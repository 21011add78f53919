/* Live pages: one socket carries the parts of this page that changed, and a beat every two
   seconds. When the beat stays away the page says so; what it shows is then old.

   Elements:  [data-live="part"]     inside is morphed when the part changes
              [data-since="epoch"]   counts up;  [data-until="epoch"] counts whole seconds down
   Events on document, for scripts that react (alarms):
     linli:part {part, element}   linli:beat {beat, at}   linli:link {lost, since} */

const SILENCE_MS = 4200; // two beats missed; with the tick below it shows within 5 s
const TICK_MS = 500;
const RETRY_MS = [250, 500, 1000, 2000, 3000];
const ENDED = 4401; // the server's word for "signed out"

const strip = document.querySelector("[data-link-strip]");
const stripText = document.querySelector("[data-link-text]");

let socket = null;
let lastBeat = performance.now();
let lastBeatAt = Date.now();
let skew = 0; // server's clock minus this one, in ms
let lost = false;
let ended = false;
let attempt = 0;
let retryAt = 0;

export function serverNow() {
  return Date.now() + skew;
}

function parts() {
  const names = new Set();
  document.querySelectorAll("[data-live]").forEach((element) => names.add(element.dataset.live));
  return [...names];
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(`linli:${name}`, { detail }));
}

const KEPT = { DETAILS: ["open"], DIALOG: ["open"], FORM: ["aria-busy"] };

const callbacks = {
  // What the reader did on the page outlives an update: opened details, open dialogs.
  beforeAttributeUpdated: (name, node) => !(KEPT[node.tagName] || []).includes(name),
  // A form under way keeps its button; a counter keeps its figure until the next tick.
  beforeNodeMorphed: (old) =>
    !(old.nodeType === Node.ELEMENT_NODE && old.matches("form[aria-busy=true], [data-keep]")),
};

function show(part, html) {
  document.querySelectorAll("[data-live]").forEach((element) => {
    if (element.dataset.live !== part) return;
    // What somebody is typing stays; a pressed button keeps the focus too, and must change.
    const ignoreActiveValue = Boolean(document.activeElement?.matches("input, select, textarea"));
    window.Idiomorph.morph(element, html, { morphStyle: "innerHTML", ignoreActiveValue, callbacks });
    count(element);
    tell("part", { part, element });
  });
}

function received(event) {
  const message = JSON.parse(event.data);
  lastBeat = performance.now();
  lastBeatAt = Date.now();
  attempt = 0;
  if (message.at) skew = Date.parse(message.at) - Date.now();
  if (lost) setLost(false);
  if (message.part) show(message.part, message.html);
  else tell("beat", message);
}

function open() {
  const wanted = parts();
  if (!wanted.length || ended) return;
  const address = new URL("/live", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.searchParams.set("parts", wanted.join(","));
  const made = new WebSocket(address);
  socket = made;
  made.onmessage = received;
  made.onclose = (event) => {
    if (socket !== made) return;
    socket = null;
    if (event.code === ENDED) {
      ended = true;
      setLost(true);
      return;
    }
    retryAt = performance.now() + RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
    attempt += 1;
  };
}

function setLost(value) {
  lost = value;
  document.documentElement.classList.toggle("link-lost", lost);
  if (strip) {
    strip.hidden = !lost;
    const at = new Date(lastBeatAt + skew).toLocaleTimeString("en-GB", { timeZone: "Asia/Shanghai" });
    const words = ended ? stripText.dataset.textEnded : stripText.dataset.textLost.replace("{time}", at);
    stripText.textContent = lost ? words : "";
  }
  tell("link", { lost, since: lastBeatAt });
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
  if (!parts().length || ended) return;
  if (!socket && performance.now() >= retryAt) open();
  if (performance.now() - lastBeat > SILENCE_MS) {
    if (!lost) setLost(true);
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
