/** The controls of each kind of item: what they say now, and how to make them say something else. */

/** @param {string} selector @returns {any} */
export const find = (selector, /** @type {ParentNode} */ root = document) => root.querySelector(selector);
/** @param {string} selector @returns {any[]} */
export const all = (selector, /** @type {ParentNode} */ root = document) => [...root.querySelectorAll(selector)];

export const TYPED = new Set(["number", "short_text", "essay"]);

/** @param {Item} item @returns {HTMLInputElement[]} */
const ticks = (item) => all(".tick", item);
/** @param {Item} item @param {string} end of its name */
const picked = (item, end = "") => ticks(item).find((tick) => tick.checked && tick.name.endsWith(end))?.value;
/** @param {Item} item */
const untouched = (item) => find(".untouched", item) !== null;

/** The answer as it is sent; null when there is none. @param {Item} item @returns {any} */
export function read(item) {
  switch (item.dataset.kind) {
    case "single_choice":
    case "true_false":
      return picked(item) ?? null;
    case "multiple_choice": {
      const keys = ticks(item).filter((tick) => tick.checked).map((tick) => tick.value);
      return keys.length ? keys : null;
    }
    case "ordering":
      return untouched(item) ? null : all(".order li", item).map((row) => row.dataset.key);
    case "matching": {
      const pairs = all("select", item).filter((select) => select.value).map((select) => [select.dataset.left, select.value]);
      return pairs.length ? Object.fromEntries(pairs) : null;
    }
    case "best_worst": {
      const best = picked(item, "-best");
      const worst = picked(item, "-worst");
      return best || worst ? { ...(best && { best }), ...(worst && { worst }) } : null;
    }
    default:
      return find(".input", item).value.trim() ? find(".input", item).value : null;
  }
}

/** @param {Item} item @param {any} answer */
export function write(item, answer) {
  switch (item.dataset.kind) {
    case "single_choice":
    case "true_false":
      for (const tick of ticks(item)) tick.checked = tick.value === answer;
      break;
    case "multiple_choice":
      for (const tick of ticks(item)) tick.checked = answer?.includes(tick.value) ?? false;
      break;
    case "ordering":
      find(".order", item).classList.toggle("untouched", answer === null);
      for (const key of answer ?? []) {
        find(".order", item).append(...all("li", item).filter((row) => row.dataset.key === key));
      }
      break;
    case "matching":
      for (const select of all("select", item)) select.value = answer?.[select.dataset.left] ?? "";
      break;
    case "best_worst":
      for (const tick of ticks(item)) tick.checked = tick.value === answer?.[tick.name.endsWith("-best") ? "best" : "worst"];
      break;
    default:
      find(".input", item).value = answer ?? "";
  }
  dress(item);
}

/** How much of what the item asks for is answered. @param {Item} item @returns {Fullness} */
export function fullness(item) {
  const answer = read(item);
  if (answer === null) return "none";
  const wanted = { matching: all("select", item).length, best_worst: 2 }[item.dataset.kind] ?? 0;
  return wanted > Object.keys(answer).length ? "some" : "all";
}

/** Make the looks follow the values. @param {Item} item */
export function dress(item) {
  for (const tick of ticks(item)) {
    tick.closest(".choice")?.classList.toggle("chosen", tick.checked);
    tick.closest("tr")?.classList.toggle(tick.name.endsWith("-best") ? "is-best" : "is-worst", tick.checked);
  }
  const clear = find("[data-clear]", item);
  if (clear) clear.hidden = read(item) === null;
  if (item.dataset.kind === "ordering") {
    find("[data-keep]", item).hidden = !untouched(item);
    all(".order li", item).forEach((row, place, rows) => {
      find('[data-move="-1"]', row).setAttribute("aria-disabled", place === 0);
      find('[data-move="1"]', row).setAttribute("aria-disabled", place === rows.length - 1);
    });
  }
  const counter = find(".counter", item);
  if (counter) counter.textContent = `${find(".input", item).value.length} / ${find(".input", item).dataset.max}`;
}

/**
 * Clicks that mean more than the browser knows: moving, keeping and clearing.
 * @param {Item} item @param {Element} target @returns {"moved" | "kept" | "cleared" | null} what was done
 */
export function act(item, target) {
  const button = target.closest("button");
  if (!button || button.getAttribute("aria-disabled") === "true") return null;
  if ("clear" in button.dataset) {
    write(item, null);
    return "cleared";
  }
  find(".order", item).classList.remove("untouched");
  const row = /** @type {HTMLElement} */ (button.closest("li"));
  if (button.dataset.move === "-1") row.previousElementSibling?.before(row);
  if (button.dataset.move === "1") row.nextElementSibling?.after(row);
  dress(item);
  button.focus();
  return row ? "moved" : "kept";
}

/** Best and worst cannot be the same: the newer choice takes it from the other. @param {Item} item @param {any} target */
export function exclude(item, target) {
  for (const tick of item.dataset.kind === "best_worst" ? ticks(item) : []) {
    if (tick.value === target.value && tick.name !== target.name) tick.checked = false;
  }
}
