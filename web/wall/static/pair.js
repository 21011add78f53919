/* A scanned code comes behind the "#" of the address, which no browser sends to anybody: it is put
   into the form and taken out of the address and the history. */

const input = document.querySelector("#f-code");
const code = decodeURIComponent(location.hash.slice(1));

if (input && code) {
  input.value = code.slice(0, 64);
  history.replaceState(null, "", location.pathname);
  input.form.querySelector("button[type=submit]").focus();
}
