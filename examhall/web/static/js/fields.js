// @ts-check
/** The controls of each kind of item: what they say now, and how to make them say something else. */

/** @typedef {HTMLElement & {dataset: {question: string, part: string, kind: string}}} Item */

/** @template {Element} T @param {ParentNode} root @param {string} selector @returns {T[]} */
export const all = (root, selector) => /** @type {T[]} */ (/** @type {unknown} */ ([...root.querySelectorAll(selector)]));

/** @param {Item} item @returns {HTMLInputElement[]} */
const ticks = (item) => all(item, "input.tick");
/** @param {Item} item @param {string} suffix */
const picked = (item, suffix = "") => ticks(item).find((tick) => tick.checked && tick.name.endsWith(suffix))?.value;
/** @param {Item} item */
const box = (item) => /** @type {HTMLInputElement | HTMLTextAreaElement} */ (item.querySelector(".input"));
/** @param {Item} item @returns {HTMLSelectElement[]} */
const selects = (item) => all(item, "select");
/** @param {Item} item */
const list = (item) => /** @type {HTMLOListElement} */ (item.querySelector(".order"));

export const TYPED = new Set(["number", "short_text", "essay"]);

/** The answer as it is sent; null when there is none. @param {Item} item @returns {any} */
export function read(item) {
  switch (item.dataset.kind) {
    case "multiple_choice": {
      const keys = ticks(item).filter((tick) => tick.checked).map((tick) => tick.value);
      return keys.length ? keys : null;
    }
    case "single_choice":
    case "true_false":
      return picked(item) ?? null;
    case "ordering":
      return list(item).classList.contains("untouched") ? null : all(list(item), "li").map((li) => /** @type {HTMLElement} */ (li).dataset.key);
    case "matching": {
      const pairs = selects(item).filter((select) => select.value).map((select) => [select.dataset.left, select.value]);
      return pairs.length ? Object.fromEntries(pairs) : null;
    }
    case "best_worst": {
      const best = picked(item, "-best");
      const worst = picked(item, "-worst");
      return best || worst ? { ...(best && { best }), ...(worst && { worst }) } : null;
    }
    default:
      return box(item).value.trim() ? box(item).value : null;
  }
}

/** @param {Item} item @param {any} answer */
export function write(item, answer) {
  switch (item.dataset.kind) {
    case "multiple_choice":
      for (const tick of ticks(item)) tick.checked = Array.isArray(answer) && answer.includes(tick.value);
      break;
    case "single_choice":
    case "true_false":
      for (const tick of ticks(item)) tick.checked = tick.value === String(answer);
      break;
    case "ordering":
      list(item).classList.toggle("untouched", answer === null);
      for (const key of answer ?? initialOrder(item)) {
        const li = all(list(item), "li").find((one) => /** @type {HTMLElement} */ (one).dataset.key === key);
        if (li) list(item).append(li);
      }
      break;
    case "matching":
      for (const select of selects(item)) select.value = answer?.[select.dataset.left ?? ""] ?? "";
      break;
    case "best_worst":
      for (const tick of ticks(item)) {
        tick.checked = tick.value === (tick.name.endsWith("-best") ? answer?.best : answer?.worst);
      }
      break;
    default:
      box(item).value = answer ?? "";
  }
  dress(item);
}

/** How the options stood before anybody moved them. @type {WeakMap<Item, string[]>} */
const firstOrders = new WeakMap();
/** @param {Item} item */
function initialOrder(item) {
  let order = firstOrders.get(item);
  if (!order) {
    order = all(list(item), "li").map((li) => /** @type {HTMLElement} */ (li).dataset.key ?? "");
    firstOrders.set(item, order);
  }
  return order;
}

/** none, some or all of what the item asks for is answered. @param {Item} item @returns {"none" | "some" | "all"} */
export function fullness(item) {
  const answer = read(item);
  if (answer === null) return "none";
  if (item.dataset.kind === "matching") return Object.keys(answer).length < selects(item).length ? "some" : "all";
  if (item.dataset.kind === "best_worst") return answer.best && answer.worst ? "all" : "some";
  return "all";
}

/** The answer in words, for a person whose answer did not arrive. @param {Item} item @returns {string} */
export function inWords(item) {
  const answer = read(item);
  const text = (/** @type {string} */ key) => {
    const tick = ticks(item).find((one) => one.value === key) ?? item.querySelector(`[data-key="${CSS.escape(key)}"] .prose`);
    return (tick?.closest("label, tr, .prose")?.textContent ?? key).trim().replace(/\s+/g, " ");
  };
  if (answer === null) return "–";
  if (Array.isArray(answer)) return answer.map(text).join(", ");
  if (typeof answer === "object") return Object.entries(answer).map(([left, right]) => `${left}: ${right}`).join(", ");
  return TYPED.has(item.dataset.kind) ? String(answer) : text(String(answer));
}

/** Make the looks follow the values. @param {Item} item */
export function dress(item) {
  for (const tick of ticks(item)) {
    tick.closest(".choice")?.classList.toggle("chosen", tick.checked);
    tick.closest("tr")?.classList.toggle(tick.name.endsWith("-best") ? "is-best" : "is-worst", tick.checked);
  }
  const clear = item.querySelector("[data-clear]");
  if (clear instanceof HTMLElement) clear.hidden = read(item) === null;
  if (item.dataset.kind === "ordering") {
    initialOrder(item);
    const rows = all(list(item), "li");
    rows.forEach((li, place) => {
      const [up, down] = all(li, "[data-move]");
      up.setAttribute("aria-disabled", String(place === 0));
      down.setAttribute("aria-disabled", String(place === rows.length - 1));
    });
    const keep = item.querySelector("[data-keep]");
    if (keep instanceof HTMLElement) keep.hidden = !list(item).classList.contains("untouched");
  }
  const counter = item.querySelector(".counter");
  if (counter) counter.textContent = `${box(item).value.length} / ${box(item).dataset.max}`;
}

/**
 * Clicks that mean more than the browser knows: moving, keeping and clearing.
 * @param {Item} item @param {Element} target @returns {string | null} what was done, if anything
 */
export function act(item, target) {
  const button = target.closest("button");
  if (!button) return null;
  if (button.hasAttribute("data-clear")) {
    write(item, null);
    return "cleared";
  }
  if (button.hasAttribute("data-keep")) {
    list(item).classList.remove("untouched");
    dress(item);
    return "kept";
  }
  const step = Number(button.dataset.move);
  const row = button.closest("li");
  if (!step || !row || button.getAttribute("aria-disabled") === "true") return null;
  list(item).classList.remove("untouched");
  const neighbour = step < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (step < 0) neighbour?.before(row);
  else neighbour?.after(row);
  dress(item);
  button.focus();
  return "moved";
}

/** Best and worst cannot be the same: the newer choice takes it from the other. @param {Item} item @param {HTMLInputElement} target */
export function exclude(item, target) {
  if (item.dataset.kind !== "best_worst") return;
  for (const tick of ticks(item)) {
    if (tick !== target && tick.value === target.value && tick.name !== target.name) tick.checked = false;
  }
}
