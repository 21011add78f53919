/* Which folded sections of a page stand open is kept for this tab, so that whoever comes back from
   what was in one finds the page as it was. */

const KEY = `open:${location.pathname}`;
const open = new Set(JSON.parse(sessionStorage.getItem(KEY) || "[]"));

open.forEach((id) => {
  const fold = document.getElementById(id);
  if (fold) fold.open = true;
});

document.addEventListener("toggle", ({ target }) => {
  if (!target.matches("details.fold")) return;
  if (target.open) open.add(target.id);
  else open.delete(target.id);
  sessionStorage.setItem(KEY, JSON.stringify([...open]));
}, true);
