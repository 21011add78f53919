/* The SOS button of every page: held for three seconds it calls for help. A short press opens the
   page /sos, where one more press calls: the way by keyboard, by switch, and without scripts. */

const HOLD_MS = 3000;
const button = document.querySelector("[data-sos]");
const form = document.querySelector("[data-sos-form]");
const words = document.querySelector("[data-sos-words]");

let timers = [];
let called = false;

function say(text) {
  words.textContent = text;
  words.hidden = !text;
}

function release() {
  timers.forEach(clearTimeout);
  timers = [];
  button.classList.remove("held");
  if (!called) say("");
}

function call() {
  called = true;
  say(button.dataset.calling);
  if (navigator.vibrate) navigator.vibrate(400);
  form.requestSubmit();
}

function hold(event) {
  if (event.button !== 0 || timers.length) return;
  called = false;
  button.classList.add("held");
  button.setPointerCapture(event.pointerId);
  for (let second = 0; second < HOLD_MS / 1000; second += 1) {
    const text = button.dataset.hold.replace("{seconds}", HOLD_MS / 1000 - second);
    timers.push(setTimeout(() => say(text), second * 1000));
  }
  timers.push(setTimeout(call, HOLD_MS));
}

if (button) {
  button.addEventListener("pointerdown", hold);
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", release);
  button.addEventListener("lostpointercapture", release);
  // Held, it has called already; the release is no further press.
  button.addEventListener("click", (event) => { if (called) event.preventDefault(); });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // Whatever came of the call is said by its answer.
  new MutationObserver(() => { if (!form.hasAttribute("aria-busy")) say(""); })
    .observe(form, { attributes: true, attributeFilter: ["aria-busy"] });
}
