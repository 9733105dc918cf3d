/** An exam's settings: instructions as candidates read them, the author's own time zone, nothing left unsaved by mistake. */
import { all, find } from "./fields.js";
import { setFormulas } from "./math.js";

const PAUSE_MS = 300;
const form = /** @type {HTMLFormElement} */ (/** @type {unknown} */ (find("#settings")));
const look = find("#look");
const instructions = /** @type {HTMLTextAreaElement} */ (/** @type {unknown} */ (find("#instructions")));
const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";

let asked = 0;
async function showInstructions() {
  const mine = ++asked;
  if (!instructions.value.trim()) {
    const nothing = document.createElement("p");
    nothing.className = "soft";
    nothing.textContent = look.dataset.empty ?? "";
    look.replaceChildren(nothing);
    return;
  }
  try {
    const reply = await fetch("/staff/exams/look", {
      method: "POST",
      headers: { "X-CSRF-Token": token },
      body: new URLSearchParams({ text: instructions.value, exam: form.dataset.exam ?? "" }),
    });
    if (!reply.ok || mine !== asked) return;
    // Made by the server's Markdown, which lets no HTML of the author's through.
    look.innerHTML = (await reply.json()).html;
    await setFormulas(look);
  } catch {
    // No network just now: the next stroke asks again.
  }
}

let waiting = 0;
instructions.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = window.setTimeout(showInstructions, PAUSE_MS);
});
void setFormulas(look);

if ("new" in form.dataset) {
  const zone = /** @type {HTMLInputElement} */ (form.elements.namedItem("timezone"));
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (here && [...all("#zones option")].some((each) => /** @type {any} */ (each).value === here)) zone.value = here;
}

/** Fields that another choice leaves without a meaning step back. */
function arrange() {
  // Those that cannot change any more are not in the form's data.
  /** @param {string} name */
  const value = (name) => /** @type {HTMLInputElement | null} */ (form.querySelector(`[name=${name}]:checked`))?.value;
  const unused = [];
  if (value("kind") !== "test") unused.push("test_type");
  if (value("release") !== "at_time") unused.push("release_at");
  if (value("scale") !== "own") unused.push("scale_mean", "scale_sd");
  if (value("scale") !== "linked") unused.push("scale_linked_to");
  for (const [check, name] of [["sealed", "sealed_before_s"], ["live_standing", "freeze_minutes"]]) {
    const box = /** @type {HTMLInputElement} */ (form.elements.namedItem(check));
    if (!box.checked) unused.push(name);
  }
  for (const field of all(".field")) field.hidden = false;
  for (const name of unused) {
    const field = document.getElementById(name)?.closest(".field");
    if (field) /** @type {HTMLElement} */ (field).hidden = true;
  }
}
form.addEventListener("change", arrange);
arrange();

let changed = Boolean(document.querySelector("[role=alert]"));
const unsaved = find("#unsaved");
form.addEventListener("input", () => {
  changed = true;
  unsaved.hidden = false;
});
form.addEventListener("submit", () => {
  changed = false;
});
window.addEventListener("beforeunload", (event) => {
  if (changed) event.preventDefault();
});

const news = document.getElementById("conflict-box") ?? document.querySelector("[aria-invalid]");
if (news instanceof HTMLElement) news.focus();
