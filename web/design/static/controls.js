/* Sliders, choices and colours that are sent as soon as they are set ([data-send-on-change]);
   their button is only for readers without scripts. A slider says its value while it moves. */

document.documentElement.classList.add("sends");

function shown(slider) {
  const output = document.getElementById(slider.dataset.shows);
  if (!output) return;
  const whole = Number(output.dataset.of);
  const value = whole ? Math.round((slider.value / whole) * 100) : slider.value;
  const unit = whole ? "%" : output.dataset.unit;
  output.textContent = unit ? `${value} ${unit}` : String(value);
}

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-shows]")) shown(event.target);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-send-on-change]");
  if (form) form.requestSubmit();
});
