/** A form being filled in: what is missing or wrong is said beside its field before anything is sent. */
import { all } from "./fields.js";

/** @typedef {Record<string, string>} Words */

const FILE_BYTES = 10_000_000;
const ALL_BYTES = 25_000_000;
const KINDS = /\.(pdf|png|jpe?g|webp)$/i;

/** @param {HTMLElement} field @param {Words} words @returns {string} what is wrong, or nothing */
function wrongWith(field, words) {
  const boxes = /** @type {HTMLInputElement[]} */ (all("input[type=checkbox]", field));
  if (field.dataset.most && boxes.length) {
    const ticked = boxes.filter((box) => box.checked).length;
    const least = Number(field.dataset.least);
    // What need not be answered is not counted until it is.
    if (ticked === 0 && !("required" in field.dataset)) return "";
    if (ticked < least) return least === 1 ? words.required : words.least.replace("{n}", String(least));
    if (ticked > Number(field.dataset.most)) return words.most.replace("{n}", field.dataset.most);
    return "";
  }
  const input = /** @type {HTMLInputElement | null} */ (field.querySelector("input, select, textarea"));
  if (!input) return "";
  if (input.type === "file" && input.files) {
    const files = [...input.files];
    if (files.length > Number(input.dataset.most)) return words.most.replace("{n}", input.dataset.most ?? "");
    if (files.some((file) => !KINDS.test(file.name))) return words.kind;
    if (files.some((file) => file.size > FILE_BYTES)) return words.large;
  }
  const state = input.validity;
  if (state.valid) return "";
  if (state.valueMissing) return words.required;
  if (state.badInput || state.stepMismatch) return words.number;
  if (state.tooShort) return words.short.replace("{n}", String(input.minLength));
  if (state.rangeUnderflow) return words.least.replace("{n}", input.min);
  if (state.rangeOverflow) return words.most.replace("{n}", input.max);
  if (state.typeMismatch) return words.email;
  return state.patternMismatch ? words.pattern : input.validationMessage;
}

/** @param {HTMLElement} field @param {string} sentence */
function say(field, sentence) {
  const place = /** @type {HTMLElement | null} */ (field.querySelector("[data-wrong]"));
  if (!place) return;
  place.textContent = sentence;
  place.hidden = sentence === "";
  const target = field.matches("fieldset") ? field : field.querySelector("input, select, textarea");
  if (!target) return;
  const others = (target.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== place.id);
  const described = sentence ? [...others, place.id] : others;
  if (described.length) target.setAttribute("aria-describedby", described.join(" "));
  else target.removeAttribute("aria-describedby");
  if (field.matches("fieldset")) field.toggleAttribute("data-invalid", sentence !== "");
  else if (sentence) target.setAttribute("aria-invalid", "true");
  else target.removeAttribute("aria-invalid");
}

/** @param {HTMLFormElement} form @param {Words} words */
function watch(form, words) {
  // What browsers say in bubbles is said here in place, all of it at once.
  form.noValidate = true;
  const fields = all("[data-field]", form);
  for (const field of fields) {
    // Not while somebody types: when they leave, and then as they mend it.
    field.addEventListener("change", () => say(field, wrongWith(field, words)));
    field.addEventListener("input", () => {
      if (field.querySelector("[data-wrong]:not([hidden])")) say(field, wrongWith(field, words));
    });
  }
  form.addEventListener("submit", (event) => {
    const wrong = fields.filter((field) => {
      const sentence = wrongWith(field, words);
      say(field, sentence);
      return sentence !== "";
    });
    const inputs = /** @type {HTMLInputElement[]} */ (all("input[type=file]", form));
    const bytes = inputs.flatMap((input) => [...(input.files ?? [])]).reduce((sum, file) => sum + file.size, 0);
    const heavy = inputs[0]?.closest("[data-field]");
    if (bytes > ALL_BYTES && heavy instanceof HTMLElement) {
      say(heavy, words.large);
      wrong.push(heavy);
    }
    if (wrong.length) {
      event.preventDefault();
      const first = /** @type {HTMLElement | null} */ (wrong[0].querySelector("input, select, textarea"));
      first?.focus();
      return;
    }
    const button = form.querySelector("button[type=submit]");
    if (button instanceof HTMLButtonElement) {
      button.setAttribute("aria-disabled", "true");
      button.textContent = words.sending;
    }
  });
}

const told = document.getElementById("form-words");
const form = document.querySelector("form[data-fill]");
if (told?.textContent && form instanceof HTMLFormElement) watch(form, JSON.parse(told.textContent));
const problems = document.querySelector("[data-problems]");
if (problems instanceof HTMLElement) problems.focus();
// Back from the next page, the button is as it was.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
