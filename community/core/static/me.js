/* Who is signed in, in the header of every page of the portal. A press opens the one place for
   handing over and signing out, below the header: the page moves down, and no alarm is covered.
   Without this script the same link leads to the account's own page. */

const opener = document.querySelector("[data-me-opens]");
const panel = document.getElementById("me");

function show(open) {
  panel.hidden = !open;
  opener.setAttribute("aria-expanded", String(open));
  if (open) (panel.querySelector("input:not([type=hidden])") || panel.querySelector("button, a")).focus();
}

if (opener && panel) {
  opener.setAttribute("role", "button");
  opener.setAttribute("aria-controls", panel.id);
  opener.setAttribute("aria-expanded", "false");
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    show(panel.hidden);
  });
  opener.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    show(panel.hidden);
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    show(false);
    opener.focus();
  });
  // What stands in the place belongs to the one who was signed in.
  document.addEventListener("linli:link", (event) => { if (event.detail.ended) show(false); });
}
