/* The alarm's tones, on every page of the portal and in hidden tabs too.

   A tone is one looped buffer, so no timer is needed to keep it sounding: hidden tabs slow
   timers down, but not sound. A silent loop keeps the audio running while nothing rings.
   What rings is written by the live part "ringing" as [data-ring] elements. Browsers let a
   page sound only after a press: until then the page says SOUND OFF. Who pressed is kept: a page
   that sounds for somebody else rings on, and asks its new guard to hear it for themselves. */

const RATE = 22050;
const ARMED = "linli_sound_armed";
const ME = document.querySelector("[data-account]").dataset.account;

// Per level: seconds of one round, then notes of [start, length, from Hz, to Hz].
const TONES = {
  1: [1.0, [[0, 0.22, 960, 960], [0.25, 0.22, 760, 760], [0.5, 0.22, 960, 960], [0.75, 0.22, 760, 760]]],
  2: [1.6, [[0, 0.25, 720, 720], [0.35, 0.25, 720, 720]]],
  3: [2.4, [[0, 0.3, 580, 580]]],
  4: [4.0, [[0, 0.25, 440, 440]]],
  second: [1.3, [[0, 1.2, 500, 1400]]],
  link: [3.0, [[0, 0.15, 330, 330], [0.2, 0.15, 260, 260]]],
  check: [0.6, [[0, 0.2, 660, 660], [0.25, 0.3, 880, 880]]],
};

let context = null;
let sounding = new Map();
let linkLost = false;

function buffer(name) {
  const [length, notes] = TONES[name];
  const made = context.createBuffer(1, Math.round(length * RATE), RATE);
  const samples = made.getChannelData(0);
  for (const [start, span, from, to] of notes) {
    const count = Math.round(span * RATE);
    let phase = 0;
    for (let i = 0; i < count; i += 1) {
      const part = i / count;
      phase += (2 * Math.PI * (from + (to - from) * part)) / RATE;
      const edge = Math.min(1, i / 220, (count - i) / 220);
      samples[Math.round(start * RATE) + i] = 0.5 * edge * (Math.sin(phase) + 0.3 * Math.sin(3 * phase));
    }
  }
  return made;
}

function sound(name, loop) {
  const source = context.createBufferSource();
  source.buffer = buffer(name);
  source.loop = loop;
  source.connect(context.destination);
  source.start();
  return source;
}

function wanted() {
  const rings = [...document.querySelectorAll("[data-ring]")];
  const names = new Set();
  if (rings.length) names.add(String(Math.min(...rings.map((ring) => Number(ring.dataset.level) || 4))));
  if (rings.some((ring) => "escalated" in ring.dataset)) names.add("second");
  if (linkLost) names.add("link");
  return names;
}

function running() {
  return context !== null && context.state === "running";
}

function show() {
  const heard = sessionStorage.getItem(ARMED) === ME ? "on" : "ask";
  const state = running() ? heard : "off";
  document.querySelectorAll("[data-sound-arm]").forEach((element) => {
    element.hidden = element.dataset.soundArm !== state;
  });
  document.documentElement.dataset.sound = state;
}

function play() {
  const names = wanted();
  document.documentElement.dataset.tones = [...names].sort().join(" ");
  document.documentElement.classList.toggle("rings", [...names].some((name) => name !== "link"));
  if (!running()) return;
  for (const [name, source] of sounding) {
    if (!names.has(name)) {
      source.stop();
      sounding.delete(name);
    }
  }
  for (const name of names) if (!sounding.has(name)) sounding.set(name, sound(name, true));
}

function keepAwake() {
  const silence = context.createConstantSource();
  const gain = context.createGain();
  gain.gain.value = 0.00001;
  silence.connect(gain).connect(context.destination);
  silence.start();
}

function arm() {
  if (context === null) {
    context = new AudioContext({ sampleRate: RATE });
    context.onstatechange = () => { show(); play(); };
    keepAwake();
  }
  // Without a press resume() waits for one; what can be said now is said now.
  const resumed = context.resume().then(() => { show(); play(); });
  show();
  return resumed;
}

/* Somebody wants to hear it: it is theirs from now on, and a short tone proves it. */
function check() {
  sessionStorage.setItem(ARMED, ME);
  arm().then(() => sound("check", false));
}

/* Start or end of duty, whichever fits: the list of people on duty says who is. */
function shift() {
  const on = document.querySelector(`[data-person="${CSS.escape(ME)}"]`) !== null;
  document.querySelectorAll("[data-shift]").forEach((element) => {
    element.hidden = (element.dataset.shift === "on") !== on;
  });
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-sound-arm], [data-arms]")) check();
  else if (sessionStorage.getItem(ARMED)) arm();
});
document.addEventListener("keydown", () => { if (sessionStorage.getItem(ARMED) && !running()) arm(); });
document.addEventListener("linli:part", (event) => {
  if (event.detail.part === "ringing") play();
  if (event.detail.part === "duty-side") shift();
});
document.addEventListener("linli:link", (event) => { linkLost = event.detail.lost; play(); });
show();
if (sessionStorage.getItem(ARMED)) arm();
