/** Building a form: its buttons work without a new page, and how it looks follows what is typed. */
import { all } from "./fields.js";

const PAUSE_MS = 600;
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-builder]"));
let asked = 0;

/** The page as the server would show it after this button. @param {HTMLFormElement} form @param {string} what */
async function after(form, what) {
  const sent = new FormData(form);
  sent.set("do", what);
  const reply = await fetch(form.action, { method: "POST", body: sent });
  if (!reply.ok) throw new Error(String(reply.status));
  return new DOMParser().parseFromString(await reply.text(), "text/html");
}

/** @param {Document} page @param {string} id */
function take(page, id) {
  const fresh = page.getElementById(id);
  if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
}

/** @param {HTMLFormElement} form @param {string} what @param {HTMLElement} button */
async function press(form, what, button) {
  const mine = ++asked;
  const page = await after(form, what).catch(() => null);
  // Without the network the button does what it does without this script.
  if (!page) return void form.requestSubmit(/** @type {HTMLButtonElement} */ (button));
  if (mine !== asked) return;
  take(page, "builder-fields");
  take(page, "preview");
  const [verb, place] = what.split(":");
  const at = Number(place) + (verb === "down" ? 1 : verb === "up" ? -1 : 0);
  const rows = all("#builder-fields > li");
  const row = verb === "add" ? rows.at(-1) : rows[Math.min(Math.max(at, 0), rows.length - 1)];
  const next = verb === "up" || verb === "down" ? `button[value^="${verb}:"]:not(:disabled)` : "input:not([type=hidden])";
  (row?.querySelector(next) ?? row?.querySelector("input:not([type=hidden])"))?.focus();
}

/** @param {HTMLFormElement} form @param {boolean} withFields */
async function look(form, withFields) {
  const mine = ++asked;
  const page = await after(form, "look").catch(() => null);
  if (!page || mine !== asked) return;
  if (withFields) {
    const focused = document.activeElement?.id;
    const opened = all("#builder-fields details").map((details) => details.open);
    take(page, "builder-fields");
    all("#builder-fields details").forEach((details, place) => { details.open ||= opened[place] ?? false; });
    if (focused) document.getElementById(focused)?.focus();
  }
  take(page, "preview");
}

if (form) {
  document.querySelector("[data-look]")?.setAttribute("hidden", "");
  let pause = 0;
  form.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[name=do]") : null;
    if (!(button instanceof HTMLButtonElement) || button.value === "save") return;
    event.preventDefault();
    clearTimeout(pause);
    void press(form, button.value, button);
  });
  form.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && "kind" in event.target.dataset) void look(form, true);
  });
  form.addEventListener("input", () => {
    clearTimeout(pause);
    pause = window.setTimeout(() => void look(form, false), PAUSE_MS);
  });
}
