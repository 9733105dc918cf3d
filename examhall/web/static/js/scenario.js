/** The editor of a scenario: formulas, and a word when something is not saved. All else is HTML. */
import { setFormulas } from "./math.js";

setFormulas(document);

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("scenario"));
const word = document.getElementById("unsaved");
let changed = false;

form?.addEventListener("input", (event) => {
  // The document is taken with a button of its own.
  if (/** @type {Element} */ (event.target).closest(".document")) return;
  changed = true;
  if (word) word.hidden = false;
});
form?.addEventListener("submit", () => {
  changed = false;
});
window.addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});
