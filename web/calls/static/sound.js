/* Alarms sound on every open page of the home, hidden tabs included, until somebody says that it
   was seen. What rings is written by the live part "rings". Browsers let a page sound only after
   a press; until then the page says so. A screen that is to stay silent is set so for itself. */

import { RATE, sound } from "../design/tones.js";

const MUTED = "linli_alarms_muted";
const context = "AudioContext" in window ? new AudioContext({ sampleRate: RATE }) : null;
const sounding = new Map();
let allowed = false; // this page was heard to run once

function muted() {
  return localStorage.getItem(MUTED) === "1";
}

function wanted() {
  const levels = [...document.querySelectorAll("[data-ring]")].map((ring) => ring.dataset.ring);
  return levels.length ? levels.sort()[0] : null;
}

function show(level) {
  const state = muted() ? "muted" : allowed ? "on" : "blocked";
  document.documentElement.dataset.sound = state;
  document.documentElement.dataset.tone = sounding.size ? [...sounding.keys()][0] : "";
  document.querySelectorAll("[data-sound-is]").forEach((element) => {
    element.hidden = element.dataset.soundIs !== state;
  });
  document.querySelectorAll("[data-sound-hint]").forEach((element) => {
    element.hidden = !(level && element.dataset.soundHint === state);
  });
}

/* Bring what sounds in step with what rings. At rest the audio is off: a phone keeps its battery. */
function play() {
  const level = wanted();
  const tone = level && !muted() ? level : null;
  for (const [name, source] of sounding) {
    if (name !== tone) {
      source.stop();
      sounding.delete(name);
    }
  }
  if (context && tone && context.state !== "running") context.resume();
  if (context && tone && context.state === "running" && !sounding.size) {
    sounding.set(tone, sound(context, tone, true));
  }
  if (context && !tone && allowed && context.state === "running") context.suspend();
  show(level);
}

function settled() {
  allowed = allowed || context.state === "running";
  // The short tone that proves it is heard out before the audio rests.
  setTimeout(play, wanted() ? 0 : 700);
}

/* Without a press before, resuming waits for one. */
function wake() {
  return context ? context.resume().then(settled) : Promise.resolve();
}

function pressed(event) {
  const chosen = event.target.closest("[data-sound-is]");
  if (chosen && chosen.dataset.soundIs !== "blocked") {
    localStorage.setItem(MUTED, chosen.dataset.soundIs === "on" ? "1" : "0");
    if (!muted() && context) wake().then(() => sound(context, "check", false));
  }
  if (!allowed) wake();
  play();
}

if (context) context.onstatechange = settled;
wake();
document.addEventListener("click", pressed);
document.addEventListener("keydown", () => { if (!allowed) wake(); });
document.addEventListener("linli:part", (event) => { if (event.detail.part === "rings") play(); });
window.addEventListener("storage", (event) => { if (event.key === MUTED) play(); });
play();
