/* Lists in an order of one's own: <form data-sort><ol><li><input type=hidden name=item …>.
   A line is dragged by its handle, or moved by the arrow keys while the handle has the focus;
   the form is sent once the order rests. Without this script the buttons "up" and "down" do it. */

document.documentElement.classList.add("sorts");
const REST_MS = 700;
let waiting = 0;

function lines(list) {
  return [...list.querySelectorAll(":scope > li")];
}

function rest(form) {
  clearTimeout(waiting);
  waiting = setTimeout(() => form.requestSubmit(), REST_MS);
}

function say(form, line) {
  const list = line.parentElement;
  const place = lines(list).indexOf(line) + 1;
  const said = form.querySelector("[data-sort-said]");
  said.textContent = said.dataset.text.replace("{name}", line.dataset.name)
    .replace("{place}", place).replace("{count}", lines(list).length);
}

function moved(handle, key) {
  const line = handle.closest("li");
  const list = line.parentElement;
  const before = lines(list).indexOf(line);
  if (key === "ArrowUp" && line.previousElementSibling) line.previousElementSibling.before(line);
  else if (key === "ArrowDown" && line.nextElementSibling) line.nextElementSibling.after(line);
  else if (key === "Home") list.prepend(line);
  else if (key === "End") list.append(line);
  else return false;
  handle.focus();
  return lines(list).indexOf(line) !== before;
}

document.addEventListener("keydown", (event) => {
  const handle = event.target.closest?.("[data-sort-handle]");
  if (!handle || !["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  if (!moved(handle, event.key)) return;
  const form = handle.closest("form");
  say(form, handle.closest("li"));
  rest(form);
});

document.addEventListener("pointerdown", (event) => {
  const handle = event.target.closest("[data-sort-handle]");
  if (!handle || event.button) return;
  const line = handle.closest("li");
  const list = line.parentElement;
  const form = handle.closest("form");
  const before = lines(list).indexOf(line);
  // The list holds the pointer: a line that changes its place would lose it.
  list.setPointerCapture(event.pointerId);
  line.classList.add("dragged");
  const follow = (move) => {
    const other = lines(list).find((one) => {
      const box = one.getBoundingClientRect();
      return one !== line && move.clientY >= box.top && move.clientY < box.bottom;
    });
    if (!other) return;
    const box = other.getBoundingClientRect();
    if (move.clientY < box.top + box.height / 2) other.before(line);
    else other.after(line);
  };
  const drop = () => {
    list.removeEventListener("pointermove", follow);
    line.classList.remove("dragged");
    if (lines(list).indexOf(line) === before) return;
    say(form, line);
    rest(form);
  };
  list.addEventListener("pointermove", follow);
  list.addEventListener("lostpointercapture", drop, { once: true });
});
