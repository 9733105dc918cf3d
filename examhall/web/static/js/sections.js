/** An exam's sections: questions dragged between them, and what a candidate gets of it, summed up at once. */
import { all, find } from "./fields.js";
import { setFormulas } from "./math.js";
import { language } from "./writing.js";

const EDGE = 80;
const form = find("#sections");
const number = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const cardsIn = (/** @type {Element} */ section) => all(".placed-card", section);

/** What a candidate gets of one section. @param {HTMLElement} section */
function gets(section) {
  const points = cardsIn(section).map((card) => Number(card.dataset.points));
  const wanted = Number(find("input[name^=draw-]", section)?.value || points.length);
  const questions = Math.min(wanted, points.length);
  const each = points.length ? points.reduce((sum, more) => sum + more, 0) / points.length : 0;
  const isUneven = wanted < points.length && new Set(points).size > 1;
  return { questions, all: points.length, points: questions * each, isUneven, isShort: wanted > points.length };
}

function sumUp() {
  const sections = all(".section-card", form);
  const told = sections.map(gets);
  const total = (/** @type {"questions" | "points"} */ what) => told.reduce((sum, each) => sum + each[what], 0);
  const minutes = Number(form.dataset.minutes);
  find('[data-sum="questions"]', form).textContent = number.format(total("questions"));
  find('[data-sum="points"]', form).textContent = number.format(total("points"));
  find("[data-unequal]", form).hidden = !told.some((each) => each.isUneven);
  const sealed = find("[data-sealed-pools]", form);
  if (sealed) sealed.hidden = !all("input[name^=draw-]", form).some((input) => input.value);
  sections.forEach((section, at) => {
    const line = find("[data-of-section]", section);
    if (!line) return;
    const { questions, all: there, points, isUneven, isShort } = told[at];
    const share = total("points") ? (minutes * points) / total("points") : 0;
    const { words } = /** @type {any} */ (form.dataset);
    line.textContent = there
      ? words
          .replace("{n}", number.format(questions))
          .replace("{total}", number.format(there))
          .replace("{points}", number.format(points))
          .replace("{minutes}", number.format(Math.round(share)))
      : "";
    line.classList.toggle("bad", isShort);
    const tick = find("[data-if-unequal]", section);
    tick.hidden = !isUneven && !find("input", tick).checked;
  });
}

/** Into the list of a section, where its number is in order. @param {HTMLElement} card @param {string} key */
function put(card, key) {
  const list = find(`.placed[data-key="${CSS.escape(key)}"]`, form);
  const placeOf = (/** @type {Element} */ each) => Number(find(".number", each).textContent);
  const next = [...list.children].find((each) => each !== card && placeOf(each) > placeOf(card));
  list.insertBefore(card, next ?? null);
  find("select", card).value = key;
  sumUp();
}

/** @param {PointerEvent} event */
function hold(event) {
  const grip = event.target instanceof Element ? event.target.closest(".grip") : null;
  const card = /** @type {HTMLElement | null} */ (grip?.closest(".placed-card"));
  if (!card || event.button !== 0) return;
  event.preventDefault();
  card.classList.add("lifted");
  document.body.classList.add("dragging");
  /** @type {HTMLElement | null} */
  let target = null;
  const over = (/** @type {PointerEvent} */ at) => {
    if (at.clientY < EDGE) scrollBy(0, -12);
    if (at.clientY > innerHeight - EDGE) scrollBy(0, 12);
    const found = document.elementFromPoint(at.clientX, at.clientY)?.closest(".section-card");
    target?.classList.remove("target");
    target = found instanceof HTMLElement ? found : null;
    target?.classList.add("target");
  };
  const end = (/** @type {Event} */ why) => {
    for (const [name, heard] of Object.entries({ pointermove: over, pointerup: end, pointercancel: end })) {
      document.removeEventListener(name, /** @type {any} */ (heard));
    }
    card.classList.remove("lifted");
    document.body.classList.remove("dragging");
    target?.classList.remove("target");
    if (why.type === "pointerup" && target) put(card, target.dataset.key ?? "");
  };
  document.addEventListener("pointermove", over);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

/** What is chosen beside a question is called as it is written. @param {HTMLInputElement} title */
function rename(title) {
  const key = title.name.slice("title-".length);
  for (const option of all(`select[name^="in-"] option[value="${CSS.escape(key)}"]`, form)) option.text = title.value;
}

form.addEventListener("pointerdown", hold);
form.addEventListener("input", (/** @type {Event} */ { target }) => {
  if (target instanceof HTMLInputElement && target.name.startsWith("title-")) rename(target);
  sumUp();
});
form.addEventListener("change", (/** @type {Event} */ { target }) => {
  const card = target instanceof HTMLSelectElement ? target.closest(".placed-card") : null;
  if (!(card instanceof HTMLElement)) return;
  put(card, /** @type {HTMLSelectElement} */ (target).value);
  // Moved in the page, it would lose the focus.
  find("select", card).focus();
});
sumUp();
void setFormulas(form);
